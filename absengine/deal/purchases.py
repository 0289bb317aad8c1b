"""Buying and selling contracts while the deal runs (循环购买, 资产处置): what a purchase grows into, how much of it.

A purchase is made on the payment date of a row. Its model contract pays ``every`` so often from then on, interest by
the period (rate × months / 12); cash due after the last calculation date is reported as cash after legal final.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from absengine.calendars.date_rules import add_months
from absengine.deal.assembler import Slot
from absengine.deal.builder import Builder
from absengine.deal.formulas import emit_formula
from absengine.deal.nouns import Purchase
from absengine.kernels import purchases as kernel
from absengine.kernels.opcodes import Op
from absengine.language.formula import Kind
from absengine.schema import CASH_CHANNELS, PURCHASE_CHANNELS, RECOVERY_SOURCES, Floats, Timeline

SOLD = ("performing", "opening", *CASH_CHANNELS, "default", "recognised")
"""Channels a sale takes its share of, with every recovery: claims are sold with the contracts."""


def growth(terms: Purchase, timeline: Timeline) -> Floats:
    """``(row bought, column, row + 1)`` of one unit of principal: interest, principal, 1 where anything falls due.

    The last row holds what falls due after the last calculation date. Nothing is bought on rows from which the model
    contract would mature after ``matures_by``: they hold zeros.
    """
    rows, every = timeline.rows, terms.every.months
    count = terms.term.months // every
    interest, principal = model_contract(terms.rate * every / 12.0, count, terms.repays)
    flows = np.zeros((rows, 3, rows + 1))
    for row, bought in enumerate(timeline.pay_date):
        due = add_months(bought, every * np.arange(1, count + 1))
        if terms.matures_by is not None and due[-1] > np.datetime64(terms.matures_by, "D"):
            continue
        at = np.searchsorted(timeline.calc_date, due, "left")
        np.add.at(flows[row, 0], at, interest)
        np.add.at(flows[row, 1], at, principal)
        flows[row, 2, at] = 1.0
    return flows


def model_contract(rate: float, count: int, repays: str) -> tuple[Floats, Floats]:
    """Interest and principal of one unit over ``count`` periods at ``rate`` per period: level, even or bullet."""
    period = np.arange(1, count + 1)
    if repays == "bullet":
        left = np.ones(count)
    elif repays == "even" or rate == 0.0:
        left = 1.0 - (period - 1) / count
    else:
        left = (1.0 - (1.0 + rate) ** (period - 1.0 - count)) / (1.0 - (1.0 + rate) ** -float(count))
    return left * rate, left - np.append(left[1:], 0.0)


def buy(b: Builder, name: str, cash: Slot, mask: Slot, account: Slot) -> Slot:
    """Buy as much of a purchase as ``cash`` and its own limits allow; the cash paid, in counting units."""
    terms = b.deal.purchase[name]
    with b.asm.scope(b.locate(("purchase", name))):
        price = b.asm.param(f"purchase.{name}.price", terms.price)
        principal = b.asm.value(Op.DIV, cash, price)
        for room in _rooms(b, name, terms):
            principal = b.asm.value(Op.MIN, principal, b.asm.positive(room))
        if terms.lot:
            principal = b.floored(principal, b.money(f"purchase.{name}.lot", terms.lot))
        on = b.asm.value(Op.AND, mask, b.asm.value(Op.NOT, b.called))  # what a pool that is sold earns is its buyer's
        if terms.eligible is not None:
            on = b.asm.value(Op.AND, on, emit_formula(b, terms.eligible, Kind.FLAG, ("purchase", name, "eligible")))
        if terms.matures_by is not None:
            offered = growth(terms, b.timeline).any(axis=(1, 2)).astype(float)
            on = b.asm.value(Op.AND, on, b.asm.table(offered))
    wanted = b.asm.value(Op.MUL, principal, price)
    paid = b.asm.scratch()
    b.asm.emit(Op.PAY, paid, account, wanted, b.quantum, mask=on, k=b.world)
    bought = b.asm.value(Op.DIV, paid, price)
    b.asm.emit(Op.BUY, None, bought, mask=on, k=list(b.deal.purchase).index(name))
    b.add(b.flow(f"purchase.{name}.paid"), paid, on)
    b.add(b.flow(f"purchase.{name}.principal"), bought, on)
    b.add(purchased(b, name), bought, on)
    b.add(b.asm.state("pool.purchased"), bought, on)
    if terms.supply is not None:
        b.take(_offered(b, name), bought, on)
    return paid


def purchased(b: Builder, name: str) -> Slot:
    """Principal bought so far."""
    return b.asm.state(f"purchase.{name}.bought")


def held(b: Builder, name: str) -> Slot:
    """Principal still performing of what was bought."""
    return b.pool(f"purchase.{name}.balance")


def _rooms(b: Builder, name: str, terms: Purchase) -> list[Slot]:
    rooms = []
    if terms.supply is not None:
        rooms.append(_offered(b, name))
    if terms.most is not None:
        most = emit_formula(b, terms.most, Kind.MONEY, ("purchase", name, "most"))
        rooms.append(b.asm.value(Op.SUB, most, held(b, name)))
    return rooms


def _offered(b: Builder, name: str) -> Slot:
    """What the originator can still offer; what is not taken up stays on offer."""
    terms = b.deal.purchase[name]
    assert terms.supply is not None
    amount = b.money(f"purchase.{name}.supply", terms.supply.value)
    if terms.supply.per == "once":
        return b.opened(f"purchase.{name}.offered", amount)
    return b.asm.state(f"purchase.{name}.offered")


def offer(b: Builder) -> None:
    """Supplies by the year, month, payment or collection grow at the start of each row."""
    for name, terms in b.deal.purchase.items():
        if terms.supply is None or terms.supply.per == "once":
            continue
        with b.asm.scope(b.locate(("purchase", name, "supply"))):
            amount = b.money(f"purchase.{name}.supply", terms.supply.value)
            b.add(_offered(b, name), b.asm.value(Op.MUL, amount, b.asm.table(_shares(b, terms.supply.per))))


def _shares(b: Builder, per: str) -> Floats:
    """Part of a supply for a period that comes with each row."""
    line = b.timeline
    if per == "collection":
        return np.ones(line.rows)
    if per == "payment":
        return np.asarray(line.pays[0], dtype=float)
    days = np.diff(np.concatenate([[line.closing], line.calc_date])).astype(float).clip(0.0)
    return np.asarray(days / (365.0 if per == "year" else 365.0 / 12.0))


def lines(b: Builder, name: str) -> list[int]:
    """Rows of the inputs a purchase writes and reads, in the order of ``kernels.purchases``."""
    terms, channel = b.deal.purchase[name], b.asm.channel
    of_kind = f"interest.{terms.kind}"
    found = [channel(part) for part in ("interest", "principal", "prepayment", "opening", "performing", "default")]
    found += [channel("recognised"), channel(of_kind) if of_kind in b.asm.channels else -1]
    found += [channel(f"purchase.{name}.{part}") for part in PURCHASE_CHANNELS]
    for source in RECOVERY_SOURCES:
        own = f"purchase.{name}.recovery.{source}"
        found += [channel(f"recovery.{source}")]
        found += [channel(f"{own}.{part}") for part in ("rate", "row", "late_rate", "late_row")]
    assert len(found) == kernel.RECOVERIES + kernel.PER_SOURCE * len(RECOVERY_SOURCES)
    return found


def arrays(b: Builder) -> dict[str, NDArray[Any]]:
    """What the program knows of purchases and sales; asked for when every channel of the deal is known."""
    found = {"sold": np.array(sold_lines(b), dtype=np.int32)}
    if b.deal.purchase:
        found["purchases"] = np.array([lines(b, name) for name in b.deal.purchase], dtype=np.int32)
        found["growth"] = np.stack([growth(terms, b.timeline) for terms in b.deal.purchase.values()])
    return found


def sell(b: Builder, principal: Slot, price: Slot, account: Slot, mask: Slot) -> Slot:
    """Sell performing principal at a price into an account; the cash that comes in."""
    performing = b.pool("performing")
    amount = b.where_set(mask, b.asm.value(Op.MIN, principal, performing))
    cash = b.floored(b.asm.value(Op.MUL, amount, price))
    b.asm.emit(Op.MOVE, account, b.world, cash)
    b.sells = True
    b.asm.emit(Op.SELL, None, b.asm.value(Op.DIV, amount, performing), mask=mask)
    b.add(b.flow("pool.sale_price"), cash)
    b.add(b.flow("pool.sold"), amount)
    return cash


def sold_lines(b: Builder) -> list[int]:
    """Rows of the inputs a sale takes from; empty where the deal never sells."""
    if not b.sells:
        return []
    kinds = [name for name in b.asm.channels if name.startswith(("interest.", "overdue.")) or name == "dilution"]
    balances = (f"purchase.{name}.balance" for name in b.deal.purchase)
    named = [SOLD[0], *balances, *SOLD[1:], *kinds, *(f"recovery.{source}" for source in RECOVERY_SOURCES)]
    return [b.asm.channel(name) for name in named]
