"""Where the header of a table is, and which field each column holds.

Tapes have titles above the header, units in titles, and headers of two rows with merged cells (保证人 over 名称 and
评级). Every row near the top, alone and joined with the next, is read as a header; the one with most known fields wins.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from absengine.loaders.cells import RawTable
from absengine.loaders.fields import Recognised, Vocabulary, header_unit, stated_unit


@dataclass(frozen=True)
class Header:
    """The header of a table: ``texts`` and ``found`` per column, the first row of data, and a unit stated above.

    ``first`` indexes rows of the table; ``line`` is the line (row of the sheet) of the header's last row.
    """

    texts: list[str]
    found: list[Recognised | None]
    first: int
    line: int
    title_unit: tuple[str, int] | None

    @property
    def score(self) -> int:
        """Different fields recognised."""
        return len({item.field.name for item in self.found if item})


def find_header(table: RawTable, vocabulary: Vocabulary, row: int | None = None) -> Header | None:
    """The most telling header near the top; None where no row names a field. ``row`` fixes the line of the header.

    Of headers that name as many fields, one of one row comes before one of two, and the upper before the lower.
    """
    ways: list[Header] = []
    pairs: list[Header] = []
    for index, cells in enumerate(table.head):
        if row is None or table.head_lines[index] == row:
            texts = _trimmed(cells)
            ways.append(_header(table, index, texts, [[text] for text in texts], vocabulary))
            below = table.head[index + 1] if index + 1 < len(table.head) else []
            if below:
                pairs.append(_header(table, index + 1, *_joined(cells, below), vocabulary))
    best = max([*ways, *pairs], key=lambda header: header.score, default=None)
    return best if best and best.score else None


def _header(table: RawTable, last: int, texts: list[str], readings: list[list[str]], vocabulary: Vocabulary) -> Header:
    """Read a header that ends in row ``last``; the first of a column's readings that names a field counts."""
    found = []
    for text, ways in zip(texts, readings, strict=True):
        item = next((item for way in ways if (item := vocabulary.recognise(way))), None)
        if item and not item.unit:
            item = replace(item, unit=header_unit(text, item.field.unit_class))
        found.append(item)
    above = [cell for cells in table.head[: last + 1] for cell in cells]
    return Header(texts, found, last + 1, table.head_lines[last], stated_unit(above))


def _trimmed(cells: Sequence[str]) -> list[str]:
    """Cells without the blank ones at the end."""
    width = max((index + 1 for index, cell in enumerate(cells) if cell.strip()), default=0)
    return [cell.strip() for cell in cells[:width]]


def _joined(upper: Sequence[str], lower: Sequence[str]) -> tuple[list[str], list[list[str]]]:
    """Two header rows as one: a group's name stands over the columns to its right until the next name.

    Returns the header of each column as shown, and how it may be read: with its group's name, or by itself.
    """
    width = max(len(_trimmed(upper)), len(_trimmed(lower)))
    texts: list[str] = []
    readings: list[list[str]] = []
    group = ""
    for column in range(width):
        top = upper[column].strip() if column < len(upper) else ""
        bottom = lower[column].strip() if column < len(lower) else ""
        group = top or group
        whole = bool(bottom and group and group != bottom)
        texts.append(f"{group}/{bottom}" if whole else bottom or top)
        readings.append([group + bottom, bottom] if whole else [bottom or top])
    return texts, readings
