"""What a stress says: assumptions with a scope, events by name, supporters, rates, fees, forced triggers.

Nouns only; :mod:`absengine.scenario.pack` reads them from TOML, :mod:`absengine.projection` binds them to a pool.
Rates are decimals (8 % is 0.08), money is in the currency's main unit (元), dates are ``datetime64[D]``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal

import numpy as np

from absengine.calendars.date_rules import add_months
from absengine.errors import Where

CurveKind = Literal["rate", "sda", "psa", "abs", "cumulative", "absolute", "maturity"]
Order = Literal["default first", "prepay on performing"]
InterestOn = Literal["after prepayment", "performing"]
What = Literal["default", "prepay", "extend", "repurchase", "substitute"]
Level = Literal["all", "pool", "asset_kind", "tag", "field", "id"]

RightWhat = Literal["expire", "lapse", "invalidate"]

BUY_BACKS: tuple[What, ...] = ("repurchase", "substitute")
"""Events by which who sold a contract takes it back."""

GRACE_MONTHS = 6
"""Months in which a missed annuity can still be paid, with a late fee (domain §6.2, market knowledge)."""

LEVELS: tuple[Level, ...] = ("all", "pool", "asset_kind", "tag", "field", "id")
"""Scopes from the widest to the narrowest; per aspect, the narrowest that holds a contract wins."""


@dataclass(frozen=True, slots=True)
class Lag:
    """A delay in calendar months, due dates of the contract, or days; exactly one of them counts."""

    months: int = 0
    payments: int = 0
    days: int = 0

    @property
    def steps(self) -> tuple[tuple[str, int], ...]:
        """The non-zero parts as (unit, count)."""
        parts = (("months", self.months), ("payments", self.payments), ("days", self.days))
        return tuple((unit, count) for unit, count in parts if count)


@dataclass(frozen=True, slots=True)
class Scope:
    """Which contracts an assumption is for: ``wanted`` is (column, allowed texts); all columns must match."""

    level: Level = "all"
    wanted: tuple[tuple[str, tuple[str, ...]], ...] = ()

    def __str__(self) -> str:
        if self.level == "all":
            return "the whole pool"
        return " and ".join(f"{column} = {' or '.join(texts)}" for column, texts in self.wanted)


@dataclass(frozen=True, slots=True)
class Curve:
    """How much of a pool defaults or prepays, and when.

    kind : ``rate`` rates of ``values`` per ``per``, the last repeats; ``sda``, ``psa``, ``abs`` the market standards by
        age at ``values[0]`` times the standard (ABS: share of the original number a month); ``cumulative``
        ``values[0]`` of the cut-off principal over ``timing``; ``absolute`` ``values`` of the original number of loans,
        nothing after the last; ``maturity`` ``values[0]`` of what falls due on each contract's last due date.
    every : months one entry of ``values`` or ``timing`` lasts.
    by : entries follow calendar months ("month") or the contract's own due dates ("payment").
    origin : months are counted from the "cutoff" date or from "origination".
    timing : shares of the cumulative amount by period; empty = in proportion to the scheduled balance.
    recognition : days from the missed date to recognition.
    """

    kind: CurveKind
    values: tuple[float, ...]
    per: Literal["year", "month"] = "year"
    every: int = 1
    by: Literal["month", "payment"] = "month"
    origin: Literal["cutoff", "origination"] = "cutoff"
    timing: tuple[float, ...] = ()
    recognition: int = 0

    @property
    def needs_age(self) -> bool:
        """Whether contracts of different age behave differently."""
        return self.kind in ("sda", "psa", "abs") or (self.by == "month" and self.origin == "origination")

    @property
    def needs_cutoff(self) -> bool:
        """Whether months count from each contract's own cut-off, so that one table does not serve two cut-offs."""
        return self.kind == "rate" and self.by == "month" and self.origin == "cutoff"


@dataclass(frozen=True, slots=True)
class RecoveryTerm:
    """What one source pays on a defaulted contract.

    rate : share of the base; base : "principal" at the missed date, the whole "claim", "appraisal" of the pledged
    rights, the "lower" of appraisal and principal, or the "claim with penalty": the claim, and on what is paid of it
    penalty interest (罚息) at the contract's rate from the missed date to the pay date. The deposit's base is the
    deposit itself.
    cap : most this source pays over the whole pool [currency]; start : the lag runs from the missed date ("default")
    or from "recognition"; payer : entity that must be alive on the pay date (the guarantor of the contract for
    "guarantor").
    """

    rate: float
    base: Literal["principal", "claim", "claim with penalty", "appraisal", "lower"] = "principal"
    lag: Lag = field(default_factory=Lag)
    start: Literal["default", "recognition"] = "default"
    cap: float = float("inf")
    payer: str = ""


@dataclass(frozen=True, slots=True)
class Delay:
    """``share`` of every recovery is paid ``by`` later."""

    share: float
    by: Lag


@dataclass(frozen=True, slots=True)
class Late:
    """``share`` of every scheduled payment comes ``by`` later, with penalty interest (罚息) for the days it is late.

    penalty : 1/year over days/365; None = the contract's own rate on the tape.
    """

    share: float
    by: Lag
    penalty: float | None = None


@dataclass(frozen=True)
class Assumption:
    """One block of a scenario: aspects that are None (or absent) are left to wider blocks.

    dilution : share of each amount due that is never paid and is no default (稀释), of the face of the receivable.
    """

    scope: Scope = field(default_factory=Scope)
    default: Curve | None = None
    prepay: Curve | None = None
    recovery: Mapping[str, RecoveryTerm] = field(default_factory=dict)
    delayed: Delay | None = None
    dilution: float | None = None
    late: Late | None = None
    source: str = ""
    where: Where = field(default_factory=Where)
    layer: int = 0

    @property
    def aspects(self) -> tuple[str, ...]:
        """Names of what this block says: default, prepay, delayed, dilution, late, recovery.<source>."""
        names = ("default", "prepay", "delayed", "dilution", "late")
        named = [(name, getattr(self, name)) for name in names]
        said = [name for name, value in named if value is not None]
        return (*said, *(f"recovery.{source}" for source in self.recovery))


@dataclass(frozen=True)
class Event:
    """Something that happens to contracts by name.

    Exactly one of ``who`` (contract ids, obligors, debtors or entities), ``top`` (largest payers), ``smallest``
    (payers), ``scope`` and, for buy-backs, ``failing`` (what does not meet a criterion 合格标准 of the deal, or
    "all" of them) chooses. ``on`` is None for "at maturity": the last due date of each contract.

    ``or_fewer`` lets ``top`` and ``smallest`` mean every payer of a pool that has fewer.

    A contract is bought back (repurchase 赎回) on ``on``, or exchanged (substitute 置换) on its next due date for the
    next of the ``standby`` contracts (empty: those the tape keeps for its sub-pool). The entity ``payer`` pays; if none
    is named, the first living name of the contract's recourse, or where it has none an originator that cannot fail.
    """

    what: What
    who: tuple[str, ...] = ()
    top: int = 0
    smallest: int = 0
    or_fewer: bool = False
    scope: Scope | None = None
    on: np.datetime64 | None = None
    cross_default: bool = True
    recognition: int = 0
    by: int = 0
    payer: str = ""
    standby: tuple[str, ...] = ()
    failing: str = ""
    where: Where = field(default_factory=Where)


@dataclass(frozen=True, slots=True)
class RightEvent:
    """Rights (知识产权) that end before their term: they expire 届满, lapse 失效 or are declared invalid 无效宣告.

    ``who`` are numbers of rights, or of contracts for all their rights. A right whose annuity is missed on ``on``
    stands for :data:`GRACE_MONTHS` more, in which it can still be paid.
    """

    what: RightWhat
    who: tuple[str, ...]
    on: np.datetime64
    where: Where = field(default_factory=Where, compare=False)

    @property
    def lost_on(self) -> np.datetime64:
        """The day from which the right no longer stands."""
        return np.datetime64(add_months(self.on, GRACE_MONTHS).item(), "D") if self.what == "lapse" else self.on


@dataclass(frozen=True, slots=True)
class Supporter:
    """A supporter that is ``gone`` from a date on (NaT = never) or pays ``late`` by so many months."""

    entity: str
    gone: np.datetime64 = field(default_factory=lambda: np.datetime64("NaT", "D"))
    late: int = 0
    where: Where = field(default_factory=Where)


@dataclass(frozen=True)
class Scenario:
    """One stress, complete: nothing else is needed to turn a pool into cash.

    order : "default first" takes defaults, then prepayments, from the balance before the due date; "prepay on
    performing" lets performing loans pay as scheduled first and prepay what is left.
    interest_on : prepaid loans pay no interest of the period ("after prepayment") or all of it ("performing").
    overrides : deal parameter name -> value; forced : trigger name -> date from which its test is met.
    credit : False takes credit events out (the twin of domain §9).
    """

    name: str
    label: str = ""
    source: str = ""
    assumptions: tuple[Assumption, ...] = ()
    events: tuple[Event, ...] = ()
    rights: tuple[RightEvent, ...] = ()
    supporters: tuple[Supporter, ...] = ()
    order: Order = "default first"
    interest_on: InterestOn = "after prepayment"
    fee_factor: float = 1.0
    rate_shift: Mapping[str, float] = field(default_factory=dict)
    forced: Mapping[str, np.datetime64] = field(default_factory=dict)
    overrides: Mapping[str, float] = field(default_factory=dict)
    where: Where = field(default_factory=Where)
    credit: bool = True

    @cached_property
    def text(self) -> str:
        """Label for readers; the name where none is given."""
        return self.label or self.name


@dataclass(frozen=True)
class Case:
    """A scenario plus parameter overrides of the caller: one lane of the waterfall."""

    name: str
    scenario: Scenario
    overrides: Mapping[str, float] = field(default_factory=dict)

    def without_credit(self) -> Case:
        """The same case without defaults, recoveries and rights lost; prepayments, extensions, rates, fees and
        supporters stay.
        """
        return replace(self, scenario=replace(self.scenario, credit=False, rights=()))

    @property
    def parameters(self) -> dict[str, float]:
        """Deal parameters of the scenario, overridden by those of the case."""
        return {**self.scenario.overrides, **self.overrides}


@dataclass(frozen=True)
class Pack:
    """A file of scenarios, cross products written out."""

    title: str
    scenarios: tuple[Scenario, ...]
    source: str = ""

    def cases(self) -> tuple[Case, ...]:
        """One case per scenario, in the order of the file."""
        return tuple(Case(scenario.name, scenario) for scenario in self.scenarios)
