"""Excel workbooks → raw cells (calamine), after the zip directory has been looked at.

A small workbook can unpack to hundreds of megabytes, one stray cell in the last row can ask for billions of cells, and
calamine reads a failed formula as an empty cell: all three are found in the zip before the sheets are read.
"""

from __future__ import annotations

import datetime
import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any

from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from absengine.errors import Problems, TapeError
from absengine.language.toml import printable
from absengine.loaders.cells import GridTable, Source

MAX_UNPACKED = 200_000_000
MAX_RATIO = 100
MAX_MEMBERS = 200
"""A 29 MB workbook was seen to unpack to 277 MB and take 8 s; a tape of 100,000 rows unpacks to about 90 MB."""

MAX_GRID = 20_000_000
"""Cells of the rectangle from A1 to the last used cell: it is held in memory whole."""

_DAMAGED = (zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, RuntimeError, OSError, EOFError, ValueError)
"""What zipfile raises on damaged archives; a part that unpacks to more than its entry says fails its checksum."""

_ERROR_CELL = re.compile(rb'<c r="([A-Z]+)(\d+)"[^>]*\bt="e"[^>]*>(?:<f[^>]*>[^<]*</f>)?<v>([^<]*)</v>')
_EMPTY_FORMULA = re.compile(rb'<c r="([A-Z]+)(\d+)"([^>]*)><f[^>]*>[^<]*</f>(?:<v\s*/>|<v></v>)?</c>')
_LAST_ROW = re.compile(rb'<row\b[^>]*\br="(\d+)"')
_FAR_COLUMN = re.compile(rb'<c r="([A-Z]{2,3})\d')
_SHEET = re.compile(rb'<sheet\b[^>]*\bname="([^"]*)"[^>]*\b(?:\w+:)?id="([^"]*)"')
_RELATION = re.compile(rb"<Relationship\b([^>]*)>")
_ATTRIBUTE = re.compile(rb'(\w+)="([^"]*)"')


def read_workbook(data: bytes, file: str, sheet: str | None = None) -> list[GridTable]:
    """Every visible worksheet, or the one named, as rows of texts; row numbers are those the spreadsheet shows."""
    source = Source(file, "xlsx" if data.startswith(b"PK") else "xls")
    if data.startswith(b"PK"):
        _inspect_zip(data, source)
    problems = Problems()
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        names = _sheets(book, source, sheet)
        return [_grid(book.get_sheet_by_name(name), Source(file, source.format, None, name)) for name in names]
    except PasswordError:
        problems.add("encrypted-workbook", source.where(), "a workbook with a password", "a workbook without one")
    except CalamineError as error:
        problems.add(
            "broken-workbook", source.where(), f"a workbook that cannot be read ({error})", "an Excel workbook",
            "save it again as .xlsx",
        )  # fmt: skip
    raise TapeError(list(problems))


def _sheets(book: CalamineWorkbook, source: Source, wanted: str | None) -> list[str]:
    sheets = [item for item in book.sheets_metadata if item.typ == SheetTypeEnum.WorkSheet]
    names = [item.name for item in sheets if item.visible == SheetVisibleEnum.Visible]
    problems = Problems()
    if wanted is not None:
        if wanted not in [item.name for item in sheets]:
            problems.add("unknown-sheet", source.where(), f"no sheet {wanted!r}", "one of " + ", ".join(names))
            problems.refuse(TapeError)
        return [wanted]
    if not names:
        problems.add("no-worksheet", source.where(), "no visible worksheet", "one worksheet with the tape")
        problems.refuse(TapeError)
    return names


def _grid(sheet: CalamineSheet, source: Source) -> GridTable:
    rows = [[_text(cell) for cell in row] for row in sheet.to_python(skip_empty_area=False)]
    merged = 0
    for (top, left), (bottom, _) in sheet.merged_cell_ranges or []:
        inside = top < len(rows) and left < len(rows[top])
        if bottom > top and inside and not _is_number(rows[top][left]):
            for row in rows[top + 1 : bottom + 1]:
                row[left] = rows[top][left]
                merged += 1
    return GridTable(source, rows, list(range(1, len(rows) + 1)), merged)


def _is_number(text: str) -> bool:
    """An amount in a merged cell belongs to the whole block: repeating it would count it twice."""
    return text.replace(".", "", 1).replace("-", "", 1).isdigit()


def _text(cell: Any) -> str:
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, datetime.datetime) and cell.time() == datetime.time():
        return cell.date().isoformat()
    return cell.isoformat() if isinstance(cell, datetime.date | datetime.time) else str(cell)


def _inspect_zip(data: bytes, source: Source) -> None:
    """Refuse what is no workbook, bombs, sheets of absurd extent, and cells whose formula failed."""
    problems = Problems()
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as book:
            _refuse_bomb(book.infolist(), len(data), source)
            if (damaged := book.testzip()) is not None:
                raise zipfile.BadZipFile(f"the part {printable(damaged)} does not match its directory entry")
            if "[Content_Types].xml" not in book.namelist():
                problems.add("not-a-workbook", source.where(), "a zip archive", "an Excel workbook, CSV or Parquet")
            for name, title in _members(book):
                _inspect_sheet(book.read(name), Source(source.file, "xlsx", None, title), problems)
    except _DAMAGED as error:
        found = f"a damaged zip ({error})"
        problems.add("broken-workbook", source.where(), found, "an Excel workbook", "save it again")
    problems.refuse(TapeError)


def _refuse_bomb(members: list[zipfile.ZipInfo], packed: int, source: Source) -> None:
    unpacked = sum(item.file_size for item in members)
    ratio = unpacked / max(packed, 1)
    problems = Problems()
    if unpacked > MAX_UNPACKED or ratio > MAX_RATIO or len(members) > MAX_MEMBERS:
        problems.add(
            "zip-bomb", source.where(),
            f"{len(members)} parts that unpack to {unpacked / 1e6:,.1f} MB, {ratio:,.0f} times the file",
            f"at most {MAX_MEMBERS} parts, {MAX_UNPACKED / 1e6:,.0f} MB and {MAX_RATIO} times the file",
            "save the tape as CSV",
        )  # fmt: skip
        problems.refuse(TapeError)


def _members(book: zipfile.ZipFile) -> Iterator[tuple[str, str]]:
    """Zip member and sheet name of each worksheet; nothing where the workbook lists none we can follow."""
    try:
        listed = _SHEET.findall(book.read("xl/workbook.xml"))
        related = _RELATION.findall(book.read("xl/_rels/workbook.xml.rels"))
    except KeyError:
        return
    relations = [dict(_ATTRIBUTE.findall(row)) for row in related]
    targets = {row.get(b"Id", b""): row.get(b"Target", b"").decode() for row in relations}
    for title, relation in listed:
        target = targets.get(relation, "")
        name = target.removeprefix("/") if target.startswith("/") else f"xl/{target}"
        if name in book.namelist() and "worksheets" in name:
            yield name, title.decode("utf-8", "replace")


def _inspect_sheet(xml: bytes, source: Source, problems: Problems) -> None:
    rows = max((int(row) for row in _LAST_ROW.findall(xml)), default=0)
    width = max((_column(name) for name in set(_FAR_COLUMN.findall(xml))), default=26)
    if rows * width > MAX_GRID:
        problems.add(
            "too-many-cells", source.where(), f"cells as far as row {rows:,} and column {width:,}",
            f"at most {MAX_GRID:,} cells between A1 and the last used cell",
            "delete stray cells, or save the tape as CSV",
        )  # fmt: skip
    for column, row, shown in _ERROR_CELL.findall(xml):
        problems.add(
            "formula-error", source.where(int(row), column.decode()), shown.decode("utf-8", "replace"),
            "a value", "mend the formula and save the workbook again",
        )  # fmt: skip
    if b"<f" in xml:
        for column, row, attributes in _EMPTY_FORMULA.findall(xml):
            if b't="str"' not in attributes:
                problems.add(
                    "formula-not-calculated", source.where(int(row), column.decode()), "a formula without its value",
                    "a value", "open the workbook in a spreadsheet program and save it again",
                )  # fmt: skip


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number
