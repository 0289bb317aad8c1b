"""Deal + rows → Program: the order of a row, written once (design §5).

collect → account interest → accrue → tests "after collection" and "before payment" → stage is fixed → its list →
tests "after payment" → close.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from absengine.deal import accrue, purchases, taxes
from absengine.deal.assembler import Slot, encode, lay_out
from absengine.deal.builder import Builder, Locate
from absengine.deal.collecting import collect
from absengine.deal.definitions import in_order
from absengine.deal.figures import emit_figure
from absengine.deal.hedges import accrue_hedge, settle_hedge
from absengine.deal.names import known_names
from absengine.deal.nouns import DealFile
from absengine.deal.payout_fees import by_account
from absengine.deal.triggers import compile_trigger
from absengine.deal.verbs import compile_step
from absengine.errors import Where
from absengine.kernels.opcodes import Op, Program
from absengine.schema import Floats, Timeline


@dataclass(frozen=True)
class Compiled:
    """A deal ready to run: its program, where each lane starts, and what each number is called.

    ``initial`` is (slot,) in counting units; ``params`` maps parameter names to slots, of which ``money_params`` are
    amounts; ``starts`` are (state, parameter) pairs copied before the first row; ``items`` names the recorded slots;
    ``places`` gives the deal line of every instruction.
    """

    program: Program
    initial: Floats
    params: dict[str, int]
    money_params: frozenset[str]
    starts: tuple[tuple[int, int], ...]
    channels: tuple[str, ...]
    items: tuple[str, ...]
    slot_names: tuple[str, ...]
    places: tuple[Where | None, ...]
    scale: float


def compile_program(
    deal: DealFile, timeline: Timeline, plans: dict[str, Floats], pool_balance: float, locate: Locate
) -> Compiled:
    """Compile a checked deal. ``plans`` maps tranche to principal by row, ``pool_balance`` is at the cut-off dates."""
    b = Builder(deal, timeline, plans, pool_balance, locate, known_names(deal))
    opening = b.asm.segment("open")
    with b.asm.into(opening):
        b.asm.emit(Op.ZERO, b.ran, k=b.ran)  # operands are set once every flow is known
        accrue.credit_account_interest(b)
        collect(b)
        purchases.offer(b)
        accrue.accrue_coupons(b)
        _take_once_a_row(b)
    with b.asm.into(b.asm.segment("tests before payment")), b.asm.scope():
        _tests_before(b)
    for number, (name, stage) in enumerate(deal.stage.items()):
        with b.asm.into(b.asm.segment(f"stage {name}", number)), b.asm.scope():
            active, b.charged = b.asm.scratch(), by_account(deal, name)
            b.asm.emit(Op.STAGE, active, b.stage, k=number)
            b.asm.emit(Op.SET, b.flow("stage_run"), b.asm.param(f"stage.{name}", float(number)), mask=active)
            for hedge in deal.hedge:
                settle_hedge(b, hedge, active)
            accrue.fall_due(b, active)
            for tax in deal.tax:
                with b.asm.scope(b.locate(("tax", tax))):
                    taxes.fall_due(b, tax, active)
            for index, step in enumerate(stage.step):
                compile_step(b, name, step, ("stage", name, "step", index), active)
    with b.asm.into(b.asm.segment("tests after payment")), b.asm.scope():
        for figure in _figures(deal, "after payment"):
            emit_figure(b, figure)
        for name, trigger in deal.trigger.items():
            if trigger.test == "after payment":
                compile_trigger(b, name, trigger, b.ran)
    with b.asm.into(b.asm.segment("close")), b.asm.scope():
        _close(b)
    return _finish(b, timeline)


def _take_once_a_row(b: Builder) -> None:
    """Fees by time, hedges and figures, each after those it names."""
    early = _figures(b.deal, "after collection")
    for kind, _, name in (term.partition(".") for term in in_order(b.deal, ("fee", "hedge", "figure"))):
        if kind == "fee":
            accrue.accrue_fee(b, name)
        elif kind == "hedge":
            accrue_hedge(b, name)
        elif name in early:
            emit_figure(b, name)


def _figures(deal: DealFile, moment: str) -> list[str]:
    """Figures taken at one moment of the row, each after those it names."""
    names = [name.partition(".")[2] for name in in_order(deal, ("figure",))]
    return [name for name in names if deal.figure[name].at == moment]


def _tests_before(b: Builder) -> None:
    """Tests on every row "after collection"; then "before payment", where the stage they left the lane in pays."""
    early, late = (
        {name: trigger for name, trigger in b.deal.trigger.items() if trigger.test == moment}
        for moment in ("after collection", "before payment")
    )
    for name, trigger in early.items():
        compile_trigger(b, name, trigger, None)
    paying = _paying(b) if late else None
    for name, trigger in late.items():
        compile_trigger(b, name, trigger, paying)


def _paying(b: Builder) -> Slot:
    flag = b.asm.zero
    for number in range(len(b.deal.stage)):
        inside = b.asm.scratch()
        b.asm.emit(Op.STAGE, inside, b.stage, k=number)
        pays = b.asm.table(b.timeline.pays[number].astype(float))
        flag = b.asm.value(Op.OR, flag, b.asm.value(Op.AND, inside, pays))
    return flag


def _close(b: Builder) -> None:
    """Overdue principal, the stage, gaps for late helpers; running totals start again where a list has run.

    Supports and ledgers are recorded whether or not a step names them: their terms are settable, their figures shown.
    """
    for name in b.deal.support:
        b.support_left(name), b.support_owed(name)
        for part in ("called", "drawn", "repaid"):
            b.flow(f"support.{name}.{part}")
    for name in b.deal.ledger:
        b.ledger(name)
    for name in b.deal.purchase:
        b.flow(f"purchase.{name}.paid"), b.flow(f"purchase.{name}.principal")
    for name, tranche in b.deal.tranche.items():
        if tranche.principal is not None:
            with b.asm.scope(b.locate(("tranche", name))):
                overdue = b.asm.flow(f"tranche.{name}.principal_overdue")
                b.kept(f"tranche.{name}.principal_overdue", overdue)
                b.asm.emit(Op.COPY, overdue, b.principal_due(name))
    for track, gap in b.gaps:
        b.asm.emit(Op.REMEMBER, None, gap, k=track)
    for slots in b.memories:
        for older, newer in zip(reversed(slots[1:]), reversed(slots[:-1]), strict=True):
            b.asm.emit(Op.SET, older, newer, mask=b.ran)
    for slot in list(b.asm.slots.values()):
        if slot.name.startswith("collected."):
            b.asm.emit(Op.SET, slot, b.asm.zero, mask=b.ran)
    b.kept("stage", b.stage)
    b.kept("ran", b.ran)
    b.kept("pool.defaulted", b.asm.state("pool.defaulted"))


def _finish(b: Builder, timeline: Timeline) -> Compiled:
    layout = lay_out(b.asm)
    code, segments = encode(b.asm, layout)
    code[0, 1], code[0, 6] = layout.flows
    number = layout.numbers
    accounts = [number[f"account.{name}.balance"] for name in b.deal.account]
    stocks = (".balance", "_unpaid", ".unpaid", ".owed", ".left")  # cash, principal, claims, what supports have left
    money = [index for name, index in number.items() if name.endswith(stocks)]
    program = Program(
        code=code,
        segments=segments,
        pays=timeline.pays.astype(np.uint8),
        tables=np.array(b.asm.tables, dtype=float).reshape(-1, timeline.rows),
        stage_slot=number["stage"],
        cash=np.array([*accounts, number["world"]], dtype=np.int32),
        nonneg=np.array(money, dtype=np.int32),
        finite=np.array(money, dtype=np.int32),
        record=np.array([layout[slot] for slot in b.record.values()], dtype=np.int32),
        histories=b.asm.histories,
        **purchases.arrays(b),
    )
    groups = {slot.name: slot.group for slot in b.asm.slots.values()}
    return Compiled(
        program=program,
        initial=layout.initial,
        params={name: index for name, index in number.items() if groups[name] == "param"},
        money_params=frozenset(b.money_params),
        starts=tuple((layout[state], layout[start]) for state, start in b.starts),
        channels=tuple(b.asm.channels),
        items=tuple(b.record),
        slot_names=tuple(number),
        places=tuple(line.place for segment in b.asm.segments for line in segment.code),
        scale=b.scale,
    )
