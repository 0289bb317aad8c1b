"""Due dates (还款日) of many contracts at once: regular cycles, short and long stubs, single payments.

A cycle is an anchor date, a step in months or days, and a maturity. Dates are computed from the anchor, never from each
other, so that the 31st does not turn into the 28th for good. No routine here loops over contracts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from absengine.calendars.date_rules import day_in_month
from absengine.schema import Dates, Floats

Counts = NDArray[np.int64]
Flags = NDArray[np.bool_]
_DAY = np.timedelta64(1, "D")


@dataclass(frozen=True)
class Cycle:
    """How the due dates of each contract follow from each other; every array has one entry per contract.

    ``anchor`` is any regular due date, before or after the others; ``months`` or ``days`` is the step (both 0: one
    payment at maturity); ``day`` is the day of the month (31: the last). Only dates on or after ``lower`` are kept.
    ``start`` (NaT where unknown) is the day interest begins: no period begins before it. ``long_stub`` drops the last
    regular date before a maturity that is off the cycle; ``opens`` says that ``anchor`` is the contract's first due
    date, so that the period before it runs from ``start``, however long that is.
    """

    anchor: Dates
    months: Counts
    days: Counts
    day: Counts
    lower: Dates
    start: Dates
    maturity: Dates
    long_stub: Flags
    opens: Flags

    def __len__(self) -> int:
        return len(self.anchor)

    def date(self, k: Counts, which: Any = slice(None)) -> Dates:
        """The ``k``-th regular date of the contracts ``which``, counted from the anchor; ``k`` may be negative."""
        month = self.anchor.astype("datetime64[M]").astype(np.int64)
        by_month = day_in_month(month[which] + self.months[which] * k, self.day[which])
        if not np.any(self.days):
            return by_month
        days = self.days[which]
        return np.where(days > 0, self.anchor[which] + (days * k).astype("timedelta64[D]"), by_month)

    def last_at_or_before(self, dates: Dates) -> Counts:
        """The largest ``k`` whose regular date is on or before ``dates``; 0 for single payments."""
        apart = (dates.astype("datetime64[M]") - self.anchor.astype("datetime64[M]")).astype(np.int64)
        k = np.where(self.months > 0, apart // np.maximum(self.months, 1), 0)
        days_apart = (dates - self.anchor).astype(np.int64)
        k = np.where(self.days > 0, days_apart // np.maximum(self.days, 1), k)
        repeats = (self.months > 0) | (self.days > 0)
        return np.where(repeats, k - (self.date(k) > dates), 0)


@dataclass(frozen=True)
class Grid:
    """Cells, one per contract and due date, contract by contract in date order.

    ``first`` (contracts + 1) is where each contract's cells begin. Interest of a cell accrues over ``[start, end)``:
    unadjusted dates, where ``due`` may have been moved to a business day. ``nominal`` is the length of a regular period
    in years (months / 12), NaN for stubs and for periods counted in days.
    """

    first: Counts
    due: Dates
    start: Dates
    end: Dates
    nominal: Floats

    @property
    def count(self) -> Counts:
        """Cells of each contract."""
        return np.diff(self.first)

    @property
    def contract(self) -> Counts:
        """Contract of each cell."""
        return np.repeat(np.arange(len(self.first) - 1), self.count)

    @property
    def position(self) -> Counts:
        """Position of each cell in its contract, from 0."""
        return np.arange(len(self.due)) - np.repeat(self.first[:-1], self.count)

    @property
    def left(self) -> Counts:
        """Cells that follow in the same contract; 0 for the last."""
        return np.repeat(self.first[1:], self.count) - np.arange(len(self.due)) - 1

    @property
    def ends(self) -> Counts:
        """Index of the last cell of each contract that has one."""
        return (self.first[1:] - 1)[self.count > 0]


def due_dates(cycle: Cycle) -> Grid:
    """All due dates of each contract from ``lower`` to its maturity, which is always the last.

    Contracts that mature before ``lower`` have no cell.
    """
    repeats = (cycle.months > 0) | (cycle.days > 0)
    k_first = cycle.last_at_or_before(cycle.lower - _DAY) + 1
    k_first = np.where(cycle.opens, np.maximum(k_first, 0), k_first)
    k_last = cycle.last_at_or_before(cycle.maturity - _DAY)
    on_cycle = repeats & (cycle.date(k_last + 1) == cycle.maturity)
    k_last = k_last - (cycle.long_stub & repeats & ~on_cycle)
    alive = cycle.maturity >= cycle.lower
    count = np.where(alive, 1 + np.where(repeats, np.maximum(k_last - k_first + 1, 0), 0), 0)
    first = np.concatenate([[0], np.cumsum(count)])
    contract = np.repeat(np.arange(len(cycle)), count)
    position = np.arange(first[-1]) - np.repeat(first[:-1], count)
    due = cycle.date(k_first[contract] + position, contract)
    ends = (first[1:] - 1)[alive]
    due[ends] = cycle.maturity[alive]
    before = cycle.date(np.minimum(k_first - 1, k_last))
    stretched = cycle.opens & (np.minimum(k_first - 1, k_last) < 0) & (cycle.start < before)
    before = np.where(stretched, cycle.start, before)
    start = np.concatenate([due[:1], due[:-1]])
    start[first[:-1][alive]] = np.where(repeats, before, cycle.start)[alive]
    nominal = np.where(cycle.months > 0, cycle.months / 12.0, np.nan)[contract]
    nominal[ends[~on_cycle[alive]]] = np.nan
    began = cycle.start[contract]
    cut = began > start
    nominal[cut] = np.nan
    nominal[first[:-1][stretched & alive]] = np.nan
    return Grid(first, due, np.where(cut, began, start), due, nominal)


def grid_of(contract: Counts, due: Dates, start: Dates, contracts: int) -> Grid:
    """A grid of given due dates (given plans): rows already in order of contract, then date.

    ``start`` (per contract) is where the first period begins; later periods begin at the due date before.
    """
    first = np.concatenate([[0], np.cumsum(np.bincount(contract, minlength=contracts))])
    begin = np.concatenate([due[:1], due[:-1]])
    some = np.diff(first) > 0
    begin[first[:-1][some]] = start[some]
    return Grid(first, due, begin, due, np.full(len(due), np.nan))
