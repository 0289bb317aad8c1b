"""Periods, month arithmetic and regular dates."""

import datetime as dt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from absengine.calendars.date_rules import Period, add_months, day_of_month, is_month_end, regular_dates
from absengine.errors import InputError


@pytest.mark.parametrize(
    ("text", "printed", "months", "days"),
    [
        ("3 months", "3 months", 3, 0),
        ("1 month", "1 month", 1, 0),
        ("2 weeks", "2 weeks", 0, 14),
        ("10天", "10 days", 0, 10),
        ("1 year", "1 year", 12, 0),
        ("quarterly", "3 months", 3, 0),
        ("按半年", "6 months", 6, 0),
        ("2个季度", "6 months", 6, 0),
        ("次", "once", 0, 0),
    ],
)
def test_period__reads_and_prints(text: str, printed: str, months: int, days: int) -> None:
    period = Period(text)
    assert (str(period), period.months, period.days) == (printed, months, days)
    assert Period(str(period)) == period


@pytest.mark.parametrize("text", ["3", "months", "0 months", "-1 month", "1.5 years", "3 fortnights", ""])
def test_period__refuses(text: str) -> None:
    with pytest.raises(InputError, match="3 months"):
        Period(text)


def test_add_months__clips_to_month_ends() -> None:
    ends = add_months("2024-01-31", np.arange(4))
    assert ends.astype(str).tolist() == ["2024-01-31", "2024-02-29", "2024-03-31", "2024-04-30"]
    assert str(add_months("2024-03-31", -1)) == "2024-02-29"
    assert str(add_months("2024-02-29", 12, day=31)) == "2025-02-28"
    assert str(add_months("2024-02-15", 1, day=31)) == "2024-03-31"


@given(day=st.dates(dt.date(1990, 1, 1), dt.date(2080, 1, 1)), n=st.integers(-300, 300))
def test_add_months__agrees_with_counting_by_hand(day: dt.date, n: int) -> None:
    month = day.year * 12 + day.month - 1 + n
    wanted = day.day
    while True:
        try:
            expected = dt.date(month // 12, month % 12 + 1, wanted)
            break
        except ValueError:
            wanted -= 1
    assert add_months(np.datetime64(day), n).astype(dt.date) == expected


def test_add_months__missing_stays_missing() -> None:
    assert np.isnat(add_months(np.array(["NaT", "2024-01-31"], "M8[D]"), 1)).tolist() == [True, False]


def test_add_months__refuses_dates_no_contract_has() -> None:
    with pytest.raises(InputError, match="1600"):
        add_months("2599-01-01", 24)


def test_regular_dates__month_ends_do_not_drift() -> None:
    dates = regular_dates("2026-01-31", Period("1 month"), "last day", "2026-05-30")
    assert dates.astype(str).tolist() == ["2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30"]
    kept = regular_dates("2026-01-30", Period("1 month"), None, "2026-03-30")
    assert kept.astype(str).tolist() == ["2026-01-30", "2026-02-28", "2026-03-30"]


def test_regular_dates__first_may_stand_apart() -> None:
    dates = regular_dates("2026-07-30", Period("3 months"), 26, "2027-02-01")
    assert dates.astype(str).tolist() == ["2026-07-30", "2026-10-26", "2027-01-26"]


def test_regular_dates__days_once_and_empty() -> None:
    assert len(regular_dates("2026-01-01", Period("2 weeks"), None, "2026-01-29")) == 3
    assert regular_dates("2026-01-01", Period("once"), None, "2030-01-01").tolist() == [dt.date(2026, 1, 1)]
    assert len(regular_dates("2026-01-01", Period("1 month"), 1, "2025-12-31")) == 0


def test_is_month_end__leap_february() -> None:
    assert is_month_end(np.array(["2024-02-28", "2024-02-29", "2025-02-28"], "M8[D]")).tolist() == [False, True, True]


def test_day_of_month__words_and_limits() -> None:
    assert (day_of_month("last day"), day_of_month("月末"), day_of_month("26"), day_of_month(1)) == (31, 31, 26, 1)
    for bad in (0, 32, "first"):
        with pytest.raises(InputError, match="last day"):
            day_of_month(bad)
