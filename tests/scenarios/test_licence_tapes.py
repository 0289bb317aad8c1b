"""Tapes of both licence deals: what their scripts write, the targets they meet, variants that do not fit the notes."""

from __future__ import annotations

import csv
import importlib.util
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from absengine.loaders import PoolSource, load_pool
from absengine.run import StressRun, stress

DEALS = Path(__file__).parents[2] / "scenarios" / "deals"
GUANGZHOU, ZHONGGUANCUN = DEALS / "guangzhou-patent-licence", DEALS / "zhongguancun-2022-1"
PACK = """schema = "absengine.pack/1"
title = "who pays"
source = "test"
[scenario.contract]
[scenario.gone]
supporter = [{ entity = "guarantor", gone = 2019-01-01 }]
"""
NO_LESSOR = """[scenario.no_lessor]
supporter = [{ entity = "lessor", gone = 2019-01-01 }]
"""


def script(deal: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_tape", deal / "make_tape.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def repaid(folder: Path, cutoff: str, day: str) -> float:
    """Share of the pool repaid by a day."""
    source = PoolSource(folder / "tape.csv", "licensing", rights=folder / "rights.csv")
    pool = load_pool([source], np.datetime64(cutoff), {})
    early = pool.flows["due_date"] <= np.datetime64(day)
    return float(pool.flows["principal_due"][early].sum() / pool.balance)


@pytest.fixture
def variant(tmp_path: Path) -> Callable[..., StressRun]:
    """Stresses a deal on another tape of its script."""

    def run(deal: Path, *months: int, more: str = "", **options: bool) -> StressRun:
        folder = shutil.copytree(deal, tmp_path / "deal")
        script(deal).main(folder, *months, **options)
        (tmp_path / "pack.toml").write_text(PACK + more, "utf-8")
        return stress(folder, [tmp_path / "pack.toml"])

    return run


def item(run: StressRun, scenario: str, name: str) -> dict[str, float]:
    """A recorded item by payment date, in 元."""
    lane = run.paths.scenarios.index(scenario)
    values = run.paths.item(name)[:, lane] * run.paths.labels.unit
    return dict(zip(run.paths.labels.pay_dates, values.tolist(), strict=True))


@pytest.mark.parametrize("deal", [GUANGZHOU, ZHONGGUANCUN], ids=lambda deal: deal.name)
def test_main__writes_the_same_bytes(deal: Path, tmp_path: Path) -> None:
    script(deal).main(tmp_path)
    written = sorted(path.name for path in tmp_path.iterdir())
    assert {"tape.csv", "rights.csv"} <= set(written)
    for name in written:
        assert (tmp_path / name).read_bytes() == (deal / name).read_bytes(), name


def test_guangzhou__tape_and_rights_meet_their_targets() -> None:
    tape, rights = rows(GUANGZHOU / "tape.csv"), rows(GUANGZHOU / "rights.csv")
    balances = {row["资产编号"]: float(row["未偿本金余额(万元)"]) for row in tape}
    assert list(balances.values()) == [4500, 4000, 3600, 3200, 3000, 2600, 2300, 2200, 1900, 1600, 1200]
    assert sum(balances.values()) == 30_100
    assert {row["年利率"] for row in tape} == {"6.0%"}
    assert {row["许可费口径"] for row in tape} == {"不含税"}
    assert Counter(right["知识产权类型"] for right in rights) == {"发明专利": 103, "实用新型": 37}
    for contract, balance in balances.items():
        appraised = sum(float(right["评估值(万元)"]) for right in rights if right["资产编号"] == contract)
        assert 0.295 <= balance / appraised <= 0.505


def test_guangzhou__five_years_leave_44_per_cent_at_month_36_and_call_the_payer_on_every_date(variant) -> None:
    run = variant(GUANGZHOU, 60)
    left = run.paths.channel("performing")[run.paths.labels.pay_dates.index("2022-08-11"), 0]
    assert left * run.paths.labels.unit / 301e6 == pytest.approx((1 - 1.015**-8) / (1 - 1.015**-20), abs=1e-9)
    drawn = [amount for amount in item(run, "contract", "support.topup.drawn").values() if amount]
    assert len(drawn) == 12
    assert sum(drawn) == pytest.approx(96.03e6, abs=0.01e6)
    paid = item(run, "gone", "tranche.A.principal_paid")
    assert 285e6 - sum(paid[day] for day in paid if day <= "2022-08-11") == pytest.approx(101.29e6, abs=0.01e6)


def test_guangzhou__a_put_after_three_years_repays_the_notes_and_the_payer(variant) -> None:
    run = variant(GUANGZHOU, 60, put=True)
    assert item(run, "contract", "support.topup.owed")["2022-08-11"] == 0
    drawn = [amount for amount in item(run, "contract", "support.topup.drawn").values() if amount]
    assert len(drawn) == 11
    assert sum(drawn) == pytest.approx(87.38e6, abs=0.01e6)
    assert sum(item(run, "gone", "tranche.A.principal_paid").values()) == pytest.approx(285e6)


def test_zhongguancun__6_to_20_months_bring_the_pool_home_in_time_and_9_to_24_do_not(tmp_path: Path) -> None:
    tape = rows(ZHONGGUANCUN / "tape.csv")
    assert len(tape) == 12
    assert sum(float(row["未偿本金余额(万元)"]) for row in tape) == 10_700
    script(ZHONGGUANCUN).main(tmp_path, 9, 24)
    needed, last = (73 / 107, 101 / 107), ("2023-05-31", "2023-11-30")
    sound = [repaid(ZHONGGUANCUN, "2022-07-31", day) for day in last]
    late = [repaid(tmp_path, "2022-07-31", day) for day in last]
    assert sound == pytest.approx([0.774, 0.973], abs=5e-4)
    assert late == pytest.approx([0.631, 0.897], abs=5e-4)
    assert all(have > need for have, need in zip(sound, needed, strict=True))
    assert all(have < need for have, need in zip(late, needed, strict=True))


def test_zhongguancun__on_the_late_tape_the_second_payer_is_called_for_class_b_only(variant) -> None:
    run = variant(ZHONGGUANCUN, 9, 24, more=NO_LESSOR)
    first = {day: amount for day, amount in item(run, "contract", "support.first.drawn").items() if amount}
    assert list(first) == ["2023-06-20"]
    assert first["2023-06-20"] == pytest.approx(3.71e6, abs=0.01e6)
    second = {day: amount for day, amount in item(run, "no_lessor", "support.second.drawn").items() if amount}
    assert list(second) == ["2023-12-20"]
    assert second["2023-12-20"] == pytest.approx(2.65e6, abs=0.01e6)
    assert item(run, "no_lessor", "step.amortising.final_A.short")["2023-06-20"] == pytest.approx(3.71e6, abs=0.01e6)


def test_guangzhou__where_fees_stop_with_the_patents_eight_of_twelve_fees_are_lost(tmp_path: Path) -> None:
    # the largest claim of 45 million pays 45,000,000 × 0.015 / (1 − 1.015^−12) = 4,125,599.68 a quarter; from the loss
    # on 31 July 2020 the fees of October 2020 to July 2022 are gone
    folder = shutil.copytree(GUANGZHOU, tmp_path / "deal")
    tape = folder / "tape.csv"
    tape.write_text(tape.read_text("utf-8").replace("照付", "停付"), "utf-8")
    lost = '[scenario.lost]\nevent = [{ what = "invalidate", who = ["GZ-01"], on = 2020-07-31 }]\n'
    (tmp_path / "pack.toml").write_text(PACK + lost, "utf-8")
    run = stress(folder, [tmp_path / "pack.toml"])
    cash = sum(run.paths.channel(name).sum(axis=0) for name in ("interest", "principal")) * run.paths.labels.unit
    contract, without = (cash[run.paths.scenarios.index(name)] for name in ("contract", "lost"))
    assert contract - without == pytest.approx(8 * 45e6 * 0.015 / (1 - 1.015**-12), abs=0.01)
    assert item(run, "lost", "support.topup.drawn")["2022-08-11"] > 0
