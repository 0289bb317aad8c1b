"""NumPy to Arrow and back: nothing lost, nothing turned, and no pandas on the way."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from absengine.arrow import column, numbers, texts


@given(st.lists(st.floats(width=64)))
def test_column__floats_come_back_bit_by_bit(values: list[float]) -> None:
    given_values = np.array(values, dtype=np.float64)
    assert numbers(column(given_values)).tobytes() == given_values.tobytes()


@given(st.lists(st.integers(-(2**31), 2**31 - 1)))
def test_column__integers_of_both_widths(values: list[int]) -> None:
    for kind in (np.int32, np.int64):
        assert numbers(column(np.array(values, dtype=kind))).tolist() == values


def test_column__days_and_missing_days() -> None:
    days = np.array(["2022-04-14", "NaT", "1969-12-31"], dtype="datetime64[D]")
    assert column(days).to_pylist() == [days[0].item(), None, days[2].item()]
    assert column(days).type == pa.date32()


@given(st.lists(st.text()))
def test_texts__any_script(values: list[str]) -> None:
    sayable = [value.encode("utf-8", "replace").decode("utf-8") for value in values]
    assert texts(sayable).to_pylist() == sayable
    texts(sayable).validate(full=True)


def test_numbers__slices_and_chunks() -> None:
    whole = column(np.arange(6, dtype=np.int32))
    assert numbers(whole.slice(2, 3)).tolist() == [2, 3, 4]
    assert numbers(pa.chunked_array([whole.slice(0, 2), whole.slice(4)])).tolist() == [0, 1, 4, 5]


def test_numbers__nulls_are_refused() -> None:
    with pytest.raises(ValueError, match="nulls"):
        numbers(pa.array([1.0, None]))


def test_numbers__pandas_is_not_imported() -> None:
    code = (
        "import sys, numpy as np; from absengine.arrow import column, numbers, texts;"
        "numbers(column(np.arange(3.0))); texts(['a']); sys.exit('pandas' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
