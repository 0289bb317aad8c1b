"""What is agreed beside coupon and principal of a class: the investors' put (回售) and the anticipated repayment date.

On an option date a share of the class is put to the issuer: that principal falls due, and the coupon of what is left is
adjusted (票面利率调整). From an anticipated repayment date on, a class still outstanding earns additional interest, a
claim of its own that a step pays where the deal places it.
"""

from __future__ import annotations

import numpy as np

from absengine.deal.assembler import Slot
from absengine.deal.builder import Builder
from absengine.deal.timeline import day
from absengine.kernels.opcodes import Op
from absengine.schema import Dates


# put --------------------------------------------------------------------------------------------------------------
def put_adjustment(b: Builder, name: str) -> Slot | None:
    """What the option dates before this row's interest have added to the coupon [1/year]; None without a put."""
    put = b.tranche(name).put
    if put is None:
        return None
    passed = np.concatenate([[0.0], np.cumsum(b.option_rows(name))[:-1]])
    change = b.asm.param(f"tranche.{name}.put.adjust", put.adjust)
    return b.asm.value(Op.MUL, change, b.asm.table(passed))


def put_falls_due(b: Builder, name: str, active: Slot) -> None:
    """On an option date the list finds the put amount: a share of the balance, in whole notes or units."""
    if b.tranche(name).put is None:
        return
    b.asm.emit(Op.SET, b.put_open(name), b.put_due(name), mask=active)
    b.asm.emit(Op.SET, b.put_taken(name), b.asm.one, mask=active)


# anticipated repayment date ---------------------------------------------------------------------------------------
def accrue_additional(b: Builder, name: str) -> None:
    """Additional interest of a row: on the balance, for its days from the anticipated repayment date on."""
    terms = b.tranche(name).ard
    if terms is None:
        return
    with b.asm.scope(b.locate(("tranche", name, "ard"))):
        line, coupon = b.timeline, b.tranche(name).coupon
        assert coupon is not None
        start: Dates = np.minimum(np.maximum(line.accrual_start, day(terms.date)), line.accrual_end)
        years = b.asm.table(b.years(coupon.day_count, line.anchor, start, line.accrual_end))
        rate = b.asm.value(Op.MUL, b.asm.param(f"tranche.{name}.ard.additional", terms.additional), years)
        base = b.balance(name)
        if terms.on_unpaid == "compound":
            base = b.asm.value(Op.ADD, base, b.additional_unpaid(name))
        b.add(b.additional_accrued(name), b.asm.value(Op.MUL, base, rate))


def additional_falls_due(b: Builder, name: str, active: Slot) -> None:
    """When a list runs: whole units of what has accrued; the fraction waits."""
    if b.tranche(name).ard is None:
        return
    fresh = b.floored(b.additional_accrued(name), b.tranche_quantum(name))
    b.add(b.additional_unpaid(name), fresh, active)
    b.take(b.additional_accrued(name), fresh, active)
    b.asm.emit(Op.SET, b.flow(f"tranche.{name}.additional_due"), b.additional_unpaid(name), mask=active)


def additional_due(b: Builder, name: str) -> Slot:
    """Additional interest payable now: carried unpaid plus what has accrued to this payment date."""
    if b.tranche(name).ard is None:
        return b.asm.zero
    fresh = b.floored(b.additional_accrued(name), b.tranche_quantum(name))
    return b.asm.value(Op.ADD, b.additional_unpaid(name), fresh)
