"""Fees on what is paid (兑付手续费): charged as steps pay, due at the fee's own step, provided for by steps before it.

A step that pays claims on which such a fee is charged leaves the fee in the account, where the same account pays it:
of 100 it pays 100 / (1 + rate), so that a class swept to the last unit leaves no fee unpaid. No step takes what an
account holds for such fees.
"""

from __future__ import annotations

from collections.abc import Sequence

from absengine.deal.accrue import goes_on
from absengine.deal.assembler import Slot
from absengine.deal.builder import Builder
from absengine.deal.nouns import DealFile
from absengine.kernels.opcodes import Op


def charging(b: Builder, claims: Sequence[str]) -> list[str]:
    """Fees charged on any of some claims of single tranches."""
    return [name for name, fee in b.deal.fee.items() if set(claims) & {c for on in fee.on_paid for c in _single(b, on)}]


def _single(b: Builder, claim: str) -> list[str]:
    """A claim of a class as those of its tranches."""
    kind, _, rest = claim.partition(".")
    return [f"{kind}.{tranche}" for tranche in b.deal.tranches_of(rest)]


def charge(b: Builder, claim: str, amount: Slot, mask: Slot | None) -> None:
    """What paying a claim adds to the fees charged on it."""
    for name in charging(b, [claim]):
        b.add(b.asm.state(f"fee.{name}.accrued"), b.asm.value(Op.MUL, amount, _rate(b, name)), mask)


def fall_due(b: Builder, claims: Sequence[str], mask: Slot | None) -> None:
    """At its step such a fee is due for what the list has paid so far, in whole units; the fraction waits."""
    for name, fee in b.deal.fee.items():
        if fee.on_paid and f"fee.{name}" in claims:
            accrued = b.asm.state(f"fee.{name}.accrued")
            fresh = b.floored(accrued)
            b.take(accrued, fresh, mask)
            b.add(b.unpaid(f"fee.{name}"), fresh, mask)
            b.add(b.flow(f"fee.{name}.due"), fresh, mask)


def left_for_claims(b: Builder, account: str, claims: Sequence[str]) -> Slot | None:
    """What claims may take of an account that pays fees on them; None where it pays none."""
    fees = [name for name in charging(b, claims) if name in b.charged.get(account, ())]
    if not fees:
        return None
    rate = b.asm.value(Op.ADD, b.asm.one, b.asm.total([_rate(b, name) for name in fees]))
    return b.asm.value(Op.DIV, b.free(account), rate)


def by_account(deal: DealFile, stage: str) -> dict[str, list[str]]:
    """Fees on what is paid that the list of a stage pays, by the account it pays them from."""
    found: dict[str, list[str]] = {}
    for step in deal.stage[stage].step:
        for name, fee in deal.fee.items():
            if fee.on_paid and step.do == "pay" and step.source and f"fee.{name}" in step.what:
                found.setdefault(step.source, []).append(name)
    return found


def _rate(b: Builder, name: str) -> Slot:
    """Rate of a fee under the stress of fees, 0 where it has ended."""
    rate = b.deal.fee[name].rate
    assert rate is not None
    stressed = b.asm.value(Op.MUL, b.asm.param(f"fee.{name}.rate", rate.rate), b.asm.input("fee_factor"))
    return b.where_set(goes_on(b, name), stressed)
