"""IP rights written beside the contracts they secure: several rows per contract, told apart from several contracts.

Tapes list the second and further rights of a contract on rows of their own, with the contract's cells merged, left
empty, or repeated. Such a row is joined to its contract; a row that repeats an identifier but says anything else about
the contract is left for the duplicate check to refuse.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from absengine.loaders.cells import RawColumn


@dataclass(frozen=True)
class Split:
    """Rows that are contracts, rows that hold a right (None where the table has no column of rights), all columns."""

    contracts: NDArray[np.intp]
    rights: NDArray[np.intp] | None
    columns: list[RawColumn]


def split(
    columns: list[RawColumn],
    keep: NDArray[np.bool_],
    found: Mapping[str, int],
    contract_fields: Sequence[str],
    right_fields: Sequence[str],
) -> Split:
    """Tell contracts from further rights of a contract; ``found`` maps fields to columns."""
    rows = np.flatnonzero(keep)
    rights = [columns[found[name]] for name in right_fields if name in found]
    if not rights or "asset_id" not in found:
        return Split(rows, None, columns)
    has_right = np.any([~column.blank for column in rights], axis=0)
    contracts = [columns[found[name]] for name in contract_fields if name in found and name != "asset_id"]
    key = columns[found["asset_id"]]
    owner = _owners(key, contracts, has_right, rows)
    repeats = np.flatnonzero(owner >= 0)
    filled = list(columns)
    filled[found["asset_id"]] = key.with_cells(repeats, owner[repeats])
    return Split(rows[owner[rows] < 0], rows[has_right[rows]], filled)


def _owners(
    key: RawColumn, contracts: list[RawColumn], has_right: NDArray[np.bool_], rows: NDArray[np.intp]
) -> NDArray[Any]:
    """For each row the row of the contract it belongs to, -1 where it is a contract of its own."""
    owner = np.full(len(key), -1, dtype=np.intp)
    codes, blank = key.codes[rows], key.blank[rows]
    _, first, inverse = np.unique(codes, return_index=True, return_inverse=True)
    repeated = (first[inverse] != np.arange(len(rows))) & ~blank & has_right[rows]
    for place in np.flatnonzero((blank & has_right[rows]) | repeated):
        row = rows[place]
        above = rows[place - 1] if place else -1
        if repeated[place]:
            target = rows[first[inverse[place]]]
        else:
            target = owner[above] if above >= 0 and owner[above] >= 0 else above
        if target >= 0 and all(not column[row] or column.codes[row] == column.codes[target] for column in contracts):
            owner[row] = target
    return owner
