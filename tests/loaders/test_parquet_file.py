"""Parquet columns of every plain type become the text a person would have written."""

from __future__ import annotations

import datetime
import decimal
import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from absengine.errors import TapeError
from absengine.loaders import parquet_file
from absengine.loaders.parquet_file import ParquetTable


def _table(**columns: pa.Array) -> ParquetTable:
    stream = io.BytesIO()
    pq.write_table(pa.table(columns), stream)
    return ParquetTable(stream.getvalue(), "t.parquet")


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        (pa.array(["00123", None, "NA"]), ["00123", "", "NA"]),
        (pa.array([1.5, float("nan"), None]), ["1.5", "", ""]),
        (pa.array([1, None, 3]), ["1", "", "3"]),
        (pa.array([decimal.Decimal("1.20"), None, decimal.Decimal("3.00")]), ["1.20", "", "3.00"]),
        (pa.array([datetime.date(2026, 3, 31)] * 3), ["2026-03-31"] * 3),
        (pa.array(["a", "b", "a"]).dictionary_encode(), ["a", "b", "a"]),
        (pa.array([True, False, None]), ["true", "false", ""]),
    ],
)
def test_parquet_table__values_as_text(values: pa.Array, texts: list[str]) -> None:
    body = _table(x=values).body(1, 1)
    assert [body.columns[0][row] for row in range(3)] == texts
    assert body.lines.tolist() == [1, 2, 3]


def test_parquet_table__too_large_is_refused_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet_file, "MAX_CELLS", 2)
    with pytest.raises(TapeError) as refusal:
        _table(x=pa.array([1, 2, 3]))
    assert refusal.value.problems[0].code == "too-many-cells"
