"""Tape (资产清单) → typed columns, with a report of everything recognised, converted and left out.

``read_tape`` reads CSV, Excel or Parquet, finds the header, reads every column as text, converts it as its field asks,
and refuses the file once with every problem in it. What the columns mean to a kind of asset is the loaders' affair.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from absengine.errors import Problem, Problems, TapeError, Where
from absengine.language.toml import printable
from absengine.language.validation import did_you_mean
from absengine.loaders.beside import split
from absengine.loaders.cells import Body, RawTable, Source
from absengine.loaders.columns import ColumnReport, Typed, Typing, sorted_problems
from absengine.loaders.fields import TapeField, Vocabulary, normal
from absengine.loaders.header import Header, find_header
from absengine.loaders.reader import read_tables
from absengine.loaders.rows import Dropped, assets
from absengine.loaders.tape_map import Part, TapeMap, read_map
from absengine.loaders.totals import check_totals
from absengine.loaders.values import Conversion
from absengine.schema import Ints


@dataclass(frozen=True)
class TapeReport:
    """Everything done to a file on the way in. ``extra`` columns are kept under their own header, for scoping."""

    source: Source
    header_line: int
    rows: int
    other_sheets: list[str]
    recognised: list[ColumnReport]
    extra: list[str]
    ignored: list[str]
    dropped: list[Dropped]
    notes: list[str]
    warnings: list[str]


@dataclass(frozen=True)
class Tape:
    """Typed columns of one table: float64, datetime64[D] or object text; missing is NaN, NaT or ''.

    ``lines`` is the line of the file (row of the sheet) of each row, ``headers`` maps a field to its header, ``extras``
    holds columns no field claims under their own header, ``beside`` the IP rights written beside the contracts.
    """

    file: str
    kind: str
    columns: dict[str, NDArray[Any]]
    lines: Ints
    headers: dict[str, str]
    report: TapeReport
    fields: Mapping[str, TapeField] = field(default_factory=dict)
    extras: dict[str, NDArray[Any]] = field(default_factory=dict)
    beside: Tape | None = None

    def __len__(self) -> int:
        return len(self.lines)

    def has(self, name: str) -> bool:
        """True where the tape has a column (or a default) for the field."""
        return name in self.columns

    def column(self, name: str) -> NDArray[Any]:
        """Values of a field; all missing where the tape has no such column."""
        if name in self.columns:
            return self.columns[name]
        kind = self.fields[name].type
        if kind == "date":
            return np.full(len(self), np.datetime64("NaT"), dtype="datetime64[D]")
        return np.full(len(self), "", dtype=object) if kind in ("text", "code") else np.full(len(self), np.nan)

    def where(self, row: int, name: str = "") -> Where:
        """Place of one cell in the file; ``row`` counts from 0 in this tape."""
        return self.report.source.where(int(self.lines[row]), self.headers.get(name, name) or None)


def read_tape(
    path: Path,
    *,
    kind: str,
    fields: Sequence[TapeField],
    map_file: Path | None = None,
    encoding: str | None = None,
    sheet: str | None = None,
    map_part: Part = "",
    defaults: Mapping[str, str] | None = None,
    beside: Sequence[TapeField] = (),
) -> Tape:
    """Read one table.

    Parameters
    ----------
    path : CSV, Excel workbook or Parquet; told apart by content
    kind : name of the loader that asks, kept on the tape
    fields : fields to look for, see :func:`absengine.loaders.fields.fields_of`; required ones must have a value per row
    map_file, map_part : the user's own map (TOML), and which part of it is about this table
    encoding : of a text file; None tries byte-order mark, UTF-8, GB18030
    sheet : of a workbook; None takes the sheet whose header names most fields
    defaults : text for fields that have no column, or whose cell is empty
    beside : fields of IP rights that may stand in the same rows; rows of one contract are then joined

    Raises
    ------
    TapeError with every problem: file, line, header, what was found, what is allowed.
    """
    extra_fields = [item for item in beside if item.name not in {known.name for known in fields}]
    known = [*fields, *extra_fields]
    own = read_map(map_file, [item.name for item in known], map_part)
    given = {**(defaults or {}), **own.constants}
    vocabulary = Vocabulary(known, own.columns)
    tables = read_tables(path, encoding or own.encoding, sheet or own.sheet)
    table, header = _choose(tables, vocabulary, own)
    _check_header(table.source, header, vocabulary, own, given)
    body = table.body(header.first, len(header.texts))
    header = replace(header, texts=_padded(header.texts, "", body), found=_padded(header.found, None, body))
    columns, translated = own.translated(body.columns, [item.field.name if item else "" for item in header.found])
    body = replace(body, columns=columns)
    found = {item.field.name: index for index, item in enumerate(header.found) if item}
    key = next((found[item.name] for item in fields if item.key and item.name in found), None)
    keep, dropped = assets(body, header.texts, key)
    parts = split(body.columns, keep, found, [item.name for item in fields], [item.name for item in extra_fields])
    typing = Typing(table.source, header, given)
    chosen = [column.take(parts.contracts) for column in parts.columns]
    contracts = typing.table(chosen, body.lines[parts.contracts], fields)
    typing.extras(chosen, contracts)
    _move_dates(contracts, own)
    rights: Typed | None = None
    if parts.rights is not None:
        linked = [replace(item, key=False) for item in beside]
        chosen = [column.take(parts.rights) for column in parts.columns]
        rights = typing.table(chosen, body.lines[parts.rights], linked)
    sorted_problems(typing.problems).refuse(TapeError)
    if not keep.any():
        place = table.source.where(header.line)
        raise TapeError(Problem("no-rows", place, "a header and no row of data below it", "one row per asset"))
    others = [other.source.sheet for other in tables if other is not table and other.source.sheet]
    report = _report(table.source, others, header, body, dropped, contracts, rights)
    report.notes.extend([f"read by the map {own.title}", *translated] if own.title else translated)
    report.warnings.extend(check_totals(body, header, dropped, keep))
    own_rights = None if rights is None else _tape(report, "right", rights, beside, None)
    return _tape(report, kind, contracts, known, own_rights)


def _move_dates(typed: Typed, own: TapeMap) -> None:
    """Move the dates a map says mean another day than ours: a balance at the end of a day is ours of the next."""
    for name, days in own.days.items():
        if name in typed.columns:
            typed.columns[name] = typed.columns[name] + np.timedelta64(days, "D")
            report = next(column for column in typed.reports if column.field == name)
            known = int((~np.isnat(typed.columns[name])).sum())
            report.done.append(Conversion(f"moved by {days} day{'s' * (days != 1)}, as the map says", known))


def _tape(report: TapeReport, kind: str, typed: Typed, fields: Sequence[TapeField], beside: Tape | None) -> Tape:
    named = {item.name: item for item in fields}
    return Tape(
        report.source.file, kind, typed.columns, typed.lines, typed.headers, report, named, typed.extras, beside
    )


def _padded(items: Sequence[Any], blank: Any, body: Body) -> list[Any]:
    """One item per column of the body: columns beyond the header have none."""
    return [*items, *[blank] * (len(body.columns) - len(items))]


def _report(
    source: Source,
    others: list[str],
    header: Header,
    body: Body,
    dropped: list[Dropped],
    contracts: Typed,
    rights: Typed | None,
) -> TapeReport:
    seen = {column.header for column in contracts.reports}
    beside = [column for column in rights.reports if column.header not in seen] if rights else []
    nameless = [
        f"column {index + 1}"
        for index, (text, column) in enumerate(zip(header.texts, body.columns, strict=True))
        if not text and not column.blank.all()
    ]
    notes = [f"{body.merged} merged cells filled from the cell they belong to"] if body.merged else []
    if header.title_unit:
        notes.append(f"amounts without a unit of their own are read in {header.title_unit[0]}, the unit stated on top")
    if rights is not None:
        notes.append(f"{len(rights.lines)} IP rights stand beside {len(contracts.lines)} contracts")
    return TapeReport(
        source=source,
        header_line=header.line,
        rows=len(contracts.lines),
        other_sheets=others,
        recognised=[*contracts.reports, *beside],
        extra=list(contracts.extras),
        ignored=nameless,
        dropped=dropped,
        notes=notes,
        warnings=[],
    )


def _choose(tables: Sequence[RawTable], vocabulary: Vocabulary, own: TapeMap) -> tuple[RawTable, Header]:
    """The table whose header names most fields; two sheets that name as many are refused."""
    found = [(table, find_header(table, vocabulary, own.header_row)) for table in tables]
    named = [(table, header) for table, header in found if header is not None]
    needed = min(2, len(vocabulary.fields))
    if not named or max(header.score for _, header in named) < needed:
        raise TapeError(_unknown_headers(tables, vocabulary, own))
    table, header = max(named, key=lambda pair: pair[1].score)
    rivals = [other.source.sheet for other, head in named if head.score == header.score]
    if len(rivals) > 1 and table.source.sheet:
        sheets = ", ".join(str(name) for name in rivals)
        problem = Problem(
            "several-sheets", Where(table.source.file), f"sheets that could each be the tape: {sheets}", "one of them",
            'name it in a map file, as in sheet = "…"',
        )  # fmt: skip
        raise TapeError(problem)
    return table, header


def _unknown_headers(tables: Sequence[RawTable], vocabulary: Vocabulary, own: TapeMap) -> Problem:
    """No row reads as a header: show the first one as decoded, so that a wrong encoding is seen."""
    table = tables[0]
    row = next((index for index, cells in enumerate(table.head) if sum(map(bool, cells)) > 1), 0)
    cells = [cell for cell in (table.head[row] if table.head else []) if cell]
    shown = printable(" | ".join(cells[:8]))[:120]
    read_as = f" (read as {table.source.encoding})" if table.source.encoding else ""
    wanted = [item for item in vocabulary.fields.values() if item.required] or list(vocabulary.fields.values())[:6]
    return Problem(
        "unknown-headers", table.source.where(own.header_row or (table.head_lines[row] if table.head else None)),
        f"no row that names known columns; the first reads {shown}{read_as}",
        "headers such as " + ", ".join(f"{item.zh} ({item.name})" for item in wanted),
        "name the encoding with --encoding, or the headers in a map file with --map",
    )  # fmt: skip


def _check_header(
    source: Source, header: Header, vocabulary: Vocabulary, own: TapeMap, given: Mapping[str, str]
) -> None:
    """Refuse a field with two columns, a required field with none, a mapped header that is not there."""
    problems = Problems()
    first: dict[str, str] = {}
    for item, text in zip(header.found, header.texts, strict=True):
        name = item.field.name if item else ""
        if name in first:
            problems.add(
                "duplicate-column", source.where(header.line, text), f"{name} again, already in {first[name]!r}",
                "one column per field", "say in a map file which header is the field",
            )  # fmt: skip
        elif name:
            first[name] = text
    texts = {normal(text) for text in header.texts}
    for mapped, place in own.places.items():
        if normal(mapped) not in texts:
            todo = did_you_mean(mapped, header.texts)
            problems.add("map-unknown-header", place, f"no column {mapped!r}", "a header of the tape", todo)
    loose = [text for text, item in zip(header.texts, header.found, strict=True) if text and item is None]
    for name, wanted in vocabulary.fields.items():
        if wanted.required and name not in first and name not in given:
            close = did_you_mean(wanted.zh, loose, "name its header in a map file with --map")
            names = ", ".join((wanted.zh, *wanted.also[:4], name))
            place = source.where(header.line)
            problems.add("missing-column", place, f"no column of {name}", f"a header {names}", close)
    problems.refuse(TapeError)
