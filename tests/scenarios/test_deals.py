"""Every deal folder is a story with an answer: its tables under ``expected/`` are compared column by column.

``expected/tolerance.toml`` names the pack and, per table, how its rows are keyed, its unit and the tolerance of every
column. Rows are keyed by ``dates`` (scenario, pay_date, then recorded items) or ``tranches`` (scenario, tranche, then
measures of the stress document). An empty cell is not known; ``*`` is above 0 and below 0.5. On a difference the table
as computed is left beside the expected one as ``*.actual.csv``.
"""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from absengine.results.document import stress_document
from absengine.run import StressRun, stress

SCENARIOS = Path(__file__).parents[2] / "scenarios"
DEALS = sorted(path for path in (SCENARIOS / "deals").iterdir() if path.is_dir())
TABLES = [(deal.name, table.name) for deal in DEALS for table in sorted((deal / "expected").glob("*.csv"))
          if ".actual" not in table.name]  # fmt: skip
KEYS = {"dates": ("scenario", "pay_date"), "tranches": ("scenario", "tranche")}
Cell = Callable[[StressRun, dict[str, str], str], float | None]


def folder(deal: str) -> Path:
    return SCENARIOS / "deals" / deal / "expected"


def terms(deal: str) -> dict[str, Any]:
    return tomllib.loads((folder(deal) / "tolerance.toml").read_text(encoding="utf-8"))


def rows_of(path: Path) -> list[dict[str, str]]:
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    return list(csv.DictReader(lines))


@cache
def run_of(deal: str) -> StressRun:
    return stress(folder(deal).parent, [SCENARIOS / "packs" / terms(deal)["pack"]])


@cache
def document_of(deal: str) -> dict[str, Any]:
    run = run_of(deal)
    return stress_document(
        run.paths, twin=run.twin, pool_balance=run.pool.balance, contracts=len(run.pool.contracts), run=""
    )


def recorded(deal: str, key: dict[str, str], item: str, unit: str | float) -> float:
    """A recorded item on a payment date, in the table's unit."""
    paths = run_of(deal).paths
    lane, row = paths.scenarios.index(key["scenario"]), paths.labels.pay_dates.index(key["pay_date"])
    factor = paths.labels.unit or 1.0
    amount = float(paths.item(item)[row, lane]) * factor
    if unit == "percent of face":
        name = item.split(".")[1]
        return 100 * amount / next(label.face for label in paths.labels.tranches if label.name == name)
    return amount / float(unit)


def measured(deal: str, key: dict[str, str], name: str, unit: str | float) -> float:
    """A measure of one class in one scenario."""
    scenario = next(one for one in document_of(deal)["scenarios"] if one["name"] == key["scenario"])
    return float(next(one for one in scenario["tranches"] if one["name"] == key["tranche"])[name])


def differs(wanted: str, got: float, tolerance: float) -> bool:
    if wanted == "*":
        return not 0 < got < 0.5
    return not abs(got - float(wanted)) <= tolerance * (1 + 1e-9)


@pytest.mark.parametrize("deal", [deal.name for deal in DEALS])
def test_deal__is_a_story_with_an_answer(deal: str) -> None:
    home = folder(deal).parent
    missing = [name for name in ("deal.toml", "README.md", "expected/tolerance.toml") if not (home / name).is_file()]
    assert missing == []
    named = {name for name, value in terms(deal).items() if isinstance(value, dict)}
    assert named == {table for owner, table in TABLES if owner == deal}, "tables and their tolerances differ"
    assert named, "a folder without an answer"


@pytest.mark.parametrize(("deal", "table"), TABLES)
def test_table__has_a_source_and_a_tolerance_for_every_column(deal: str, table: str) -> None:
    path = folder(deal) / table
    how = terms(deal)[table]
    assert path.read_text(encoding="utf-8").startswith("# source:")
    columns = set(rows_of(path)[0]) - set(KEYS[how["rows"]])
    assert columns == set(how["tolerance"])


@pytest.mark.parametrize(("deal", "table"), TABLES)
def test_deal__meets_its_expected_table(deal: str, table: str) -> None:
    how = terms(deal)[table]
    keys, unit = KEYS[how["rows"]], how.get("unit", 1.0)
    cell = recorded if how["rows"] == "dates" else measured
    wrong, actual = [], []
    for line in rows_of(folder(deal) / table):
        key = {name: line[name] for name in keys}
        found: dict[str, str] = dict(key)
        for column, tolerance in how["tolerance"].items():
            if line[column] == "":
                found[column] = ""
                continue
            got = cell(deal, key, column, unit)
            found[column] = f"{got:.10g}"
            if differs(line[column], got, tolerance):
                wrong.append(f"{' '.join(key.values())} {column}: expected {line[column]}, got {got:.6g}")
        actual.append(found)
    beside = folder(deal) / table.replace(".csv", ".actual.csv")
    beside.unlink(missing_ok=True)
    if wrong:
        with beside.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(actual[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(actual)
    assert wrong == [], f"{len(wrong)} cells differ; see {beside.name}"


@pytest.mark.parametrize("deal", [deal.name for deal in DEALS])
def test_deal__closes_its_books(deal: str) -> None:
    assert document_of(deal)["checks"] == dict.fromkeys(document_of(deal)["checks"], 0)
    assert np.isfinite(run_of(deal).paths.values).all()
