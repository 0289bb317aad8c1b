"""What a contract must be to belong to the pool (合格标准), and how much of the pool one name may be (集中度)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field, PlainSerializer, PlainValidator, WithJsonSchema

from absengine.deal.nouns.words import Name
from absengine.language.units import Ratio, date, money, percent, ratio
from absengine.language.validation import Many, Table, refusal, show

FieldSort = Literal["number", "share", "date", "text"]
"""What a field of a contract is: a plain number, a rate or ratio, a date, a text."""


@dataclass(frozen=True, slots=True)
class Bound:
    """The end of a range: a plain number, a percentage (as a decimal) or a date."""

    value: float | dt.date
    sort: FieldSort

    def __str__(self) -> str:
        if isinstance(self.value, dt.date):
            return self.value.isoformat()
        return percent(self.value) if self.sort == "share" else f"{self.value:,.10g}"


def bound(value: object) -> Bound:
    """A bound as it is written in TOML."""
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        return Bound(date(value), "date")
    if isinstance(value, str) and value.endswith("%"):
        return Bound(ratio(value), "share")
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise refusal("wrong-bound", show(value), 'a number such as 30, a percentage such as "6%", or a date')
    return Bound(money(value), "number")


_BOUND = {
    "anyOf": [{"type": "number"}, {"type": "string", "pattern": "^.*%$"}, {"type": "string", "format": "date"}],
    "description": "number, percentage or date (上限/下限)",
}
_End = Annotated[Bound, PlainValidator(bound), PlainSerializer(str), WithJsonSchema(_BOUND)]


class Criterion(Table):
    """One criterion: a field of the contract within a bound or among words, or the share of the pool a name may have.

    ``field`` is a column of the contract table or of the tape, or ``remaining_months``, ``original_months``,
    ``balance``. ``share_at_most`` limits each name of ``by``, or the ``top`` largest of them together; ``debtor`` is
    who finally owes, ``group`` joins companies of one ``[group.x]``.
    """

    label: str | None = None
    field: Name | None = None
    at_most: _End | None = None
    at_least: _End | None = None
    one_of: Annotated[Many[str], Field(min_length=1)] | None = None
    none_of: Annotated[Many[str], Field(min_length=1)] | None = None
    share_at_most: Ratio | None = None
    by: Name | None = None
    top: Annotated[int, Field(ge=1)] | None = None

    @property
    def limits(self) -> tuple[str, ...]:
        """Keys of the limits it states; one, or the deal is refused."""
        keys = ("at_most", "at_least", "one_of", "none_of", "share_at_most")
        return tuple(key for key in keys if getattr(self, key) is not None)

    @property
    def of_shares(self) -> bool:
        """Whether it judges the pool as a whole, not contract by contract."""
        return self.share_at_most is not None
