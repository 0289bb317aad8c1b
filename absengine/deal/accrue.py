"""Start of every row: account interest, collection, accrual of coupons and fees; claims fall due when a list runs."""

from __future__ import annotations

import numpy as np

from absengine.deal.assembler import UNLIMITED, Slot
from absengine.deal.builder import CASH_CHANNELS, Builder
from absengine.deal.formulas import emit_formula
from absengine.deal.nouns import Fee, FixedCoupon, FloatingCoupon
from absengine.kernels.opcodes import Op
from absengine.language.formula import Kind
from absengine.language.units import AmountPer
from absengine.schema import RECOVERY_SOURCES, Floats


def credit_account_interest(b: Builder) -> None:
    """The bank's interest on each account's balance since the last calculation date comes from outside."""
    for name, account in b.deal.account.items():
        b.account(name)
        if account.interest is None:
            continue
        with b.asm.scope(b.locate(("account", name, "interest"))):
            rate = b.asm.param(f"account.{name}.interest.rate", account.interest.rate)
            factor = b.asm.value(Op.MUL, rate, b.collection_factor(account.interest.day_count))
            amount = b.asm.value(Op.MUL, b.account(name), factor)
            b.asm.emit(Op.MOVE, b.account(name), b.world, amount)
            b.add(b.flow(f"account.{name}.interest"), amount)


def collect(b: Builder) -> None:
    """Pool cash of the row enters its accounts; running totals since the last payment date feed ``collected.*``."""
    with b.asm.scope():
        open_pool = b.asm.value(Op.NOT, b.called)
        for channel in (*CASH_CHANNELS, *(f"recovery.{source}" for source in RECOVERY_SOURCES)):
            account = b.deal.collect.get(channel) or b.deal.collect.get(channel.split(".")[0])
            if account is None:
                continue
            with b.asm.scope(b.locate(("collect", channel.split(".")[0]))):
                amount = b.asm.input(channel)
                b.asm.emit(Op.MOVE, b.account(account), b.world, amount, mask=open_pool)
                b.add(collected(b, channel.split(".")[0]), amount, open_pool)
                b.add(b.flow("pool.collected"), amount, open_pool)
        for channel, total in (("recognised", "pool.defaulted"), ("default", "collected.default")):
            b.add(b.asm.state(total), b.asm.input(channel), open_pool)
        b.kept("pool.called", b.called)


def collected(b: Builder, channel: str) -> Slot:
    """Cash of one kind collected since the last payment date."""
    return b.asm.state(f"collected.{channel}")


def accrue_coupons(b: Builder) -> None:
    """Accrued interest grows by balance × coupon × year fraction; unpaid interest too where the terms say so."""
    for name, tranche in b.deal.tranche.items():
        b.balance(name)
        if tranche.coupon is None:
            continue
        with b.asm.scope(b.locate(("tranche", name, "coupon"))):
            coupon = _coupon(b, name, tranche.coupon)
            rate = b.asm.value(Op.MUL, coupon, b.accrual_factor(tranche.coupon.day_count))
            base = b.balance(name)
            if tranche.interest_on_unpaid == "compound":
                base = b.asm.value(Op.ADD, base, b.interest_unpaid(name))
            b.add(b.interest_accrued(name), b.asm.value(Op.MUL, base, rate))
            if tranche.interest_on_unpaid == "simple":  # interest on interest bears none itself
                plain = b.asm.value(Op.SUB, b.interest_unpaid(name), b.interest_on_interest(name))
                b.add(b.interest_on_interest_accrued(name), b.asm.value(Op.MUL, plain, rate))


def _coupon(b: Builder, name: str, terms: FixedCoupon | FloatingCoupon) -> Slot:
    """The coupon of this row [1/year], recorded."""
    applied = b.flow(f"tranche.{name}.coupon")
    if isinstance(terms, FixedCoupon):
        rate = b.asm.param(f"tranche.{name}.coupon.rate", terms.rate)
        steps = np.zeros(b.timeline.rows)
        for date, level in terms.steps:
            steps[b.timeline.accrual_start >= np.datetime64(date, "D")] = level - terms.rate
        b.asm.emit(Op.ADD, applied, rate, b.asm.table(steps))
        return applied
    spread = b.asm.param(f"tranche.{name}.coupon.spread", terms.spread)
    market = b.asm.value(Op.ADD, b.asm.input(f"index.{terms.index}"), spread)
    fixed = b.asm.state(f"tranche.{name}.coupon_reset")
    b.asm.emit(Op.SET, fixed, market, mask=b.asm.table(_resets(b, terms)))
    b.asm.emit(Op.COPY, applied, fixed)
    return applied


def _resets(b: Builder, terms: FloatingCoupon) -> Floats:
    """Rows on which a floating coupon is fixed anew: each interest period, or the first starting in each new year."""
    line = b.timeline
    flags = (line.accrual_start == line.anchor).astype(float)
    flags[0] = 1.0
    if terms.reset == "yearly":
        years = (line.accrual_start.astype("datetime64[D]") - line.closing).astype(int) // 365
        flags = np.concatenate([[1.0], (np.diff(years) > 0).astype(float)])
    return np.asarray(flags, dtype=float)


def accrue_fees(b: Builder) -> None:
    """Fees on a yearly or monthly footing accrue on every row; the others are assessed when a list runs."""
    for name, fee in b.deal.fee.items():
        with b.asm.scope(b.locate(("fee", name))):
            stress = b.asm.input("fee_factor")
            if fee.rate is not None and fee.rate.per == "year":
                assert fee.base is not None
                base = emit_formula(b, fee.base, Kind.MONEY, ("fee", name, "base"))
                yearly = b.asm.value(Op.MUL, base, b.asm.param(f"fee.{name}.rate", fee.rate.rate))
                amount = b.asm.value(Op.MUL, yearly, _fee_factor(b, fee))
            elif fee.amount is not None and fee.amount.per in ("year", "month", "collection"):
                amount = _timed_amount(b, f"fee.{name}.amount", fee.amount, fee)
            else:
                continue
            b.add(b.asm.state(f"fee.{name}.accrued"), b.asm.value(Op.MUL, amount, stress))
        if fee.cap is not None and fee.cap.per in ("year", "month", "collection"):
            with b.asm.scope(b.locate(("fee", name, "cap"))):
                b.add(b.asm.state(f"fee.{name}.cap_accrued"), _timed_amount(b, f"fee.{name}.cap", fee.cap, fee))


def _fee_factor(b: Builder, fee: Fee) -> Slot:
    return b.accrual_factor(fee.day_count) if fee.over == "payment" else b.collection_factor(fee.day_count)


def _timed_amount(b: Builder, param: str, amount: AmountPer, fee: Fee) -> Slot:
    """An amount per year, month or collection period, as it falls on this row."""
    value = b.money(param, amount.value)
    if amount.per == "collection":
        return value
    factor = _fee_factor(b, fee)
    if amount.per == "month":
        factor = b.asm.table(_months(b, fee))
    return b.asm.value(Op.MUL, value, factor)


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


def fall_due(b: Builder, active: Slot) -> None:
    """When a list runs: accrued interest, fees and taxes become due, cut down to whole units; the fraction waits."""
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
    for name, fee in b.deal.fee.items():
        with b.asm.scope(b.locate(("fee", name))):
            _fee_falls_due(b, name, fee, active)
    for name, tax in b.deal.tax.items():
        with b.asm.scope(b.locate(("tax", name))):
            base = emit_formula(b, tax.base, Kind.MONEY, ("tax", name, "base"))
            amount = b.floored(b.asm.value(Op.MUL, base, b.asm.param(f"tax.{name}.rate", tax.rate)))
            b.add(b.unpaid(f"tax.{name}"), amount, active)
            b.asm.emit(Op.SET, b.flow(f"tax.{name}.due"), b.unpaid(f"tax.{name}"), mask=active)


def _fee_falls_due(b: Builder, name: str, fee: Fee, active: Slot) -> None:
    accrued = b.asm.state(f"fee.{name}.accrued")
    stress = b.asm.input("fee_factor")
    if fee.rate is not None and fee.rate.per != "year":
        assert fee.base is not None
        base = emit_formula(b, fee.base, Kind.MONEY, ("fee", name, "base"))
        flat = b.asm.value(Op.MUL, base, b.asm.param(f"fee.{name}.rate", fee.rate.rate))
        b.add(accrued, b.asm.value(Op.MUL, flat, stress), active)
    elif fee.amount is not None and fee.amount.per == "payment":
        b.add(accrued, b.asm.value(Op.MUL, b.money(f"fee.{name}.amount", fee.amount.value), stress), active)
    elif fee.amount is not None and fee.amount.per == "once":
        left = b.opened(f"fee.{name}.once", b.money(f"fee.{name}.amount", fee.amount.value))
        b.add(accrued, b.asm.value(Op.MUL, left, stress), active)
        b.asm.emit(Op.SET, left, b.asm.zero, mask=active)
    fresh = b.floored(accrued)
    b.take(accrued, fresh, active)
    inside = fresh
    if fee.cap is not None:
        inside = b.asm.value(Op.MIN, fresh, b.floored(_cap_room(b, name, fee.cap, active)))
        over = b.asm.value(Op.SUB, fresh, inside)
        b.add(b.unpaid(f"fee.{name}.over_cap"), over, active)
    b.add(b.unpaid(f"fee.{name}"), inside, active)
    b.asm.emit(Op.SET, b.flow(f"fee.{name}.due"), b.unpaid(f"fee.{name}"), mask=active)


def _cap_room(b: Builder, name: str, cap: AmountPer, active: Slot) -> Slot:
    """Room under the cap for this payment; what is not used lapses (cap per period, domain §5.2)."""
    if cap.per in ("payment", "once"):
        return b.money(f"fee.{name}.cap", min(cap.value, UNLIMITED))
    state = b.asm.state(f"fee.{name}.cap_accrued")
    room = b.asm.value(Op.COPY, state)
    b.asm.emit(Op.SET, state, b.asm.zero, mask=active)
    return room
