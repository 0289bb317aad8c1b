"""Taxes (税): on a formula, plan VAT by asset kind with surcharges, VAT on service fees; what is due when a list runs.

Plan VAT follows the simplified method for asset-management products (3 %, interest-type income, price-inclusive; domain
§5.4 after 财税〔2016〕140 and 〔2017〕56). Surcharges are 12 % of the VAT in cities, 10 % in counties and towns, 6 %
elsewhere: 3.26 %, 3.20 % and 3.09 % of the income (domain §11). The VAT Law is in force since 1 January 2026: whether
the method goes on unchanged was not verified, see :data:`VERIFY_FROM`.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from typing import Any

from absengine.deal.accrue import fresh_fee
from absengine.deal.assembler import Slot
from absengine.deal.builder import Builder
from absengine.deal.formulas import emit_formula
from absengine.deal.nouns import DealFile, Tax
from absengine.kernels.opcodes import Op
from absengine.language.formula import Kind

SIMPLIFIED = 0.03
"""Rate of the simplified method, on the price without the tax (domain §5.4)."""

SERVICES = 0.06
"""VAT on services quoted net of it (domain §11: 6 %)."""

SURCHARGES = {"city": 0.12, "town": 0.10, "elsewhere": 0.06}
"""Surcharges as a share of the VAT: 城建 7/5/1 + 教育 3 + 地方教育 2 (domain §5.4)."""

VERIFY_FROM = dt.date(2026, 1, 1)
"""From here on the method is to be verified: the VAT Law is in force, the 3 % method is recalled [K] (domain §11)."""

_INCOME = "collected.interest."
_NAMED = re.compile(re.escape(_INCOME) + r"(\w+)")


def rate_of(tax: Tax) -> float:
    """The rate a tax states, else that of its kind."""
    if tax.rate is not None:
        return tax.rate
    return SERVICES if tax.kind == "fee_vat" else SIMPLIFIED


def burden(tax: Tax) -> float:
    """What a tax takes of a unit of its base: of price-inclusive income for ``vat``, 3 % / 1.03 × 1.12 in a city."""
    rate = rate_of(tax)
    return rate / (1.0 + rate) * (1.0 + SURCHARGES[tax.surcharge]) if tax.surcharge is not None else rate


def taxed_kinds(tax: Tax) -> list[str]:
    """Asset kinds whose interest a plan VAT is on."""
    return [kind for kind, what in tax.on.items() if what == "interest"]


def pool_kinds(deal: DealFile) -> list[str]:
    """Asset kinds of the pool, else those that taxes name."""
    named = [pool.kind for pool in deal.pools] or [kind for tax in deal.tax.values() for kind in tax.on]
    return list(dict.fromkeys(named))


def income_kinds(deal: DealFile) -> list[str]:
    """Asset kinds whose interest a tax or a formula of the deal asks for, in the order of the pool."""
    asked = {kind for tax in deal.tax.values() for kind in taxed_kinds(tax)}
    asked |= {kind for text in _texts(deal.model_dump()) for kind in _NAMED.findall(text)}
    return [kind for kind in pool_kinds(deal) if kind in asked]


def _texts(value: Any) -> Iterator[str]:
    """Every text of a deal, formulas among them."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | list | tuple):
        for part in value.values() if isinstance(value, Mapping) else value:
            yield from _texts(part)


def tax_to_come(b: Builder, name: str) -> Slot:
    """What a list that runs now adds to a tax, before it is cut to whole units."""
    tax = b.deal.tax[name]
    if tax.kind == "fee_vat":
        return _on_fees(b, name, [fresh_fee(b, claim.removeprefix("fee.")) for claim in tax.fees])
    return _on_income(b, name)


def fall_due(b: Builder, name: str, active: Slot) -> None:
    """When a list runs, after its fees have fallen due: the tax is due in whole units, the fraction waits."""
    tax = b.deal.tax[name]
    accrued, unpaid = b.asm.state(f"tax.{name}.accrued"), b.unpaid(f"tax.{name}")
    fallen = [b.asm.flow(f"{claim}.fallen") for claim in tax.fees]
    b.add(accrued, _on_fees(b, name, fallen) if tax.kind == "fee_vat" else _on_income(b, name), active)
    fresh = b.floored(accrued)
    b.take(accrued, fresh, active)
    b.add(unpaid, fresh, active)
    b.asm.emit(Op.SET, b.flow(f"tax.{name}.due"), unpaid, mask=active)


def _on_fees(b: Builder, name: str, fees: list[Slot]) -> Slot:
    return b.asm.value(Op.MUL, b.asm.total(fees), b.asm.param(f"tax.{name}.rate", rate_of(b.deal.tax[name])))


def _on_income(b: Builder, name: str) -> Slot:
    tax = b.deal.tax[name]
    rate = b.asm.param(f"tax.{name}.rate", rate_of(tax))
    if tax.kind == "plain":
        assert tax.base is not None
        income = emit_formula(b, tax.base, Kind.MONEY, ("tax", name, "base"))
    else:
        assert tax.surcharge is not None
        parts = [b.asm.state(f"{_INCOME}{kind}") for kind in taxed_kinds(tax)]
        parts += [b.asm.state("collected.fee")] if tax.pool_fees == "taxed" else []
        income = b.asm.total(parts)
        more = b.asm.param(f"tax.{name}.surcharge", SURCHARGES[tax.surcharge])
        inside = b.asm.value(Op.DIV, rate, b.asm.value(Op.ADD, b.asm.one, rate))
        rate = b.asm.value(Op.MUL, inside, b.asm.value(Op.ADD, b.asm.one, more))
    return b.asm.value(Op.MUL, b.asm.positive(income), rate)
