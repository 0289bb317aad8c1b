"""Slots and instructions: the workbench on which a deal is compiled, and how they become arrays.

Slots are numbered in groups (parameters, persistent state, flows of a row, scratch) only when the program is finished,
so every operand is a :class:`Slot` until then.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from absengine.errors import Where
from absengine.kernels.opcodes import Op
from absengine.schema import Floats

UNLIMITED = 1e300
"""Stands for "no limit" in a money slot: finite, and unchanged by any payment taken off it."""


@dataclass(eq=False, slots=True)
class Slot:
    """A named row of state. ``group`` decides where it is laid out, ``initial`` what it holds before the first row."""

    name: str
    group: str
    initial: float = 0.0


@dataclass(slots=True)
class Instruction:
    """One operation with its operands still by name; ``place`` is the deal line it comes from."""

    op: Op
    dst: Slot | None
    a: Slot | None = None
    b: Slot | None = None
    c: Slot | None = None
    mask: Slot | None = None
    k: int | Slot | None = None
    place: Where | None = None


@dataclass(slots=True)
class Segment:
    """Instructions that run together on every row (stage −1) or in one stage's list."""

    name: str
    stage: int = -1
    code: list[Instruction] = field(default_factory=list)


GROUPS = ("param", "state", "flow", "scratch")


class Assembler:
    """Collects slots, tables, channels and instructions while a deal is compiled."""

    def __init__(self, rows: int) -> None:
        self.rows = rows
        self.slots: dict[str, Slot] = {}
        self.tables: list[Floats] = []
        self.channels: list[str] = []
        self.histories = 0
        self.segments: list[Segment] = []
        self.place: Where | None = None
        self.zero = self.param("zero", 0.0)
        self.one = self.param("one", 1.0)
        self._segment = Segment("none")
        self._scratch_used = 0

    # slots -----------------------------------------------------------------------------------------------------
    def param(self, name: str, value: float) -> Slot:
        """A parameter: may differ between lanes, never changes along the rows."""
        return self._slot(name, "param", value)

    def state(self, name: str, initial: float = 0.0) -> Slot:
        """A stock carried from row to row."""
        return self._slot(name, "state", initial)

    def flow(self, name: str) -> Slot:
        """A flow: zero again at the start of each row."""
        return self._slot(name, "flow", 0.0)

    def scratch(self) -> Slot:
        """An intermediate value, free again when the enclosing :meth:`scope` ends."""
        name = f"scratch.{self._scratch_used}"
        self._scratch_used += 1
        return self.slots[name] if name in self.slots else self._slot(name, "scratch", 0.0)

    @contextmanager
    def scope(self, place: Where | None = None) -> Iterator[None]:
        """Scratch slots taken inside are reused afterwards; instructions carry ``place``."""
        used, before = self._scratch_used, self.place
        self.place = place or before
        yield
        self._scratch_used, self.place = used, before

    def _slot(self, name: str, group: str, initial: float) -> Slot:
        known = self.slots.get(name)
        if known is not None:
            return known
        slot = Slot(name, group, initial)
        self.slots[name] = slot
        return slot

    # instructions ----------------------------------------------------------------------------------------------
    @contextmanager
    def into(self, segment: Segment) -> Iterator[None]:
        """Emit into ``segment`` while the context lasts."""
        before, self._segment = self._segment, segment
        yield
        self._segment = before

    def segment(self, name: str, stage: int = -1) -> Segment:
        """Append a new segment; segments run in the order they were made."""
        made = Segment(name, stage)
        self.segments.append(made)
        return made

    def emit(
        self,
        op: Op,
        dst: Slot | None,
        a: Slot | None = None,
        b: Slot | None = None,
        c: Slot | None = None,
        *,
        mask: Slot | None = None,
        k: int | Slot | None = None,
    ) -> None:
        self._segment.code.append(Instruction(op, dst, a, b, c, mask, k, self.place))

    def value(self, op: Op, a: Slot | None = None, b: Slot | None = None, c: Slot | None = None) -> Slot:
        """Emit a formula operation into a fresh scratch slot and return it."""
        dst = self.scratch()
        self.emit(op, dst, a, b, c)
        return dst

    def total(self, parts: Sequence[Slot]) -> Slot:
        """Sum of slots, left to right; the zero slot when there is none."""
        if not parts:
            return self.zero
        result = parts[0]
        for part in parts[1:]:
            result = self.value(Op.ADD, result, part)
        return result

    def positive(self, a: Slot) -> Slot:
        return self.value(Op.MAX, a, self.zero)

    def table(self, values: Sequence[float] | NDArray[np.float64]) -> Slot:
        """Load one row-dependent constant, the same on every lane."""
        row_values = np.asarray(values, dtype=float)
        if len(row_values) != self.rows:
            raise ValueError(f"a table needs {self.rows} rows, got {len(row_values)}")
        same = [index for index, known in enumerate(self.tables) if np.array_equal(known, row_values)]
        if not same:
            self.tables.append(row_values)
        dst = self.scratch()
        self.emit(Op.TABLE, dst, k=same[0] if same else len(self.tables) - 1)
        return dst

    def channel(self, name: str) -> int:
        """Index of an input channel, asked for on first use."""
        if name not in self.channels:
            self.channels.append(name)
        return self.channels.index(name)

    def input(self, name: str) -> Slot:
        dst = self.scratch()
        self.emit(Op.INPUT, dst, k=self.channel(name))
        return dst

    def history(self) -> int:
        self.histories += 1
        return self.histories - 1


@dataclass(frozen=True)
class Layout:
    """Numbers of slots once all are known; flow slots stand together so that one instruction clears them."""

    numbers: dict[str, int]
    initial: Floats
    flows: tuple[int, int]

    def __getitem__(self, slot: Slot) -> int:
        return self.numbers[slot.name]


def lay_out(assembler: Assembler) -> Layout:
    """Number slots by group, in the order they were made."""
    ordered = [slot for group in GROUPS for slot in assembler.slots.values() if slot.group == group]
    numbers = {slot.name: index for index, slot in enumerate(ordered)}
    flows = [numbers[slot.name] for slot in ordered if slot.group == "flow"]
    return Layout(
        numbers=numbers,
        initial=np.array([slot.initial for slot in ordered], dtype=float),
        flows=(flows[0], flows[-1] + 1) if flows else (0, 0),
    )


def encode(assembler: Assembler, layout: Layout) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """``(code (instruction, 7), segments (segment, 3))``; empty segments are left out."""

    def number(slot: Slot | None) -> int:
        return -1 if slot is None else layout[slot]

    code: list[list[int]] = []
    segments: list[list[int]] = []
    for segment in assembler.segments:
        if not segment.code:
            continue
        first = len(code)
        for line in segment.code:
            k = line.k if isinstance(line.k, int) else number(line.k)
            operands = [number(part) for part in (line.dst, line.a, line.b, line.c, line.mask)]
            code.append([int(line.op), *operands, k])
        segments.append([first, len(code), segment.stage])
    return np.array(code, dtype=np.int32), np.array(segments, dtype=np.int32)
