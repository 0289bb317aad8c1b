"""The corridor end to end: tape and pack in, notes out, against another engine; bits that do not depend on the way."""

from __future__ import annotations

import csv
import time
from pathlib import Path

import numpy as np
import pytest

from absengine.deal.load import load
from absengine.errors import ScenarioError
from absengine.run import StressRun, run_cases, stress
from absengine.scenario import Case, load_pack

HERE = Path(__file__).parent
PEERS = HERE / "peer_cases"
DEALS = HERE.parent / "scenarios" / "deals"
PACKS = HERE.parent / "scenarios" / "packs"
CELL = 1.10
"""Tolerance per cell [currency]: the other engine floors to cents at every step (verification/README.md)."""

POOL = {"balance": "performing", "principal": "principal", "interest": "interest", "prepayment": "prepayment",
        "default": "default", "recovery": "recovery.ip"}  # fmt: skip


def rows_of(path: Path) -> list[dict[str, str]]:
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    return list(csv.DictReader(lines))


def run_peer(name: str) -> StressRun:
    return stress(PEERS / name, [PEERS / name / "pack.toml"])


def worst(run: StressRun, file: Path, dates: tuple[str, ...], series: dict[str, np.ndarray]) -> tuple[float, str]:
    """Largest difference on the dates the peer reports, in currency, and where it is."""
    row_of = {date: row for row, date in enumerate(dates)}
    found = (0.0, "")
    for row in rows_of(file):
        for column, values in series.items():
            if row["date"] in row_of:
                gap = abs(values[row_of[row["date"]], 0] * run.paths.labels.unit - float(row[column]))
                found = max(found, (gap, f"{column} on {row['date']}"))
    return found


@pytest.mark.parametrize("name", ["c1", "c2", "c4", "c7"])
def test_stress__peer_pool(name: str) -> None:
    run = run_peer(name)
    series = {column: run.paths.channel(channel) for column, channel in POOL.items()}
    gap, place = worst(run, PEERS / name / "expected" / "pool.csv", run.paths.labels.calc_dates, series)
    assert gap <= CELL, place


@pytest.mark.parametrize("name", ["c1", "c2", "c4", "c7"])
def test_stress__peer_notes(name: str) -> None:
    run = run_peer(name)
    for tranche in run.deal.file.tranche:
        file = PEERS / name / "expected" / f"bond_{tranche}.csv"
        series = {"balance": run.paths.item(f"tranche.{tranche}.balance")}
        if run.deal.file.tranche[tranche].coupon is not None:
            series["interest_paid"] = run.paths.item(f"tranche.{tranche}.interest_paid")
        gap, place = worst(run, file, run.paths.labels.pay_dates, series)
        assert gap <= CELL, f"{tranche}: {place}"


def some_cases(number: int) -> tuple[Case, ...]:
    """Cases that differ in their default speed, many enough for several blocks."""
    pack = load_pack(PACKS / "standard.toml")
    cases = pack.cases()
    return tuple(Case(f"{cases[i % len(cases)].name}-{i}", cases[i % len(cases)].scenario) for i in range(number))


@pytest.mark.parametrize(("threads", "block"), [(1, 1), (1, 7), (2, 7), (2, 256)])
def test_run_cases__same_bits_for_any_block_and_thread(threads: int, block: int) -> None:
    deal = load(DEALS / "gaoxintou-5")
    cases = some_cases(20)
    whole = run_cases(deal, (), cases)
    split = run_cases(deal, (), cases, threads=threads, block=block)
    assert np.array_equal(whole.paths.values, split.paths.values)
    assert np.array_equal(whole.paths.pool.values, split.paths.pool.values)
    assert np.array_equal(whole.twin.values, split.twin.values)


def test_run_cases__progress_counts_every_block() -> None:
    said: list[tuple[int, int]] = []

    def report(done: int, total: int) -> None:
        said.append((done, total))

    run_cases(load(DEALS / "gaoxintou-5"), (), some_cases(3), block=2, progress=report)
    assert said == [(1, 3), (2, 3), (3, 3)]


@pytest.mark.parametrize("threads", [1, 2])
def test_run_cases__an_interrupt_drops_the_blocks_not_yet_begun(threads: int) -> None:
    begun: list[int] = []

    def interrupt(done: int, total: int) -> None:
        begun.append(done)
        time.sleep(0.05)  # a block of real size
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_cases(load(DEALS / "gaoxintou-5"), (), some_cases(100), threads=threads, block=1, progress=interrupt)
    assert len(begun) <= 10  # of 200 blocks


def test_run_cases__two_scenarios_of_one_name_are_refused() -> None:
    cases = some_cases(1)
    with pytest.raises(ScenarioError, match="again"):
        run_cases(load(DEALS / "gaoxintou-5"), (), cases * 2)


def test_run_cases__override_of_an_unknown_term_names_the_nearest() -> None:
    case = Case("typo", some_cases(1)[0].scenario, {"tranche.A.fase": 1.0})
    with pytest.raises(ScenarioError, match=r"tranche\.A\.face"):
        run_cases(load(DEALS / "gaoxintou-5"), (), (case,))


def test_run_cases__face_override_moves_the_balance() -> None:
    scenario = some_cases(1)[0].scenario
    cases = (Case("whole", scenario), Case("half", scenario, {"tranche.A.face": 97_850_000.0}))
    balance = run_cases(load(DEALS / "gaoxintou-5"), (), cases).paths.item("tranche.A.balance")[0]
    assert balance.tolist() == [19_570_000_000.0, 9_785_000_000.0]
