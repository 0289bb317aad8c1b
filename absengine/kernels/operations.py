"""What each operation of the waterfall does to a block of lanes: one small routine per opcode.

Letters: ``s`` state (slot, lane), ``i`` lane, ``d a b c k`` slot numbers as in :class:`~.opcodes.Op`, ``m`` mask slot,
``on`` the mask's row.
A lane loop runs over neighbouring numbers and loads before it selects, so that LLVM makes vector instructions of it.
Cash operations find the amount first and then move it: with one written row per loop few overlap checks are needed,
and one slot may be payer and payee.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from absengine.kernels._jit import part
from absengine.kernels.opcodes import UNIT_SLACK, UNIT_SLACK_RELATIVE

Floats = NDArray[np.float64]

_ROUNDER = 1.5 * 2.0**52  # added to a number below 2**51 it leaves no room for a fraction
_NO_FRACTION = 2.0**51


class Cube(NamedTuple):
    """An ``[item, row, lane]`` array, or a slice of one, as a flat run of numbers and the steps between items and rows.

    Whole arrays and slices of lanes have one type in this form, so the interpreter is compiled once.
    """

    flat: Floats
    item: int
    row: int


class Blocks(NamedTuple):
    """The arrays with rows."""

    inputs: Cube
    history: Cube
    out: Cube


class Work(NamedTuple):
    """Work space of a block: one number per lane each."""

    amount: Floats  # what the instruction at work moves
    kept: Floats  # what its dst held before
    inside: Floats  # 1 for lanes in the stage whose list runs; the mask of an instruction without one
    on: Floats  # the mask of the instruction at work, among those lanes
    turnover: Floats  # cash moved in this row
    size: Floats  # sum of |cash slots| when the row opened
    carry: Floats  # sum of cash slots when the row opened: rounding once accepted is not counted again
    since: NDArray[np.int32]  # instruction after which the lane was found broken and stayed so, or -1


# formulas ------------------------------------------------------------------------------------------------------------
@part
def copy(s: Floats, d: int, a: int) -> None:
    for i in range(s.shape[1]):
        s[d, i] = s[a, i]


@part
def add(s: Floats, d: int, a: int, b: int) -> None:
    for i in range(s.shape[1]):
        s[d, i] = s[a, i] + s[b, i]


@part
def sub(s: Floats, d: int, a: int, b: int) -> None:
    for i in range(s.shape[1]):
        s[d, i] = s[a, i] - s[b, i]


@part
def mul(s: Floats, d: int, a: int, b: int) -> None:
    for i in range(s.shape[1]):
        s[d, i] = s[a, i] * s[b, i]


@part
def div(s: Floats, d: int, a: int, b: int) -> None:
    for i in range(s.shape[1]):
        x, y = s[a, i], s[b, i]
        ratio = x / y
        s[d, i] = 0.0 if x == 0.0 and y == 0.0 else ratio


@part
def min_(s: Floats, d: int, a: int, b: int) -> None:
    for i in range(s.shape[1]):
        x, y = s[a, i], s[b, i]
        s[d, i] = y if y < x else x


@part
def max_(s: Floats, d: int, a: int, b: int) -> None:
    for i in range(s.shape[1]):
        x, y = s[a, i], s[b, i]
        s[d, i] = y if y > x else x


@part
def abs_(s: Floats, d: int, a: int) -> None:
    for i in range(s.shape[1]):
        s[d, i] = abs(s[a, i])


@part
def lt(s: Floats, d: int, a: int, b: int) -> None:
    for i in range(s.shape[1]):
        s[d, i] = 1.0 if s[a, i] < s[b, i] else 0.0


@part
def le(s: Floats, d: int, a: int, b: int) -> None:
    for i in range(s.shape[1]):
        s[d, i] = 1.0 if s[a, i] <= s[b, i] else 0.0


@part
def eq(s: Floats, d: int, a: int, b: int) -> None:
    for i in range(s.shape[1]):
        s[d, i] = 1.0 if s[a, i] == s[b, i] else 0.0


@part
def ne(s: Floats, d: int, a: int, b: int) -> None:
    for i in range(s.shape[1]):
        s[d, i] = 1.0 if s[a, i] != s[b, i] else 0.0


@part
def and_(s: Floats, d: int, a: int, b: int) -> None:
    for i in range(s.shape[1]):
        x, y = s[a, i], s[b, i]
        s[d, i] = 1.0 if (x != 0.0) & (y != 0.0) else 0.0


@part
def or_(s: Floats, d: int, a: int, b: int) -> None:
    for i in range(s.shape[1]):
        x, y = s[a, i], s[b, i]
        s[d, i] = 1.0 if (x != 0.0) | (y != 0.0) else 0.0


@part
def not_(s: Floats, d: int, a: int) -> None:
    for i in range(s.shape[1]):
        s[d, i] = 1.0 if s[a, i] == 0.0 else 0.0


@part
def select(s: Floats, d: int, a: int, b: int, c: int) -> None:
    for i in range(s.shape[1]):
        x, y = s[a, i], s[b, i]
        s[d, i] = x if s[c, i] != 0.0 else y


@part
def floor(s: Floats, d: int, a: int, b: int) -> None:
    for i in range(s.shape[1]):
        s[d, i] = _whole(s[a, i], s[b, i])


@part
def _whole(x: float, q: float) -> float:
    """``x`` cut down to a multiple of ``q``, forgiving float noise as told at ``UNIT_SLACK``; ``q <= 0``: ``x``."""
    slack = UNIT_SLACK * (q if q < 1.0 else 1.0) + UNIT_SLACK_RELATIVE * abs(x)
    most = 0.25 * q
    count = _floor_of((x + (most if most < slack else slack)) / (q if q > 0.0 else 1.0))
    multiple = count * q
    return multiple if q > 0.0 else x


@part
def _floor_of(n: float) -> float:
    """Largest whole number not above ``n``, in plain arithmetic.

    Numba's ``math.floor`` goes through a 64-bit integer and is wrong from 2**63 on (an amount without limit is 1e300);
    its ``np.floor`` is a call for each lane.
    """
    nearest = (n + _ROUNDER) - _ROUNDER
    below = nearest - 1.0 if nearest > n else nearest
    return below if abs(n) < _NO_FRACTION else n


# loads, memory, state ------------------------------------------------------------------------------------------------
@part
def input_(s: Floats, d: int, inputs: Cube, k: int, row: int) -> None:
    at = k * inputs.item + row * inputs.row
    for i in range(s.shape[1]):
        s[d, i] = inputs.flat[at + i]


@part
def write(s: Floats, a: int, out: Cube, index: int, row: int) -> None:
    at = index * out.item + row * out.row
    for i in range(s.shape[1]):
        out.flat[at + i] = s[a, i]


@part
def fill(s: Floats, d: int, value: float) -> None:
    for i in range(s.shape[1]):
        s[d, i] = value


@part
def stage(s: Floats, d: int, a: int, number: float) -> None:
    for i in range(s.shape[1]):
        s[d, i] = 1.0 if s[a, i] == number else 0.0


@part
def clear_history(history: Cube, tracks: int, row: int, lanes: int) -> None:
    for k in range(tracks):
        at = k * history.item + row * history.row
        for i in range(lanes):
            history.flat[at + i] = 0.0


@part
def remember(s: Floats, a: int, on: Floats, history: Cube, k: int, row: int) -> None:
    at = k * history.item + row * history.row
    for i in range(s.shape[1]):
        value, old = s[a, i], history.flat[at + i]
        history.flat[at + i] = value if on[i] != 0.0 else old


@part
def recall(s: Floats, d: int, a: int, history: Cube, k: int, row: int) -> None:
    for i in range(s.shape[1]):
        lag, value = s[a, i], 0.0
        if lag >= 0.0 and lag <= row:
            value = history.flat[k * history.item + (row - int(lag)) * history.row + i]
        s[d, i] = value


@part
def find_inside(s: Floats, a: int, number: float, inside: Floats) -> int:
    """Mark the lanes in a stage and count them."""
    count = 0
    for i in range(s.shape[1]):
        inside[i] = 1.0 if s[a, i] == number else 0.0
    for i in range(s.shape[1]):
        count += 1 if inside[i] != 0.0 else 0
    return count


@part
def narrow(s: Floats, m: int, inside: Floats, on: Floats) -> None:
    """Mask of an instruction among the lanes in the stage whose list runs."""
    for i in range(s.shape[1]):
        among, flag = inside[i], s[m, i]
        on[i] = 1.0 if (among != 0.0) & (flag != 0.0) else 0.0


@part
def masked(s: Floats, a: int, on: Floats, amount: Floats) -> None:
    """Copy a slot, 0 on lanes that are off."""
    for i in range(s.shape[1]):
        held = s[a, i]
        amount[i] = held if on[i] != 0.0 else 0.0


@part
def save(s: Floats, d: int, kept: Floats) -> None:
    for i in range(s.shape[1]):
        kept[i] = s[d, i]


@part
def restore(s: Floats, d: int, on: Floats, kept: Floats) -> None:
    for i in range(s.shape[1]):
        new, old = s[d, i], kept[i]
        s[d, i] = new if on[i] != 0.0 else old


@part
def set_(s: Floats, d: int, a: int, on: Floats) -> None:
    for i in range(s.shape[1]):
        new, old = s[a, i], s[d, i]
        s[d, i] = new if on[i] != 0.0 else old


@part
def accum(s: Floats, d: int, a: int, on: Floats) -> None:
    for i in range(s.shape[1]):
        old = s[d, i]
        new = old + s[a, i]
        s[d, i] = new if on[i] != 0.0 else old


@part
def zero(s: Floats, d: int, on: Floats, end: int) -> None:
    for slot in range(d, end):
        for i in range(s.shape[1]):
            old = s[slot, i]
            s[slot, i] = 0.0 if on[i] != 0.0 else old


# cash ----------------------------------------------------------------------------------------------------------------
@part
def pay(s: Floats, work: Work, d: int, a: int, b: int, c: int, on: Floats, k: int) -> None:
    amount = work.amount
    for i in range(s.shape[1]):
        need, held = s[b, i], s[a, i]
        most = held if held < need else need
        most = 0.0 if most <= 0.0 else most  # NaN passes, and is found at close
        paid = _whole(most, _unit(s, c, i))
        amount[i] = paid if on[i] != 0.0 else 0.0
    _take(s, a, amount)
    if k >= 0:
        _give(s, k, amount)
    _load(s, d, amount)
    _turn_over(work)


@part
def move(s: Floats, work: Work, d: int, a: int, b: int, on: Floats) -> None:
    amount = work.amount
    for i in range(s.shape[1]):
        asked = s[b, i]
        amount[i] = asked if on[i] != 0.0 else 0.0
    _take(s, a, amount)
    _give(s, d, amount)
    _turn_over(work)


@part
def prorata(s: Floats, d: int, a: int, b: int, c: int, on: Floats, k: int) -> None:
    for i in range(s.shape[1]):
        need, total, cash = s[a, i], s[b, i], s[c, i]
        part_of = cash * (need / total)
        cut = _whole(0.0 if cash <= 0.0 else part_of, _unit(s, k, i))
        share = need if total <= cash else cut
        s[d, i] = share if on[i] != 0.0 else 0.0


@part
def _unit(s: Floats, c: int, i: int) -> float:
    unit = s[c if c > 0 else 0, i]
    return unit if c >= 0 else 0.0


@part
def _take(s: Floats, a: int, amount: Floats) -> None:
    for i in range(s.shape[1]):
        s[a, i] -= amount[i]


@part
def _give(s: Floats, k: int, amount: Floats) -> None:
    for i in range(s.shape[1]):
        s[k, i] += amount[i]


@part
def _load(s: Floats, d: int, amount: Floats) -> None:
    for i in range(s.shape[1]):
        s[d, i] = amount[i]


@part
def _turn_over(work: Work) -> None:
    amount, turnover = work.amount, work.turnover
    for i in range(amount.size):
        turnover[i] += abs(amount[i])
