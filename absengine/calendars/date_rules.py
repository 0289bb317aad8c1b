"""Date rules: periods such as "3 months", month arithmetic clipped to month ends, and regular dates."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from absengine.errors import InputError, Problem, Where
from absengine.schema import Dates

Unit = Literal["day", "week", "month", "year", "once"]
_MONTH_STARTS: Final = np.arange("1600-01", "2601-02", dtype="datetime64[M]").astype("datetime64[D]").astype(np.int64)
_FIRST_MONTH: Final = (1600 - 1970) * 12
LAST_DAY: Final = 31
"""Day of month that means the last one: every month is clipped to its own length."""

_UNITS: Final[Mapping[str, tuple[int, Unit]]] = {
    "day": (1, "day"), "days": (1, "day"), "d": (1, "day"), "天": (1, "day"), "日": (1, "day"),
    "week": (1, "week"), "weeks": (1, "week"), "w": (1, "week"), "周": (1, "week"),
    "month": (1, "month"), "months": (1, "month"), "m": (1, "month"), "个月": (1, "month"), "月": (1, "month"),
    "quarter": (3, "month"), "quarters": (3, "month"), "q": (3, "month"), "个季度": (3, "month"),
    "季度": (3, "month"), "季": (3, "month"),
    "year": (1, "year"), "years": (1, "year"), "y": (1, "year"), "年": (1, "year"),
}  # fmt: skip
_WORDS: Final[Mapping[str, tuple[int, Unit]]] = {
    "once": (0, "once"), "次": (0, "once"), "一次": (0, "once"), "到期一次": (0, "once"),
    "daily": (1, "day"), "weekly": (1, "week"), "按周": (1, "week"),
    "monthly": (1, "month"), "按月": (1, "month"), "每月": (1, "month"),
    "two-monthly": (2, "month"), "双月": (2, "month"),
    "quarterly": (3, "month"), "按季": (3, "month"), "每季": (3, "month"),
    "half-yearly": (6, "month"), "semi-annual": (6, "month"), "semiannual": (6, "month"), "按半年": (6, "month"),
    "半年": (6, "month"), "每半年": (6, "month"), "half-year": (6, "month"),
    "yearly": (1, "year"), "annual": (1, "year"), "annually": (1, "year"), "按年": (1, "year"), "每年": (1, "year"),
}  # fmt: skip


@dataclass(frozen=True)
class Period:
    """A length of calendar time: "3 months", "2 weeks", "10 days", "1 year", "quarterly", "3个月" or "once" (次).

    ``Period(text)`` raises InputError on anything else; ``str(period)`` prints one spelling that reads back the same.
    """

    text: str = field(compare=False, repr=False)
    count: int = field(init=False)
    unit: Unit = field(init=False)

    def __post_init__(self) -> None:
        word = self.text.strip().lower()
        count, unit = _WORDS.get(word, (-1, "day"))
        match = re.fullmatch(r"(\d{1,4})\s*(\D+)", word)
        if match and match[2].strip() in _UNITS:
            times, unit = _UNITS[match[2].strip()]
            count = int(match[1]) * times
        if count < 0 or (count == 0 and unit != "once"):
            allowed = 'a length such as "3 months", "2 weeks", "10 days", "1 year", or "once"'
            raise InputError(Problem("period-unreadable", Where(), repr(self.text), allowed))
        object.__setattr__(self, "count", count)
        object.__setattr__(self, "unit", unit)

    def __str__(self) -> str:
        return "once" if self.unit == "once" else f"{self.count} {self.unit}{'s' if self.count != 1 else ''}"

    @property
    def months(self) -> int:
        """Whole months; 0 for days, weeks and "once"."""
        return {"month": 1, "year": 12}.get(self.unit, 0) * self.count

    @property
    def days(self) -> int:
        """Whole days; 0 for months, years and "once"."""
        return {"day": 1, "week": 7}.get(self.unit, 0) * self.count


def month_day(dates: Dates) -> NDArray[np.int64]:
    """Day of the month, 1 to 31."""
    since_first: NDArray[np.int64] = (dates - dates.astype("datetime64[M]").astype("datetime64[D]")).astype(np.int64)
    return since_first + 1


def month_length(dates: Dates) -> NDArray[np.int64]:
    """Number of days of the month each date lies in."""
    month = dates.astype("datetime64[M]")
    days: NDArray[np.int64] = ((month + 1).astype("datetime64[D]") - month.astype("datetime64[D]")).astype(np.int64)
    return days


def is_month_end(dates: Dates) -> NDArray[np.bool_]:
    """Whether each date is the last of its month."""
    return np.asarray(month_day(dates) == month_length(dates))


def add_months(dates: Any, n: Any, day: Any = None) -> Dates:
    """``n`` months later (arrays broadcast), on ``day`` of the month (default: the date's own), clipped to its length.

    31 January plus one month is 28 or 29 February. ``day`` 31 is the last day of every month.
    """
    given = np.asarray(dates, dtype="datetime64[D]")
    months = given.astype("datetime64[M]").astype(np.int64) + np.asarray(n, dtype=np.int64)
    wanted = month_day(given) if day is None else np.asarray(day, dtype=np.int64)
    return np.where(np.isnat(given), np.datetime64("NaT"), day_in_month(np.where(np.isnat(given), 0, months), wanted))


def day_in_month(months: NDArray[np.int64], day: NDArray[np.int64]) -> Dates:
    """``day`` of each month, clipped to the month's length; months count from January 1970.

    Whole columns of due dates come from here: month starts are looked up, not converted one by one.
    """
    place = months - _FIRST_MONTH
    if np.any((place < 0) | (place >= len(_MONTH_STARTS) - 1)):
        raise InputError(Problem("date-out-of-range", Where(), "a month before 1600 or after 2600", "1600 to 2600"))
    first = _MONTH_STARTS[place]
    since_1970: NDArray[np.int64] = first + np.minimum(day, _MONTH_STARTS[place + 1] - first) - 1
    return np.asarray(since_1970.astype("datetime64[D]"))


def day_of_month(on: int | str) -> int:
    """``on`` of a date rule as a number: 1 to 31, or "last day" (月末), which is 31."""
    if isinstance(on, str):
        if on.strip().lower() in ("last day", "last", "月末"):
            return LAST_DAY
        on = int(on) if on.strip().isdigit() else 0
    if not 1 <= on <= 31:
        raise InputError(Problem("day-of-month", Where(), repr(on), '1 to 31, or "last day"'))
    return on


def regular_dates(first: Any, every: Period, on: int | str | None, end: Any) -> Dates:
    """``first``, then one date per period up to and including ``end``; after ``first``, dates fall on day ``on``.

    ``on`` (1 to 31 or "last day") counts for periods of months and years; ``None`` keeps the day of ``first``. Dates
    are computed from ``first``, never from each other, so that 31 January does not turn into the 28th for good.
    Empty when ``end`` lies before ``first``. "once" gives ``first`` alone.
    """
    start, last = np.datetime64(first, "D"), np.datetime64(end, "D")
    if last < start:
        return np.empty(0, dtype="datetime64[D]")
    if every.unit == "once":
        return np.array([start])
    if every.days:
        return np.arange(start, last + np.timedelta64(1, "D"), every.days, dtype="datetime64[D]")
    span = (last.astype("datetime64[M]") - start.astype("datetime64[M]")).astype(int)
    steps = np.arange(1, span // every.months + 1)
    later = add_months(start, every.months * steps, None if on is None else day_of_month(on))
    return np.concatenate([[start], later[later <= last]])


def months_between(origin: Any, dates: Any, day: Any = None) -> NDArray[np.float64]:
    """Months from ``origin`` to ``dates``: whole calendar months, then days over the days of the month begun.

    Month steps are counted from ``origin`` and clipped to month ends, so 31 January to 29 February is exactly one.
    Where ``origin`` lies on the rhythm of ``day`` (31 = last), steps keep to it: 28 February to 31 March is one too.
    """
    start, end = np.broadcast_arrays(np.asarray(origin, "datetime64[D]"), np.asarray(dates, "datetime64[D]"))
    own = month_day(start)
    rhythm = own if day is None else np.where(month_day(add_months(start, 0, day)) == own, day, own)
    whole = (end.astype("datetime64[M]") - start.astype("datetime64[M]")).astype(np.int64)
    whole = whole - (add_months(start, whole, rhythm) > end)
    low, high = add_months(start, whole, rhythm), add_months(start, whole + 1, rhythm)
    return np.asarray(whole + (end - low).astype(np.float64) / (high - low).astype(np.float64))
