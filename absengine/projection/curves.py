"""Curves as tables the kernel reads: cumulated log-survival or shares by month or age, log-hazards by payment."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from absengine.calendars.date_rules import add_months
from absengine.kernels import pool
from absengine.projection.clocks import Clockwork
from absengine.projection.dates import DAYS_PER_YEAR, summed
from absengine.projection.layouts import Slot
from absengine.scenario import Curve
from absengine.schema import Floats

_EVERYTHING = -1e5
"""Log-survival of a month in which everything goes: a day of it leaves exactly nothing, sums keep ten digits, and
differences are never inf - inf."""


@dataclass(frozen=True)
class Reach:
    """How far tables must go, and what cumulative defaults are spread over.

    months, ages, payments : highest position of a due date; cutoff : date months are counted from;
    balance : cut-off principal the curve is for [counting unit]; weights : scheduled balance falling due by month.
    """

    months: float
    ages: float
    payments: int
    cutoff: np.datetime64
    balance: float
    weights: Floats

    @cached_property
    def years(self) -> Floats:
        """Length of each month since the cut-off date, as days/365."""
        months = add_months(self.cutoff, np.arange(int(self.months) + 3))
        return np.diff(months).astype(np.float64) / DAYS_PER_YEAR


def _log_survival(rates: Floats, time: Floats | float = 1.0) -> Floats:
    """Log-survival over ``time``, in the unit the rates are per."""
    whole = rates >= 1.0
    return np.where(whole, _EVERYTHING, np.log1p(-np.where(whole, 0.0, rates)) * time)


def _spread(values: tuple[float, ...], every: int, length: int) -> Floats:
    """Entries repeated for as many months as each lasts, the last one to the end."""
    return np.asarray(values)[np.minimum(np.arange(length) // every, len(values) - 1)]


def _cumulated(steps: Floats) -> Floats:
    sums = np.zeros(len(steps) + 1)
    np.cumsum(steps, out=sums[1:])
    return sums


def sda(age: Floats) -> Floats:
    """Annual default rates of 100 % SDA by month of age: 0.02 % a month up to 0.60 % at month 30, flat to month 60,
    down in a line to 0.03 % at month 120, then flat (Standard Default Assumption, Bond Market Association, 1993).
    """
    rising, falling = 0.0002 * age, 0.006 - 0.000095 * (age - 60.0)
    return np.where(age <= 30.0, rising, np.where(age <= 60.0, 0.006, np.maximum(falling, 0.0003)))


def psa(age: Floats) -> Floats:
    """Annual prepayment rates of 100 % PSA by month of age: 0.2 % a month up to 6 % at month 30, then flat (Public
    Securities Association, 1985).
    """
    return np.minimum(0.002 * age, 0.06)


def abs_speed(speed: float, age: Floats) -> Floats:
    """Monthly prepayment rates of the ABS model by month of age: ``speed`` of the original number of loans leaves each
    month, so that speed/(1 - speed*(age - 1)) of those left does; 1 once nobody is left (as the AmeriCredit 2017-1
    prospectus and the Ally 2017-3 Form 8-K tabulate it; see their deal folders).
    """
    left = 1.0 - speed * (age - 1.0)
    return np.where(left > speed, speed / np.where(left > speed, left, 1.0), 1.0)


def by_age(curve: Curve, months: int) -> Floats:
    """Monthly log-survival by month of age 1, 2, …"""
    age = np.arange(1, months + 1, dtype=np.float64)
    if curve.kind == "abs":
        return _log_survival(abs_speed(curve.values[0], age))
    if curve.kind in ("sda", "psa"):
        standard = sda(age) if curve.kind == "sda" else psa(age)
        return _log_survival(np.minimum(curve.values[0] * standard, 1.0), 1.0 / 12.0)
    return _log_survival(_spread(curve.values, curve.every, months), 1.0 / 12.0 if curve.per == "year" else 1.0)


def by_month(curve: Curve, years: Floats) -> Floats:
    """Log-survival of each month since cut-off, months as long as ``years``: monthly rates are taken as they are."""
    return _log_survival(_spread(curve.values, curve.every, len(years)), 1.0 if curve.per == "month" else years)


def by_payment(curve: Curve, payments: int) -> Floats:
    """Annual log-survival of each payment; the kernel multiplies by the years since the payment before."""
    rates = _spread(curve.values, curve.every, payments)
    return np.where(rates >= 1.0, DAYS_PER_YEAR, 1.0) * _log_survival(rates, 1.0 if curve.per == "year" else 12.0)


def shares(curve: Curve, length: int) -> Floats:
    """Absolute shares of the original number by month, nothing after the last entry."""
    spread = np.repeat(np.asarray(curve.values) / curve.every, curve.every)[:length]
    return np.concatenate([spread, np.zeros(length - len(spread))])


def targets(curve: Curve, reach: Reach) -> Floats:
    """Money to default: first what falls after the pool's last month, then month by month [counting unit]."""
    total = curve.values[0] * reach.balance
    weights = reach.weights
    if curve.timing:
        weights = np.repeat(np.asarray(curve.timing) / curve.every, curve.every)
    elif not weights.sum():
        weights = np.ones(1)
    amounts = total * weights / weights.sum()
    months = len(reach.weights)
    kept = np.concatenate([amounts, np.zeros(max(months - len(amounts), 0))])[:months]
    return np.concatenate([[amounts[months:].sum()], kept])


def table(curve: Curve, reach: Reach) -> tuple[int, Floats, int]:
    """Kind of reading, table, and the entry in it where reading starts."""
    months, ages = int(reach.months) + 2, int(reach.ages) + 2
    if curve.kind == "maturity":
        return pool.AT_MATURITY, np.array([curve.values[0]]), 0
    if curve.kind == "cumulative":
        return pool.TARGET, targets(curve, reach), 1
    if curve.kind == "absolute":
        if curve.by == "payment":
            return pool.SHARE_BY_PAYMENT, shares(curve, reach.payments), 0
        if curve.origin == "cutoff":
            return pool.SHARE_BY_MONTH, _cumulated(shares(curve, months)), 0
        return pool.SHARE_BY_AGE, _cumulated(shares(curve, ages)), 0
    if curve.by == "payment":
        return pool.BY_PAYMENT, by_payment(curve, reach.payments), 0
    if curve.needs_age:
        return pool.BY_AGE, _cumulated(by_age(curve, ages)), 0
    return pool.BY_MONTH, _cumulated(by_month(curve, reach.years)), 0


@dataclass
class Tables:
    """All tables of a run end to end; equal curves are stored once."""

    work: Clockwork
    parts: list[Floats] = field(default_factory=list)
    known: dict[tuple[Curve, object], tuple[int, int]] = field(default_factory=dict)
    reaches: dict[object, Reach] = field(default_factory=dict)
    length: int = 0

    def add(self, curve: Curve, slot: Slot) -> tuple[int, int]:
        """Kind of a curve, and where its table starts."""
        apart = slot if curve.kind == "cumulative" else slot.cutoff
        if (curve, apart) not in self.known:
            if apart not in self.reaches:
                self.reaches[apart] = self._reach(slot)
            kind, values, start = table(curve, self.reaches[apart])
            self.known[curve, apart] = (kind, self.length + start)
            self.parts.append(values)
            self.length += len(values)
        return self.known[curve, apart]

    def _reach(self, slot: Slot) -> Reach:
        events, months = self.work.events, len(self.work.pool.months)
        mine = np.isin(events.clock, slot.clocks) & events.fresh
        month = np.repeat(np.arange(months), np.diff(events.bounds))
        highest = events.position.max(axis=1, initial=0.0)
        return Reach(
            months=float(highest[0]),
            ages=float(highest[1]),
            payments=int(events.payment.max(initial=0)) + 1,
            cutoff=slot.cutoff,
            balance=float(self.work.clocks.balance[slot.clocks].sum()),
            weights=summed(month[mine], events.opening[mine], months),
        )

    def joined(self) -> Floats:
        """The one array the kernel reads."""
        return np.concatenate(self.parts) if self.parts else np.zeros(1)
