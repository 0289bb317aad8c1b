"""The verbs of a step, one registry row and one function each.

Every verb goes the same way: what it serves → need, capped by ``upto`` → the account it comes from → helpers in order.
Each source is a recorded flow of its own, and short = need − paid is kept for the trace.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from absengine.deal import purchases
from absengine.deal.accrue import owes_by_terms
from absengine.deal.assembler import Slot
from absengine.deal.builder import Builder
from absengine.deal.formulas import emit_formula
from absengine.deal.nouns import Step
from absengine.deal.payables import Payable, payables
from absengine.deal.payout_fees import charge, fall_due, left_for_claims
from absengine.kernels.opcodes import Op
from absengine.language.formula import Kind
from absengine.language.registry import Entry, Registry
from absengine.language.scanner import Path


@dataclass(frozen=True)
class StepContext:
    """One step being compiled: its deal path, its stage and the lanes it applies to."""

    b: Builder
    stage: str
    step: Step
    path: Path
    mask: Slot

    @property
    def item(self) -> str:
        return f"step.{self.stage}.{self.step.id}"

    def flow(self, part: str) -> Slot:
        return self.b.flow(f"{self.item}.{part}")


def compile_step(b: Builder, stage: str, step: Step, path: Path, active: Slot) -> None:
    """Emit one step of a stage's list."""
    with b.asm.scope(b.locate(path)):
        mask = active
        if step.when is not None:
            mask = b.asm.value(Op.AND, active, emit_formula(b, step.when, Kind.FLAG, (*path, "when")))
        VERBS[step.do].compile(StepContext(b, stage, step, path, mask))


def _claims(at: StepContext) -> list[Payable]:
    fall_due(at.b, at.step.what, at.mask)
    return [part for name in at.step.what for part in payables(at.b, name)]


def _limit(at: StepContext) -> Slot:
    """What ``upto`` says, cut down to whole units; nothing where it is negative."""
    assert at.step.upto is not None
    return at.b.floored(at.b.asm.positive(emit_formula(at.b, at.step.upto, Kind.MONEY, (*at.path, "upto"))))


def _pay(at: StepContext) -> None:
    """Serve claims from an account: payees are outsiders, unless ``to`` names another ledger (收益账 → 本金账)."""
    _serve(at, _claims(at), at.b.world if at.step.to is None else at.b.account(at.step.to))


def _fill(at: StepContext) -> None:
    """Fill an account up to its target."""
    _serve(at, _claims(at), at.b.account(at.step.what[0].removeprefix("account.")))


def _move(at: StepContext) -> None:
    """Move cash between accounts: all of it exactly, or up to an amount in whole units."""
    b, step = at.b, at.step
    assert step.source is not None and step.to is not None
    source, target = b.account(step.source), b.account(step.to)
    if step.upto is None:
        need = b.free(step.source)
        amount = b.where_set(at.mask, need)
        b.asm.emit(Op.MOVE, target, source, amount)
    else:
        need = _limit(at)
        amount = b.asm.scratch()
        wanted = b.asm.value(Op.MIN, need, b.free(step.source)) if b.withholds(step.source) else need
        b.asm.emit(Op.PAY, amount, source, wanted, b.quantum, mask=at.mask, k=target)
    b.asm.emit(Op.SET, at.flow("due"), need, mask=at.mask)
    b.add(at.flow("paid"), amount, at.mask)
    b.asm.emit(Op.SET, at.flow("short"), b.asm.value(Op.SUB, need, amount), mask=at.mask)


def _draw(at: StepContext) -> None:
    """Call a support into an account."""
    b, step = at.b, at.step
    assert step.to is not None
    need = _limit(at)
    b.asm.emit(Op.SET, at.flow("due"), need, mask=at.mask)
    short = b.asm.value(Op.COPY, need)
    for name in step.what:
        support = name.removeprefix("support.")
        drawn = _draw_support(at, support, _callable(at, support, short))
        b.asm.emit(Op.MOVE, b.account(step.to), b.world, drawn)
        short = b.asm.value(Op.SUB, short, drawn)
        b.add(at.flow("paid"), drawn, at.mask)
        b.add(at.flow(f"from.{name}"), drawn, at.mask)
    b.asm.emit(Op.SET, at.flow("short"), short, mask=at.mask)


def _buy(at: StepContext) -> None:
    """Buy contracts with the cash of an account, purchases in the order named, each within its own limits."""
    b, step = at.b, at.step
    assert step.source is not None
    account = b.account(step.source)
    left = b.free(step.source)
    if step.upto is not None:
        left = b.asm.value(Op.MIN, left, _limit(at))
    b.asm.emit(Op.SET, at.flow("due"), left, mask=at.mask)
    for name in step.what:
        paid = purchases.buy(b, name.removeprefix("purchase."), left, at.mask, account)
        b.add(at.flow("paid"), paid, at.mask)
        b.add(at.flow(f"from.account.{step.source}"), paid, at.mask)
        left = b.asm.value(Op.SUB, left, paid)
    b.asm.emit(Op.SET, at.flow("short"), left, mask=at.mask)


def _sell(at: StepContext) -> None:
    """Sell performing principal of the pool, so much of it at so much per principal, into an account."""
    b, step = at.b, at.step
    assert step.to is not None and step.value is not None
    wanted = _limit(at)
    price = b.asm.positive(emit_formula(b, step.value, Kind.RATIO, (*at.path, "value")))
    cash = purchases.sell(b, wanted, price, b.account(step.to), at.mask)
    b.asm.emit(Op.SET, at.flow("due"), b.asm.value(Op.MUL, wanted, price), mask=at.mask)
    b.add(at.flow("paid"), cash, at.mask)
    short = b.asm.value(Op.SUB, b.asm.value(Op.MUL, wanted, price), cash)
    b.asm.emit(Op.SET, at.flow("short"), b.asm.positive(short), mask=at.mask)


def _write_down(at: StepContext) -> None:
    """Write principal off, in the order named, up to the stated loss, in whole notes or units of each class."""
    b = at.b
    left = _limit(at)
    b.asm.emit(Op.SET, at.flow("due"), left, mask=at.mask)
    for name in at.step.what:
        for tranche in b.deal.tranches_of(name.removeprefix("principal.")):
            amount = b.floored(b.asm.value(Op.MIN, left, b.balance(tranche)), b.tranche_quantum(tranche))
            b.take(b.balance(tranche), amount, at.mask)
            b.add(b.flow(f"tranche.{tranche}.written_down"), amount, at.mask)
            b.add(at.flow("paid"), amount, at.mask)
            left = b.asm.value(Op.SUB, left, amount)
    b.asm.emit(Op.SET, at.flow("short"), left, mask=at.mask)


def _book(at: StepContext) -> None:
    """Debit ledgers in the order named, each up to its room."""
    b = at.b
    left = _limit(at)
    b.asm.emit(Op.SET, at.flow("due"), left, mask=at.mask)
    for name in at.step.what:
        ledger = name.removeprefix("ledger.")
        limit = b.deal.ledger[ledger].limit
        amount = left
        if limit is not None:
            room = b.asm.value(
                Op.SUB, emit_formula(b, limit, Kind.MONEY, ("ledger", ledger, "limit")), b.ledger(ledger)
            )
            amount = b.asm.value(Op.MIN, left, b.asm.positive(room))
        b.add(b.ledger(ledger), amount, at.mask)
        b.add(at.flow("paid"), amount, at.mask)
        left = b.asm.value(Op.SUB, left, amount)
    b.asm.emit(Op.SET, at.flow("short"), left, mask=at.mask)


def _probe(at: StepContext) -> None:
    """Record the value of a formula; moves nothing."""
    assert at.step.value is not None
    value = emit_formula(at.b, at.step.value, None, (*at.path, "value"))
    at.b.asm.emit(Op.SET, at.flow("value"), value, mask=at.mask)


def _serve(at: StepContext, parts: list[Payable], receiver: Slot) -> None:
    """Need → account → helpers, for one or several payables, pro rata or in order."""
    b, step = at.b, at.step
    assert step.source is not None
    needs, lost = _capped_needs(at, parts)
    b.asm.emit(Op.SET, at.flow("due"), b.asm.total(needs), mask=at.mask)
    shorts = needs
    for source in (f"account.{step.source}", *step.then):
        paid = _from_source(at, source, parts, shorts, receiver)
        for part, amount in zip(parts, paid, strict=True):
            part.settle(amount, at.mask)
            charge(b, part.name, amount, at.mask)
            b.add(at.flow("paid"), amount, at.mask)
            b.add(at.flow(f"from.{source}"), amount, at.mask)
        shorts = [b.asm.value(Op.SUB, short, amount) for short, amount in zip(shorts, paid, strict=True)]
    _record_principal_due(at, parts, needs, shorts)
    short = b.asm.total(shorts)
    b.asm.emit(Op.SET, at.flow("short"), short, mask=at.mask)
    if any(part.quantum is not b.quantum for part in parts):
        _hold(at, lost, b.asm.value(Op.LT, b.asm.zero, short))


def _capped_needs(at: StepContext, parts: list[Payable]) -> tuple[list[Slot], Slot]:
    """Needs under ``upto``: ``"due"`` = by each class's terms; a formula = one amount for the whole step.

    Without ``upto`` a claim needs all of itself, and a residual all that its account holds. Beside them, what the step
    would have had for its claims if notes could be cut.
    """
    b, upto = at.b, at.step.upto
    assert at.step.source is not None
    if upto == "due":
        return [b.floored(part.scheduled, part.quantum) for part in parts], b.asm.zero
    if upto is not None:
        cap = b.asm.positive(emit_formula(b, upto, Kind.MONEY, (*at.path, "upto")))
        asked = [part.need for part in parts]
        needs = _allot(at, parts, asked, cap)
        return needs, b.asm.value(Op.SUB, b.asm.value(Op.MIN, cap, b.asm.total(asked)), b.asm.total(needs))
    held = b.free(at.step.source)
    asked = [b.asm.value(Op.MIN, part.need, held) if part.sweeps else part.need for part in parts]
    needs = [b.floored(amount, part.quantum) for amount, part in zip(asked, parts, strict=True)]
    return needs, b.asm.value(Op.SUB, b.asm.total(asked), b.asm.total(needs))


def _hold(at: StepContext, lost: Slot, short: Slot) -> None:
    """What could not be cut into whole notes stays in its account until the next date: no later step of the list, whose
    claims have smaller multiples, takes it past a class that lacks it.

    Where the step went short, that is all its accounts still hold; else what its cap lost by cutting.
    """
    b = at.b
    helpers = [source.removeprefix("account.") for source in at.step.then if source.startswith("account.")]
    assert at.step.source is not None
    for name in (at.step.source, *helpers):
        free = b.free(name)
        spare = b.asm.value(Op.MIN, free, lost) if name == at.step.source else b.asm.zero
        b.add(b.residue(name), b.asm.value(Op.SELECT, free, spare, short), at.mask)


def _allot(at: StepContext, parts: list[Payable], needs: list[Slot], available: Slot) -> list[Slot]:
    """Split ``available`` over needs, pro rata by need or in order, in whole quanta.

    In order, what cannot be cut into notes of a class that is short goes to nobody behind it.
    """
    b = at.b
    if at.step.share == "pro rata" and len(parts) > 1:
        total = b.asm.total(needs)
        out = []
        for part, need in zip(parts, needs, strict=True):
            amount = b.asm.scratch()
            b.asm.emit(Op.PRORATA, amount, need, total, available, k=part.quantum)
            out.append(amount)
        return out
    out, left = [], available
    for part, need in zip(parts, needs, strict=True):
        amount = b.floored(b.asm.value(Op.MIN, need, left), part.quantum)
        left = b.asm.value(Op.SUB, left, amount)
        if b.by_note:
            short = b.asm.value(Op.LT, amount, b.floored(need, part.quantum))
            left = b.asm.value(Op.SELECT, b.asm.zero, left, short)
        out.append(amount)
    return out


def _from_source(at: StepContext, source: str, parts: list[Payable], shorts: list[Slot], receiver: Slot) -> list[Slot]:
    """What one source pays towards each short amount."""
    b = at.b
    kind, _, name = source.partition(".")
    if kind == "support":
        available = b.asm.value(Op.MIN, b.support_left(name), _callable(at, name, b.asm.total(shorts)))
        paid = _allot(at, parts, shorts, available)
        drawn = _draw_support(at, name, b.asm.total(paid))
        b.asm.emit(Op.MOVE, receiver, b.world, drawn)
        return paid
    account = b.account(name)
    wanted, cash = shorts, left_for_claims(b, name, [part.name for part in parts])
    if cash is not None or ((b.by_note or at.step.share == "pro rata") and len(parts) > 1):
        wanted = _allot(at, parts, shorts, b.free(name) if cash is None else cash)
    paid = []
    for part, need in zip(parts, wanted, strict=True):
        amount = b.asm.scratch()
        need = b.asm.value(Op.MIN, need, b.free(name)) if b.withholds(name) else need
        b.asm.emit(Op.PAY, amount, account, need, part.quantum, mask=at.mask, k=receiver)
        paid.append(amount)
    return paid


def _callable(at: StepContext, name: str, short: Slot) -> Slot:
    """The part of a gap a support's provider would pay today: nothing once failed; if late, only gaps old enough."""
    b = at.b
    provider = b.deal.support[name].provider
    gap = b.asm.state(f"{at.item}.gap.{name}")
    b.asm.emit(Op.SET, gap, short, mask=at.mask)
    track = b.asm.history()
    b.gaps.append((track, gap))
    lateness = b.asm.input(f"late.{provider}")
    known = b.asm.scratch()
    b.asm.emit(Op.RECALL, known, lateness, k=track)
    late = b.asm.value(Op.LT, b.asm.zero, lateness)
    payable = b.asm.value(Op.SELECT, b.asm.value(Op.MIN, short, known), short, late)
    b.add(b.flow(f"support.{name}.called"), short, at.mask)
    return b.where_set(b.asm.input(f"alive.{provider}.{name}"), payable)


def _draw_support(at: StepContext, name: str, amount: Slot) -> Slot:
    """Draw on a support within its limit; what it paid is owed to it unless it waived reimbursement."""
    b = at.b
    drawn, owed = b.asm.scratch(), b.support_owed(name)
    b.asm.emit(Op.DRAW, drawn, b.support_left(name), amount, b.quantum, mask=at.mask, k=owed)
    b.add(b.flow(f"support.{name}.drawn"), drawn, at.mask)
    if not b.deal.support[name].reimbursed:
        b.take(owed, drawn, at.mask)
    return drawn


def _record_principal_due(at: StepContext, parts: list[Payable], needs: list[Slot], shorts: list[Slot]) -> None:
    """Principal due of a pass-through class: what the step allotted; in a full sweep, what was paid (domain §9).

    A plan or a bullet owes by its own terms, whatever a step pays: that is recorded when the list starts.
    """
    b = at.b
    for part, need, short in zip(parts, needs, shorts, strict=True):
        kind, _, tranche = part.name.partition(".")
        if kind == "principal" and not owes_by_terms(b.tranche(tranche)):
            due = need if at.step.upto is not None else b.asm.value(Op.SUB, need, short)
            b.add(b.flow(f"tranche.{tranche}.principal_due"), due, at.mask)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verb(Entry):
    """One verb: what it may serve, the fields it needs and may have, whether one thing at a time, and its compiler."""

    serves: tuple[str, ...] = ()
    needs: tuple[str, ...]
    may: tuple[str, ...] = ()
    single: bool = False
    compile: Callable[[StepContext], None]


CLAIMS = ("interest", "principal", "additional", "residual", "fee", "tax", "hedge", "ledger")

VERBS: Registry[Verb] = Registry("verb", [
    Verb(key="pay", zh="支付", doc_en="pays claims from an account; helpers fill the gap in the order named",
         doc_zh="从账户支付各项应付款，差额由后备来源依次补足",
         serves=CLAIMS, needs=("what", "source"), may=("share", "upto", "then", "to", "release"), compile=_pay),
    Verb(key="move", zh="划转", doc_en="moves cash between accounts, all of it or up to an amount",
         doc_zh="在账户之间划转资金，全部或以金额为限", needs=("source", "to"), may=("upto",), compile=_move),
    Verb(key="fill", zh="补足", doc_en="fills an account up to its target", doc_zh="将账户补足至目标金额",
         serves=("account",), needs=("what", "source"), may=("upto", "then"), single=True, compile=_fill),
    Verb(key="draw", zh="提取", doc_en="calls a support into an account", doc_zh="将外部支持提取至账户",
         serves=("support",), needs=("what", "to", "upto"), compile=_draw),
    Verb(key="repay", zh="偿还", doc_en="repays what a support has paid", doc_zh="偿还外部支持已支付的金额",
         serves=("support",), needs=("what", "source"), may=("share", "upto"), compile=_pay),
    Verb(key="buy", zh="购买", doc_en="buys contracts, purchases in the order named, each within its limits",
         doc_zh="循环购买资产，按所列顺序，各自以其限额为限",
         serves=("purchase",), needs=("what", "source"), may=("upto",), compile=_buy),
    Verb(key="sell", zh="出售", doc_en="sells performing principal of the pool at a price per principal",
         doc_zh="按每元本金的价格出售正常资产", needs=("to", "upto", "value"), compile=_sell),
    Verb(key="write_down", zh="核减", doc_en="writes principal off, in the order named", doc_zh="按所列顺序核减本金",
         serves=("principal",), needs=("what", "upto"), compile=_write_down),
    Verb(key="book", zh="记账", doc_en="debits ledgers in the order named, each up to its room",
         doc_zh="按所列顺序借记台账，以各自余量为限", serves=("ledger",), needs=("what", "upto"), compile=_book),
    Verb(key="probe", zh="测算", doc_en="records the value of a formula and moves nothing",
         doc_zh="记录公式的数值，不产生资金划转", needs=("value",), compile=_probe),
])  # fmt: skip
"""Every verb of the language; the parser, the checks, the documentation and the compiler read this one list."""
