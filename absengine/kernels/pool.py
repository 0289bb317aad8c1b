"""Expected-value projection of a pool on clocks, path by path.

A clock is a group of contracts that fall due on the same dates and behave alike; ``share`` is the part of it that
still performs. Events are the due dates of all clocks in date order. In loops: ``e`` event, ``c`` clock, ``k`` curve,
``s`` recovery source, ``r`` row. Money is in the counting unit of the deal; rates are decimals.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from absengine.kernels._jit import kernel, part

# channels of a book, in the order of schema.POOL_CHANNELS
INTEREST, PRINCIPAL, PREPAYMENT, FEE, RECOVERY = 0, 1, 2, 3, 4
SOURCES = 7
OPENING, PERFORMING, DEFAULT, RECOGNISED = 11, 12, 13, 14
CHANNELS = 15
GRACE_SOURCES = 3  # deposit, cure, guarantor: paid in full inside grace, no default is recognised

# how a curve is read: a cumulated table by position, a table by payment, or a rule of its own
BY_MONTH, BY_AGE, SHARE_BY_MONTH, SHARE_BY_AGE, BY_PAYMENT, SHARE_BY_PAYMENT, TARGET, AT_MATURITY = range(8)
NO_CURVE, NOT_HERE = -1, -2

# what a recovery rate is a share of
NOTHING, OF_PRINCIPAL, OF_CLAIM, OF_DEPOSIT, OF_APPRAISAL, OF_LOWER = range(6)

FULL = 1.0 - 1e-12  # a claim paid up to rounding is paid


class Events(NamedTuple):
    """Due dates of all clocks in date order, contracts summed; money in counting unit.

    ``bounds`` cuts them into months since the pool's cut-off. ``position`` is (2, event): months since cut-off and
    age in months. ``years`` runs from the previous scheduled date. ``until`` is the row of the clock's next due date.
    """

    bounds: NDArray[np.int64]
    clock: NDArray[np.int32]
    row: NDArray[np.int32]
    until: NDArray[np.int32]
    payment: NDArray[np.int32]
    opening: NDArray[np.float64]
    principal: NDArray[np.float64]
    interest: NDArray[np.float64]
    fee: NDArray[np.float64]
    closing: NDArray[np.float64]
    position: NDArray[np.float64]
    years: NDArray[np.float64]
    fresh: NDArray[np.bool_]  # first due date of its clock in that month
    final: NDArray[np.bool_]  # last due date of its clock


class Clocks(NamedTuple):
    """Groups of contracts: row of entry, row of the first due date, cut-off balance, position at the cut-off."""

    entry: NDArray[np.int32]
    first: NDArray[np.int32]
    balance: NDArray[np.float64]
    start: NDArray[np.float64]  # (2, clock): 0 and the age at cut-off
    deposit: NDArray[np.float64]
    appraisal: NDArray[np.float64]


class Terms(NamedTuple):
    """Recovery terms [case, slot, source]; pay dates as (key, event) tables of rows and days."""

    basis: NDArray[np.int32]
    rate: NDArray[np.float64]
    dates: NDArray[np.int32]
    later: NDArray[np.int32]  # dates of the delayed part
    gone: NDArray[np.int64]  # day from which the payer is gone
    cap: NDArray[np.int32]  # column of caps, −1 = none
    delayed: NDArray[np.float64]  # [case, slot] share paid later
    caps: NDArray[np.float64]  # [case, cap]
    row: NDArray[np.int32]
    day: NDArray[np.int64]


class Plan(NamedTuple):
    """What the cases say: curves by clock, options, projected contracts, and where to write.

    ``curves`` is [layout, (default, prepayment, recovery slot), clock]; NOT_HERE takes the clock out of the case.
    ``books`` hold what contracts named by events pay, [case with events, channel, row].
    """

    layout: NDArray[np.int32]
    curves: NDArray[np.int32]
    kind: NDArray[np.int32]  # [case, curve]
    start: NDArray[np.int64]  # [case, curve], first entry in tables
    recognition: NDArray[np.int32]  # [case, curve], dates key
    tables: NDArray[np.float64]
    prepay_last: NDArray[np.bool_]  # order = "prepay on performing"
    full_interest: NDArray[np.bool_]  # interest_on = "performing"
    rationed: NDArray[np.bool_]  # some curve is a TARGET
    book: NDArray[np.int32]  # [case], −1 = no contract is named
    books: NDArray[np.float64]
    entering: NDArray[np.float64]  # [row] cut-off balance entering the pool
    channel: NDArray[np.int32]  # row of the block buffer for each channel of a book, −1 = not wanted
    unplaced: NDArray[np.float64]  # [case], written: defaults asked for that found no balance


class Scratch(NamedTuple):
    """Memory of one path."""

    book: NDArray[np.float64]
    share: NDArray[np.float64]
    level: NDArray[np.float64]  # (2, clock): cumulated curve at the last due date, default and prepayment
    ration: NDArray[np.float64]
    carry: NDArray[np.float64]
    caps: NDArray[np.float64]


@part
def level_at(tables: NDArray[np.float64], start: int, position: float) -> float:
    """A cumulated table read between its entries."""
    whole = int(position)
    low = tables[start + whole]
    return float(low + (position - whole) * (tables[start + whole + 1] - low))


@part
def _open(case: int, clocks: Clocks, plan: Plan, scratch: Scratch) -> None:
    """Start a path: full share, curves at their start, balances from entry to the first due date."""
    book = scratch.book
    if plan.book[case] >= 0:
        book[:] = plan.books[plan.book[case]]
    else:
        book[:] = 0.0
    curves = plan.curves[plan.layout[case]]
    for c in range(len(clocks.balance)):
        scratch.share[c] = 1.0
        if curves[0, c] == NOT_HERE:
            continue
        for r in range(clocks.entry[c], clocks.first[c]):
            book[PERFORMING, r] += clocks.balance[c]
        for aspect in range(2):
            k = curves[aspect, c]
            if k >= 0 and plan.kind[case, k] <= SHARE_BY_AGE:
                position = clocks.start[plan.kind[case, k] % 2, c]
                scratch.level[aspect, c] = level_at(plan.tables, plan.start[case, k], position)
    scratch.carry[:] = 0.0


@part
def _ration(case: int, period: int, events: Events, plan: Plan, scratch: Scratch) -> None:
    """Spread the month's default amount over what falls due in it; what finds no balance is carried to the next
    month.
    """
    curves = plan.curves[plan.layout[case], 0]
    ration, carry = scratch.ration, scratch.carry
    ration[:] = 0.0
    for e in range(events.bounds[period], events.bounds[period + 1]):
        k = curves[events.clock[e]]
        if k >= 0 and events.fresh[e]:
            ration[k] += scratch.share[events.clock[e]] * events.opening[e]
    for k in range(plan.kind.shape[1]):
        if plan.kind[case, k] == TARGET:
            carry[k] += plan.tables[plan.start[case, k] + period]
            there = ration[k]
            ration[k] = min(1.0, carry[k] / there) if there > 0.0 else 0.0
            carry[k] -= min(carry[k], there)


@part
def _rate(case: int, aspect: int, k: int, e: int, events: Events, plan: Plan, scratch: Scratch) -> float:
    """Part of the clock's performing balance that defaults (aspect 0) or prepays (aspect 1) on a due date."""
    kind, start, c = plan.kind[case, k], plan.start[case, k], events.clock[e]
    if kind <= SHARE_BY_AGE:
        level = level_at(plan.tables, start, events.position[kind % 2, e])
        step = level - scratch.level[aspect, c]
        scratch.level[aspect, c] = level
        if kind <= BY_AGE:
            return float(1.0 - np.exp(step))
    elif kind == BY_PAYMENT:
        return float(1.0 - np.exp(plan.tables[start + events.payment[e]] * events.years[e]))
    elif kind == SHARE_BY_PAYMENT:
        step = plan.tables[start + events.payment[e]]
    elif kind == TARGET:
        return float(scratch.ration[k]) if events.fresh[e] else 0.0
    else:
        return float(plan.tables[start]) if events.final[e] else 0.0
    share = scratch.share[c]
    if step > share:
        plan.unplaced[case] += (step - share) * events.opening[e]
        return 1.0
    return float(step / share) if share > 0.0 else 0.0


@part
def _recover(
    case: int, slot: int, e: int, base: tuple[float, ...], grace: int, terms: Terms, scratch: Scratch
) -> float:
    """Pay one default from its sources in legal order, never more than the claim; returns what is paid inside grace.

    ``base`` holds the claim's measures by OF_…; a source whose payer is gone on the pay date pays nothing.
    """
    book, caps = scratch.book, scratch.caps
    left, early, delayed = base[OF_CLAIM], 0.0, terms.delayed[case, slot]
    for s in range(SOURCES):
        basis = terms.basis[case, slot, s]
        if basis == NOTHING:
            continue
        amount = min(left, terms.rate[case, slot, s] * base[basis])
        cap = terms.cap[case, slot, s]
        if cap >= 0:
            amount = min(amount, caps[cap])
        paid = 0.0
        for part_paid in range(2):
            key = terms.dates[case, slot, s] if part_paid == 0 else terms.later[case, slot, s]
            money = amount * (1.0 - delayed) if part_paid == 0 else amount * delayed
            if money > 0.0 and terms.day[key, e] < terms.gone[case, slot, s]:
                book[RECOVERY + s, terms.row[key, e]] += money
                paid += money
                if s < GRACE_SOURCES and terms.day[key, e] <= grace:
                    early += money
        left -= paid
        if cap >= 0:
            caps[cap] -= paid
    return early


@part
def _default(
    case: int, e: int, lost: float, events: Events, clocks: Clocks, plan: Plan, terms: Terms, scratch: Scratch
) -> None:
    """Book the default of ``lost`` (share of the clock's original balance) on a due date, recognition and
    recoveries.
    """
    c = events.clock[e]
    k, slot = plan.curves[plan.layout[case], 0, c], plan.curves[plan.layout[case], 2, c]
    principal = lost * events.opening[e]
    claim = principal + lost * events.interest[e]
    scratch.book[DEFAULT, events.row[e]] += principal
    key, early = plan.recognition[case, k], 0.0
    if slot >= 0:
        appraisal = lost * clocks.appraisal[c]
        base = (0.0, principal, claim, lost * clocks.deposit[c], appraisal, min(appraisal, principal))
        early = _recover(case, slot, e, base, terms.day[key, e], terms, scratch)
    if early < claim * FULL:
        scratch.book[RECOGNISED, terms.row[key, e]] += principal


@part
def _walk(case: int, events: Events, clocks: Clocks, plan: Plan, terms: Terms, scratch: Scratch) -> None:
    """All due dates of one path, in date order."""
    book, share = scratch.book, scratch.share
    curves = plan.curves[plan.layout[case]]
    prepay_last, full_interest = plan.prepay_last[case], plan.full_interest[case]
    for period in range(len(events.bounds) - 1):
        if plan.rationed[case]:
            _ration(case, period, events, plan, scratch)
        for e in range(events.bounds[period], events.bounds[period + 1]):
            c = events.clock[e]
            k, j = curves[0, c], curves[1, c]
            before = share[c]
            if k == NOT_HERE:
                continue
            performing, row = before, events.row[e]
            if k >= 0:
                lost = before * _rate(case, 0, k, e, events, plan, scratch)
                if lost > 0.0:
                    performing = before - lost
                    _default(case, e, lost, events, clocks, plan, terms, scratch)
            staying = performing
            if j >= 0:
                staying = performing * (1.0 - _rate(case, 1, j, e, events, plan, scratch))
                leaving = events.closing[e] if prepay_last else events.opening[e]
                book[PREPAYMENT, row] += (performing - staying) * leaving
            income = performing if full_interest else staying
            book[INTEREST, row] += income * events.interest[e]
            book[FEE, row] += income * events.fee[e]
            book[PRINCIPAL, row] += (performing if prepay_last else staying) * events.principal[e]
            share[c] = staying
            held = staying * events.closing[e]
            for r in range(row, events.until[e]):
                book[PERFORMING, r] += held


@part
def _close(case: int, lane: int, plan: Plan, scratch: Scratch, out: NDArray[np.float64]) -> None:
    """Opening balances, carried defaults, and the copy into the block."""
    book = scratch.book
    for r in range(book.shape[1]):
        book[OPENING, r] = plan.entering[r] + (book[PERFORMING, r - 1] if r > 0 else 0.0)
    for channel in range(CHANNELS):
        line = plan.channel[channel]
        if line >= 0:
            for r in range(book.shape[1]):
                out[line, r, lane] = book[channel, r]
    if plan.rationed[case]:
        for k in range(plan.kind.shape[1]):
            if plan.kind[case, k] == TARGET:
                plan.unplaced[case] += scratch.carry[k] + plan.tables[plan.start[case, k] - 1]


@kernel
def fill(
    events: Events, clocks: Clocks, plan: Plan, terms: Terms, first: int, stop: int, out: NDArray[np.float64]
) -> None:
    """Project cases ``first`` to ``stop`` into lanes 0, 1, … of ``out[channel, row, lane]``.

    A TARGET table is preceded by the amount that falls after the last month of the pool. Each path is computed by
    itself: the result does not depend on how cases are cut into blocks.
    """
    size, curves = len(clocks.balance), plan.kind.shape[1]
    scratch = Scratch(
        np.zeros((CHANNELS, len(plan.entering))),
        np.ones(size),
        np.zeros((2, size)),
        np.zeros(curves),
        np.zeros(curves),
        np.zeros(terms.caps.shape[1]),
    )
    for case in range(first, stop):
        plan.unplaced[case] = 0.0
        scratch.caps[:] = terms.caps[case]
        _open(case, clocks, plan, scratch)
        _walk(case, events, clocks, plan, terms, scratch)
        _close(case, case - first, plan, scratch, out)
