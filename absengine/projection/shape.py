"""The shape of a scenario over a pool: which block rules which contract, and which contracts leave their clock."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from absengine.errors import Problems, Where
from absengine.language.toml import printable
from absengine.language.validation import did_you_mean, one_of
from absengine.projection.names import Flags, Parties
from absengine.projection.payers import Payers
from absengine.projection.paying import Paying, refuse_unknown_penalty
from absengine.scenario import Assumption, Event, Scenario, Scope
from absengine.scenario.nouns import BUY_BACKS, LEVELS
from absengine.schema import RECOVERY_SOURCES

Blocks = NDArray[np.int64]

ASPECTS = ("default", "prepay", "delayed", "dilution", "late", *(f"recovery.{source}" for source in RECOVERY_SOURCES))
_CREDIT = tuple(aspect for aspect in ASPECTS if aspect != "prepay")
_KINDS = {
    "default": ("rate", "sda", "cumulative", "absolute", "maturity"),
    "prepay": ("rate", "psa", "abs", "absolute"),
}


@dataclass(frozen=True, eq=False)
class Shape:
    """What scenarios that differ in figures only have in common.

    ``blocks[aspect]`` is, by contract, the index of the ruling assumption (-1 = none), one object for all shapes whose
    assumptions have one outline; ``named`` are the contracts projected by name, ``events`` the events with the
    contracts each names; ``credit`` False switches defaults off. ``paying`` holds figures, too: scenarios that dilute
    or delay payments otherwise are other shapes; so do ``payers``, where contracts are bought back (else None).
    """

    blocks: dict[str, Blocks]
    named: Flags
    events: tuple[tuple[Event, Flags], ...]
    credit: bool
    paying: Paying
    payers: Payers | None = None


@dataclass
class Shapes:
    """Finds the shape of each scenario once, collecting problems."""

    parties: Parties
    problems: Problems = field(default_factory=Problems)
    found: dict[Hashable, Shape] = field(default_factory=dict)
    rulings: dict[Hashable, dict[str, Blocks]] = field(default_factory=dict)
    payings: dict[Hashable, Paying] = field(default_factory=dict)
    scopes: dict[Scope, Flags] = field(default_factory=dict)

    def of(self, scenario: Scenario) -> Shape:
        """The shape of a scenario; equal shapes are one object."""
        events = events_of(scenario, self.parties)
        outline = (tuple(_outline(assumption) for assumption in scenario.assumptions), scenario.credit)
        figures = (outline, tuple((a.dilution, a.late) for a in scenario.assumptions) if scenario.credit else ())
        buys = scenario.credit and any(event.what in BUY_BACKS for event in events)
        state = tuple((one.entity, str(one.gone), one.late) for one in scenario.supporters) if buys else ()
        key = (figures, state, tuple(replace(event, where=Where()) for event in events))
        self._check(scenario)
        if key not in self.found:
            chosen = tuple((event, self.parties.event(event, self.problems)) for event in events)
            if outline not in self.rulings:
                self.rulings[outline] = {aspect: self._ruling(scenario, aspect) for aspect in ASPECTS}
            blocks, contracts = self.rulings[outline], self.parties.contracts
            if figures not in self.payings:
                refuse_unknown_penalty(blocks, scenario, contracts, self.problems)
                self.payings[figures] = Paying.of(blocks, scenario, contracts)
            known = all(one.entity in self.parties.codes for one in scenario.supporters)
            payers = Payers.of(scenario, self.parties, {}) if buys and known else None
            paying = self.payings[figures]
            self.found[key] = Shape(blocks, self._named(chosen), chosen, scenario.credit, paying, payers)
        return self.found[key]

    def _named(self, events: tuple[tuple[Event, Flags], ...]) -> Flags:
        named = self.parties.standby.copy()
        for event, chosen in events:
            follow = event.what == "default" and event.cross_default
            named |= self.parties.same_payers(chosen) if follow else chosen
        return named

    def _inside(self, assumption: Assumption) -> Flags:
        if assumption.scope not in self.scopes:
            self.scopes[assumption.scope] = self.parties.scope(assumption.scope, assumption.where, self.problems)
        return self.scopes[assumption.scope]

    def _ruling(self, scenario: Scenario, aspect: str) -> Blocks:
        """Index of the assumption that rules each contract: the narrowest, then the one written last over others."""
        size = len(self.parties.contracts)
        block, rank = np.full(size, -1, dtype=np.int64), np.full(size, -1, dtype=np.int64)
        if aspect in _CREDIT and not scenario.credit:
            return block
        for index, assumption in enumerate(scenario.assumptions):
            if aspect not in assumption.aspects:
                continue
            inside = self._inside(assumption)
            own = LEVELS.index(assumption.scope.level) * 1_000_000 + assumption.layer
            tied = inside & (rank == own)
            if tied.any():
                self._refuse_tie(scenario, aspect, assumption, int(np.flatnonzero(tied)[0]), block)
            wins = inside & (own > rank)
            block[wins], rank[wins] = index, own
        return block

    def _refuse_tie(self, scenario: Scenario, aspect: str, late: Assumption, contract: int, block: Blocks) -> None:
        early = scenario.assumptions[block[contract]]
        number = printable(str(self.parties.contracts["contract_id"][contract]))
        found = f"two blocks that say {aspect} of contract '{number}': {early.scope} ({early.where}) and {late.scope}"
        todo = "make one scope narrower: pool < asset_kind < tag < field < id"
        self.problems.add("scope-tie", late.where, found, "one narrowest block per contract and aspect", todo)

    def _check(self, scenario: Scenario) -> None:
        for assumption in scenario.assumptions:
            for aspect, curve in (("default", assumption.default), ("prepay", assumption.prepay)):
                if curve is not None and curve.kind not in _KINDS[aspect]:
                    found = f"{aspect} of kind '{curve.kind}'"
                    self.problems.add("assumption-kind", assumption.where, found, one_of(_KINDS[aspect]))
            for source, term in assumption.recovery.items():
                self._check_source(source, term.payer, assumption)
        for supporter in scenario.supporters:
            self._entity(supporter.entity, supporter.where)
        for event in scenario.events:
            if event.payer:
                self._entity(event.payer, event.where)

    def _check_source(self, source: str, payer: str, assumption: Assumption) -> None:
        if source not in RECOVERY_SOURCES:
            todo = did_you_mean(source, RECOVERY_SOURCES)
            self.problems.add("unknown-source", assumption.where, f"'{source}'", one_of(RECOVERY_SOURCES), todo)
        if payer:
            self._entity(payer, assumption.where)

    def _entity(self, key: str, where: Where) -> None:
        entities = list(self.parties.entities)
        if key not in entities:
            found = f"'{printable(key)}', which is no entity of the deal"
            self.problems.add("unknown-entity", where, found, one_of(entities), did_you_mean(key, entities))


def _outline(assumption: Assumption) -> Hashable:
    """What of a block decides how clocks and curve slots are laid out; figures do not."""
    default, prepay = assumption.default, assumption.prepay
    together = default is not None and default.kind == "cumulative"
    apart = [curve is not None and curve.needs_cutoff for curve in (default, prepay)]
    return assumption.scope, assumption.aspects, assumption.layer, together, *apart


def events_of(scenario: Scenario, parties: Parties) -> tuple[Event, ...]:
    """Events of a scenario; an entity that is gone also defaults on what it owes: it fails once, in every role."""
    failing: list[Event] = []
    for supporter in scenario.supporters:
        owes = supporter.entity in parties.entities and parties.entity_contracts(supporter.entity).any()
        if owes and not np.isnat(supporter.gone):
            failing.append(Event("default", who=(supporter.entity,), on=supporter.gone, where=supporter.where))
    return (*scenario.events, *failing)


def partition(columns: list[NDArray[Any]]) -> tuple[Blocks, Blocks]:
    """Number the distinct rows of some columns: (code of each row, one row of each code)."""
    code = np.zeros(len(columns[0]), dtype=np.int64)
    first = np.zeros(1 if len(code) else 0, dtype=np.int64)
    for column in columns:
        values, inverse = np.unique(column, return_inverse=True)
        if len(values) > 1:
            _, first, code = np.unique(code * len(values) + inverse, return_index=True, return_inverse=True)
    return code.astype(np.int64), first.astype(np.int64)
