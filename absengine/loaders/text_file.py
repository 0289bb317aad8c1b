"""CSV and other delimited text → raw cells: encoding, separator, lines that do not fit."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv

from absengine.errors import Problem, Problems, TapeError
from absengine.loaders.cells import HEAD_ROWS, MAX_CELLS, Body, GridTable, RawColumn, RawTable, Source

SEPARATORS = (",", "\t", ";", "|")
_MARKS = ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"), (b"\xef\xbb\xbf", "utf-8-sig"))
_HEAD_CHARACTERS = 1_000_000


def decode(data: bytes, source: Source, encoding: str | None = None) -> tuple[str, str]:
    """Text and the encoding used: the one asked for, else byte-order mark → UTF-8 → GB18030.

    TapeError where the bytes are no text in it. GB18030 also reads Big5 bytes as other characters, so a tape whose
    headers are then unknown is refused with its decoded header.
    """
    ladder = [encoding] if encoding else [name for mark, name in _MARKS if data.startswith(mark)]
    problems = Problems()
    broken: list[tuple[int, str]] = []
    for name in ladder or ["utf-8", "gb18030"]:
        try:
            text = data.decode(name)
        except LookupError:
            problems.add("unknown-encoding", source.where(), f"encoding {name!r}", "a name such as utf-8 or gb18030")
            problems.refuse(TapeError)
        except UnicodeDecodeError as error:
            broken.append((error.start, name))
        else:
            _refuse_binary(text, source)
            return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n"), name.removesuffix("-sig")
    start, name = max(broken)
    found = f"bytes {data[start : start + 4].hex(' ')} that are not {name}"
    todo = "name the encoding with --encoding, as in --encoding big5"
    where = source.where(data.count(b"\n", 0, start) + 1)
    raise TapeError(Problem("unreadable-text", where, found, "text in UTF-8, UTF-16 or GB18030", todo))


def _refuse_binary(text: str, source: Source) -> None:
    if (place := text.find("\0")) >= 0:
        problems = Problems()
        problems.add(
            "binary-file", source.where(text.count("\n", 0, place) + 1), "a NUL byte",
            "a CSV text, an Excel workbook or a Parquet file", "export the tape again, or name its --encoding",
        )  # fmt: skip
        problems.refuse(TapeError)


def read_text(data: bytes, file: str, encoding: str | None = None) -> list[RawTable]:
    """One candidate table per separator that occurs in the first rows; the header decides between them."""
    text, name = decode(data, Source(file, "csv"), encoding)
    source = Source(file, "csv", name)
    if not text.strip():
        problems = Problems()
        problems.add("empty-file", source.where(), "no text", "a header row and one row per asset")
        problems.refuse(TapeError)
    found = [mark for mark in SEPARATORS if mark in text[:_HEAD_CHARACTERS]]
    return [TextTable(source, text, mark) for mark in found or [","]]


@dataclass
class TextTable:
    """A delimited text under one reading of its separator."""

    source: Source
    text: str
    separator: str

    @cached_property
    def _start(self) -> tuple[list[list[str]], list[int]]:
        """First rows and the line each one ends on; a broken quote here is met again when the body is read."""
        part = self.text[:_HEAD_CHARACTERS].splitlines(keepends=True)
        reader = csv.reader(part, delimiter=self.separator)
        rows, lines = [], []
        try:
            for row in reader:
                rows.append([cell.strip() for cell in row])
                lines.append(reader.line_num)
                if len(rows) == HEAD_ROWS:
                    break
        except csv.Error:
            pass
        return rows, lines

    @property
    def head(self) -> list[list[str]]:
        return self._start[0]

    @property
    def head_lines(self) -> list[int]:
        return self._start[1]

    def body(self, first: int, width: int) -> Body:
        """Rows after the header: at once where quotes are regular, else by the csv module, which can tell where."""
        skipped = self.head_lines[first - 1] if first else 0
        if (self.text.count("\n") + 1) * width > MAX_CELLS:
            problems = Problems()
            problems.add(
                "too-many-cells", self.source.where(), f"{self.text.count(chr(10)):,} lines of {width} columns",
                f"at most {MAX_CELLS:,} cells", "split the tape",
            )  # fmt: skip
            problems.refuse(TapeError)
        text = self.text if not skipped else "".join(self.text.split("\n", skipped)[skipped:])
        quotes = _quoting(text.encode(), self.separator)
        return self._quoted(first, width) if quotes is None else self._split(text, first, skipped, width, quotes)

    def _split(self, text: str, first: int, skipped: int, width: int, quotes: bool) -> Body:
        """Rows of a text in which every line is a row, at once."""
        lines = skipped + text.count("\n") + (not text.endswith("\n"))
        if not text:
            return Body([RawColumn.of([]) for _ in range(width)], np.zeros(0, dtype=np.int32))
        odd: dict[int, str] = {}

        def note(row: pa_csv.InvalidRow) -> str:
            odd[row.number] = row.text
            return "skip"

        names = [str(index) for index in range(width)]
        table = pa_csv.read_csv(
            io.BytesIO(text.encode()),
            read_options=pa_csv.ReadOptions(column_names=names, use_threads=False),
            parse_options=pa_csv.ParseOptions(
                delimiter=self.separator,
                quote_char='"' if quotes else False,
                ignore_empty_lines=False,
                invalid_row_handler=note,
            ),
            convert_options=pa_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False
            ),
        )
        cells = {number + skipped: next(csv.reader([row], delimiter=self.separator), []) for number, row in odd.items()}
        if any(_fitted(row, width) for row in cells.values()):
            return self._quoted(first, width)
        kept = np.setdiff1d(np.arange(skipped + 1, lines + 1), np.array([*cells], dtype=np.int64))
        left_out = self._left_out(cells, width)
        return Body([RawColumn.of(column) for column in table.columns], kept.astype(np.int32), left_out)

    def _quoted(self, first: int, width: int) -> Body:
        reader = csv.reader(io.StringIO(self.text, newline=""), delimiter=self.separator, strict=True)
        rows: list[list[str]] = []
        lines: list[int] = []
        odd: dict[int, list[str]] = {}
        try:
            for number, row in enumerate(reader):
                if number < first:
                    continue
                if fitted := _fitted(row, width):
                    rows.append(fitted)
                    lines.append(reader.line_num)
                else:
                    odd[reader.line_num] = row
        except csv.Error as error:
            problems = Problems()
            problems.add(
                "broken-quotes", self.source.where(reader.line_num), f"quotes that do not close ({error})",
                'cells between two quotes, with "" for a quote inside', "export the tape again",
            )  # fmt: skip
            problems.refuse(TapeError)
        body = GridTable(self.source, rows, lines).body(0, width)
        return Body(body.columns, body.lines, self._left_out(odd, width))

    def _left_out(self, odd: dict[int, list[str]], width: int) -> list[tuple[int, str]]:
        """Lines of another length: blank ones and remarks of one cell are left out, the rest is refused."""
        problems = Problems()
        left_out: list[tuple[int, str]] = []
        for line, cells in sorted(odd.items()):
            filled = [cell for cell in cells if cell.strip()]
            if len(filled) > 1:
                code = "long-row" if len(cells) > width else "short-row"
                problems.add(
                    code, self.source.where(line), f"{len(cells)} cells", f"{width} cells, as in the header",
                    "a separator inside a cell needs quotes around the cell",
                )  # fmt: skip
            else:
                left_out.append((line, filled[0].strip() if filled else ""))
        problems.refuse(TapeError)
        return left_out


def _quoting(data: bytes, separator: str) -> bool | None:
    """True where quotes only open and close cells of one line, False where there are none, None where it is not so.

    Quotes alternate between opening and closing; an opening one stands at the start of a cell or follows a closing
    one (two quotes are one inside a cell), and the other way round.
    """
    letters = np.frombuffer(b"\n" + data + b"\n", dtype=np.uint8)
    places = np.flatnonzero(letters == ord('"'))
    if not len(places):
        return False
    edges = [ord("\n"), ord(separator), ord('"')]
    opening, closing = places[::2], places[1::2]
    regular = len(opening) == len(closing) and bool(
        np.isin(letters[opening - 1], edges).all() and np.isin(letters[closing + 1], edges).all()
    )
    inside = np.searchsorted(places, np.flatnonzero(letters == ord("\n"))) % 2
    return True if regular and not inside.any() else None


def _fitted(row: list[str], width: int) -> list[str]:
    """The row at this width where only blank cells stand beyond it; else nothing."""
    return row[:width] if len(row) >= width and not any(cell.strip() for cell in row[width:]) else []
