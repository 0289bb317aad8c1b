"""Criteria on tables small enough for paper; shares at random, where splitting a contract must change nothing."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from absengine.calendars.date_rules import add_months
from absengine.deal.criteria import met, mismatch, months_left, shares, sort_of, within
from absengine.deal.nouns import Criterion
from absengine.schema import CONTRACT_COLUMNS, Table


def days(*texts: str) -> np.ndarray:
    return np.array(texts, dtype="datetime64[D]")


def contracts(**columns: Any) -> Table:
    """Four contracts of 100, 200, 300 and 400; the last says little of itself."""
    given_ = {
        "contract_id": np.array(["L1", "L2", "L3", "L4"]), "obligor": np.array(["甲", "乙", "甲", "丙"]),
        "debtor": np.array(["", "丁", "", "丁"]), "industry": np.array(["IT", "IT", "医药", ""]),
        "tags": np.array(["a;b", "b", "c", ""]), "rate": np.array([0.05, 0.06, 0.07, np.nan]),
        "dpd": np.array([0.0, 31.0, 5.0, 0.0]), "cutoff_balance": np.array([100.0, 200.0, 300.0, 400.0]),
        "cutoff_date": days(*["2026-03-31"] * 4), "start_date": days("2025-03-31", "2025-03-31", "2026-01-15", "NaT"),
        "maturity_date": days("2028-09-30", "2028-10-01", "2026-03-31", "NaT"),
    }  # fmt: skip
    return Table.build(CONTRACT_COLUMNS, 4, **(given_ | columns))


def criterion(**terms: Any) -> Criterion:
    return Criterion.model_validate(terms)


def passing(**terms: Any) -> list[bool]:
    return met(criterion(**terms), contracts()).tolist()


# months ---------------------------------------------------------------------------------------------------------------
def test_months_left__whole_months_and_days_of_the_next() -> None:
    """31 March to 30 September 2028 is 30 months to the day, as months end; the next month has 31 days."""
    held = contracts()
    left = months_left(held["cutoff_date"], held["maturity_date"])
    assert left[:3] == pytest.approx([30.0, 30 + 1 / 31, 0.0])
    assert np.isnan(left[3])
    whole = months_left(days("2026-01-15", "2026-01-31", "2026-03-01"), days("2026-02-14", "2026-02-28", "2026-02-01"))
    assert whole == pytest.approx([30 / 31, 1.0, 0.0])


@settings(max_examples=100)
@given(st.dates(dt.date(2000, 1, 1), dt.date(2040, 12, 31)), st.integers(0, 400), st.integers(0, 27))
def test_months_left__rises_with_the_day_and_meets_whole_months(start: dt.date, months: int, more: int) -> None:
    first = np.array([start], dtype="datetime64[D]")
    due = add_months(first, months)
    assert months_left(first, due)[0] == months
    later = months_left(first, due + more)[0]
    assert months <= later < months + 1
    assert later < months_left(first, due + more + 1)[0] <= months + 1


# contracts ------------------------------------------------------------------------------------------------------------
def test_met__bounds_hold_to_the_day_and_what_is_not_stated_fails() -> None:
    assert passing(field="remaining_months", at_most=30) == [True, False, True, False]
    assert passing(field="original_months", at_least=3) == [True, True, False, False]
    assert passing(field="rate", at_least="6%") == [False, True, True, False]
    assert passing(field="dpd", at_most=30) == [True, False, True, True]
    assert passing(field="balance", at_most=300) == [True, True, True, False]
    assert passing(field="maturity_date", at_most=dt.date(2028, 9, 30)) == [True, False, True, False]


def test_met__words_and_lists_of_words() -> None:
    assert passing(field="industry", one_of=["IT"]) == [True, True, False, False]
    assert passing(field="industry", none_of=["IT"]) == [False, False, True, False]
    assert passing(field="tags", one_of=["b", "c"]) == [True, True, True, False]
    assert passing(field="tags", none_of=["a"]) == [False, True, True, False]


def test_within__one_value() -> None:
    short = criterion(field="remaining_months", at_most=30)
    assert within(short, 30.0) and not within(short, 30.5)
    assert within(criterion(field="rate", at_least="6%"), 0.06)
    kinds = criterion(field="asset_kind", one_of=["pledge_loan"])
    assert within(kinds, "pledge_loan") and not within(kinds, "royalty")
    assert not within(criterion(field="maturity_date", at_most=dt.date(2027, 1, 1)), dt.date(2027, 1, 2))


def test_sort_of__what_fields_are_and_which_limits_fit() -> None:
    assert [sort_of(name) for name in ("rate", "dpd", "grade", "maturity_date", "balance", "loan_class")] == [
        "share", "number", "text", "date", "number", None,
    ]  # fmt: skip
    assert not list(mismatch(criterion(field="rate", at_most=0.06), "share"))
    assert [found for found, _ in mismatch(criterion(field="rate", at_most=6), "share")] == [
        "6 for 'rate', which is a rate or ratio"
    ]


# shares ---------------------------------------------------------------------------------------------------------------
def test_shares__by_who_owes_who_finally_owes_and_group() -> None:
    """甲 owes 400 of 1,000; 丁 finally owes 200 and 400; 乙 and 丙 are one group; 甲公司 is 甲 as well."""
    of = criterion(share_at_most="30%", by="obligor")
    assert shares(of, contracts(), {}, {}) == [("丙", 0.4), ("甲", 0.4), ("乙", 0.2)]
    assert shares(of.model_copy(update={"by": "debtor"}), contracts(), {}, {}) == [("丁", 0.6), ("甲", 0.4)]
    group = shares(of.model_copy(update={"by": "group"}), contracts(), {}, {"乙": "family", "丙": "family"})
    assert group == [("family", pytest.approx(0.6)), ("甲", 0.4)]
    named = contracts(obligor=np.array(["甲", "乙", "甲公司", "丙"]))
    assert shares(of, named, {"甲公司": "甲"}, {}) == [("丙", 0.4), ("甲", 0.4), ("乙", 0.2)]
    assert shares(of.model_copy(update={"by": "industry"}), contracts(), {}, {})[0] == ("not stated", 0.4)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from("甲乙丙丁"), st.integers(1, 10**7)), min_size=1, max_size=12),
    st.data(),
)
def test_shares__splitting_a_contract_changes_none(rows: list[tuple[str, int]], data: st.DataObject) -> None:
    """One contract cut in two of one obligor: every name keeps its share; a slow sum finds the same."""
    at = data.draw(st.integers(0, len(rows) - 1))
    part = data.draw(st.integers(0, rows[at][1]))
    cut = [*rows[:at], (rows[at][0], part), *rows[at + 1 :], (rows[at][0], rows[at][1] - part)]
    of = criterion(share_at_most="10%", by="obligor")
    found = [dict(shares(of, _table(some), {}, {})) for some in (rows, cut)]
    assert found[0] == pytest.approx(found[1], abs=1e-15)
    total = sum(amount for _, amount in rows)
    slow = {name: sum(amount for who, amount in rows if who == name) / total for name, _ in rows}
    assert found[0] == pytest.approx(slow)
    assert sum(found[0].values()) == pytest.approx(1.0)


def _table(rows: list[tuple[str, int]]) -> Table:
    return Table.build(
        CONTRACT_COLUMNS, len(rows), contract_id=np.array([str(number) for number in range(len(rows))]),
        obligor=np.array([name for name, _ in rows]), cutoff_balance=np.array([amount for _, amount in rows]),
    )  # fmt: skip
