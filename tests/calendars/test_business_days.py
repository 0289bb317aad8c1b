"""Shipped China calendars against three independent sources, and the stated rule against published years."""

import datetime as dt
from pathlib import Path

import chinese_calendar
import holidays
import numpy as np
import pytest
import QuantLib as ql

from absengine.calendars import business_days
from absengine.calendars.business_days import BusinessCalendar, calendar, calendar_from_csv
from absengine.errors import InputError

TABLE = np.arange("2004-01-01", "2027-01-01", dtype="M8[D]")
# QuantLib 1.44 puts Qingming, Dragon Boat and Mid-Autumn on fixed days before 2008, when they were no public holidays.
QUANTLIB_SLIPS = np.array(
    ["2004-06-09", "2004-09-15", "2005-04-04", "2005-06-09", "2005-09-15", "2006-04-04", "2006-06-09", "2006-09-15",
     "2007-04-04"], dtype="M8[D]"
)  # fmt: skip


def _differing(ours: BusinessCalendar, theirs: ql.Calendar, dates: np.ndarray) -> np.ndarray:
    open_days = [theirs.isBusinessDay(ql.Date(d.day, d.month, d.year)) for d in dates.astype(dt.date)]
    return dates[ours.is_business(dates) != np.array(open_days)]


def test_calendar__interbank_is_the_official_working_day() -> None:
    official = [chinese_calendar.is_workday(day) for day in TABLE.astype(dt.date)]
    assert calendar("CNIB").is_business(TABLE).tolist() == official


def test_calendar__days_off_agree_with_holidays() -> None:
    off = holidays.country_holidays("CN", years=range(2004, 2027))
    weekdays = TABLE[np.is_busday(TABLE)]
    shut = [day in off for day in weekdays.astype(dt.date)]
    assert (~calendar("CNIB").is_business(weekdays)).tolist() == shut


def test_calendar__exchange_agrees_with_quantlib() -> None:
    differing = _differing(calendar("SSE"), ql.China(ql.China.SSE), TABLE)
    assert differing.tolist() == QUANTLIB_SLIPS.tolist()


def test_calendar__interbank_agrees_with_quantlib_since_2007() -> None:
    dates = TABLE[QUANTLIB_SLIPS.max() < TABLE]
    assert _differing(calendar("CNIB"), ql.China(ql.China.IB), dates).tolist() == []


@pytest.mark.parametrize("year", [2025, 2026])
def test_calendar__rule_gives_the_published_exchange_days(year: int) -> None:
    """The standing order is in force since 2025; on weekdays it leaves nothing open in the years published so far."""
    off = {np.datetime64(day) for day in business_days._days_off(year, *business_days._lunar_days()[year])}
    weekdays = TABLE[np.is_busday(TABLE) & (TABLE.astype("M8[Y]") == np.datetime64(str(year)))]
    assert [day not in off for day in weekdays] == calendar("SSE").is_business(weekdays).tolist()


def test_calendar__rule_years() -> None:
    exchange = calendar("SSE")
    assert exchange.table_end == np.datetime64("2027-01-01")
    # 2027: New Year on a Friday, Spring Festival on 6 February, 8 days from its eve, National Day 1-7 October
    shut = ["2027-01-01", "2027-02-05", "2027-02-12", "2027-05-03", "2027-10-01", "2027-10-07"]
    assert not exchange.is_business(shut).any()
    assert exchange.is_business(["2027-02-04", "2027-02-15", "2027-05-06", "2027-10-08"]).all()


def test_roll__rules() -> None:
    exchange = calendar("SSE")
    # 31 October 2026 is a Saturday
    assert exchange.roll("2026-10-31", "following") == np.datetime64("2026-11-02")
    assert exchange.roll("2026-10-31", "modified_following") == np.datetime64("2026-10-30")
    assert exchange.roll("2026-10-31", "preceding") == np.datetime64("2026-10-30")
    assert exchange.roll("2026-11-01", "modified_preceding") == np.datetime64("2026-11-02")
    assert exchange.roll("2026-10-31", "none") == np.datetime64("2026-10-31")
    with pytest.raises(InputError, match="modified_following"):
        exchange.roll("2026-10-31", "next")


def test_roll__make_up_saturday_is_open_between_banks_only() -> None:
    assert calendar("interbank").roll("2026-10-10", "following") == np.datetime64("2026-10-10")
    assert calendar("交易所").roll("2026-10-10", "following") == np.datetime64("2026-10-12")


def test_shift__counts_business_days() -> None:
    exchange = calendar("SSE")
    days = exchange.shift(np.array(["2026-07-27", "2026-10-01", "2026-10-03"], "M8[D]"), -5)
    assert days.tolist() == [dt.date(2026, 7, 20), dt.date(2026, 9, 23), dt.date(2026, 9, 23)]
    assert exchange.shift("2026-10-03", 1) == np.datetime64("2026-10-08")
    assert exchange.shift("2026-10-08", 1) == np.datetime64("2026-10-09")
    assert exchange.shift("2026-10-03", 0) == np.datetime64("2026-10-08")
    assert exchange.shift("2026-10-08", 0) == np.datetime64("2026-10-08")


def test_shift__there_and_back() -> None:
    exchange = calendar("SSE")
    open_days = TABLE[exchange.is_business(TABLE)][300:-300]
    assert (exchange.shift(exchange.shift(open_days, 7), -7) == open_days).all()


def test_calendar__plain_ones_have_no_table() -> None:
    assert calendar("none").is_business("2026-10-03")
    assert not calendar("weekends").is_business("2026-10-03")
    assert calendar("weekends").is_business("2026-10-01")
    assert calendar("none").table_end is None


def test_calendar__refuses_unknown_names_and_dates_outside() -> None:
    with pytest.raises(InputError, match="did you mean 'SZSE'"):
        calendar("SZSEE")
    with pytest.raises(InputError, match="2003-12-31"):
        calendar("SSE").is_business("2003-12-31")
    with pytest.raises(InputError, match="2100"):
        calendar("SSE").roll("2100-01-01", "following")
    with pytest.raises(InputError, match="date"):
        calendar("SSE").is_business("NaT")


def test_digest__follows_content() -> None:
    assert calendar("SSE").digest != calendar("CNIB").digest
    assert len(calendar("SSE").digest) == 64


def test_calendar_from_csv__replaces_the_years_it_covers(tmp_path: Path) -> None:
    file = tmp_path / "2027.csv"
    file.write_text(
        "# published later\ndate,kind\n2027-01-01,holiday\n2027-02-20,workday\n2027-06-09,exchange_closed\n", "utf-8"
    )
    exchange, interbank = calendar_from_csv(file), calendar_from_csv(file, "CNIB")
    assert exchange.table_end == np.datetime64("2028-01-01")
    assert exchange.is_business("2027-02-05")  # the rule would close New Year's Eve
    assert not exchange.is_business("2027-06-09")
    assert interbank.is_business(["2027-06-09", "2027-02-20"]).all()
    assert not exchange.is_business("2026-10-01")
    assert not exchange.is_business("2028-10-02")
    assert exchange.digest != calendar("SSE").digest


def test_calendar_from_csv__a_year_left_out_follows_the_rule(tmp_path: Path) -> None:
    file = tmp_path / "2028.csv"
    file.write_text("date,kind\n2028-01-03,holiday\n", "utf-8")
    exchange = calendar_from_csv(file)
    assert not exchange.is_business("2027-02-05")
    assert exchange.is_business("2028-10-02")
    assert exchange.table_end == np.datetime64("2027-01-01")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("date,kind\n2027-13-01,holiday\n", "calendar-date"),
        ("date,kind\n2027-01-01,fest\n", "calendar-kind"),
        ("date,kind\n2101-01-01,holiday\n", "calendar-year"),
        ("date,kind\n2027-01-01,holiday\n2027-01-01,holiday\n", "calendar-date-twice"),
        ("day,what\n2027-01-01,holiday\n", "calendar-header"),
        ("date,kind\n", "calendar-empty"),
    ],
)
def test_calendar_from_csv__refuses(tmp_path: Path, text: str, code: str) -> None:
    file = tmp_path / "days.csv"
    file.write_text(text, "utf-8")
    with pytest.raises(InputError) as refusal:
        calendar_from_csv(file)
    assert [problem.code for problem in refusal.value.problems] == [code]
    assert refusal.value.problems[0].where.file == str(file)


def test_calendar_from_csv__unreadable(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"absent\.csv"):
        calendar_from_csv(tmp_path / "absent.csv")
    with pytest.raises(InputError, match="SSE or CNIB"):
        calendar_from_csv(tmp_path / "absent.csv", "weekends")
