"""Totals rows are left out of a tape, but not unread: a total that is not the sum of its rows is a warning."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from absengine.loaders.cells import Body, RawColumn
from absengine.loaders.header import Header
from absengine.loaders.rows import Dropped
from absengine.loaders.values import convert


def check_totals(body: Body, header: Header, dropped: Sequence[Dropped], keep: NDArray[np.bool_]) -> list[str]:
    """One sentence per total of an amount that is neither the sum of all rows nor of those since the total before."""
    rows = [item for item in dropped if item.why in ("total", "subtotal")]
    said: list[str] = []
    if not rows:
        return said
    for recognised, column, text in zip(header.found, body.columns, header.texts, strict=True):
        if recognised is None or recognised.field.type != "money":
            continue
        unit = recognised.unit or header.title_unit
        values = convert(column, recognised.field, unit[1] if unit else None).values
        before = -1
        for item in rows:
            stated = values[item.row]
            since = float(np.nansum(values[before + 1 : item.row][keep[before + 1 : item.row]]))
            whole = float(np.nansum(values[keep]))
            before = item.row
            step = _last_digit(column, item.row, unit[1] if unit else 0)
            if np.isfinite(stated) and min(abs(stated - since), abs(stated - whole)) > step:
                sums = f"{stated:,.2f}, its rows add to {whole:,.2f}"
                said.append(f"line {item.line}: the {item.why} of {text!r} is {sums}")
    return said


def _last_digit(column: RawColumn, row: int, power: int) -> float:
    """Half of one in the last digit shown, which is how far a rounded total may be from its rows."""
    _, _, decimals = column[row].partition(".")
    return 0.5 * 10.0 ** (power - sum(letter.isdigit() for letter in decimals))
