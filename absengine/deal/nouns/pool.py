"""The pool of a deal file: tapes, reference rates, and who takes part."""

from __future__ import annotations

from typing import Annotated

from pydantic import Discriminator, Field, Tag

from absengine.deal.nouns.words import DatedRate, Name
from absengine.language.units import Date
from absengine.language.validation import Many, Table


class Pool(Table):
    """Where a tape of the pool lies and which loader reads it; ``name`` is the sub-pool of rows that name none."""

    name: str | None = None
    tape: str
    kind: str
    rights: str | None = None
    plan: str | None = None
    map: str | None = None
    defaults: dict[str, str | float | int | Date] = Field(default_factory=dict)


def _spelling(value: object) -> str:
    return "Many" if isinstance(value, list | tuple) else "Pool"


Pools = Annotated[
    Annotated[Pool, Tag("Pool")] | Annotated[Many[Pool], Tag("Many"), Field(min_length=1)], Discriminator(_spelling)
]
"""``[pool]``, or ``[[pool]]`` once per tape of a mixed pool (混合资产池)."""


class Index(Table):
    """A reference rate: dated levels, each holding until the next."""

    path: Many[DatedRate]
    source: str = ""


class Entity(Table):
    """A company that can fail once, in every role it plays."""

    name: str
    uscc: str | None = None
    aliases: Many[str] = ()


class Group(Table):
    """Companies of one group (关联方): a pack can fail all of them on one date, by ``group.<name>``.

    Every deal has the group ``supporters`` 增信方: who provides its supports, guarantees its contracts or must buy
    them back.
    """

    label: str | None = None
    members: Many[Name]
