"""Index paths (基准利率): LPR and the like as step functions of the date."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from absengine.errors import InputError, Problem, Where
from absengine.schema import Dates, Floats


@dataclass(frozen=True)
class IndexPath:
    """An index that holds each published rate until the next one.

    ``dates`` (strictly ascending) are the days from which ``rates`` [1/year, decimal] apply; the last holds for good.
    """

    name: str
    dates: Dates
    rates: Floats

    def __post_init__(self) -> None:
        dates = np.atleast_1d(np.asarray(self.dates, dtype="datetime64[D]"))
        rates = np.atleast_1d(np.asarray(self.rates, dtype=np.float64))
        object.__setattr__(self, "dates", dates)
        object.__setattr__(self, "rates", rates)
        where = Where(path=self.name)
        if dates.ndim != 1 or dates.shape != rates.shape or not len(dates):
            found = f"{dates.size} dates and {rates.size} rates"
            raise InputError(Problem("index-shape", where, found, "as many dates as rates, at least one"))
        if np.any(np.isnat(dates)) or not np.all(np.isfinite(rates)):
            raise InputError(Problem("index-missing-value", where, "a missing date or rate", "a rate for each date"))
        if np.any(dates[1:] <= dates[:-1]):
            late = dates[1:][dates[1:] <= dates[:-1]][0]
            raise InputError(Problem("index-dates-order", where, f"{late} out of order", "strictly ascending dates"))

    def at(self, dates: Any) -> Floats:
        """Rate in force on each date; InputError for a date before the first published rate."""
        asked = np.asarray(dates, dtype="datetime64[D]")
        place = np.searchsorted(self.dates, asked, side="right") - 1
        early = (place < 0) | np.isnat(asked)
        if np.any(early):
            found = f"a reset of {self.name} on {np.asarray(asked[early]).flat[0]}"
            raise InputError(
                Problem("index-before-first", Where(path=self.name), found, f"dates from {self.dates[0]}",
                        "give the index's history back to the first reset")
            )  # fmt: skip
        return self.rates[place]

    def shifted(self, x: float) -> IndexPath:
        """The same path with every rate moved by ``x`` [1/year]."""
        return IndexPath(self.name, self.dates, self.rates + x)
