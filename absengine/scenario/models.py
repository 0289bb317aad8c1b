"""The shape of a pack in TOML: what each key may hold. :mod:`absengine.scenario.pack` turns it into nouns."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import (
    Discriminator,
    Field,
    model_validator,
)

from absengine.language.units import Date, Money, Rate, percent
from absengine.language.validation import Many, Table, refusal
from absengine.scenario.event_models import BuyBackTable, EventTable, RightEventTable, SupporterTable
from absengine.scenario.nouns import InterestOn, Order
from absengine.scenario.words import (
    AnnualShare,
    Days,
    Factor,
    LagTable,
    Months,
    Penalty,
    ScopeTable,
    Setting,
    Share,
    Speed,
    Texts,
)


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
