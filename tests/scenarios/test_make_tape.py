"""The synthetic tape is what its script writes, and meets the targets it states."""

from __future__ import annotations

import csv
import importlib.util
from collections import Counter
from datetime import date
from pathlib import Path
from types import ModuleType

import pytest

FOLDER = Path(__file__).parents[2] / "scenarios" / "deals" / "gaoxintou-5"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_tape", FOLDER / "make_tape.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def rows(name: str) -> list[dict[str, str]]:
    with (FOLDER / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("name", ["tape.csv", "rights.csv"])
def test_main__writes_the_same_bytes(script: ModuleType, name: str, tmp_path: Path) -> None:
    script.main(tmp_path)
    assert (tmp_path / name).read_bytes() == (FOLDER / name).read_bytes()


def test_tape__meets_its_targets() -> None:
    loans = rows("tape.csv")
    balances = [float(loan["未偿本金余额(万元)"]) for loan in loans]
    rates = [float(loan["年利率"].rstrip("%")) for loan in loans]
    assert len(loans) == 12
    assert sum(balances) == 20_600
    assert sum(b * r for b, r in zip(balances, rates, strict=True)) / sum(balances) == pytest.approx(5.0, abs=1e-12)
    assert min(rates) >= 4.6 and max(rates) <= 5.4
    assert sum(sorted(balances)[-5:]) / sum(balances) == pytest.approx(0.60, abs=0.005)
    assert sum(balances) ** 2 / sum(b * b for b in balances) == pytest.approx(10.0, abs=0.05)
    assert len({loan["行业"] for loan in loans}) == 4
    assert {loan["影子评级"] for loan in loans} <= {"BB", "BB-", "B+"}
    assert len({loan["保证人"] for loan in loans}) == len({loan["地区"] for loan in loans}) == 1
    assert all((date(2023, 4, 14) - date.fromisoformat(loan["到期日"])).days >= 10 for loan in loans)


def test_rights__meet_their_targets() -> None:
    loans = {loan["资产编号"]: float(loan["未偿本金余额(万元)"]) for loan in rows("tape.csv")}
    rights = rows("rights.csv")
    assert len(rights) == len({right["专利号"] for right in rights}) == 26
    assert set(Counter(right["知识产权类型"] for right in rights)) == {"发明专利", "实用新型", "外观设计"}
    for loan, balance in loans.items():
        appraised = sum(float(right["评估值(万元)"]) for right in rights if right["资产编号"] == loan)
        assert 0.30 <= round(balance / appraised, 3) <= 0.50
