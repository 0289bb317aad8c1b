"""The user's own map of a tape: which header is which field, in which unit, on which sheet, and what every row lacks.

schema = "absengine.map/1"
sheet = "资产清单"       # of a workbook
encoding = "big5"        # of a text file that is neither UTF-8 nor GB18030
header_row = 3
[columns]
"贷余(万)" = "balance"
"放款额" = { field = "original_balance", unit = "万元" }
[constants]
rate_type = "fixed"
cutoff_date = 2026-03-31
[rights]                  # the same keys for IP rights that have a file or a sheet of their own
sheet = "知识产权"
[rights.columns]
"证号" = "ip_no"
"""

from __future__ import annotations

import datetime
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from absengine.errors import Problems, TapeError, Where
from absengine.language.toml import read
from absengine.language.validation import Table, did_you_mean, one_of, validate
from absengine.loaders.fields import field as field_named
from absengine.loaders.fields import normal, units

Part = Literal["", "rights"]


class _Column(Table):
    field: str
    unit: str = ""


class _Section(Table):
    sheet: str | None = None
    encoding: str | None = None
    header_row: Annotated[int, Field(ge=1)] | None = None
    columns: dict[str, str | _Column] = Field(default_factory=dict)
    constants: dict[str, str | int | float | datetime.date] = Field(default_factory=dict)


class _Map(_Section):
    schema_: Annotated[Literal["absengine.map/1"], Field(alias="schema")]
    rights: _Section = Field(default_factory=_Section)


@dataclass(frozen=True)
class TapeMap:
    """A map as read: ``columns`` header → (field, unit word or ''), ``constants`` field → text, headers' ``places``."""

    sheet: str | None = None
    encoding: str | None = None
    header_row: int | None = None
    columns: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    places: Mapping[str, Where] = field(default_factory=dict)


def read_map(path: Path | None, known: Collection[str], part: Part = "") -> TapeMap:
    """Read a map file, or its part for the IP rights; TapeError for an unknown field or unit, or one field twice."""
    if path is None:
        return TapeMap()
    document = read(path, TapeError)
    problems = Problems()
    model = validate(_Map, document.data, document.where, problems)
    problems.refuse(TapeError)
    assert model is not None
    section, at = (model.rights, (part,)) if part else (model, ())
    columns = {
        header: (item, "") if isinstance(item, str) else (item.field, item.unit)
        for header, item in section.columns.items()
    }
    places = {header: document.where((*at, "columns", header)) for header in columns}
    _check_columns(places, columns, known, problems)
    for name in section.constants:
        if name not in known:
            where = document.where((*at, "constants", name))
            problems.add("map-unknown-field", where, f"the field {name!r}", one_of(known), did_you_mean(name, known))
    problems.refuse(TapeError)
    constants = {name: str(value) for name, value in section.constants.items()}
    return TapeMap(section.sheet, section.encoding, section.header_row, columns, constants, places)


def _check_columns(
    places: Mapping[str, Where], columns: Mapping[str, tuple[str, str]], known: Collection[str], problems: Problems
) -> None:
    first: dict[str, str] = {}
    for header, (name, unit) in columns.items():
        where = places[header]
        if name not in known:
            todo = did_you_mean(name, known)
            problems.add("map-unknown-field", where, f"the field {name!r}", one_of(known), todo)
            continue
        if name in first:
            problems.add("map-field-twice", where, f"{name!r} again, after {first[name]!r}", "one header per field")
        first.setdefault(name, header)
        allowed = units(field_named(name).unit_class)
        if unit and normal(unit) not in allowed:
            problems.add("map-unknown-unit", where, f"the unit {unit!r}", one_of(allowed), did_you_mean(unit, allowed))
