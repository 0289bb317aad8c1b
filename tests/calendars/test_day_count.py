"""Day counts against published cases, QuantLib and their own algebra."""

import csv
import datetime as dt
from pathlib import Path

import numpy as np
import pytest
import QuantLib as ql
from hypothesis import given
from hypothesis import strategies as st

from absengine.calendars.day_count import ALIASES, CONVENTIONS, accrued, convention, year_fraction
from absengine.errors import InputError

STRATA = {
    "ONE_ONE": "1/1", "ACT_360": "ACT/360", "ACT_364": "ACT/364", "ACT_365F": "ACT/365F", "ACT_365_25": "ACT/365.25",
    "ACT_365_ACTUAL": "ACT/365 ACTUAL", "ACT_ACT_AFB": "ACT/ACT AFB", "ACT_ACT_ISDA": "ACT/ACT ISDA",
    "ACT_ACT_YEAR": "ACT/ACT YEAR", "NL_360": "NL/360", "NL_365": "NL/365", "THIRTY_360_ISDA": "30/360",
    "THIRTY_360_PSA": "30/360 PSA", "THIRTY_EPLUS_360": "30E+/360", "THIRTY_E_360": "30E/360",
    "THIRTY_E_365": "30E/365",
}  # fmt: skip
ORACLES = {
    "ACT/365F": ql.Actual365Fixed(),
    "ACT/360": ql.Actual360(),
    "ACT/364": ql.Actual364(),
    "ACT/365.25": ql.Actual36525(),
    "ACT/ACT ISDA": ql.ActualActual(ql.ActualActual.ISDA),
    "NL/365": ql.Actual365Fixed(ql.Actual365Fixed.NoLeap),
    "30/360": ql.Thirty360(ql.Thirty360.BondBasis),
    "30E/360": ql.Thirty360(ql.Thirty360.EurobondBasis),
}
days = st.dates(min_value=dt.date(2000, 1, 1), max_value=dt.date(2060, 12, 31))
PLAIN = [name for name, entry in CONVENTIONS.items() if not entry.keywords]


def _cases() -> list[dict[str, str]]:
    with Path(__file__).with_name("strata_daycount.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(line for line in file if not line.startswith("#")))


def test_year_fraction__published_cases() -> None:
    cases = _cases()
    assert len(cases) == 201
    assert {case["convention"] for case in cases} == set(STRATA)
    for case in cases:
        ours = float(year_fraction(STRATA[case["convention"]], case["start"], case["end"]))
        assert ours == pytest.approx(float(case["year_fraction"]), abs=1e-12), case


@pytest.mark.parametrize("name", ORACLES)
def test_year_fraction__quantlib(name: str) -> None:
    first = np.datetime64("2023-11-20") + np.arange(0, 900, 7)
    start, end = (side.ravel() for side in np.meshgrid(first, first))
    start, end = start[start < end], end[start < end]
    theirs = [ORACLES[name].yearFraction(_quantlib(a), _quantlib(b)) for a, b in zip(start, end, strict=True)]
    np.testing.assert_allclose(year_fraction(name, start, end), theirs, atol=1e-12)


def test_year_fraction__icma_and_isda_take_further_dates() -> None:
    half = year_fraction(
        "ACT/ACT ICMA", "2026-01-15", "2026-07-15", period_start="2026-01-15", period_end="2026-07-15", per_year=2
    )
    assert float(half) == 0.5
    ordinary = year_fraction("30E/360 ISDA", "2026-01-31", "2027-02-28", maturity="2030-01-31")
    at_maturity = year_fraction("30E/360 ISDA", "2026-01-31", "2027-02-28", maturity="2027-02-28")
    assert float(ordinary) == pytest.approx(390 / 360)
    assert float(at_maturity) == pytest.approx(388 / 360)
    with pytest.raises(InputError, match="maturity"):
        year_fraction("30E/360 ISDA", "2026-01-31", "2027-02-28")


def test_year_fraction__broadcasts() -> None:
    assert year_fraction("ACT/365F", "2026-01-01", np.array(["2027-01-01", "2028-01-01"], "M8[D]")).tolist() == [1, 2]


@pytest.mark.parametrize("name", PLAIN)
@given(dates=st.tuples(days, days, days, days))
def test_accrued__is_additive(name: str, dates: tuple[dt.date, ...]) -> None:
    anchor, start, middle, end = sorted(dates)
    whole = float(accrued(name, anchor, start, end))
    parts = float(accrued(name, anchor, start, middle)) + float(accrued(name, anchor, middle, end))
    assert whole == pytest.approx(parts, abs=1e-12)


def test_convention__spellings() -> None:
    assert convention("act/365").name == "ACT/365F"
    assert convention("实际/360").name == "ACT/360"
    assert set(ALIASES.values()) <= set(CONVENTIONS)
    with pytest.raises(InputError, match=r"ACT/365F.*did you mean 'ACT/ACT ISDA'"):
        convention("ACT/ACT IDSA")


def _quantlib(day: np.datetime64) -> ql.Date:
    date = day.astype(dt.date)
    return ql.Date(date.day, date.month, date.year)
