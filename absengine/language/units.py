"""Spellings of amounts, rates, periods and dates in TOML; each is a type to put on a model field.

    Money      2_000_000            "2_000_000"                         currency main unit (元)
    Ratio      "8%"                 0.08                                decimal [1]
    Rate       "3.2%"               "3.2% per year"   0.032             decimal [1/year]
    AmountPer  "400_000 per year"   month, payment, collection, once    amount, and what it is paid for
    RatePer    "0.02% per year"     "0.1% per payment"   "3.26%"        rate, and what it is charged on
    PeriodText "3 months"           day(s), week(s), month(s), year(s)
    DayOffset  "5 business days before payment"
    Date       2026-03-31           a TOML date, without quotes

A percentage is read exactly ("3.2%" is the float nearest to 0.032). A plain number above 1 is refused as a ratio or
rate: 5 for 5 % is the commonest slip, so shares above 100 % are written with their sign, "150%".
"""

from __future__ import annotations

import datetime
import math
import re
import unicodedata
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, ClassVar, Literal, Self, cast

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, PlainValidator, WithJsonSchema
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from absengine.language.validation import refusal, show

_NUMBER = r"-?[0-9]+(?:_[0-9]+)*(?:\.[0-9]+(?:_[0-9]+)*)?"
_MONEY = re.compile(rf"({_NUMBER})")
_PERCENT = re.compile(rf"({_NUMBER})%")
_PERCENT_A_YEAR = re.compile(rf"({_NUMBER})%(?: per year)?")

AmountBase = Literal["year", "month", "payment", "collection", "once"]
RateBase = Literal["year", "month", "payment", "collection", "flow"]
PeriodUnit = Literal["day", "week", "month", "year"]
Anchor = Literal["payment", "collection"]


def money(value: object) -> float:
    """An amount in the currency's main unit."""
    return _number(value, _MONEY, "wrong-amount", 'an amount such as 2_000_000 or "2_000_000"', _plain)


def ratio(value: object) -> float:
    """A share of something, as a decimal."""
    return _small(_number(value, _PERCENT, "wrong-ratio", 'a ratio such as "8%" or 0.08', _hundredth), value, "ratio")


def rate(value: object) -> float:
    """An annual rate, as a decimal per year."""
    allowed = 'an annual rate such as "3.2%", "3.2% per year" or 0.032'
    return _small(_number(value, _PERCENT_A_YEAR, "wrong-rate", allowed, _hundredth), value, "rate")


def date(value: object) -> datetime.date:
    """A day; a TOML local date."""
    if isinstance(value, datetime.date) and not isinstance(value, datetime.datetime):
        return value
    todo = ""
    if isinstance(value, datetime.datetime):
        todo = f"write {value.date().isoformat()}"
    elif isinstance(value, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value.strip()):
        todo = f"take the quotes off: {value.strip()}"
    raise refusal("wrong-date", show(value), "a date such as 2026-03-31, without quotes", todo)


def _schema(description: str, *spellings: JsonSchemaValue) -> WithJsonSchema:
    body = dict(spellings[0]) if len(spellings) == 1 else {"anyOf": list(spellings)}
    return WithJsonSchema({**body, "description": description})


def _text(pattern: str) -> JsonSchemaValue:
    return {"type": "string", "pattern": f"^{pattern}$"}


Money = Annotated[
    float, PlainValidator(money), _schema("amount in the currency's main unit (元)", {"type": "number"}, _text(_NUMBER))
]
Ratio = Annotated[
    float, PlainValidator(ratio), _schema("ratio (比例)", {"type": "number", "maximum": 1}, _text(_PERCENT.pattern))
]
Rate = Annotated[
    float,
    PlainValidator(rate),
    _schema("annual rate (年利率)", {"type": "number", "maximum": 1}, _text(_PERCENT_A_YEAR.pattern)),
]
Date = Annotated[datetime.date, PlainValidator(date), _schema("date (日期)", {"type": "string", "format": "date"})]


class Spelled(ABC):
    """Base of values read from one text; makes the frozen dataclass itself a type for model fields."""

    PATTERN: ClassVar[re.Pattern[str]]
    CODE: ClassVar[str]
    ALLOWED: ClassVar[str]

    @classmethod
    def parse(cls, value: object) -> Self:
        """Read a text, or refuse it with the spelling that would do."""
        if isinstance(value, cls):
            return value
        match = cls.PATTERN.fullmatch(value) if isinstance(value, str) else None
        if match is None:
            raise refusal(cls.CODE, show(value), cls.ALLOWED, _repair(value, cls.PATTERN, cls.example(value)))
        return cls.build(match)

    @classmethod
    @abstractmethod
    def build(cls, match: re.Match[str]) -> Self:
        """The value a matching text stands for."""

    @classmethod
    def example(cls, value: object) -> str:
        """What to write instead of a bare number."""
        return ""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(cls.parse, serialization=core_schema.to_string_ser_schema())

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {**_text(cls.PATTERN.pattern), "description": cls.ALLOWED}


@dataclass(frozen=True, slots=True)
class AmountPer(Spelled):
    """``value`` [currency] for each year, month, payment or collection period, or once."""

    value: float
    per: AmountBase

    PATTERN = re.compile(rf"({_NUMBER}) (?:per (year|month|payment|collection)|(once))")
    CODE = "wrong-amount-per"
    ALLOWED = (
        'an amount and its period, such as "400_000 per year", "per month", "per payment", "per collection", "once"'
    )

    @classmethod
    def build(cls, match: re.Match[str]) -> Self:
        return cls(_plain(match[1]), cast(AmountBase, match[2] or match[3]))

    @classmethod
    def example(cls, value: object) -> str:
        return f'write "{value} per year"' if _is_number(value) else ""

    def __str__(self) -> str:
        return f"{_digits(self.value)} once" if self.per == "once" else f"{_digits(self.value)} per {self.per}"


@dataclass(frozen=True, slots=True)
class RatePer(Spelled):
    """``rate`` (decimal) for each year, month, payment or collection period, or (``flow``) of the base itself."""

    rate: float
    per: RateBase

    PATTERN = re.compile(rf"({_NUMBER})%(?: per (year|month|payment|collection))?")
    CODE = "wrong-rate-per"
    ALLOWED = 'a percentage such as "0.02% per year", "0.1% per payment", or "3.26%" of a flow'

    @classmethod
    def build(cls, match: re.Match[str]) -> Self:
        return cls(_hundredth(match[1]), cast(RateBase, match[2] or "flow"))

    @classmethod
    def example(cls, value: object) -> str:
        return f'write "{percent(float(str(value)))} per year"' if _is_number(value) else ""

    def __str__(self) -> str:
        return percent(self.rate) if self.per == "flow" else f"{percent(self.rate)} per {self.per}"


@dataclass(frozen=True, slots=True)
class PeriodText(Spelled):
    """A length of time: ``n`` (at least 1) days, weeks, months or years."""

    n: int
    unit: PeriodUnit

    PATTERN = re.compile(r"(1) (day|week|month|year)|(?!1 )([1-9][0-9]{0,4}) (day|week|month|year)s")
    CODE = "wrong-period"
    ALLOWED = 'a length of time such as "3 months", "1 month", "10 days", "2 weeks", "1 year"'

    @classmethod
    def build(cls, match: re.Match[str]) -> Self:
        return cls(int(match[1] or match[3]), cast(PeriodUnit, match[2] or match[4]))

    @classmethod
    def example(cls, value: object) -> str:
        return f'write "{value} months"' if _is_number(value) else ""

    @property
    def months(self) -> int:
        """Whole months; 0 for days and weeks."""
        return {"month": 1, "year": 12}.get(self.unit, 0) * self.n

    def __str__(self) -> str:
        return f"{self.n} {self.unit}{'s' if self.n != 1 else ''}"


@dataclass(frozen=True, slots=True)
class HowMany(Spelled):
    """A number of names: exactly ``n``, or (``or_fewer``) as many of them as there are."""

    n: int
    or_fewer: bool = False

    PATTERN = re.compile(r"up to ([1-9][0-9]{0,4})")
    CODE = "wrong-count"
    ALLOWED = 'a whole number from 1, or "up to 5" where there may be fewer'

    @classmethod
    def parse(cls, value: object) -> Self:
        if isinstance(value, int) and not isinstance(value, bool) and value >= 1:
            return cls(value)
        return super(HowMany, cls).parse(value)

    @classmethod
    def build(cls, match: re.Match[str]) -> Self:
        return cls(int(match[1]), or_fewer=True)

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        ways = [{"type": "integer", "minimum": 1}, _text(cls.PATTERN.pattern)]
        return {"anyOf": ways, "description": cls.ALLOWED}

    def __str__(self) -> str:
        return f"up to {self.n}" if self.or_fewer else str(self.n)


@dataclass(frozen=True, slots=True)
class DayOffset(Spelled):
    """``n`` days (``business`` days or calendar days) before or after the payment or collection date."""

    n: int
    business: bool
    side: Literal["before", "after"]
    anchor: Anchor

    PATTERN = re.compile(r"([0-9]{1,3}) (business )?days? (before|after) (payment|collection)")
    CODE = "wrong-day-offset"
    ALLOWED = 'such as "5 business days before payment" or "3 days after collection"'

    @classmethod
    def build(cls, match: re.Match[str]) -> Self:
        side = cast(Literal["before", "after"], match[3])
        return cls(int(match[1]), bool(match[2]), side, cast(Anchor, match[4]))

    @property
    def signed(self) -> int:
        """Days to add to the anchor date; negative before it."""
        return -self.n if self.side == "before" else self.n

    def __str__(self) -> str:
        days = f"{'business ' if self.business else ''}day{'s' if self.n != 1 else ''}"
        return f"{self.n} {days} {self.side} {self.anchor}"


def percent(value: float) -> str:
    """A decimal as a percentage: 0.032 is ``3.2%``."""
    return f"{_digits(float(Decimal(repr(value)) * 100))}%"


def _digits(value: float) -> str:
    return f"{Decimal(repr(value)).normalize():,f}".replace(",", "_")


def _plain(text: str) -> float:
    return float(text.replace("_", ""))


def _hundredth(text: str) -> float:
    return float(Decimal(text.replace("_", "")) / 100)


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _number(value: object, pattern: re.Pattern[str], code: str, allowed: str, convert: Callable[[str], float]) -> float:
    """A TOML number as it is, or a text of the given spelling; finite."""
    if isinstance(value, str):
        match = pattern.fullmatch(value)
        if match is None:
            raise refusal(code, show(value), allowed, _repair(value, pattern))
        number = convert(match[1])
    elif _is_number(value):
        number = _as_float(cast(float, value))
    else:
        raise refusal(code, show(value), allowed)
    if not math.isfinite(number):
        raise refusal(code, show(value), f"{allowed}, finite")
    return number


def _as_float(value: float) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf


def _small(number: float, value: object, what: str) -> float:
    if isinstance(value, str) or abs(number) <= 1:
        return number
    todo = f'write "{_digits(number)}%" or "{percent(number)}", whichever is meant'
    raise refusal(
        f"bare-{what}-above-one", show(value), f"a plain number from -1 to 1, or a {what} with its % sign", todo
    )


def _repair(value: object, pattern: re.Pattern[str], otherwise: str = "") -> str:
    """The nearest good spelling of a text: full-width and Chinese signs, thousands commas, stray spaces, plurals."""
    if not isinstance(value, str) or len(value) > 200:
        return otherwise
    text = unicodedata.normalize("NFKC", value).strip().casefold()
    text = re.sub(r"([0-9.]+)(万|亿)?元?", _in_digits, text)
    text = re.sub(r"(?<=\d)[,_ ](?=\d)", "_" if "," in text or "_" in text else "", text)
    text = re.sub(r"\s*%", "%", re.sub(r"\s+", " ", text))
    tries = [text, text.replace(" per annum", " per year").replace(" p.a.", " per year").replace("/year", " per year")]
    tries += [re.sub(r"\b(day|week|month|year)\b", r"\1s", text), re.sub(r"\b(day|week|month|year)s\b", r"\1", text)]
    tries += [f"{text}%", f"{text} per year", f"{text}s"]
    good = next((attempt for attempt in tries if pattern.fullmatch(attempt)), None)
    return f'write "{good}"' if good else otherwise


def _in_digits(match: re.Match[str]) -> str:
    """9000万元 in digits: 90_000_000."""
    if not match[2]:
        return match[1]
    try:
        return _digits(float(Decimal(match[1]) * {"万": 10**4, "亿": 10**8}[match[2]]))
    except InvalidOperation:
        return match[0]
