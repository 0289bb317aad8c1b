"""The user's own map of a tape: which header is which field, in which unit, on which sheet, and what every row lacks.

schema = "absengine.map/1"
sheet = "资产清单"
header_row = 3
[columns]
"贷余(万)" = "balance"
"放款额" = { field = "original_balance", unit = "万元" }
[constants]
rate_type = "fixed"
cutoff_date = 2026-03-31
"""

from __future__ import annotations

import datetime
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from absengine.errors import Problems, TapeError, Where
from absengine.language.toml import Document, read
from absengine.language.validation import Table, did_you_mean, one_of, validate
from absengine.loaders.fields import field as field_named
from absengine.loaders.fields import normal, units

SCHEMA = "absengine.map/1"


class _Column(Table):
    field: str
    unit: str = ""


class _Map(Table):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    schema_: Annotated[Literal["absengine.map/1"], Field(alias="schema")]
    sheet: str | None = None
    header_row: Annotated[int, Field(ge=1)] | None = None
    columns: dict[str, str | _Column] = Field(default_factory=dict)
    constants: dict[str, str | int | float | datetime.date] = Field(default_factory=dict)


@dataclass(frozen=True)
class TapeMap:
    """A map as read: ``columns`` header → (field, unit word or ''), ``constants`` field → text, headers' ``places``."""

    sheet: str | None = None
    header_row: int | None = None
    columns: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    places: Mapping[str, Where] = field(default_factory=dict)


def read_map(path: Path | None, known: Collection[str]) -> TapeMap:
    """Read a map file; TapeError where it names no field of ``known``, an unknown unit, or one field twice."""
    if path is None:
        return TapeMap()
    document = read(path, TapeError)
    problems = Problems()
    model = validate(_Map, document.data, document.where, problems)
    problems.refuse(TapeError)
    assert model is not None
    columns = {
        header: (item, "") if isinstance(item, str) else (item.field, item.unit)
        for header, item in model.columns.items()
    }
    _check_columns(document, columns, known, problems)
    for name in model.constants:
        if name not in known:
            problems.add(
                "map-unknown-field", document.where(("constants", name)), f"the field {name!r}", one_of(known),
                did_you_mean(name, known),
            )  # fmt: skip
    problems.refuse(TapeError)
    places = {header: document.where(("columns", header)) for header in columns}
    constants = {name: str(value) for name, value in model.constants.items()}
    return TapeMap(model.sheet, model.header_row, columns, constants, places)


def _check_columns(
    document: Document, columns: Mapping[str, tuple[str, str]], known: Collection[str], problems: Problems
) -> None:
    first: dict[str, str] = {}
    for header, (name, unit) in columns.items():
        where = document.where(("columns", header))
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
