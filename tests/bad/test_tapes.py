"""Every bad tape under ``tests/bad/tapes`` is refused for the reason it is named after, and never with a traceback."""

from __future__ import annotations

import tomllib
from pathlib import Path

import numpy as np
import pytest

from absengine.errors import TapeError
from absengine.loaders import PoolSource, load_pool

FOLDER = Path(__file__).with_name("tapes")
TAPES = sorted(path for path in FOLDER.iterdir() if path.name.count(".") == 1 and path.suffix not in ("", ".toml"))
KINDS = {
    code: kind
    for kind, codes in tomllib.loads((FOLDER / "index.toml").read_text(encoding="utf-8"))["kind"].items()
    for code in codes
}


def _source(tape: Path) -> PoolSource:
    beside = {name: tape.with_name(f"{tape.stem}.{name}") for name in ("rights.csv", "plan.csv", "map.toml")}
    found = {name: path for name, path in beside.items() if path.exists()}
    kind = KINDS.get(tape.stem, "pledge_loan")
    beside_it = {
        part: found.get(name) for part, name in (("rights", "rights.csv"), ("plan", "plan.csv"), ("map", "map.toml"))
    }
    return PoolSource(tape, kind, currency="CNY", **beside_it)


@pytest.mark.parametrize("tape", TAPES, ids=lambda path: path.name)
def test_load_pool__refuses_each_bad_tape(tape: Path) -> None:
    with pytest.raises(TapeError) as refusal:
        load_pool([_source(tape)], np.datetime64("2026-03-31"), {})
    problem = refusal.value.problems[0]
    assert problem.code == tape.stem
    assert problem.where.file.startswith(str(tape.with_suffix("")))
    assert problem.found and problem.allowed
    assert "Error" not in str(problem)


def test_bad_tapes__are_many_and_each_companion_has_its_tape() -> None:
    assert len(TAPES) >= 30
    stems = {path.stem for path in TAPES}
    assert {path.name.split(".")[0] for path in FOLDER.iterdir()} - {"index", ""} == stems
    assert set(KINDS) <= stems
