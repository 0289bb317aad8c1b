"""The waterfall interpreter: one instruction table run over a block of lanes, row by row.

The interpreter reads an instruction once and works it on all lanes, so reading costs little and the lane loops of
:mod:`~.operations` are vector code. Each row ends with the checks of the cash budget. No compiled routine raises: a
broken row becomes a :class:`~.opcodes.Fault`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from absengine.kernels import operations as do
from absengine.kernels import purchases
from absengine.kernels._jit import kernel, part
from absengine.kernels.opcodes import (
    CASH_TOLERANCE,
    FAULT_CASH,
    FAULT_FINITE,
    FAULT_NEGATIVE,
    FAULT_NONE,
    NEGATIVE_TOLERANCE,
    Fault,
    Op,
    Program,
    check_program,
)
from absengine.kernels.operations import Blocks, Cube, Work

Floats = NDArray[np.float64]
Found = tuple[int, int, float]  # code, slot, amount
Worst = tuple[int, int, int, int, float, int]  # the fields of a Fault

# Plain integers: an enumeration is looked up too slowly when the JIT is off, and a renumbering must follow names.
_COPY, _ADD, _SUB, _MUL, _DIV = int(Op.COPY), int(Op.ADD), int(Op.SUB), int(Op.MUL), int(Op.DIV)
_MIN, _MAX, _ABS, _LT, _LE = int(Op.MIN), int(Op.MAX), int(Op.ABS), int(Op.LT), int(Op.LE)
_EQ, _NE, _AND, _OR, _NOT = int(Op.EQ), int(Op.NE), int(Op.AND), int(Op.OR), int(Op.NOT)
_SELECT, _FLOOR, _INPUT, _TABLE = int(Op.SELECT), int(Op.FLOOR), int(Op.INPUT), int(Op.TABLE)
_SET, _ACCUM, _STAGE, _ZERO = int(Op.SET), int(Op.ACCUM), int(Op.STAGE), int(Op.ZERO)
_PAY, _MOVE, _PRORATA, _DRAW = int(Op.PAY), int(Op.MOVE), int(Op.PRORATA), int(Op.DRAW)
_REMEMBER, _RECALL, _BUY, _SELL = int(Op.REMEMBER), int(Op.RECALL), int(Op.BUY), int(Op.SELL)
_LARGEST = float(np.finfo(np.float64).max)


def run_block(
    program: Program,
    start: Floats,
    inputs: Floats,
    state: Floats,
    history: Floats,
    out: Floats,
    check_row: int = -1,
) -> Fault:
    """Run every row of the program on a block of lanes.

    Parameters
    ----------
    program : compiled deal over ``rows`` rows, taken from ``program.pays``.
    start : (slot, lane) or (slot, 1) state before the first row; not changed.
    inputs : (channel, at least rows, lane); BUY and SELL change rows after their own, and need one row past the
        program's, which is not read otherwise.
    state : (slot, lane) C-contiguous; overwritten, holds the state after the last row.
    history : (at least program.histories, rows, lane) work space; overwritten.
    out : (len(program.record), rows, lane); overwritten with the recorded slots at the close of each row.
    check_row : on this row each instruction is checked, so that a fault names it; slow.

    ``inputs``, ``history`` and ``out`` may be slices of larger arrays as long as neighbouring lanes are neighbours in
    memory. Lanes do not touch each other: any split into blocks gives the same bits.

    Returns
    -------
    Fault : the first broken row of the smallest lane, ``code`` 0 if there is none.

    Raises
    ------
    ValueError : arrays that do not fit the program; an error of the caller.
    """
    lanes, rows = state.shape[1], program.pays.shape[1]
    check_program(program, len(state), len(inputs))
    if not state.flags.c_contiguous or state.dtype != np.float64:
        raise ValueError("state must be a C-contiguous array of float64")
    needed = rows + bool(len(program.purchases) or len(program.sold))
    if inputs.shape[1] < needed or len(history) < program.histories:
        raise ValueError(f"inputs and history must hold {needed} rows and {program.histories} tracks")
    if history.shape[1:] != (rows, lanes) or out.shape != (len(program.record), rows, lanes):
        raise ValueError(f"history and out must hold {rows} rows and {lanes} lanes of what the program keeps")
    if inputs.shape[2] != lanes:
        raise ValueError(f"inputs have {inputs.shape[2]} lanes, state has {lanes}")
    state[...] = start
    blocks = Blocks(_cube(inputs), _cube(history), _cube(out))
    return Fault(*_run(program, state, blocks, check_row))


def _cube(array: Floats) -> Cube:
    """Flat view of a block; ValueError where lanes are not neighbours in memory."""
    if array.dtype != np.float64:
        raise ValueError("blocks must be arrays of float64")
    if array.size == 0:
        return Cube(np.empty(0), 0, 0)
    item, row, lane = (step // array.itemsize for step in array.strides)
    if (lane != 1 and array.shape[2] > 1) or item < 0 or row < 0:
        raise ValueError("neighbouring lanes of a block must be neighbours in memory")
    length = (array.shape[0] - 1) * item + (array.shape[1] - 1) * row + array.shape[2]
    return Cube(np.lib.stride_tricks.as_strided(array, (length,), (array.itemsize,)), item, row)


# rows and lists ------------------------------------------------------------------------------------------------------
@kernel
def _run(program: Program, s: Floats, blocks: Blocks, check_row: int) -> Worst:
    lanes = s.shape[1]
    zeros = np.zeros((7, lanes))
    work = Work(zeros[0], zeros[1], zeros[2], zeros[3], zeros[4], zeros[5], zeros[6], np.zeros(lanes, np.int32))
    worst = (FAULT_NONE, -1, -1, lanes, 0.0, -1)
    for row in range(program.pays.shape[1]):
        do.clear_history(blocks.history, program.histories, row, lanes)
        _open_row(program, s, work, row)
        for g in range(program.segments.shape[0]):
            inside = _count_inside(program, s, work, program.segments[g, 2], row)
            if inside > 0:
                _run_list(program, s, work, blocks, g, row, inside < lanes, row == check_row)
        worst = _close(program, s, work, row, worst)
        for index in range(program.record.size):
            do.write(s, program.record[index], blocks.out, index, row)
    return worst if worst[0] != FAULT_NONE else (FAULT_NONE, -1, -1, -1, 0.0, -1)


@part
def _count_inside(program: Program, s: Floats, work: Work, stage: int, row: int) -> int:
    """Lanes that run a list: all without a stage; else none, or those in the stage when it pays on this row."""
    if stage < 0:
        work.inside[:] = 1.0
        return work.inside.size
    if program.pays[stage, row] == 0:
        return 0
    return do.find_inside(s, program.stage_slot, float(stage), work.inside)


@part
def _run_list(
    program: Program, s: Floats, work: Work, blocks: Blocks, g: int, row: int, partial: bool, checked: bool
) -> None:
    """One segment; ``partial``: some lanes are not in its stage and keep everything; ``checked``: after each step."""
    code = program.code
    for j in range(program.segments[g, 0], program.segments[g, 1]):
        op, d, a, b, c, m, k = code[j, 0], code[j, 1], code[j, 2], code[j, 3], code[j, 4], code[j, 5], code[j, 6]
        writes_all = op <= _TABLE or op in (_STAGE, _RECALL)
        kept = (writes_all and (partial or m >= 0)) or (partial and op in (_PAY, _DRAW, _PRORATA))
        on = work.inside
        if m >= 0 and (kept or partial or op == _ZERO):
            do.narrow(s, m, work.inside, work.on)  # a copy: the instruction may overwrite its own mask
            on = work.on
        elif m >= 0:
            on = s[m]
        if kept:
            do.save(s, d, work.kept)
        if op <= _FLOOR:
            _formula(s, op, d, a, b, c)
        elif op == _INPUT:
            do.input_(s, d, blocks.inputs, k, row)
        elif op == _TABLE:
            do.fill(s, d, program.tables[k, row])
        elif op == _SET:
            do.set_(s, d, a, on)
        elif op == _ACCUM:
            do.accum(s, d, a, on)
        elif op == _STAGE:
            do.stage(s, d, a, float(k))
        elif op in (_PAY, _DRAW):
            do.pay(s, work, d, a, b, c, on, k)
        elif op == _MOVE:
            do.move(s, work, d, a, b, on)
        elif op == _PRORATA:
            do.prorata(s, d, a, b, c, on, k)
        elif op == _REMEMBER:
            do.remember(s, a, on, blocks.history, k, row)
        elif op == _RECALL:
            do.recall(s, d, a, blocks.history, k, row)
        elif op == _ZERO:
            do.zero(s, d, on, k)
        elif op == _BUY:
            do.masked(s, a, on, work.amount)
            pool = blocks.inputs
            purchases.buy(
                work.amount, program.growth[k, row], program.purchases[k], pool.flat, pool.item, pool.row, row
            )
        elif op == _SELL:
            do.masked(s, a, on, work.amount)
            pool, rows = blocks.inputs, program.pays.shape[1]
            closing = 1 + program.purchases.shape[0]
            purchases.sell(work.amount, program.sold, closing, pool.flat, pool.item, pool.row, row, rows)
        if kept:
            do.restore(s, d, on if writes_all else work.inside, work.kept)
        if checked:
            _mark(program, s, work, j)


@part
def _formula(s: Floats, op: int, d: int, a: int, b: int, c: int) -> None:
    if op == _COPY:
        do.copy(s, d, a)
    elif op == _ADD:
        do.add(s, d, a, b)
    elif op == _SUB:
        do.sub(s, d, a, b)
    elif op == _MUL:
        do.mul(s, d, a, b)
    elif op == _DIV:
        do.div(s, d, a, b)
    elif op == _MIN:
        do.min_(s, d, a, b)
    elif op == _MAX:
        do.max_(s, d, a, b)
    elif op == _ABS:
        do.abs_(s, d, a)
    elif op == _LT:
        do.lt(s, d, a, b)
    elif op == _LE:
        do.le(s, d, a, b)
    elif op == _EQ:
        do.eq(s, d, a, b)
    elif op == _NE:
        do.ne(s, d, a, b)
    elif op == _AND:
        do.and_(s, d, a, b)
    elif op == _OR:
        do.or_(s, d, a, b)
    elif op == _NOT:
        do.not_(s, d, a)
    elif op == _SELECT:
        do.select(s, d, a, b, c)
    elif op == _FLOOR:
        do.floor(s, d, a, b)


# checks --------------------------------------------------------------------------------------------------------------
@part
def _open_row(program: Program, s: Floats, work: Work, row: int) -> None:
    """Note what the cash slots hold. Before the first row they must sum to zero, so nothing is carried into it."""
    work.turnover[:] = 0.0
    work.size[:] = 0.0
    work.since[:] = -1
    _total_cash(program, s, work.carry)
    if row == 0:
        work.carry[:] = 0.0
    for index in range(program.cash.size):
        slot = program.cash[index]
        for i in range(s.shape[1]):
            work.size[i] += abs(s[slot, i])


@part
def _total_cash(program: Program, s: Floats, total: Floats) -> None:
    total[:] = 0.0
    for index in range(program.cash.size):
        _gather(s, program.cash[index], total)


@part
def _gather(s: Floats, a: int, total: Floats) -> None:
    for i in range(s.shape[1]):
        total[i] += s[a, i]


@part
def _close(program: Program, s: Floats, work: Work, row: int, worst: Worst) -> Worst:
    """Check the lanes before the one already found; look lane by lane only where a fast count finds something."""
    if _count_broken(program, s, work) == 0:
        return worst
    for i in range(worst[3]):
        code, slot, amount = _broken(program, s, work, i)
        if code != FAULT_NONE:
            return (code, row, slot, i, amount, int(work.since[i]))
    return worst


@part
def _count_broken(program: Program, s: Floats, work: Work) -> int:
    broken = 0
    for index in range(program.finite.size):
        broken += _count_not_finite(s, program.finite[index])
    for index in range(program.nonneg.size):
        broken += _count_negative(s, program.nonneg[index], work)
    total = work.amount
    _total_cash(program, s, total)
    for i in range(total.size):
        broken += 0 if abs(total[i] - work.carry[i]) <= _tolerance(work, i) else 1
    return broken


@part
def _count_not_finite(s: Floats, a: int) -> int:
    broken = 0
    for i in range(s.shape[1]):
        broken += 0 if abs(s[a, i]) <= _LARGEST else 1
    return broken


@part
def _count_negative(s: Floats, a: int, work: Work) -> int:
    broken = 0
    for i in range(s.shape[1]):
        broken += 1 if s[a, i] < -(NEGATIVE_TOLERANCE + _tolerance(work, i)) else 0
    return broken


@part
def _tolerance(work: Work, i: int) -> float:
    tolerance: float = CASH_TOLERANCE * (work.size[i] + work.turnover[i])
    return tolerance


@part
def _broken(program: Program, s: Floats, work: Work, i: int) -> Found:
    """What is wrong with one lane: the cause (a number that is none, an overdraft) before its effect on the sum."""
    for index in range(program.finite.size):
        slot = int(program.finite[index])
        if not abs(s[slot, i]) <= _LARGEST:
            return (FAULT_FINITE, slot, s[slot, i])
    for index in range(program.nonneg.size):
        slot = int(program.nonneg[index])
        if s[slot, i] < -(NEGATIVE_TOLERANCE + _tolerance(work, i)):
            return (FAULT_NEGATIVE, slot, s[slot, i])
    total = 0.0
    for index in range(program.cash.size):
        total += s[program.cash[index], i]
    if not abs(total - work.carry[i]) <= _tolerance(work, i):
        return (FAULT_CASH, -1, total - work.carry[i])
    return (FAULT_NONE, -1, 0.0)


@part
def _mark(program: Program, s: Floats, work: Work, j: int) -> None:
    """Keep, per lane, the instruction since which it is broken; a pair of entries may break and mend it on the way."""
    for i in range(s.shape[1]):
        if _broken(program, s, work, i)[0] == FAULT_NONE:
            work.since[i] = -1
        elif work.since[i] < 0:
            work.since[i] = j
