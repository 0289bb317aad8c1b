"""Texts become numbers, dates and words; each rewriting is said, and what does not fit is refused by name."""

from __future__ import annotations

import datetime
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from absengine.loaders.cells import RawColumn
from absengine.loaders.fields import TapeField, field
from absengine.loaders.values import Converted, convert, convert_extra


def _one(text: str, name: str, power: int | None = None) -> Any:
    converted = convert(RawColumn.of([text]), field(name), power)
    assert not converted.unfit, (text, [error.code for error in converted.unfit.values()])
    return converted.values[0]


def _code(text: str, name: str, power: int | None = None) -> str:
    (error,) = convert(RawColumn.of([text]), field(name), power).unfit.values()
    return error.code


@pytest.mark.parametrize(
    ("text", "power", "value"),
    [
        ("1234.5", None, 1234.5),
        ("1,234,567.89", None, 1234567.89),
        ("￥1,234.50", None, 1234.5),
        ("RMB 12", None, 12.0),
        ("１２，３４５．６", None, 12345.6),
        ("0.07", 4, 700.0),
        ("3000", 4, 30000000.0),
        ("2.06亿", None, 206000000.0),
        ("1,200万元", None, 12000000.0),
        ("500元", 4, 500.0),
        ("1.5e3", None, 1500.0),
        ("1.5E3", 4, 15000000.0),
        ("-", None, np.nan),
        ("ND5", None, np.nan),
    ],
)
def test_convert__money(text: str, power: int | None, value: float) -> None:
    found = _one(text, "balance", power)
    assert found == value or (np.isnan(found) and np.isnan(value))


@pytest.mark.parametrize(
    ("text", "power", "value"),
    [
        ("4.35%", None, 0.0435),
        ("４.３５％", None, 0.0435),
        ("4.35", -2, 0.0435),
        ("0.0435", None, 0.0435),
        ("4.35%", -2, 0.0435),
        ("43.5‰", None, 0.0435),
        ("435bp", None, 0.0435),
        ("0", None, 0.0),
    ],
)
def test_convert__rates(text: str, power: int | None, value: float) -> None:
    assert _one(text, "rate", power) == value


@pytest.mark.parametrize(
    "text",
    [
        "2024-07-05", "2024/7/5", "20240705", "2024年7月5日", "2024.7.5", "２０２４年７月５日", "45478",
        "2024-07-05 00:00:00", "2024-07-05T00:00:00", " 2024 年 7 月 5 日",
    ],
)  # fmt: skip
def test_convert__dates(text: str) -> None:
    assert _one(text, "maturity_date") == np.datetime64("2024-07-05")


@given(st.dates(datetime.date(1955, 1, 1), datetime.date(2118, 12, 31)))
def test_convert__every_way_of_writing_a_day_is_the_same_day(day: datetime.date) -> None:
    serial = (day - datetime.date(1899, 12, 30)).days
    texts = [day.isoformat(), f"{day:%Y%m%d}", f"{day.year}/{day.month}/{day.day}", str(serial)]
    converted = convert(RawColumn.of(texts), field("start_date"), None)
    assert not converted.unfit
    assert set(converted.values.tolist()) == {day}


@pytest.mark.parametrize(
    ("text", "name", "code"),
    [
        ("2024-02-30", "maturity_date", "bad-date"),
        ("soon", "maturity_date", "bad-date"),
        ("202407", "maturity_date", "bad-date"),
        ("05/07/2024", "maturity_date", "ambiguous-date"),
        ("9999-12-31", "maturity_date", "date-out-of-range"),
        ("#REF!", "maturity_date", "formula-error"),
        ("12,34", "balance", "bad-number"),
        ("1_000", "balance", "bad-number"),
        ("inf", "balance", "bad-number"),
        ("1e400", "balance", "number-too-large"),
        ("12万套", "balance", "bad-number"),
        (".", "balance", "bad-number"),
        ("(1,000)", "balance", "negative-balance"),
        ("$5", "balance", "foreign-currency"),
        ("#N/A", "balance", "formula-error"),
        ("4.35", "rate", "rate-without-percent"),
        ("120%", "rate", "rate-too-large"),
        ("0.3", "spread", "spread-too-large"),
        ("12.5", "dpd", "not-a-whole-number"),
        ("0", "pay_day", "pay-day-too-small"),
        ("等额本金利息", "amort_type", "unknown-amort-type"),
    ],
)
def test_convert__refuses(text: str, name: str, code: str) -> None:
    assert _code(text, name) == code


def test_convert__text_is_kept_as_it_is_written() -> None:
    texts = ["00123", "NA", "null", "1e5", "=1+1", "无"]
    assert convert(RawColumn.of(texts), field("asset_id"), None).values.tolist() == texts


def test_convert__none_is_a_word_of_guarantors_only_and_control_characters_go() -> None:
    assert convert(RawColumn.of(["无", "某担保"]), field("guarantor"), None).values.tolist() == ["", "某担保"]
    assert convert(RawColumn.of(["a\x1b[31mb\nc"]), field("obligor"), None).values.tolist() == ["a [31mb c"]


@pytest.mark.parametrize(
    ("text", "name", "word"),
    [
        ("按季付息，到期还本", "amort_type", "bullet_quarterly"),
        ("level", "amort_type", "level"),
        ("每 季 度", "frequency", "quarterly"),
        ("3个月", "frequency", "quarterly"),
        ("实用新型专利", "ip_type", "utility_model"),
        ("正常类", "loan_class", "normal"),
        ("法院查封", "legal_status", "法院查封"),
        ("-", "loan_class", ""),
    ],
)
def test_convert__words(text: str, name: str, word: str) -> None:
    assert _one(text, name) == word


def test_convert__counts_read_their_units_and_words() -> None:
    assert _one("36个月", "remaining_terms") == 36
    assert _one("90天", "dpd") == 90
    assert _one("月末", "pay_day") == 31


def test_convert__says_what_was_done_and_how_often() -> None:
    column = RawColumn.of(["1,000", "1,000", "２", "3"])
    done = {step.what: step.cells for step in convert(column, field("balance"), 4).done}
    assert done == {"thousands separators": 2, "full-width characters": 1, "multiplied by 10,000": 4}


def test_convert__a_text_no_row_holds_any_more_is_not_refused() -> None:
    column = RawColumn.of(["1", "nonsense"]).take(np.array([0]))
    assert not convert(column, field("balance"), None).unfit


def _slow(column: RawColumn, item: TapeField, power: int | None) -> Converted:
    """The same column with one more text, which the fast way cannot read."""
    return convert(RawColumn.of([*(column[row] for row in range(len(column))), "1,000"]), item, power)


@given(st.integers(0, 2**32), st.sampled_from([None, 0, 4, 8]))
def test_convert__the_fast_way_and_the_slow_way_agree(seed: int, power: int | None) -> None:
    amounts = np.random.default_rng(seed).integers(-5, 10**12, size=300) / 100
    column = RawColumn.of([*(f"{amount:{'' if seed % 2 else ','}.2f}" for amount in amounts), ""])
    fast = convert(column, field("deposit"), power)
    slow = _slow(column, field("deposit"), power)
    np.testing.assert_array_equal(fast.values, slow.values[:-1])
    assert fast.unfit.keys() == slow.unfit.keys()
    counted = {step.what: step.cells for step in slow.done}
    counted["thousands separators"] -= 1
    if power:
        counted["multiplied by 10,000" if power == 4 else "multiplied by 100,000,000"] -= 1
    assert {step.what: step.cells for step in fast.done} == {what: cells for what, cells in counted.items() if cells}


def test_convert_extra__numbers_only_where_nothing_is_lost() -> None:
    assert convert_extra(RawColumn.of(["1", "2.5", ""])).dtype == np.float64
    assert convert_extra(RawColumn.of(["01", "2"])).tolist() == ["01", "2"]
    assert convert_extra(RawColumn.of(["914400001234567890", "1"])).tolist() == ["914400001234567890", "1"]
