"""Whole deals: equal to the slow twin, budgets that close, priority kept, lanes that do not know their neighbours.

Two hundred random deals of up to 60 rows for each property; ten thousand in tests/soak.
"""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import deal_properties
import numpy as np
from hypothesis import given
from random_deals import Case, cases, plain_cases

from absengine.run import stress

SCENARIOS = Path(__file__).parents[2] / "scenarios"


@given(cases(most_rows=60))
def test_compile_program__equals_the_twin(case: Case) -> None:
    deal_properties.meets_the_twin(case)


@given(cases(most_rows=60))
def test_compile_program__cash_and_balances_roll_forward(case: Case) -> None:
    deal_properties.balances_roll(case)
    deal_properties.cash_closes(case)


@given(cases(most_rows=60))
def test_compile_program__no_step_takes_what_an_earlier_one_lacks(case: Case) -> None:
    deal_properties.keeps_priority(case)


@given(cases(most_rows=60, lanes=7))
def test_run_waterfall__same_bits_for_any_blocks_and_threads(case: Case) -> None:
    deal_properties.same_bits_in_any_blocks(case)


@given(plain_cases())
def test_run_waterfall__a_pool_without_losses_pays_everyone(case: Case) -> None:
    deal_properties.everyone_is_paid(case)


@given(plain_cases(losses=(0.0, 0.05, 0.12, 0.3, 0.6, 0.9, 1.0)))
def test_run_waterfall__junior_is_hit_before_senior(case: Case) -> None:
    deal_properties.junior_first(case)


def test_stress__splitting_every_loan_in_two_changes_nothing(tmp_path: Path) -> None:
    whole, halves = tmp_path / "whole", tmp_path / "halves"
    for folder in (whole, halves):
        shutil.copytree(SCENARIOS / "deals" / "gaoxintou-5", folder)
        text = (folder / "deal.toml").read_text(encoding="utf-8")
        lines = [line for line in text.splitlines() if not line.startswith("rights")]  # rights name the unsplit loans
        (folder / "deal.toml").write_text("\n".join(lines), encoding="utf-8")
    with (halves / "tape.csv").open(encoding="utf-8-sig", newline="") as file:
        head, *rows = list(csv.reader(file))
    with (halves / "tape.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([head, *(half(head, row, part) for row in rows for part in ("a", "b"))])
    one, two = (stress(folder / "deal.toml", [SCENARIOS / "packs" / "grid.toml"]).paths for folder in (whole, halves))
    assert one.labels.items == two.labels.items and len(one.scenarios) == 27
    for item in one.labels.items:
        assert np.max(np.abs(one.item(item) - two.item(item))) <= 2.0, item  # fen: sums are added up in another order
    assert one.item("tranche.SUB.residual_paid").sum() > 0


def half(head: list[str], row: list[str], part: str) -> list[str]:
    """A line of the tape as one of two equal loans."""
    cells = dict(zip(head, row, strict=True))
    cells["资产编号"] += part
    for column in ("合同金额(万元)", "未偿本金余额(万元)"):
        cells[column] = str(float(cells[column]) / 2)
    return list(cells.values())
