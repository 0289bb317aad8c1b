"""Raw cells of a table file: every column as its distinct texts and one code per row, before anything is understood.

Reading text first keeps ``00123`` and ``NA`` as they are written; working on distinct texts makes the conversion of a
column cost as much as it has different values.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from absengine import arrow
from absengine.errors import Where
from absengine.schema import Ints

HEAD_ROWS = 40
"""Rows searched for the header; titles above it are longer than this on no tape we know (assumption)."""

MAX_CELLS = 60_000_000
"""Cells a table may have: 1,000,000 rows of 60 columns; more is refused before it is read into memory (assumption)."""


@dataclass(frozen=True)
class RawColumn:
    """Distinct texts of a column, stripped, and the index of the text in each row. A missing cell is ''."""

    texts: list[str]
    codes: Ints

    @classmethod
    def of(cls, cells: Iterable[str] | pa.Array | pa.ChunkedArray) -> RawColumn:
        """Encode cells; texts that differ only in blanks at their ends become one."""
        if not isinstance(cells, pa.Array | pa.ChunkedArray):
            cells = arrow.texts(list(cells))
        if isinstance(cells, pa.ChunkedArray):
            cells = cells.combine_chunks()
        encoded: Any = cells.dictionary_encode()
        texts: list[str] = encoded.dictionary.to_pylist()
        codes = arrow.numbers(encoded.indices).astype(np.int32)
        stripped = [text.strip("\ufeff\u200b \t\r\n\u3000\xa0") for text in texts]
        if stripped == texts:
            return cls(texts, codes)
        place = {text: index for index, text in enumerate(dict.fromkeys(stripped))}
        merged = np.array([place[text] for text in stripped], dtype=np.int32)
        return cls(list(place), merged[codes])

    @classmethod
    def full(cls, text: str, length: int) -> RawColumn:
        """A column that holds one text in every row."""
        return cls([text], np.zeros(length, dtype=np.int32))

    def __len__(self) -> int:
        return len(self.codes)

    def __getitem__(self, row: int) -> str:
        return self.texts[int(self.codes[row])]

    @property
    def blank(self) -> NDArray[np.bool_]:
        """Rows without a text."""
        return np.array([not text for text in self.texts], dtype=bool)[self.codes]

    def counts(self) -> NDArray[np.int64]:
        """Rows that hold each distinct text; texts of rows left out count 0."""
        return np.bincount(self.codes, minlength=len(self.texts))

    def take(self, index: NDArray[Any]) -> RawColumn:
        """Rows chosen by a mask or an index array."""
        return RawColumn(self.texts, self.codes[index])

    def filled(self, text: str) -> RawColumn:
        """The same column with ``text`` where a cell is missing."""
        return RawColumn([old or text for old in self.texts], self.codes)

    def with_cells(self, rows: NDArray[Any], source: NDArray[Any]) -> RawColumn:
        """The same column with ``rows`` taking the texts of the rows ``source``."""
        codes = self.codes.copy()
        codes[rows] = codes[source]
        return RawColumn(self.texts, codes)


@dataclass(frozen=True)
class Body:
    """Rows below the header: one column per header, and the line of the file (row of the sheet) of each row.

    ``left_out`` are lines already dropped as blank or as a remark, each with its text; ``merged`` counts cells filled
    from the merged cell they belong to.
    """

    columns: list[RawColumn]
    lines: Ints
    left_out: list[tuple[int, str]] = field(default_factory=list)
    merged: int = 0


@dataclass(frozen=True)
class Source:
    """Where a table came from, as the report shows it."""

    file: str
    format: str
    encoding: str | None = None
    sheet: str | None = None

    def where(self, line: int | None = None, column: int | str | None = None) -> Where:
        """A place in this table."""
        return Where(self.file, line, column, self.sheet)


class RawTable(Protocol):
    """One table of a file: the first rows to search for a header, and the body once the header is known."""

    @property
    def source(self) -> Source: ...

    @property
    def head(self) -> list[list[str]]:
        """The first rows, to be searched for the header."""

    @property
    def head_lines(self) -> list[int]:
        """The line of the file (row of the sheet) of each row of ``head``."""

    def body(self, first: int, width: int) -> Body:
        """Rows from index ``first`` of the table on, at least ``width`` columns; TapeError where rows do not fit."""


@dataclass
class GridTable:
    """A table held as rows of texts, as workbooks and small files come."""

    source: Source
    rows: list[list[str]]
    lines: list[int]
    merged: int = 0

    @property
    def head(self) -> list[list[str]]:
        return self.rows[:HEAD_ROWS]

    @property
    def head_lines(self) -> list[int]:
        return self.lines[:HEAD_ROWS]

    def body(self, first: int, width: int) -> Body:
        rows = self.rows[first:]
        columns: Sequence[Sequence[str]] = list(zip(*rows, strict=True)) if rows else [()] * width
        lines = np.array(self.lines[first:], dtype=np.int32)
        return Body([RawColumn.of(cells) for cells in columns], lines, [], self.merged)
