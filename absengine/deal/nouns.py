"""The nouns of a deal file, as a structurer writes them (design §6). Pydantic checks form, :mod:`.checks` checks sense.

Every table maps to one model; unknown keys are refused. Formulas stay text here; :mod:`.formula_checks` types them.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, PlainValidator, Strict, WithJsonSchema
from pydantic_core import PydanticCustomError

from absengine.language.names import Identifier
from absengine.language.units import AmountPer, Date, DayOffset, Money, PeriodText, Rate, RatePer, Ratio, money
from absengine.language.validation import Many, Table, Word, did_you_mean, refusal, show

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


class MoneyRule(Table):
    """How payments are counted (舍入): whole multiples of ``unit`` per class, or per note of a stated face."""

    unit: Money = 0.01
    per: str = "class"
    rounding: Literal["down"] = "down"


class DealHead(Table):
    """Name, currency and counting rule of the deal."""

    name: str
    currency: str = "CNY"
    money: MoneyRule = MoneyRule()
    wal_day_count: str = "ACT/365F"
    source: str = ""


class Regular(Table):
    """A regular list of dates: every so often, on a day of the month where the period is of months or years."""

    every: PeriodText
    on: int | Literal["last day"] | None = None
    first: Date | None = None


class PaymentDates(Table):
    """Payment dates (兑付日), regular or listed, and how they move when they meet a holiday."""

    every: PeriodText | None = None
    on: int | Literal["last day"] | None = None
    first: Date | None = None
    dates: Many[Date] | None = None
    calendar: str = "none"
    roll: Literal["following", "modified_following", "preceding", "none"] = "none"
    extra_interest: bool = False


class Dates(Table):
    """Dates of the plan: cut-off (封包日), closing (设立日), legal final (法定到期日), collection and payment."""

    cutoff: Date
    closing: Date
    legal_final: Date
    collection: Regular
    payment: PaymentDates


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


class AccountYield(Table):
    """Interest a bank pays on an account, credited each calculation date."""

    rate: Rate
    day_count: str = "ACT/365F"


class Account(Table):
    """A ledger of cash in the plan account (账户/分账户)."""

    label: str | None = None
    opening: Money = 0.0
    target: Formula | None = None
    interest: AccountYield | None = None


class FixedCoupon(Table):
    """A coupon fixed for life, or stepping on dates (票面利率跳升)."""

    kind: Literal["fixed"]
    rate: Rate
    steps: Many[DatedRate] = ()
    day_count: str = "ACT/365F"


class FloatingCoupon(Table):
    """Index plus spread, reset on accrual starts."""

    kind: Literal["floating"]
    index: Name
    spread: Rate = 0.0
    reset: Literal["yearly", "each period"] = "each period"
    day_count: str = "ACT/365F"


Coupon = Annotated[FixedCoupon | FloatingCoupon, Field(discriminator="kind")]


class PlanPrincipal(Table):
    """固定摊还: a published amortisation plan, as rows here or in a CSV beside the deal (date, amount)."""

    kind: Literal["plan"]
    file: str | None = None
    amounts: Many[DatedMoney] = ()


class PassThroughPrincipal(Table):
    """过手摊还: principal is what the step allots; the whole balance is due at legal final."""

    kind: Literal["pass_through"]
    expected: Date | None = None


class BulletPrincipal(Table):
    """到期一次: the whole balance falls due at the expected maturity."""

    kind: Literal["bullet"]
    expected: Date


Principal = Annotated[PlanPrincipal | PassThroughPrincipal | BulletPrincipal, Field(discriminator="kind")]


class Tranche(Table):
    """A class of notes (档). ``class`` groups tranches; a residual tranche takes what is left."""

    label: str | None = None
    klass: Identifier = Field(alias="class")
    face: Money
    coupon: Coupon | None = None
    principal: Principal | None = None
    timely: bool = True
    interest_on_unpaid: Literal["none", "simple", "compound"] = "none"


class Tax(Table):
    """A tax on a flow (增值税及附加), due when a list runs."""

    label: str | None = None
    base: Formula
    rate: Ratio


class Fee(Table):
    """A fee: a rate on a base, or an amount; capped ahead of the notes; a later step pays the overflow (over_cap)."""

    label: str | None = None
    base: Formula | None = None
    rate: RatePer | None = None
    amount: AmountPer | None = None
    cap: AmountPer | None = None
    day_count: str = "ACT/365F"
    over: Literal["payment", "collection"] = "payment"


class Support(Table):
    """Cash from outside the pool: 差额支付 shortfall payment, liquidity facility, guarantee."""

    label: str | None = None
    kind: Literal["shortfall", "liquidity", "guarantee"] = "shortfall"
    provider: Name
    covers: Many[Name] = ()
    limit: Limit
    call: DayOffset | None = None
    reimbursed: bool = True


class Ledger(Table):
    """A memorandum ledger: principal deficiency (PDL), or cash borrowed between 收益账 and 本金账."""

    label: str | None = None
    limit: Formula | None = None


class CallTerms(Table):
    """清仓回购: the originator buys the whole pool at a price, paid into an account."""

    price: Formula
    to: Name


class Cure(Table):
    """How a trigger that fired is undone."""

    when: Formula
    sustained: int = 1
    effect: str | None = None


class Trigger(Table):
    """A tested event (触发事件): ``once`` latches, ``while`` holds only as long as the condition does."""

    label: str | None = None
    test: Literal["after collection", "before payment", "after payment"]
    when: Formula
    sustained: int = 1
    within: Many[Name] = Field(default=(), alias="in")
    once: str | None = None
    hold: str | None = Field(default=None, alias="while")
    cure: Cure | None = None
    call: CallTerms | None = None


class Step(Table):
    """One line of a stage's list: a verb, what it serves, where the cash comes from, who helps."""

    id: Identifier
    do: str
    what: Many[Name] = ()
    source: Name | None = Field(default=None, alias="from")
    to: Name | None = None
    share: Literal["pro rata", "in order"] | None = None
    upto: Formula | None = None
    then: Many[Name] = ()
    when: Formula | None = None
    value: Formula | None = None
    release: Literal["while senior outstanding"] | None = None
    label: str | None = None


class Stage(Table):
    """A stage of the deal's life (循环期, 摊还期, 加速清偿…): its payment calendar and its list of steps."""

    label: str | None = None
    pays: Literal["payment", "collection"]
    step: Many[Step]


class DealFile(Table):
    """A whole deal file."""

    schema_name: Literal["absengine.deal/1"] = Field(alias="schema")
    deal: DealHead
    dates: Dates
    pool: Pool | None = None
    collect: dict[Word, Name]
    tranche: dict[Identifier, Tranche]
    stage: dict[Identifier, Stage]
    account: dict[Identifier, Account]
    entity: dict[Identifier, Entity] = Field(default_factory=dict)
    index: dict[Identifier, Index] = Field(default_factory=dict)
    tax: dict[Identifier, Tax] = Field(default_factory=dict)
    fee: dict[Identifier, Fee] = Field(default_factory=dict)
    support: dict[Identifier, Support] = Field(default_factory=dict)
    ledger: dict[Identifier, Ledger] = Field(default_factory=dict)
    trigger: dict[Identifier, Trigger] = Field(default_factory=dict)

    def class_names(self) -> list[str]:
        """Every tranche, then every class: what formulas and steps may name."""
        return [*self.tranche, *dict.fromkeys(tranche.klass for tranche in self.tranche.values())]

    def tranches_of(self, name: str) -> tuple[str, ...]:
        """A tranche by its name, or every tranche of a class, in file order; empty if neither."""
        if name in self.tranche:
            return (name,)
        return tuple(key for key, tranche in self.tranche.items() if tranche.klass == name)

    def fee_names(self) -> list[str]:
        """Every fee, then what is over the cap of each that has one (``x.over_cap``)."""
        return [*self.fee, *(f"{name}.over_cap" for name, fee in self.fee.items() if fee.cap)]
