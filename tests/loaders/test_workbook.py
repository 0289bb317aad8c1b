"""Workbooks: numbers and dates become plain text, bombs and failed formulas are found before they are read."""

from __future__ import annotations

import datetime
from pathlib import Path
from types import ModuleType

import pytest

from absengine.errors import TapeError
from absengine.loaders import workbook
from absengine.loaders.workbook import read_workbook


def test_read_workbook__cells_as_text(tapes: ModuleType, tmp_path: Path) -> None:
    rows = [["a", "b"], [1, 0.5], [datetime.date(2024, 7, 5), True], ["00123", None], [1e20, -3]]
    (table,) = read_workbook(tapes.write_xlsx(tmp_path / "t.xlsx", {"表": rows}).read_bytes(), "t.xlsx")
    assert table.rows == [["a", "b"], ["1", "0.5"], ["2024-07-05", "TRUE"], ["00123", ""], ["1e+20", "-3"]]
    assert table.source.sheet == "表"


def test_read_workbook__rows_keep_the_numbers_a_spreadsheet_shows(tapes: ModuleType, tmp_path: Path) -> None:
    path = tapes.write_xlsx(tmp_path / "t.xlsx", {"表": [[], [], ["a", "b"]]})
    (table,) = read_workbook(path.read_bytes(), "t.xlsx")
    assert table.lines[table.rows.index(["a", "b"])] == 3


def test_read_workbook__text_of_a_merged_cell_is_repeated_and_an_amount_is_not(
    tapes: ModuleType, tmp_path: Path
) -> None:
    rows = [["a", "b", "c"], ["甲", 5, 1], [None, None, 2]]
    path = tapes.write_xlsx(tmp_path / "t.xlsx", {"表": rows}, merged=["A2:A3", "B2:B3"])
    (table,) = read_workbook(path.read_bytes(), "t.xlsx")
    assert table.rows[1:] == [["甲", "5", "1"], ["甲", "", "2"]]
    assert table.merged == 1


def test_read_workbook__merged_cells_beyond_the_last_used_one(tapes: ModuleType, tmp_path: Path) -> None:
    path = tapes.write_xlsx(tmp_path / "t.xlsx", {"表": [["a"]]}, merged=["D1:D4", "A8:A9"])
    (table,) = read_workbook(path.read_bytes(), "t.xlsx")
    assert table.rows[0][0] == "a"
    assert table.merged == 0


def test_read_workbook__a_sheet_by_name_may_be_hidden(tapes: ModuleType, tmp_path: Path) -> None:
    import openpyxl

    path = tapes.write_xlsx(tmp_path / "t.xlsx", {"一": [["a"]], "二": [["b"]]})
    book = openpyxl.load_workbook(path)
    book["二"].sheet_state = "hidden"
    book.save(path)
    assert [table.source.sheet for table in read_workbook(path.read_bytes(), "t")] == ["一"]
    assert [table.rows for table in read_workbook(path.read_bytes(), "t", "二")] == [[["b"]]]


def test_read_workbook__a_password_is_refused(
    tapes: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Locked:
        @staticmethod
        def from_filelike(_: object) -> None:
            raise workbook.PasswordError

    monkeypatch.setattr(workbook, "CalamineWorkbook", Locked)
    with pytest.raises(TapeError) as refusal:
        read_workbook(tapes.write_xlsx(tmp_path / "t.xlsx", {"一": [["a"]]}).read_bytes(), "t.xlsx")
    assert refusal.value.problems[0].code == "encrypted-workbook"


def test_read_workbook__a_part_larger_than_its_entry_says_is_refused(tapes: ModuleType, tmp_path: Path) -> None:
    data = bytearray(tapes.write_xlsx(tmp_path / "t.xlsx", {"一": [["a", "b"]] * 50}).read_bytes())
    place = data.rfind(b"PK\x01\x02", 0, data.rfind(b"xl/worksheets/sheet1.xml"))
    data[place + 24 : place + 28] = (10).to_bytes(4, "little")
    with pytest.raises(TapeError) as refusal:
        read_workbook(bytes(data), "t.xlsx")
    assert refusal.value.problems[0].code == "broken-workbook"
