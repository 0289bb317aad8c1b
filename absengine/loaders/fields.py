"""What a column of a tape may be called: the synonyms, types, words and ranges of ``fields.toml``.

A header is recognised by its words, not by its punctuation: ``未偿本金余额（万元）`` is the field ``balance`` with the
unit 万元. The file is data; a further synonym is a line there, not code.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from typing import Any, Literal

FieldType = Literal["text", "code", "money", "rate", "ratio", "number", "count", "date"]

_NOISE = re.compile(r"[\s\u200b\ufeff*#:：_\-.,，。、;；·'\"“”‘’|()（）\[\]【】<>《》/\\]+")
_BRACKETS = re.compile(r"[(（\[【]([^()（）\[\]【】]*)[)）\]】]")
_TAIL_UNIT = re.compile(r"[\s/_\-,，:：]+([^\s/_\-,，:：]+)$")
_ALTERNATIVES = re.compile(r"[/\n\r|｜]+")
_STATED_UNIT = re.compile(r"单位\s*[:：]?\s*([^\s,，;；)）\]】]+)")


@dataclass(frozen=True, slots=True)
class TapeField:
    """One column a tape may have. ``words`` maps a word met on tapes, in normal form, to the word or number kept."""

    name: str
    type: FieldType
    zh: str
    also: tuple[str, ...]
    en: str
    doc: str
    words: Mapping[str, str]
    open: bool = False
    none: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    after: str = ""
    least_percent: float | None = None
    required: bool = False
    key: bool = False

    @property
    def unit_class(self) -> str:
        """Which table of units a header of this field may name: money, rate, count or none."""
        return {"money": "money", "rate": "rate", "ratio": "rate", "count": "count"}.get(self.type, "")


@dataclass(frozen=True, slots=True)
class Recognised:
    """A header read: its field, and the unit it names as ``(word, power of ten)``."""

    field: TapeField
    unit: tuple[str, int] | None = None


def normal(text: str) -> str:
    """A header or word without spaces, punctuation, brackets, case or full-width forms."""
    return _NOISE.sub("", unicodedata.normalize("NFKC", text)).casefold()


@cache
def _data() -> dict[str, Any]:
    with resources.files("absengine.loaders").joinpath("fields.toml").open("rb") as file:
        return tomllib.load(file)


@cache
def units(unit_class: str) -> Mapping[str, int]:
    """Unit word in normal form → power of ten to the main unit. Percent signs survive normal form."""
    table: dict[str, int] = _data()["unit"].get(unit_class, {})
    return {normal(word): power for word, power in table.items()}


@cache
def field(name: str) -> TapeField:
    """One field of ``fields.toml``; KeyError where there is none of this name."""
    row = dict(_data()["field"][name])
    words = {normal(str(key)): str(key) for key in row.get("words", {})}
    words |= {normal(word): str(key) for key, met in row.pop("words", {}).items() for word in met}
    for part in ("also", "none"):
        row[part] = tuple(row.get(part, ()))
    return TapeField(name=name, words=words, **row)


def fields_of(table: str, required: Iterable[str] = ()) -> tuple[TapeField, ...]:
    """Fields of one sort of table (``contract``, ``right``, ``plan``, ``collections``), some marked as required."""
    row = _data()["table"][table]
    wanted = set(required)
    unknown = wanted - set(row["fields"])
    if unknown:
        raise KeyError(f"no such fields in table {table}: {sorted(unknown)}")
    return tuple(replace(field(name), required=name in wanted, key=name == row["key"]) for name in row["fields"])


def tables() -> Mapping[str, tuple[str, ...]]:
    """Field names by sort of table."""
    return {name: tuple(row["fields"]) for name, row in _data()["table"].items()}


def codes() -> Mapping[str, Mapping[str, str]]:
    """Fields that hold words of a fixed vocabulary: name → word met on tapes → word kept."""
    known = (field(name) for name in _data()["field"])
    return {item.name: item.words for item in known if item.type == "code" and not item.open}


class Vocabulary:
    """Recognises headers of the given fields; a user's own map is asked first."""

    def __init__(self, fields: Sequence[TapeField], own: Mapping[str, tuple[str, str]] | None = None) -> None:
        self.fields = {item.name: item for item in fields}
        self._names: dict[str, TapeField] = {}
        for item in reversed(fields):
            for name in (*item.also, item.name, item.zh):
                self._names[normal(name)] = item
        self._own = {normal(header): value for header, value in (own or {}).items()}

    def recognise(self, header: str) -> Recognised | None:
        """The field a header names, with its unit; None where no field is known by this name."""
        if not header.strip():
            return None
        own = self._own.get(normal(header))
        if own is not None:
            item = self.fields.get(own[0])
            return None if item is None else Recognised(item, header_unit(own[1] or header, item.unit_class))
        for candidate in _candidates(header):
            item = self._names.get(candidate) or self._names.get(re.sub("日期$", "日", candidate))
            if item is not None:
                whole = candidate == normal(header)
                return Recognised(item, None if whole else header_unit(header, item.unit_class))
        return None


def _candidates(header: str) -> list[str]:
    """Readings of a header, widest first: whole, without brackets, without a unit at its end, each alternative."""
    bare = _BRACKETS.sub("", header)
    tail = _TAIL_UNIT.search(bare)
    shorn = bare[: tail.start()] if tail and _any_unit(tail.group(1)) else bare
    parts = [header, bare, shorn, *_ALTERNATIVES.split(bare), shorn.replace("%", "").replace("％", "")]
    return [name for name in dict.fromkeys(normal(part) for part in parts) if name]


def _any_unit(word: str) -> bool:
    return any(normal(word) in units(name) for name in ("money", "rate", "count"))


def header_unit(header: str, unit_class: str) -> tuple[str, int] | None:
    """Unit named by a header as ``(word, power)``: in brackets, after a separator, or as the whole text."""
    table = units(unit_class) if unit_class else {}
    if not table:
        return None
    tail = _TAIL_UNIT.search(header)
    groups = [*_BRACKETS.findall(header), *([tail.group(1)] if tail else []), header]
    for group in groups:
        word = re.sub(r"^(金额)?单位", "", normal(group))
        if word in table:
            return group.strip(), table[word]
    if unit_class == "rate" and ("%" in header or "％" in header):
        return "%", -2
    return None


def stated_unit(cells: Iterable[str]) -> tuple[str, int] | None:
    """Unit of all amounts stated in a title, as in ``单位：万元``; None where no title states one."""
    table = units("money")
    for cell in cells:
        for word in _STATED_UNIT.findall(cell):
            if normal(word) in table:
                return word, table[normal(word)]
    return None
