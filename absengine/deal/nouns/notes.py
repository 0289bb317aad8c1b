"""Classes of notes (档): coupons, ways of repaying, tranches."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from absengine.deal.nouns.words import DatedMoney, DatedRate, Name
from absengine.language.names import Identifier
from absengine.language.units import Date, Money, Rate, Ratio
from absengine.language.validation import Many, Table


class FixedCoupon(Table):
    """A coupon fixed for life, or stepping on dates (票面利率跳升)."""

    kind: Literal["fixed"]
    rate: Rate
    steps: Many[DatedRate] = ()
    day_count: str = "ACT/365F"


class FloatingCoupon(Table):
    """Index plus spread, reset on accrual starts, within a floor (利率下限) and a cap (利率上限)."""

    kind: Literal["floating"]
    index: Name
    spread: Rate = 0.0
    floor: Rate | None = None
    cap: Rate | None = None
    reset: Literal["yearly", "each period"] = "each period"
    day_count: str = "ACT/365F"


Coupon = Annotated[FixedCoupon | FloatingCoupon, Field(discriminator="kind")]


class PlanPrincipal(Table):
    """固定摊还: a published amortisation plan, as rows here or in a CSV beside the deal (date, amount)."""

    kind: Literal["plan"]
    file: str | None = None
    amounts: Many[DatedMoney] = ()


class TargetPrincipal(Table):
    """目标余额: balances to come down to by date, as rows here or in a CSV (date, balance), caught up when missed."""

    kind: Literal["target"]
    file: str | None = None
    balances: Many[DatedMoney] = ()


class PassThroughPrincipal(Table):
    """过手摊还: principal is what the step allots; the whole balance is due at legal final."""

    kind: Literal["pass_through"]
    expected: Date | None = None


class BulletPrincipal(Table):
    """到期一次: the whole balance falls due at the expected maturity."""

    kind: Literal["bullet"]
    expected: Date


Principal = Annotated[
    PlanPrincipal | TargetPrincipal | PassThroughPrincipal | BulletPrincipal, Field(discriminator="kind")
]


class Put(Table):
    """回售: on option dates holders put a share of the class to the issuer; the coupon is adjusted (票面利率调整)."""

    dates: Many[Date]
    share: Ratio = 0.0
    adjust: Rate = 0.0


class Anticipated(Table):
    """Anticipated repayment date (预期偿付日), before legal final: then additional interest, a claim of its own."""

    date: Date
    additional: Rate
    on_unpaid: Literal["none", "compound"] = "none"


class Tranche(Table):
    """A class of notes (档). ``class`` groups tranches; a residual tranche takes what is left."""

    label: str | None = None
    klass: Identifier = Field(alias="class")
    face: Money
    coupon: Coupon | None = None
    principal: Principal | None = None
    timely: bool = True
    interest_on_unpaid: Literal["none", "simple", "compound"] = "none"
    put: Put | None = None
    ard: Anticipated | None = None
