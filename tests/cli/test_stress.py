"""``absengine stress`` as a user types it: table, JSON, run folder, exit codes; nothing is left after a refusal."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from absengine.cli import main

pytestmark = pytest.mark.filterwarnings("ignore:no Chinese font was found")
"""A machine without such a font is told so once; the run is whole."""

ROOT = Path(__file__).parents[2]
PACK = """\
schema = "absengine.pack/1"
title = "two"

[scenario.none]
label = "nothing happens"
source = "illustrative"

[scenario.lost]
label = "everything is lost"
source = "illustrative"
[[scenario.lost.event]]
what = "default"
top = 5
on = 2026-07-01
[[scenario.lost.assume]]
recovery = { guarantor = { rate = "0%" }, ip = { rate = "0%" } }
"""
ISSUE_TRANCHE = {
    "name", "face", "interest_paid", "principal_paid", "interest_shortfall", "interest_shortfall_max", "principal_loss",
    "wal_years", "irr", "coverage_min", "first_breach", "first_support_call",
}  # fmt: skip
"""Keys of a class in the issue's "Done when"."""


@pytest.fixture
def deal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Path:
    """A folder of our own with a new deal and a pack of two scenarios in it."""
    monkeypatch.chdir(tmp_path)
    assert main(["new", "mine"]) == 0
    (tmp_path / "two.toml").write_text(PACK, encoding="utf-8")
    capsys.readouterr()
    return tmp_path / "mine"


def stress(*words: str) -> int:
    return main(["stress", "mine", "--pack", "two.toml", *words])


def left(folder: Path) -> list[str]:
    """What stands in the working folder besides the deal and the pack."""
    return sorted(path.name for path in folder.parent.iterdir() if path.name not in ("mine", "two.toml"))


# What is printed ------------------------------------------------------------------------------------------------------


def test_stress__table(deal: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert stress("--no-folder") == 0
    lines = capsys.readouterr().out.splitlines()
    assert "5 contracts" in lines[0]
    cells = [line.split("\t") for line in lines[1:-1]]
    assert {len(row) for row in cells} == {len(cells[0])}
    assert [row[:2] for row in cells[1:]] == [["none", "A"], ["", "SUB"], ["lost", "A"], ["", "SUB"]]
    assert lines[-1] == "checks: every budget closes"
    assert left(deal) == []


def test_stress__one_json_document(deal: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert stress("--json", "--no-folder") == 0
    document = json.loads(capsys.readouterr().out)
    assert document["schema"] == "absengine.stress/1"
    assert set(document) >= {"deal", "run", "checks", "pool", "scenarios"}
    assert set(document["checks"].values()) == {0} and "cash_breaks" in document["checks"]
    assert document["pool"] == {"balance": 40_000_000.0, "contracts": 5}
    assert [one["name"] for one in document["scenarios"]] == ["none", "lost"]
    none, lost = document["scenarios"]
    assert none["pool"]["defaulted"] == 0 and lost["pool"]["defaulted"] > 30_000_000
    assert lost["pool"]["recovered"] == 0 and lost["pool"]["loss"] == lost["pool"]["defaulted"]
    for one in (none, lost):
        assert isinstance(one["events"], list)
        for tranche in one["tranches"]:
            assert set(tranche) >= ISSUE_TRANCHE
            missing_measures_say_why(tranche)
    assert [tranche["name"] for tranche in none["tranches"]] == ["A", "SUB"]
    assert none["tranches"][0]["first_breach"] is None and lost["tranches"][0]["first_breach"] > "2026-07-01"
    assert lost["tranches"][0]["principal_loss"] > 0 == none["tranches"][0]["principal_loss"]


def missing_measures_say_why(tranche: dict[str, Any]) -> None:
    """Null comes with a reason, and a reason only with null."""
    for key, value in tranche.items():
        if key.endswith("_reason"):
            assert value and tranche[key.removesuffix("_reason")] is None
        elif value is None:
            assert tranche[f"{key}_reason"]


def test_stress__one_scenario(deal: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert stress("--json", "--no-folder", "--scenario", "lost") == 0
    assert [one["name"] for one in json.loads(capsys.readouterr().out)["scenarios"]] == ["lost"]


def test_stress__threads_change_nothing(deal: Path, capsys: pytest.CaptureFixture[str]) -> None:
    texts = []
    for threads in ("1", "3"):
        assert stress("--json", "--no-folder", "--threads", threads) == 0
        texts.append(capsys.readouterr().out)
    assert texts[0] == texts[1]


# Run folder -----------------------------------------------------------------------------------------------------------


def test_stress__run_folder(deal: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert stress("--out", "here", "--json") == 0
    document = json.loads(capsys.readouterr().out)
    (folder,) = (deal.parent / "here").iterdir()
    assert document["run"] == str(Path("here") / folder.name)
    assert folder.name.startswith("mine-")
    names = {path.name for path in folder.rglob("*") if path.is_file()}
    assert "manifest.json" in names
    assert {".parquet", ".csv", ".xlsx", ".html", ".svg"} <= {Path(name).suffix for name in names}
    kept = json.loads((folder / "stress.json").read_text(encoding="utf-8"))
    assert kept["scenarios"] == document["scenarios"]
    assert left(deal) == ["here"]


def test_stress__a_folder_of_the_name_stands(
    deal: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.modules["absengine.cli.stress"], "_name", lambda run, facts: "always-the-same")
    taken = deal.parent / "runs" / "always-the-same"
    taken.mkdir(parents=True)
    (taken / "mine.txt").write_text("keep me", encoding="utf-8")
    assert stress() == 2
    printed = capsys.readouterr()
    assert "always-the-same" in printed.err and "--force" in printed.err
    assert [path.name for path in (deal.parent / "runs").iterdir()] == ["always-the-same"]
    assert (taken / "mine.txt").read_text(encoding="utf-8") == "keep me"
    assert stress("--force", "--scenario", "none") == 2  # not a run folder: not ours to replace
    assert (taken / "mine.txt").is_file()
    (taken / "mine.txt").rename(taken / "manifest.json")
    assert stress("--force", "--scenario", "none") == 0
    assert json.loads((taken / "manifest.json").read_text(encoding="utf-8"))["complete"] is True


# Exit codes -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--scenario", "lots"], 2, "did you mean 'lost'?"),
        (["--pack", "standart"], 2, "did you mean 'standard'?"),
        (["--fail-on", "rubbish"], 2, "A1.principal_loss > 0"),
        (["--fail-on", "Z.principal_loss > 0"], 2, "class 'Z'"),
        (["--fail-on", "A.principal_los > 0"], 2, "did you mean 'principal_loss'?"),
        (["--threads", "0"], 2, "--threads"),
        (["--language", "fr"], 2, "--language"),
        (["--nonsense"], 2, "--nonsense"),
    ],
)
def test_stress__usage_is_refused(
    deal: Path, words: list[str], code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert stress(*words, "--json") == code
    printed = capsys.readouterr()
    assert said in printed.err and "Traceback" not in printed.err
    assert printed.out == ""
    assert left(deal) == []


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("mine/deal.toml", 'from = "main"', 'from = "mian"', "did you mean 'main'?"),
        ("mine/deal.toml", "face", "fase", "did you mean 'face'?"),
        ("mine/deal.toml", 'tape = "tape.csv"', 'tape = "tap.csv"', "tap.csv"),
        ("two.toml", 'what = "default"', 'what = "defalt"', "did you mean 'default'?"),
        ("two.toml", "top = 5", 'who = ["nobody"]', "nobody"),
        (
            "two.toml",
            "[[scenario.lost.assume]]",
            '[[scenario.lost.assume]]\nscope = { tag = "none such" }',
            "none such",
        ),
    ],
)
def test_stress__input_is_refused(
    deal: Path, file: str, old: str, new: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = deal.parent / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    assert stress("--json") == 3
    printed = capsys.readouterr()
    assert said in printed.err and "Traceback" not in printed.err
    assert printed.out == ""
    assert left(deal) == []


def test_stress__no_deal(deal: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["stress", "yours"]) == 3
    assert "yours" in capsys.readouterr().err
    assert main(["stress", str(deal.parent)]) == 3
    assert left(deal) == []


def test_stress__a_stated_check_fails(deal: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 4, after everything has been printed; a condition that does not hold changes nothing."""
    assert stress("--no-folder", "--json", "--fail-on", "A.principal_loss > 0") == 4
    printed = capsys.readouterr()
    assert json.loads(printed.out)["schema"] == "absengine.stress/1"
    assert "'lost'" in printed.err and "'none'" not in printed.err
    assert stress("--no-folder", "--scenario", "none", "--fail-on", "A.principal_loss > 0") == 0


# As a process ---------------------------------------------------------------------------------------------------------


def test_stress__in_a_process(deal: Path) -> None:
    """stdout holds the document alone, whatever else is said; a refusal leaves it empty."""
    command = [sys.executable, "-m", "absengine", "stress", "mine", "--pack", "two.toml", "--json", "--no-folder"]
    settings = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(command, cwd=deal.parent, env=settings, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.decode())["schema"] == "absengine.stress/1"
    refused = subprocess.run(
        [*command, "--scenario", "x"], cwd=deal.parent, env=settings, capture_output=True, check=False
    )
    assert (refused.returncode, refused.stdout) == (2, b"")
    assert b"Traceback" not in refused.stderr
