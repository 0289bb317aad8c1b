"""The waterfall interpreter in plain Python: one lane, one number at a time, dictionaries and named operands.

Written from the words of ``absengine.kernels.opcodes``, not from the kernel: slow, and easy to believe.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from absengine.kernels.opcodes import (
    CASH_TOLERANCE,
    FAULT_CASH,
    FAULT_FINITE,
    FAULT_NEGATIVE,
    NEGATIVE_TOLERANCE,
    UNIT_SLACK,
    UNIT_SLACK_RELATIVE,
    Fault,
    Op,
    Program,
)


def divided(a: float, b: float) -> float:
    if b != 0:
        return a / b
    if a == 0:
        return 0.0
    return math.nan if math.isnan(a) else math.copysign(math.inf, a) * math.copysign(1.0, b)


def whole(amount: float, unit: float) -> float:
    """The largest multiple that is not above the amount by more than the slack."""
    if not unit > 0 or not math.isfinite(amount):
        return amount
    slack = min(UNIT_SLACK * min(unit, 1.0) + UNIT_SLACK_RELATIVE * abs(amount), unit / 4)
    near = math.floor(amount / unit)
    return max(count * unit for count in (near - 1, near, near + 1) if count * unit <= amount + slack)


FORMULAS: dict[Op, Callable[[float, float, float], float]] = {
    Op.COPY: lambda a, b, c: a,
    Op.ADD: lambda a, b, c: a + b,
    Op.SUB: lambda a, b, c: a - b,
    Op.MUL: lambda a, b, c: a * b,
    Op.DIV: lambda a, b, c: divided(a, b),
    Op.MIN: lambda a, b, c: min(a, b),
    Op.MAX: lambda a, b, c: max(a, b),
    Op.ABS: lambda a, b, c: math.fabs(a),
    Op.LT: lambda a, b, c: float(a < b),
    Op.LE: lambda a, b, c: float(a <= b),
    Op.EQ: lambda a, b, c: float(a == b),
    Op.NE: lambda a, b, c: float(a != b),
    Op.AND: lambda a, b, c: float(bool(a) and bool(b)),
    Op.OR: lambda a, b, c: float(bool(a) or bool(b)),
    Op.NOT: lambda a, b, c: float(not a),
    Op.SELECT: lambda a, b, c: a if c else b,
    Op.FLOOR: lambda a, b, c: whole(a, b),
}


@dataclass
class Path:
    """One lane: its slots, what it is fed, what it remembers."""

    program: Program
    slots: list[float]
    feed: list[list[float]]
    row: int = 0
    moved: float = 0.0
    memory: dict[tuple[int, int], float] = field(default_factory=dict)

    def run(self, records: list[list[float]]) -> Fault | None:
        """All rows; appends what is recorded row by row; returns the first fault."""
        first: Fault | None = None
        for row in range(self.program.pays.shape[1]):
            self.row = row
            before = [self.slots[slot] for slot in self.program.cash]
            self.moved = 0.0
            for begin, end, stage in self.program.segments.tolist():
                if stage < 0 or (self.program.pays[stage, self.row] and self.slots[self.program.stage_slot] == stage):
                    for line in self.program.code[begin:end].tolist():
                        self.obey(*line)
            first = first or self.verdict(before)
            records.append([self.slots[slot] for slot in self.program.record])
        return first

    def obey(self, number: int, dst: int, a: int, b: int, c: int, mask: int, k: int) -> None:
        op = Op(number)
        on = mask < 0 or self.slots[mask] != 0
        operands = {"dst": dst, "a": a, "b": b, "c": c, "k": k}
        if op in (Op.PAY, Op.DRAW):
            self.pay(on, **operands)
        elif op is Op.PRORATA:
            self.slots[dst] = self.share(a, b, c, k) if on else 0.0
        elif on:
            self.write(op, **operands)

    def write(self, op: Op, dst: int, a: int, b: int, c: int, k: int) -> None:
        slots = self.slots
        if op in FORMULAS:
            slots[dst] = FORMULAS[op](*(slots[place] if place >= 0 else math.nan for place in (a, b, c)))
        elif op is Op.INPUT:
            slots[dst] = self.feed[k][self.row]
        elif op is Op.TABLE:
            slots[dst] = float(self.program.tables[k, self.row])
        elif op is Op.STAGE:
            slots[dst] = 1.0 if slots[a] == k else 0.0
        elif op is Op.SET:
            slots[dst] = slots[a]
        elif op is Op.ACCUM:
            slots[dst] = slots[dst] + slots[a]
        elif op is Op.ZERO:
            slots[dst:k] = [0.0] * (k - dst)
        elif op is Op.MOVE:
            self.carry(slots[b], a, dst)
        elif op is Op.REMEMBER:
            self.memory[k, self.row] = slots[a]
        elif op in (Op.BUY, Op.SELL):
            raise AssertionError("purchases and sales are met by the slow twin of whole deals")
        elif op is Op.RECALL:
            lag = slots[a]
            slots[dst] = self.memory.get((k, self.row - math.floor(lag)), 0.0) if 0 <= lag <= self.row else 0.0
        else:
            raise AssertionError(f"the twin does not know {op!r}")

    def pay(self, on: bool, dst: int, a: int, b: int, c: int, k: int) -> None:
        most = min(self.slots[b], self.slots[a])
        paid = 0.0
        if on and not most <= 0:
            paid = whole(most, self.slots[c] if c >= 0 else 0.0)
        self.carry(paid, a, k)
        self.slots[dst] = paid

    def carry(self, amount: float, source: int, target: int) -> None:
        self.slots[source] -= amount
        if target >= 0:
            self.slots[target] += amount
        self.moved += abs(amount)

    def share(self, a: int, b: int, c: int, k: int) -> float:
        need, total, cash = self.slots[a], self.slots[b], self.slots[c]
        if total <= cash:
            return need
        if cash <= 0:
            return 0.0
        return whole(cash * divided(need, total), self.slots[k] if k >= 0 else 0.0)

    def verdict(self, before: list[float]) -> Fault | None:
        """What is wrong at the close of the row: a number that is none, an overdraft, cash from nowhere."""
        tolerance = CASH_TOLERANCE * (sum(abs(value) for value in before) + self.moved)
        for slot in self.program.finite:
            if not math.isfinite(self.slots[slot]):
                return Fault(FAULT_FINITE, self.row, int(slot), 0, self.slots[slot])
        for slot in self.program.nonneg:
            if self.slots[slot] < -(NEGATIVE_TOLERANCE + tolerance):
                return Fault(FAULT_NEGATIVE, self.row, int(slot), 0, self.slots[slot])
        opened = sum(before) if self.row else 0.0
        appeared = sum(self.slots[slot] for slot in self.program.cash) - opened
        if not abs(appeared) <= tolerance:
            return Fault(FAULT_CASH, self.row, -1, 0, appeared)
        return None


def run_naive(program: Program, start: np.ndarray, inputs: np.ndarray) -> tuple[Fault, np.ndarray, np.ndarray]:
    """``(fault, state, out)`` as ``run_block`` leaves them."""
    lanes = inputs.shape[2]
    state, out = np.empty((len(start), lanes)), np.empty((len(program.record), program.pays.shape[1], lanes))
    worst = Fault(0, -1, -1, -1, 0.0)
    for lane in reversed(range(lanes)):
        column = start[:, lane if start.shape[1] > 1 else 0]
        path, records = Path(program, column.tolist(), inputs[:, :, lane].tolist()), []
        fault = path.run(records)
        if fault is not None:
            worst = fault._replace(lane=lane)
        state[:, lane] = path.slots
        out[:, :, lane] = np.array(records).reshape(out.shape[1], out.shape[0]).T
    return worst, state, out
