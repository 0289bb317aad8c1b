"""Schedule maths (还款计划): interest and principal of many contracts at once.

Two layers. :func:`growth` turns rates, day counts and resets into interest per unit of principal for each period;
:func:`amortise` walks the periods, all contracts side by side. Every way of repaying is a set of weights:

* **level** (等额本息): payments of principal and interest in the proportion of the weights, solved so that the balance
  less the balloon (尾款) is repaid; solved again on each date, so that a new rate gives a new payment;
* **even** (等额本金): principal in the proportion of the weights. All weight on the last date is a bullet (到期还本);
* **given** (按计划): principal amounts as stated.

A weight of 0 is a date that pays interest only. The last due date always repays what is left.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from absengine.calendars.date_rules import add_months
from absengine.calendars.day_count import accrued, convention
from absengine.calendars.fixings import IndexPath
from absengine.loaders.due_dates import Counts, Flags, Grid
from absengine.schema import Dates, Floats

PERIOD: Final = "period"
"""Day count of contracts that charge rate × months / 12 whatever the days (按期计息); stubs go by 30E/360, periods of
weeks and days by ACT/365F."""


@dataclass(frozen=True)
class Resets:
    """When floating contracts take a new rate; one entry per contract.

    ``index`` is the place of the index in ``paths``, −1 for a fixed rate. ``months`` is the distance between resets
    counted from ``anchor`` (0: at the start of each period); ``january`` resets on 1 January instead. ``known`` is the
    rate until the first reset after ``since`` [1/year]; NaN takes index + ``spread`` from the beginning.
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
class Amortisation:
    """How each contract repays. Per contract: ``balance``, ``level`` (else even or given), ``payment`` (amount of each
    payment, NaN to solve it; principal and interest where level, else principal), ``balloon``, ``accrued`` (interest
    owed on top at the start). Per cell: ``weight``; ``given`` principal (NaN: by weight) and ``pays_interest`` where
    some contract needs them.
    """

    balance: Floats
    level: Flags
    payment: Floats
    balloon: Floats
    accrued: Floats
    weight: Floats
    given: Floats | None = None
    pays_interest: Flags | None = None


@dataclass(frozen=True)
class Flows:
    """Scheduled cash [currency], one entry per contract and due date; ``accrued`` is interest owed and not yet due."""

    contract: Counts
    due: Dates
    opening: Floats
    principal: Floats
    interest: Floats
    fee: Floats
    closing: Floats
    accrued: Floats

    def __len__(self) -> int:
        return len(self.contract)

    def take(self, index: NDArray[np.int64] | Flags) -> Flows:
        """Entries chosen by a mask or an index array."""
        return Flows(**{name: values[index] for name, values in vars(self).items()})

    def in_order(self) -> Flows:
        """The same entries sorted by contract, then date."""
        key = self.contract * 1_000_000 + self.due.astype(np.int64)
        return self if np.all(key[1:] >= key[:-1]) else self.take(np.argsort(key, kind="stable"))

    @classmethod
    def joined(cls, parts: list[Flows]) -> Flows:
        """Several sets of flows, one after the other."""
        if len(parts) == 1:
            return parts[0]
        return cls(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in vars(parts[0])})


@dataclass(frozen=True)
class Growth:
    """Per cell: interest per unit of principal, accrual time ``years``, and the ``rate`` in force at its start."""

    interest: Floats
    years: Floats
    rate: Floats


def accrual_years(grid: Grid, names: NDArray[np.object_], start: Dates, end: Dates) -> Floats:
    """Years accrued over ``[start, end)`` of each cell by its contract's day count (``names``, one per contract).

    Fractions are differences from the start of the period, so that the pieces of a split period add up to the whole.
    """
    known, code = np.unique(names.astype(str), return_inverse=True)
    if len(known) == 1:
        return _years(str(known[0]), grid, np.arange(len(grid.due)), start, end)
    codes = np.repeat(code, grid.count)
    years = np.zeros(len(grid.due))
    for place, name in enumerate(known):
        cells = np.flatnonzero(codes == place)
        years[cells] = _years(str(name), grid, cells, start[cells], end[cells])
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
    floating = np.flatnonzero(np.repeat(resets.index >= 0, grid.count))
    contract = grid.contract[floating]
    begin, end = grid.start[floating].copy(), grid.end[floating]
    rates[floating] = _rate_on(resets, contract, begin, begin)
    total = np.zeros(len(grid.due))
    total[:] = rates * years
    total[floating] = 0.0
    while True:
        change = np.minimum(_next_reset(resets, contract, begin), end)
        piece_start, piece_end = grid.start.copy(), grid.start.copy()
        piece_start[floating], piece_end[floating] = begin, change
        piece = accrual_years(grid, names, piece_start, piece_end)
        total[floating] += _rate_on(resets, contract, grid.start[floating], begin) * piece[floating]
        begin = change
        if np.all(begin >= end):
            return Growth(total, years, rates)


def _last_reset(resets: Resets, contract: Counts, dates: Dates) -> Dates:
    """The reset on or before each date; the date itself where each period is set anew."""
    january = dates.astype("datetime64[Y]").astype("datetime64[D]")
    months = np.maximum(resets.months[contract], 1)
    anchor = resets.anchor[contract]
    apart = (dates.astype("datetime64[M]") - anchor.astype("datetime64[M]")).astype(np.int64) // months
    apart = apart - (add_months(anchor, apart * months) > dates)
    regular = np.where(resets.months[contract] > 0, add_months(anchor, apart * months), dates)
    return np.where(resets.january[contract], january, regular)


def _next_reset(resets: Resets, contract: Counts, dates: Dates) -> Dates:
    """The first reset after each date; far away where each period is set anew."""
    january = (dates.astype("datetime64[Y]") + 1).astype("datetime64[D]")
    months = np.maximum(resets.months[contract], 1)
    anchor = resets.anchor[contract]
    apart = (dates.astype("datetime64[M]") - anchor.astype("datetime64[M]")).astype(np.int64) // months
    apart = apart + (add_months(anchor, apart * months) <= dates)
    regular = np.where(resets.months[contract] > 0, add_months(anchor, apart * months), np.datetime64("9999-12-31"))
    return np.where(resets.january[contract], january, regular)


def _rate_on(resets: Resets, contract: Counts, period: Dates, dates: Dates) -> Floats:
    """Rate in force on each date of periods that begin on ``period``."""
    by_period = (resets.months[contract] == 0) & ~resets.january[contract]
    fixing = np.where(by_period, period, _last_reset(resets, contract, dates))
    known = resets.known[contract]
    keeps = ~np.isnan(known) & (fixing <= resets.since[contract])
    rates = np.where(keeps, known, 0.0)
    for place, path in enumerate(resets.paths):
        asks = np.flatnonzero((resets.index[contract] == place) & ~keeps)
        rates[asks] = path.at(fixing[asks]) + resets.spread[contract[asks]]
    return rates


def _columns(grid: Grid) -> Iterator[tuple[Counts, Counts]]:
    """For each position: the contracts that have a cell there, and those cells. Contracts come longest first."""
    order = np.argsort(-grid.count, kind="stable")
    count = grid.count[order]
    first = grid.first[:-1][order]
    for position in range(int(count[0]) if len(count) else 0):
        active = int(np.searchsorted(-count, -position, side="left"))
        yield order[:active], first[:active] + position


def _columns_from_end(grid: Grid) -> Iterator[tuple[Counts, Counts]]:
    """As :func:`_columns`, counted back from each contract's last cell."""
    order = np.argsort(-grid.count, kind="stable")
    count = grid.count[order]
    last = grid.first[1:][order] - 1
    for position in range(int(count[0]) if len(count) else 0):
        active = int(np.searchsorted(-count, -position, side="left"))
        yield order[:active], last[:active] - position


def weights_left(grid: Grid, weight: Floats) -> Floats:
    """Sum of the weights of each cell and those after it in its contract."""
    total = np.zeros(len(weight))
    carry = np.zeros(len(grid.count))
    for contracts, cells in _columns_from_end(grid):
        carry[contracts] += weight[cells]
        total[cells] = carry[contracts]
    return total


def annuity(grid: Grid, weight: Floats, interest: Floats) -> tuple[Floats, Floats]:
    """Value of one unit of each later payment (times its weight), and of one unit at the end, at each period's start.

    Dates of weight 0 pay their interest, which leaves both values as they are.
    """
    value, unit = np.zeros(len(weight)), np.ones(len(weight))
    a, d = np.zeros(len(grid.count)), np.ones(len(grid.count))
    for contracts, cells in _columns_from_end(grid):
        w = weight[cells]
        factor = np.where(w > 0, 1.0 / (1.0 + interest[cells]), 1.0)
        a[contracts] = (a[contracts] + w) * factor
        d[contracts] *= factor
        value[cells], unit[cells] = a[contracts], d[contracts]
    return value, unit


def _annuities(grid: Grid, weight: Floats, grown: Growth) -> tuple[Floats, Floats]:
    """Annuity values with the rate in force at each cell for all later ones: a payment is solved without foresight."""
    constant = np.append(grown.rate[1:] == grown.rate[:-1], True)[: len(grown.rate)]
    constant[grid.ends] = True
    moves = np.unique(grid.contract[~constant])
    value, unit = annuity(grid, weight, grown.interest)
    if not len(moves):
        return value, unit
    change = np.concatenate([[0], np.cumsum(~constant)])[:-1]
    stage = change - np.repeat(change[grid.first[:-1]], grid.count)
    for number in range(int(stage.max()) + 1):
        rate = np.zeros(len(grid.count))
        here = np.flatnonzero(stage == number)
        rate[grid.contract[here]] = grown.rate[here]
        frozen = np.repeat(rate, grid.count) * grown.years
        theirs = annuity(grid, weight, frozen)
        value[here], unit[here] = theirs[0][here], theirs[1][here]
    return value, unit


def level_payment(grid: Grid, grown: Growth, plan: Amortisation) -> Floats:
    """The level payment (每期还款额) at the first date with a weight, of each contract; weights scale it later on."""
    value, unit = _annuities(grid, plan.weight, grown)
    some = grid.count > 0
    begin = grid.first[:-1][some]
    payment = np.full(len(some), np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        payment[some] = (plan.balance[some] - plan.balloon[some] * unit[begin]) / value[begin]
    return payment


def amortise(grid: Grid, grown: Growth, plan: Amortisation) -> Flows:
    """Walk all contracts through their periods.

    Principal is never more than what is left; cells after a contract is repaid are dropped. Σ principal of a contract
    is its balance.
    """
    wanted = _Wanted.of(grid, grown, plan)
    total = len(grid.due)
    opening, principal, interest = np.zeros(total), np.zeros(total), np.zeros(total)
    carry = np.zeros(total) if plan.pays_interest is not None else None
    balance, owed = plan.balance.astype(np.float64), plan.accrued.astype(np.float64)
    for position, (who, cells) in enumerate(_columns(grid)):
        held = balance[who]
        accrues = held * grown.interest[cells] + owed[who]
        repaid = np.minimum(wanted.principal(who, cells, held, accrues), held)
        ends = grid.count[who] == position + 1
        repaid[ends] = held[ends]
        opening[cells], principal[cells], interest[cells] = held, repaid, accrues
        balance[who] = held - repaid
        if carry is None or plan.pays_interest is None:
            owed[who] = 0.0
            continue
        interest[cells] = np.where(plan.pays_interest[cells], accrues, 0.0)
        owed[who] = carry[cells] = accrues - interest[cells]
    nothing = np.zeros(total)
    closing, left = opening - principal, nothing if carry is None else carry
    flows = Flows(grid.contract, grid.due, opening, principal, interest, nothing, closing, left)
    alive = (opening != 0.0) | (interest != 0.0)
    return flows if np.all(alive) else flows.take(alive)


@dataclass(frozen=True)
class _Wanted:
    """Principal each contract wants to repay at a cell, before what is left limits it.

    ``share`` (weight over the weights left) is made for contracts that repay evenly, ``value`` and ``unit`` (see
    :func:`annuity`) for those whose level payment is solved.
    """

    plan: Amortisation
    share: Floats | None
    value: Floats | None
    unit: Floats | None
    stated: bool

    @classmethod
    def of(cls, grid: Grid, grown: Growth, plan: Amortisation) -> _Wanted:
        solved = np.isnan(plan.payment)
        share = value = unit = None
        if np.any(~plan.level & solved):
            remaining = weights_left(grid, plan.weight)
            share = np.divide(plan.weight, remaining, out=np.zeros(len(remaining)), where=remaining > 0)
        if np.any(plan.level & solved):
            value, unit = _annuities(grid, plan.weight, grown)
        return cls(plan, share, value, unit, not np.all(solved))

    def principal(self, who: Counts, cells: Counts, held: Floats, accrues: Floats) -> Floats:
        plan, weight = self.plan, self.plan.weight[cells]
        payment = plan.payment[who] if self.stated else None
        wanted = np.zeros(len(who))
        if self.share is not None:
            wanted = (held - plan.balloon[who]) * self.share[cells]
        if payment is not None:
            wanted = np.where(np.isnan(payment), wanted, payment * weight)
        if np.any(plan.level):
            wanted = np.where(plan.level[who], self._level(who, cells, held, accrues, payment), wanted)
        if plan.given is None:
            return wanted
        return np.where(np.isnan(plan.given[cells]), wanted, plan.given[cells])

    def _level(self, who: Counts, cells: Counts, held: Floats, accrues: Floats, payment: Floats | None) -> Floats:
        amount, weight = np.zeros(len(who)), self.plan.weight[cells]
        if self.value is not None and self.unit is not None:
            value = self.value[cells]
            repayable = held - self.plan.balloon[who] * self.unit[cells]
            np.divide(repayable, value, out=amount, where=value > 0)
        if payment is not None:
            amount = np.where(np.isnan(payment), amount, payment)
        return np.where(weight > 0, amount * weight - accrues, 0.0)


def terms_to_repay(balance: Floats, rate_per_period: Floats, payment: Floats, level: Flags) -> Counts:
    """Upper bound of the payments a given amount needs to repay a balance; 0 where it never does."""
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = balance * rate_per_period / payment
        annuity_terms = np.where(rate_per_period > 0, -np.log1p(-ratio) / np.log1p(rate_per_period), balance / payment)
        terms = np.where(level, annuity_terms * 1.1 + 2, balance / payment)
    return np.where(np.isfinite(terms) & (terms > 0), np.ceil(terms - 1e-9), 0).astype(np.int64)


def with_fees(flows: Flows, fee: Floats) -> Flows:
    """The same flows with ``fee`` due beside them."""
    return replace(flows, fee=fee)


def index_paths(names: NDArray[np.object_], rates: Mapping[str, IndexPath]) -> tuple[Counts, tuple[IndexPath, ...]]:
    """Place of each contract's index among the paths used; −1 where the name is empty or not known."""
    used = sorted({str(name) for name in names if name in rates})
    place = {name: number for number, name in enumerate(used)}
    return np.array([place.get(str(name), -1) for name in names], dtype=np.int64), tuple(rates[name] for name in used)
