"""Parquet → raw cells: typed columns are written out as text, so that one conversion serves every format."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from absengine.errors import Problems, TapeError
from absengine.language.toml import printable
from absengine.loaders.cells import MAX_CELLS, Body, RawColumn, Source

MAX_BYTES = 2_000_000_000
"""Unpacked size of the columns that is read; above it the file is refused unread (assumption)."""


_DAMAGED = (pa.ArrowException, OSError, ValueError, OverflowError, MemoryError)
"""What the Parquet reader was seen to raise on 20,000 mutated files."""


class ParquetTable:
    """One Parquet file; the header is its column names, and rows count from 1."""

    def __init__(self, data: bytes, file: str) -> None:
        self.source = Source(file, "parquet")
        problems = Problems()
        try:
            table = _read(data, self.source)
            self._columns = [RawColumn.of(_as_text(column)) for column in table.columns]
        except _DAMAGED as error:
            reason = (str(error).splitlines() or [type(error).__name__])[0]
            found = f"a damaged file ({printable(reason)})"
            problems.add("broken-parquet", self.source.where(), found, "a Parquet file", "write it again")
            problems.refuse(TapeError)
        self._rows: int = table.num_rows
        self.head: list[list[str]] = [list(table.column_names)]
        self.head_lines = [0]

    def body(self, first: int, width: int) -> Body:
        return Body(self._columns, np.arange(1, self._rows + 1, dtype=np.int32))


def _read(data: bytes, source: Source) -> pa.Table:
    """The table, after its size and the types of its columns have been looked at; page checksums are verified."""
    problems = Problems()
    file = pq.ParquetFile(io.BytesIO(data), page_checksum_verification=True)
    meta = file.metadata
    unpacked = sum(meta.row_group(index).total_byte_size for index in range(meta.num_row_groups))
    if meta.num_rows * meta.num_columns > MAX_CELLS or unpacked > MAX_BYTES:
        problems.add(
            "too-many-cells", source.where(), f"{meta.num_rows:,} rows of {meta.num_columns} columns",
            f"at most {MAX_CELLS:,} cells and {MAX_BYTES / 1e6:,.0f} MB", "split the tape",
        )  # fmt: skip
    for column in file.schema_arrow:
        if pa.types.is_nested(column.type):
            place = source.where(None, column.name)
            problems.add("nested-column", place, f"a column of {column.type}", "one value per cell")
    problems.refuse(TapeError)
    return file.read()


def _as_text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Text of every value, '' where there is none; midnight is left off a timestamp by the date reader."""
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_floating(column.type):
        column = pc.if_else(pc.is_nan(column), pa.scalar(None, column.type), column)
    if pa.types.is_binary(column.type) or pa.types.is_large_binary(column.type):
        column = column.cast(pa.string(), safe=False)
    texts: Any = column.cast(pa.string())
    return pc.fill_null(texts, "")
