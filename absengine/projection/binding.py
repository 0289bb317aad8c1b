"""Cases bound to a pool: clocks for all of them, curves and terms of each, as the arrays the kernel reads."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from absengine.errors import Problem, Problems, ScenarioError
from absengine.kernels import pool as kernel
from absengine.projection import curves
from absengine.projection.clocks import Clockwork, Needs, Pool, clockwork
from absengine.projection.dates import Indices, summed
from absengine.projection.named import Book, endings, failed_entities
from absengine.projection.recoveries import NEVER, PayDates, Payers, Ruling, delayed_share, sources
from absengine.projection.shape import Shape, Shapes
from absengine.scenario import Case, Curve, Scenario
from absengine.schema import Floats

_ASPECTS = ("default", "prepay")


def _curve(scenario: Scenario, aspect: str, block: int) -> Curve | None:
    assumption = scenario.assumptions[block] if block >= 0 else None
    return (assumption.default if aspect == "default" else assumption.prepay) if assumption else None


def needs_of(scenarios: Sequence[Scenario]) -> Needs:
    """What the curves and recovery terms of some scenarios depend on."""
    blocks = [a for s in scenarios for a in s.assumptions]
    drawn = [c for a in blocks for c in (a.default, a.prepay) if c is not None]
    terms = [(source, term) for a in blocks for source, term in a.recovery.items()]
    return Needs(
        age=any(curve.needs_age for curve in drawn),
        maturity=any(curve.kind == "maturity" for curve in drawn),
        deposit=any(source == "deposit" for source, _ in terms),
        appraisal=any(term.base in ("appraisal", "lower") for _, term in terms),
        guarantor=any(source == "guarantor" for source, _ in terms),
    )


class CurveSlot(NamedTuple):
    """One curve of a shape: the block that says it, the cut-off its months count from, the clocks it rules."""

    aspect: str
    block: int
    cutoff: np.datetime64
    clocks: Indices


@dataclass(frozen=True)
class Layout:
    """Which curve and recovery slot each clock has in one shape.

    ``curves`` is (3, clock); ``terms`` is one contract of each recovery slot.
    """

    curves: NDArray[np.int32]
    slots: tuple[CurveSlot, ...]
    terms: tuple[int, ...]


def layout(work: Clockwork, shape: Shape, scenario: Scenario) -> Layout:
    """Number the curves of a shape: one per block, and per cut-off date where months are counted from it."""
    pool, contract = work.pool, work.pool.rhythm.contract[work.member]
    named = shape.named[contract]
    lines = np.full((3, len(contract)), kernel.NO_CURVE, dtype=np.int32)
    slots: list[CurveSlot] = []
    for line, aspect in enumerate(_ASPECTS):
        blocks = np.where(named, -1, shape.blocks[aspect][contract])
        for block in np.unique(blocks[blocks >= 0]):
            whole = _together(_curve(scenario, aspect, int(block)))
            cutoffs = np.unique(pool.cutoff[work.member][blocks == block])
            for cutoff in cutoffs[:1] if whole else cutoffs:
                inside = (blocks == block) & (whole | (pool.cutoff[work.member] == cutoff))
                lines[line, inside] = len(slots)
                slots.append(CurveSlot(aspect, int(block), cutoff, np.flatnonzero(inside)))
    lines[0, named] = kernel.NOT_HERE
    slot_of: dict[tuple[Ruling, int], int] = {}
    for clock in np.flatnonzero(lines[0] >= 0):
        single = int(clock) if work.clocks.deposit[clock] or work.clocks.appraisal[clock] else -1
        ruling = Ruling.of(shape, int(contract[clock]), int(shape.blocks["default"][contract[clock]]), pool.parties)
        if max(ruling.sources) >= 0:
            lines[2, clock] = slot_of.setdefault((ruling, single), len(slot_of))
    first = {int(slot): int(contract[clock]) for clock, slot in reversed(list(enumerate(lines[2]))) if slot >= 0}
    return Layout(lines, tuple(slots), tuple(first[slot] for slot in range(len(slot_of))))


def _together(curve: Curve | None) -> bool:
    """Whether all contracts of a block share one table whatever their cut-off: only annual rates by month do not."""
    return curve is None or not curve.needs_cutoff


@dataclass
class Tables:
    """All tables of a run end to end; equal curves are stored once."""

    work: Clockwork
    parts: list[Floats] = field(default_factory=list)
    known: dict[tuple[Curve, object], tuple[int, int]] = field(default_factory=dict)
    length: int = 0

    def add(self, curve: Curve, slot: CurveSlot, clocks_key: object) -> tuple[int, int]:
        """Kind of a curve, and where its table starts."""
        key = (curve, clocks_key)
        if key not in self.known:
            kind, table, start = curves.table(curve, self._reach(curve, slot))
            self.known[key] = (kind, self.length + start)
            self.parts.append(table)
            self.length += len(table)
        return self.known[key]

    def _reach(self, curve: Curve, slot: CurveSlot) -> curves.Reach:
        events, clocks = self.work.events, slot.clocks
        months = len(self.work.pool.months)
        weights, balance = np.zeros(months), 0.0
        if curve.kind == "cumulative":
            mine = np.isin(events.clock, clocks) & events.fresh
            month = np.repeat(np.arange(months), np.diff(events.bounds))
            weights = summed(month[mine], events.opening[mine], months)
            balance = float(self.work.clocks.balance[clocks].sum())
        highest = events.position.max(axis=1, initial=0.0)
        payments = int(events.payment.max(initial=0)) + 1
        return curves.Reach(float(highest[0]), float(highest[1]), payments, slot.cutoff, balance, weights)

    def joined(self) -> Floats:
        """The one array the kernel reads."""
        return np.concatenate(self.parts) if self.parts else np.zeros(1)


Caps = dict[tuple[int, str], float]


@dataclass
class Named:
    """What contracts named by events pay: distinct books, and by case its book (-1 = none), payers and caps left."""

    values: list[Floats]
    book: list[int]
    payers: list[Payers]
    caps: list[Caps]

    def add(self, values: Floats | None, payers: Payers, caps: Caps) -> None:
        """One more case."""
        self.book.append(-1 if values is None else len(self.values))
        self.values += [] if values is None else [values]
        self.payers.append(payers)
        self.caps.append(caps)

    def repeat(self, row: int) -> None:
        """A case that equals an earlier one."""
        self.book.append(self.book[row])
        self.payers.append(self.payers[row])
        self.caps.append(self.caps[row])


def _recovery_key(scenario: Scenario, shape: Shape) -> Hashable:
    """Equal where events, recovery terms and supporters are."""
    terms = tuple(
        (tuple(sorted(a.recovery.items(), key=lambda item: item[0])), a.delayed) for a in scenario.assumptions
    )
    supporters = tuple((s.entity, str(s.gone), s.late) for s in scenario.supporters)
    return shape.index, terms, supporters


@dataclass
class Binder:
    """Builds the arrays of all cases of one run over one pool."""

    pool: Pool
    cases: Sequence[Case]
    problems: Problems = field(default_factory=Problems)

    def bind(self, channel: NDArray[np.int32]) -> tuple[Clockwork, kernel.Plan, kernel.Terms, list[Payers]]:
        """Check every case against the pool and lay out its figures; ScenarioError with all problems."""
        shapes = Shapes(self.pool.parties, self.problems)
        by_case = [shapes.of(case.scenario) for case in self.cases]
        distinct = list({shape.index: shape for shape in by_case}.values())
        self._refuse()
        scenarios = [case.scenario for case in self.cases]
        needs = needs_of(scenarios)
        work = clockwork(self.pool, distinct, needs)
        self._refuse_ages(work)
        examples = {shape.index: s for shape, s in zip(by_case, scenarios, strict=True)}
        layouts = {shape.index: layout(work, shape, examples[shape.index]) for shape in distinct}
        named = self._books(by_case)
        self._refuse()
        plan = self._plan(work, by_case, layouts, named, channel)
        return work, plan, self._terms(work, by_case, layouts, named, plan), named.payers

    def _refuse(self) -> None:
        kept: dict[tuple[str, str, str], Problem] = {}
        for problem in self.problems:
            kept.setdefault((problem.code, str(problem.where), problem.found), problem)
        if kept:
            raise ScenarioError(kept.values())

    def _refuse_ages(self, work: Clockwork) -> None:
        unknown = int(np.isnan(work.clocks.start[1]).sum())
        if unknown:
            first = next(
                a.where
                for case in self.cases
                for a in case.scenario.assumptions
                if any(curve is not None and curve.needs_age for curve in (a.default, a.prepay))
            )
            found = "a curve by age, and contracts whose age is not known"
            todo = "add start_date (放款日) or age (账龄) to the tape"
            self.problems.add("age-unknown", first, found, "contracts with a start date or an age", todo)
            self._refuse()

    def _books(self, shapes: Sequence[Shape]) -> Named:
        """Contracts named by events, and what is left of payers and caps after them; equal cases are projected once."""
        named = Named([], [], [], [])
        known: dict[Hashable, int] = {}
        for row, (case, shape) in enumerate(zip(self.cases, shapes, strict=True)):
            scenario = case.scenario
            key = _recovery_key(scenario, shape)
            if key in known:
                named.repeat(known[key])
            else:
                named.add(*self._book(scenario, shape))
                known[key] = row
        return named

    def _book(self, scenario: Scenario, shape: Shape) -> tuple[Floats | None, Payers, Caps]:
        state = Payers.of(scenario, self.pool.parties)
        left = {
            (block, source): term.cap * self.pool.scale
            for block, assumption in enumerate(scenario.assumptions)
            for source, term in assumption.recovery.items()
            if np.isfinite(term.cap)
        }
        if not shape.named.any():
            return None, state, left
        ends = endings(self.pool, scenario, shape, self.problems)
        state = state.failing(failed_entities(self.pool, ends))
        values = np.zeros((kernel.CHANNELS, self.pool.timeline.rows + 1))
        Book(self.pool, scenario, shape, state, values, left).fill(ends)
        return values, state, left

    def _plan(
        self,
        work: Clockwork,
        shapes: Sequence[Shape],
        layouts: dict[int, Layout],
        named: Named,
        channel: NDArray[np.int32],
    ) -> kernel.Plan:
        size = max((len(one.slots) for one in layouts.values()), default=0)
        kind = np.zeros((len(shapes), size), dtype=np.int32)
        start = np.zeros((len(shapes), size), dtype=np.int64)
        tables = Tables(work)
        for row, (case, shape) in enumerate(zip(self.cases, shapes, strict=True)):
            for k, slot in enumerate(layouts[shape.index].slots):
                curve = _curve(case.scenario, slot.aspect, slot.block)
                if curve is not None:
                    apart = (shape.index, k) if curve.kind == "cumulative" else slot.cutoff
                    kind[row, k], start[row, k] = tables.add(curve, slot, apart)
        lines = np.unique([shape.index for shape in shapes])
        scenarios = [case.scenario for case in self.cases]
        entering = summed(self.pool.entry, self.pool.balance, self.pool.timeline.rows + 1)
        return kernel.Plan(
            layout=np.searchsorted(lines, [shape.index for shape in shapes]).astype(np.int32),
            curves=np.stack([layouts[index].curves for index in lines]),
            kind=kind,
            start=start,
            recognition=np.zeros((len(shapes), size), dtype=np.int32),
            tables=tables.joined(),
            prepay_last=np.array([s.order == "prepay on performing" for s in scenarios]),
            full_interest=np.array([s.interest_on == "performing" for s in scenarios]),
            rationed=(kind == kernel.TARGET).any(axis=1),
            book=np.array(named.book, dtype=np.int32),
            books=np.stack(named.values) if named.values else np.zeros((0, kernel.CHANNELS, len(entering))),
            entering=entering,
            channel=channel,
            unplaced=np.zeros(len(shapes)),
        )

    def _terms(
        self,
        work: Clockwork,
        shapes: Sequence[Shape],
        layouts: dict[int, Layout],
        named: Named,
        plan: kernel.Plan,
    ) -> kernel.Terms:
        cases, dates = len(shapes), PayDates()
        slots = max((len(one.terms) for one in layouts.values()), default=0)
        shape = (cases, slots, kernel.SOURCES)
        terms = kernel.Terms(
            basis=np.zeros(shape, dtype=np.int32),
            rate=np.zeros(shape),
            dates=np.zeros(shape, dtype=np.int32),
            later=np.zeros(shape, dtype=np.int32),
            gone=np.full(shape, NEVER, dtype=np.int64),
            cap=np.full(shape, -1, dtype=np.int32),
            delayed=np.zeros((cases, slots)),
            caps=np.zeros((cases, max((len(left) for left in named.caps), default=0))),
            row=np.zeros((0, 0), dtype=np.int32),
            day=np.zeros((0, 0), dtype=np.int64),
        )
        dates.key(0)
        for row, (case, which) in enumerate(zip(self.cases, shapes, strict=True)):
            one = layouts[which.index]
            for k, slot in enumerate(one.slots):
                curve = _curve(case.scenario, slot.aspect, slot.block)
                plan.recognition[row, k] = dates.key(curve.recognition if curve else 0)
            columns = {key: column for column, key in enumerate(named.caps[row])}
            terms.caps[row, : len(columns)] = list(named.caps[row].values())
            for slot_number, contract in enumerate(one.terms):
                self._slot(terms, dates, (row, slot_number), which, contract, named.payers[row], columns)
        rows, days = dates.tables(work)
        return terms._replace(row=rows.astype(np.int32), day=days)

    def _slot(
        self,
        terms: kernel.Terms,
        dates: PayDates,
        at: tuple[int, int],
        shape: Shape,
        contract: int,
        payers: Payers,
        columns: dict[tuple[int, str], int],
    ) -> None:
        scenario = self.cases[at[0]].scenario
        block = int(shape.blocks["default"][contract])
        curve = _curve(scenario, "default", block)
        ruling = Ruling.of(shape, contract, curve.recognition if curve else 0, self.pool.parties)
        terms.delayed[at] = delayed_share(scenario, ruling)
        for source in sources(scenario, ruling, self.pool.parties, payers):
            where = (*at, source.index)
            terms.basis[where], terms.rate[where], terms.gone[where] = source.basis, source.rate, source.gone
            terms.dates[where] = dates.key(source.start, source.lag)
            terms.later[where] = dates.key(source.start, source.lag + source.delay)
            terms.cap[where] = columns[source.cap] if source.cap is not None else -1
