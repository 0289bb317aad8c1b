"""What performing contracts pay where it is not just the schedule: dilution, late payment, deposits, fees, kinds.

Clocks' amounts stand in tables by set of terms: what contracts of one clock pay is summed before a path begins, for
they survive together. In loops: ``e`` event, ``q`` asset kind, ``r`` row. Money is in the counting unit of the deal.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from absengine.kernels._jit import part
from absengine.kernels.book import (
    DEPOSIT,
    DILUTION,
    FEE,
    INTEREST,
    KINDS,
    PERFORMING,
    PREPAYMENT,
    PRINCIPAL,
)
from absengine.kernels.overdue import outstanding

# columns of Streams.paid; EARLY columns are of the balance before the due date, the next one of the balance after it
OF_INTEREST, OF_PRINCIPAL, OF_FEE, DILUTED, EARLY, EARLY_FEE, EARLY_DILUTED = 0, 1, 2, 3, 4, 6, 8
PAID = 10
# columns of Streams.later; OF_PENALTY is penalty on late principal, OWED the late interest and fees without penalty
OF_PENALTY, OWED = 3, 4
LATER = 5
# of Streams.kinds
ON_TIME, LATE, LATE_ON_PRINCIPAL = 0, 1, 2


class Streams(NamedTuple):
    """Tables of what clocks pay, by (terms, column, event); money in counting unit.

    ``used`` and ``terms`` are by layout. ``row`` is where what is late arrives. ``deposit`` is (2, event): given back
    on the due date, and from it on to the end. ``calc`` are the day numbers of calculation dates, empty where nothing
    overdue is asked for; ``day`` those of events.
    """

    used: NDArray[np.bool_]
    terms: NDArray[np.int32]
    paid: NDArray[np.float64]
    later: NDArray[np.float64]
    kinds: NDArray[np.float64]  # [terms, (on time, late, penalty on late principal), kind, event] interest
    row: NDArray[np.int32]  # [terms, event]
    deposit: NDArray[np.float64]
    day: NDArray[np.int64]
    calc: NDArray[np.int64]


class Shares(NamedTuple):
    """Parts of a clock on one due date: what pays interest, repays principal, stays, and prepays.

    ``early`` is 0 where the balance before the due date is prepaid, 1 where it is that after it.
    """

    income: float
    repaying: float
    staying: float
    leaving: float
    early: int


@part
def pay(e: int, row: int, terms: int, shares: Shares, streams: Streams, book: NDArray[np.float64]) -> None:
    """Book what a clock pays for its due date ``e``, on it and later."""
    then, paid, later = streams.row[terms, e], streams.paid[terms], streams.later[terms]
    income, repaying, leaving, early = shares.income, shares.repaying, shares.leaving, shares.early
    book[INTEREST, row] += income * paid[OF_INTEREST, e]
    book[PRINCIPAL, row] += repaying * paid[OF_PRINCIPAL, e]
    book[PREPAYMENT, row] += leaving * paid[EARLY + early, e]
    book[FEE, row] += income * paid[OF_FEE, e] + leaving * paid[EARLY_FEE + early, e]
    book[DILUTION, row] += repaying * paid[DILUTED, e] + leaving * paid[EARLY_DILUTED + early, e]
    book[DEPOSIT, row] += shares.staying * streams.deposit[0, e] + leaving * streams.deposit[1, e]
    book[INTEREST, then] += income * later[OF_INTEREST, e] + repaying * later[OF_PENALTY, e]
    book[PRINCIPAL, then] += repaying * later[OF_PRINCIPAL, e]
    book[FEE, then] += income * later[OF_FEE, e]
    for r in range(row, then):
        book[PERFORMING, r] += repaying * later[OF_PRINCIPAL, e]
    for q in range(streams.kinds.shape[2]):
        kinds = streams.kinds[terms, :, q, e]
        book[KINDS + q, row] += income * kinds[ON_TIME]
        book[KINDS + q, then] += income * kinds[LATE] + repaying * kinds[LATE_ON_PRINCIPAL]
    owed = income * later[OWED, e] + repaying * later[OF_PRINCIPAL, e]
    if owed > 0.0:
        outstanding(owed, streams.day[e], row, then, streams.calc, book)
