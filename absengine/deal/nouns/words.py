"""What the tables of a deal file hold in common: texts that are formulas or names, dated figures, limits."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import PlainValidator, Strict, WithJsonSchema
from pydantic_core import PydanticCustomError

from absengine.language.units import Date, Money, Rate, money
from absengine.language.validation import did_you_mean, refusal, show

Formula = str
Name = str
DatedRate = Annotated[tuple[Date, Rate], Strict(False)]
DatedMoney = Annotated[tuple[Date, Money], Strict(False)]


def limit(value: object) -> float | Literal["covered"]:
    """An amount, or the word that says there is none."""
    if value == "covered":
        return "covered"
    try:
        return money(value)
    except PydanticCustomError as refused:
        allowed = 'an amount such as 2_000_000, or the word "covered"'
        todo = did_you_mean(value, ["covered"]) if isinstance(value, str) else ""
        raise refusal("wrong-limit", show(value), allowed, todo or (refused.context or {})["todo"]) from None


_LIMIT = {"anyOf": [{"type": "number"}, {"const": "covered"}], "description": 'amount, or the word "covered" (限额)'}
Limit = Annotated[float | Literal["covered"], PlainValidator(limit), WithJsonSchema(_LIMIT)]
