"""Checks of criteria (合格标准): each states one limit of the right sort, and purchases meet them."""

from __future__ import annotations

import datetime as dt

from absengine.deal.criteria import mismatch, sort_of, within
from absengine.deal.findings import Findings
from absengine.deal.nouns import Criterion, DealFile, Purchase
from absengine.language.toml import printable
from absengine.language.validation import one_of

LIMITS = "one of at_most, at_least, one_of, none_of, share_at_most"


def check_criteria(deal: DealFile, findings: Findings) -> None:
    """Add every problem of every ``[criterion.x]``; fields only tapes know are looked for when the pool is read."""
    for name, criterion in deal.criterion.items():
        if not _form(name, criterion, findings):
            continue
        key = "by" if criterion.of_shares else "field"
        sort = "text" if criterion.by == "group" else sort_of(getattr(criterion, key))
        for found, allowed in () if sort is None else mismatch(criterion, sort):
            findings.add("criterion-kind", ("criterion", name, key), found, allowed,
                         "state the limit in the field's own unit")  # fmt: skip
        if sort is not None and not any(mismatch(criterion, sort)) and not criterion.of_shares:
            _purchases(deal, name, criterion, findings)


def _form(name: str, criterion: Criterion, findings: Findings) -> bool:
    """Whether it states one limit and what that is about."""
    path, before = ("criterion", name), len(findings.problems)
    if len(criterion.limits) != 1:
        found = " and ".join(criterion.limits) or "no limit"
        findings.add("criterion-limits", path, f"{found} in criterion '{name}'", LIMITS,
                     "write one criterion for each limit" if criterion.limits else "add the limit")  # fmt: skip
        return False
    of = {"field": criterion.field, "by": criterion.by, "top": criterion.top}
    wanted, strange = ("by", ("field",)) if criterion.of_shares else ("field", ("by", "top"))
    if of[wanted] is None:
        findings.add("criterion-of-what", path, f"{criterion.limits[0]} without {wanted}",
                     'by = "obligor", whose shares are limited' if wanted == "by" else
                     'field = "remaining_months", which is limited', f"add {wanted} = …")  # fmt: skip
    for key in strange:
        if of[key] is not None:
            findings.add("criterion-strange-key", (*path, key), f"{key} beside {criterion.limits[0]}",
                         f"{wanted} with {criterion.limits[0]}", f"take {key} out")  # fmt: skip
    share = criterion.share_at_most
    if share is not None and not 0 < share < 1:
        findings.add("criterion-share", (*path, "share_at_most"), f"a share of {share:.2%}",
                     "above 0 % and below 100 %", "a limit of everything limits nothing")  # fmt: skip
    return len(findings.problems) == before


def _purchases(deal: DealFile, name: str, criterion: Criterion, findings: Findings) -> None:
    """Refuse terms of purchases that break a criterion, with the place of both."""
    assert criterion.field is not None
    stands = findings.document.where(("criterion", name))
    for key, terms in deal.purchase.items():
        known = _terms(terms).get(criterion.field)
        if known is None or within(criterion, known[1]):
            continue
        said = f"{known[1]:g}" if isinstance(known[1], float) else printable(str(known[1]))
        limit = criterion.limits[0]
        value = getattr(criterion, limit)
        shown = one_of(value) if isinstance(value, tuple) else str(value)
        findings.add("purchase-not-eligible", ("purchase", key, known[0]),
                     f"{criterion.field} of {said} by the terms of purchase '{key}'",
                     f"{limit} {shown} by criterion '{name}' at {stands}",
                     "change the terms of the purchase, or the criterion")  # fmt: skip


def _terms(terms: Purchase) -> dict[str, tuple[str, float | dt.date | str]]:
    """What is known of the contracts a purchase buys: field → the key that says so, and the value."""
    months = float(terms.term.months)
    known: dict[str, tuple[str, float | dt.date | str]] = {
        "remaining_months": ("term", months), "original_months": ("term", months), "rate": ("rate", terms.rate),
        "asset_kind": ("kind", terms.kind),
    }  # fmt: skip
    if terms.pool is not None:
        known["pool"] = ("pool", terms.pool)
    if terms.matures_by is not None:
        known["maturity_date"] = ("matures_by", terms.matures_by)
    return known
