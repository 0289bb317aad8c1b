"""Implicit rate (内含利率) of many contracts at once: the rate at which their payments are worth what is owed.

Interest of a period is balance × rate × years by the contract's day count, so a payment's value is its amount over the
product of (1 + rate × years) of the periods before it. Payments are never negative: the value falls with the rate and
is convex, and Newton steps from 0 % never pass the solution.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from absengine.loaders.due_dates import Counts, Flags, Grid
from absengine.loaders.interest import accrual_years
from absengine.schema import Floats

HIGHEST: Final = 1.0
"""Rate above which no solution is looked for: 100 % a year (the range of a tape's rate)."""
STEPS: Final = 200
NEAR: Final = 1e-15
SAME: Final = 1e-12
"""Share of what is owed within which payments count as exactly that: 0 %."""


def implicit_rate(grid: Grid, names: NDArray[np.object_], cash: Floats, worth: Floats, wanted: Flags) -> Floats:
    """Rate per contract [1/year]; NaN where not ``wanted`` or where no rate from 0 % to 100 % solves it.

    ``names`` are day counts and ``worth`` what is owed at the start of the first period, per contract; ``cash`` is the
    payment of each cell, not negative.
    """
    rate = np.full(len(worth), np.nan)
    some = np.flatnonzero(wanted & (grid.count > 0) & (worth > 0))
    years = accrual_years(grid, names, grid.start, grid.end)
    years, cash = _side_by_side(grid, some, years), _side_by_side(grid, some, cash)
    owed = worth[some]
    most, _ = _value(np.zeros(len(some)), years, cash)
    least, _ = _value(np.full(len(some), HIGHEST), years, cash)
    nothing = np.abs(most - owed) <= SAME * owed
    rate[some[nothing]] = 0.0
    open_ = np.flatnonzero(~nothing & (most > owed) & (least <= owed))
    found = np.zeros(len(open_))
    moving = np.arange(len(open_))
    for _ in range(STEPS):
        if not len(moving):
            break
        rows = open_[moving]
        value, slope = _value(found[moving], years[:, rows], cash[:, rows])
        step = np.clip((owed[rows] - value) / slope, -found[moving], HIGHEST - found[moving])
        found[moving] += step
        moving = moving[np.abs(step) > NEAR]
    rate[some[open_]] = found
    return rate


def _side_by_side(grid: Grid, which: Counts, values: Floats) -> Floats:
    """Cells of the contracts ``which`` as (position, contract); nothing happens at positions a contract lacks."""
    count = grid.count[which]
    table = np.zeros((int(count.max(initial=0)), len(which)))
    column = np.repeat(np.arange(len(which)), count)
    position = np.arange(len(column)) - np.repeat(np.cumsum(count) - count, count)
    table[position, column] = values[np.repeat(grid.first[:-1][which], count) + position]
    return table


def _value(rate: Floats, years: Floats, cash: Floats) -> tuple[Floats, Floats]:
    """Value of the payments at each contract's rate, and its slope."""
    value, slope = np.zeros(len(rate)), np.zeros(len(rate))
    for time, paid in zip(years[::-1], cash[::-1], strict=True):
        factor = 1.0 / (1.0 + rate * time)
        value = (value + paid) * factor
        slope = slope * factor - value * time * factor
    return value, slope
