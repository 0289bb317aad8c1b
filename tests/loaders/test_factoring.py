"""Factored receivables, from a row of text to scheduled cash.

By hand, cut-off 2026-03-31, simple discount, ACT/365F:
F01: face 1,000,000 due 2026-12-01, 245 days on. At 6 % a year the price is 1,000,000 / (1 + 0.06 × 245/365)
     = 1,000,000 / 1.04027397… = 961,285.2252…; on the due date 961,285.23 is repaid and 38,714.77 is income.
F02: face 500,000, 20,000 may be set off, 10 % is held back: 432,000 is paid. Bought for 420,000, it yields
     (432,000 / 420,000 − 1) × 365/245 = 4.2565… % a year.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from absengine.errors import TapeError
from absengine.schema import CashflowTable

Row = dict[str, str]
ROW: Row = {
    "asset_id": "F01", "seller": "Maker", "debtor": "Core", "face": "1000000", "discount_rate": "0.06",
    "maturity_date": "2026-12-01", "has_recourse": "N",
}  # fmt: skip


@pytest.fixture(scope="module")
def twin() -> ModuleType:
    return importlib.import_module("discounted")


@pytest.fixture
def load(tmp_path: Path, twin: ModuleType) -> Callable[..., CashflowTable]:
    """Writes rows, each a change of ROW with a number of its own, and loads them."""
    return lambda *rows: twin.loaded(tmp_path, "factoring", numbered(rows))


def numbered(rows: tuple[Row, ...]) -> list[Row]:
    return [ROW | {"asset_id": f"F{number:02d}"} | row for number, row in enumerate(rows, 1)]


def codes(refusal: pytest.ExceptionInfo[TapeError]) -> set[str]:
    return {problem.code for problem in refusal.value.problems}


def test_schedule__by_hand(load: Callable[..., CashflowTable]) -> None:
    pool = load({}, {"face": "500000", "set_off": "20000", "holdback": "10%", "discount_rate": "", "price": "420000"})
    flows, contracts = pool.flows, pool.contracts
    assert flows["due_date"].astype(str).tolist() == ["2026-12-01"] * 2
    assert flows["principal_due"] == pytest.approx([961_285.2252, 420_000.0], abs=1e-4)
    assert flows["interest_due"] == pytest.approx([38_714.7748, 12_000.0], abs=1e-4)
    assert contracts["rate"] == pytest.approx([0.06, (432 / 420 - 1) * 365 / 245])
    assert contracts["cutoff_balance"].tolist() == flows["opening_balance"].tolist()
    assert contracts["holdback"][1] == pytest.approx(0.1)
    assert contracts["previous_due_date"].astype(str).tolist() == ["2026-03-31"] * 2
    assert contracts["at_discount"].tolist() == [1.0, 1.0]


def test_schedule__without_price_and_rate_the_face_is_the_balance(load: Callable[..., CashflowTable]) -> None:
    pool = load({"discount_rate": ""})
    assert pool.flows["principal_due"].tolist() == [1_000_000.0] and pool.flows["interest_due"].tolist() == [0.0]
    assert pool.contracts["rate"].tolist() == [0.0]


def test_schedule__methods_and_day_counts(load: Callable[..., CashflowTable]) -> None:
    rows = [{"discount_method": name} for name in ("单利", "银行贴现", "复利")] + [{"day_count": "ACT/360"}]
    price = load(*rows).contracts["cutoff_balance"]
    time = 245 / 365
    assert price == pytest.approx(
        [1e6 / (1 + 0.06 * time), 1e6 * (1 - 0.06 * time), 1e6 / 1.06**time, 1e6 / (1 + 0.06 * 245 / 360)]
    )


def test_schedule__a_due_date_is_counted_from_the_invoice_and_put_off(load: Callable[..., CashflowTable]) -> None:
    counted = {"maturity_date": "", "invoice_date": "2026-02-10", "term_days": "90"}
    pool = load(counted, counted | {"extension_days": "30"}, {"extension_days": "5", "roll": "顺延", "calendar": "SSE"})
    assert pool.flows["due_date"].astype(str).tolist() == ["2026-05-11", "2026-06-10", "2026-12-07"]
    late = 1e6 / (1 + 0.06 * (245 + 5) / 365)
    assert pool.contracts["cutoff_balance"][2] == pytest.approx(late), "a holiday moves the payment, not the price"


def test_schedule__parties(load: Callable[..., CashflowTable]) -> None:
    """The debtor owes; with recourse the seller stands behind it, then whoever the tape names further."""
    pool = load(
        {"confirmed": "Y"},
        {"has_recourse": "Y", "recourse": "Maker; Parent、 Surety"},
        {"has_recourse": "有追索权", "debtor": ""},
        {"obligor": "Branch", "has_recourse": "Y"},
    )
    contracts = pool.contracts
    assert contracts["debtor"].tolist() == ["Core", "Core", "Maker", "Core"]
    assert contracts["obligor"].tolist() == ["Core", "Core", "Maker", "Branch"]
    assert contracts["recourse"].tolist() == ["", "Maker;Parent;Surety", "", "Maker"]
    assert contracts["seller"].tolist() == ["Maker"] * 4 and contracts["confirmed"].tolist() == ["yes", "", "", ""]


def test_schedule__parts_of_one_invoice_need_its_amount(load: Callable[..., CashflowTable]) -> None:
    part = {"invoice_no": "24000001", "face": "400000"}
    with pytest.raises(TapeError) as refusal:
        load(part, part)
    assert codes(refusal) == {"invoice-assigned-twice"}
    assert len(load(part, {**part, "seller": "Other"}).contracts) == 2
    stated = part | {"invoice_amount": "1000000"}
    assert load(stated, stated).balance == pytest.approx(load(part | {"face": "800000"}).balance)
    with pytest.raises(TapeError) as refusal:
        load(stated, stated, stated)
    assert codes(refusal) == {"invoice-assigned-twice"}


def test_schedule__a_price_in_wan_with_two_decimals_does_not_contradict_its_rate(
    load: Callable[..., CashflowTable],
) -> None:
    assert load({"price": "961300"}).balance == 961_300.0
    with pytest.raises(TapeError) as refusal:
        load({"price": "958000"})
    assert codes(refusal) == {"discount-contradicts-price"}


def test_schedule__every_problem_of_a_tape_is_told_at_once(load: Callable[..., CashflowTable]) -> None:
    with pytest.raises(TapeError) as refusal:
        load(
            {"maturity_date": "2026-03-30"}, {"confirmed": "Y", "debtor": ""}, {"maturity_date": ""}, {"seller": "Core"}
        )
    assert codes(refusal) == {"due-before-cutoff", "confirmed-without-debtor", "maturity-missing", "seller-is-debtor"}


amounts = st.integers(1_000, 90_000_000).map(str)
shares = st.sampled_from(["", "0", "0.1", "0.25"])
receivables = st.fixed_dictionaries(
    {
        "face": amounts,
        "set_off": st.sampled_from(["", "0", "999"]),
        "holdback": shares,
        "discount_rate": st.integers(1, 2400).map(lambda bp: str(bp / 10_000)),
        "discount_method": st.sampled_from(["", "simple", "bank", "compound"]),
        "day_count": st.sampled_from(["", "ACT/360", "ACT/365F"]),
        "maturity_date": st.integers(0, 700).map(lambda n: str(np.datetime64("2026-03-31") + n)),
        "extension_days": st.sampled_from(["", "0", "17"]),
    }
)


@settings(max_examples=40, deadline=None)
@given(rows=st.lists(receivables, min_size=1, max_size=6))
def test_schedule__is_the_twins(rows: list[Row], tmp_path_factory: pytest.TempPathFactory) -> None:
    """Price is the value at the rate, flows sum to the claim, principal to the price."""
    twin = importlib.import_module("discounted")
    full = numbered(tuple(rows))
    pool = twin.loaded(tmp_path_factory.mktemp("twin"), "factoring", full)
    flows = pool.flows
    claims = np.array([float(twin.claim(row)) for row in full])
    prices = [twin.price(row, "simple", "ACT/365F") for row in full]
    np.testing.assert_allclose(pool.contracts["cutoff_balance"], prices, rtol=1e-12)
    np.testing.assert_allclose(flows["principal_due"] + flows["interest_due"], claims, rtol=1e-12)
    assert [str(day) for day in flows["due_date"]] == [str(twin.due(row)) for row in full]
    assert flows["closing_balance"].tolist() == [0.0] * len(rows)


@settings(max_examples=25, deadline=None)
@given(row=receivables, cut=st.sampled_from(["0.5", "0.1", "0.333"]))
def test_schedule__a_row_cut_in_two_is_worth_the_same(
    row: Row, cut: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    twin, folder = importlib.import_module("discounted"), tmp_path_factory.mktemp("cut")
    share = float(cut)
    halves = [
        row | {name: repr(float(row[name] or 0) * part) for name in ("face", "set_off")} for part in (share, 1 - share)
    ]
    whole, parts = (twin.loaded(folder, "factoring", numbered(rows)) for rows in ((row,), tuple(halves)))
    for name in ("opening_balance", "principal_due", "interest_due"):
        assert parts.flows[name].sum() == pytest.approx(whole.flows[name].sum(), rel=1e-9, abs=1e-6)
    assert set(parts.flows["due_date"]) == set(whole.flows["due_date"])


@settings(max_examples=25, deadline=None)
@given(row=receivables)
def test_schedule__the_rate_of_a_price_gives_the_price(row: Row, tmp_path_factory: pytest.TempPathFactory) -> None:
    twin, folder = importlib.import_module("discounted"), tmp_path_factory.mktemp("rate")
    priced = twin.price(row, "simple", "ACT/365F")
    pool = twin.loaded(folder, "factoring", numbered((row | {"price": repr(priced), "discount_rate": ""},)))
    waits = twin.due(row) > twin.CUTOFF
    assert pool.contracts["rate"][0] == pytest.approx(float(row["discount_rate"]) if waits else 0.0, rel=1e-5, abs=1e-9)
