"""Accounts, and what is paid beside the notes: taxes, fees, supports, ledgers."""

from __future__ import annotations

from typing import Literal

from absengine.deal.nouns.words import Formula, Limit, Name
from absengine.language.units import AmountPer, DayOffset, Money, Rate, RatePer, Ratio
from absengine.language.validation import Many, Table


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
