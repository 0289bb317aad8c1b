"""NumPy to Arrow and back by buffer: ``pa.array`` and ``to_numpy`` import pandas, a fifth of a second for nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

_TYPES = {"float64": pa.float64(), "int32": pa.int32(), "int64": pa.int64()}


def column(values: NDArray[Any]) -> pa.Array:
    """Floats, integers or days (datetime64[D]; NaT is null) as an Arrow array of the same length; NaN stays NaN."""
    if values.dtype.kind != "M":
        return _array(_TYPES[values.dtype.name], values, None)
    known = ~np.isnat(values)
    days = np.where(known, values, np.datetime64(0, "D")).astype("datetime64[D]").astype(np.int64).astype(np.int32)
    return _array(pa.date32(), days, None if known.all() else np.packbits(known, bitorder="little"))


def texts(values: Sequence[str]) -> pa.Array:
    """Texts as an Arrow array of strings without nulls."""
    encoded = [value.encode("utf-8") for value in values]
    ends = np.cumsum([0, *map(len, encoded)], dtype=np.int64)
    if ends[-1] >= 2**31:
        raise ValueError("texts of more than 2 GiB in one column")
    return pa.StringArray.from_buffers(
        len(encoded), pa.py_buffer(ends.astype(np.int32)), pa.py_buffer(b"".join(encoded))
    )


def numbers(array: pa.Array | pa.ChunkedArray) -> NDArray[Any]:
    """A numeric Arrow array without nulls as NumPy; ValueError where there are nulls."""
    if isinstance(array, pa.ChunkedArray):
        parts = [numbers(chunk) for chunk in array.chunks]
        return np.concatenate(parts) if parts else np.empty(0)
    if array.null_count:
        raise ValueError("numbers of an array with nulls")
    kind = np.dtype(array.type.to_pandas_dtype())
    return np.frombuffer(array.buffers()[1], kind, len(array), array.offset * kind.itemsize)


def _array(kind: pa.DataType, values: NDArray[Any], known: NDArray[np.uint8] | None) -> pa.Array:
    validity = None if known is None else pa.py_buffer(known)
    return pa.Array.from_buffers(kind, len(values), [validity, pa.py_buffer(np.ascontiguousarray(values))])
