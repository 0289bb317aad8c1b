"""Columns as distinct texts and codes."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from absengine.loaders.cells import RawColumn

_TEXTS = st.lists(st.text("ab \u3000", max_size=3), max_size=20)


@given(_TEXTS)
def test_of__keeps_every_cell_without_blanks_at_its_ends(cells: list[str]) -> None:
    column = RawColumn.of(cells)
    assert [column[row] for row in range(len(column))] == [cell.strip(" \u3000") for cell in cells]
    assert len(set(column.texts)) == len(column.texts)
    assert column.blank.tolist() == [not cell.strip(" \u3000") for cell in cells]


@given(_TEXTS, st.data())
def test_take__counts_what_is_left(cells: list[str], data: st.DataObject) -> None:
    column = RawColumn.of(cells)
    keep = np.array(data.draw(st.lists(st.booleans(), min_size=len(cells), max_size=len(cells))), dtype=bool)
    part = column.take(keep)
    assert part.counts().sum() == keep.sum() == len(part)


def test_filled_and_with_cells() -> None:
    column = RawColumn.of(["a", "", "b"])
    assert [column.filled("x")[row] for row in range(3)] == ["a", "x", "b"]
    moved = column.with_cells(np.array([1]), np.array([0]))
    assert [moved[row] for row in range(3)] == ["a", "a", "b"]
    assert RawColumn.full("z", 2)[1] == "z"
