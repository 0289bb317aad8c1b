"""What every part of the compiler shares: the deal, its rows, and the slots of accounts, classes and claims."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from absengine.calendars.day_count import accrued, convention
from absengine.deal.assembler import UNLIMITED, Assembler, Slot
from absengine.deal.nouns import DealFile, Tranche
from absengine.deal.plans import payment_row
from absengine.errors import Where
from absengine.kernels.opcodes import Op
from absengine.language.scanner import Path
from absengine.schema import POOL_CHANNELS, RECOVERY_SOURCES, Dates, Floats, Timeline

if TYPE_CHECKING:
    from absengine.deal.names import Family

Locate = Callable[[Path], Where]


@dataclass
class Builder:
    """The compiler's workbench for one deal. Slot getters make a slot on first use and return it afterwards."""

    deal: DealFile
    timeline: Timeline
    plans: dict[str, Floats]
    pool_balance: float
    locate: Locate
    names: dict[str, Family]
    asm: Assembler = field(init=False)
    record: dict[str, Slot] = field(default_factory=dict)
    starts: list[tuple[Slot, Slot]] = field(default_factory=list)
    gaps: list[tuple[int, Slot]] = field(default_factory=list)
    charged: dict[str, list[str]] = field(default_factory=dict)
    memories: list[list[Slot]] = field(default_factory=list)
    money_params: set[str] = field(default_factory=set)
    sells: bool = False

    def __post_init__(self) -> None:
        self.asm = Assembler(self.timeline.rows)
        self.asm.channels.extend(POOL_CHANNELS)  # results read them all, whether or not the deal does
        unit = self.deal.deal.money.unit
        self.scale = 1.0 / unit if unit > 0 else 1.0
        self.quantum = self.asm.param("money.unit", 1.0 if unit > 0 else 0.0)
        self.world = self.asm.state("world")
        self.stage = self.asm.state("stage")
        self.called = self.asm.state("pool.called")
        self.ran = self.asm.flow("ran")

    # amounts and flags -----------------------------------------------------------------------------------------
    def money(self, name: str, amount: float) -> Slot:
        """A money parameter in counting units; ``amount`` in the currency's main unit."""
        self.money_params.add(name)
        return self.asm.param(name, amount * self.scale if amount < UNLIMITED else UNLIMITED)

    def opened(self, name: str, start: Slot) -> Slot:
        """A stock that starts each lane at a parameter, so that sizes can differ between lanes."""
        if name not in self.asm.slots:
            self.starts.append((self.asm.state(name, start.initial), start))
        return self.asm.slots[name]

    def floored(self, amount: Slot, quantum: Slot | None = None) -> Slot:
        return self.asm.value(Op.FLOOR, amount, quantum or self.quantum)

    def both(self, a: Slot | None, b: Slot | None) -> Slot | None:
        """Conjunction of two optional flags; None means always."""
        if a is None or b is None:
            return a or b
        return self.asm.value(Op.AND, a, b)

    def where_set(self, flag: Slot | None, amount: Slot) -> Slot:
        """``amount`` on lanes whose flag is up, 0 elsewhere."""
        return amount if flag is None else self.asm.value(Op.SELECT, amount, self.asm.zero, flag)

    def add(self, target: Slot, amount: Slot, mask: Slot | None = None) -> None:
        self.asm.emit(Op.ACCUM, target, amount, mask=mask)

    def take(self, target: Slot, amount: Slot, mask: Slot | None = None) -> None:
        self.asm.emit(Op.ACCUM, target, self.asm.value(Op.SUB, self.asm.zero, amount), mask=mask)

    def flow(self, item: str) -> Slot:
        """A recorded flow of the row."""
        slot = self.asm.flow(item)
        self.record[item] = slot
        return slot

    def kept(self, item: str, slot: Slot) -> Slot:
        """Record a slot that exists anyway."""
        self.record[item] = slot
        return slot

    # classes ---------------------------------------------------------------------------------------------------
    def tranche(self, name: str) -> Tranche:
        return self.deal.tranche[name]

    def face(self, name: str) -> Slot:
        return self.money(f"tranche.{name}.face", self.tranche(name).face)

    def balance(self, name: str) -> Slot:
        return self.kept(f"tranche.{name}.balance", self.opened(f"tranche.{name}.balance", self.face(name)))

    def interest_accrued(self, name: str) -> Slot:
        return self.asm.state(f"tranche.{name}.accrued")

    def interest_unpaid(self, name: str) -> Slot:
        item = f"tranche.{name}.interest_unpaid"
        return self.kept(item, self.asm.state(item))

    def interest_on_interest(self, name: str) -> Slot:
        """The part of unpaid interest that is interest on interest; it is paid first and bears none itself."""
        return self.asm.state(f"tranche.{name}.interest_on_interest")

    def interest_on_interest_accrued(self, name: str) -> Slot:
        return self.asm.state(f"tranche.{name}.interest_on_interest_accrued")

    def tranche_quantum(self, name: str) -> Slot:
        """Payments of a class are whole multiples of this: one unit, or one unit per note (每百元)."""
        rule = self.deal.deal.money
        if rule.per == "class" or rule.unit <= 0:
            return self.quantum
        note = self.money(f"money.{rule.per}", float(rule.per.removeprefix("note of ")))
        return self.asm.value(Op.DIV, self.face(name), note)

    def interest_due(self, name: str) -> Slot:
        """Interest payable now: carried unpaid plus what has accrued to this payment date, cut to whole units."""
        quantum = self.tranche_quantum(name)
        due = self.asm.value(Op.ADD, self.interest_unpaid(name), self.floored(self.interest_accrued(name), quantum))
        if self.tranche(name).interest_on_unpaid == "simple":
            due = self.asm.value(Op.ADD, due, self.floored(self.interest_on_interest_accrued(name), quantum))
        return due

    def additional_accrued(self, name: str) -> Slot:
        return self.asm.state(f"tranche.{name}.additional_accrued")

    def additional_unpaid(self, name: str) -> Slot:
        """Additional interest since the anticipated repayment date that is due and unpaid."""
        item = f"tranche.{name}.additional_unpaid"
        return self.kept(item, self.asm.state(item))

    def put_open(self, name: str) -> Slot:
        """Principal put to the issuer and not yet paid."""
        item = f"tranche.{name}.put_unpaid"
        return self.kept(item, self.asm.state(item))

    def put_taken(self, name: str) -> Slot:
        """The list of this row has found what is put."""
        return self.asm.flow(f"tranche.{name}.put_taken")

    def option_rows(self, name: str) -> Floats:
        """1 on the rows of the option dates of a class, which are payment dates."""
        put, flags = self.tranche(name).put, np.zeros(self.timeline.rows)
        for date in () if put is None else put.dates:
            row = payment_row(date, self.deal, self.timeline)
            assert row is not None
            flags[row] = 1.0
        return flags

    def put_due(self, name: str) -> Slot:
        """Principal put and not yet paid, with what an option date adds once its list runs."""
        balance, put = self.balance(name), self.tranche(name).put
        assert put is not None
        share = self.asm.positive(self.asm.param(f"tranche.{name}.put.share", put.share))
        amount = self.asm.value(Op.MUL, balance, self.asm.value(Op.MIN, share, self.asm.one))
        waiting = self.asm.value(Op.NOT, self.put_taken(name))
        waiting = self.asm.value(Op.AND, self.asm.table(self.option_rows(name)), waiting)
        fresh = self.where_set(waiting, self.floored(amount, self.tranche_quantum(name)))
        return self.asm.value(Op.MIN, self.asm.value(Op.ADD, self.put_open(name), fresh), balance)

    def principal_due(self, name: str) -> Slot:
        """Principal due (domain §9): by the class's own terms, and what its holders have put."""
        due = self._due_by_terms(name)
        return due if self.tranche(name).put is None else self.asm.value(Op.MAX, due, self.put_due(name))

    def _due_by_terms(self, name: str) -> Slot:
        """Plan and arrears, target, bullet, everything at legal final."""
        balance = self.balance(name)
        final = np.zeros(self.timeline.rows)
        final[-1] = 1.0
        terms = self.tranche(name).principal
        if terms is not None and terms.kind == "bullet":
            final[self.timeline.accrual_end >= np.datetime64(terms.expected, "D")] = 1.0
        due = self.asm.value(Op.SELECT, balance, self.asm.zero, self.asm.table(final))
        if name not in self.plans:
            return due
        planned = self.asm.table(np.cumsum(self.plans[name]) * self.scale)
        scaled = self.asm.value(Op.MUL, planned, self._face_ratio(name))
        gone = self.repaid(name)
        if terms is not None and terms.kind == "target":
            gone = self.asm.value(Op.SUB, self.face(name), balance)
        behind = self.asm.positive(self.asm.value(Op.SUB, scaled, gone))
        behind = self.floored(behind, self.tranche_quantum(name))  # as for interest, the fraction of a unit waits
        return self.asm.value(Op.MAX, due, self.asm.value(Op.MIN, behind, balance))

    def repaid(self, name: str) -> Slot:
        """Principal paid since closing; a write-down takes from the end of a plan, so it is not the fallen balance."""
        return self.asm.state(f"tranche.{name}.repaid")

    def _face_ratio(self, name: str) -> Slot:
        base = self.money(f"tranche.{name}.face_planned", self.tranche(name).face)
        return self.asm.value(Op.DIV, self.face(name), base)

    # accounts, claims, supports --------------------------------------------------------------------------------
    def account(self, name: str) -> Slot:
        opening = self.money(f"account.{name}.opening", self.deal.account[name].opening)
        item = f"account.{name}.balance"
        return self.kept(item, self.opened(item, opening))

    def unpaid(self, claim: str) -> Slot:
        """Unpaid stock of a fee or tax, named ``fee.x`` or ``tax.x`` (``fee.x.over_cap`` for the overflow)."""
        stem = claim.removesuffix(".over_cap")
        item = f"{stem}.over_cap_unpaid" if claim.endswith(".over_cap") else f"{claim}.unpaid"
        return self.kept(item, self.asm.state(item))

    @property
    def by_note(self) -> bool:
        """Payments to classes are whole units per note (每百元), so that cash may be left that cannot be cut up."""
        rule = self.deal.deal.money
        return rule.per != "class" and rule.unit > 0

    def residue(self, name: str) -> Slot:
        """Cash of an account that could not be cut into whole notes: it stays there until the next date."""
        return self.flow(f"account.{name}.residue")

    def free(self, name: str) -> Slot:
        """What a step may take from an account on this row."""
        held = [self.residue(name)] if self.by_note else []
        held += [self.asm.state(f"fee.{fee}.accrued") for fee in self.charged.get(name, ())]
        balance = self.account(name)
        return self.asm.positive(self.asm.value(Op.SUB, balance, self.asm.total(held)) if held else balance)

    def withholds(self, name: str) -> bool:
        """Whether steps must leave something in an account: what cannot be cut into notes, fees on what was paid."""
        return self.by_note or bool(self.charged.get(name))

    def support_limit(self, name: str) -> Slot:
        limit = self.deal.support[name].limit
        return self.money(f"support.{name}.limit", UNLIMITED if limit == "covered" else float(limit))

    def support_left(self, name: str) -> Slot:
        item = f"support.{name}.left"
        return self.kept(item, self.opened(item, self.support_limit(name)))

    def support_owed(self, name: str) -> Slot:
        item = f"support.{name}.owed"
        return self.kept(item, self.asm.state(item))

    def ledger(self, name: str) -> Slot:
        item = f"ledger.{name}.balance"
        return self.kept(item, self.asm.state(item))

    # figures ---------------------------------------------------------------------------------------------------
    def figure(self, name: str) -> Slot:
        item = f"figure.{name}.value"
        return self.kept(item, self.asm.state(item))

    def remembered(self, name: str, amount: Slot, dates: int) -> list[Slot]:
        """``amount`` as it was on each of the last payment dates before this row, the latest first; 0 before any."""
        slots = [self.asm.state(f"{name}.{number}") for number in range(dates + 1)]
        self.asm.emit(Op.SET, slots[0], amount)
        self.memories.append(slots)
        return slots[1:]

    # pool ------------------------------------------------------------------------------------------------------
    def pool(self, channel: str) -> Slot:
        """A pool balance or flow of this row; nothing after a clean-up call."""
        return self.asm.value(Op.SELECT, self.asm.zero, self.asm.input(channel), self.called)

    def recoveries(self) -> Slot:
        return self.asm.total([self.asm.input(f"recovery.{source}") for source in RECOVERY_SOURCES])

    # time ------------------------------------------------------------------------------------------------------
    def accrual_factor(self, day_count: str) -> Slot:
        """Year fraction of each row's accrual, additive inside an interest period (design §3.9)."""
        line = self.timeline
        return self.asm.table(self.years(day_count, line.anchor, line.accrual_start, line.accrual_end))

    def collection_factor(self, day_count: str) -> Slot:
        """Year fraction of each row's collection period; the first begins the day before the cut-off date."""
        start = np.concatenate([[self.timeline.cutoff - np.timedelta64(1, "D")], self.timeline.calc_date[:-1]])
        return self.asm.table(self.years(day_count, start, start, self.timeline.calc_date))

    def bank_factor(self, day_count: str) -> Slot:
        """Year fraction for which accounts bear interest: between calculation dates, none before closing."""
        line = self.timeline
        days = np.maximum(np.concatenate([[line.closing], line.calc_date]), line.closing)
        return self.asm.table(self.years(day_count, days[:-1], days[:-1], days[1:]))

    def years(self, day_count: str, anchor: Dates, start: Dates, end: Dates) -> Floats:
        """Years accrued over ``[start, end)`` of the period that began at ``anchor``, row by row."""
        needs_maturity = "maturity" in convention(day_count).keywords
        further = {"maturity": self.timeline.legal_final} if needs_maturity else {}
        return accrued(day_count, anchor, start, end, **further)

    def stage_number(self, name: str) -> int:
        return list(self.deal.stage).index(name)
