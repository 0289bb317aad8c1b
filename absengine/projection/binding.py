"""Cases bound to a pool: clocks for all of them, curves and terms of each, as the arrays the kernel reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from absengine.errors import Problem, Problems, ScenarioError
from absengine.kernels import pool as kernel
from absengine.kernels.recovery import Claims, Terms
from absengine.projection.clocks import Clockwork, Pool, clockwork
from absengine.projection.curves import Tables
from absengine.projection.dates import summed
from absengine.projection.layouts import Layout, Layouts, needs_of
from absengine.projection.named import Book, Books
from absengine.projection.payers import Payers
from absengine.projection.recoveries import PayDates, RecoveryTerms, caps_of
from absengine.projection.shape import Shapes
from absengine.projection.streams import Streams, Wanted
from absengine.scenario import Case


@dataclass(frozen=True)
class Laid:
    """One shape of a run: its number, its layout over the clocks, and the book of its named contracts."""

    number: int
    layout: Layout
    book: Book


@dataclass(frozen=True)
class Paid:
    """Tables of what clocks pay, and where each line of a book goes."""

    channel: NDArray[np.int32]
    streams: kernel.Streams


@dataclass(frozen=True)
class Arrays:
    """What the kernel reads; and the payers of each case."""

    work: Clockwork
    plan: kernel.Plan
    claims: Claims
    terms: Terms
    payers: list[Payers]


@dataclass
class Binder:
    """Builds the arrays of all cases of one run over one pool."""

    pool: Pool
    cases: Sequence[Case]
    problems: Problems = field(default_factory=Problems)

    def bind(self, wanted: Wanted) -> Arrays:
        """Check every case against the pool and lay out its figures; ScenarioError with all problems."""
        found = Shapes(self.pool.parties, self.problems)
        scenarios = [case.scenario for case in self.cases]
        shapes = [found.of(scenario) for scenario in scenarios]
        self._refuse()
        examples = dict(zip(shapes, scenarios, strict=True))
        work = clockwork(self.pool, list(examples), needs_of(scenarios))
        self._refuse_ages(work)
        paying = {shape.paying: None for shape in examples}
        streams = Streams(self.pool, wanted, tuple(paying))
        layouts, books, laid = Layouts(work), Books(self.pool, self.problems, streams), {}
        for number, (shape, scenario) in enumerate(examples.items()):
            book = books.of(shape)
            laid[shape] = Laid(number, layouts.of(shape, scenario, book.claims), book)
        self._refuse()
        by_case = [laid[shape] for shape in shapes]
        payers = [
            Payers.of(scenario, self.pool.parties, one.book.failed)
            for scenario, one in zip(scenarios, by_case, strict=True)
        ]
        recovery = self._recovery(by_case, payers)
        terms = [streams.paying.index(shape.paying) for shape in laid]
        paid = Paid(streams.channel, streams.tables(work, terms))
        plan = self._plan(work, list(laid.values()), by_case, recovery.dates, paid)
        claims = self._claims(list(laid.values()), recovery.dates)
        owed = [claim for one in laid.values() for claim in one.book.claims]
        return Arrays(work, plan, claims, recovery.dated(work, owed), payers)

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

    def _plan(
        self,
        work: Clockwork,
        laid: Sequence[Laid],
        by_case: Sequence[Laid],
        dates: PayDates,
        paid: Paid,
    ) -> kernel.Plan:
        scenarios = [case.scenario for case in self.cases]
        size = max(len(one.layout.slots) for one in laid)
        kind = np.zeros((len(scenarios), size), dtype=np.int32)
        start = np.zeros((len(scenarios), size), dtype=np.int64)
        recognition = np.zeros((len(scenarios), size), dtype=np.int32)
        tables = Tables(work)
        for row, (scenario, one) in enumerate(zip(scenarios, by_case, strict=True)):
            for k, slot in enumerate(one.layout.slots):
                curve = slot.curve(scenario)
                kind[row, k], start[row, k] = tables.add(curve, slot)
                recognition[row, k] = dates.key(curve.recognition)
        return kernel.Plan(
            layout=np.array([one.number for one in by_case], dtype=np.int32),
            curves=np.stack([one.layout.curves for one in laid]),
            kind=kind,
            start=start,
            recognition=recognition,
            tables=tables.joined(),
            prepay_last=np.array([s.order == "prepay on performing" for s in scenarios]),
            full_interest=np.array([s.interest_on == "performing" for s in scenarios]),
            rationed=(kind == kernel.TARGET).any(axis=1),
            books=np.stack([one.book.values for one in laid]),
            entering=summed(self.pool.entry, self.pool.entering, self.pool.timeline.rows + 1),
            channel=paid.channel,
            unplaced=np.zeros(len(scenarios)),
            streams=paid.streams,
        )

    def _recovery(self, by_case: Sequence[Laid], payers: Sequence[Payers]) -> RecoveryTerms:
        """Recovery terms of every case, and caps in counting unit."""
        caps = [caps_of(case.scenario) for case in self.cases]
        slots = max(len(one.layout.rulings) for one in by_case)
        made = RecoveryTerms.empty(len(by_case), slots, max(map(len, caps)), self.pool.parties)
        for row, (case, one) in enumerate(zip(self.cases, by_case, strict=True)):
            columns = {cap: column for column, cap in enumerate(caps[row])}
            made.terms.caps[row, : len(columns)] = [cap * self.pool.scale for cap in caps[row].values()]
            for slot, ruling in enumerate(one.layout.rulings):
                made.write((row, slot), case.scenario, ruling, payers[row], columns)
        return made

    def _claims(self, laid: Sequence[Laid], dates: PayDates) -> Claims:
        """Claims of all books, book by book."""
        owed = [claim for one in laid for claim in one.book.claims]
        index = [claim.schedule.index for claim in owed]
        return Claims(
            bounds=np.cumsum([0, *(len(one.book.claims) for one in laid)]),
            slot=np.array([slot for one in laid for slot in one.layout.claims], dtype=np.int32),
            recognition=np.array([dates.key(claim.recognition) for claim in owed], dtype=np.int32),
            principal=np.array([claim.principal for claim in owed]),
            interest=np.array([claim.interest for claim in owed]),
            deposit=self.pool.deposit[index],
            appraisal=self.pool.appraisal[index],
        )
