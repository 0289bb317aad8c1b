"""A pool given as its projected collections."""

from pathlib import Path

import numpy as np
import pytest

from absengine.errors import TapeError
from absengine.loaders import PoolSource, load_pool
from absengine.schema import CashflowTable

HEADER = "归集日期,期初剩余本金,回收本金,回收利息,期末剩余本金"
ROWS = ["2026-03-31,1000,100,5,900", "2026-06-30,900,300,4.5,600", "2026-09-30,600,600,3,0"]


def _load(folder: Path, rows: list[str], header: str = HEADER, cutoff: str = "2026-04-01") -> CashflowTable:
    file = folder / "归集表.csv"
    file.write_text("\n".join([header, *rows]) + "\n", "utf-8")
    return load_pool([PoolSource(file, "cashflow_table")], np.datetime64(cutoff), {})


def test_schedule__one_contract_from_the_cutoff_on(tmp_path: Path) -> None:
    pool = _load(tmp_path, ROWS)
    assert pool.flows["due_date"].astype(str).tolist() == ["2026-06-30", "2026-09-30"]
    assert pool.flows["principal_due"].tolist() == [300.0, 600.0]
    assert pool.flows["interest_due"].tolist() == [4.5, 3.0]
    assert pool.flows["opening_balance"].tolist() == [900.0, 600.0]
    assert pool.flows["closing_balance"].tolist() == [600.0, 0.0]
    assert pool.balance == 900.0
    assert pool.contracts["contract_id"].tolist() == ["归集表"]
    assert pool.obligors == ("归集表",)
    assert str(pool.contracts["maturity_date"][0]) == "2026-09-30"


def test_schedule__balances_may_be_left_out_and_rows_unordered(tmp_path: Path) -> None:
    pool = _load(tmp_path, ["2026-09-30,600,3", "2026-06-30,300,4.5"], "归集日期,回收本金,回收利息")
    assert pool.flows["opening_balance"].tolist() == [900.0, 600.0]


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        (["2026-06-30,900,300,4,600", "2026-06-30,600,600,3,0"], "duplicate-date"),
        (["2026-06-30,900,300,4,650", "2026-09-30,650,600,3,50"], "collections-row-does-not-close"),
        (["2026-06-30,900,300,4,600", "2026-09-30,500,500,3,0"], "collections-balance-jumps"),
        (["2026-06-30,900,300,4,600"], "collections-not-repaid"),
        (["2026-01-31,900,900,4,0"], "collections-before-cutoff"),
    ],
)
def test_schedule__refuses(tmp_path: Path, rows: list[str], code: str) -> None:
    with pytest.raises(TapeError) as refusal:
        _load(tmp_path, rows)
    assert code in [problem.code for problem in refusal.value.problems]
