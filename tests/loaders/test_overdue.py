"""Contracts overdue at the cut-off date: in which bucket they are shown, and that nothing overdue arrives early."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from absengine.loaders import PoolSource, load_pool, overdue
from absengine.loaders.rights import rights_table
from absengine.loaders.stratify import stratify
from absengine.schema import CashflowTable

CUTOFF = np.datetime64("2026-03-31")
LOAN = {
    "asset_id": "1", "start_date": "2026-01-10", "maturity_date": "2027-01-10", "balance": "1200", "rate": "6%",
    "amort_type": "even", "frequency": "quarterly",
}  # fmt: skip


def _load(folder: Path, row: dict[str, str], plan: str = "") -> CashflowTable:
    full = LOAN | row
    (folder / "t.csv").write_text(f"{','.join(full)}\n{','.join(full.values())}\n", "utf-8")
    file = folder / "plan.csv" if plan else None
    if file:
        file.write_text("asset_id,due_date,principal,interest\n" + plan, "utf-8")
    return load_pool([PoolSource(folder / "t.csv", "pledge_loan", plan=file)], CUTOFF, {})


def _flows(pool: CashflowTable) -> list[tuple[str, float, float]]:
    names = ("due_date", "principal_due", "interest_due")
    return [(str(due), round(float(paid), 6), round(float(earned), 6))
            for due, paid, earned in zip(*(pool.flows[name] for name in names), strict=True)]  # fmt: skip


def test_arrears__fall_due_on_the_last_date_without_interest(tmp_path: Path) -> None:
    """1,200 of which 300 were missed, and 25 of interest: 900 evenly at 1.5 % a quarter, 300 and 25 at the end."""
    pool = _load(tmp_path, {"dpd": "40", "overdue_principal": "300", "accrued_interest": "25"})
    assert _flows(pool) == [
        ("2026-04-10", 225.0, 13.5), ("2026-07-10", 225.0, 10.125), ("2026-10-10", 225.0, 6.75),
        ("2027-01-10", 525.0, 3.375 + 25),
    ]  # fmt: skip
    assert pool.flows["opening_balance"].tolist() == [1200.0, 975.0, 750.0, 525.0]


def test_arrears__interest_owed_without_delay_is_due_with_the_next_payment(tmp_path: Path) -> None:
    pool = _load(tmp_path, {"dpd": "0", "accrued_interest": "25"})
    assert _flows(pool)[0] == ("2026-04-10", 300.0, 18.0 + 25)


@pytest.mark.parametrize("row", [{"dpd": "91"}, {"account_status": "defaulted"}])
def test_arrears__beyond_ninety_days_everything_waits_for_the_last_date(tmp_path: Path, row: dict[str, str]) -> None:
    assert _flows(_load(tmp_path, row | {"accrued_interest": "25"})) == [("2027-01-10", 1200.0, 0.0)]
    assert len(_flows(_load(tmp_path, {"dpd": "90"}))) == 4


def test_arrears__beside_a_plan(tmp_path: Path) -> None:
    lines = "1,2026-05-01,600,9\n1,2026-08-01,300,4\n"
    row = {"amort_type": "plan", "frequency": "", "dpd": "10", "overdue_principal": "300"}
    assert _flows(_load(tmp_path, row, lines)) == [("2026-05-01", 600.0, 9.0), ("2026-08-01", 600.0, 4.0)]
    lost = row | {"dpd": "120"}
    assert _flows(_load(tmp_path, lost, lines)) == [("2026-08-01", 1200.0, 0.0)]


@settings(max_examples=40, deadline=None)
@given(
    kind=st.sampled_from(["even", "level", "bullet"]), dpd=st.integers(0, 150), missed=st.integers(0, 12),
    owed=st.integers(0, 40), grace=st.integers(0, 2),
)  # fmt: skip
def test_arrears__never_bring_cash_forward(
    tmp_path_factory: pytest.TempPathFactory, kind: str, dpd: int, missed: int, owed: int, grace: int
) -> None:
    """All principal comes; on no date has more cash come than if the contract were on time."""
    folder = tmp_path_factory.mktemp("o")
    terms = {"amort_type": kind, "grace_terms": str(grace)}
    on_time = _load(folder, terms | {"accrued_interest": str(owed)})
    late = {"dpd": str(dpd), "overdue_principal": str(100 * missed if dpd else 0), "accrued_interest": str(owed)}
    behind = _load(folder, terms | late)
    dates = on_time.flows["due_date"]
    early, late_cash = (
        np.array(
            [float((flows["principal_due"] + flows["interest_due"])[flows["due_date"] <= date].sum()) for date in dates]
        )
        for flows in (on_time.flows, behind.flows)
    )
    assert (late_cash <= early + 1e-6).all()
    assert float(behind.flows["principal_due"].sum()) == pytest.approx(1200)
    np.testing.assert_allclose(behind.flows["opening_balance"][1:], behind.flows["closing_balance"][:-1], atol=1e-9)


def test_buckets__edges() -> None:
    days = np.array([0, 1, 30, 31, 60, 61, 90, 91, 4000, np.nan])
    assert overdue.buckets(days).tolist() == [0, 1, 1, 2, 2, 3, 3, 4, 4, 5]


def test_stratify__overdue_buckets_classes_and_extensions(tapes: ModuleType, tmp_path: Path) -> None:
    rows = [
        ["资产编号", "余额", "逾期天数", "五级分类", "是否展期"],
        ["1", "500", "0", "正常", "否"], ["2", "300", "15", "关注", "是"], ["3", "150", "95", "可疑", "是"],
        ["4", "50", "", "", ""],
    ]  # fmt: skip
    tape = tapes.read(tapes.write_csv(tmp_path / "t.csv", rows))
    tables = {table.by: table.rows for table in stratify(tape, rights_table(None, tape), CUTOFF).strata}
    assert [(row.name, row.contracts, row.balance) for row in tables["overdue"]] == [
        ("current", 1, 500.0), ("1–30 days", 1, 300.0), ("31–60 days", 0, 0.0), ("61–90 days", 0, 0.0),
        ("90+ days", 1, 150.0), ("not stated", 1, 50.0),
    ]  # fmt: skip
    assert [row.name for row in tables["loan_class"]] == ["normal", "special_mention", "doubtful", "not stated"]
    assert [(row.name, row.share) for row in tables["extended"]] == [("yes", 0.45), ("no", 0.5), ("not stated", 0.05)]


def test_said__how_many_and_how_they_enter(tapes: ModuleType, tmp_path: Path) -> None:
    rows = [["资产编号", "余额", "逾期天数"], ["1", "500", "0"], ["2", "300", "15"], ["3", "200", "95"]]
    tape = tapes.read(tapes.write_csv(tmp_path / "t.csv", rows))
    first, lost, silent = overdue.said(tape)
    assert "2 contracts are overdue (50.00% of the balance)" in first
    assert lost.startswith("1 of them") and silent.startswith("1 of them state no overdue principal")
    on_time = tapes.read(tapes.write_csv(tmp_path / "u.csv", rows[:2]))
    assert overdue.said(on_time) == []
