"""Start of every row: account interest, accrual of coupons and fees; claims fall due when a list runs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from absengine.calendars.date_rules import add_months
from absengine.deal.assembler import Slot
from absengine.deal.builder import Builder
from absengine.deal.formulas import emit_formula
from absengine.deal.nouns import Fee, FixedCoupon, FloatingCoupon, Tranche
from absengine.deal.options import accrue_additional, additional_falls_due, put_adjustment, put_falls_due
from absengine.kernels.opcodes import Op
from absengine.language.formula import Kind
from absengine.language.units import AmountPer
from absengine.schema import Dates, Floats


def credit_account_interest(b: Builder) -> None:
    """The bank's interest on each account since the last calculation date (first: closing) comes from outside."""
    for name, account in b.deal.account.items():
        b.account(name)
        if account.interest is None:
            continue
        with b.asm.scope(b.locate(("account", name, "interest"))):
            rate = b.asm.param(f"account.{name}.interest.rate", account.interest.rate)
            factor = b.asm.value(Op.MUL, rate, b.bank_factor(account.interest.day_count))
            amount = b.asm.value(Op.MUL, b.account(name), factor)
            b.asm.emit(Op.MOVE, b.account(name), b.world, amount)
            b.add(b.flow(f"account.{name}.interest"), amount)


def accrue_coupons(b: Builder) -> None:
    """Accrued interest grows by balance × coupon × year fraction; unpaid interest too where the terms say so."""
    for name, tranche in b.deal.tranche.items():
        b.balance(name)
        if tranche.coupon is None:
            continue
        with b.asm.scope(b.locate(("tranche", name, "coupon"))):
            coupon = _coupon(b, name, tranche.coupon)
            accrue_additional(b, name)
            rate = b.asm.value(Op.MUL, coupon, b.accrual_factor(tranche.coupon.day_count))
            base = b.balance(name)
            if tranche.interest_on_unpaid == "compound":
                base = b.asm.value(Op.ADD, base, b.interest_unpaid(name))
            b.add(b.interest_accrued(name), b.asm.value(Op.MUL, base, rate))
            if tranche.interest_on_unpaid == "simple":  # interest on interest bears none itself
                plain = b.asm.value(Op.SUB, b.interest_unpaid(name), b.interest_on_interest(name))
                b.add(b.interest_on_interest_accrued(name), b.asm.value(Op.MUL, plain, rate))


def _coupon(b: Builder, name: str, terms: FixedCoupon | FloatingCoupon) -> Slot:
    """The coupon of this row [1/year], recorded; never below zero, for holders owe the plan nothing."""
    applied = b.flow(f"tranche.{name}.coupon")
    if isinstance(terms, FixedCoupon):
        rate = b.asm.param(f"tranche.{name}.coupon.rate", terms.rate)
        level = _adjusted(b, name, b.asm.value(Op.ADD, rate, b.asm.table(_steps(b, terms))))
    else:
        spread = b.asm.param(f"tranche.{name}.coupon.spread", terms.spread)
        market = b.asm.value(Op.ADD, b.asm.input(f"index.{terms.index}"), spread)
        fixed = b.asm.state(f"tranche.{name}.coupon_reset")
        b.asm.emit(Op.SET, fixed, market, mask=b.asm.table(resets(b, terms.reset)))
        level = _bounded(b, name, terms, _adjusted(b, name, fixed))
    b.asm.emit(Op.MAX, applied, level, b.asm.zero)
    return applied


def _adjusted(b: Builder, name: str, rate: Slot) -> Slot:
    """A coupon with what option dates have added to it (票面利率调整)."""
    change = put_adjustment(b, name)
    return rate if change is None else b.asm.value(Op.ADD, rate, change)


def _bounded(b: Builder, name: str, terms: FloatingCoupon, rate: Slot) -> Slot:
    """A floating coupon within its floor and its cap; where a case puts the floor above the cap, the cap holds."""
    if terms.floor is not None:
        rate = b.asm.value(Op.MAX, rate, b.asm.param(f"tranche.{name}.coupon.floor", terms.floor))
    if terms.cap is not None:
        rate = b.asm.value(Op.MIN, rate, b.asm.param(f"tranche.{name}.coupon.cap", terms.cap))
    return rate


def _steps(b: Builder, terms: FixedCoupon) -> Floats:
    """What steps add to the first rate, row by row: each counts from its own day, so that a row it falls into has the
    mean of its days.
    """
    line = b.timeline
    added, before = np.zeros(line.rows), terms.rate
    whole = b.years(terms.day_count, line.anchor, line.accrual_start, line.accrual_end)
    for date, level in terms.steps:
        day = np.datetime64(date, "D")
        inside = (line.accrual_start < day) & (day < line.accrual_end) & (whole > 0)
        rest = b.years(terms.day_count, line.anchor, np.where(inside, day, line.accrual_start), line.accrual_end)
        share = np.where(inside, rest / np.where(whole > 0, whole, 1.0), line.accrual_start >= day)
        added, before = added + (level - before) * share, level
    return added


def resets(b: Builder, reset: str) -> Floats:
    """Rows that start an interest period on which a floating rate is fixed: each, or the first of each new year."""
    line = b.timeline
    flags = line.accrual_start == line.anchor
    if reset == "yearly":
        flags = np.diff(_whole_years(line.closing, line.anchor), prepend=-1) > 0
    return np.asarray(flags, dtype=float)


def _whole_years(closing: np.datetime64, dates: Dates) -> NDArray[np.int64]:
    """Anniversaries of closing up to each date."""
    months = dates.astype("datetime64[M]").astype(np.int64) - closing.astype("datetime64[M]").astype(np.int64)
    return np.asarray((months - (add_months(closing, months) > dates)) // 12)


def accrue_fee(b: Builder, name: str) -> None:
    """Fees by time (a year, a month, a collection period) accrue on every row; the others wait for a list to run."""
    fee = b.deal.fee[name]
    with b.asm.scope(b.locate(("fee", name))):
        if _per(fee) in BY_TIME:
            amount = _over_row(b, _charge(b, name, fee), _per(fee), fee)
            charged = b.asm.value(Op.MUL, amount, b.asm.input("fee_factor"))
            b.add(b.asm.state(f"fee.{name}.accrued"), b.where_set(goes_on(b, name), charged))
    if fee.cap is not None and fee.cap.per in BY_TIME:
        with b.asm.scope(b.locate(("fee", name, "cap"))):
            room = _over_row(b, b.money(f"fee.{name}.cap", fee.cap.value), fee.cap.per, fee)
            b.add(cap_room(b, name, fee.cap), room)


BY_TIME = ("year", "month", "collection")


def goes_on(b: Builder, name: str) -> Slot | None:
    """Flag of lanes on which a fee is still charged (``while``); None where it has no end of its own."""
    hold = b.deal.fee[name].hold
    return None if hold is None else emit_formula(b, hold, Kind.FLAG, ("fee", name, "while"))


def _per(fee: Fee) -> str:
    terms = fee.rate or fee.amount
    assert terms is not None
    return terms.per


def _charge(b: Builder, name: str, fee: Fee) -> Slot:
    """One charge of a fee, for whatever it is charged per: rate on base, or amount; a single charge only once."""
    if fee.rate is not None:
        assert fee.base is not None
        base = b.asm.positive(emit_formula(b, fee.base, Kind.MONEY, ("fee", name, "base")))
        return b.asm.value(Op.MUL, base, b.asm.param(f"fee.{name}.rate", fee.rate.rate))
    assert fee.amount is not None
    amount = b.money(f"fee.{name}.amount", fee.amount.value)
    return b.opened(f"fee.{name}.once", amount) if fee.amount.per == "once" else amount


def _over_row(b: Builder, charge: Slot, per: str, fee: Fee) -> Slot:
    """The part of a charge per year, month or collection period that falls on this row."""
    if per == "collection":
        return charge
    return b.asm.value(Op.MUL, charge, b.asm.table(_months(b, fee)) if per == "month" else _fee_factor(b, fee))


def _fee_factor(b: Builder, fee: Fee) -> Slot:
    return b.accrual_factor(fee.day_count) if fee.over == "payment" else b.collection_factor(fee.day_count)


def _months(b: Builder, fee: Fee) -> Floats:
    """Calendar months of each row: whole from month end to month end, days over 30 otherwise."""
    line = b.timeline
    if fee.over == "payment":
        starts, ends = line.accrual_start, line.accrual_end
    else:
        ends = line.calc_date + np.timedelta64(1, "D")
        starts = np.concatenate([[line.cutoff], ends[:-1]])
    whole = ends.astype("datetime64[M]").astype(int) - starts.astype("datetime64[M]").astype(int)
    days = (ends - ends.astype("datetime64[M]")).astype(int) - (starts - starts.astype("datetime64[M]")).astype(int)
    return np.asarray(whole + days / 30.0, dtype=float)


def owes_by_terms(tranche: Tranche) -> bool:
    """Whether principal falls due whatever a step allots: by plan, target, bullet or put."""
    passes = tranche.principal is None or tranche.principal.kind == "pass_through"
    return tranche.put is not None or not passes


def fall_due(b: Builder, active: Slot) -> None:
    """When a list runs: accrued interest and fees become due, cut down to whole units; the fraction waits."""
    b.asm.emit(Op.SET, b.ran, b.asm.one, mask=active)
    for name, tranche in b.deal.tranche.items():
        with b.asm.scope(b.locate(("tranche", name))):
            if tranche.coupon is not None:
                fresh = b.floored(b.interest_accrued(name), b.tranche_quantum(name))
                b.add(b.interest_unpaid(name), fresh, active)
                b.take(b.interest_accrued(name), fresh, active)
                if tranche.interest_on_unpaid == "simple":
                    extra = b.floored(b.interest_on_interest_accrued(name), b.tranche_quantum(name))
                    b.take(b.interest_on_interest_accrued(name), extra, active)
                    b.add(b.interest_on_interest(name), extra, active)
                    b.add(b.interest_unpaid(name), extra, active)
                b.asm.emit(Op.SET, b.flow(f"tranche.{name}.interest_due"), b.interest_unpaid(name), mask=active)
            additional_falls_due(b, name, active)
            put_falls_due(b, name, active)
            if owes_by_terms(tranche):
                b.asm.emit(Op.SET, b.flow(f"tranche.{name}.principal_due"), b.principal_due(name), mask=active)
    for name, fee in b.deal.fee.items():
        with b.asm.scope(b.locate(("fee", name))):
            _fee_falls_due(b, name, fee, active)


def fee_to_come(b: Builder, name: str) -> Slot:
    """What a list that runs now adds to a fee besides what time has added, before it is cut to whole units."""
    fee = b.deal.fee[name]
    if _per(fee) in BY_TIME or fee.on_paid:
        return b.asm.zero
    charged = b.asm.value(Op.MUL, _charge(b, name, fee), b.asm.input("fee_factor"))
    return b.where_set(goes_on(b, name), charged)


def fresh_fee(b: Builder, claim: str) -> Slot:
    """What a list that runs now makes due of a fee, ``x``, or of what is over its cap, ``x.over_cap``."""
    name = claim.removesuffix(".over_cap")
    whole = b.floored(b.asm.value(Op.ADD, b.asm.state(f"fee.{name}.accrued"), fee_to_come(b, name)))
    cap = b.deal.fee[name].cap
    if cap is None:
        return whole
    inside = b.asm.value(Op.MIN, whole, b.floored(cap_room(b, name, cap)))
    return inside if claim == name else b.asm.value(Op.SUB, whole, inside)


def _fee_falls_due(b: Builder, name: str, fee: Fee, active: Slot) -> None:
    if fee.on_paid:  # its step makes it due, after what it is charged on
        b.asm.emit(Op.SET, b.flow(f"fee.{name}.due"), b.unpaid(f"fee.{name}"), mask=active)
        return
    accrued = b.asm.state(f"fee.{name}.accrued")
    b.add(accrued, fee_to_come(b, name), active)
    if _per(fee) == "once":
        b.asm.emit(Op.SET, _charge(b, name, fee), b.asm.zero, mask=b.both(goes_on(b, name), active))
    fresh = b.floored(accrued)
    b.take(accrued, fresh, active)
    inside = fresh
    if fee.cap is not None:
        room = cap_room(b, name, fee.cap)
        inside = b.asm.value(Op.MIN, fresh, b.floored(room))
        over = b.asm.value(Op.SUB, fresh, inside)
        b.add(b.unpaid(f"fee.{name}.over_cap"), over, active)
        _fallen(b, f"fee.{name}.over_cap", over, active)
        if fee.cap.per == "once":
            b.take(room, inside, active)
        elif fee.cap.per in BY_TIME:  # what is not used lapses
            b.asm.emit(Op.SET, room, b.asm.zero, mask=active)
    b.add(b.unpaid(f"fee.{name}"), inside, active)
    _fallen(b, f"fee.{name}", inside, active)
    b.asm.emit(Op.SET, b.flow(f"fee.{name}.due"), b.unpaid(f"fee.{name}"), mask=active)


def _fallen(b: Builder, claim: str, amount: Slot, active: Slot) -> None:
    """What has just fallen due of a fee, kept for the VAT that is due with it."""
    if any(claim in tax.fees for tax in b.deal.tax.values()):
        b.asm.emit(Op.SET, b.asm.flow(f"{claim}.fallen"), amount, mask=active)


def cap_room(b: Builder, name: str, cap: AmountPer) -> Slot:
    """Room under the cap: what time has granted since the last payment, the same at each payment, or once for life."""
    if cap.per in BY_TIME:
        return b.asm.state(f"fee.{name}.cap_accrued")
    granted = b.money(f"fee.{name}.cap", cap.value)
    return granted if cap.per == "payment" else b.opened(f"fee.{name}.cap_left", granted)
