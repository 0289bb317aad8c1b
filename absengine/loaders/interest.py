"""Interest of each period per unit of principal: day counts, fixed and floating rates, resets (计息与重定价)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from absengine.calendars.date_rules import add_months, day_in_month, month_day
from absengine.calendars.day_count import accrued, convention
from absengine.calendars.fixings import IndexPath
from absengine.loaders.due_dates import Counts, Flags, Grid
from absengine.schema import Dates, Floats

PERIOD: Final = "period"
"""Day count of contracts that charge rate × months / 12 whatever the days (按期计息); stubs, and periods counted in
weeks or days, go by 30E/360."""


@dataclass(frozen=True)
class Resets:
    """When floating contracts take a new rate; one entry per contract.

    ``index`` is the place of the index in ``paths``, −1 for a fixed rate. ``months`` is the distance between resets
    counted from ``anchor`` (0: at the start of each period, −1: never); ``january`` resets on 1 January instead.
    ``known`` is the rate until the first reset after ``since`` [1/year]; NaN takes index + ``spread`` from the start.
    """

    index: Counts
    spread: Floats
    months: Counts
    january: Flags
    anchor: Dates
    known: Floats
    since: Dates
    paths: tuple[IndexPath, ...]


@dataclass(frozen=True)
class Growth:
    """Per cell: interest per unit of principal, accrual time ``years``, and the ``rate`` in force at its start."""

    interest: Floats
    years: Floats
    rate: Floats


def accrual_years(
    grid: Grid, names: NDArray[np.object_], start: Dates, end: Dates, cells: Counts | None = None
) -> Floats:
    """Years accrued over ``[start, end)`` of each cell by its contract's day count (``names``, one per contract).

    ``cells`` are the cells meant, default all. Fractions are differences from the start of the period, so that the
    pieces of a split period add up to the whole.
    """
    cells = np.arange(len(grid.due)) if cells is None else cells
    if not len(cells):
        return np.zeros(0)
    known, code = np.unique(names.astype(str), return_inverse=True)
    if len(known) == 1:
        return _years(str(known[0]), grid, cells, start, end)
    codes = np.repeat(code, grid.count)[cells]
    years = np.zeros(len(cells))
    for place, name in enumerate(known):
        own = np.flatnonzero(codes == place)
        years[own] = _years(str(name), grid, cells[own], start[own], end[own])
    return years


def _years(name: str, grid: Grid, cells: Counts, start: Dates, end: Dates) -> Floats:
    anchor, stop, nominal = grid.start[cells], grid.end[cells], grid.nominal[cells]
    whole = np.asarray((start == anchor) & (end == stop))
    if name == PERIOD:
        days = (stop - anchor).astype(np.int64)
        part = np.divide((end - start).astype(np.int64), days, out=np.zeros(len(cells)), where=days > 0)
        if not np.any(np.isnan(nominal)):
            return nominal * part
        stub = np.where(np.isnan(nominal), accrued("30E/360", anchor, start, end), nominal * part)
        return np.asarray(stub)
    entry = convention(name)
    if entry.name == "ACT/ACT ICMA":
        return _icma(grid, cells, start, end)
    if entry.name == "30E/360 ISDA":
        maturity = grid.end[grid.first[1:] - 1][grid.contract[cells]]
        return accrued(name, anchor, start, end, maturity=maturity)
    if np.all(whole):
        return np.asarray(entry.rule(anchor, stop), dtype=np.float64)
    return accrued(name, anchor, start, end)


def _icma(grid: Grid, cells: Counts, start: Dates, end: Dates) -> Floats:
    """ACT/ACT ICMA; a stub lies in a notional regular period: up to its end in front, from its start at the back."""
    usual = _usual_months(grid)[cells]
    back = (grid.left[cells] == 0) & np.isnan(grid.nominal[cells])
    front = (grid.left[cells] > 0) & np.isnan(grid.nominal[cells])
    begin = np.where(front, add_months(grid.end[cells], -usual), grid.start[cells])
    finish = np.where(back, add_months(grid.start[cells], usual), grid.end[cells])
    days = (finish - begin).astype(np.int64)
    return np.asarray((end - start).astype(np.int64) / days * (usual / 12.0))


def _usual_months(grid: Grid) -> Counts:
    """Months of the regular period of each cell's contract; 12 where a contract has stubs only."""
    months = np.rint(np.nan_to_num(grid.nominal) * 12).astype(np.int64)
    usual = np.zeros(len(grid.first) - 1, dtype=np.int64)
    np.maximum.at(usual, grid.contract, months)
    return np.repeat(np.where(usual > 0, usual, 12), grid.count)


def growth(grid: Grid, names: NDArray[np.object_], rate: Floats, resets: Resets | None = None) -> Growth:
    """Interest per unit of principal in each cell.

    ``names`` and ``rate`` [1/year] have one entry per contract. A period in which the rate changes is split on the day
    of the change (分段计息).
    """
    years = accrual_years(grid, names, grid.start, grid.end)
    rates = np.repeat(rate, grid.count)
    if resets is None or not np.any(resets.index >= 0):
        return Growth(rates * years, years, rates)
    cells = np.flatnonzero(np.repeat(resets.index >= 0, grid.count))
    contracts = grid.contract
    interest = rates * years
    interest[cells] = 0.0
    fixing, following = _resets_around(resets, contracts[cells], grid.start[cells])
    begin = grid.start[cells]
    while len(cells):
        contract, end = contracts[cells], grid.end[cells]
        rate = _rate_fixed(resets, contract, fixing)
        first = begin == grid.start[cells]
        rates[cells[first]] = rate[first]
        change = np.minimum(following, end)
        interest[cells] += rate * accrual_years(grid, names, begin, change, cells)
        goes_on = change < end
        cells, begin, fixing = cells[goes_on], change[goes_on], change[goes_on]
        following = _resets_around(resets, contracts[cells], begin)[1]
    return Growth(interest, years, rates)


def _resets_around(resets: Resets, contract: Counts, dates: Dates) -> tuple[Dates, Dates]:
    """The reset on or before each date, and the first one after it.

    Where each period is set anew, its own start and a day far away; where nothing is, the anchor and a day far away.
    """
    months = resets.months[contract]
    step = np.maximum(months, 1)
    # months and days of the anchors are taken once per contract, not once per cell
    month = resets.anchor.astype("datetime64[M]").astype(np.int64)[contract]
    day = month_day(resets.anchor)[contract]
    number = (dates.astype("datetime64[M]").astype(np.int64) - month) // step
    number = np.where(months > 0, number, 0)
    number = number - ((day_in_month(month + number * step, day) > dates) & (months > 0))
    last = np.where(months == 0, dates, day_in_month(month + number * step, day))
    following = day_in_month(month + (number + 1) * step, day)
    following = np.where(months > 0, following, np.datetime64("9999-12-31"))
    year = dates.astype("datetime64[Y]")
    january = resets.january[contract]
    last = np.where(january, year.astype("datetime64[D]"), last)
    return last, np.where(january, (year + 1).astype("datetime64[D]"), following)


def _rate_fixed(resets: Resets, contract: Counts, fixing: Dates) -> Floats:
    """Rate set on each reset: the tape's own where the reset is not after the cut-off, else index + spread."""
    known = resets.known[contract]
    keeps = ~np.isnan(known) & (fixing <= resets.since[contract])
    rates = np.where(keeps, known, 0.0)
    for place, path in enumerate(resets.paths):
        asks = np.flatnonzero((resets.index[contract] == place) & ~keeps)
        rates[asks] = path.at(fixing[asks]) + resets.spread[contract[asks]]
    return rates


def index_paths(names: NDArray[np.object_], rates: Mapping[str, IndexPath]) -> tuple[Counts, tuple[IndexPath, ...]]:
    """Place of each contract's index among the paths used; −1 where the name is empty or not known."""
    used = sorted({str(name) for name in names if name in rates})
    place = {name: number for number, name in enumerate(used)}
    return np.array([place.get(str(name), -1) for name in names], dtype=np.int64), tuple(rates[name] for name in used)
