"""How clocks and named contracts of one shape are numbered: which curve and which recovery terms each has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from absengine.kernels import pool as kernel
from absengine.projection.clocks import Clockwork, Needs
from absengine.projection.dates import Indices
from absengine.projection.named import Claim
from absengine.projection.recoveries import Ruling
from absengine.projection.shape import Shape
from absengine.scenario import Curve, Scenario

_ASPECTS = ("default", "prepay")


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
        recourse=any(source == "repurchase" for source, _ in terms),
        penalty=any(term.base == "claim with penalty" for _, term in terms),
    )


@dataclass(frozen=True, eq=False)
class Slot:
    """A curve's place: its aspect and block, the date its months count from, and the clocks it is for."""

    aspect: str
    block: int
    cutoff: np.datetime64
    clocks: Indices

    def curve(self, scenario: Scenario) -> Curve:
        """The curve a scenario has here."""
        return _curve(scenario, self.aspect, self.block)


def _curve(scenario: Scenario, aspect: str, block: int) -> Curve:
    assumption = scenario.assumptions[block]
    curve = assumption.default if aspect == "default" else assumption.prepay
    assert curve is not None, f"block {block} rules {aspect} and says nothing of it"
    return curve


@dataclass(frozen=True)
class Layout:
    """Which curve and recovery slot each clock has in one shape, and each claim of its book.

    ``curves`` is (3, clock): slots of default, prepayment and recovery; ``rulings`` lists what each recovery slot
    stands for, ``claims`` the recovery slot of each claim.
    """

    curves: NDArray[np.int32]
    slots: tuple[Slot, ...]
    rulings: tuple[Ruling, ...]
    claims: tuple[int, ...]


@dataclass
class Layouts:
    """Numbers curves and rulings of shapes over the clocks of a run; shapes of one set of blocks share rulings."""

    work: Clockwork
    known: dict[int, tuple[NDArray[np.int32], tuple[Ruling, ...]]] = field(default_factory=dict)

    def of(self, shape: Shape, scenario: Scenario, claims: Sequence[Claim]) -> Layout:
        """Layout of a shape, of which ``scenario`` is one."""
        named = shape.named[self.work.pool.rhythm.contract[self.work.member]]
        lines = np.full((3, len(named)), kernel.NO_CURVE, dtype=np.int32)
        slots = self._slots(shape, scenario, named, lines)
        if id(shape.blocks) not in self.known:
            self.known[id(shape.blocks)] = self._rulings(shape)
        code, rulings = self.known[id(shape.blocks)]
        lines[2] = np.where(lines[0] >= 0, code, kernel.NO_CURVE)
        lines[0, named] = kernel.NOT_HERE
        number = {ruling: slot for slot, ruling in enumerate(rulings)}
        owed = []
        for claim in claims:
            ruling = Ruling.of(shape, claim.schedule.contract, self.work.pool.parties)
            ruling = replace(ruling, default=-1, days=claim.recognition)
            owed.append(number.setdefault(ruling, len(number)))
        return Layout(lines, slots, tuple(number), tuple(owed))

    def _slots(
        self, shape: Shape, scenario: Scenario, named: NDArray[np.bool_], lines: NDArray[np.int32]
    ) -> tuple[Slot, ...]:
        """One curve per block, and per cut-off date where months are counted from it; written to ``lines``."""
        pool, member = self.work.pool, self.work.member
        contract, cutoff = pool.rhythm.contract[member], pool.cutoff[member]
        slots: list[Slot] = []
        for line, aspect in enumerate(_ASPECTS):
            blocks = np.where(named, -1, shape.blocks[aspect][contract])
            for block in np.unique(blocks[blocks >= 0]):
                inside = np.flatnonzero(blocks == block)
                groups = [inside]
                if _curve(scenario, aspect, int(block)).needs_cutoff:
                    groups = [inside[cutoff[inside] == date] for date in np.unique(cutoff[inside])]
                for clocks in groups:
                    lines[line, clocks] = len(slots)
                    slots.append(Slot(aspect, int(block), cutoff[clocks[0]], clocks))
        return tuple(slots)

    def _rulings(self, shape: Shape) -> tuple[NDArray[np.int32], tuple[Ruling, ...]]:
        """Recovery slot of each clock, wherever it is not named, and what the slots stand for."""
        pool = self.work.pool
        number: dict[Ruling, int] = {}
        code = np.full(len(self.work.member), -1, dtype=np.int32)
        for clock, contract in enumerate(pool.rhythm.contract[self.work.member]):
            ruling = Ruling.of(shape, int(contract), pool.parties)
            if ruling.default >= 0 and max(ruling.sources) >= 0:
                code[clock] = number.setdefault(ruling, len(number))
        return code, tuple(number)
