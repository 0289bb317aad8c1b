"""Positions in time of due dates: months between dates, the schedule's own rhythm, and where it runs on."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from absengine.calendars.date_rules import add_months, month_day
from absengine.schema import CashflowTable, Dates, Floats

Indices = NDArray[np.int64]
Steps = tuple[tuple[str, int], ...]
"""A delay: (unit, count) of months, payments or days, one after the other."""
DAYS_PER_YEAR = 365.0
"""Annual default and prepayment rates run over days/365 (Hastructure 0.50.2, conventions of its period rates)."""
PREVIOUS = "previous_due_date"
"""Extra column of the contract table in which a loader tells the scheduled date before the first due date left."""


def months_apart(early: Any, late: Any, day: Any) -> Indices:
    """Whole months between two dates of a rhythm that falls on ``day`` (clipped to month ends); 0 where none are."""
    count = (np.asarray(late).astype("datetime64[M]") - np.asarray(early).astype("datetime64[M]")).astype(np.int64)
    return np.where((add_months(early, count, day) == late) & (count > 0), count, 0)


@dataclass(frozen=True)
class Rhythm:
    """Due dates of each contract that has any, described so that contracts with the same dates are found.

    Arrays are (contract with flows,): ``contract`` its row in the contract table, ``offset`` and ``count`` its rows
    in the flows, ``day`` the day of the month it falls on (31 = last), ``period`` the months between due dates (0
    where they are irregular), ``previous`` the scheduled date before the first one that is left.
    """

    table: CashflowTable
    contract: Indices
    offset: Indices
    count: Indices

    @classmethod
    def of(cls, table: CashflowTable) -> Rhythm:
        """Read the rhythm off a cash-flow table (rows sorted by contract, then date)."""
        contract, offset, count = np.unique(table.flows["contract"], return_index=True, return_counts=True)
        return cls(table, contract.astype(np.int64), offset.astype(np.int64), count.astype(np.int64))

    @cached_property
    def due(self) -> Dates:
        """Due dates of all flows."""
        due: Dates = self.table.flows["due_date"]
        return due

    @property
    def first(self) -> Dates:
        """First due date left."""
        return np.asarray(self.due[self.offset])

    @property
    def last(self) -> Dates:
        """Last due date."""
        return np.asarray(self.due[self.offset + self.count - 1])

    @cached_property
    def day(self) -> Indices:
        """Day of the month: the highest one seen, for short months clip it."""
        days: Indices = np.maximum.reduceat(month_day(self.due), self.offset) if len(self.offset) else self.offset
        return days

    @cached_property
    def period(self) -> Indices:
        """Months between due dates where all fall in one monthly rhythm, else 0."""
        second = self.due[self.offset + np.minimum(1, self.count - 1)]
        months = months_apart(self.first, second, self.day)
        owner = np.repeat(np.arange(len(self.contract)), self.count)
        step = np.arange(len(self.due)) - self.offset[owner]
        expected = add_months(self.first[owner], months[owner] * step, self.day[owner])
        kept = np.logical_and.reduceat(expected == self.due, self.offset) if len(self.offset) else self.offset == 0
        return np.where(kept & (self.count > 1), months, 0)

    @cached_property
    def previous(self) -> Dates:
        """Scheduled date before the first due date left: as the loader knows it, else one step back.

        Never before the start of the contract; where one due date is left and no loader tells, the later of start
        and cut-off date.
        """
        contracts = self.table.contracts
        start, cutoff = (contracts[name][self.contract] for name in ("start_date", "cutoff_date"))
        second = self.due[self.offset + np.minimum(1, self.count - 1)]
        step = months_apart(self.first, second, self.day)
        by_days = np.where(self.count > 1, self.first - (second - self.first), cutoff)
        back = np.where(step > 0, add_months(self.first, -step, self.day), by_days)
        back = np.where(~np.isnat(start) & (start < self.first), np.maximum(back, start), back)
        if PREVIOUS in contracts and contracts[PREVIOUS].dtype.kind == "M":
            stated = contracts[PREVIOUS][self.contract]
            back = np.where(np.isnat(stated), back, stated)
        return np.asarray(back, dtype="datetime64[D]")


def run_on(due: Dates, previous: np.datetime64, count: int) -> Dates:
    """``due`` followed by ``count`` more dates at the last gap: in months where it is whole months, else in days."""
    day = int(np.max(month_day(due)))
    before = due[-2] if len(due) > 1 else previous
    months = int(months_apart(before, due[-1], day))
    steps = np.arange(1, count + 1)
    if months:
        more = add_months(due[-1], months * steps, day)
    else:
        more = due[-1] + max(int((due[-1] - before).astype(int)), 1) * steps.astype("timedelta64[D]")
    return np.concatenate([due, more])


def later(dates: Dates, steps: Steps, due: Dates, previous: np.datetime64) -> Dates:
    """``dates`` moved by some steps; payments count the due dates after each date, running on past the last."""
    for unit, count in steps:
        if unit == "months":
            dates = add_months(dates, count)
        elif unit == "days":
            dates = dates + np.timedelta64(count, "D")
        else:
            more, latest = count, np.max(dates)
            while np.searchsorted(reach := run_on(due, previous, more), latest, "right") - 1 + count >= len(reach):
                more = 2 * more + 12
            dates = reach[np.searchsorted(reach, dates, "right") - 1 + count]
    return dates


def summed(where: NDArray[Any], money: Floats, size: int) -> Floats:
    """Sums of ``money`` by number."""
    return np.bincount(where, money, size).astype(np.float64)


def rows_of(calc_dates: Dates, dates: Dates) -> Indices:
    """Row that collects cash of each date; dates after the last calculation date give the row after legal final."""
    return np.searchsorted(calc_dates, dates, "left").astype(np.int64)
