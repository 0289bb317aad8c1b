"""Hedges → instructions: what a swap or a cap earns on each row, and what is settled when a list runs.

Net amounts accrue as coupons do. When a list runs they are settled in whole units: what the counterparty owes enters an
account before the first step, or is lost where it has failed by the payment date; what the plan owes is a claim a step
pays. A hedge whose counterparty has failed earns and costs nothing more; what the plan owed by then stays owed.
"""

from __future__ import annotations

import numpy as np

from absengine.deal.accrue import resets
from absengine.deal.assembler import Slot
from absengine.deal.builder import Builder
from absengine.deal.formulas import emit_formula
from absengine.deal.nouns import DealFile, Leg, Swap
from absengine.deal.timeline import day
from absengine.kernels.opcodes import Op
from absengine.language.formula import Kind
from absengine.schema import Floats


def can_owe(deal: DealFile) -> list[str]:
    """Hedges under which the plan may have to pay: swaps, and caps with a premium."""
    return [name for name, hedge in deal.hedge.items() if isinstance(hedge, Swap) or hedge.premium is not None]


def accrue_hedge(b: Builder, name: str) -> None:
    """Net earnings of this row [money], negative where the plan pays: notional × rate × year fraction."""
    hedge = b.deal.hedge[name]
    with b.asm.scope(b.locate(("hedge", name))):
        if isinstance(hedge, Swap):
            rate = b.asm.value(Op.SUB, _leg(b, name, "receive", hedge.receive), _leg(b, name, "pay", hedge.pay))
        else:
            level = _fixed(b, name, f"hedge.{name}.fixing", b.asm.input(f"index.{hedge.index}"))
            rate = b.asm.positive(b.asm.value(Op.SUB, level, b.asm.param(f"hedge.{name}.strike", hedge.strike)))
        notional = _notional(b, name)
        b.asm.emit(Op.COPY, b.flow(f"hedge.{name}.notional"), notional)
        net = b.asm.value(Op.MUL, notional, b.asm.value(Op.MUL, rate, b.accrual_factor(hedge.day_count)))
        net = b.where_set(_alive(b, name), net)
        b.asm.emit(Op.COPY, b.flow(f"hedge.{name}.net"), net)
        b.add(_accrued(b, name), net)


def settle_hedge(b: Builder, name: str, active: Slot) -> None:
    """When a list runs: whole units of what has accrued change hands or become a claim; the fraction waits."""
    hedge, accrued = b.deal.hedge[name], _accrued(b, name)
    with b.asm.scope(b.locate(("hedge", name))):
        coming, going = _to_come(b, name), _to_go(b, name)
        paid = b.where_set(b.asm.value(Op.AND, active, _alive(b, name)), coming)
        b.asm.emit(Op.MOVE, b.account(hedge.to), b.world, paid)
        b.add(b.flow(f"hedge.{name}.received"), paid)
        b.add(b.flow(f"hedge.{name}.missed"), b.asm.value(Op.SUB, coming, paid), active)
        b.take(accrued, coming, active)
        b.add(accrued, going, active)
        if name in can_owe(b.deal):
            b.add(b.unpaid(f"hedge.{name}"), b.asm.value(Op.ADD, going, _premium(b, name)), active)
            if not isinstance(hedge, Swap) and hedge.premium is not None and hedge.premium.per == "once":
                b.asm.emit(Op.SET, _premium_once(b, name), b.asm.zero, mask=active)
            b.asm.emit(Op.SET, b.flow(f"hedge.{name}.due"), b.unpaid(f"hedge.{name}"), mask=active)


def hedge_receivable(b: Builder, name: str) -> Slot:
    """What the counterparty pays when this row's list runs; nothing once it has, or where it has failed."""
    return b.where_set(b.asm.value(Op.AND, _alive(b, name), b.asm.value(Op.NOT, b.ran)), _to_come(b, name))


def hedge_due(b: Builder, name: str) -> Slot:
    """What the plan owes now: unpaid, and on a row whose list has not run yet, what it will add."""
    if name not in can_owe(b.deal):
        return b.asm.zero
    coming = b.asm.value(Op.ADD, _to_go(b, name), _premium(b, name))
    return b.asm.value(Op.ADD, b.unpaid(f"hedge.{name}"), b.where_set(b.asm.value(Op.NOT, b.ran), coming))


def _accrued(b: Builder, name: str) -> Slot:
    return b.asm.state(f"hedge.{name}.accrued")


def _alive(b: Builder, name: str) -> Slot:
    """The counterparty is alive on the row's payment date."""
    return b.asm.input(f"alive.{b.deal.hedge[name].counterparty}.hedge.{name}")


def _to_come(b: Builder, name: str) -> Slot:
    return b.floored(b.asm.positive(_accrued(b, name)))


def _to_go(b: Builder, name: str) -> Slot:
    return b.floored(b.asm.positive(b.asm.value(Op.SUB, b.asm.zero, _accrued(b, name))))


def _leg(b: Builder, name: str, side: str, leg: Leg) -> Slot:
    """The rate of one side of a swap [1/year]."""
    if leg.index is None:
        assert leg.rate is not None
        return b.asm.param(f"hedge.{name}.{side}.rate", leg.rate)
    spread = b.asm.param(f"hedge.{name}.{side}.spread", leg.spread)
    level = b.asm.value(Op.ADD, b.asm.input(f"index.{leg.index}"), spread)
    return _fixed(b, name, f"hedge.{name}.{side}.fixing", level)


def _fixed(b: Builder, name: str, item: str, level: Slot) -> Slot:
    """A level as fixed at the start of the interest period, or of its first one in a year, as floating coupons are."""
    fixed = b.asm.state(item)
    b.asm.emit(Op.SET, fixed, level, mask=b.asm.table(resets(b, b.deal.hedge[name].reset)))
    return fixed


def _notional(b: Builder, name: str) -> Slot:
    """The notional while the row accrues: a formula, before any payment of the row; or a dated schedule."""
    hedge = b.deal.hedge[name]
    if hedge.notional is not None:
        return b.asm.positive(emit_formula(b, hedge.notional, Kind.MONEY, ("hedge", name, "notional")))
    levels: Floats = np.zeros(b.timeline.rows)
    for date, amount in hedge.schedule:  # a change inside a row counts from the next one
        levels = np.where(b.timeline.accrual_start >= day(date), amount, levels)
    return b.asm.table(levels * b.scale)


def _premium(b: Builder, name: str) -> Slot:
    """What this row's list adds as premium; nothing once the counterparty has failed."""
    hedge = b.deal.hedge[name]
    if isinstance(hedge, Swap) or hedge.premium is None:
        return b.asm.zero
    if hedge.premium.per == "once":
        due = b.floored(_premium_once(b, name))
    else:
        due = b.floored(b.money(f"hedge.{name}.premium", hedge.premium.value))
    return b.where_set(_alive(b, name), due)


def _premium_once(b: Builder, name: str) -> Slot:
    hedge = b.deal.hedge[name]
    assert not isinstance(hedge, Swap) and hedge.premium is not None
    return b.opened(f"hedge.{name}.premium_open", b.money(f"hedge.{name}.premium", hedge.premium.value))
