"""Hedges (套期保值) of a deal: interest rate swaps and rate caps with a counterparty that can fail."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from absengine.deal.nouns.words import DatedMoney, Formula, Name
from absengine.language.units import AmountPer, Rate
from absengine.language.validation import Many, Table


class Leg(Table):
    """One side of a swap: a fixed rate, or an index plus spread."""

    rate: Rate | None = None
    index: Name | None = None
    spread: Rate = 0.0


class Swap(Table):
    """利率互换: ``pay`` and ``receive`` on one notional, settled net; receipts go into account ``to``."""

    kind: Literal["swap"]
    label: str | None = None
    counterparty: Name
    notional: Formula | None = None
    schedule: Many[DatedMoney] = ()
    pay: Leg
    receive: Leg
    reset: Literal["yearly", "each period"] = "each period"
    day_count: str = "ACT/365F"
    to: Name


class RateCap(Table):
    """利率上限: the counterparty pays what the index is above the strike; the plan pays a premium."""

    kind: Literal["cap"]
    label: str | None = None
    counterparty: Name
    notional: Formula | None = None
    schedule: Many[DatedMoney] = ()
    index: Name
    strike: Rate
    premium: AmountPer | None = None
    reset: Literal["yearly", "each period"] = "each period"
    day_count: str = "ACT/365F"
    to: Name


Hedge = Annotated[Swap | RateCap, Field(discriminator="kind")]
