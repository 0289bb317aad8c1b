"""The shape of events in a pack: what happens to contracts, rights and supporters by name."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import (
    Field,
    model_validator,
)

from absengine.language.units import Date, HowMany
from absengine.language.validation import Table, refusal
from absengine.scenario.words import Days, LagTable, ScopeTable, Texts, one_given


class EventTable(Table):
    """Something that happens to contracts by name."""

    what: Literal["default", "prepay", "extend"]
    who: Literal["all"] | Annotated[Texts, Field(min_length=1)] | None = None
    top: HowMany | None = None
    smallest: HowMany | None = None
    scope: ScopeTable | None = None
    on: Date | None = None
    at: Literal["maturity"] | None = None
    cross_default: bool = True
    recognition: Days = 0
    by: LagTable | None = None

    @model_validator(mode="after")
    def _complete(self) -> Self:
        one_given(self, ("who", "top", "smallest", "scope"), "event-who", "one of who, top, smallest, scope")
        one_given(self, ("on", "at"), "event-when", 'on = a date, or at = "maturity"')
        if self.at and self.what != "default":
            raise refusal("maturity-not-default", f"{self.what} at maturity", 'at = "maturity" with what = "default"')
        if (self.what == "extend") != (self.by is not None and self.by.months > 0):
            found = f"{self.what} {'with' if self.by else 'without'} by"
            raise refusal("extension-by", found, "by = { months = n } with what = 'extend', and only there")
        return self


class BuyBackTable(Table):
    """赎回、置换: contracts that leave the pool because they should not be in it, paid for by who sold them."""

    what: Literal["repurchase", "substitute"]
    who: Literal["all"] | Annotated[Texts, Field(min_length=1)] | None = None
    top: HowMany | None = None
    smallest: HowMany | None = None
    scope: ScopeTable | None = None
    failing: Annotated[str, Field(min_length=1)] | None = None
    on: Date
    payer: str = ""
    standby: Annotated[Texts, Field(min_length=1)] | None = None

    @model_validator(mode="after")
    def _complete(self) -> Self:
        ways = ("who", "top", "smallest", "scope", "failing")
        one_given(self, ways, "event-who", "one of who, top, smallest, scope, failing")
        if self.standby and self.what != "substitute":
            raise refusal("standby-without-substitute", f"{self.what} with standby", 'standby with what = "substitute"')
        return self


class RightEventTable(Table):
    """权利事件: rights that end before their term, by their numbers or by the contracts they belong to."""

    what: Literal["expire", "lapse", "invalidate"]
    who: Annotated[Texts, Field(min_length=1)]
    on: Date


class SupporterTable(Table):
    """A supporter that fails or pays late."""

    entity: str
    gone: Date | None = None
    late: LagTable | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.gone is None and self.late is None:
            raise refusal(
                "supporter-says-nothing", "a supporter neither gone nor late", "gone = a date, late = { months = n }"
            )
        if self.late is not None and not self.late.months:
            raise refusal("late-not-months", "late in another unit", "late = { months = n }", at=("late",))
        return self
