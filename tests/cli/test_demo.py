"""``absengine demo`` works away from the checkout and writes one run folder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from absengine.cli import main


@pytest.mark.filterwarnings("ignore:no Chinese font")  # depends on the machine
def test_demo__table_and_run_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["demo"]) == 0
    text = capsys.readouterr().out
    assert "top_1+gone" in text
    folders = list((tmp_path / "runs").iterdir())
    assert len(folders) == 1
    document = json.loads((folders[0] / "stress.json").read_text(encoding="utf-8"))
    assert document["schema"] == "absengine.stress/1"
    assert document["pool"] == {"balance": 206_000_000.0, "contracts": 12}
