"""PathInputs + Program → TranchePaths: the only place where a Program meets the kernel."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from absengine.deal.program import Compiled
from absengine.errors import BudgetError, Problem, Problems, ScenarioError, Where
from absengine.kernels.opcodes import (
    FAULT_CASH,
    FAULT_FINITE,
    FAULT_NEGATIVE,
    FAULT_NONE,
    Fault,
    Op,
)
from absengine.language.validation import did_you_mean
from absengine.schema import Floats, Labels

_FAULTS = {
    FAULT_CASH: "cash accounts and the outside world do not add up to zero",
    FAULT_NEGATIVE: "a balance below zero",
    FAULT_FINITE: "an amount that is not a finite number",
}


@dataclass
class Buffers:
    """Work space of one thread for blocks of up to ``lanes`` lanes, reused from block to block."""

    state: Floats
    history: Floats
    out: Floats

    @classmethod
    def make(cls, deal: Compiled, lanes: int) -> Buffers:
        rows = deal.program.pays.shape[1]
        return cls(
            state=np.empty((len(deal.initial), lanes)),
            history=np.empty((deal.program.histories, rows, lanes)),
            out=np.empty((len(deal.program.record), rows, lanes)),
        )


def settable(deal: Compiled) -> tuple[str, ...]:
    """Names a case may override: terms of classes, accounts, fees, supports, and the literals of formulas."""
    return tuple(name for name in deal.params if "." in name and not name.startswith(("stage.", "money.", "scratch.")))


def start_values(deal: Compiled, overrides: Sequence[Mapping[str, float]], places: Iterable[Where]) -> Floats:
    """``(slot, lane)`` state before the first row; ``overrides`` in main units, one mapping per lane.

    Raises ScenarioError for every name that is not a parameter of the deal.
    """
    start = np.repeat(deal.initial[:, None], len(overrides), axis=1)
    problems, known = Problems(), settable(deal)
    for lane, (changes, where) in enumerate(zip(overrides, places, strict=True)):
        for name, value in changes.items():
            slot = _parameter(deal, name, known)
            if slot is None:
                todo = did_you_mean(name, known, "explain lists every term")
                problems.add("unknown-parameter", where, f"'{name}'", f"{', '.join(known[:12])}, …", todo)
                continue
            is_money = deal.slot_names[slot] in deal.money_params
            start[slot, lane] = value * deal.scale if is_money else value
    problems.refuse(ScenarioError)
    for state, parameter in deal.starts:
        start[state] = start[parameter]
    *accounts, world = deal.program.cash
    start[world] = -start[accounts].sum(axis=0)  # what accounts open with came from outside
    return start


def _parameter(deal: Compiled, name: str, known: tuple[str, ...]) -> int | None:
    """The slot of a parameter; ``tranche.A.coupon`` is short for its rate or spread."""
    for candidate in (name, f"{name}.rate", f"{name}.spread"):
        if candidate in known:
            return deal.params[candidate]
    return None


def run_waterfall(deal: Compiled, labels: Labels, start: Floats, inputs: Floats, buffers: Buffers) -> Floats:
    """Run one block; ``start`` (slot, lane), ``inputs`` (channel, row, lane). Returns a view (item, row, lane).

    Raises BudgetError naming the path, date and step on which money did not close.
    """
    from absengine.kernels.waterfall import run_block

    lanes = start.shape[1]
    state = buffers.state if buffers.state.shape[1] == lanes else np.empty((len(start), lanes))
    history, out = buffers.history[:, :, :lanes], buffers.out[:, :, :lanes]
    fault = run_block(deal.program, start, inputs, state, history, out, -1)
    if fault.code != FAULT_NONE:
        fault = run_block(deal.program, start, inputs, state, history, out, fault.row)
        raise BudgetError(_broken(deal, labels, fault))
    return out


def _broken(deal: Compiled, labels: Labels, fault: Fault) -> Problem:
    """The fault in four parts: the deal line of the first instruction that broke the budget."""
    instruction = fault.instruction
    where = deal.places[instruction] if instruction >= 0 else None
    slot = f" in {deal.slot_names[fault.slot]}" if fault.slot >= 0 else ""
    op = f", instruction {instruction} ({Op(int(deal.program.code[instruction, 0])).name})" if instruction >= 0 else ""
    found = f"{_FAULTS[fault.code]}{slot}: {fault.amount:g} on {labels.pay_dates[fault.row]}, path {fault.lane}{op}"
    return Problem(
        "cash-break", where or Where(), found, "a cash budget that closes", "please report this with the deal"
    )
