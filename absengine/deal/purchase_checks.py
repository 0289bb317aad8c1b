"""Checks of what a deal may buy (循环购买): its terms make a contract, and a stress can rule it."""

from __future__ import annotations

from absengine.deal.findings import Findings
from absengine.deal.nouns import DealFile, Purchase
from absengine.language.validation import one_of


def check_purchases(deal: DealFile, findings: Findings) -> None:
    """Add every problem of every ``[purchase.x]``, and purchases no step buys."""
    for name, terms in deal.purchase.items():
        _terms(name, terms, findings)
        kinds = sorted({pool.kind for pool in deal.pools})
        if kinds and terms.kind not in kinds:
            findings.add("purchase-kind", ("purchase", name, "kind"), f"'{terms.kind}', which the pool does not hold",
                         one_of(kinds), "buy what the pool is made of, so that its assumptions rule it")  # fmt: skip
    bought = {what for stage in deal.stage.values() for step in stage.step if step.do == "buy" for what in step.what}
    for name in deal.purchase:
        if f"purchase.{name}" not in bought:
            findings.add("purchase-never-bought", ("purchase", name), f"purchase '{name}' and no step that buys it",
                         'a step do = "buy" that names it', "add the step, or take the purchase out")  # fmt: skip


def _terms(name: str, terms: Purchase, findings: Findings) -> None:
    path = ("purchase", name)
    every, term = terms.every.months, terms.term.months
    if not every or not term or term % every:
        findings.add("purchase-term", (*path, "term"), f"{terms.term} paid every {terms.every}",
                     "a term of whole periods of months", 'write term = "24 months" every = "3 months"')  # fmt: skip
    if terms.rate < 0:
        findings.add("purchase-rate", (*path, "rate"), f"a rate of {terms.rate:.2%}", "0 % or more")
    if not 0 < terms.price <= 2:
        findings.add("purchase-price", (*path, "price"), f"a price of {terms.price:.2%} of principal",
                     "above 0 % and up to 200 %", "a discount of 2 % is a price of 98 %")  # fmt: skip
    if terms.supply is not None and terms.supply.value < 0:
        findings.add("purchase-supply", (*path, "supply"), f"a supply of {terms.supply.value:,.2f}", "0 or more")
    if terms.lot < 0:
        findings.add("purchase-lot", (*path, "lot"), f"a lot of {terms.lot:,.2f}", "0 (any amount) or more")
