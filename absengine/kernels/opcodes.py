"""The instruction set of the waterfall interpreter and the arrays it runs on. No numba here.

An instruction is one row of ``code``: ``op, dst, a, b, c, mask, k``. Operands are slot numbers (−1 = none) except
``k``, which :data:`OPERANDS` explains. State is ``[slot, lane]``; an instruction works on all lanes of a block.

``mask`` names a flag slot (−1 = every lane). Lanes whose flag is 0 keep what an instruction would have written; only
the ``dst`` of PAY, DRAW and PRORATA becomes 0 there, because it is an amount of this row and nothing moved. Masks
select, they never multiply. Flags are 1.0 or 0.0; any other number counts as true.

The list of a stage works only on the lanes that are in the stage when the list begins; all other lanes keep everything,
so no lane depends on which others share its block. An amount written in a list stays in its slot on rows and lanes the
list does not run: clear it with ZERO at the start of the row.
"""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Op(IntEnum):
    """Operation codes."""

    # formulas: dst = f(a, b, c)
    COPY = 0  # a
    ADD = 1  # a + b
    SUB = 2  # a - b
    MUL = 3  # a * b
    DIV = 4  # a / b, and 0 where b is 0 and a is 0
    MIN = 5  # min(a, b)
    MAX = 6  # max(a, b)
    ABS = 7  # |a|
    LT = 8  # a < b
    LE = 9  # a <= b
    EQ = 10  # a == b
    NE = 11  # a != b
    AND = 12  # a and b
    OR = 13  # a or b
    NOT = 14  # not a
    SELECT = 15  # c ? a : b   (selects, never multiplies)
    FLOOR = 16  # a cut down to whole multiples of slot b; b <= 0 leaves a as it is
    # loads
    INPUT = 17  # inputs[k, row]
    TABLE = 18  # tables[k, row], the same on every lane
    # state
    SET = 19  # dst = a
    ACCUM = 20  # dst += a
    STAGE = 21  # dst = 1 where slot a holds the stage number k, else 0
    # cash: moves keep the sum of cash slots
    PAY = 22  # paid = floor to slot c of min(need b, account a), not below 0; a -= paid; slot k += paid; dst = paid
    MOVE = 23  # a -= amount b; dst += amount b, exactly as given
    PRORATA = 24  # dst = b <= c ? a : floor to slot k of c * (a / b)   (need a of total b when only c is there)
    DRAW = 25  # as PAY, from a facility: a is what is left, b the shortfall, k the claim that grows
    # memory over rows
    REMEMBER = 26  # history[k, row] = a; 0 where a row did not come by here
    RECALL = 27  # dst = history[k, row - a], 0 before the first row and for a < 0
    ZERO = 28  # slots dst … k-1 = 0: the flows of a new row
    # the pool: later rows of inputs change
    BUY = 29  # later rows get what a units of purchase k pay
    SELL = 30  # later rows lose the share a of the pool


class Operand(IntEnum):
    """What an operand may be."""

    UNUSED = 0
    SLOT = 1
    OPTIONAL = 2  # a slot, or −1: no rounding, no receiver
    CHANNEL = 3
    TABLE = 4
    HISTORY = 5
    STAGE = 6
    END = 7  # one past a slot
    PURCHASE = 8


_NO, _SLOT, _MAY = Operand.UNUSED, Operand.SLOT, Operand.OPTIONAL
_TWO = (_SLOT, _SLOT, _SLOT, _NO, _NO)
_ONE = (_SLOT, _SLOT, _NO, _NO, _NO)

OPERANDS: dict[Op, tuple[Operand, Operand, Operand, Operand, Operand]] = {
    **dict.fromkeys((Op.ADD, Op.SUB, Op.MUL, Op.DIV, Op.MIN, Op.MAX), _TWO),
    **dict.fromkeys((Op.LT, Op.LE, Op.EQ, Op.NE, Op.AND, Op.OR, Op.FLOOR, Op.MOVE), _TWO),
    **dict.fromkeys((Op.COPY, Op.ABS, Op.NOT, Op.SET, Op.ACCUM), _ONE),
    **dict.fromkeys((Op.PAY, Op.DRAW), (_SLOT, _SLOT, _SLOT, _MAY, _MAY)),
    Op.SELECT: (_SLOT, _SLOT, _SLOT, _SLOT, _NO),
    Op.PRORATA: (_SLOT, _SLOT, _SLOT, _SLOT, _MAY),
    Op.INPUT: (_SLOT, _NO, _NO, _NO, Operand.CHANNEL),
    Op.TABLE: (_SLOT, _NO, _NO, _NO, Operand.TABLE),
    Op.STAGE: (_SLOT, _SLOT, _NO, _NO, Operand.STAGE),
    Op.REMEMBER: (_NO, _SLOT, _NO, _NO, Operand.HISTORY),
    Op.RECALL: (_SLOT, _SLOT, _NO, _NO, Operand.HISTORY),
    Op.ZERO: (_SLOT, _NO, _NO, _NO, Operand.END),
    Op.BUY: (_NO, _SLOT, _NO, _NO, Operand.PURCHASE),
    Op.SELL: (_NO, _SLOT, _NO, _NO, _NO),
}
"""What ``dst, a, b, c, k`` of each operation are."""


class Program(NamedTuple):
    """A compiled deal: what the interpreter needs, as arrays.

    ``segments`` is (n, 3): first instruction, end instruction, stage (−1 = runs on every row and lane; else on rows
    ``pays[stage, row]`` and lanes in that stage). ``cash`` slots sum to zero after every row; ``nonneg`` slots never
    fall below zero; ``finite`` slots hold money and are never inf or NaN.
    """

    code: NDArray[np.int32]  # (instruction, 7)
    segments: NDArray[np.int32]  # (segment, 3)
    pays: NDArray[np.uint8]  # (stage, row)
    tables: NDArray[np.float64]  # (table, row)
    stage_slot: int
    cash: NDArray[np.int32]
    nonneg: NDArray[np.int32]
    finite: NDArray[np.int32]
    record: NDArray[np.int32]  # slots copied at the close of each row
    histories: int  # number of history tracks
    purchases: NDArray[np.int32] = np.zeros((0, 0), dtype=np.int32)  # (purchase, column of kernels.purchases): inputs
    growth: NDArray[np.float64] = np.zeros((0, 0, 0, 0))  # (purchase, row bought, column, row + 1)
    sold: NDArray[np.int32] = np.zeros(0, dtype=np.int32)  # inputs a sale takes from, closing balances first


FAULT_NONE = 0
FAULT_CASH = 1  # cash slots do not sum to zero
FAULT_NEGATIVE = 2  # a nonneg slot is below zero
FAULT_FINITE = 3  # a money slot is inf or NaN

CASH_TOLERANCE = 1e-12
"""Share of a row's cash by which the sum of cash slots may differ from the row before: float rounding of some hundred
additions is about 1e-14 of it, and a missing fen still shows in a row that turns over ten billion yuan. A row's cash is
what the cash slots held when it opened (sum of absolute values) plus all it moved. Whole numbers close to exactly 0."""

UNIT_SLACK = 1e-6
"""Counting units (or share of the multiple q, where q < 1) by which an amount x may lack of a whole multiple and still
count as whole: 99.9999999 is 100. In all ``min(UNIT_SLACK * min(q, 1) + UNIT_SLACK_RELATIVE * |x|, q / 4)``. A payment
made whole may take this much more than the account holds: payments stay whole, and the last fen of a balance is not
left behind because the cash for it was added up in another order."""

UNIT_SLACK_RELATIVE = 1e-15
"""See UNIT_SLACK: some units in the last place, so that large amounts are treated alike."""

NEGATIVE_TOLERANCE = 2e-6
"""Counting units a nonneg slot may be below zero, besides CASH_TOLERANCE of the row's cash; see UNIT_SLACK."""


class Fault(NamedTuple):
    """The first broken row of the smallest path; ``code`` 0 = none.

    ``slot`` is −1 for a cash fault, whose ``amount`` is the cash that appeared; else ``amount`` is what the slot holds.
    ``instruction`` is known (not −1) only when the block ran with ``check_row`` equal to ``row``.
    """

    code: int
    row: int
    slot: int
    lane: int
    amount: float
    instruction: int = -1


def check_program(program: Program, slots: int, channels: int) -> None:
    """Refuse a program that would read or write outside its arrays.

    Parameters
    ----------
    program : compiled deal.
    slots, channels : rows of state and of inputs it will run on.

    Raises
    ------
    ValueError
        Names the first offending instruction or list. Always an error of the compiler, never of a deal.
    """
    tracks, stages = program.histories, len(program.pays)
    last = [0, slots - 1, slots - 1, channels - 1, len(program.tables) - 1, tracks - 1, stages - 1, slots]
    highest = np.array([*last, len(program.purchases) - 1], dtype=np.int64)
    lowest = np.array([0, 0, -1, 0, 0, 0, 0, 0, 0], dtype=np.int64)
    op = program.code[:, 0]
    if np.any((op < 0) | (op >= len(Op))):
        raise ValueError(f"instruction {int(np.argmax((op < 0) | (op >= len(Op))))}: no such operation")
    kinds = _KINDS[op]
    operands = program.code[:, 1:]
    wrong = (kinds != Operand.UNUSED) & ((operands < lowest[kinds]) | (operands > highest[kinds]))
    if np.any(wrong):
        line, column = (int(part[0]) for part in np.nonzero(wrong))
        found = f"{('dst', 'a', 'b', 'c', 'mask', 'k')[column]}={operands[line, column]}"
        raise ValueError(f"instruction {line}: {Op(op[line]).name} {found} is outside its array")
    _check_lists(program, slots)
    _check_purchases(program, channels)


def _check_lists(program: Program, slots: int) -> None:
    for name in ("cash", "nonneg", "finite", "record"):
        listed = getattr(program, name)
        if np.any((listed < 0) | (listed >= slots)):
            raise ValueError(f"{name}: a slot number outside 0 … {slots - 1}")
    first, end, stage = program.segments.T
    if np.any((first < 0) | (end < first) | (end > len(program.code)) | (stage < -1) | (stage >= len(program.pays))):
        raise ValueError("segments: instructions or a stage that do not exist")
    if len(program.tables) and program.tables.shape[1] != program.pays.shape[1]:
        raise ValueError("tables and pays need the same rows")
    if not 0 <= program.stage_slot < slots:
        raise ValueError("stage_slot must be a slot")


def _check_purchases(program: Program, channels: int) -> None:
    rows = program.pays.shape[1]
    if len(program.purchases) and program.growth.shape != (len(program.purchases), rows, 3, rows + 1):
        raise ValueError("growth must hold every purchase on every row")
    if np.any(program.purchases >= channels) or np.any((program.sold < 0) | (program.sold >= channels)):
        raise ValueError("purchases or sales name channels that do not exist")


def _kinds() -> NDArray[np.int64]:
    rows = [OPERANDS[op] for op in Op]
    return np.array([[*row[:4], Operand.OPTIONAL, row[4]] for row in rows], dtype=np.int64)


_KINDS = _kinds()
