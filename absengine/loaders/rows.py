"""Rows of a table that are no assets: blank ones, totals (合计, 小计), repeated headers, remarks; all are reported."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from absengine.loaders.cells import Body

Why = Literal["blank", "total", "subtotal", "remark", "repeated header"]

_WORDS = (
    r"(?P<total>合\s*计|总\s*计|总\s*额|累\s*计|共\s*计|汇\s*总|(?:grand\s+)?totals?|sum)"
    r"|(?P<sub>小\s*计|sub-?\s?totals?)"
)
_TOTAL = re.compile(rf"(?:本页|本|以上)?(?:{_WORDS})\s*(?:[:：(（].*|\d+\s*[笔户个项].*|)", re.IGNORECASE)
_HINTS = ("计", "额", "总", "otal", "OTAL", "um", "UM")
_REMARK = re.compile(
    r"(?:备?注|说明|制表|填表|复核|审核|数据来源|来源|单位|免责|notes?|source|prepared)\s*[:：\d.]?.*",
    re.IGNORECASE | re.DOTALL,
)


@dataclass(frozen=True)
class Dropped:
    """A row left out, with its line and what it said."""

    line: int
    why: Why
    text: str
    row: int = -1


def assets(body: Body, headers: Sequence[str], key: int | None) -> tuple[NDArray[np.bool_], list[Dropped]]:
    """Mask of the rows that are assets, and the rows that are not.

    Parameters
    ----------
    body : rows below the header
    headers : header of each column
    key : index of the column of identifiers, if there is one: a row that has one is never taken for a remark
    """
    count = len(body.lines)
    filled = np.zeros(count, dtype=np.int32)
    for column in body.columns:
        filled += ~column.blank
    dropped = [Dropped(line, "remark" if text else "blank", text) for line, text in body.left_out]
    dropped += [Dropped(int(body.lines[row]), "blank", "", int(row)) for row in np.flatnonzero(filled == 0)]
    for row in _suspects(body, headers, filled):
        cells = [column[row] for column in body.columns]
        why = _why(cells, headers, key)
        if why:
            dropped.append(Dropped(int(body.lines[row]), why, " ".join(cell for cell in cells if cell), int(row)))
    keep = np.ones(count, dtype=bool)
    keep[[item.row for item in dropped if item.row >= 0]] = False
    return keep, sorted(dropped, key=lambda item: item.line)


def _suspects(body: Body, headers: Sequence[str], filled: NDArray[np.int32]) -> list[int]:
    """Rows that hold a word of a total or of a header, or one cell only."""
    marked = filled == 1
    for header, column in zip(headers, body.columns, strict=True):
        whole = "\n".join(column.texts)  # looked through for a hint without a regular expression per text
        if not any(hint in whole for hint in _HINTS) and header not in column.texts:
            continue
        words = np.array([bool(text) and (text == header or bool(_TOTAL.fullmatch(text))) for text in column.texts])
        if words.any():
            marked |= words[column.codes]
    return [int(row) for row in np.flatnonzero(marked)]


def _why(cells: list[str], headers: Sequence[str], key: int | None) -> Why | Literal[""]:
    first = next(cell for cell in cells if cell)
    if match := _TOTAL.fullmatch(first):
        return "subtotal" if match.group("sub") else "total"
    present = [(cell, header) for cell, header in zip(cells, headers, strict=True) if cell]
    if len(present) > 1:
        return "repeated header" if all(cell == header for cell, header in present) else ""
    if _REMARK.fullmatch(first) or key is None or not cells[key]:
        return "remark"
    return ""
