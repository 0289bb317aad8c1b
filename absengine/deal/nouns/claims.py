"""Accounts, and what is paid beside the notes: taxes, fees, supports, ledgers."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from absengine.deal.nouns.words import Formula, Limit, Name
from absengine.language.units import AmountPer, DayOffset, Money, Rate, RatePer, Ratio
from absengine.language.validation import Many, Table, Word


class AccountYield(Table):
    """Interest a bank pays on an account, credited each calculation date."""

    rate: Rate
    day_count: str = "ACT/365F"


class Account(Table):
    """A ledger of cash in the plan account (账户/分账户).

    ``lacking`` is for the account of deposits (保证金分账户) alone: what gives a deposit back that the account does not
    hold, ``account.<name>``, or ``carried`` until it does.
    """

    label: str | None = None
    opening: Money = 0.0
    target: Formula | None = None
    interest: AccountYield | None = None
    lacking: Name | None = None


class Tax(Table):
    """A tax (税), due when a list runs.

    ``plain``: a rate on a formula. ``vat``: the plan's VAT by the simplified method (资管产品增值税，简易计税), on what
    each asset kind of the pool earns, price-inclusive, with surcharges (附加税费) by tier. ``fee_vat``: VAT on service
    fees that are quoted net of it, due with the fee.
    """

    label: str | None = None
    kind: Literal["plain", "vat", "fee_vat"] = "plain"
    base: Formula | None = None
    rate: Ratio | None = None
    surcharge: Literal["city", "town", "elsewhere"] | None = None
    on: dict[Word, Literal["interest", "none"]] = Field(default_factory=dict)
    pool_fees: Literal["taxed", "none"] | None = None
    fees: Many[Name] = ()


class Fee(Table):
    """A fee: a rate on a base, or an amount; capped ahead of the notes; a later step pays the overflow (over_cap).

    ``on_paid`` charges the rate on what steps pay of the claims named (兑付手续费); ``while`` ends a fee that would not
    end by itself.
    """

    label: str | None = None
    base: Formula | None = None
    rate: RatePer | None = None
    amount: AmountPer | None = None
    cap: AmountPer | None = None
    day_count: str = "ACT/365F"
    over: Literal["payment", "collection"] = "payment"
    on_paid: Many[Name] = ()
    hold: Formula | None = Field(default=None, alias="while")


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
