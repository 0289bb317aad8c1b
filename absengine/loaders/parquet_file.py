"""Parquet → raw cells: typed columns are written out as text, so that one conversion serves every format."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from absengine.errors import Problems, TapeError
from absengine.loaders.cells import MAX_CELLS, Body, RawColumn, Source

MAX_BYTES = 2_000_000_000
"""Unpacked size of the columns that is read; above it the file is refused unread (assumption)."""


class ParquetTable:
    """One Parquet file; the header is its column names, and rows count from 1."""

    def __init__(self, data: bytes, file: str) -> None:
        self.source = Source(file, "parquet")
        self._table = _read(data, self.source)
        self.head: list[list[str]] = [list(self._table.column_names)]
        self.head_lines = [0]

    def body(self, first: int, width: int) -> Body:
        columns = [RawColumn.of(_as_text(column)) for column in self._table.columns[:width]]
        return Body(columns, np.arange(1, self._table.num_rows + 1, dtype=np.int32))


def _read(data: bytes, source: Source) -> pa.Table:
    problems = Problems()
    try:
        file = pq.ParquetFile(io.BytesIO(data), page_checksum_verification=True)
        meta = file.metadata
        unpacked = sum(meta.row_group(index).total_byte_size for index in range(meta.num_row_groups))
        if meta.num_rows * meta.num_columns > MAX_CELLS or unpacked > MAX_BYTES:
            problems.add(
                "too-many-cells", source.where(), f"{meta.num_rows:,} rows of {meta.num_columns} columns",
                f"at most {MAX_CELLS:,} cells and {MAX_BYTES / 1e6:,.0f} MB", "split the tape",
            )  # fmt: skip
            problems.refuse(TapeError)
        table = file.read()
    except (pa.ArrowException, OSError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        problems.add("broken-parquet", source.where(), f"a damaged file ({reason})", "a Parquet file", "write it again")
        raise TapeError(list(problems)) from None
    for name, column in zip(table.column_names, table.columns, strict=True):
        if pa.types.is_nested(column.type):
            problems.add("nested-column", source.where(None, name), f"a column of {column.type}", "one value per cell")
    problems.refuse(TapeError)
    return table


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
