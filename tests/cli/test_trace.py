"""``absengine trace`` as a user types it."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import pytest

from absengine.cli import main

DEAL = Path(__file__).parents[2] / "scenarios" / "deals" / "gaoxintou-5"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("runs")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # whether this machine has a Chinese font is not the point
        assert main(["stress", str(DEAL), "--out", str(out), "--scenario", "top_1+gone"]) == 0
    return next(out.iterdir())


def test_trace__a_date_step_by_step(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["trace", str(folder), "--date", "2023-04-14"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:3] == ["scenario top_1+gone", "", "2023-04-14  amortising"]
    (principal,) = [line for line in lines if line.startswith("  prin_A")]
    assert "195,700,000.00" in principal and "from account.main" in principal and "deal.toml:" in principal
    assert any(line.startswith("  trigger unpaid_senior: active") for line in lines)


def test_trace__one_json_document(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["trace", str(folder), "--step", "int_A", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["schema"] == "absengine.trace/1" and document["scenario"] == "top_1+gone"
    assert {line["step"] for line in document["steps"]} == {"int_A"}


def test_trace__a_wrong_date_and_a_folder_that_is_no_run(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["trace", str(folder), "--date", "2023-04-13"]) == 2
    assert "2023-04-14" in capsys.readouterr().err
    assert main(["trace", str(tmp_path)]) == 3
    assert capsys.readouterr().err.startswith("error: ")
