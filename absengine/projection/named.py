"""Contracts named by events: what they pay and what they come to owe in full, apart from the clocks.

A named contract follows its events only: it neither defaults nor prepays by a rate. Recoveries on its claim are the
kernel's, which spends caps on names and rates in date order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from absengine.calendars.date_rules import add_months, month_day, months_between
from absengine.errors import Problems
from absengine.kernels import pool as kernel
from absengine.projection.buybacks import Exit, Fate, Market, refuse_unknown
from absengine.projection.clocks import Pool
from absengine.projection.dates import months_apart, rows_of
from absengine.projection.names import Flags
from absengine.projection.payers import Payers
from absengine.projection.paying import Paying
from absengine.projection.shape import Shape
from absengine.projection.streams import Streams
from absengine.scenario import Event
from absengine.scenario.nouns import BUY_BACKS
from absengine.schema import RECOVERY_SOURCES, Dates, Floats

_NEVER_DAY = np.datetime64("NaT", "D")
_REPURCHASE = kernel.RECOVERY + RECOVERY_SOURCES.index("repurchase")


@dataclass(frozen=True, eq=False)
class Schedule:
    """What is left of one contract; money in counting unit, arrays by due date.

    ``index`` counts contracts with flows, ``contract`` all; ``day`` is the day of the month it falls on, None if
    irregular; ``monthly`` contracts charge rate × months / 12, whatever the days. Of ``discounted`` claims
    interest is the growth of their value, no part of a payment that could fall due without the rest.
    """

    index: int
    contract: int
    previous: np.datetime64
    day: int | None
    monthly: bool
    discounted: bool
    due: Dates
    opening: Floats
    principal: Floats
    interest: Floats
    fee: Floats
    closing: Floats
    deposit: Floats

    @classmethod
    def of(cls, pool: Pool, index: int) -> Schedule:
        """One contract's flows."""
        rhythm, flows = pool.rhythm, pool.table.flows
        part = slice(int(rhythm.offset[index]), int(rhythm.offset[index] + rhythm.count[index]))
        names = ("opening_balance", "principal_due", "interest_due", "fee_due", "closing_balance", "deposit_due")
        money = [flows[name][part] * pool.scale for name in names]
        day = int(rhythm.day[index]) if rhythm.period[index] else None
        contract = int(rhythm.contract[index])
        monthly = _by_month(pool, contract)
        discounted = _discounted(pool, contract)
        return cls(index, contract, rhythm.previous[index], day, monthly, discounted, rhythm.due[part], *money)

    def before(self, position: int) -> np.datetime64:
        """Scheduled date before the due date at ``position``."""
        return np.datetime64(self.due[position - 1] if position else self.previous)

    def owed(self, date: np.datetime64) -> tuple[float, float]:
        """Balance on a date up to the last due date, and interest accrued since the due date before it."""
        at = self.next_due(date)
        before = self.before(at)
        period = max(float((self.due[at] - before).astype(int)), 1.0)
        elapsed = max(float((date - before).astype(int)), 0.0) / period
        return float(self.opening[at]), float(self.interest[at]) * (elapsed if date < self.due[at] else 1.0)

    def after(self, date: np.datetime64) -> Schedule | None:
        """What falls due after a date; None where nothing does."""
        at = int(np.searchsorted(self.due, date, "right"))
        if at == len(self.due):
            return None
        money = ("due", "opening", "principal", "interest", "fee", "closing", "deposit")
        return replace(self, previous=self.before(at), **{name: getattr(self, name)[at:] for name in money})

    def next_due(self, date: np.datetime64) -> int:
        """Position of the next due date on or after ``date``; the number of due dates where there is none."""
        return int(np.searchsorted(self.due, date, "left"))

    def extended(self, date: np.datetime64, months: int) -> Schedule:
        """Principal due on or after ``date`` is paid ``months`` later (展期).

        Interest on it goes on at the rate of the period in which the extension starts, on the contract's rhythm: by
        the month where the contract charges so and that period is whole months, else by the day. What a claim
        bought at a discount pays comes later as it stands, and earns no more (domain §6.2).
        """
        owed = np.flatnonzero((self.due >= date) & (self.principal > 0.0))
        if not len(owed) or not months:
            return self
        at = int(owed[0])
        if self.discounted:
            return replace(self, due=np.concatenate([self.due[:at], add_months(self.due[at:], months, self.day)]))
        start, shifted = self.due[at], add_months(self.due[at:], months, self.day)
        between = self._between(at, np.datetime64(shifted[0]))
        charged = self.interest[at] * self._periods(at, between)
        zero, level = np.zeros(len(between)), np.full(len(between), self.opening[at])
        return replace(
            self,
            due=np.concatenate([self.due[:at], [start], between[:-1], shifted]),
            opening=np.concatenate([self.opening[:at], level, self.opening[at:]]),
            principal=np.concatenate([self.principal[:at], zero, self.principal[at:]]),
            interest=np.concatenate([self.interest[: at + 1], charged, self.interest[at + 1 :]]),
            fee=np.concatenate([self.fee[: at + 1], zero, self.fee[at + 1 :]]),
            closing=np.concatenate([self.closing[:at], level, self.closing[at:]]),
            deposit=np.concatenate([self.deposit[:at], zero, self.deposit[at:]]),
        )

    def _periods(self, at: int, dates: Dates) -> Floats:
        """Length of the periods that end on ``dates`` after ``due[at]``, in periods such as the one that ends there."""
        start, before, day = self.due[at], self.before(at), int(np.max(month_day(self.due)))
        edges = np.concatenate([[start], dates])
        months = int(months_apart(before, start, day)) if self.monthly else 0
        if months:
            return np.asarray(np.diff(months_between(start, edges, day)) / months)
        return np.diff(edges).astype(np.float64) / max(float((start - before).astype(int)), 1.0)

    def _between(self, at: int, end: np.datetime64) -> Dates:
        """Interest dates after ``due[at]`` up to and including ``end``, on the contract's rhythm if it has one."""
        if self.day is None:
            return np.array([end])
        start = self.due[at]
        months = int(months_apart(self.before(at), start, self.day)) or 1
        reach = int((end.astype("datetime64[M]") - start.astype("datetime64[M]")).astype(int))
        inner = add_months(start, np.arange(months, reach + 1, months), self.day)
        return np.concatenate([inner[inner < end], [end]])


def _by_month(pool: Pool, contract: int) -> bool:
    """Whether a contract charges by the month: its tape says so, or names no day count (fields.toml, ``day_count``)."""
    contracts = pool.table.contracts
    return "day_count" in contracts and str(contracts["day_count"][contract]) in ("", "period")


def _discounted(pool: Pool, contract: int) -> bool:
    """Whether a contract pays amounts valued at a discount, as its loader says."""
    contracts = pool.table.contracts
    return "at_discount" in contracts and bool(contracts["at_discount"][contract] == 1.0)


@dataclass(frozen=True)
class Ending:
    """How a schedule ends: default on ``missed`` (NaT = none), prepayment at a position (-1 = none), or a buy-back.

    ``enters`` is the day a standby contract comes into the pool; NaT for all others.
    """

    schedule: Schedule
    missed: np.datetime64
    recognition: int
    prepaid: int
    sold: Exit | None = None
    enters: np.datetime64 = _NEVER_DAY

    @property
    def defaults(self) -> bool:
        """Whether the contract is still owed when it is missed."""
        if np.isnat(self.missed) or self.missed > self.schedule.due[-1]:
            return False
        if self.sold is not None and self.sold.on <= self.missed:
            return False
        return self.prepaid < 0 or self.missed <= self.schedule.due[self.prepaid]

    @property
    def left(self) -> np.datetime64:
        """Day on which the contract defaults or is sold, unpaid from then on; NaT where it is not."""
        if self.defaults:
            return self.missed
        return _NEVER_DAY if self.sold is None else self.sold.on


@dataclass(frozen=True)
class Claim:
    """A contract that is owed in full on ``missed``: principal, and interest accrued up to then [counting unit]."""

    schedule: Schedule
    missed: np.datetime64
    recognition: int
    principal: float
    interest: float

    @classmethod
    def of(cls, end: Ending) -> Claim:
        """What is owed on an ending that defaults."""
        return cls(end.schedule, end.missed, end.recognition, *end.schedule.owed(end.missed))


Missed = tuple[np.datetime64, int]
"""Missed date (NaT = never) and days to recognition."""
_NEVER: Missed = (_NEVER_DAY, 0)


@dataclass(frozen=True)
class Book:
    """What the contracts named in one shape pay, (channel, row), recoveries apart.

    ``claims`` are in the order of missed dates; ``failed`` are entities that default on what they owe themselves, with
    the first missed date.
    """

    values: Floats
    claims: tuple[Claim, ...]
    failed: dict[int, np.datetime64]


@dataclass
class Books:
    """Makes the book of each shape; schedules of contracts are read once."""

    pool: Pool
    problems: Problems
    streams: Streams
    schedules: dict[int, Schedule] = field(default_factory=dict)

    def of(self, shape: Shape) -> Book:
        """Contracts named in a shape, projected."""
        ends = self._endings(shape)
        values = np.zeros((self.streams.height, self.pool.timeline.rows + 1))
        for end in ends:
            _pay(self.streams, shape.paying, end, values)
        missed = sorted((end for end in ends if end.defaults), key=lambda end: (end.missed, end.schedule.contract))
        return Book(values, tuple(Claim.of(end) for end in missed), _failed(self.pool, missed))

    def _schedule(self, index: int) -> Schedule:
        if index not in self.schedules:
            self.schedules[index] = Schedule.of(self.pool, index)
        return self.schedules[index]

    def _endings(self, shape: Shape) -> list[Ending]:
        """Apply the events of a shape to the contracts they name."""
        problems, positions = self.problems, np.flatnonzero(shape.named[self.pool.rhythm.contract])
        schedules = [self._schedule(int(index)) for index in positions]
        for event, chosen in shape.events:
            if event.what == "extend" and event.on is not None:
                reached = [s for s in schedules if chosen[s.contract] and (s.due >= event.on).any()]
                schedules = [s.extended(event.on, event.by) if chosen[s.contract] else s for s in schedules]
                _refuse_late(event, bool(reached), schedules, problems)
        here = self.pool.parties.standby
        staying = [s for s in schedules if not here[s.contract]]
        fates = _fates(self.pool, shape, staying, problems)
        if shape.payers is None:
            return [Ending(s, *fate) for s, fate in zip(staying, fates, strict=True)]
        standby = {s.contract: s for s in schedules if here[s.contract]}
        exits = self._exits(shape, shape.payers, staying, fates, standby)
        came = {one.enters.contract: one.on for one in exits.values() if one.enters is not None}
        staying += [one.enters for one in exits.values() if one.enters is not None]
        fates = _fates(self.pool, shape, staying, problems)
        return [
            Ending(s, *fate, exits.get(s.contract), came.get(s.contract, _NEVER_DAY))
            for s, fate in zip(staying, fates, strict=True)
        ]

    def _exits(
        self,
        shape: Shape,
        payers: Payers,
        staying: Sequence[Schedule],
        fates: Sequence[Fate],
        standby: dict[int, Schedule],
    ) -> dict[int, Exit]:
        """Contracts that are bought back or exchanged; who has failed by then pays for none."""
        ends = sorted((Ending(s, *f) for s, f in zip(staying, fates, strict=True)), key=lambda end: end.missed)
        failed = _failed(self.pool, [end for end in ends if end.defaults])
        market = Market(self.pool, payers.without(failed), self.problems, standby)
        bought = [(event, chosen) for event, chosen in shape.events if event.what in BUY_BACKS]
        for event, chosen in sorted(bought, key=lambda one: str(one[0].on)):
            if not refuse_unknown(event, self.pool, standby, self.problems):
                reached = market.settle(event, chosen, staying, fates)
                nobody = bool(event.failing) and not chosen.any()  # every contract meets the criterion
                _refuse_late(event, reached or nobody, staying, self.problems)
        return market.exits


def _fates(pool: Pool, shape: Shape, schedules: Sequence[Schedule], problems: Problems) -> list[Fate]:
    """Missed date and recognition of each schedule, and the position at which it is prepaid."""
    missed = [_NEVER] * len(schedules)
    for event, chosen in shape.events:
        if event.what == "default":
            dates = _missed(pool, event, chosen, schedules, problems)
            missed = [_earlier(old, (new, event.recognition)) for old, new in zip(missed, dates, strict=True)]
    prepaid = _prepaid(shape, schedules, problems)
    if not shape.credit:
        missed = [_NEVER] * len(schedules)
    return [(*one, position) for one, position in zip(missed, prepaid, strict=True)]


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


def _failed(pool: Pool, missed: Sequence[Ending]) -> dict[int, np.datetime64]:
    """Entities that default on what they owe, with the first missed date; ``missed`` is in date order."""
    codes = pool.parties.codes
    failed: dict[int, np.datetime64] = {}
    for end in missed:
        payer = pool.parties.payer[end.schedule.contract]
        if payer in codes:
            failed.setdefault(codes[payer], end.missed)
    return failed


def _pay(streams: Streams, paying: Paying, end: Ending, values: Floats) -> None:
    """Add what one contract pays as scheduled, to the end or to its default, sale or prepayment, to ``values``."""
    pool, schedule, calc_date = streams.pool, end.schedule, streams.pool.timeline.calc_date
    stop, left = end.prepaid + 1 if end.prepaid >= 0 else len(schedule.due), end.left
    if not np.isnat(left):
        stop = schedule.next_due(left)
    rows = rows_of(calc_date, schedule.due[:stop])
    gone = rows[-1:] if np.isnat(left) else rows_of(calc_date, np.array([left]))
    streams.pay(paying, schedule, stop, end.prepaid if np.isnat(left) else -1, values)
    if end.defaults:
        values[kernel.DEFAULT, gone] += schedule.opening[stop]
    elif end.sold is not None:
        values[_REPURCHASE, rows_of(calc_date, np.array([end.sold.paid_on]))] += end.sold.cash
        streams.hand_over(schedule, stop, int(gone[0]), values)
    entry = pool.entry[schedule.index : schedule.index + 1]
    if not np.isnat(end.enters):
        entry = rows_of(calc_date, np.array([end.enters]))
    held = np.concatenate([schedule.opening[:1], schedule.closing[:stop]])
    edges = np.concatenate([entry, rows, gone]).clip(entry)
    values[kernel.PERFORMING, edges[0] : edges[-1]] += np.repeat(held, np.diff(edges))
