"""The instruction set of the waterfall interpreter and the arrays it runs on. No numba here.

An instruction is one row of ``code``: ``op, dst, a, b, c, mask, k``. Operands are slot numbers (−1 = none) except ``k``,
an index into channels, tables or history. State is ``[slot, lane]``; an instruction works on all lanes of a block.
``mask`` names a flag slot: lanes whose flag is 0 keep their state (cash moves nothing). Flags are 1.0 or 0.0.
"""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Op(IntEnum):
    """Operation codes. Formula operations write ``dst`` on every lane; the others respect ``mask``."""

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
    SET = 19  # dst = a where mask
    ACCUM = 20  # dst += a where mask
    STAGE = 21  # dst = 1 where slot a holds the stage number k
    # cash: moves keep the sum of cash slots
    PAY = 22  # dst = paid = floor to slot c of min(need b, account a); a -= paid; slot k += paid
    MOVE = 23  # a -= amount b; dst += amount b, exactly as given
    PRORATA = 24  # dst = b <= c ? a : floor to slot k of c * a / b   (need a of total b when only c is there)
    DRAW = 25  # dst = drawn = min(left a, short b) where mask, floored to slot c; a -= drawn; slot k += drawn
    # memory over rows
    REMEMBER = 26  # history[k, row] = a
    RECALL = 27  # dst = history[k, row - a], 0 before the first row and for a < 0
    ZERO = 28  # slots dst … k-1 = 0: the flows of a new row


class Program(NamedTuple):
    """A compiled deal: what the interpreter needs, as arrays.

    ``segments`` is (n, 3): first instruction, end instruction, stage (−1 = runs on every row; else only on rows
    ``pays[stage, row]`` and when some lane is in that stage). ``cash`` slots sum to zero after every row; ``nonneg``
    slots never fall below zero; ``finite`` slots hold money and are never inf or NaN.
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


FAULT_NONE = 0
FAULT_CASH = 1  # cash slots do not sum to zero
FAULT_NEGATIVE = 2  # a nonneg slot is below zero
FAULT_FINITE = 3  # a money slot is inf or NaN


class Fault(NamedTuple):
    """The first broken row of the smallest path: code, row, slot (or −1), lane, amount. ``code`` 0 = none."""

    code: int
    row: int
    slot: int
    lane: int
    amount: float
