"""PathInputs + Program → TranchePaths: the only place where a Program meets the kernel."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

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


class Buffers:
    """Work space of one thread, reused from block to block as long as blocks keep their width."""

    def __init__(self, deal: Compiled) -> None:
        self._deal = deal
        self._state = np.empty((0, 0))
        self._history = np.empty((0, 0, 0))

    def of(self, lanes: int) -> tuple[Floats, Floats]:
        """State (slot, lane) and history (track, row, lane) for a block of ``lanes``."""
        if self._state.shape[1] != lanes:
            rows = self._deal.program.pays.shape[1]
            self._state = np.empty((len(self._deal.initial), lanes))
            self._history = np.empty((self._deal.program.histories, rows, lanes))
        return self._state, self._history


def settable(deal: Compiled) -> tuple[str, ...]:
    """Names a case may override: terms of classes, accounts, fees, supports, and the literals of formulas."""
    inner = ("stage.", "money.", "scratch.")
    return tuple(name for name in deal.params if "#" in name or ("." in name and not name.startswith(inner)))


def start_values(deal: Compiled, overrides: Sequence[Mapping[str, float]], places: Iterable[Where]) -> Floats:
    """``(slot, lane)`` state before the first row; ``overrides`` in main units, one mapping per lane.

    Raises ScenarioError for every name that is not a parameter of the deal, and for values that no deal could state.
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
            if not _possible(deal.slot_names[slot], value, is_money):
                found = f"{name} = {value}"
                problems.add("parameter-out-of-range", where, found, "an amount, rate or price a deal could state",
                             "take the minus out; a price is above 0")  # fmt: skip
            start[slot, lane] = value * deal.scale if is_money else value
    problems.refuse(ScenarioError)
    for state, parameter in deal.starts:
        start[state] = start[parameter]
    *accounts, world = deal.program.cash
    start[world] = -start[accounts].sum(axis=0)  # what accounts open with came from outside
    return start


def _possible(name: str, value: float, is_money: bool) -> bool:
    """Whether a case may set a parameter so: prices above 0; amounts, fees and taxes not below; formulas anyhow."""
    if name.startswith("purchase.") and name.endswith(".price"):
        return value > 0.0
    bound = name.startswith(("fee.", "tax.")) or name.endswith(".ard.additional")
    return value >= 0.0 or "#" in name or not (is_money or bound)


def _parameter(deal: Compiled, name: str, known: tuple[str, ...]) -> int | None:
    """The slot of a parameter; ``tranche.A.coupon`` is short for its rate or spread."""
    for candidate in (name, f"{name}.rate", f"{name}.spread"):
        if candidate in known:
            return deal.params[candidate]
    return None


def run_waterfall(
    deal: Compiled,
    labels: Labels,
    names: Sequence[str],
    start: Floats,
    inputs: Floats,
    out: Floats,
    buffers: Buffers,
) -> None:
    """Run one block: ``start`` (slot, lane), ``inputs`` (channel, row + 1, lane), ``out`` (item, row, lane) is written.

    Where the deal buys or sells contracts, ``inputs`` become what the pool pays with what was bought or sold.

    ``names`` are the scenarios of the lanes. Raises BudgetError naming scenario, date and step if money does not close.
    """
    from absengine.kernels.waterfall import run_block

    state, history = buffers.of(start.shape[1])
    changes = len(deal.program.purchases) or len(deal.program.sold)
    before = inputs.copy() if changes else inputs
    fault = run_block(deal.program, start, inputs, state, history, out)
    if fault.code != FAULT_NONE:
        inputs[:] = before
        fault = run_block(deal.program, start, inputs, state, history, out, fault.row)
        raise BudgetError(_broken(deal, labels, names, fault))


def _broken(deal: Compiled, labels: Labels, names: Sequence[str], fault: Fault) -> Problem:
    """The fault in four parts: the deal line of the first instruction that broke the budget."""
    instruction = fault.instruction
    where = deal.places[instruction] if instruction >= 0 else None
    slot = f" in {deal.slot_names[fault.slot]}" if fault.slot >= 0 else ""
    op = f", instruction {instruction} ({Op(int(deal.program.code[instruction, 0])).name})" if instruction >= 0 else ""
    when = f"on {labels.pay_dates[fault.row]}, scenario {names[fault.lane]}"
    found = f"{_FAULTS[fault.code]}{slot}: {fault.amount:g} {when}{op}"
    return Problem(
        "cash-break", where or Where(), found, "a cash budget that closes", "please report this with the deal"
    )
