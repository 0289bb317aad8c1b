"""``absengine fmt`` changes layout, never content."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from absengine.cli import main

UNTIDY = 'schema="absengine.deal/1"\n[deal]\n"名称"   =  "x"   # 名字\n'


@pytest.fixture
def deal(tmp_path: Path) -> Path:
    (tmp_path / "deal.toml").write_text(UNTIDY, encoding="utf-8")
    return tmp_path / "deal.toml"


def test_fmt__rewrites_once(deal: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fmt", str(deal)]) == 0
    text = deal.read_text(encoding="utf-8")
    assert tomllib.loads(text) == {"schema": "absengine.deal/1", "deal": {"name": "x"}}
    assert "# 名字" in text
    assert "rewrote" in capsys.readouterr().out
    assert main(["fmt", str(deal.parent)]) == 0
    assert capsys.readouterr().out == ""
    assert [path.name for path in deal.parent.iterdir()] == ["deal.toml"]


def test_fmt__a_pack_has_its_own_words(tmp_path: Path) -> None:
    pack = tmp_path / "pack.toml"
    pack.write_text('schema = "absengine.pack/1"\n"标题" = "x"\n', encoding="utf-8")
    assert main(["fmt", str(pack)]) == 0
    assert tomllib.loads(pack.read_text(encoding="utf-8")) == {"schema": "absengine.pack/1", "title": "x"}


def test_fmt__shipped_files_are_in_the_layout() -> None:
    scenarios = Path(__file__).parents[2] / "scenarios"
    files = [*scenarios.glob("deals/*/deal.toml"), *scenarios.glob("packs/*.toml")]
    starter = Path(__file__).parents[2] / "absengine" / "cli" / "starter" / "deal.toml"
    assert main(["fmt", "--check", *map(str, [*files, starter])]) == 0


def test_fmt__check_changes_nothing(deal: Path) -> None:
    assert main(["fmt", "--check", str(deal)]) == 4
    assert deal.read_text(encoding="utf-8") == UNTIDY


def test_fmt__no_such_file(tmp_path: Path) -> None:
    assert main(["fmt", str(tmp_path / "none.toml")]) == 2


def test_fmt__a_broken_file_is_refused_and_kept(deal: Path, capsys: pytest.CaptureFixture[str]) -> None:
    deal.write_text("[deal\n", encoding="utf-8")
    assert main(["fmt", str(deal)]) == 3
    assert "deal.toml:1" in capsys.readouterr().err
    assert deal.read_text(encoding="utf-8") == "[deal\n"
