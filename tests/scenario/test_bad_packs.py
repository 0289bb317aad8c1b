"""Every deliberately bad pack is refused for the reason it is named after, with its place, and for nothing else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from absengine.errors import Problem, ScenarioError
from absengine.loaders.rights import lost_days
from absengine.projection import Projection
from absengine.scenario import load_pack
from absengine.schema import (
    CASHFLOW_COLUMNS,
    CONTRACT_COLUMNS,
    POOL_CHANNELS,
    RIGHT_COLUMNS,
    CashflowTable,
    Floats,
    PurchaseTerms,
    Table,
    Timeline,
)

BOUGHT = {"new": PurchaseTerms("pledge_loan", "", 3)}
UNFIT = {"short": np.array([True, False, False])}
FOLDER = Path(__file__).parents[1] / "bad" / "packs"
BAD = sorted(FOLDER.glob("*.toml"))
CHANNELS = (*POOL_CHANNELS, "purchase.new.default", "forced.cum_default", "index.LPR1Y")


def small_pool() -> CashflowTable:
    """Three one-year bullets without start dates; L3 is both a number and a borrower's name."""
    due = np.array(["2026-12-31"] * 3, dtype="datetime64[D]")
    money = np.full(3, 100.0)
    flows = Table.build(
        CASHFLOW_COLUMNS, 3, contract=np.arange(3), due_date=due, opening_balance=money, principal_due=money,
        interest_due=money / 20, fee_due=0 * money, closing_balance=0 * money,
    )  # fmt: skip
    contracts = Table.build(
        CONTRACT_COLUMNS, 3, contract_id=np.array(["L1", "L2", "L3"]), obligor=np.array(["甲公司", "L3", "乙公司"]),
        guarantor=np.full(3, "保证公司"), pool=np.array(["north", "north", "south"]), cutoff_balance=money,
        cutoff_date=np.full(3, np.datetime64("2026-03-31")),
    )  # fmt: skip
    rights = Table.build(
        RIGHT_COLUMNS, 1, right_id=np.array(["ZL201810000001.1"]), contract_id=np.array(["L1"]),
        lost_on=np.array(["2038-01-08"], dtype="datetime64[D]"),
    )  # fmt: skip
    return CashflowTable(flows, contracts, rights)


def bind(path: Path) -> Floats:
    ends = np.array(["2026-06-30", "2026-12-31"], dtype="datetime64[D]")
    start = np.array(["2026-03-31", "2026-06-30"], dtype="datetime64[D]")
    line = Timeline(start[0], start[0], ends[-1], ends, ends, start, ends, start, np.ones((1, 2), dtype=bool))
    entities = {"guarantor": ("保证公司",)}
    projection = Projection(small_pool(), line, CHANNELS, 1.0, entities, {"LPR1Y": np.full(2, 0.03)}, BOUGHT, {}, UNFIT)
    cases = load_pack(path).cases()
    lost_days([small_pool().rights], [event for case in cases for event in case.scenario.rights])
    return projection.bind(cases).unplaced


def refusals(path: Path) -> tuple[Problem, ...]:
    with pytest.raises(ScenarioError) as error:
        bind(path)
    return error.value.problems


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_bad_pack__is_refused_for_its_reason(path: Path) -> None:
    problems = refusals(path)
    assert {problem.code for problem in problems} == {path.stem.partition("--")[0]}
    for problem in problems:
        assert problem.where.file == str(path)
        assert problem.where.line is not None
        assert problem.found and problem.allowed
        assert "\n" not in str(problem)


def test_bad_packs__are_many_and_say_what_is_wrong() -> None:
    assert len(BAD) >= 40
    assert all(path.read_text(encoding="utf-8").startswith("# bad: ") for path in BAD)


def test_bad_pack__missing_file_is_refused(tmp_path: Path) -> None:
    assert [problem.code for problem in refusals(tmp_path / "none.toml")] == ["no-pack"]


@pytest.mark.parametrize(
    "stem",
    [
        "unknown-scenario", "scope-matches-nothing", "unknown-field", "unknown-obligor", "unknown-entity",
        "unknown-criterion", "unknown-trigger", "unknown-key", "unknown-word", "unknown-index",
    ],
)  # fmt: skip
def test_bad_pack__nearest_spelling_is_offered(stem: str) -> None:
    assert all("did you mean" in problem.todo for problem in refusals(FOLDER / f"{stem}.toml"))
