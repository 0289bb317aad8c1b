"""The tapes of the deals of one name are what their scripts write, and meet the targets they state."""

from __future__ import annotations

import csv
import importlib.util
from datetime import date
from pathlib import Path
from types import ModuleType

import pytest

from absengine.run import stress

SCENARIOS = Path(__file__).parents[2] / "scenarios"
NAMES = ("single-debtor-factoring", "supporting-bill")


def script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"make_{name}", SCENARIOS / "deals" / name / "make_tape.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def rows(name: str) -> list[dict[str, str]]:
    with (SCENARIOS / "deals" / name / "tape.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("name", NAMES)
def test_main__writes_the_same_bytes(name: str, tmp_path: Path) -> None:
    script(name).main(tmp_path)
    assert (tmp_path / "tape.csv").read_bytes() == (SCENARIOS / "deals" / name / "tape.csv").read_bytes()


def test_tape__of_factoring_meets_its_targets() -> None:
    tape = [row for row in rows("single-debtor-factoring") if row["备选资产"] == "N"]
    assert len(tape) == 24 and len({row["卖方"] for row in tape}) == 12 and len({row["买方"] for row in tape}) == 1
    first = [row for row in tape if row["应付日"] < "2025"]
    assert sum(int(row["应收账款金额(万元)"]) for row in tape) == 51_500
    assert sum(int(row["应收账款金额(万元)"]) for row in first) == 25_750
    assert round(sum(float(row["受让价款(元)"]) for row in tape), 2) == 470_000_000.00
    assert {row["应付日"][:7] for row in tape} == {"2024-11", "2025-11"}


def test_tape__of_bills_meets_its_targets() -> None:
    tape = rows("supporting-bill")
    assert len(tape) == 10 and len({row["承兑人"] for row in tape}) == 1
    assert sum(int(row["票据金额(万元)"]) for row in tape) == 20_000
    left = [(date.fromisoformat(row["票据到期日"]) - date.fromisoformat(row["封包日"])).days for row in tape]
    assert min(left) == 180 and max(left) == 360


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("pack", ["base", "standard", "grid"])
def test_deal__closes_in_every_pack_that_applies(name: str, pack: str) -> None:
    run = stress(SCENARIOS / "deals" / name, [SCENARIOS / "packs" / f"{pack}.toml"])
    assert len(run.paths.scenarios) > 1 and run.paths.values.shape[2] == len(run.paths.scenarios)
    assert run.pool.size == (24 if name == NAMES[0] else 10)


def test_deal__any_row_of_one_debtor_is_all_of_them(tmp_path: Path) -> None:
    """Whichever receivable fails, all that is owed by then fails with it: 12 suppliers diversify nothing."""
    head = 'schema = "absengine.pack/1"\ntitle = "each row"\nsource = "a test"\n'
    numbers = [row["资产编号"] for row in rows(NAMES[0]) if row["备选资产"] == "N" and row["应付日"] < "2025"]
    events = "".join(
        f'[scenario.r{n}]\nevent = [{{ what = "default", who = ["{number}"], on = 2024-11-01 }}]\n'
        for n, number in enumerate(numbers)
    )
    (tmp_path / "rows.toml").write_text(head + events, "utf-8")
    run = stress(SCENARIOS / "deals" / NAMES[0], [tmp_path / "rows.toml"])
    defaulted = run.paths.channel("default").sum(axis=0) * 0.01
    earlier = [row for row in rows(NAMES[0]) if row["备选资产"] == "N"]
    for number, lost in zip(numbers, defaulted, strict=True):
        missed = next(row["应付日"] for row in earlier if row["资产编号"] == number)
        owed = sum(float(row["受让价款(元)"]) for row in earlier if row["应付日"] >= missed)
        assert lost == pytest.approx(owed, rel=1e-9), "all that is still owed on the missed date"
