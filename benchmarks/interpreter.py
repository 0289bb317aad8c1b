"""The interpreter alone: nanoseconds per instruction and path, and how many times the floor that is."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

import numpy as np

from absengine.kernels.opcodes import Op, Program
from absengine.kernels.waterfall import run_block
from benchmarks.floor import plan_of, stream
from benchmarks.measure import Figure, Gate, cpu_seconds

LANES, ROWS, SLOTS, LINES, RECORDED = 256, 60, 160, 400, 40
CHANNELS, FLAGS, UNIT, STAGE, FIRST = 10, 8, 8, 9, 20
MIX = {
    Op.COPY: 1, Op.ADD: 4, Op.SUB: 4, Op.MUL: 2, Op.DIV: 1, Op.MIN: 2, Op.MAX: 3, Op.LT: 1, Op.LE: 1, Op.EQ: 1,
    Op.AND: 2, Op.OR: 1, Op.NOT: 1, Op.SELECT: 2, Op.FLOOR: 2, Op.INPUT: 2, Op.TABLE: 2, Op.SET: 4, Op.ACCUM: 6,
    Op.STAGE: 1, Op.PAY: 4, Op.MOVE: 2, Op.PRORATA: 1, Op.DRAW: 1,
}  # fmt: skip
"""Shares of operations, about those of a deal of three classes with its recorder."""


class Block(NamedTuple):
    program: Program
    start: np.ndarray
    inputs: np.ndarray
    state: np.ndarray
    history: np.ndarray
    out: np.ndarray


def _program(rng: np.random.Generator, lines: int) -> Program:
    """A random program of the usual mix, every instruction that may be masked with a mask."""
    ops, shares = list(MIX), np.array(list(MIX.values()), dtype=float)
    code = np.empty((lines, 7), dtype=np.int32)
    code[:, 0] = rng.choice(ops, lines, p=shares / shares.sum())
    code[:, 1:5] = rng.integers(FIRST, SLOTS, (lines, 4))
    code[:, 5] = np.where(code[:, 0] >= Op.SET, rng.integers(0, FLAGS, lines), -1)
    code[:, 6] = rng.integers(0, 2, lines)
    pays = np.isin(code[:, 0], (Op.PAY, Op.DRAW))
    code[pays, 4] = UNIT
    code[pays, 6] = rng.integers(FIRST, SLOTS, int(pays.sum()))
    code[code[:, 0] == Op.PRORATA, 6] = UNIT
    number = np.arange(FIRST, SLOTS, dtype=np.int32)
    return Program(
        code=code,
        segments=np.array([[0, lines, -1]], dtype=np.int32),
        pays=np.ones((2, ROWS), dtype=np.uint8),
        tables=np.ones((2, ROWS)),
        stage_slot=STAGE,
        cash=number[:8],
        nonneg=number[:0],
        finite=number[:0],
        record=number[:RECORDED],
        histories=0,
    )


@cache
def block(lines: int = LINES) -> Block:
    """Flags are on for seven lanes of ten; the random program is no deal, so only its costs mean something."""
    rng = np.random.default_rng(1)
    start = rng.uniform(0.0, 100.0, (SLOTS, LANES))
    start[:FLAGS] = rng.random((FLAGS, LANES)) < 0.7
    start[UNIT], start[STAGE] = 1.0, 0.0
    program = _program(rng, lines)
    inputs, out = rng.uniform(0.0, 100.0, (CHANNELS, ROWS + 1, LANES)), np.empty((RECORDED, ROWS, LANES))
    return Block(program, start, inputs, np.empty((SLOTS, LANES)), np.empty((0, ROWS, LANES)), out)


def time_interpreter() -> None:
    """400 instructions × 60 rows × 256 lanes, 40 slots recorded."""
    run_block(*block())


def time_floor() -> None:
    """The same slots, only streamed."""
    given = block()
    program, state = given.program, given.state
    state[...] = given.start
    runs = np.ones((1, ROWS), dtype=np.uint8)
    stream(plan_of_block(), program.segments, runs, state, given.inputs, program.record, given.out)


@cache
def plan_of_block() -> np.ndarray:
    return plan_of(block().program)


def run() -> Iterator[Figure | Gate]:
    """Cost per instruction and path, and its multiple of the floor."""
    steps = LINES * ROWS * LANES
    own, floor = cpu_seconds(time_interpreter, 9), cpu_seconds(time_floor, 9)
    yield Figure("interpreter", own / steps * 1e9, "ns per instruction and path", 1.5)
    yield Figure("interpreter_floor", floor / steps * 1e9, "ns per instruction and path")
    yield Gate("interpreter / floor", own / floor, 4.0)
