"""Recoveries on the defaults of one path: sources in legal order, never more than the claim, caps in date order.

Defaults missed on one date share a cap in proportion to what they ask for: the order of a tape does not matter, and a
clock asks for all its contracts at once. Penalty interest (罚息) comes on top of the part of a claim that a source
pays, for the days it stood out, so what is paid is never more than the claim with penalty.

In loops: ``n``, ``m`` default in the queue, ``s`` source, ``turn`` 0 paid at once and 1 the delayed part. Money is in
the counting unit of the deal.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from absengine.kernels._jit import part
from absengine.kernels.book import RECOGNISED, RECOVERY
from absengine.kernels.overdue import outstanding

SOURCES = 7  # in the order of schema.RECOVERY_SOURCES
GRACE_SOURCES = 3  # deposit, cure, guarantor: paid in full inside grace, no default is recognised

# what a recovery rate is a share of
NOTHING, OF_PRINCIPAL, OF_CLAIM, OF_DEPOSIT, OF_APPRAISAL, OF_LOWER, WITH_PENALTY = range(7)

FULL = 1.0 - 1e-12  # a claim paid up to rounding is paid


class Claims(NamedTuple):
    """Contracts named by events that default, layout by layout in the order of missed dates; money in counting unit.

    Their pay dates stand in the columns of ``Terms.row`` and ``Terms.day`` after those of all events.
    """

    bounds: NDArray[np.int64]  # [layout + 1]
    slot: NDArray[np.int32]
    recognition: NDArray[np.int32]  # dates key
    principal: NDArray[np.float64]
    interest: NDArray[np.float64]  # accrued at the missed date
    deposit: NDArray[np.float64]
    appraisal: NDArray[np.float64]


class Terms(NamedTuple):
    """Recovery terms [case, slot, source]; pay dates as (key, event or claim) tables, key 0 is the missed date."""

    used: NDArray[np.bool_]  # [case, source] some slot has the source
    basis: NDArray[np.int32]
    rate: NDArray[np.float64]
    dates: NDArray[np.int32]  # [turn, case, slot, source] keys of what is paid at once and of the delayed part
    gone: NDArray[np.int64]  # day from which the payer is gone
    cap: NDArray[np.int32]  # column of caps, −1 = none
    delayed: NDArray[np.float64]  # [case, slot] share paid later
    caps: NDArray[np.float64]  # [case, cap] most that one source pays on all defaults
    row: NDArray[np.int32]
    day: NDArray[np.int64]
    penalty: NDArray[np.float64]  # [event or claim] penalty interest on what defaults there, 1/day
    standing: NDArray[np.float64]  # (key, event or claim) share of the appraisal that stands then; empty: all


class Queue(NamedTuple):
    """Defaults of one path, of clocks and by name, in the order of missed dates; and what is left of the caps."""

    column: NDArray[np.int64]  # in the tables of pay dates
    slot: NDArray[np.int32]
    recognition: NDArray[np.int32]  # dates key
    base: NDArray[np.float64]  # (default, basis) what recovery rates are shares of
    left: NDArray[np.float64]  # of the claim
    early: NDArray[np.float64]  # paid up to recognition by the first GRACE_SOURCES
    asked: NDArray[np.float64]  # (turn, default) of the source whose turn it is
    cap: NDArray[np.int32]  # column of caps of that source, −1 = none
    caps: NDArray[np.float64]  # what is left of them
    wanted: NDArray[np.float64]  # [cap] what the defaults of one date ask for
    calc: NDArray[np.int64]  # day numbers of calculation dates; empty where nothing overdue is asked for
    settled: NDArray[np.float64]  # [default, row] of the claim, by all sources; empty where calc is


@part
def _gross(n: int, key: int, terms: Terms, queue: Queue) -> float:
    """What is paid for one unit of the claim on a pay date by a source that pays penalty interest on it."""
    column = queue.column[n]
    return float(1.0 + terms.penalty[column] * max(terms.day[key, column] - terms.day[0, column], 0))


@part
def _ask(case: int, s: int, count: int, terms: Terms, queue: Queue) -> None:
    """What source ``s`` would pay on each default if its caps were no matter; nothing if gone on the pay date."""
    asked, basis, dates, day = queue.asked, terms.basis[case], terms.dates, terms.day
    for n in range(count):
        slot, column = queue.slot[n], queue.column[n]
        asked[0, n], asked[1, n], queue.cap[n] = 0.0, 0.0, -1
        if slot < 0 or basis[slot, s] == NOTHING:
            continue
        queue.cap[n] = terms.cap[case, slot, s]
        share_of = OF_CLAIM if basis[slot, s] == WITH_PENALTY else basis[slot, s]
        measure, later = queue.base[n, share_of], terms.delayed
        if terms.standing.size and share_of in (OF_APPRAISAL, OF_LOWER):
            measure = queue.base[n, OF_APPRAISAL] * terms.standing[dates[0, case, slot, s], column]
            measure = min(measure, queue.base[n, OF_PRINCIPAL]) if share_of == OF_LOWER else measure
        amount = min(queue.left[n], terms.rate[case, slot, s] * measure)
        for turn in range(2):
            key = dates[turn, case, slot, s]
            if day[key, column] < terms.gone[case, slot, s]:
                asked[turn, n] = amount * (later[case, slot] if turn else 1.0 - later[case, slot])
                if basis[slot, s] == WITH_PENALTY:
                    asked[turn, n] *= _gross(n, key, terms, queue)


@part
def _limit(count: int, missed: NDArray[np.int64], queue: Queue) -> None:
    """Spend caps in the order of missed dates; where one falls short, it pays all of that date in one proportion."""
    asked, caps, wanted, start = queue.asked, queue.caps, queue.wanted, 0
    for n in range(count):
        if queue.cap[n] >= 0:
            wanted[queue.cap[n]] += asked[0, n] + asked[1, n]
        if n + 1 < count and missed[queue.column[n + 1]] == missed[queue.column[n]]:
            continue
        for m in range(start, n + 1):
            cap = queue.cap[m]
            if cap >= 0 and caps[cap] < wanted[cap]:
                asked[:, m] *= caps[cap] / wanted[cap]
        for cap in range(len(caps)):
            caps[cap] -= min(caps[cap], wanted[cap])
            wanted[cap] = 0.0
        start = n + 1


@part
def _pay(case: int, s: int, count: int, terms: Terms, queue: Queue, paid: NDArray[np.float64]) -> None:
    """Book what source ``s`` pays on each default by the row of its pay date."""
    day, ageing = terms.day, len(queue.calc) > 0
    for n in range(count):
        for turn in range(2):
            money, column = queue.asked[turn, n], queue.column[n]
            if money > 0.0:
                key = terms.dates[turn, case, queue.slot[n], s]
                paid[terms.row[key, column]] += money
                if terms.basis[case, queue.slot[n], s] == WITH_PENALTY:
                    money /= _gross(n, key, terms, queue)
                queue.left[n] -= money
                if s < GRACE_SOURCES and day[key, column] <= day[queue.recognition[n], column]:
                    queue.early[n] += money
                if ageing:
                    queue.settled[n, terms.row[key, column]] += money


@part
def _fall_overdue(count: int, terms: Terms, queue: Queue, book: NDArray[np.float64]) -> None:
    """Claims of all defaults from the missed date until they are paid, for good where nobody does."""
    for n in range(count):
        left, missed, claim = queue.base[n, OF_CLAIM], terms.day[0, queue.column[n]], queue.base[n, OF_CLAIM]
        for r in range(terms.row[0, queue.column[n]], len(queue.calc)):
            left -= queue.settled[n, r]
            if left > claim * (1.0 - FULL):
                outstanding(left, missed, r, r + 1, queue.calc, book)


@part
def recover(case: int, count: int, terms: Terms, queue: Queue, book: NDArray[np.float64]) -> None:
    """Pay the first ``count`` defaults of the queue by source and row of the book, and recognise them.

    Each source goes through all defaults before the next in legal order: a cap is one source's own.
    """
    queue.caps[:] = terms.caps[case]
    queue.settled[:] = 0.0
    for s in range(SOURCES):
        if terms.used[case, s]:
            _ask(case, s, count, terms, queue)
            _limit(count, terms.day[0], queue)
            _pay(case, s, count, terms, queue, book[RECOVERY + s])
    for n in range(count):
        if queue.early[n] < queue.base[n, OF_CLAIM] * FULL:
            book[RECOGNISED, terms.row[queue.recognition[n], queue.column[n]]] += queue.base[n, OF_PRINCIPAL]
    if len(queue.calc):
        _fall_overdue(count, terms, queue, book)
