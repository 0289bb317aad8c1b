"""Collections (归集): pool cash of a row reaches the plan's accounts, by way of the servicer where the deal has one.

Cash that the servicer holds lies in an account of its own. It is handed over on the rows of a calendar, faster while
conditions hold (加速归集). When the servicer fails, what lies with it is lost once (混同), and obligors pay the plan
directly from then on (权利完善). Deposits of contracts (保证金) lie in an account of their own too: what is given back
leaves it, and so does what makes good a default. ``collected.*`` counts cash when it reaches the plan.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from absengine.deal.assembler import Slot
from absengine.deal.builder import Builder
from absengine.deal.formulas import emit_formula
from absengine.deal.nouns import DealFile, Servicing
from absengine.deal.taxes import income_kinds
from absengine.kernels.opcodes import Op
from absengine.language.formula import Kind
from absengine.schema import CASH_CHANNELS, RECOVERY_SOURCES, Floats

SOURCES = tuple(f"recovery.{source}" for source in RECOVERY_SOURCES)


def home_of(deal: DealFile, channel: str) -> str | None:
    """The account that pool cash of one kind is for: its own, else that of its family."""
    return deal.collect.get(channel) or deal.collect.get(channel.partition(".")[0])


def held_channels(deal: DealFile) -> tuple[str, ...]:
    """Kinds of pool cash that pass through the servicer."""
    holds = () if deal.servicing is None else deal.servicing.holds
    return tuple(name for name in (*CASH_CHANNELS, *SOURCES) if name in holds or name.partition(".")[0] in holds)


def collect(b: Builder) -> None:
    """Pool cash of the row enters its accounts; running totals since the last payment date feed ``collected.*``."""
    with b.asm.scope():
        open_pool = b.asm.value(Op.NOT, b.called)
        servicer = None if b.deal.servicing is None else _Servicer(b, b.deal.servicing, open_pool)
        held = held_channels(b.deal)
        for channel in (*CASH_CHANNELS, *SOURCES):
            account = home_of(b.deal, channel)
            if account is None or (channel == "recovery.deposit" and "deposit" in b.deal.collect):
                continue
            with b.asm.scope(b.locate(("collect", channel.split(".")[0]))):
                amount = b.where_set(open_pool, b.asm.input(channel))
                if servicer is not None and channel in held:
                    amount = servicer.passes_on(channel, amount, b.account(account))
                else:
                    b.asm.emit(Op.MOVE, b.account(account), b.world, amount)
                _count(b, channel, amount)
        for kind in income_kinds(b.deal):
            with b.asm.scope():
                amount = b.where_set(open_pool, b.asm.input(f"interest.{kind}"))
                if servicer is not None and "interest" in held:
                    amount = servicer.reaching(f"interest.{kind}", amount)
                b.add(b.asm.state(f"collected.interest.{kind}"), amount)
        if servicer is not None:
            servicer.close()
        if "deposit" in b.deal.collect:
            _deposits(b, open_pool)
        for channel, total in (("recognised", "pool.defaulted"), ("default", "collected.default")):
            b.add(b.asm.state(total), b.asm.input(channel), open_pool)
        b.kept("pool.called", b.called)
        days = (b.timeline.accrual_end - b.timeline.accrual_start).astype(float)
        b.add(b.asm.state("collected.years"), b.asm.table(days / 365.0))


def _count(b: Builder, channel: str, amount: Slot) -> None:
    b.add(b.asm.state(f"collected.{channel.split('.')[0]}"), amount)
    b.add(b.flow("pool.collected"), amount)


@dataclass
class _Servicer:
    """The servicer on one row: what it hands over, what reaches the plan without it, what is lost with it.

    Flags: ``failed`` it had failed before this row; ``newly`` it fails on this row; ``direct`` obligors pay the plan,
    because it had failed or by condition; ``transfer`` it hands over on this row.
    """

    b: Builder
    terms: Servicing
    open_pool: Slot

    def __post_init__(self) -> None:
        b, name = self.b, self.terms.servicer
        self.failed = b.asm.value(Op.COPY, b.asm.state("servicing.failed"))
        alive = b.asm.input(f"alive.{name}.servicing")
        self.newly = b.asm.value(Op.NOT, b.asm.value(Op.OR, alive, self.failed))
        self.direct = self.failed
        if self.terms.direct is not None:
            said = emit_formula(b, self.terms.direct, Kind.FLAG, ("servicing", "direct"))
            self.direct = b.asm.value(Op.OR, said, self.failed)
        self.transfer, share = self._pace()
        exposed = b.asm.value(Op.AND, self.newly, b.asm.value(Op.NOT, self.direct))
        self.lost_share = b.where_set(exposed, share)
        self.straight = b.asm.value(Op.OR, self.direct, self.newly)
        self.empties = b.asm.value(Op.OR, self.straight, self.transfer)

    @cached_property
    def account(self) -> Slot:
        return self.b.account(self.terms.account)

    def _pace(self) -> tuple[Slot, Slot]:
        """(hands over on this row, share of this row's cash that lies with it when it fails) at the pace in force."""
        b = self.b
        transfer = b.asm.table(transfer_rows(b, self.terms.transfer))
        share = b.asm.table(exposed_share(b, self.terms.days))
        for index, faster in enumerate(self.terms.faster):
            holds = emit_formula(b, faster.when, Kind.FLAG, ("servicing", "faster", index, "when"))
            transfer = b.asm.value(Op.SELECT, b.asm.table(transfer_rows(b, faster.transfer)), transfer, holds)
            share = b.asm.value(Op.SELECT, b.asm.table(exposed_share(b, faster.days)), share, holds)
        return transfer, share

    def reaching(self, channel: str, amount: Slot) -> Slot:
        """What of one kind of cash reaches the plan on this row; the rest is held for it, or lost."""
        handed, straight, _ = self._split(channel, amount)
        return self.b.asm.value(Op.ADD, handed, straight)

    def passes_on(self, channel: str, amount: Slot, home: Slot) -> Slot:
        """As :meth:`reaching`, moving the cash: into the servicer's account, out of it, straight to the plan."""
        b = self.b
        stock = b.asm.value(Op.COPY, b.asm.state(f"servicing.held.{channel}"))
        handed, straight, lost = self._split(channel, amount)
        b.asm.emit(Op.MOVE, self.account, b.world, b.where_set(b.asm.value(Op.NOT, self.straight), amount))
        b.asm.emit(Op.MOVE, home, self.account, handed)
        b.asm.emit(Op.MOVE, home, b.world, straight)
        b.asm.emit(Op.MOVE, b.world, self.account, b.where_set(self.newly, stock))
        b.add(b.flow("servicing.lost"), lost)
        b.add(b.asm.state("servicing.lost_so_far"), lost)
        return b.asm.value(Op.ADD, handed, straight)

    def _split(self, channel: str, amount: Slot) -> tuple[Slot, Slot, Slot]:
        """(handed over, paid to the plan directly, lost) of what lay there and what came; the held stock is rolled."""
        b, held = self.b, self.b.asm.state(f"servicing.held.{channel}")
        gone = b.asm.value(Op.MUL, amount, self.lost_share)
        straight = b.where_set(self.straight, b.asm.value(Op.SUB, amount, gone))
        with_it = b.asm.value(Op.ADD, held, b.where_set(b.asm.value(Op.NOT, self.straight), amount))
        handed = b.where_set(b.asm.value(Op.NOT, self.newly), b.where_set(self.empties, with_it))
        lost = b.asm.value(Op.ADD, gone, b.where_set(self.newly, held))
        b.asm.emit(Op.SET, held, b.asm.value(Op.SELECT, b.asm.zero, with_it, self.empties))
        return handed, straight, lost

    def close(self) -> None:
        """Once failed, it has failed for good."""
        b, failed = self.b, self.b.asm.state("servicing.failed")
        b.asm.emit(Op.SET, failed, b.asm.value(Op.OR, self.failed, self.newly))
        b.kept("servicing.failed", failed)
        b.kept("servicing.direct", b.asm.state("servicing.direct"))
        b.asm.emit(Op.SET, b.asm.state("servicing.direct"), b.asm.value(Op.OR, self.direct, self.newly))


def transfer_rows(b: Builder, word: str) -> Floats:
    """1 on rows on which the servicer hands over: a calendar's, or every row; never after the last."""
    rows = b.timeline.calendars["collection" if word == "receipt" else word].astype(float)
    rows[-1] = 1.0
    return rows


def exposed_share(b: Builder, days: int | None) -> Floats:
    """Share of a row's collections that the stated days stand for, collections coming evenly; all of them without."""
    line = b.timeline
    start = np.concatenate([[line.cutoff - np.timedelta64(1, "D")], line.calc_date[:-1]])
    length = (line.calc_date - start).astype(float)
    return np.ones(line.rows) if days is None else np.minimum(days / length, 1.0)


def _deposits(b: Builder, open_pool: Slot) -> None:
    """Deposits make good defaults first, then go back to who gave them; a pool that is sold takes the rest along."""
    name = b.deal.collect["deposit"]
    box, home = b.account(name), home_of(b.deal, "recovery.deposit")
    assert home is not None
    with b.asm.scope(b.locate(("collect", "deposit"))):
        wanted = b.where_set(open_pool, b.asm.input("recovery.deposit"))
        amount = b.asm.value(Op.MIN, wanted, b.asm.positive(box))
        b.asm.emit(Op.MOVE, b.account(home), box, amount)
        _count(b, "recovery.deposit", amount)
        b.add(b.flow("deposit.recovered"), amount)
        b.add(b.flow("deposit.not_recovered"), b.asm.value(Op.SUB, wanted, amount))
        owed = b.kept("deposit.owed", b.asm.state("deposit.owed"))
        b.add(owed, b.where_set(open_pool, b.asm.input("deposit")))
        b.asm.emit(Op.SET, owed, b.asm.positive(box), mask=b.called)
        lacking = b.deal.account[name].lacking or "carried"
        for giver in (name, *([lacking.removeprefix("account.")] if lacking != "carried" else [])):
            given = b.asm.value(Op.MIN, owed, b.asm.positive(b.account(giver)))
            b.asm.emit(Op.MOVE, b.world, b.account(giver), given)
            b.take(owed, given)
            b.add(b.flow(f"deposit.returned.{giver}"), given)
