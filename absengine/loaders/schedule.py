"""Schedule maths (还款计划): the principal and interest of many contracts at once.

:func:`amortise` walks the periods, all contracts side by side. Every way of repaying is a set of weights:

* **level** (等额本息): payments of principal and interest in the proportion of the weights, solved so that the balance
  less the balloon (尾款) is repaid; solved again on each date, so that a new rate gives a new payment;
* **even** (等额本金): principal in the proportion of the weights. All weight on the last date is a bullet (到期还本);
* **given** (按计划): principal amounts as stated.

A weight of 0 is a date that pays interest only. The last due date always repays what is left.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from absengine.loaders.due_dates import Counts, Flags, Grid
from absengine.loaders.interest import Growth
from absengine.schema import Dates, Floats


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


def flow_keys(contract: Counts, due: Dates) -> Counts:
    """One number per contract and due date, ascending by contract, then date: days run to 1,000,000 in 4707."""
    return contract * 1_000_000 + due.astype(np.int64)


@dataclass(frozen=True)
class Flows:
    """Scheduled cash [currency], one entry per contract and due date.

    ``accrued`` is interest owed and not yet due, ``deposit`` what the plan gives back of a contract's deposit.
    """

    contract: Counts
    due: Dates
    opening: Floats
    principal: Floats
    interest: Floats
    fee: Floats
    closing: Floats
    accrued: Floats
    deposit: Floats

    @classmethod
    def build(
        cls, contract: Counts, due: Dates, opening: Floats, principal: Floats, interest: Floats, **further: Floats
    ) -> Flows:
        """Flows of contracts that owe interest when it is due; ``further`` are fee, accrued and deposit where any."""
        nothing = np.zeros(len(contract))
        rest = {"fee": nothing, "accrued": nothing, "deposit": nothing, "closing": opening - principal} | further
        return cls(contract, due, opening, principal, interest, **rest)

    def __len__(self) -> int:
        return len(self.contract)

    def take(self, index: NDArray[np.int64] | Flags) -> Flows:
        """Entries chosen by a mask or an index array."""
        return Flows(**{name: values[index] for name, values in vars(self).items()})

    def in_order(self) -> Flows:
        """The same entries sorted by contract, then date."""
        key = flow_keys(self.contract, self.due)
        return self if np.all(key[1:] >= key[:-1]) else self.take(np.argsort(key, kind="stable"))

    @classmethod
    def joined(cls, parts: list[Flows]) -> Flows:
        """Several sets of flows, one after the other."""
        if len(parts) == 1:
            return parts[0]
        return cls(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in vars(parts[0])})


def last_dates(flows: Flows, otherwise: Dates) -> Dates:
    """Last due date of each contract, flows in order; ``otherwise`` where nothing is due."""
    last = otherwise.copy()
    ends = np.flatnonzero(np.append(flows.contract[1:] != flows.contract[:-1], True)[: len(flows)])
    last[flows.contract[ends]] = flows.due[ends]
    return last


def _columns(grid: Grid) -> Iterator[tuple[Counts, Counts]]:
    """For each position: the contracts that have a cell there, and those cells. Contracts come longest first."""
    order = np.argsort(-grid.count, kind="stable")
    count = grid.count[order]
    first = grid.first[:-1][order]
    for position in range(int(count[0]) if len(count) else 0):
        active = int(np.searchsorted(-count, -position, side="left"))
        yield order[:active], first[:active] + position


def _columns_from_end(grid: Grid, which: Counts | None = None) -> Iterator[tuple[Counts, Counts]]:
    """As :func:`_columns`, counted back from each contract's last cell; only the contracts ``which``, if given."""
    chosen = np.arange(len(grid.count)) if which is None else which
    order = chosen[np.argsort(-grid.count[chosen], kind="stable")]
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


def annuity(grid: Grid, weight: Floats, interest: Floats, which: Counts | None = None) -> tuple[Floats, Floats]:
    """Value of one unit of each later payment (times its weight), and of one unit at the end, at each period's start.

    Dates of weight 0 pay their interest, which leaves both values as they are. Only the contracts ``which`` are worked
    out where given; the cells of others hold 0.
    """
    value, unit = np.zeros(len(weight)), np.zeros(len(weight))
    a, d = np.zeros(len(grid.count)), np.ones(len(grid.count))
    for contracts, cells in _columns_from_end(grid, which):
        w = weight[cells]
        factor = np.where(w > 0, 1.0 / (1.0 + interest[cells]), 1.0)
        a[contracts] = (a[contracts] + w) * factor
        d[contracts] *= factor
        value[cells], unit[cells] = a[contracts], d[contracts]
    return value, unit


def _annuities(grid: Grid, grown: Growth, plan: Amortisation) -> tuple[Floats, Floats]:
    """Annuity values of level contracts whose payment is solved.

    All later periods count with the rate in force at the cell: a payment is solved without foresight.
    """
    solved = plan.level & np.isnan(plan.payment)
    same = np.append(grown.rate[1:] == grown.rate[:-1], True)[: len(grown.rate)]
    same[grid.ends] = True
    changes = np.concatenate([[0], np.cumsum(~same)])
    stage = changes[:-1] - np.repeat(changes[grid.first[:-1]], grid.count)
    value, unit = annuity(grid, plan.weight, grown.interest, np.flatnonzero(solved))
    floats = np.repeat(solved & (changes[grid.first[1:]] > changes[grid.first[:-1]]), grid.count)
    for number in range(int(stage[floats].max(initial=-1)) + 1):
        here = np.flatnonzero(floats & (stage == number))
        rate = np.zeros(len(grid.count))
        rate[grid.contract[here]] = grown.rate[here]
        frozen = np.repeat(rate, grid.count) * grown.years
        theirs = annuity(grid, plan.weight, frozen, np.unique(grid.contract[here]))
        value[here], unit[here] = theirs[0][here], theirs[1][here]
    return value, unit


def level_payment(grid: Grid, grown: Growth, plan: Amortisation) -> Floats:
    """The level payment (每期还款额) at weight 1 of each level contract; NaN for the others."""
    value, unit = _annuities(grid, grown, plan)
    some = (grid.count > 0) & plan.level
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
    left = {} if carry is None else {"accrued": carry}
    flows = Flows.build(grid.contract, grid.due, opening, principal, interest, **left)
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
            value, unit = _annuities(grid, grown, plan)
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
