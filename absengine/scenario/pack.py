"""Packs: TOML to scenarios. Inheritance and cross products are written out; every problem is collected."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from absengine.errors import Problem, Problems, ScenarioError, Where
from absengine.language.toml import Document, printable, read
from absengine.language.validation import did_you_mean, free_paths, one_of, validate
from absengine.scenario import event_models, models, words
from absengine.scenario.aliases import ALIASES
from absengine.scenario.nouns import (
    LEVELS,
    Assumption,
    Case,
    Curve,
    Delay,
    Event,
    Lag,
    Late,
    Pack,
    RecoveryTerm,
    RightEvent,
    Scenario,
    Scope,
    Supporter,
)
from absengine.schema import RECOVERY_SOURCES

MAX_SCENARIOS = 20_000
"""Most scenarios one pack may expand to."""

_COLUMNS = {"pool": "pool", "asset_kind": "asset_kind", "tag": "tags", "id": "contract_id"}
_FROM_RECOGNITION = ("fund", "ip")
"""Sources whose clock starts at recognition (fund) or enforcement (IP), not on the missed date (domain guide §9)."""


def load_pack(path: Path) -> Pack:
    """Read a pack; ScenarioError carries every problem with file, line and column."""
    if not path.is_file():
        where = Where(str(path))
        raise ScenarioError(Problem("no-pack", where, "no pack here", "a TOML file of scenarios", "check the path"))
    document = read(path, ScenarioError).translated(ALIASES, ScenarioError, free_paths(models.PackFile))
    problems = Problems()
    file = validate(models.PackFile, document.data, document.where, problems)
    problems.refuse(ScenarioError)
    assert file is not None
    scenarios = _Expansion(document, file, problems).scenarios()
    problems.refuse(ScenarioError)
    return Pack(file.title, tuple(scenarios), file.source)


def refuse_same_names(cases: Sequence[Case]) -> None:
    """Two scenarios of one name could not be told apart in a table: ScenarioError."""
    seen: dict[str, Where] = {}
    problems = Problems()
    for case in cases:
        if case.name in seen:
            found = f"the scenario '{case.name}' again (first: {seen[case.name]})"
            allowed = "a name used once over all packs of a run"
            problems.add("scenario-twice", case.scenario.where, found, allowed, "rename one of them")
        seen.setdefault(case.name, case.scenario.where)
    problems.refuse(ScenarioError)


@dataclass
class _Expansion:
    """Turns tables into scenarios, following ``extends`` and ``cross``."""

    document: Document
    file: models.PackFile
    problems: Problems
    done: dict[str, Scenario | None] = field(default_factory=dict)
    said: dict[str, set[str]] = field(default_factory=dict)

    def scenarios(self) -> list[Scenario]:
        for name in self.file.part:
            if name in self.file.scenario:
                where = self.document.where(("part", name))
                self.problems.add(
                    "scenario-twice", where, f"'{printable(name)}' as part and as scenario", "one of them"
                )
        if not self.file.scenario and not self.file.cross:
            where = self.document.where(())
            self.problems.add("empty-pack", where, "no scenario", "at least one [scenario.<name>] or [cross.<name>]")
        own = [self._named(name) for name in self.file.scenario]
        for name in self.file.part:
            self._named(name)
        crossed = [scenario for name in self.file.cross for scenario in self._cross(name)]
        return self._distinct([scenario for scenario in (*own, *crossed) if scenario is not None])

    def _distinct(self, scenarios: Sequence[Scenario]) -> list[Scenario]:
        seen: dict[str, Scenario] = {}
        for scenario in scenarios:
            if scenario.name in seen:
                found = f"a second scenario '{printable(scenario.name)}'"
                self.problems.add("scenario-twice", scenario.where, found, "a name used once", "rename one of them")
            seen[scenario.name] = scenario
        return list(seen.values())

    def _table(self, name: str) -> tuple[str, models.ScenarioTable]:
        kind = "scenario" if name in self.file.scenario else "part"
        return kind, (self.file.scenario if kind == "scenario" else self.file.part)[name]

    def _known(self, name: str, where: Where) -> bool:
        known = [*self.file.scenario, *self.file.part]
        if name not in known:
            found = f"'{printable(name)}'"
            self.problems.add("unknown-scenario", where, found, one_of(known), did_you_mean(name, known))
        return name in known

    def _named(self, name: str) -> Scenario | None:
        """One scenario with what it extends; None where that fails."""
        if name in self.done:
            return self.done[name]
        self.done[name] = None
        kind, table = self._table(name)
        place = self.document.where((kind, name))
        scenario = _Reader(self.document, (kind, name)).scenario(name, table)
        if not (table.source or self.file.source):
            todo = 'add source = "…", or source = "illustrative"'
            self.problems.add(
                "no-source", place, f"'{printable(name)}' without a source", "a source of its figures", todo
            )
        scenario = replace(scenario, source=table.source or self.file.source)
        self.said[name] = set(table.model_fields_set)
        if table.extends is not None and (above := self._above(name, table.extends)) is not None:
            scenario = combined([above, scenario], [set(), self.said[name]])
            self.said[name] |= self.said[table.extends]
        self.done[name] = replace(scenario, name=name, where=place)
        return self.done[name]

    def _above(self, name: str, extends: str) -> Scenario | None:
        kind, _ = self._table(name)
        where = self.document.where((kind, name, "extends"))
        if not self._known(extends, where):
            return None
        circle = extends in self.done and self.done[extends] is None
        above = None if circle else self._named(extends)
        if circle:
            found = f"'{printable(name)}' that extends itself through '{printable(extends)}'"
            self.problems.add("extends-circle", where, found, "scenarios that extend others without a circle")
        return above

    def _cross(self, name: str) -> list[Scenario]:
        table, where = self.file.cross[name], self.document.where(("cross", name))
        named = [word for axis in table.axes for word in axis]
        known = [self._known(word, where) for word in named]
        if not all(known):
            return []
        count = int(np.prod([float(len(axis)) for axis in table.axes]))
        if count > MAX_SCENARIOS:
            found = f"a cross product of {count:,} scenarios"
            self.problems.add("too-many-scenarios", where, found, f"at most {MAX_SCENARIOS:,}", "split the pack")
            return []
        return [one for choice in itertools.product(*table.axes) if (one := self._product(table, choice, where))]

    def _product(self, table: models.CrossTable, choice: Sequence[str], where: Where) -> Scenario | None:
        members = [self._named(word) for word in choice]
        chosen = [member for member in members if member is not None]
        if len(chosen) < len(members):
            return None
        scenario = combined(chosen, [self.said[word] for word in choice])
        label = " + ".join(member.text for member in chosen)
        label = f"{table.label}: {label}" if table.label else label
        return replace(scenario, name="+".join(choice), label=label, where=where)


def combined(parts: Sequence[Scenario], said: Sequence[set[str]]) -> Scenario:
    """Scenarios laid over each other: at equal scope a later block rules; single figures count where ``said``."""
    whole = parts[0]
    for part, names in zip(parts[1:], said[1:], strict=True):
        above = 1 + max((a.layer for a in whole.assumptions), default=-1)
        raised = tuple(replace(a, layer=a.layer + above) for a in part.assumptions)
        single = {name: getattr(part, name) for name in ("order", "interest_on", "fee_factor") if name in names}
        whole = replace(
            whole,
            label=part.label,
            source="; ".join(dict.fromkeys(text for text in (whole.source, part.source) if text)),
            assumptions=(*whole.assumptions, *raised),
            events=(*whole.events, *part.events),
            rights=(*whole.rights, *part.rights),
            supporters=(*whole.supporters, *part.supporters),
            rate_shift={**whole.rate_shift, **part.rate_shift},
            forced={**whole.forced, **part.forced},
            overrides={**whole.overrides, **part.overrides},
            **single,
        )
    return whole


@dataclass(frozen=True)
class _Reader:
    """Turns one table into nouns; ``path`` is where it stands."""

    document: Document
    path: tuple[str, ...]

    def _where(self, *parts: str | int) -> Where:
        return self.document.where((*self.path, *parts))

    def scenario(self, name: str, table: models.ScenarioTable) -> Scenario:
        return Scenario(
            name=name,
            label=table.label,
            source=table.source,
            assumptions=tuple(self._assumption(index, block) for index, block in enumerate(table.assume)),
            events=tuple(
                self._event(index, event)
                for index, event in enumerate(table.event)
                if not isinstance(event, event_models.RightEventTable)
            ),
            rights=tuple(
                RightEvent(event.what, event.who, np.datetime64(event.on, "D"), self._where("event", index))
                for index, event in enumerate(table.event)
                if isinstance(event, event_models.RightEventTable)
            ),
            supporters=tuple(self._supporter(index, one) for index, one in enumerate(table.supporter)),
            order=table.order,
            interest_on=table.interest_on,
            fee_factor=table.fee_factor,
            rate_shift=dict(table.rate_shift),
            forced={trigger: np.datetime64(date, "D") for trigger, date in table.forced.items()},
            overrides=dict(table.set),
        )

    def _assumption(self, index: int, table: models.AssumeTable) -> Assumption:
        recovery = table.recovery or models.RecoveryTable()
        return Assumption(
            scope=scope(table.scope),
            default=None if table.default is None else default_curve(table.default),
            prepay=None if table.prepay is None else prepay_curve(table.prepay),
            recovery={name: term(name, t) for name in RECOVERY_SOURCES if (t := getattr(recovery, name)) is not None},
            delayed=None if recovery.delayed is None else Delay(recovery.delayed.share, lag(recovery.delayed.by)),
            dilution=table.dilution,
            late=None if table.late is None else late(table.late),
            source=table.source,
            where=self._where("assume", index),
        )

    def _event(self, index: int, table: event_models.EventTable | event_models.BuyBackTable) -> Event:
        everyone = table.who == "all"
        event = Event(
            what=table.what,
            who=() if table.who is None or isinstance(table.who, str) else table.who,
            top=table.top.n if table.top else 0,
            smallest=table.smallest.n if table.smallest else 0,
            or_fewer=any(count.or_fewer for count in (table.top, table.smallest) if count),
            scope=Scope() if everyone else (scope(table.scope) if table.scope is not None else None),
            on=None if table.on is None else np.datetime64(table.on, "D"),
            where=self._where("event", index),
        )
        if isinstance(table, event_models.BuyBackTable):
            return replace(event, payer=table.payer, standby=table.standby or (), failing=table.failing or "")
        return replace(
            event,
            cross_default=table.cross_default,
            recognition=table.recognition,
            by=table.by.months if table.by else 0,
        )

    def _supporter(self, index: int, table: event_models.SupporterTable) -> Supporter:
        gone = np.datetime64("NaT" if table.gone is None else table.gone, "D")
        return Supporter(table.entity, gone, table.late.months if table.late else 0, self._where("supporter", index))


def lag(table: words.LagTable | None) -> Lag:
    """A delay; none where it is left out."""
    return Lag() if table is None else Lag(table.months, table.payments, table.days)


def late(table: models.LateTable) -> Late:
    """How what is late is paid; the penalty rate is None where it is the tape's."""
    return Late(table.share, lag(table.by), None if isinstance(table.penalty, str) else table.penalty)


def scope(table: words.ScopeTable | None) -> Scope:
    """A scope; the whole pool where it is left out."""
    if table is None:
        return Scope()
    level = next(level for level in LEVELS if level in table.model_fields_set)
    value = getattr(table, level)
    wanted: Mapping[str, Any] = value if level == "field" else {_COLUMNS[level]: value}
    pairs = ((column, (texts,) if isinstance(texts, str) else tuple(texts)) for column, texts in wanted.items())
    return Scope(level, tuple(pairs))


def term(source: str, table: models.SourceTable | models.DepositTable) -> RecoveryTerm:
    """What one source pays."""
    if isinstance(table, models.DepositTable):
        return RecoveryTerm(table.rate, lag=lag(table.lag))
    usual: Literal["default", "recognition"] = "recognition" if source in _FROM_RECOGNITION else "default"
    return RecoveryTerm(
        rate=table.rate,
        base=table.base,
        lag=lag(table.lag),
        start=table.start or usual,
        cap=float("inf") if table.cap is None else table.cap,
        payer=table.payer,
    )


def default_curve(table: models.Default) -> Curve:
    """Curve of a default block."""
    known = table.recognition
    match table:
        case models.ConstantDefault():
            return Curve("rate", (table.rate,), by=table.by, origin=table.origin, recognition=known)
        case models.VectorDefault():
            return replace(_vector(table), recognition=known)
        case models.StandardDefault():
            return Curve("sda", (table.speed,), recognition=known)
        case models.CumulativeDefault():
            shares = () if isinstance(table.timing, str) else moved(table.timing, table.front, table.back)
            return Curve("cumulative", (table.rate,), every=table.every, timing=shares, recognition=known)
        case models.AbsoluteDefault():
            return Curve(
                "absolute", table.shares, every=table.every, by=table.by, origin=table.origin, recognition=known
            )
        case models.MaturityDefault():
            return Curve("maturity", (table.share,), recognition=known)


def prepay_curve(table: models.Prepay) -> Curve:
    """Curve of a prepayment block."""
    match table:
        case models.ConstantPrepay():
            return Curve("rate", (table.rate,), by=table.by, origin=table.origin)
        case models.VectorPrepay():
            return _vector(table)
        case models.StandardPrepay():
            return Curve("psa", (table.speed,))
        case models.AbsPrepay():
            return Curve("abs", (table.speed,))


def _vector(table: models.VectorDefault | models.VectorPrepay) -> Curve:
    return Curve("rate", table.rates, per=table.per, every=table.every, by=table.by, origin=table.origin)


def moved(timing: Sequence[float], front: float, back: float) -> tuple[float, ...]:
    """A timing curve with a share of it moved to the first and another to the last period."""
    kept = [share * (1.0 - front - back) for share in timing]
    kept[0] += front
    kept[-1] += back
    return tuple(kept)
