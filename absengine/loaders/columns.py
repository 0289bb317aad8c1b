"""All columns of a table → typed columns; every cell that does not fit becomes a problem with its place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from absengine.errors import Problem, Problems, Where
from absengine.language.toml import printable
from absengine.loaders.cells import RawColumn, Source
from absengine.loaders.fields import Recognised, TapeField
from absengine.loaders.header import Header
from absengine.loaders.values import Conversion, Converted, Unfit, convert, convert_extra
from absengine.schema import Ints

ROWS_LISTED = 1000
"""Rows of one column listed one by one in a refusal; the rest is counted."""


@dataclass(frozen=True)
class ColumnReport:
    """A column as understood: its header, field, the unit it was read in, and what was rewritten."""

    header: str
    field: str
    type: str
    unit: str
    done: list[Conversion]
    missing: int


@dataclass
class Typed:
    """Typed columns by field and, for columns no field claims, by header."""

    lines: Ints
    columns: dict[str, NDArray[Any]] = field(default_factory=dict)
    extras: dict[str, NDArray[Any]] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    reports: list[ColumnReport] = field(default_factory=list)


@dataclass
class Typing:
    """Converts columns of one table and collects what does not fit.

    ``given`` are texts for fields without a column or with an empty cell.
    """

    source: Source
    header: Header
    given: Mapping[str, str]
    problems: list[Problem] = field(default_factory=list)

    def table(self, columns: Sequence[RawColumn], lines: Ints, fields: Sequence[TapeField]) -> Typed:
        """Type the columns of ``fields``; cross checks between columns run where their columns are sound."""
        typed = Typed(lines)
        wanted = {item.name: item for item in fields}
        for recognised, text, column in zip(self.header.found, self.header.texts, columns, strict=True):
            if recognised and recognised.field.name in wanted:
                item = wanted.pop(recognised.field.name)
                self._one(typed, item, recognised, text, column)
        for item in wanted.values():
            if item.name in self.given:
                column = RawColumn.full(self.given[item.name], len(lines))
                self._one(typed, item, Recognised(item), item.name, column)
        for item in fields:
            self._check_order(typed, item)
            if item.key:
                self._check_key(typed, item)
        return typed

    def extras(self, columns: Sequence[RawColumn], typed: Typed) -> None:
        """Keep the columns no field claims, as numbers or text."""
        for recognised, text, column in zip(self.header.found, self.header.texts, columns, strict=True):
            if recognised is None and text:
                typed.extras[text] = convert_extra(column)

    def _one(self, typed: Typed, item: TapeField, recognised: Recognised, text: str, column: RawColumn) -> None:
        unit = recognised.unit or (self.header.title_unit if item.type == "money" else None)
        default = self.given.get(item.name, "")
        filled = int(column.blank.sum()) if default else 0
        column = column.filled(default) if filled else column
        converted = convert(column, item, unit[1] if unit else None)
        if filled:
            converted.done.append(Conversion(f"empty cells filled with {default}", filled))
        self._refuse_unfit(typed, item, text, column, converted)
        self._refuse_percent_twice(item, text, unit, converted)
        missing = _missing(converted.values)
        if item.required:
            self._refuse_missing(typed, item, text, missing & ~_unfit_rows(column, converted))
        typed.columns[item.name] = converted.values
        typed.headers[item.name] = text
        typed.reports.append(
            ColumnReport(text, item.name, item.type, unit[0] if unit else "", converted.done, int(missing.sum()))
        )

    def _where(self, typed: Typed, row: int, text: str) -> Where:
        return self.source.where(int(typed.lines[row]), text)

    def _refuse_unfit(self, typed: Typed, item: TapeField, text: str, column: RawColumn, converted: Converted) -> None:
        rows = np.flatnonzero(_unfit_rows(column, converted))
        for row in rows[:ROWS_LISTED]:
            reason: Unfit = converted.unfit[int(column.codes[row])]
            found = f"'{printable(column[row])[:60]}'"
            place = self._where(typed, row, text)
            self.problems.append(Problem(reason.code, place, found, reason.allowed, reason.todo))
        if len(rows) > ROWS_LISTED:
            place = self.source.where(None, text)
            found = f"{len(rows) - ROWS_LISTED:,} further cells of {item.name} that do not fit"
            self.problems.append(Problem("further-cells", place, found, "as above"))

    def _refuse_missing(self, typed: Typed, item: TapeField, text: str, missing: NDArray[np.bool_]) -> None:
        rows = np.flatnonzero(missing)
        for row in rows[:ROWS_LISTED]:
            wanted = f"a value of {item.name} ({item.zh})"
            self.problems.append(Problem("missing-value", self._where(typed, row, text), "an empty cell", wanted))
        if len(rows) > ROWS_LISTED:
            found = f"{len(rows) - ROWS_LISTED:,} further empty cells"
            self.problems.append(Problem("further-cells", self.source.where(None, text), found, "as above"))

    def _refuse_percent_twice(
        self, item: TapeField, text: str, unit: tuple[str, int] | None, converted: Converted
    ) -> None:
        if item.least_percent is None or unit is None or unit[1] != -2 or converted.unfit:
            return
        top = float(np.nanmax(converted.values, initial=0.0))
        if 0 < top < item.least_percent / 100:
            self.problems.append(
                Problem(
                    "percent-twice", self.source.where(self.header.line, text),
                    f"a header with % over values of at most {top * 100:g}",
                    f"values in percent, the largest {item.least_percent:g} or more",
                    "the cells look like decimals already: take % out of the header",
                )
            )  # fmt: skip

    def _check_order(self, typed: Typed, item: TapeField) -> None:
        """A date that must follow another date of its row."""
        if not item.after or item.name not in typed.columns or item.after not in typed.columns:
            return
        later, earlier = typed.columns[item.name], typed.columns[item.after]
        for row in np.flatnonzero(later <= earlier)[:ROWS_LISTED]:
            code = f"{item.name}-not-after-{item.after}".replace("_", "-")
            place = self._where(typed, row, typed.headers[item.name])
            self.problems.append(Problem(code, place, str(later[row]), f"a day after {item.after}, {earlier[row]}"))

    def _check_key(self, typed: Typed, item: TapeField) -> None:
        """An identifier that stands on two rows."""
        values = typed.columns.get(item.name)
        if values is None or len(values) == len(set(values.tolist())):
            return
        first: dict[Any, int] = {}
        for row, value in enumerate(values.tolist()):
            if value and (before := first.setdefault(value, row)) != row:
                place = self._where(typed, row, typed.headers[item.name])
                found = f"'{printable(str(value))}' again, first on line {typed.lines[before]}"
                code = f"duplicate-{item.name.replace('_', '-')}"
                self.problems.append(Problem(code, place, found, f"each {item.name} ({item.zh}) once"))


def _unfit_rows(column: RawColumn, converted: Converted) -> NDArray[np.bool_]:
    bad: NDArray[np.bool_] = np.zeros(max(len(column.texts), 1), dtype=np.bool_)
    bad[list(converted.unfit)] = True
    return bad[column.codes]


def _missing(values: NDArray[Any]) -> NDArray[np.bool_]:
    if values.dtype == object:
        return np.array([value == "" for value in values.tolist()], dtype=np.bool_)
    missing: NDArray[np.bool_] = np.isnat(values) if values.dtype.kind == "M" else np.isnan(values)
    return missing


def sorted_problems(found: Sequence[Problem]) -> Problems:
    """Problems in the order of the file; those of a whole column first."""
    problems = Problems()
    problems.extend(sorted(found, key=lambda problem: problem.where.line or 0))
    return problems
