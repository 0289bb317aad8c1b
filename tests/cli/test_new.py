"""``absengine new`` writes a deal that runs and never replaces anything."""

from __future__ import annotations

from pathlib import Path

import pytest

from absengine.cli import main
from absengine.cli.new import STARTER


def test_new__writes_the_starter(tmp_path: Path) -> None:
    assert main(["new", str(tmp_path / "mine")]) == 0
    assert sorted(path.name for path in (tmp_path / "mine").iterdir()) == sorted(STARTER)


def test_new__never_replaces(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "tape.csv").write_text("mine", encoding="utf-8")
    assert main(["new", str(tmp_path)]) == 2
    assert "tape.csv" in capsys.readouterr().err
    assert (tmp_path / "tape.csv").read_text(encoding="utf-8") == "mine"
    assert not (tmp_path / "deal.toml").exists()


def test_new__a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine", encoding="utf-8")
    assert main(["new", str(tmp_path / "mine")]) == 2
