"""Concentration and strata by hand, and what must hold for any pool."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from absengine.loaders import LOADERS
from absengine.loaders.rights import rights_table
from absengine.loaders.stratify import concentration, stratify
from absengine.loaders.tape import read_tape

HEADERS = ["资产编号", "借款人", "行业", "余额", "年利率", "到期日", "封包日"]
ROWS = [
    ["1", "甲", "软件", "500", "5%", "2026-04-30", "2026-03-31"],
    ["2", "乙", "医药", "300", "4%", "2027-03-31", "2026-03-31"],
    ["3", "甲", "软件", "100", "4%", "2028-03-31", "2026-03-31"],
    ["4", "丙", "文化", "100", "6%", "2026-03-31", "2026-03-31"],
]


def test_concentration__by_hand() -> None:
    found = concentration(["甲", "乙", "甲", "丙"], np.array([500.0, 300.0, 100.0, 100.0]))
    assert found.names == 3
    assert found.top == pytest.approx({1: 0.6, 3: 1.0})
    assert found.hhi == pytest.approx(0.36 + 0.09 + 0.01)
    assert found.effective == pytest.approx(1 / 0.46)
    assert found.largest[0] == ("甲", pytest.approx(0.6))


def test_concentration__twelve_loans_of_the_published_example() -> None:
    """gaoxintou-5: top five 60 %, effective number 10.0 (domain guide §10)."""
    loans = np.array([3000, 2800, 2400, 2200, 2000, 1800, 1600, 1400, 1200, 1000, 700, 500], dtype=float)
    found = concentration([str(place) for place in range(12)], loans)
    assert found.top[5] == pytest.approx(0.602, abs=5e-4)
    assert found.effective == pytest.approx(10.0, abs=0.05)


def test_stratify__kinds_that_call_balance_and_payer_by_other_names(tmp_path: Path, tapes: ModuleType) -> None:
    """Factoring: price where stated, else face; who owes is the debtor, and what is kept on standby is not counted."""
    rows = [
        ["资产编号", "卖方", "买方", "应收账款金额", "受让价款", "折扣率", "应付日", "追索权", "备选资产"],
        ["1", "甲", "核心", "500", "490", "", "2026-12-31", "N", ""],
        ["2", "乙", "核心", "300", "", "5%", "2026-12-31", "N", "N"],
        ["3", "丙", "核心", "900", "", "4%", "2026-12-31", "N", "Y"],
    ]
    path = tapes.write_csv(tmp_path / "tape.csv", rows)
    read = read_tape(path, kind="factoring", fields=LOADERS["factoring"].FIELDS)
    found = stratify(read, rights_table(None, read), np.datetime64("2026-03-31"))
    assert (found.contracts, found.obligors, found.balance) == (2, 1, 790.0)
    assert found.rate == pytest.approx(0.05) and found.obligor.largest == [("核心", 1.0)]


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 10**9)), min_size=1, max_size=40))
def test_concentration__bounds(rows: list[tuple[int, int]]) -> None:
    found = concentration([str(name) for name, _ in rows], np.array([float(amount) for _, amount in rows]))
    assert 1 - 1e-9 <= found.effective <= found.names * (1 + 1e-9)
    shares = list(found.top.values())
    assert shares == sorted(shares) and shares[-1] <= 1 + 1e-9


def test_concentration__a_pool_without_balance_has_no_shares() -> None:
    assert np.isnan(concentration(["甲"], np.array([0.0])).hhi)


def test_stratify__by_hand(tapes: ModuleType, tmp_path: Path) -> None:
    tape = tapes.read(tapes.write_csv(tmp_path / "t.csv", [HEADERS, *ROWS]))
    summary = stratify(tape, rights_table(None, tape), np.datetime64("NaT", "D"))
    assert (summary.contracts, summary.obligors, summary.balance) == (4, 3, 1000.0)
    assert summary.rate == pytest.approx(0.047)
    tables = {table.by: table.rows for table in summary.strata}
    assert list(tables) == ["industry", "term", "rate"]
    assert [(row.name, row.contracts, row.share) for row in tables["industry"]] == [
        ("软件", 2, 0.6), ("医药", 1, 0.3), ("文化", 1, 0.1),
    ]  # fmt: skip
    assert [(row.name, row.balance) for row in tables["term"]] == [
        ("[0, 3]", 600.0),
        ("(6, 12]", 300.0),
        ("(24, 36]", 100.0),
    ]
    assert [(row.name, row.balance) for row in tables["rate"]] == [
        ("(3%, 4%]", 400.0),
        ("(4%, 5%]", 500.0),
        ("(5%, 6%]", 100.0),
    ]
    assert tables["industry"][0].rate == pytest.approx((500 * 0.05 + 100 * 0.04) / 600)


def test_stratify__every_table_adds_up_to_the_pool(tapes: ModuleType, tmp_path: Path) -> None:
    rows = [[*cells] for cells in ROWS]
    rows[1][2], rows[2][4], rows[3][5] = "", "", ""
    tape = tapes.read(tapes.write_csv(tmp_path / "t.csv", [HEADERS, *rows]))
    for table in stratify(tape, rights_table(None, tape), np.datetime64("2026-03-31")).strata:
        assert sum(row.balance for row in table.rows) == 1000.0, table.by
        assert sum(row.contracts for row in table.rows) == 4, table.by
        assert "not stated" in {row.name for row in table.rows}, table.by


def test_stratify__kinds_of_right_stand_in_one_line_per_contract(tapes: ModuleType, tmp_path: Path) -> None:
    rows = [
        ["资产编号", "余额", "专利号", "知识产权类型"],
        ["1", "60", "P1", "发明"], ["", "", "P2", "外观"], ["2", "40", "", ""],
    ]  # fmt: skip
    tape = tapes.read(tapes.write_csv(tmp_path / "t.csv", rows))
    (table,) = stratify(tape, rights_table(tape.beside, tape), np.datetime64("NaT", "D")).strata
    assert [(row.name, row.balance) for row in table.rows] == [("design + invention", 60.0), ("none", 40.0)]
