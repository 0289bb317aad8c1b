"""Day-count conventions (计息基础): year fractions over arrays of dates.

Every convention is a function of two dates; ``CONVENTIONS`` maps the spelling a user writes to it. Rules follow the
ISDA 2006 definitions, the FBF rules (AFB) and the definitions published with OpenGamma Strata's day-count tests,
against which each is checked to 1e-12. ACT/ACT ICMA and 30E/360 ISDA need more than two dates and take it by keyword.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from absengine.calendars.date_rules import add_months, month_day
from absengine.errors import InputError, Problem, Where
from absengine.schema import Dates, Floats

Integers = NDArray[np.int64]
Rule = Callable[..., Floats]


@dataclass(frozen=True, slots=True)
class Convention:
    """One day count: its spelling, what it does, and whether it needs further dates."""

    name: str
    meaning: str
    rule: Rule
    keywords: tuple[str, ...] = ()


def _days(start: Dates, end: Dates) -> Integers:
    return (end - start).astype(np.int64)


def _year(dates: Dates) -> Integers:
    return dates.astype("datetime64[Y]").astype(np.int64) + 1970


def _year_start(year: Integers) -> Dates:
    starts: Dates = (year - 1970).astype("datetime64[Y]").astype("datetime64[D]")
    return starts


def _is_leap(year: Integers) -> NDArray[np.bool_]:
    return np.asarray((year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0)))


def _leap_days_to(dates: Dates) -> Integers:
    """How many 29 February lie on or before each date, counted from year 0: differences count those in a range."""
    year = _year(dates)
    before = year - 1
    whole = before // 4 - before // 100 + before // 400
    this_year = _is_leap(year) & (dates >= _year_start(year) + np.timedelta64(59, "D"))
    return np.asarray(whole + this_year, dtype=np.int64)


def _leap_days(start: Dates, end: Dates) -> Integers:
    """29 February in ``(start, end]``."""
    return _leap_days_to(end) - _leap_days_to(start)


def _actual_over(denominator: float) -> Rule:
    return lambda start, end: _days(start, end) / denominator


def _one(start: Dates, end: Dates) -> Floats:
    return np.ones(np.broadcast_shapes(start.shape, end.shape))


def _act_act_isda(start: Dates, end: Dates) -> Floats:
    """Days in leap years over 366, the others over 365, as a difference of positions in the calendar."""
    first, last = _year(start), _year(end)
    part = _days(_year_start(last), end) / (365 + _is_leap(last))
    before = _days(_year_start(first), start) / (365 + _is_leap(first))
    return np.asarray(last - first + part - before, dtype=np.float64)


def _act_act_afb(start: Dates, end: Dates) -> Floats:
    """Whole years counted back from the end; the rest over 366 where it holds a 29 February, else 365."""
    years = np.maximum(_year(end) - _year(start), 0)
    years = years - (add_months(end, -12 * years) < start)
    rest_end = add_months(end, -12 * years)
    rest: Floats = _days(start, rest_end) / (365 + _holds_leap_day(start, rest_end))
    return np.asarray(years + rest)


def _holds_leap_day(start: Dates, end: Dates) -> NDArray[np.bool_]:
    """A 29 February in ``[start, end)``."""
    day = np.timedelta64(1, "D")
    return _leap_days(start - day, end - day) > 0


def _act_act_year(start: Dates, end: Dates) -> Floats:
    """Whole years counted on from the start; the rest over the length of the year it lies in."""
    years = np.maximum(_year(end) - _year(start), 0)
    years = years - (add_months(start, 12 * years) > end)
    whole = add_months(start, 12 * years)
    rest: Floats = _days(whole, end) / _days(whole, add_months(start, 12 * (years + 1)))
    return np.asarray(years + rest)


def _act_365_actual(start: Dates, end: Dates) -> Floats:
    return _days(start, end) / (365 + (_leap_days(start, end) > 0))


def _no_leap(denominator: float) -> Rule:
    return lambda start, end: (_days(start, end) - _leap_days(start, end)) / denominator


def _thirty(start: Dates, end: Dates, day1: Integers, day2: Integers, denominator: float) -> Floats:
    months = (end.astype("datetime64[M]") - start.astype("datetime64[M]")).astype(np.int64)
    return np.asarray((30 * months + day2 - day1) / denominator, dtype=np.float64)


def _thirty_isda(start: Dates, end: Dates) -> Floats:
    day1, day2 = np.minimum(month_day(start), 30), month_day(end)
    return _thirty(start, end, day1, np.where((day2 == 31) & (day1 == 30), 30, day2), 360)


def _thirty_psa(start: Dates, end: Dates) -> Floats:
    day1 = np.where((month_day(start) == 31) | _ends_february(start), 30, month_day(start))
    day2 = month_day(end)
    return _thirty(start, end, day1, np.where((day2 == 31) & (day1 == 30), 30, day2), 360)


def _ends_february(dates: Dates) -> NDArray[np.bool_]:
    tomorrow = dates + np.timedelta64(1, "D")
    march = np.asarray(tomorrow.astype("datetime64[M]").astype(np.int64) % 12 == 2)
    return np.asarray(march & (month_day(tomorrow) == 1))


def _thirty_e(start: Dates, end: Dates) -> Floats:
    return _thirty(start, end, np.minimum(month_day(start), 30), np.minimum(month_day(end), 30), 360)


def _thirty_e_365(start: Dates, end: Dates) -> Floats:
    day1 = np.where(_ends_february(start), 30, np.minimum(month_day(start), 30))
    day2 = np.where(_ends_february(end), 30, np.minimum(month_day(end), 30))
    return _thirty(start, end, day1, day2, 365)


def _thirty_e_plus(start: Dates, end: Dates) -> Floats:
    # a 31st as the end is the 1st of the next month, which in 30-day months is day 31 of this one
    return _thirty(start, end, np.minimum(month_day(start), 30), month_day(end), 360)


def _thirty_e_isda(start: Dates, end: Dates, maturity: Dates) -> Floats:
    """February ends count as the 30th, except an end that is the maturity date."""
    day1 = np.where(_ends_february(start), 30, np.minimum(month_day(start), 30))
    day2 = np.where(_ends_february(end) & (end != maturity), 30, np.minimum(month_day(end), 30))
    return _thirty(start, end, day1, day2, 360)


def _act_act_icma(start: Dates, end: Dates, period_start: Dates, period_end: Dates, per_year: Integers) -> Floats:
    return _days(start, end) / (per_year * _days(period_start, period_end))


_ICMA: Final = "period_start", "period_end", "per_year"
CONVENTIONS: Final[Mapping[str, Convention]] = {
    entry.name: entry
    for entry in (
        Convention("1/1", "one whole year, whatever the dates", _one),
        Convention("ACT/365F", "actual days over 365", _actual_over(365)),
        Convention("ACT/360", "actual days over 360", _actual_over(360)),
        Convention("ACT/364", "actual days over 364", _actual_over(364)),
        Convention("ACT/365.25", "actual days over 365.25", _actual_over(365.25)),
        Convention("ACT/365 ACTUAL", "actual days over 366 where they hold a 29 February, else 365", _act_365_actual),
        Convention("ACT/ACT ISDA", "days in leap years over 366, the others over 365", _act_act_isda),
        Convention("ACT/ACT AFB", "whole years back from the end, the rest over 365 or 366", _act_act_afb),
        Convention("ACT/ACT YEAR", "whole years on from the start, the rest over its own year", _act_act_year),
        Convention("ACT/ACT ICMA", "days over (periods a year x days of the period)", _act_act_icma, _ICMA),
        Convention("NL/360", "actual days without 29 February over 360", _no_leap(360)),
        Convention("NL/365", "actual days without 29 February over 365", _no_leap(365)),
        Convention("30/360", "30/360 bond basis (ISDA)", _thirty_isda),
        Convention("30/360 PSA", "30/360 with February ends as the 30th (PSA)", _thirty_psa),
        Convention("30E/360", "Eurobond basis: a 31st is a 30th", _thirty_e),
        Convention("30E/360 ISDA", "Eurobond basis with February ends as the 30th", _thirty_e_isda, ("maturity",)),
        Convention("30E+/360", "Eurobond basis; an end on a 31st is the 1st of the next month", _thirty_e_plus),
        Convention("30E/365", "30E/360 days with February ends as the 30th over 365", _thirty_e_365),
    )
}
ALIASES: Final[Mapping[str, str]] = {
    "ACT/365": "ACT/365F", "A/365": "ACT/365F", "ACTUAL/365": "ACT/365F", "ACT/365 FIXED": "ACT/365F",
    "实际/365": "ACT/365F", "实际天数/365": "ACT/365F",
    "A/360": "ACT/360", "ACTUAL/360": "ACT/360", "实际/360": "ACT/360", "实际天数/360": "ACT/360",
    "ACT/ACT": "ACT/ACT ISDA", "A/A": "ACT/ACT ISDA", "实际/实际": "ACT/ACT ISDA",
    "ACT/365A": "ACT/365 ACTUAL", "30/360 ISDA": "30/360", "30A/360": "30/360", "30/360 BOND": "30/360",
    "NL/365F": "NL/365", "30E/360 EUROBOND": "30E/360",
}  # fmt: skip


def convention(name: str) -> Convention:
    """The convention a spelling means (upper and lower case alike); InputError names the nearest one."""
    key = " ".join(name.upper().split())
    key = ALIASES.get(key, key)
    if key in CONVENTIONS:
        return CONVENTIONS[key]
    near = get_close_matches(key, [*CONVENTIONS, *ALIASES], n=1)
    todo = f"did you mean {near[0]!r}?" if near else ""
    raise InputError(Problem("day-count-unknown", Where(), f"day count {name!r}", ", ".join(CONVENTIONS), todo))


def year_fraction(name: str, start: Any, end: Any, **further: Any) -> Floats:
    """Years from ``start`` to ``end`` by convention ``name``.

    Dates broadcast; the result has their common shape. ``further`` holds what the convention needs beyond two dates:
    ``maturity`` for 30E/360 ISDA; ``period_start``, ``period_end`` and ``per_year`` for ACT/ACT ICMA.
    Raises InputError for an unknown convention or missing keywords.
    """
    entry = convention(name)
    missing = [key for key in entry.keywords if key not in further]
    if missing:
        found = f"{entry.name} without {', '.join(missing)}"
        raise InputError(Problem("day-count-keywords", Where(), found, ", ".join(entry.keywords)))
    keywords = {
        key: np.asarray(further[key], dtype=np.int64 if key == "per_year" else "datetime64[D]")
        for key in entry.keywords
    }
    first, last = np.asarray(start, dtype="datetime64[D]"), np.asarray(end, dtype="datetime64[D]")
    return np.asarray(entry.rule(first, last, **keywords), dtype=np.float64)


def accrued(name: str, anchor: Any, start: Any, end: Any, **further: Any) -> Floats:
    """Years accrued over ``[start, end)`` of the period that began at ``anchor``: F(anchor, end) − F(anchor, start).

    Additive for every convention by construction; plain 30/360 fractions of adjoining pieces do not add up.
    """
    return year_fraction(name, anchor, end, **further) - year_fraction(name, anchor, start, **further)
