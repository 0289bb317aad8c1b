"""Contracts that fall due together and behave alike are summed into clocks; their due dates become sorted events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from absengine.calendars.date_rules import add_months, months_between
from absengine.kernels.pool import Clocks, Events
from absengine.projection.dates import DAYS_PER_YEAR, Indices, Rhythm, rows_of, summed
from absengine.projection.names import Parties
from absengine.projection.paying import daily_penalty
from absengine.projection.shape import ASPECTS, Shape, partition
from absengine.schema import CashflowTable, Dates, Floats, Timeline


@dataclass(frozen=True)
class Needs:
    """What some scenario of a run asks of contracts beyond their due dates, so that clocks must not mix it."""

    age: bool = False
    maturity: bool = False
    deposit: bool = False
    appraisal: bool = False
    guarantor: bool = False
    recourse: bool = False
    penalty: bool = False


@dataclass(frozen=True)
class Pool:
    """A cash-flow table placed on a timeline; contract arrays are over the contracts that have flows.

    Money is in counting unit; positions in months.
    """

    table: CashflowTable
    timeline: Timeline
    scale: float
    parties: Parties

    @cached_property
    def rhythm(self) -> Rhythm:
        """Due dates by contract."""
        return Rhythm.of(self.table)

    @cached_property
    def cutoff(self) -> Dates:
        """Cut-off date of each contract; the deal's where the tape has none."""
        dates = self.table.contracts["cutoff_date"][self.rhythm.contract]
        return np.asarray(np.where(np.isnat(dates), self.timeline.cutoff, dates), dtype="datetime64[D]")

    @cached_property
    def entry(self) -> Indices:
        """Row in which each contract's balance enters."""
        return rows_of(self.timeline.calc_date, self.cutoff)

    @cached_property
    def balance(self) -> Floats:
        """Cut-off balance of each contract: the balance before its first due date."""
        return np.asarray(self.table.flows["opening_balance"][self.rhythm.offset] * self.scale)

    @cached_property
    def entering(self) -> Floats:
        """Balance with which each contract enters the pool by itself: none of those kept on standby."""
        return np.asarray(np.where(self.parties.standby[self.rhythm.contract], 0.0, self.balance))

    @cached_property
    def deposit(self) -> Floats:
        """Security deposit of each contract, 0 where there is none."""
        return np.asarray(np.nan_to_num(self.table.contracts["deposit"][self.rhythm.contract]) * self.scale)

    @cached_property
    def appraisal(self) -> Floats:
        """Appraised value of the rights pledged for each contract."""
        owner, values = self._rights
        return summed(owner[owner >= 0], values[owner >= 0], len(self.rhythm.contract))

    @cached_property
    def _rights(self) -> tuple[Indices, Floats]:
        """Contract with flows (-1 = none) and appraised value of each right."""
        numbers = self.table.contracts["contract_id"][self.rhythm.contract].tolist()
        place = {number: index for index, number in enumerate(numbers)}
        owner = [place.get(number, -1) for number in self.table.rights["contract_id"].tolist()]
        return np.array(owner, dtype=np.int64), np.nan_to_num(self.table.rights["appraisal_value"]) * self.scale

    def standing(self, contract: Indices, days: Indices) -> Floats:
        """Share of the appraisals of each contract that stands on (rule, contract) day numbers.

        A right counts for nothing from the day it ends (``lost_on``). Empty where all of them stand on every day.
        """
        owner, values = self._rights
        lost = self.table.rights["lost_on"].astype(np.int64)
        ends = ~np.isnat(self.table.rights["lost_on"]) & (lost <= days.max(initial=0)) & (owner >= 0) & (values > 0.0)
        if not ends.any():
            return np.zeros((0, 0))
        share = np.ones(days.shape)
        for right in np.flatnonzero(ends):
            mine = np.flatnonzero(contract == owner[right])
            share[:, mine] -= values[right] / self.appraisal[owner[right]] * (days[:, mine] >= lost[right])
        return np.maximum(share, 0.0)

    @cached_property
    def penalty(self) -> Floats:
        """Penalty interest of each contract [1/day], 0 where there is none."""
        return daily_penalty(self.table.contracts)[self.rhythm.contract]

    @cached_property
    def origin(self) -> Dates:
        """Origination by which age is counted; NaT where only the stated age counts (none, or a month or more off)."""
        contracts = self.table.contracts
        start, age = contracts["start_date"][self.rhythm.contract], contracts["age"][self.rhythm.contract]
        known = ~np.isnat(start)
        counted = months_between(np.where(known, start, self.cutoff), self.cutoff, self.rhythm.day)
        agrees = known & (np.isnan(age) | (np.abs(counted - age) < 1.0))
        return np.where(agrees, start, np.datetime64("NaT", "D"))

    def age(self, contract: Indices, dates: Dates) -> Floats:
        """Age in months of contracts on dates, not below zero; NaN where neither origination nor age is known."""
        origin, stated = self.origin[contract], self.table.contracts["age"][self.rhythm.contract][contract]
        known = ~np.isnat(origin)
        day = self.rhythm.day[contract]
        counted = months_between(np.where(known, origin, dates), dates, day)
        return np.where(known, counted, stated + months_between(self.cutoff[contract], dates, day)).clip(0.0)

    @cached_property
    def months(self) -> Dates:
        """Ends of the months from the deal's cut-off to the last due date: cumulative defaults are spread on these."""
        last = np.max(self.rhythm.due) if len(self.rhythm.due) else self.timeline.cutoff
        count = int(np.ceil(months_between(self.timeline.cutoff, last)[()])) if last > self.timeline.cutoff else 1
        return add_months(self.timeline.cutoff, np.arange(1, count + 1))

    @cached_property
    def calendar_code(self) -> Indices:
        """Contracts with one code fall due on the same dates, as far as each goes."""
        rhythm = self.rhythm
        irregular = np.zeros(len(rhythm.contract), dtype=np.int64)
        seen: dict[bytes, int] = {}
        for index in np.flatnonzero(rhythm.period == 0):
            dates = rhythm.due[rhythm.offset[index] : rhythm.offset[index] + rhythm.count[index]]
            irregular[index] = 1 + seen.setdefault(dates.tobytes(), len(seen))
        day = rhythm.day * (rhythm.period > 0)
        return partition([rhythm.first, rhythm.period, day, irregular, rhythm.previous, self.cutoff])[0]


@dataclass(frozen=True)
class Clockwork:
    """Clocks and their events: ``of`` is the clock of each contract with flows, ``member`` one contract per clock.

    ``order`` puts the flows of the table in the order of events, ``where`` is then the event of each.
    """

    pool: Pool
    of: Indices
    member: Indices
    clocks: Clocks
    events: Events
    due: Dates
    order: Indices
    where: Indices

    def total(self, money: Floats) -> Floats:
        """Sums of money of the table's flows by event."""
        return summed(self.where, money[self.order], len(self.due))

    def by_flow(self, values: Floats) -> Floats:
        """Values of events at the table's flows."""
        spread = np.empty(len(self.order))
        spread[self.order] = values[self.where]
        return spread

    def from_here(self, money: Floats) -> Floats:
        """Sums of each event's money and that of all later events of its clock."""
        by_clock = np.argsort(self.events.clock, kind="stable")
        sums = np.cumsum(money[by_clock][::-1])[::-1]
        clock = self.events.clock[by_clock]
        after = np.append(sums, 0.0)[np.searchsorted(clock, clock, "right")]
        left = np.empty(len(money))
        left[by_clock] = sums - after
        return left

    def dates(self, clock: int) -> Indices:
        """Events of one clock, in date order."""
        return np.flatnonzero(self.events.clock == clock)


def clockwork(pool: Pool, shapes: Sequence[Shape], needs: Needs) -> Clockwork:
    """Group contracts so that all in one clock share dates and, in every shape, what rules them."""
    of, member = partition(_columns(pool, shapes, needs))
    due, events, order, where = _events(pool, of, len(member))
    count = len(member)
    first = np.full(count, len(pool.timeline.calc_date), dtype=np.int32)
    np.minimum.at(first, events.clock, events.row)
    singles = np.bincount(of, minlength=count) == 1
    # market standards by age are rates per payment: the first payment left bears the whole of its period
    ages = pool.age(member, pool.rhythm.previous[member]) if needs.age else np.zeros(count)
    clocks = Clocks(
        entry=pool.entry[member].astype(np.int32),
        first=first,
        balance=summed(of, pool.balance, count),
        start=np.stack([np.zeros(count), ages]),
        deposit=np.where(singles, pool.deposit[member], 0.0),
        appraisal=np.where(singles, pool.appraisal[member], 0.0),
    )
    if needs.age:
        position = np.stack([events.position[0], pool.age(member[events.clock], due)])
        events = events._replace(position=np.maximum(position, clocks.start[:, events.clock]))
    return Clockwork(pool, of, member, clocks, events, due, order, where)


def _columns(pool: Pool, shapes: Sequence[Shape], needs: Needs) -> list[NDArray[Any]]:
    contract = pool.rhythm.contract
    own = np.arange(len(contract)) + 1
    columns: list[NDArray[Any]] = [pool.calendar_code]
    for blocks in {id(shape.blocks): shape.blocks for shape in shapes}.values():
        columns += [blocks[aspect][contract] for aspect in ASPECTS]
    columns.append(own * np.any([shape.named[contract] for shape in shapes], axis=0))
    if needs.age:
        age = pool.table.contracts["age"][contract]
        columns += [pool.origin, np.where(np.isnat(pool.origin), age, 0.0)]
    if needs.maturity:
        columns.append(pool.rhythm.last)
    if needs.deposit:
        columns.append(own * (pool.deposit > 0.0))
    if needs.appraisal:
        columns.append(own * (pool.appraisal > 0.0))
    if needs.guarantor:
        columns.append(pool.parties.guarantor[contract])
    if needs.recourse:
        columns.append(pool.table.contracts["recourse"].astype(str)[contract])
    if needs.penalty:
        columns.append(pool.penalty)
    return columns


def _events(pool: Pool, of: Indices, clocks: int) -> tuple[Dates, Events, Indices, Indices]:
    """Flows summed by clock and due date, in date order; and which flows each event is the sum of."""
    rhythm, flows = pool.rhythm, pool.table.flows
    clock = np.repeat(of, rhythm.count)
    order = np.lexsort((clock, rhythm.due))
    due, owner = rhythm.due[order], clock[order]
    new = np.ones(len(order), dtype=bool)
    new[1:] = (due[1:] != due[:-1]) | (owner[1:] != owner[:-1])
    where = np.cumsum(new) - 1
    size = int(new.sum())
    money = {
        name: summed(where, flows[column][order] * pool.scale, size)
        for name, column in (
            ("opening", "opening_balance"),
            ("principal", "principal_due"),
            ("interest", "interest_due"),
            ("fee", "fee_due"),
            ("closing", "closing_balance"),
        )
    }
    due, owner = due[new], owner[new]
    row = rows_of(pool.timeline.calc_date, due)
    month = np.searchsorted(pool.months, due, "left")
    ordinal, following, earlier = _chain(owner, clocks)
    member = partition_first(of, clocks)
    previous = np.where(earlier >= 0, due[earlier], rhythm.previous[member][owner])
    until = np.where(following >= 0, row[following], row)
    fresh = (earlier < 0) | (month[earlier] != month)
    months = np.maximum(months_between(pool.cutoff[member][owner], due), 0.0) if size else np.zeros(0)
    events = Events(
        bounds=np.searchsorted(month, np.arange(len(pool.months) + 1), "left").astype(np.int64),
        clock=owner.astype(np.int32),
        row=row.astype(np.int32),
        until=until.astype(np.int32),
        payment=ordinal.astype(np.int32),
        position=np.stack([months, np.zeros(size)]),
        years=(due - previous).astype(np.float64) / DAYS_PER_YEAR,
        fresh=fresh,
        final=following < 0,
        **money,
    )
    return due, events, order, where


def partition_first(of: Indices, clocks: int) -> Indices:
    """The first contract of each clock."""
    member = np.zeros(clocks, dtype=np.int64)
    member[of[::-1]] = np.arange(len(of))[::-1]
    return member


def _chain(owner: Indices, clocks: int) -> tuple[Indices, Indices, Indices]:
    """Of each event: its number in its clock, and the next and the previous event of that clock (-1 = none)."""
    size = len(owner)
    by_clock = np.argsort(owner, kind="stable")
    start = np.searchsorted(owner[by_clock], np.arange(clocks), "left")
    ordinal, following, earlier = np.empty(size, np.int64), np.full(size, -1), np.full(size, -1)
    ordinal[by_clock] = np.arange(size) - start[owner[by_clock]]
    same = owner[by_clock][1:] == owner[by_clock][:-1]
    following[by_clock[:-1][same]] = by_clock[1:][same]
    earlier[by_clock[1:][same]] = by_clock[:-1][same]
    return ordinal, following, earlier
