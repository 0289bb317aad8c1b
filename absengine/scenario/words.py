"""Figures and small tables that a pack writes in many places: shares, speeds, lags, scopes."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    Field,
    PlainValidator,
    TypeAdapter,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError

from absengine.language.units import PeriodText, Rate, RatePer, Ratio, percent, rate
from absengine.language.validation import Many, Table, refusal, show

MAX_LAG = 1200


def _share(value: float) -> float:
    if not 0.0 <= value <= 1.0:
        raise refusal("share-outside", percent(value), "0% to 100%")
    return value


def _speed(value: float) -> float:
    if value < 0.0:
        raise refusal("negative-speed", percent(value), "0% or more of the standard")
    return value


def _factor(value: object) -> float:
    number = RatePer.parse(value).rate if isinstance(value, str) else value
    if isinstance(number, bool) or not isinstance(number, (int, float)) or not 0.0 <= number < 1e6:
        raise refusal("wrong-factor", show(value), 'a factor from 0, such as 1.5 or "150%"')
    return float(number)


def _setting(value: object) -> float:
    if isinstance(value, str):
        return RatePer.parse(value).rate
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise refusal("wrong-setting", show(value), 'a number or a percentage such as "4%"')
    return float(value)


def _days(value: object) -> int:
    period = PeriodText.parse(value)
    if period.unit not in ("day", "week"):
        raise refusal("recognition-not-days", str(period), 'days or weeks, such as "90 days"')
    return period.n * (7 if period.unit == "week" else 1)


def _months(value: object) -> int:
    period = PeriodText.parse(value)
    if not period.months:
        raise refusal("every-not-months", str(period), 'months or years, such as "3 months"')
    return period.months


def _penalty(value: object) -> str | float:
    if value == "tape":
        return "tape"
    allowed = '"tape" for the rate of each contract, or a yearly rate from 0% to 100% such as "18%"'
    try:
        number = rate(value)
    except PydanticCustomError as error:
        raise refusal("wrong-penalty", show(value), allowed) from error
    if not 0.0 <= number <= 1.0:
        raise refusal("wrong-penalty", percent(number), allowed)
    return number


_PERIOD = WithJsonSchema(TypeAdapter(PeriodText).json_schema())
Share = Annotated[Ratio, AfterValidator(_share)]
AnnualShare = Annotated[Rate, AfterValidator(_share)]
Speed = Annotated[Ratio, AfterValidator(_speed)]
Factor = Annotated[float, PlainValidator(_factor)]
Setting = Annotated[float, PlainValidator(_setting)]
Days = Annotated[int, PlainValidator(_days), _PERIOD]
Months = Annotated[int, PlainValidator(_months), _PERIOD]
Penalty = Annotated[
    Literal["tape"] | float,
    PlainValidator(_penalty),
    WithJsonSchema({"anyOf": [{"const": "tape"}, TypeAdapter(Rate).json_schema()]}),
]
Count = Annotated[int, Field(ge=0, le=MAX_LAG)]
Texts = Many[Annotated[str, Field(min_length=1)]]


def one_given(model: Table, names: tuple[str, ...], code: str, allowed: str) -> None:
    given = [name for name in names if name in model.model_fields_set]
    if len(given) != 1:
        raise refusal(code, " and ".join(given) if given else "none of them", allowed)


class LagTable(Table):
    """时滞: exactly one of months, payments (due dates of the contract), days."""

    months: Count = 0
    payments: Count = 0
    days: Count = 0

    @model_validator(mode="after")
    def _single(self) -> Self:
        one_given(self, ("months", "payments", "days"), "lag-unit", "one of months, payments, days")
        return self


class ScopeTable(Table):
    """范围: exactly one of pool, asset_kind, tag, field, id."""

    pool: str | Texts | None = None
    asset_kind: str | Texts | None = None
    tag: str | Texts | None = None
    field: dict[str, str | Texts] | None = None
    id: str | Texts | None = None

    @model_validator(mode="after")
    def _single(self) -> Self:
        names = ("pool", "asset_kind", "tag", "field", "id")
        one_given(self, names, "scope-keys", "one of pool, asset_kind, tag, field, id")
        return self
