"""Grids of regular payments, and floating terms, for tests of schedules."""

from typing import Any

import numpy as np

from absengine.calendars.fixings import IndexPath
from absengine.loaders.due_dates import Cycle, Grid, due_dates
from absengine.loaders.interest import Resets

LPR = IndexPath("LPR1Y", np.array(["2025-01-20", "2026-02-20", "2026-12-20"], "M8[D]"), np.array([0.03, 0.04, 0.05]))


def resets(months: int, january: bool = False, known: float = np.nan, anchor: str = "2026-01-15") -> Resets:
    """One contract at LPR + 1 %, cut off on 31 January 2026."""
    return Resets(
        index=np.array([0]), spread=np.array([0.01]), months=np.array([months]), january=np.array([january]),
        anchor=np.array([anchor], "M8[D]"), known=np.array([known]), since=np.array(["2026-01-31"], "M8[D]"),
        paths=(LPR,),
    )  # fmt: skip


def names(*spelled: str) -> Any:
    """Day counts, one per contract."""
    return np.array(spelled, dtype=object)


def regular_grid(*counts: int, months: int = 1, anchor: str = "2026-01-15") -> Grid:
    """Contracts of the given numbers of regular payments, the first one month after ``anchor``."""
    number = len(counts)
    begin = np.full(number, anchor, dtype="M8[D]")
    cycle = Cycle(
        anchor=begin, months=np.full(number, months), days=np.zeros(number, int), day=np.full(number, 15),
        lower=begin + np.timedelta64(1, "D"), start=begin,
        maturity=(begin.astype("M8[M]") + np.array(counts) * months).astype("M8[D]") + np.timedelta64(14, "D"),
        long_stub=np.zeros(number, bool), opens=np.zeros(number, bool),
    )  # fmt: skip
    return due_dates(cycle)
