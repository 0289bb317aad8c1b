"""Claims known by their cash (已知现金流的债权): their value at a rate, the rate of a value, what each payment repays.

The balance of such a claim is the present value of the cash still due; interest is what the balance earns over a
period, principal the rest of the payment (实际利率法). A payment below the interest of its period has a negative
principal: the balance grows. Periods compound at due dates, each one growing by rate × years of its day count.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from absengine.loaders.due_dates import Counts, Flags, Grid, grid_of
from absengine.loaders.schedule import Flows, annuity, flow_keys, weights_left
from absengine.schema import Dates, Floats

LARGEST_RATE: Final = 1.0
"""Rates above 100 % a year are taken for an error of the amounts (assumption)."""

_STEPS: Final = 100
_CLOSE: Final = 1e-12


def flows_of(grid: Grid, cash: Floats, interest: Floats) -> Flows:
    """Payments ``cash`` (all above 0) as principal and interest; ``interest`` is growth per unit over each cell.

    Σ principal of a contract is the present value of its cash.
    """
    opening = annuity(grid, cash, interest)[0]
    earned = opening * interest
    ends = grid.ends
    earned[ends] = cash[ends] - opening[ends]
    return Flows.build(grid.contract, grid.due, opening, cash - earned, earned)


def solve_rate(grid: Grid, years: Floats, cash: Floats, balance: Floats) -> Floats:
    """Rate [1/year] at which the cash of each contract is worth ``balance``; NaN where none lies between 0 and 100 %.

    Newton's method from 0: the value falls and is convex in the rate, so that no step goes too far.
    """
    rate = np.zeros(len(balance))
    for _ in range(_STEPS):
        value, slope = _value_and_slope(grid, years, cash, rate)
        with np.errstate(invalid="ignore"):
            gap = np.where(np.abs(value - balance) <= _CLOSE * balance, 0.0, value - balance)
        step = np.divide(gap, slope, out=np.zeros(len(rate)), where=(slope > 0) & ~np.isnan(gap))
        if not np.any(step):
            break
        rate = np.clip(rate + step, 0.0, 2.0 * LARGEST_RATE)
    value = _value_and_slope(grid, years, cash, rate)[0]
    with np.errstate(invalid="ignore"):
        found = (np.abs(value - balance) <= 1e-9 * balance) & (rate <= LARGEST_RATE) & (balance > 0)
    return np.where(found, rate, np.nan)


def _value_and_slope(grid: Grid, years: Floats, cash: Floats, rate: Floats) -> tuple[Floats, Floats]:
    """Value of each contract's cash, and by how much it falls per unit of rate."""
    contract, each = grid.contract, np.repeat(rate, grid.count)
    grown = 1.0 + each * years
    worth = cash * np.exp(-_within(grid, np.log(grown)))
    falls = worth * _within(grid, years / grown)
    return sums(contract, worth, len(rate)), sums(contract, falls, len(rate))


def sums(contract: Counts, amounts: Floats, contracts: int) -> Floats:
    """Amounts added up by contract; 0 for contracts without any."""
    return np.asarray(np.bincount(contract, amounts, minlength=contracts), dtype=np.float64)


def _within(grid: Grid, amounts: Floats) -> Floats:
    """Running totals inside each contract, the cell itself included."""
    total = np.concatenate([[0.0], np.cumsum(amounts)])
    return np.asarray(total[1:] - np.repeat(total[grid.first[:-1]], grid.count))


def merged(parts: list[Flows], contracts: int) -> Flows:
    """Pieces of the same contracts as one: an entry per contract and due date, balances from what is still to repay."""
    every = Flows.joined(parts)
    if not len(every):
        return every
    keys, first, place = np.unique(flow_keys(every.contract, every.due), return_index=True, return_inverse=True)
    added = {
        name: sums(place, getattr(every, name), len(keys))
        for name in ("principal", "interest", "fee", "accrued", "deposit")
    }
    contract, due = every.contract[first], every.due[first]
    opening = weights_left(grid_of(contract, due, np.full(contracts, due[:1][0]), contracts), added["principal"])
    rest = {name: values for name, values in added.items() if name not in ("principal", "interest")}
    return Flows.build(contract, due, opening, added["principal"], added["interest"], **rest)


def reduced(flows: Flows, kept: Floats, contracts: int) -> Flows:
    """The same claims where only the share ``kept`` of each payment is still owed, worth what is left of them.

    Each period earns what it earned before, so that claims without a cut keep principal and interest as they were.
    """
    cut = np.zeros(contracts, dtype=bool)
    cut[flows.contract[kept < 1.0]] = True
    touched = cut[flows.contract]
    if not np.any(touched):
        return flows
    cash = (flows.principal + flows.interest) * kept
    growth = np.divide(flows.interest, flows.opening, out=np.zeros(len(flows)), where=flows.opening > 0)
    some = np.flatnonzero(touched & (cash > 0))
    if not len(some):
        return flows.take(~touched)
    contract, due = flows.contract[some], flows.due[some]
    grid = grid_of(contract, due, np.full(contracts, due[0]), contracts)
    return Flows.joined([flows.take(~touched), flows_of(grid, cash[some], growth[some])]).in_order()


def ended(flows: Flows, ends: Dates, settles: Flags, begin: Dates) -> Flows:
    """Claims that end on ``ends`` (per contract; NaT: on their own last date).

    Where ``settles``, the balance falls due on that day with the interest of the running period by days; else fees
    due later are not owed at all. ``begin`` is where the first period of each contract begins.
    """
    end = ends[flows.contract]
    after = flows.due > end
    if not np.any(after):
        return flows
    before = previous_dates(flows, begin)
    running = after & settles[flows.contract] & (before <= end)
    days = np.maximum((flows.due - before).astype(np.int64), 1)
    part = np.where(running, (end - before).astype(np.int64) / days, 0.0)[running]
    due = flows.take(running)
    last = Flows.build(due.contract, end[running], due.opening, due.opening, due.interest * part, fee=due.fee * part)
    settled = merged([flows.take(~(after & settles[flows.contract])), last], len(ends))
    stopped = np.asarray(settled.due > ends[settled.contract], dtype=bool)
    return reduced(settled, np.where(stopped, 0.0, 1.0), len(ends))


def previous_dates(flows: Flows, begin: Dates) -> Dates:
    """Due date before each entry in its contract, ``begin`` (per contract) before the first."""
    before = begin[flows.contract]
    same = np.flatnonzero(flows.contract[1:] == flows.contract[:-1]) + 1
    before[same] = flows.due[same - 1]
    return before
