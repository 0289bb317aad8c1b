"""Names of things: identifiers the user chooses; formulas and steps join them to ``kind.name[.part]``.

An identifier is Unicode letters, digits and ``_`` (优先A1, SUB, 2026_1). ``A-1`` is not one, for it would read as
A minus 1; the printed form goes into ``label``. Full-width letters are refused: they look like others and differ.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Annotated

from pydantic import AfterValidator, WithJsonSchema

from absengine.errors import Problems, Where
from absengine.language.validation import refusal, show

MAX_LENGTH = 64
_IDENTIFIER = re.compile(r"\w+")
_ALLOWED = "letters of any script, digits and _ (at most 64)"


def is_identifier(text: str) -> bool:
    """Whether a text may name a class, an account, a step, …"""
    return bool(_IDENTIFIER.fullmatch(text)) and len(text) <= MAX_LENGTH and text == unicodedata.normalize("NFKC", text)


def identifier(text: str) -> str:
    """The text itself, or a refusal with the nearest name that would do."""
    if is_identifier(text):
        return text
    near = re.sub(r"\W+", "_", unicodedata.normalize("NFKC", text)).strip("_")[:MAX_LENGTH]
    todo = f'name it {near} and set label = "{text}"' if near and len(text) <= MAX_LENGTH else "choose another name"
    raise refusal("bad-name", show(text), _ALLOWED, todo if text.isprintable() else "choose another name")


Identifier = Annotated[str, AfterValidator(identifier), WithJsonSchema({"type": "string", "pattern": r"^\w{1,64}$"})]
"""Type of a key or value that names something."""


def refuse_twins(named: Iterable[tuple[str, Where]], what: str, problems: Problems) -> None:
    """Add a problem for each name given twice in one namespace; names that differ only in case count as one."""
    first: dict[str, tuple[str, Where]] = {}
    for name, where in named:
        other, place = first.setdefault(name.casefold(), (name, where))
        if place is not where:
            found = f"{what} {show(name)} beside {show(other)} ({place})"
            problems.add("repeated-name", where, found, "each name once, whatever its case", "rename one of them")
