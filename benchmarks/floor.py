"""The floor: a kernel that reads and writes the slots a program reads and writes, and decides nothing.

What it costs is the price of moving the numbers. Every written value is a mean of the values read, so numbers stay
ordinary however long it runs.
"""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from absengine.kernels.opcodes import OPERANDS, Op, Operand, Program

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]
FILL, LOAD, RANGE = 0, 1, 2
"""Kinds of instructions that read no slot: a constant, a row of inputs, a run of slots. Else: 2 + slots read."""

_compiled = numba.njit(nogil=True, error_model="numpy")


def plan_of(program: Program) -> Ints:
    """``(instruction, 9)``: kind, three written slots (−1 none), four read slots, k."""
    rows = []
    for line in program.code:
        op, dst, a, b, c, mask, k = (int(part) for part in line)
        roles = OPERANDS[Op(op)]
        reads = [slot for slot, role in zip((a, b, c), roles[1:4], strict=True) if role and slot >= 0]
        reads += [mask] if mask >= 0 else []
        writes = [dst] if roles[0] is not Operand.UNUSED else []
        if op in (Op.PAY, Op.DRAW, Op.MOVE):
            writes += [a]
        if roles[4] in (Operand.SLOT, Operand.OPTIONAL) and k >= 0 and op != Op.PRORATA:
            writes += [k]
        kind = {Op.INPUT: LOAD, Op.TABLE: FILL, Op.ZERO: RANGE}.get(Op(op), len(reads) + 2)
        rows.append([kind, *(writes + [-1] * 3)[:3], *(reads + [-1] * 4)[:4], k])
    return np.array(rows, dtype=np.int32)


@_compiled
def _one(s: Floats, d: int, a: int) -> None:
    for i in range(s.shape[1]):
        s[d, i] = s[a, i]


@_compiled
def _two(s: Floats, d: int, a: int, b: int) -> None:
    for i in range(s.shape[1]):
        s[d, i] = 0.5 * (s[a, i] + s[b, i])


@_compiled
def _three(s: Floats, d: int, a: int, b: int, c: int) -> None:
    for i in range(s.shape[1]):
        s[d, i] = 0.25 * (s[a, i] + s[b, i] + 2.0 * s[c, i])


@_compiled
def _four(s: Floats, d: int, a: int, b: int, c: int, e: int) -> None:
    for i in range(s.shape[1]):
        s[d, i] = 0.25 * (s[a, i] + s[b, i] + s[c, i] + s[e, i])


@_compiled
def _constant(s: Floats, d: int, value: float) -> None:
    for i in range(s.shape[1]):
        s[d, i] = value


@_compiled
def _load(s: Floats, d: int, inputs: Floats, k: int, row: int) -> None:
    for i in range(s.shape[1]):
        s[d, i] = inputs[k, row, i]


@_compiled
def _record(s: Floats, a: int, out: Floats, index: int, row: int) -> None:
    for i in range(s.shape[1]):
        out[index, row, i] = s[a, i]


@_compiled
def stream(
    plan: Ints, segments: Ints, runs: NDArray[np.uint8], s: Floats, inputs: Floats, record: Ints, out: Floats
) -> None:
    """All rows of one block. ``runs[segment, row]`` tells which lists run; arrays are C-contiguous."""
    for row in range(runs.shape[1]):
        for g in range(segments.shape[0]):
            if runs[g, row] == 0:
                continue
            for j in range(segments[g, 0], segments[g, 1]):
                kind, d = plan[j, 0], plan[j, 1]
                a, b, c, e = plan[j, 4], plan[j, 5], plan[j, 6], plan[j, 7]
                if kind == FILL:
                    _constant(s, d, 1.0)
                elif kind == LOAD:
                    _load(s, d, inputs, plan[j, 8], row)
                elif kind == RANGE:
                    for slot in range(d, plan[j, 8]):
                        _constant(s, slot, 0.0)
                elif kind == 3 and d >= 0:
                    _one(s, d, a)
                elif kind == 4 and d >= 0:
                    _two(s, d, a, b)
                elif kind == 5:
                    _three(s, d, a, b, c)
                elif kind == 6:
                    _four(s, d, a, b, c, e)
                for part in range(2, 4):
                    if plan[j, part] >= 0:
                        _one(s, plan[j, part], d)
        for index in range(record.size):
            _record(s, record[index], out, index, row)
