"""A file is told by what it holds; what is no table is refused at once."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest

from absengine.errors import TapeError
from absengine.loaders import reader
from absengine.loaders.reader import read_tables


def _code(path: Path) -> str:
    with pytest.raises(TapeError) as refusal:
        read_tables(path)
    return refusal.value.problems[0].code


def test_read_tables__a_name_does_not_matter(tapes: ModuleType, tmp_path: Path) -> None:
    book = tapes.write_xlsx(tmp_path / "t.xlsx", {"表": [["a"]]}).rename(tmp_path / "t.csv")
    assert [table.source.format for table in read_tables(book)] == ["xlsx"]
    text = tapes.write_csv(tmp_path / "t.xlsx", [["a", "b"]])
    assert [table.source.format for table in read_tables(text)] == ["csv"]


def test_read_tables__refuses_what_is_no_table(tmp_path: Path) -> None:
    page = tmp_path / "t.xls"
    page.write_text("\n <HTML><body>", encoding="utf-8")
    assert _code(page) == "not-a-table"
    assert _code(tmp_path / "nowhere.csv") == "unreadable-file"
    assert _code(tmp_path) == "unreadable-file"


def test_read_tables__refuses_a_file_too_large_to_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "MAX_FILE", 3)
    (tmp_path / "t.csv").write_text("a,b\n", encoding="utf-8")
    assert _code(tmp_path / "t.csv") == "file-too-large"


def test_read_tables__says_why_a_path_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(TapeError, match="found a folder; allowed: a file that can be read"):
        read_tables(tmp_path)
    with pytest.raises(TapeError, match="found no such file or directory"):
        read_tables(tmp_path / "missing.csv")
