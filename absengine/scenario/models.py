"""The shape of a pack in TOML: what each key may hold. :mod:`absengine.scenario.pack` turns it into nouns."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    Discriminator,
    Field,
    PlainValidator,
    TypeAdapter,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError

from absengine.language.units import Date, HowMany, Money, PeriodText, Rate, RatePer, Ratio, percent, rate
from absengine.language.validation import Many, Table, refusal, show
from absengine.scenario.nouns import InterestOn, Order

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
    if period.unit not in ("month", "year"):
        raise refusal("every-not-months", str(period), 'months or years, such as "3 months"')
    return period.n * (12 if period.unit == "year" else 1)


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


def _one_of(model: Table, names: tuple[str, ...], code: str, allowed: str) -> None:
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
        _one_of(self, ("months", "payments", "days"), "lag-unit", "one of months, payments, days")
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
        _one_of(self, names, "scope-keys", "one of pool, asset_kind, tag, field, id")
        return self


class _Default(Table):
    recognition: Days = 0


class _Monthly(Table):
    by: Literal["month", "payment"] = "month"
    origin: Literal["cutoff", "origination"] = Field("cutoff", alias="from")

    @model_validator(mode="after")
    def _payments_from_cutoff(self) -> Self:
        if self.by == "payment" and self.origin == "origination":
            allowed = 'by = "payment" counts the due dates after the cut-off'
            raise refusal("payments-from-origination", "from = 'origination' by payment", allowed, at=("from",))
        return self


class ConstantDefault(_Default, _Monthly):
    """CDR: one annual default rate."""

    kind: Literal["cdr"]
    rate: AnnualShare


class VectorDefault(_Default, _Monthly):
    """Default rates by period; the last one repeats."""

    kind: Literal["vector"]
    rates: Annotated[Many[AnnualShare], Field(min_length=1)]
    per: Literal["year", "month"] = "year"
    every: Months = 1


class StandardDefault(_Default):
    """SDA: the Standard Default Assumption, by age."""

    kind: Literal["sda"]
    speed: Speed


class CumulativeDefault(_Default):
    """A share of the cut-off principal, over a timing curve."""

    kind: Literal["cumulative"]
    rate: Share
    timing: Literal["pro rata"] | Annotated[Many[Share], Field(min_length=1)] = "pro rata"
    every: Months = 1
    front: Share = 0.0
    back: Share = 0.0

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        if not isinstance(self.timing, str) and abs(sum(self.timing) - 1.0) > 1e-9:
            raise refusal(
                "timing-sum", percent(round(sum(self.timing), 12)), "shares that add up to 100%", at=("timing",)
            )
        if self.front + self.back > 1.0:
            raise refusal("front-and-back", percent(self.front + self.back), "front and back of at most 100% together")
        if (self.front or self.back) and isinstance(self.timing, str):
            raise refusal("front-without-timing", "front or back of a pro rata curve", "timing as a list of shares")
        return self


class AbsoluteDefault(_Default, _Monthly):
    """Shares of the original number of loans by period; nothing after the last."""

    kind: Literal["absolute"]
    shares: Annotated[Many[Share], Field(min_length=1)]
    every: Months = 1

    @model_validator(mode="after")
    def _at_most_all(self) -> Self:
        if sum(self.shares) > 1.0 + 1e-9:
            found = percent(round(sum(self.shares), 12))
            raise refusal("shares-over-all", found, "shares of at most 100% together", at=("shares",))
        return self


class MaturityDefault(_Default):
    """A share of what falls due on each contract's last due date fails then."""

    kind: Literal["maturity"]
    share: Share


class ConstantPrepay(_Monthly):
    """CPR: one annual prepayment rate."""

    kind: Literal["cpr"]
    rate: AnnualShare


class VectorPrepay(_Monthly):
    """Prepayment rates by period; the last one repeats."""

    kind: Literal["vector"]
    rates: Annotated[Many[AnnualShare], Field(min_length=1)]
    per: Literal["year", "month"] = "year"
    every: Months = 1


class StandardPrepay(Table):
    """PSA: the standard of the Public Securities Association, by age."""

    kind: Literal["psa"]
    speed: Speed


class AbsPrepay(Table):
    """ABS: a share of the original number of loans a month, by age."""

    kind: Literal["abs"]
    speed: Share


Default = Annotated[
    ConstantDefault | VectorDefault | StandardDefault | CumulativeDefault | AbsoluteDefault | MaturityDefault,
    Discriminator("kind"),
]
Prepay = Annotated[ConstantPrepay | VectorPrepay | StandardPrepay | AbsPrepay, Discriminator("kind")]


class SourceTable(Table):
    """What one source pays."""

    rate: Share
    base: Literal["principal", "claim", "claim with penalty"] = "principal"
    lag: LagTable | None = None
    start: Literal["default", "recognition"] | None = None
    cap: Annotated[Money, Field(ge=0)] | None = None
    payer: str = ""


class IpTable(SourceTable):
    """What the disposal of the pledged rights pays."""

    base: Literal["principal", "claim", "claim with penalty", "appraisal", "lower"] = "principal"  # type: ignore[assignment]


class DepositTable(Table):
    """保证金: the deposit of the contract."""

    rate: Share = 1.0
    lag: LagTable | None = None


class DelayTable(Table):
    """A share of every recovery is paid later."""

    share: Share
    by: LagTable


class LateTable(Table):
    """迟付: a share of every scheduled payment comes later, with penalty interest 罚息 by the tape or at this rate."""

    share: Share
    by: LagTable
    penalty: Penalty

    @model_validator(mode="after")
    def _later(self) -> Self:
        if not (self.by.months or self.by.payments or self.by.days):
            raise refusal("late-by-nothing", "a delay of nothing", "a delay such as { days = 45 }", at=("by",))
        return self


class RecoveryTable(Table):
    """Recoveries by source, in legal order."""

    deposit: DepositTable | None = None
    cure: SourceTable | None = None
    guarantor: SourceTable | None = None
    fund: SourceTable | None = None
    insurance: SourceTable | None = None
    ip: IpTable | None = None
    repurchase: SourceTable | None = None
    delayed: DelayTable | None = None


class AssumeTable(Table):
    """One block of assumptions for a scope."""

    scope: ScopeTable | None = None
    default: Default | None = None
    prepay: Prepay | None = None
    recovery: RecoveryTable | None = None
    dilution: Share | None = None
    late: LateTable | None = None
    source: str = ""


class EventTable(Table):
    """Something that happens to contracts by name."""

    what: Literal["default", "prepay", "extend"]
    who: Literal["all"] | Annotated[Texts, Field(min_length=1)] | None = None
    top: HowMany | None = None
    smallest: HowMany | None = None
    scope: ScopeTable | None = None
    on: Date | None = None
    at: Literal["maturity"] | None = None
    cross_default: bool = True
    recognition: Days = 0
    by: LagTable | None = None

    @model_validator(mode="after")
    def _complete(self) -> Self:
        _one_of(self, ("who", "top", "smallest", "scope"), "event-who", "one of who, top, smallest, scope")
        _one_of(self, ("on", "at"), "event-when", 'on = a date, or at = "maturity"')
        if self.at and self.what != "default":
            raise refusal("maturity-not-default", f"{self.what} at maturity", 'at = "maturity" with what = "default"')
        if (self.what == "extend") != (self.by is not None and self.by.months > 0):
            found = f"{self.what} {'with' if self.by else 'without'} by"
            raise refusal("extension-by", found, "by = { months = n } with what = 'extend', and only there")
        return self


class BuyBackTable(Table):
    """赎回、置换: contracts that leave the pool because they should not be in it, paid for by who sold them."""

    what: Literal["repurchase", "substitute"]
    who: Literal["all"] | Annotated[Texts, Field(min_length=1)] | None = None
    top: HowMany | None = None
    smallest: HowMany | None = None
    scope: ScopeTable | None = None
    failing: Annotated[str, Field(min_length=1)] | None = None
    on: Date
    payer: str = ""
    standby: Annotated[Texts, Field(min_length=1)] | None = None

    @model_validator(mode="after")
    def _complete(self) -> Self:
        ways = ("who", "top", "smallest", "scope", "failing")
        _one_of(self, ways, "event-who", "one of who, top, smallest, scope, failing")
        if self.standby and self.what != "substitute":
            raise refusal("standby-without-substitute", f"{self.what} with standby", 'standby with what = "substitute"')
        return self


class RightEventTable(Table):
    """权利事件: rights that end before their term, by their numbers or by the contracts they belong to."""

    what: Literal["expire", "lapse", "invalidate"]
    who: Annotated[Texts, Field(min_length=1)]
    on: Date


class SupporterTable(Table):
    """A supporter that fails or pays late."""

    entity: str
    gone: Date | None = None
    late: LagTable | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.gone is None and self.late is None:
            raise refusal(
                "supporter-says-nothing", "a supporter neither gone nor late", "gone = a date, late = { months = n }"
            )
        if self.late is not None and not self.late.months:
            raise refusal("late-not-months", "late in another unit", "late = { months = n }", at=("late",))
        return self


class ScenarioTable(Table):
    """One scenario, or a part of one."""

    label: str = ""
    source: str = ""
    extends: str | None = None
    order: Order = "default first"
    interest_on: InterestOn = "after prepayment"
    fee_factor: Factor = 1.0
    rate_shift: dict[str, Rate] = Field(default_factory=dict)
    forced: dict[str, Date] = Field(default_factory=dict)
    set: dict[str, Setting] = Field(default_factory=dict)
    supporter: Many[SupporterTable] = ()
    assume: Many[AssumeTable] = ()
    event: Many[Annotated[EventTable | BuyBackTable | RightEventTable, Field(discriminator="what")]] = ()


class CrossTable(Table):
    """Every combination of one scenario or part of each axis."""

    label: str = ""
    axes: Annotated[Many[Annotated[Texts, Field(min_length=1)]], Field(min_length=2)]


class PackFile(Table):
    """A pack: scenarios, parts that are only used inside others, and cross products."""

    format: Literal["absengine.pack/1"] = Field(alias="schema")
    title: str
    source: str = ""
    scenario: dict[str, ScenarioTable] = Field(default_factory=dict)
    part: dict[str, ScenarioTable] = Field(default_factory=dict)
    cross: dict[str, CrossTable] = Field(default_factory=dict)
