"""Triggers (触发事件), steps and stages: what happens when."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from absengine.deal.nouns.words import Formula, Name
from absengine.language.names import Identifier
from absengine.language.units import Date, PeriodText
from absengine.language.validation import Many, Table


class Figure(Table):
    """A named formula (指标), recorded on each row; with dates, taken on them only and held in between (估值日)."""

    label: str | None = None
    value: Formula
    at: Literal["after collection", "after payment"] = "after collection"
    start: Formula | None = None
    every: PeriodText | None = None
    on: int | Literal["last day"] | None = None
    first: Date | None = None
    dates: Many[Date] | None = None


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
    """A stage of the deal's life (循环期, 摊还期, 加速清偿…): its payment calendar and its list of steps.

    ``pays`` is ``payment``, ``collection`` or the name of a further calendar of ``[dates]``.
    """

    label: str | None = None
    pays: Name
    step: Many[Step]
