"""What a step can serve: interest, principal, residual, fees, taxes, ledgers: each with its need and its settlement."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from absengine.deal.assembler import UNLIMITED, Slot
from absengine.deal.builder import Builder
from absengine.deal.formulas import emit_formula
from absengine.kernels.opcodes import Op
from absengine.language.formula import Kind


@dataclass(frozen=True)
class Payable:
    """One thing a step pays: ``need`` now, the stock it reduces, the flow it is recorded in.

    ``scheduled`` is what the class's own terms make due now, where that is not the whole claim (``upto = "due"``);
    ``sweeps`` marks a residual, which needs whatever its account holds.
    """

    name: str
    need: Slot
    scheduled: Slot
    quantum: Slot
    settle: Callable[[Slot, Slot | None], None]
    sweeps: bool = False


def payables(b: Builder, name: str) -> list[Payable]:
    """Everything ``name`` stands for: a class stands for its tranches, in file order."""
    kind, _, rest = name.partition(".")
    return [PAYABLES[kind](b, part) for part in expand(b, kind, rest)]


def expand(b: Builder, kind: str, rest: str) -> tuple[str, ...]:
    """Tranches of a class for claims of tranches, for principal those that repay it; the name itself for all else."""
    if kind not in ("interest", "principal", "residual", "additional"):
        return (rest,)
    if kind == "additional":
        return tuple(name for name in b.deal.tranches_of(rest) if b.tranche(name).ard is not None)
    repaid = kind != "principal" or rest in b.deal.tranche
    return tuple(name for name in b.deal.tranches_of(rest) if repaid or b.tranche(name).principal is not None)


def _interest(b: Builder, tranche: str) -> Payable:
    unpaid, paid = b.interest_unpaid(tranche), b.flow(f"tranche.{tranche}.interest_paid")

    def settle(amount: Slot, mask: Slot | None) -> None:
        b.take(unpaid, amount, mask)
        b.add(paid, amount, mask)
        if b.tranche(tranche).interest_on_unpaid == "simple":
            extra = b.interest_on_interest(tranche)
            left = b.asm.positive(b.asm.value(Op.SUB, extra, amount))
            b.asm.emit(Op.SET, extra, left, mask=mask)

    return Payable(f"interest.{tranche}", unpaid, unpaid, b.tranche_quantum(tranche), settle)


def _principal(b: Builder, tranche: str) -> Payable:
    balance, paid = b.balance(tranche), b.flow(f"tranche.{tranche}.principal_paid")

    def settle(amount: Slot, mask: Slot | None) -> None:
        b.take(balance, amount, mask)
        b.add(paid, amount, mask)
        if tranche in b.plans:
            b.add(b.repaid(tranche), amount, mask)
        if b.tranche(tranche).put is not None:  # what the class is paid goes to those who put first
            left = b.asm.positive(b.asm.value(Op.SUB, b.put_open(tranche), amount))
            b.asm.emit(Op.SET, b.put_open(tranche), left, mask=mask)

    return Payable(f"principal.{tranche}", balance, b.principal_due(tranche), b.tranche_quantum(tranche), settle)


def _additional(b: Builder, tranche: str) -> Payable:
    unpaid, paid = b.additional_unpaid(tranche), b.flow(f"tranche.{tranche}.additional_paid")

    def settle(amount: Slot, mask: Slot | None) -> None:
        b.take(unpaid, amount, mask)
        b.add(paid, amount, mask)

    return Payable(f"additional.{tranche}", unpaid, unpaid, b.tranche_quantum(tranche), settle)


def _residual(b: Builder, tranche: str) -> Payable:
    paid = b.flow(f"tranche.{tranche}.residual_paid")
    everything = b.asm.param("unlimited", UNLIMITED)
    settle = partial(b.add, paid)
    return Payable(f"residual.{tranche}", everything, everything, b.tranche_quantum(tranche), settle, sweeps=True)


def _fee(b: Builder, name: str) -> Payable:
    stem = name.removesuffix(".over_cap")
    item = f"fee.{stem}.over_cap_paid" if name.endswith(".over_cap") else f"fee.{stem}.paid"
    return _claim(b, f"fee.{name}", item)


def _tax(b: Builder, name: str) -> Payable:
    return _claim(b, f"tax.{name}", f"tax.{name}.paid")


def _hedge(b: Builder, name: str) -> Payable:
    return _claim(b, f"hedge.{name}", f"hedge.{name}.paid")


def _claim(b: Builder, claim: str, item: str) -> Payable:
    unpaid, paid = b.unpaid(claim), b.flow(item)

    def settle(amount: Slot, mask: Slot | None) -> None:
        b.take(unpaid, amount, mask)
        b.add(paid, amount, mask)

    return Payable(claim, unpaid, unpaid, b.quantum, settle)


def _ledger(b: Builder, name: str) -> Payable:
    owed = b.ledger(name)
    return Payable(f"ledger.{name}", owed, owed, b.quantum, partial(b.take, owed))


def _support(b: Builder, name: str) -> Payable:
    owed, repaid = b.support_owed(name), b.flow(f"support.{name}.repaid")

    def settle(amount: Slot, mask: Slot | None) -> None:
        b.take(owed, amount, mask)
        b.add(repaid, amount, mask)
        if b.deal.support[name].kind == "liquidity":  # a facility may be drawn again once repaid
            b.add(b.support_left(name), amount, mask)

    return Payable(f"support.{name}", owed, owed, b.quantum, settle)


def _account(b: Builder, name: str) -> Payable:
    """Filling an account up to its target."""
    target = b.deal.account[name].target
    assert target is not None
    wanted = emit_formula(b, target, Kind.MONEY, ("account", name, "target"))
    gap = b.asm.positive(b.asm.value(Op.SUB, wanted, b.account(name)))
    need = b.floored(gap)
    return Payable(f"account.{name}", need, need, b.quantum, lambda amount, mask: None)


PAYABLES: dict[str, Callable[[Builder, str], Payable]] = {
    "interest": _interest,
    "principal": _principal,
    "additional": _additional,
    "residual": _residual,
    "fee": _fee,
    "tax": _tax,
    "hedge": _hedge,
    "ledger": _ledger,
    "support": _support,
    "account": _account,
}
