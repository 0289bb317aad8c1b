"""Amounts overdue on calculation dates, by the days since they were missed (逾期分档)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from absengine.kernels._jit import part
from absengine.kernels.book import BUCKETS, OVERDUE

DAYS = 30  # a bucket is thirty days wide: 1–30, 31–60, 61–90; the last one has no end


@part
def outstanding(
    amount: float, missed: int, start: int, stop: int, calc: NDArray[np.int64], book: NDArray[np.float64]
) -> None:
    """Add what was missed on day ``missed`` and is unpaid in rows ``start`` to ``stop`` to the bucket of each row.

    ``calc`` are day numbers of calculation dates. What falls due on the calculation date itself is not overdue yet.
    """
    for r in range(start, min(stop, len(calc))):
        days = calc[r] - missed
        if days > 0:
            book[OVERDUE + min((days - 1) // DAYS, BUCKETS - 1), r] += amount
