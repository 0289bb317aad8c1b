"""A total that is not the sum of its rows is told; a rounded one is not."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest


@pytest.mark.parametrize(
    ("subtotal", "total", "warnings"),
    [
        ("300", "700", 0),
        ("301", "700", 1),
        ("300", "699", 1),
        ("300", "700.00", 0),
        ("", "", 0),
    ],
)
def test_check_totals__subtotals_and_totals(
    tapes: ModuleType, tmp_path: Path, subtotal: str, total: str, warnings: int
) -> None:
    rows = [
        ["资产编号", "余额"], ["1", "100"], ["2", "200"], ["小计", subtotal],
        ["3", "400"], ["小计", "400"], ["合计", total],
    ]  # fmt: skip
    tape = tapes.read(tapes.write_csv(tmp_path / "t.csv", rows))
    assert len(tape.report.warnings) == warnings


def test_check_totals__a_total_rounded_to_its_last_digit(tapes: ModuleType, tmp_path: Path) -> None:
    rows = [["资产编号", "余额（万元）"], ["1", "100.004"], ["2", "200.003"], ["合计", "300.01"]]
    assert tapes.read(tapes.write_csv(tmp_path / "t.csv", rows)).report.warnings == []
