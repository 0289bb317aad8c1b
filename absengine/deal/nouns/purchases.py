"""Contracts bought while the deal revolves (循环购买)."""

from __future__ import annotations

from typing import Literal

from absengine.deal.nouns.words import Formula
from absengine.language.units import AmountPer, Date, Money, PeriodText, Rate, Ratio
from absengine.language.validation import Table


class Purchase(Table):
    """Terms of the contracts a ``buy`` step may buy: a model contract, its price, and how much of it is to be had.

    ``kind`` and ``pool`` decide which assumptions of a stress rule it; ``price`` is per principal (折价率); ``supply``
    what the originator can offer (合格资产供给); ``most`` the principal that may be held of it (集中度上限);
    ``lot`` the smallest amount of principal; ``matures_by`` the latest maturity (合格标准); ``eligible`` a condition.
    """

    label: str | None = None
    kind: str
    pool: str | None = None
    rate: Rate
    term: PeriodText
    every: PeriodText
    repays: Literal["level", "even", "bullet"] = "level"
    price: Ratio = 1.0
    supply: AmountPer | None = None
    most: Formula | None = None
    lot: Money = 0.0
    matures_by: Date | None = None
    eligible: Formula | None = None
