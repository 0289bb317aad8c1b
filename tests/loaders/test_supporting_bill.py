"""Bills of exchange, from a row of text to scheduled cash.

By hand, cut-off 2026-03-31, bank discount, ACT/360: a bill of 10,000,000 due 2026-09-27, 180 days on, at 3.6 % is worth
10,000,000 × (1 − 0.036 × 180/360) = 9,820,000; on maturity 9,820,000 is repaid and 180,000 is income.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from absengine.errors import TapeError
from absengine.schema import CashflowTable

Row = dict[str, str]
ROW: Row = {
    "asset_id": "B01", "face": "10000000", "acceptor": "Acceptor", "discount_rate": "3.6%",
    "start_date": "2026-03-01", "maturity_date": "2026-09-27",
}  # fmt: skip


def numbered(rows: tuple[Row, ...]) -> list[Row]:
    return [ROW | {"asset_id": f"B{number:02d}"} | row for number, row in enumerate(rows, 1)]


@pytest.fixture
def load(tmp_path: Path) -> Callable[..., CashflowTable]:
    twin = importlib.import_module("discounted")
    return lambda *rows: twin.loaded(tmp_path, "supporting_bill", numbered(rows))


def test_schedule__by_hand(load: Callable[..., CashflowTable]) -> None:
    pool = load({})
    assert pool.flows["principal_due"].tolist() == pytest.approx([9_820_000.0])
    assert pool.flows["interest_due"].tolist() == pytest.approx([180_000.0])
    assert pool.contracts["rate"].tolist() == [0.036] and pool.contracts["asset_kind"].tolist() == ["supporting_bill"]


def test_schedule__acceptor_owes_then_endorsers_then_drawer(load: Callable[..., CashflowTable]) -> None:
    pool = load(
        {"recourse": "Second、First", "drawer": "Maker"},
        {"drawer": "Acceptor"},
        {"recourse": "First -> Maker", "drawer": "Maker"},
    )
    assert pool.contracts["debtor"].tolist() == ["Acceptor"] * 3
    assert pool.contracts["obligor"].tolist() == ["Acceptor"] * 3
    assert pool.contracts["recourse"].tolist() == ["Second;First;Maker", "", "First;Maker"]


def test_schedule__parts_of_a_split_bill_do_not_overlap(load: Callable[..., CashflowTable]) -> None:
    bill = {"bill_no": "51020001"}
    assert len(load(bill | {"bill_range": "1-500"}, bill | {"bill_range": "501-1000"}).contracts) == 2
    for second in ("400-900", ""):
        with pytest.raises(TapeError) as refusal:
            load(bill | {"bill_range": "1-500"}, bill | {"bill_range": second})
        assert [problem.code for problem in refusal.value.problems] == ["bill-endorsed-twice"]


def test_schedule__the_acceptor_is_not_in_its_own_chain(load: Callable[..., CashflowTable]) -> None:
    with pytest.raises(TapeError) as refusal:
        load({"recourse": "First;Acceptor"}, {"acceptor": ""}, {"discount_rate": "50%", "maturity_date": "2029-03-31"})
    assert {problem.code for problem in refusal.value.problems} == {"recourse-on-debtor", "acceptor-missing"}
    with pytest.raises(TapeError) as refusal:
        load({"discount_rate": "50%", "maturity_date": "2029-03-31"})
    assert [problem.code for problem in refusal.value.problems] == ["price-not-positive"]


bills = st.fixed_dictionaries(
    {
        "face": st.integers(1_000, 90_000_000).map(str),
        "discount_rate": st.integers(1, 2400).map(lambda bp: str(bp / 10_000)),
        "discount_method": st.sampled_from(["", "simple", "compound"]),
        "maturity_date": st.integers(0, 400).map(lambda n: str(np.datetime64("2026-03-31") + n)),
    }
)


@settings(max_examples=40, deadline=None)
@given(rows=st.lists(bills, min_size=1, max_size=5))
def test_schedule__is_the_twins(rows: list[Row], tmp_path_factory: pytest.TempPathFactory) -> None:
    twin = importlib.import_module("discounted")
    full = numbered(tuple(rows))
    pool = twin.loaded(tmp_path_factory.mktemp("twin"), "supporting_bill", full)
    prices = [twin.price(row, "bank", "ACT/360") for row in full]
    np.testing.assert_allclose(pool.contracts["cutoff_balance"], prices, rtol=1e-12)
    total = pool.flows["principal_due"] + pool.flows["interest_due"]
    np.testing.assert_allclose(total, [float(row["face"]) for row in full], rtol=1e-12)


@settings(max_examples=25, deadline=None)
@given(bill=bills, share=st.sampled_from([0.5, 0.1, 0.333]))
def test_schedule__a_bill_cut_in_two_is_worth_the_same(
    bill: Row, share: float, tmp_path_factory: pytest.TempPathFactory
) -> None:
    twin, folder = importlib.import_module("discounted"), tmp_path_factory.mktemp("cut")
    halves = tuple(bill | {"face": repr(float(bill["face"]) * part)} for part in (share, 1 - share))
    whole, parts = (twin.loaded(folder, "supporting_bill", numbered(rows)) for rows in ((bill,), halves))
    for name in ("opening_balance", "principal_due", "interest_due"):
        assert parts.flows[name].sum() == pytest.approx(whole.flows[name].sum(), rel=1e-9, abs=1e-6)
    assert set(parts.flows["due_date"]) == set(whole.flows["due_date"])
