"""The pool of a deal file: tapes, reference rates, and who takes part."""

from __future__ import annotations

from pydantic import Field

from absengine.deal.nouns.words import DatedRate
from absengine.language.units import Date
from absengine.language.validation import Many, Table


class Pool(Table):
    """Where the pool's tape lies and which loader reads it."""

    tape: str
    kind: str
    rights: str | None = None
    plan: str | None = None
    map: str | None = None
    defaults: dict[str, str | float | int | Date] = Field(default_factory=dict)


class Index(Table):
    """A reference rate: dated levels, each holding until the next."""

    path: Many[DatedRate]
    source: str = ""


class Entity(Table):
    """A company that can fail once, in every role it plays."""

    name: str
    uscc: str | None = None
    aliases: Many[str] = ()
