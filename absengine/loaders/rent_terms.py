"""Terms of a lease beside its rents: when they are paid, deposit 保证金, service fee 手续费, buy-out price 留购价款."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from absengine.calendars.date_rules import month_day
from absengine.loaders import terms
from absengine.loaders.due_dates import Counts, Cycle, Flags
from absengine.loaders.schedule import Flows, flow_keys
from absengine.loaders.tape import Tape
from absengine.schema import Dates, Floats

_DAY = np.timedelta64(1, "D")
_EPOCH = np.datetime64("0001-01-01")


def refuse_terms(tape: Tape, rows: terms.Rows, by_plan: Flags, cutoff: Dates) -> None:
    """Refuse rows that leave out a word on which cash depends, or whose balance still holds a first rent paid."""
    timing = tape.column("rent_timing")
    rows.refuse(
        ~by_plan & (timing == ""), "rent_timing", "rent-timing-missing", lambda row: "neither advance nor arrears",
        "advance (先付) or arrears (后付)", "or give the dates of the rents in a plan file",
    )  # fmt: skip
    deposit, fee = np.nan_to_num(tape.column("deposit")), np.nan_to_num(tape.column("service_fee"))
    rows.refuse(
        (deposit > 0) & (tape.column("deposit_use") == ""), "deposit_use", "deposit-use-missing",
        lambda row: f"a deposit of {deposit[row]:,.2f}, and no word on what becomes of it",
        "held (专项计划持有), offset (抵扣租金) or returned (出租人退还)",
        "held brings cash into the plan, offset takes the last rents out of it",
    )  # fmt: skip
    rows.refuse(
        (fee > 0) & (tape.column("service_fee_paid") == ""), "service_fee_paid", "service-fee-paid-missing",
        lambda row: f"a service fee of {fee[row]:,.2f}, and no word on when", "once (一次性) or per_rent (逐期)",
    )  # fmt: skip
    _refuse_first_rent(tape, rows, by_plan, cutoff)
    rows.refuse(
        ~np.isnat(tape.column("amort_end_date")), "amort_end_date", "amort-end-without-use",
        lambda row: "an end of amortisation of a lease", "a balloon (尾款), or a plan file",
    )  # fmt: skip


def _refuse_first_rent(tape: Tape, rows: terms.Rows, by_plan: Flags, cutoff: Dates) -> None:
    """In advance the first rent is paid on the start date, all of it principal: before the cut-off it is gone."""
    start, balance, original = tape.column("start_date"), tape.column("balance"), tape.column("original_balance")
    paid = (tape.column("rent_timing") == "advance") & (start < cutoff) & ~(tape.column("grace_terms") > 0)
    rows.refuse(
        ~by_plan & paid & (balance >= original), "balance", "first-rent-not-deducted",
        lambda row: f"a balance of {balance[row]:,.2f}, as before the first rent on {start[row]}",
        "a balance less the first rent", "rents in advance begin on the start date; check the balance or the timing",
    )  # fmt: skip


def rent_cycle(tape: Tape, rows: terms.Rows, kind: NDArray[np.object_], months: Counts, cutoff: Dates) -> Cycle:
    """Cycle of the rent dates of each row: in arrears as a loan's, in advance one period earlier.

    In advance rents fall on the start date and every period after it, the last one before the end of the lease.
    """
    some = terms.cycle(tape, rows, kind, months, cutoff)
    advance = (tape.column("rent_timing") == "advance") & (months > 0) & (kind != "plan")
    if not np.any(advance):
        return some
    start, first, pay_day = tape.column("start_date"), tape.column("first_due_date"), tape.column("pay_day")
    anchor = np.where(advance & np.isnat(first) & ~np.isnat(start), start, some.anchor)
    day = np.where(anchor == some.anchor, some.day, np.nan_to_num(pay_day, nan=0)).astype(np.int64)
    began = np.where(np.isnat(start), _EPOCH, start)
    lower = np.maximum(np.maximum(cutoff, began), np.where(np.isnat(first), _EPOCH, first))
    ours = replace(
        some, anchor=anchor, day=np.where(day > 0, day, month_day(anchor)), lower=np.where(advance, lower, some.lower),
        opens=some.opens & ~advance,
    )  # fmt: skip
    ended = tape.column("maturity_date")
    ends: Dates = np.where(np.isnat(ended), some.maturity, ended).astype("datetime64[D]")
    before_end = ours.date(ours.last_at_or_before(np.asarray(ends - _DAY, dtype="datetime64[D]")))
    left = np.maximum(np.nan_to_num(tape.column("remaining_terms")).astype(np.int64), 1)
    counted = ours.date(ours.last_at_or_before(ours.lower - _DAY) + left)
    last = np.where(np.isnat(ended), counted, before_end)
    rows.refuse(
        advance & (last < lower) & (tape.column("balance") > 0), "maturity_date", "rents-all-paid",
        lambda row: f"a balance, and a last rent in advance on {last[row]}, before the cut-off {cutoff[row]}",
        "a rent on or after the cut-off date", "the last rent in advance falls a period before the end of the lease",
    )  # fmt: skip
    return replace(ours, maturity=np.where(advance, last, some.maturity))


def with_fees(tape: Tape, rows: terms.Rows, flows: Flows, cutoff: Dates) -> Flows:
    """The same flows with service fees, and the buy-out price with the last rent; ``flows`` in order.

    A fee paid once falls with the first rent on or after its day; paid before the cut-off date, it never reaches the
    plan. The buy-out price comes on top of the rents: it takes no part in the implicit rate.
    """
    fee, last = flows.fee.copy(), last_cells(flows)
    amount, how = np.nan_to_num(tape.column("service_fee")), tape.column("service_fee_paid")
    fee += np.where(how == "per_rent", amount, 0.0)[flows.contract]
    own = _paid_once(tape, rows, np.where(how == "once", amount, 0.0), cutoff)
    has = np.isin(own.contract, flows.contract)
    cell = np.searchsorted(flow_keys(flows.contract, flows.due), flow_keys(own.contract[has], own.due[has]))
    last_of = np.zeros(len(tape), dtype=np.int64)
    last_of[flows.contract[last]] = last
    np.add.at(fee, np.minimum(cell, last_of[own.contract[has]]), own.amount[has])
    price = np.nan_to_num(tape.column("buy_out"))
    rent = np.zeros(len(tape))
    rent[flows.contract[last]] = (flows.principal + flows.interest)[last]
    rows.refuse(
        price > rent, "buy_out", "buy-out-above-last-rent",
        lambda row: f"a buy-out price of {price[row]:,.2f} beside a last rent of {rent[row]:,.2f}",
        "a nominal price, at most the last rent", "state principal left for the end as balloon (尾款) or in the plan",
    )  # fmt: skip
    fee[last] += price[flows.contract[last]]
    return replace(flows, fee=fee)


@dataclass(frozen=True)
class _Fees:
    """Fees paid once, each with its contract and day."""

    contract: Counts
    due: Dates
    amount: Floats


def _paid_once(tape: Tape, rows: terms.Rows, amount: Floats, cutoff: Dates) -> _Fees:
    stated = tape.column("service_fee_date")
    day = np.where(np.isnat(stated), tape.column("start_date"), stated)
    rows.refuse(
        (amount > 0) & np.isnat(day), "service_fee_date", "service-fee-date-missing",
        lambda row: "a service fee paid once, and no day of payment", "the day of payment, or the start date",
    )  # fmt: skip
    due = np.flatnonzero((amount > 0) & (day >= cutoff))
    return _Fees(due, day[due], amount[due])


def last_cells(flows: Flows) -> Counts:
    """Place of the last flow of each contract that has one; ``flows`` in order."""
    return np.flatnonzero(np.append(flows.contract[1:] != flows.contract[:-1], True)[: len(flows)])


def with_deposit(tape: Tape, rows: terms.Rows, flows: Flows) -> Flows:
    """The same flows with deposits given back, or set off against the last rents; ``flows`` in order.

    A deposit ``held`` by the plan is given back with the last rent. One set off (``offset``) pays the last rents,
    latest first, interest before principal (order of set-off, Civil Code art. 561 [K]): that cash never comes, and the
    balance is the principal that does. One ``returned`` by the lessor changes nothing here.
    """
    deposit, use = np.nan_to_num(tape.column("deposit")), tape.column("deposit_use")
    last = last_cells(flows)
    back = np.zeros(len(flows))
    back[last] = np.where(use == "held", deposit, 0.0)[flows.contract[last]]
    flows = replace(flows, deposit=back)
    taken = np.where(use == "offset", deposit, 0.0)
    rents = np.bincount(flows.contract, flows.principal + flows.interest, minlength=len(tape))
    rows.refuse(
        (taken > 0) & (taken >= rents), "deposit", "deposit-above-rents",
        lambda row: f"a deposit of {taken[row]:,.2f} set off against rents of {rents[row]:,.2f} in all",
        "a deposit below the rents still due",
    )  # fmt: skip
    return flows if not np.any(taken) else _set_off(flows, taken)


def _set_off(flows: Flows, taken: Floats) -> Flows:
    """Cash of the last rents less what is ``taken`` from each contract; dates on which nothing is left are dropped."""
    rent = flows.principal + flows.interest
    after = _from_here(flows.contract, rent) - rent
    off = np.clip(taken[flows.contract] - after, 0.0, rent)
    interest = np.maximum(flows.interest - off, 0.0)
    principal = flows.principal - np.maximum(off - flows.interest, 0.0)
    principal = np.where(off >= rent, 0.0, principal)
    opening = np.where(off > 0, _from_here(flows.contract, principal), 0.0)
    first = np.append(True, flows.contract[1:] != flows.contract[:-1])[: len(flows)]
    less = np.bincount(flows.contract, flows.principal - principal, minlength=len(taken))[flows.contract]
    opening = np.where(off > 0, opening, flows.opening - less)
    closing = np.append(opening[1:], 0.0)
    closing[np.append(first[1:], True)] = 0.0
    netted = replace(flows, opening=opening, principal=principal, interest=interest, closing=closing)
    return netted.take((opening > 0) | (interest > 0) | (flows.fee > 0))


def _from_here(contract: Counts, amount: Floats) -> Floats:
    """Sum of each entry and those after it in its contract, one entry after the other from the end."""
    total = np.zeros(len(amount))
    cells = np.flatnonzero(np.append(contract[1:] != contract[:-1], True)[: len(contract)])
    carry = amount[cells]
    while len(cells):
        total[cells] = carry
        goes_on = (cells > 0) & (contract[np.maximum(cells - 1, 0)] == contract[cells])
        cells = cells[goes_on] - 1
        carry = carry[goes_on] + amount[cells]
    return total
