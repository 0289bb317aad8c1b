"""Contracts named by events: projected one by one, as they happen, apart from the clocks.

A named contract follows its events only: it neither defaults nor prepays by a rate.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from absengine.calendars.date_rules import add_months
from absengine.errors import Problems
from absengine.kernels import pool as kernel
from absengine.projection.clocks import Pool
from absengine.projection.dates import Indices, months_apart, rows_of
from absengine.projection.names import Flags
from absengine.projection.recoveries import Payers, Ruling, day_number, delayed_share, moved, sources
from absengine.projection.shape import Shape
from absengine.scenario import Event, Scenario
from absengine.schema import Dates, Floats


@dataclass(frozen=True)
class Schedule:
    """What is left of one contract; money in counting unit, arrays by due date.

    ``index`` counts contracts with flows, ``contract`` all; ``day`` is the day of the month it falls on, None if
    irregular.
    """

    index: int
    contract: int
    previous: np.datetime64
    day: int | None
    due: Dates
    opening: Floats
    principal: Floats
    interest: Floats
    fee: Floats
    closing: Floats

    @classmethod
    def of(cls, pool: Pool, index: int) -> Schedule:
        """One contract's flows."""
        rhythm, flows = pool.rhythm, pool.table.flows
        part = slice(int(rhythm.offset[index]), int(rhythm.offset[index] + rhythm.count[index]))
        names = ("opening_balance", "principal_due", "interest_due", "fee_due", "closing_balance")
        money = [flows[name][part] * pool.scale for name in names]
        day = int(rhythm.day[index]) if rhythm.period[index] else None
        return cls(index, int(rhythm.contract[index]), rhythm.previous[index], day, rhythm.due[part], *money)

    def before(self, position: int) -> np.datetime64:
        """Scheduled date before the due date at ``position``."""
        return np.datetime64(self.due[position - 1] if position else self.previous)

    def next_due(self, date: np.datetime64) -> int:
        """Position of the next due date on or after ``date``; the number of due dates where there is none."""
        return int(np.searchsorted(self.due, date, "left"))

    def extended(self, date: np.datetime64, months: int) -> Schedule:
        """Principal due on or after ``date`` is paid ``months`` later (展期).

        Interest on it goes on at the daily rate of the period in which the extension starts, on the contract's rhythm.
        """
        owed = np.flatnonzero((self.due >= date) & (self.principal > 0.0))
        if not len(owed) or not months:
            return self
        at = int(owed[0])
        start, shifted = self.due[at], add_months(self.due[at:], months, self.day)
        between = self._between(at, np.datetime64(shifted[0]))
        days = np.diff(np.concatenate([[start], between])).astype(np.float64)
        daily = self.interest[at] / max(float((start - self.before(at)).astype(int)), 1.0)
        zero, level = np.zeros(len(between)), np.full(len(between), self.opening[at])
        return replace(
            self,
            due=np.concatenate([self.due[:at], [start], between[:-1], shifted]),
            opening=np.concatenate([self.opening[:at], level, self.opening[at:]]),
            principal=np.concatenate([self.principal[:at], zero, self.principal[at:]]),
            interest=np.concatenate([self.interest[: at + 1], daily * days, self.interest[at + 1 :]]),
            fee=np.concatenate([self.fee[: at + 1], zero, self.fee[at + 1 :]]),
            closing=np.concatenate([self.closing[:at], level, self.closing[at:]]),
        )

    def _between(self, at: int, end: np.datetime64) -> Dates:
        """Interest dates after ``due[at]`` up to and including ``end``, on the contract's rhythm if it has one."""
        if self.day is None:
            return np.array([end])
        start = self.due[at]
        months = int(months_apart(self.before(at), start, self.day)) or 1
        reach = int((end.astype("datetime64[M]") - start.astype("datetime64[M]")).astype(int))
        inner = add_months(start, np.arange(months, reach + 1, months), self.day)
        return np.concatenate([inner[inner < end], [end]])


@dataclass(frozen=True)
class Ending:
    """How a schedule ends: default on ``missed`` (NaT = none) or prepayment at a position (-1 = none)."""

    schedule: Schedule
    missed: np.datetime64
    recognition: int
    prepaid: int


Missed = tuple[np.datetime64, int]
"""Missed date (NaT = never) and days to recognition."""
_NEVER: Missed = (np.datetime64("NaT", "D"), 0)


def endings(pool: Pool, scenario: Scenario, shape: Shape, problems: Problems) -> list[Ending]:
    """Apply the events of a scenario to the contracts they name."""
    positions = np.flatnonzero(shape.named[pool.rhythm.contract])
    schedules = [Schedule.of(pool, int(index)) for index in positions]
    for event, chosen in shape.events:
        if event.what == "extend" and event.on is not None:
            reached = [s for s in schedules if chosen[s.contract] and (s.due >= event.on).any()]
            schedules = [s.extended(event.on, event.by) if chosen[s.contract] else s for s in schedules]
            _refuse_late(event, bool(reached), schedules, problems)
    missed = [_NEVER] * len(schedules)
    for event, chosen in shape.events:
        if event.what == "default":
            dates = _missed(pool, event, chosen, schedules, problems)
            missed = [_earlier(old, (new, event.recognition)) for old, new in zip(missed, dates, strict=True)]
    prepaid = _prepaid(shape, schedules, problems)
    if not scenario.credit:
        missed = [_NEVER] * len(schedules)
    return [Ending(s, *m, p) for s, m, p in zip(schedules, missed, prepaid, strict=True)]


def _earlier(old: Missed, new: Missed) -> Missed:
    return new if not np.isnat(new[0]) and (np.isnat(old[0]) or new[0] < old[0]) else old


def _refuse_late(event: Event, reached: bool, schedules: Sequence[Schedule], problems: Problems) -> None:
    if not reached:
        last = max((s.due[-1] for s in schedules), default="-")
        found = f"{event.what} on {event.on}, when nothing of the named contracts is due any more"
        problems.add("event-after-maturity", event.where, found, f"a date up to the last due date {last}")


def _missed(
    pool: Pool, event: Event, chosen: Flags, schedules: Sequence[Schedule], problems: Problems
) -> list[np.datetime64]:
    """Missed date of each schedule: its own next due date if named; the first of its payer's under cross-default."""
    never = np.datetime64("NaT", "D")
    own: list[np.datetime64] = []
    for schedule in schedules:
        at = len(schedule.due) - 1 if event.on is None else schedule.next_due(event.on)
        hit = chosen[schedule.contract] and at < len(schedule.due)
        own.append(schedule.due[at] if hit else never)
    _refuse_late(event, any(not np.isnat(date) for date in own), schedules, problems)
    if not event.cross_default:
        return own
    first: dict[str, np.datetime64] = {}
    for schedule, date in zip(schedules, own, strict=True):
        payer = pool.parties.payer[schedule.contract]
        if not np.isnat(date) and (payer not in first or date < first[payer]):
            first[payer] = date
    return [first.get(pool.parties.payer[schedule.contract], never) for schedule in schedules]


def _prepaid(shape: Shape, schedules: Sequence[Schedule], problems: Problems) -> list[int]:
    """Position of the due date on which each schedule is prepaid; -1 where it is not."""
    prepaid = [-1] * len(schedules)
    for event, chosen in shape.events:
        if event.what != "prepay" or event.on is None:
            continue
        at = [s.next_due(event.on) if chosen[s.contract] else len(s.due) for s in schedules]
        hit = [position < len(s.due) for position, s in zip(at, schedules, strict=True)]
        _refuse_late(event, any(hit), schedules, problems)
        for index in np.flatnonzero(hit):
            prepaid[index] = at[index] if prepaid[index] < 0 else min(prepaid[index], at[index])
    return prepaid


def failed_entities(pool: Pool, ends: Sequence[Ending]) -> dict[int, np.datetime64]:
    """Entities that default on what they owe, with the first missed date."""
    keys = {key: code for code, key in enumerate(pool.parties.entities)}
    failed: dict[int, np.datetime64] = {}
    for end in ends:
        code = keys.get(pool.parties.payer[end.schedule.contract], -1)
        if code >= 0 and _defaults(end):
            failed[code] = min(failed.get(code, end.missed), end.missed)
    return failed


def _defaults(end: Ending) -> bool:
    """Whether the contract is still owed when it is missed."""
    if np.isnat(end.missed) or end.missed > end.schedule.due[-1]:
        return False
    return end.prepaid < 0 or end.missed <= end.schedule.due[end.prepaid]


@dataclass
class Book:
    """Channels of one case's named contracts: ``values[channel, row]``, and what is left of its caps."""

    pool: Pool
    scenario: Scenario
    shape: Shape
    payers: Payers
    values: Floats
    caps: dict[tuple[int, str], float]

    def fill(self, ends: Sequence[Ending]) -> None:
        """Project all endings; defaults spend caps in the order of their missed dates."""
        for end in sorted(ends, key=lambda end: (np.isnat(end.missed), end.missed, end.schedule.contract)):
            self._pay(end)
            if _defaults(end):
                self._default(end)

    def _rows(self, dates: Dates) -> Indices:
        return rows_of(self.pool.timeline.calc_date, dates)

    def _pay(self, end: Ending) -> None:
        """Everything paid as scheduled, to the end or to the default or prepayment."""
        schedule, book = end.schedule, self.values
        stop = len(schedule.due)
        if end.prepaid >= 0:
            stop = end.prepaid + 1
        if _defaults(end):
            stop = schedule.next_due(end.missed)
        rows = self._rows(schedule.due)
        for channel, money in (
            (kernel.INTEREST, schedule.interest),
            (kernel.PRINCIPAL, schedule.principal),
            (kernel.FEE, schedule.fee),
        ):
            np.add.at(book[channel], rows[:stop], money[:stop])
        gone = rows[stop - 1] if stop else rows[0]
        if _defaults(end):
            gone = self._rows(np.array([end.missed]))[0]
        elif end.prepaid >= 0:
            book[kernel.PREPAYMENT, gone] += schedule.closing[end.prepaid]
        self._hold(schedule, rows[:stop], int(gone))

    def _hold(self, schedule: Schedule, rows: Indices, gone: int) -> None:
        """Performing balance from entry up to the row in which the contract ends."""
        held = np.concatenate([[schedule.opening[0]], schedule.closing])
        edges = [int(self.pool.entry[schedule.index]), *(int(row) for row in rows), gone]
        for balance, start, stop in zip(held, edges[:-1], edges[1:], strict=False):
            self.values[kernel.PERFORMING, start : min(stop, gone)] += balance

    def _default(self, end: Ending) -> None:
        """Whole claim due on the missed date; sources pay in legal order, never more than it."""
        schedule, at = end.schedule, end.schedule.next_due(end.missed)
        before = schedule.before(at)
        period = max(float((schedule.due[at] - before).astype(int)), 1.0)
        elapsed = max(float((end.missed - before).astype(int)), 0.0) / period
        principal = float(schedule.opening[at])
        claim = principal + float(schedule.interest[at]) * (elapsed if end.missed < schedule.due[at] else 1.0)
        recognised = end.missed + np.timedelta64(end.recognition, "D")
        early = self._recover(end, principal, claim, recognised)
        row, later_row = self._rows(np.array([end.missed, recognised]))
        self.values[kernel.DEFAULT, row] += principal
        if early < claim * kernel.FULL:
            self.values[kernel.RECOGNISED, later_row] += principal

    def _recover(self, end: Ending, principal: float, claim: float, recognised: np.datetime64) -> float:
        """Book what each source pays; returns what the first three pay up to recognition."""
        schedule = end.schedule
        appraisal = float(self.pool.appraisal[schedule.index])
        base = {
            kernel.OF_PRINCIPAL: principal,
            kernel.OF_CLAIM: claim,
            kernel.OF_DEPOSIT: float(self.pool.deposit[schedule.index]),
            kernel.OF_APPRAISAL: appraisal,
            kernel.OF_LOWER: min(appraisal, principal),
        }
        ruling = Ruling.of(self.shape, schedule.contract, end.recognition, self.pool.parties)
        late = delayed_share(self.scenario, ruling)
        left, early = claim, 0.0
        for source in sources(self.scenario, ruling, self.pool.parties, self.payers):
            amount = min(left, source.rate * base[source.basis])
            if source.cap is not None:
                amount = min(amount, self.caps[source.cap])
            paid = 0.0
            for money, steps in ((amount * (1.0 - late), source.lag), (amount * late, source.lag + source.delay)):
                dates = moved(np.array([end.missed]), source.start, steps, schedule.due, schedule.previous)
                if money > 0.0 and day_number(dates[0]) < source.gone:
                    self.values[kernel.RECOVERY + source.index, self._rows(dates)[0]] += money
                    paid += money
                    early += money if source.index < kernel.GRACE_SOURCES and dates[0] <= recognised else 0.0
            left -= paid
            if source.cap is not None:
                self.caps[source.cap] -= paid
        return early
