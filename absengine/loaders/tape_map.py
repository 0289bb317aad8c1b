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
[codes.amort_type]        # a tape's own codes, by field; "" is no value
"FRXX" = "level"
[rights]                  # the same keys for IP rights that have a file or a sheet of their own
sheet = "知识产权"
[rights.columns]
"证号" = "ip_no"

Maps of published standards come with the package (``maps/``) and are chosen by name, as in ``map = "esma-annex-4"``.
They may also say ``optional = true`` (a tape need not have every header, nor a kind every field) and ``no_data``, the
words by which a standard says that a value is missing, in text columns too. A date that a standard means at the end of
the day is moved with ``{ field = "cutoff_date", days = 1 }``.
"""

from __future__ import annotations

import datetime
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from absengine.errors import Problem, Problems, TapeError, Where
from absengine.language.toml import Document, read
from absengine.language.validation import Many, Table, did_you_mean, one_of, validate
from absengine.loaders.cells import RawColumn
from absengine.loaders.fields import field as field_named
from absengine.loaders.fields import normal, units

Part = Literal["", "rights"]


class _Column(Table):
    field: str
    unit: str = ""
    days: int = 0


class _Section(Table):
    sheet: str | None = None
    encoding: str | None = None
    header_row: Annotated[int, Field(ge=1)] | None = None
    columns: dict[str, str | _Column] = Field(default_factory=dict)
    constants: dict[str, str | int | float | datetime.date] = Field(default_factory=dict)
    codes: dict[str, dict[str, str]] = Field(default_factory=dict)


class _Map(_Section):
    schema_: Annotated[Literal["absengine.map/1"], Field(alias="schema")]
    title: str = ""
    version: str = ""
    source: str = ""
    optional: bool = False
    no_data: Many[str] = ()
    rights: _Section = Field(default_factory=_Section)


@dataclass(frozen=True)
class TapeMap:
    """A map as read.

    ``columns`` header → (field, unit word or ''), ``constants`` field → text, ``codes`` field → code → word, ``days``
    field → days a date is moved, ``no_data`` words for a missing value; ``places`` of headers that a tape must have.
    """

    sheet: str | None = None
    encoding: str | None = None
    header_row: int | None = None
    columns: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    places: Mapping[str, Where] = field(default_factory=dict)
    codes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    days: Mapping[str, int] = field(default_factory=dict)
    no_data: tuple[str, ...] = ()
    title: str = ""

    def translated(self, columns: Sequence[RawColumn], fields: Sequence[str]) -> tuple[list[RawColumn], list[str]]:
        """Columns with codes as words and missing values blank, and what was done; ``fields`` names each column's."""
        done: list[RawColumn] = []
        said: list[str] = []
        for column, name in zip(columns, fields, strict=True):
            own = self.codes.get(name, {})
            words = {normal(code): word for code, word in own.items()}
            texts = ["" if self._is_no_data(text) else words.get(normal(text), text) for text in column.texts]
            met = column.counts() > 0
            pairs = [
                f"{old} → {new or 'no value'}"
                for old, new, used in zip(column.texts, texts, met, strict=True)
                if used and new != old and normal(old) in words
            ]
            said += [f"{name}: codes of the map read, {', '.join(pairs)}"] if pairs else []
            done.append(replace(column, texts=texts))
        return done, said

    def _is_no_data(self, text: str) -> bool:
        """``ND4`` and, where the standard adds when the value will come, ``ND4-2026-12-31``."""
        head = text.partition("-")[0].strip().upper()
        return bool(self.no_data) and head in self.no_data


@cache
def shipped_maps() -> Mapping[str, Path]:
    """Name → file of every map that comes with the package."""
    folder = Path(str(resources.files("absengine.loaders").joinpath("maps")))
    return {path.stem: path for path in sorted(folder.glob("*.toml"))}


def map_file(path: Path) -> Path:
    """The file of a map: as given, or of this name among those shipped; TapeError where neither is there."""
    shipped = shipped_maps()
    if path.is_file() or path.suffix or path.name not in shipped:
        if not path.is_file() and not path.suffix:
            todo = did_you_mean(path.name, shipped, "check the path")
            allowed = f"a map file, or one of {', '.join(shipped)}"
            raise TapeError(Problem("unreadable-file", Where(str(path)), "no such map", allowed, todo))
        return path
    return shipped[path.name]


def read_map(path: Path | None, known: Collection[str], part: Part = "") -> TapeMap:
    """Read a map, or its part for the IP rights; TapeError for an unknown field, unit or word, or one field twice.

    ``path`` is a file, or a path whose last part is the name of a shipped map.
    """
    if path is None:
        return TapeMap()
    document = read(map_file(path), TapeError)
    problems = Problems()
    model = validate(_Map, document.data, document.where, problems)
    problems.refuse(TapeError)
    assert model is not None
    section, at = (model.rights, (part,)) if part else (model, ())
    stated = {
        header: _Column(field=item) if isinstance(item, str) else item
        for header, item in section.columns.items()
        if not model.optional or (item if isinstance(item, str) else item.field) in known
    }
    columns = {header: (item.field, item.unit) for header, item in stated.items()}
    places = {header: document.where((*at, "columns", header)) for header in columns}
    _check_columns(places, columns, known, problems)
    codes = {name: words for name, words in section.codes.items() if not model.optional or name in known}
    for name in [*section.constants, *codes]:
        if name not in known:
            where = document.where((*at, "constants" if name in section.constants else "codes", name))
            problems.add("map-unknown-field", where, f"the field {name!r}", one_of(known), did_you_mean(name, known))
    problems.refuse(TapeError)
    _check_codes(document, at, codes, problems)
    for header, item in stated.items():
        if item.days and field_named(item.field).type != "date":
            found = f"{item.days} days for {item.field!r}, which is no date"
            problems.add("map-days-of-no-date", document.where((*at, "columns", header)), found, "days beside a date")
    problems.refuse(TapeError)
    constants = {name: str(value) for name, value in section.constants.items()}
    return TapeMap(
        section.sheet, section.encoding, section.header_row, columns, constants, {} if model.optional else places,
        codes, {item.field: item.days for item in stated.values() if item.days}, model.no_data,
        " ".join(filter(None, (model.title, model.version))),
    )  # fmt: skip


def _check_codes(
    document: Document, at: tuple[str, ...], codes: Mapping[str, Mapping[str, str]], problems: Problems
) -> None:
    """Refuse translations into words the field does not know."""
    for name, words in codes.items():
        allowed = dict.fromkeys(field_named(name).words.values())
        for code, word in words.items():
            if word and word not in allowed and not field_named(name).open:
                where = document.where((*at, "codes", name, code))
                problems.add(
                    "map-unknown-word", where, f"the word {word!r}", one_of(allowed), did_you_mean(word, allowed)
                )


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
