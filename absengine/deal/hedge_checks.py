"""Checks of hedges: a counterparty, one notional, two sides that differ, and a step for what the plan owes."""

from __future__ import annotations

from absengine.deal.findings import Findings
from absengine.deal.nouns import DealFile, Leg, RateCap, Swap
from absengine.language.scanner import Path
from absengine.language.units import percent


def check_hedge(deal: DealFile, name: str, hedge: Swap | RateCap, findings: Findings) -> None:
    """Add every problem of one hedge, but those of its notional's formula."""
    path: Path = ("hedge", name)
    findings.known("unknown-entity", (*path, "counterparty"), hedge.counterparty, deal.entity, "entity")
    findings.known("unknown-account", (*path, "to"), hedge.to, deal.account, "account")
    _notional(deal, path, hedge, findings)
    if isinstance(hedge, Swap):
        for side, leg in (("pay", hedge.pay), ("receive", hedge.receive)):
            _leg(deal, (*path, side), leg, findings)
        if hedge.pay == hedge.receive or (hedge.pay.rate is not None and hedge.receive.rate is not None):
            findings.add("hedge-legs", path, "two sides that never differ", "a fixed rate against an index, or two "
                         "indices", "correct one side")  # fmt: skip
        return
    findings.known("unknown-index", (*path, "index"), hedge.index, deal.index, "index")
    _rate((*path, "strike"), hedge.strike, -1.0, findings)
    premium = hedge.premium
    if premium is not None and (premium.per not in ("once", "payment") or premium.value < 0):
        findings.add("hedge-premium", (*path, "premium"), f"{premium}", 'an amount "once" or "per payment", 0 or more',
                     "say what accrues over time as a fee")  # fmt: skip


def _leg(deal: DealFile, path: Path, leg: Leg, findings: Findings) -> None:
    if (leg.rate is None) == (leg.index is None) or (leg.rate is not None and leg.spread):
        nothing = leg.rate is None and leg.index is None
        found = "neither rate nor index" if nothing else "a rate beside an index or a spread"
        findings.add("hedge-legs", path, found, '{ rate = "3%" } or { index = "…", spread = "0.4%" }', "keep one")
    elif leg.index is not None:
        findings.known("unknown-index", (*path, "index"), leg.index, deal.index, "index")
    for key, rate in (("rate", leg.rate or 0.0), ("spread", leg.spread)):
        _rate((*path, key), rate, -1.0, findings)


def _rate(path: Path, rate: float, least: float, findings: Findings) -> None:
    if not least <= rate <= 1:
        findings.add("rate-out-of-range", path, percent(rate), f"{percent(least)} to 100%", "check the decimal point")


def _notional(deal: DealFile, path: Path, hedge: Swap | RateCap, findings: Findings) -> None:
    """A formula, or amounts from dates on; the first on or before closing."""
    if (hedge.notional is None) == (not hedge.schedule):
        found = "both a formula and a schedule" if hedge.schedule else "no notional"
        findings.add("hedge-notional", path, found, 'notional = "balance.A" or schedule = [[2026-04-20, 1_000_000], …]',
                     "keep one" if hedge.schedule else "add it")  # fmt: skip
        return
    days = [date for date, _ in hedge.schedule]
    if findings.rising("hedge-notional", (*path, "schedule"), days) and days and days[0] > deal.dates.closing:
        findings.add("hedge-notional", (*path, "schedule", 0), f"a first notional on {days[0]}",
                     f"one on or before closing {deal.dates.closing}", "add it, 0 where none is yet")  # fmt: skip
    for index, (_, amount) in enumerate(hedge.schedule):
        if amount < 0:
            findings.add("hedge-notional", (*path, "schedule", index), f"{amount:,.2f}", "0 or more",
                         "exchange pay and receive instead")  # fmt: skip
