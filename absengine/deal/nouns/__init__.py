"""The nouns of a deal file, as a structurer writes them (design §6). Pydantic checks form, ``checks`` checks sense.

Formulas stay text here; ``formula_checks`` types them.
"""

from absengine.deal.nouns.claims import Account, AccountYield, Fee, Ledger, Support, Tax
from absengine.deal.nouns.criteria import Bound, Criterion, FieldSort
from absengine.deal.nouns.dates import Dates, PaymentDates, Regular
from absengine.deal.nouns.events import CallTerms, Cure, Figure, Stage, Step, Trigger
from absengine.deal.nouns.file import DealFile, DealHead, MoneyRule
from absengine.deal.nouns.hedges import Hedge, Leg, RateCap, Swap
from absengine.deal.nouns.notes import (
    Anticipated,
    BulletPrincipal,
    Coupon,
    FixedCoupon,
    FloatingCoupon,
    PassThroughPrincipal,
    PlanPrincipal,
    Principal,
    Put,
    TargetPrincipal,
    Tranche,
)
from absengine.deal.nouns.pool import Entity, Group, Index, Pool
from absengine.deal.nouns.purchases import Purchase
from absengine.deal.nouns.servicing import Faster, Servicing
from absengine.deal.nouns.words import DatedMoney, DatedRate, Formula, Limit, Name

__all__ = [
    "Account",
    "AccountYield",
    "Anticipated",
    "Bound",
    "BulletPrincipal",
    "CallTerms",
    "Coupon",
    "Criterion",
    "Cure",
    "DatedMoney",
    "DatedRate",
    "Dates",
    "DealFile",
    "DealHead",
    "Entity",
    "Faster",
    "Fee",
    "FieldSort",
    "Figure",
    "FixedCoupon",
    "FloatingCoupon",
    "Formula",
    "Group",
    "Hedge",
    "Index",
    "Ledger",
    "Leg",
    "Limit",
    "MoneyRule",
    "Name",
    "PassThroughPrincipal",
    "PaymentDates",
    "PlanPrincipal",
    "Pool",
    "Principal",
    "Purchase",
    "Put",
    "RateCap",
    "Regular",
    "Servicing",
    "Stage",
    "Step",
    "Support",
    "Swap",
    "TargetPrincipal",
    "Tax",
    "Tranche",
    "Trigger",
]
