"""Dates of a deal file: cut-off, closing, legal final, collection and payment dates."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from absengine.language.names import Identifier
from absengine.language.units import Date, PeriodText
from absengine.language.validation import Many, Table


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
    """Dates of the plan: cut-off (封包日), closing (设立日), legal final (法定到期日), collection and payment.

    ``closed_period_interest`` says who owns what the pool earns from cut-off to closing (封包期利息).
    ``further`` names payment calendars beside the first, for stages and servicers that change their frequency.
    """

    cutoff: Date
    closing: Date
    legal_final: Date
    closed_period_interest: Literal["plan", "originator"] = "plan"
    collection: Regular
    payment: PaymentDates
    further: dict[Identifier, Regular] = Field(default_factory=dict)
