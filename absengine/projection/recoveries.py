"""Who pays on a default, how much and when: recovery terms of each case, and tables of pay dates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from absengine.kernels import recovery as kernel
from absengine.projection.clocks import Clockwork
from absengine.projection.dates import Indices, Steps, later, rows_of
from absengine.projection.named import Claim, Schedule
from absengine.projection.names import Parties
from absengine.projection.payers import NEVER, NOBODY, Option, Payers
from absengine.projection.shape import Shape
from absengine.scenario import Scenario
from absengine.schema import RECOVERY_SOURCES, Dates

_BASIS = {
    "principal": kernel.OF_PRINCIPAL,
    "claim": kernel.OF_CLAIM,
    "appraisal": kernel.OF_APPRAISAL,
    "lower": kernel.OF_LOWER,
    "claim with penalty": kernel.WITH_PENALTY,
}
Cap = tuple[int, str]
"""Block and source whose payments a cap limits, over the whole pool."""


@dataclass(frozen=True)
class Ruling:
    """What recoveries of a contract depend on in one shape.

    ``sources`` and ``delayed`` are blocks (-1 = none), ``guarantor`` an entity's code (-1 = none that could fail),
    ``recourse`` the codes of those who must buy back, nearest first.
    Recognition is that of the block ``default``, or ``days`` after the missed date for a contract named by an event.
    """

    sources: tuple[int, ...]
    delayed: int
    guarantor: int
    default: int
    recourse: tuple[int, ...] = ()
    days: int = 0

    @classmethod
    def of(cls, shape: Shape, contract: int, parties: Parties) -> Ruling:
        """Blocks of one contract in a shape. No guarantor on the tape, no payment from a guarantor."""
        blocks = {source: int(shape.blocks[f"recovery.{source}"][contract]) for source in RECOVERY_SOURCES}
        guarantor = int(parties.guarantor[contract])
        if guarantor == -2:
            blocks["guarantor"] = -1
        code = guarantor if blocks["guarantor"] >= 0 else -1
        return cls(
            tuple(blocks.values()),
            int(shape.blocks["delayed"][contract]),
            code,
            int(shape.blocks["default"][contract]),
            parties.recourse[contract] if blocks["repurchase"] >= 0 else (),
        )

    def payers(self, source: str, named: int) -> tuple[int, ...]:
        """Who pays a source, the first living one of them (-1 = one who cannot fail); empty where nobody does.

        Whom the pack names (``named``, -1 = nobody), else the contract's own.
        """
        if named >= 0 or source not in ("guarantor", "repurchase"):
            return (named,)
        return (self.guarantor,) if source == "guarantor" else self.recourse

    def recognition(self, scenario: Scenario) -> int:
        """Days from the missed date to recognition."""
        curve = scenario.assumptions[self.default].default if self.default >= 0 else None
        return curve.recognition if curve else self.days


@dataclass
class PayDates:
    """Tables of rows and days by (rule, event or claim), one rule per distinct lag of a run; rule 0 is no lag.

    A rule with several options takes the first payer that lives on its pay date, for each event and claim by itself.
    """

    keys: dict[tuple[int, tuple[Option, ...]], int] = field(default_factory=lambda: {(0, (((), NEVER),)): 0})

    def key(self, days: int, steps: Steps = ()) -> int:
        """Number of the rule whose lag starts ``days`` after the missed date."""
        return self.first_living(days, ((steps, NEVER),))

    def first_living(self, days: int, options: tuple[Option, ...]) -> int:
        """Number of the rule by which the first living one of some payers pays."""
        return self.keys.setdefault((days, options), len(self.keys))

    def tables(self, work: Clockwork, claims: Sequence[Claim]) -> tuple[Indices, Indices]:
        """Rows and day numbers of every rule on every event, then on every claim."""
        missed = np.concatenate([work.due, np.array([claim.missed for claim in claims], dtype="datetime64[D]")])
        dates = np.empty((len(self.keys), len(missed)), dtype="datetime64[D]")
        rhythms: list[tuple[Indices, Dates, np.datetime64]] = []
        if any(unit == "payments" for _, options in self.keys for steps, _ in options for unit, _ in steps):
            rhythms = list(_rhythms(work, claims))
        cutoff = work.pool.timeline.cutoff
        for (days, options), index in self.keys.items():
            start = later(missed, (("days", days),), missed, cutoff)
            dates[index] = NOBODY
            for steps, gone in reversed(options):
                paid = _moved(start, steps, rhythms, cutoff)
                lives = paid.astype(np.int64) < gone
                dates[index, lives] = paid[lives]
        return rows_of(work.pool.timeline.calc_date, dates), dates.astype(np.int64)


def _moved(
    start: Dates, steps: Steps, rhythms: Sequence[tuple[Indices, Dates, np.datetime64]], cutoff: np.datetime64
) -> Dates:
    """Dates moved by a lag; payments are counted on the rhythm of each clock and claim."""
    if not any(unit == "payments" for unit, _ in steps):
        return later(start, steps, start, cutoff)
    moved = start.copy()
    for columns, due, previous in rhythms:
        moved[columns] = later(start[columns], steps, due, previous)
    return moved


def _rhythms(work: Clockwork, claims: Sequence[Claim]) -> Iterator[tuple[Indices, Dates, np.datetime64]]:
    """Columns of pay dates that share a rhythm, with its due dates and the date before them."""
    for clock, member in enumerate(work.member):
        events = work.dates(clock)
        yield events, work.due[events], work.pool.rhythm.previous[member]
    owed: dict[Schedule, list[int]] = {}
    for column, claim in enumerate(claims, len(work.due)):
        owed.setdefault(claim.schedule, []).append(column)
    for schedule, columns in owed.items():
        yield np.array(columns), schedule.due, schedule.previous


@dataclass(frozen=True)
class RecoveryTerms:
    """Fills the kernel's terms, one slot of one case at a time."""

    terms: kernel.Terms
    dates: PayDates
    parties: Parties

    @classmethod
    def empty(cls, cases: int, slots: int, caps: int, parties: Parties) -> RecoveryTerms:
        """Terms under which nobody pays anything."""
        shape = (cases, slots, kernel.SOURCES)
        terms = kernel.Terms(
            used=np.zeros((cases, kernel.SOURCES), dtype=np.bool_),
            basis=np.zeros(shape, dtype=np.int32),
            rate=np.zeros(shape),
            dates=np.zeros((2, *shape), dtype=np.int32),
            gone=np.full(shape, NEVER, dtype=np.int64),
            cap=np.full(shape, -1, dtype=np.int32),
            delayed=np.zeros((cases, slots)),
            caps=np.zeros((cases, caps)),
            row=np.zeros((0, 0), dtype=np.int32),
            day=np.zeros((0, 0), dtype=np.int64),
            penalty=np.zeros(0),
            standing=np.zeros((0, 0)),
        )
        return cls(terms, PayDates(), parties)

    def write(
        self, at: tuple[int, int], scenario: Scenario, ruling: Ruling, payers: Payers, columns: Mapping[Cap, int]
    ) -> None:
        """Terms of the sources that can pay, in legal order, for (case, slot) ``at``."""
        terms, (case, slot) = self.terms, at
        delay = scenario.assumptions[ruling.delayed].delayed if ruling.delayed >= 0 else None
        terms.delayed[at] = delay.share if delay else 0.0
        for index, (source, block) in enumerate(zip(RECOVERY_SOURCES, ruling.sources, strict=True)):
            if block < 0:
                continue
            term = scenario.assumptions[block].recovery[source]
            chain = ruling.payers(source, self.parties.codes[term.payer] if term.payer else -1)
            if not chain:
                continue
            terms.used[case, index] = True
            terms.basis[case, slot, index] = kernel.OF_DEPOSIT if source == "deposit" else _BASIS[term.base]
            terms.rate[case, slot, index] = term.rate
            terms.cap[case, slot, index] = columns.get((block, source), -1)
            start = ruling.recognition(scenario) if term.start == "recognition" else 0
            options, gone = payers.options(chain, term.lag.steps)
            terms.gone[case, slot, index] = gone
            terms.dates[0, case, slot, index] = self.dates.first_living(start, options)
            if delay:
                slow = tuple((steps + delay.by.steps, until) for steps, until in options)
                terms.dates[1, case, slot, index] = self.dates.first_living(start, slow)

    def dated(self, work: Clockwork, claims: Sequence[Claim]) -> kernel.Terms:
        """The terms with their pay dates, penalty rates and rights that stand; all slots are written before."""
        rows, days = self.dates.tables(work, claims)
        owed = np.array([claim.schedule.index for claim in claims], dtype=np.int64)
        owner = np.concatenate([work.member[work.events.clock], owed])
        standing = work.pool.standing(owner, days)
        penalty = work.pool.penalty[owner]
        return self.terms._replace(row=rows.astype(np.int32), day=days, penalty=penalty, standing=standing)


def caps_of(scenario: Scenario) -> dict[Cap, float]:
    """Finite caps of a scenario [currency]."""
    return {
        (block, source): term.cap
        for block, assumption in enumerate(scenario.assumptions)
        for source, term in assumption.recovery.items()
        if np.isfinite(term.cap)
    }
