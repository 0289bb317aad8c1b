"""Expected-value projection of a pool on clocks, path by path.

A clock is a group of contracts that fall due on the same dates and behave alike; ``share`` is the part of it that
still performs. Events are the due dates of all clocks in date order. In loops: ``e`` event, ``c`` clock, ``k`` curve,
``r`` row, ``n`` default. Money is in the counting unit of the deal; rates are decimals.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from absengine.kernels._jit import kernel, part
from absengine.kernels.book import CHANNELS as CHANNELS
from absengine.kernels.book import DEFAULT as DEFAULT
from absengine.kernels.book import FEE as FEE
from absengine.kernels.book import INTEREST as INTEREST
from absengine.kernels.book import OPENING as OPENING
from absengine.kernels.book import PERFORMING as PERFORMING
from absengine.kernels.book import PREPAYMENT as PREPAYMENT
from absengine.kernels.book import PRINCIPAL as PRINCIPAL
from absengine.kernels.book import RECOGNISED as RECOGNISED
from absengine.kernels.book import RECOVERY as RECOVERY
from absengine.kernels.recovery import (
    OF_APPRAISAL,
    OF_CLAIM,
    OF_DEPOSIT,
    OF_LOWER,
    OF_PRINCIPAL,
    Claims,
    Queue,
    Terms,
    recover,
)
from absengine.kernels.streams import Shares, pay
from absengine.kernels.streams import Streams as Streams

# how a curve is read: a cumulated table by position, a table by payment, or a rule of its own
BY_MONTH, BY_AGE, SHARE_BY_MONTH, SHARE_BY_AGE, BY_PAYMENT, SHARE_BY_PAYMENT, TARGET, AT_MATURITY = range(8)
NO_CURVE, NOT_HERE = -1, -2


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
    """Groups of contracts: row of entry, row of the first due date, cut-off balance, deposits and appraisals."""

    entry: NDArray[np.int32]
    first: NDArray[np.int32]
    balance: NDArray[np.float64]
    start: NDArray[np.float64]  # (2, clock): where curves by month and by age start
    deposit: NDArray[np.float64]
    appraisal: NDArray[np.float64]


class Plan(NamedTuple):
    """What the cases say: curves by clock, options, projected contracts, and where to write.

    ``curves`` is [layout, (default, prepayment, recovery slot), clock]; NOT_HERE takes the clock out of the case.
    ``books`` hold what contracts named by events pay apart from recoveries, [layout, channel, row]; they have as many
    channels as the run needs.
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
    books: NDArray[np.float64]
    entering: NDArray[np.float64]  # [row] cut-off balance entering the pool
    channel: NDArray[np.int32]  # row of the block buffer for each channel of a book, −1 = not wanted
    unplaced: NDArray[np.float64]  # [case], written: defaults asked for that found no balance
    streams: Streams


class Scratch(NamedTuple):
    """Memory of one path."""

    book: NDArray[np.float64]
    share: NDArray[np.float64]  # [clock] part still performing
    level: NDArray[np.float64]  # [clock] cumulated curve at the last due date
    chance: NDArray[np.float64]  # (2, event) rate of default and of prepayment, or the share that is to go
    lost: NDArray[np.float64]  # [event] share of the clock's contracts that defaults
    ration: NDArray[np.float64]  # [curve] rate of this month's cumulative default
    carry: NDArray[np.float64]  # [curve] cumulative default not placed yet


@part
def level_at(tables: NDArray[np.float64], start: int, position: float) -> float:
    """A cumulated table read between its entries."""
    whole = int(position)
    low = tables[start + whole]
    return float(low + (position - whole) * (tables[start + whole + 1] - low))


@part
def _open(case: int, clocks: Clocks, plan: Plan, scratch: Scratch) -> None:
    """Start a path: full shares, contracts named by events, balances from entry to the first due date."""
    book, here = scratch.book, plan.curves[plan.layout[case], 0]
    book[:] = plan.books[plan.layout[case]]
    for c in range(len(here)):
        if here[c] != NOT_HERE:
            for r in range(clocks.entry[c], clocks.first[c]):
                book[PERFORMING, r] += clocks.balance[c]
    scratch.share[:] = 1.0
    scratch.carry[:] = 0.0
    scratch.lost[:] = 0.0


@part
def _chances(case: int, aspect: int, events: Events, clocks: Clocks, plan: Plan, scratch: Scratch) -> None:
    """Rate (or absolute share) of default (aspect 0) or prepayment (aspect 1) on every due date of a path."""
    curves, kinds, starts = plan.curves[plan.layout[case], aspect], plan.kind[case], plan.start[case]
    tables, level, chance, clock = plan.tables, scratch.level, scratch.chance[aspect], events.clock
    for c in range(len(curves)):
        k = curves[c]
        if k >= 0 and kinds[k] <= SHARE_BY_AGE:
            level[c] = level_at(tables, starts[k], clocks.start[kinds[k] % 2, c])
    for e in range(len(clock)):
        k = curves[clock[e]]
        chance[e] = 0.0
        if k < 0:
            continue
        kind = kinds[k]
        if kind <= SHARE_BY_AGE:
            now = level_at(tables, starts[k], events.position[kind % 2, e])
            step = now - level[clock[e]]
            level[clock[e]] = now
            chance[e] = 1.0 - np.exp(step) if kind <= BY_AGE else step
        elif kind == BY_PAYMENT:
            chance[e] = 1.0 - np.exp(tables[starts[k] + events.payment[e]] * events.years[e])
        elif kind == SHARE_BY_PAYMENT:
            chance[e] = tables[starts[k] + events.payment[e]]
        elif kind == AT_MATURITY and events.final[e]:
            chance[e] = tables[starts[k]]


@part
def _ration(case: int, period: int, events: Events, plan: Plan, scratch: Scratch) -> None:
    """Spread the month's default amount over what falls due in it; what finds no balance is carried on."""
    curves, clock = plan.curves[plan.layout[case], 0], events.clock
    start, stop = events.bounds[period], events.bounds[period + 1]
    ration, carry, chance = scratch.ration, scratch.carry, scratch.chance[0]
    ration[:] = 0.0
    for e in range(start, stop):
        k = curves[clock[e]]
        if k >= 0 and events.fresh[e]:
            ration[k] += scratch.share[clock[e]] * events.opening[e]
    for k in range(len(ration)):
        if plan.kind[case, k] == TARGET:
            carry[k] += plan.tables[plan.start[case, k] + period]
            there = ration[k]
            ration[k] = min(1.0, carry[k] / there) if there > 0.0 else 0.0
            carry[k] -= min(carry[k], there)
    for e in range(start, stop):
        k = curves[clock[e]]
        if k >= 0 and events.fresh[e] and plan.kind[case, k] == TARGET:
            chance[e] = ration[k]


@part
def _walk(case: int, start: int, stop: int, events: Events, plan: Plan, scratch: Scratch) -> None:
    """Due dates ``start`` to ``stop`` of one path, in date order."""
    curves, kinds = plan.curves[plan.layout[case]], plan.kind[case]
    book, share, chance, clock = scratch.book, scratch.share, scratch.chance, events.clock
    prepay_last, full_interest = plan.prepay_last[case], plan.full_interest[case]
    streamed, streams = plan.streams.used[plan.layout[case]], plan.streams
    terms = streams.terms[plan.layout[case]]
    for e in range(start, stop):
        c, row = clock[e], events.row[e]
        k, j = curves[0, c], curves[1, c]
        if k == NOT_HERE:
            continue
        performing, leaving = share[c], 0.0
        if k >= 0:
            lost = performing * chance[0, e]
            if kinds[k] in (SHARE_BY_MONTH, SHARE_BY_AGE, SHARE_BY_PAYMENT):
                lost = min(performing, chance[0, e])
                plan.unplaced[case] += (chance[0, e] - lost) * events.opening[e]
            scratch.lost[e] = lost
            book[DEFAULT, row] += lost * events.opening[e]
            performing -= lost
        if j >= 0:
            leaving = performing * chance[1, e]
            if kinds[j] in (SHARE_BY_MONTH, SHARE_BY_AGE, SHARE_BY_PAYMENT):
                leaving = min(performing, chance[1, e])
        staying = performing - leaving
        income = performing if full_interest else staying
        repaying = performing if prepay_last else staying
        if streamed:
            pay(e, row, terms, Shares(income, repaying, staying, leaving, int(prepay_last)), streams, book)
        else:
            book[INTEREST, row] += income * events.interest[e]
            book[FEE, row] += income * events.fee[e]
            book[PRINCIPAL, row] += repaying * events.principal[e]
            book[PREPAYMENT, row] += leaving * (events.closing[e] if prepay_last else events.opening[e])
        share[c] = staying
        for r in range(row, events.until[e]):
            book[PERFORMING, r] += staying * events.closing[e]


@part
def _line_up(case: int, plan: Plan, claims: Claims, terms: Terms, lost: NDArray[np.float64], queue: Queue) -> int:
    """Queue what defaults, clocks and names together, in the order of missed dates; returns how many do."""
    size, missed, count = len(lost), terms.day[0], 0
    claim, stop = claims.bounds[plan.layout[case]], claims.bounds[plan.layout[case] + 1]
    for e in range(size + 1):
        while claim < stop and (e == size or missed[size + claim] < missed[e]):
            queue.column[count] = size + claim
            claim, count = claim + 1, count + 1
        if e < size and lost[e] > 0.0:
            queue.column[count] = e
            count += 1
    return count


@part
def _measure(
    case: int, count: int, events: Events, clocks: Clocks, plan: Plan, claims: Claims, scratch: Scratch, queue: Queue
) -> None:
    """Terms of what is queued, and the money recovery rates are shares of."""
    curves, size = plan.curves[plan.layout[case]], len(events.clock)
    for n in range(count):
        base, e = queue.base[n], queue.column[n]
        if e < size:
            c, lost = events.clock[e], scratch.lost[e]
            queue.slot[n], queue.recognition[n] = curves[2, c], plan.recognition[case, curves[0, c]]
            base[OF_PRINCIPAL], base[OF_CLAIM] = lost * events.opening[e], lost * events.interest[e]
            base[OF_DEPOSIT], base[OF_APPRAISAL] = lost * clocks.deposit[c], lost * clocks.appraisal[c]
        else:
            claim = e - size
            queue.slot[n], queue.recognition[n] = claims.slot[claim], claims.recognition[claim]
            base[OF_PRINCIPAL], base[OF_CLAIM] = claims.principal[claim], claims.interest[claim]
            base[OF_DEPOSIT], base[OF_APPRAISAL] = claims.deposit[claim], claims.appraisal[claim]
        base[OF_CLAIM] += base[OF_PRINCIPAL]
        base[OF_LOWER] = min(base[OF_APPRAISAL], base[OF_PRINCIPAL])
        queue.left[n], queue.early[n] = base[OF_CLAIM], 0.0


@part
def _close(case: int, lane: int, plan: Plan, scratch: Scratch, out: NDArray[np.float64]) -> None:
    """Opening balances, carried defaults, and the copy into the block."""
    book = scratch.book
    for r in range(book.shape[1]):
        book[OPENING, r] = plan.entering[r] + (book[PERFORMING, r - 1] if r > 0 else 0.0)
    for channel in range(len(plan.channel)):
        line = plan.channel[channel]
        if line >= 0:
            for r in range(book.shape[1]):
                out[line, r, lane] = book[channel, r]
    for k in range(plan.kind.shape[1]):
        if plan.kind[case, k] == TARGET:
            plan.unplaced[case] += scratch.carry[k] + plan.tables[plan.start[case, k] - 1]


@kernel
def fill(
    events: Events,
    clocks: Clocks,
    plan: Plan,
    claims: Claims,
    terms: Terms,
    first: int,
    stop: int,
    out: NDArray[np.float64],
) -> None:
    """Project cases ``first`` to ``stop`` into lanes 0, 1, … of ``out[channel, row, lane]``.

    A TARGET table is preceded by the amount that falls after the last month of the pool. Each path is computed by
    itself: the result does not depend on how cases are cut into blocks.
    """
    size, curves, dates, caps = len(clocks.balance), plan.kind.shape[1], len(events.clock), terms.caps.shape[1]
    longest = dates + len(claims.slot)
    scratch = Scratch(
        np.zeros(plan.books.shape[1:]),
        np.ones(size),
        np.zeros(size),
        np.zeros((2, dates)),
        np.zeros(dates),
        np.zeros(curves),
        np.zeros(curves),
    )
    queue = Queue(
        np.empty(longest, np.int64),
        np.empty(longest, np.int32),
        np.empty(longest, np.int32),
        np.zeros((longest, 6)),
        np.empty(longest),
        np.empty(longest),
        np.empty((2, longest)),
        np.empty(longest, np.int32),
        np.empty(caps),
        np.zeros(caps),
        plan.streams.calc,
        np.zeros((longest if len(plan.streams.calc) else 0, len(plan.entering))),
    )
    for case in range(first, stop):
        plan.unplaced[case] = 0.0
        _open(case, clocks, plan, scratch)
        _chances(case, 0, events, clocks, plan, scratch)
        _chances(case, 1, events, clocks, plan, scratch)
        if plan.rationed[case]:
            for period in range(len(events.bounds) - 1):
                _ration(case, period, events, plan, scratch)
                _walk(case, events.bounds[period], events.bounds[period + 1], events, plan, scratch)
        else:
            _walk(case, 0, dates, events, plan, scratch)
        count = _line_up(case, plan, claims, terms, scratch.lost, queue)
        _measure(case, count, events, clocks, plan, claims, scratch, queue)
        recover(case, count, terms, queue, scratch.book)
        _close(case, case - first, plan, scratch, out)
