"""Checks of what a class may have beside coupon and principal: floor and cap, put (回售), anticipated repayment."""

from __future__ import annotations

from absengine.deal.findings import Findings
from absengine.deal.nouns import DealFile, FloatingCoupon, Tranche
from absengine.deal.plans import payment_row
from absengine.deal.timeline import day
from absengine.language.scanner import Path
from absengine.language.units import percent
from absengine.schema import Timeline


def check_class(deal: DealFile, name: str, tranche: Tranche, findings: Findings) -> None:
    """Add every problem of the options of one class that its dates alone can show."""
    path: Path = ("tranche", name)
    coupon = tranche.coupon
    if isinstance(coupon, FloatingCoupon):
        for key, bound in (("floor", coupon.floor), ("cap", coupon.cap)):
            if bound is not None and not 0 <= bound <= 1:
                findings.add("rate-out-of-range", (*path, "coupon", key), percent(bound), "0% to 100%", "check it")
        if coupon.floor is not None and coupon.cap is not None and coupon.floor > coupon.cap:
            findings.add("floor-above-cap", (*path, "coupon", "floor"),
                         f"a floor of {percent(coupon.floor)} over a cap of {percent(coupon.cap)}",
                         "a floor up to the cap", "exchange them, or correct one")  # fmt: skip
    _put(path, tranche, findings)
    _anticipated(deal, path, tranche, findings)


def _put(path: Path, tranche: Tranche, findings: Findings) -> None:
    put = tranche.put
    if put is None:
        return
    place: Path = (*path, "put")
    if tranche.principal is None or tranche.principal.kind == "plan":
        found = "a put of a residual class" if tranche.principal is None else "a put of a class with a fixed plan"
        findings.add("put-terms", place, found, "a put where principal is passed through, due at once, or by target",
                     "say the plan as target balances" if tranche.principal else "take it out")  # fmt: skip
    if not 0 <= put.share <= 1:
        findings.add("put-terms", (*place, "share"), f"a share of {percent(put.share)}", "0% to 100%", "correct it")
    if abs(put.adjust) > 1:
        findings.add("put-terms", (*place, "adjust"), f"an adjustment of {percent(put.adjust)}", "-100% to 100%",
                     "check the decimal point")  # fmt: skip
    if put.adjust and tranche.coupon is None:
        findings.add("put-terms", (*place, "adjust"), "an adjustment of no coupon", "a coupon to adjust", "take it out")
    if not put.dates:
        findings.add("put-date", (*place, "dates"), "no option dates", "at least one payment date", "add them")
    findings.rising("put-date", (*place, "dates"), put.dates)


def _anticipated(deal: DealFile, path: Path, tranche: Tranche, findings: Findings) -> None:
    ard = tranche.ard
    if ard is None:
        return
    if tranche.principal is None or tranche.coupon is None:
        findings.add("ard-terms", (*path, "ard"), "a class without coupon or principal", "a class that bears interest "
                     "and is repaid", "take it out")  # fmt: skip
    if not 0 <= ard.additional <= 1:
        findings.add("rate-out-of-range", (*path, "ard", "additional"), percent(ard.additional), "0% to 100%",
                     "check the decimal point")  # fmt: skip
    if not deal.dates.closing < ard.date < deal.dates.legal_final:
        findings.add("ard-terms", (*path, "ard", "date"), f"an anticipated repayment date {ard.date}",
                     f"after closing {deal.dates.closing} and before legal final {deal.dates.legal_final}",
                     "correct the date; what is due at legal final needs no anticipation")  # fmt: skip


def check_option_rows(deal: DealFile, timeline: Timeline, findings: Findings) -> None:
    """Option dates are payment dates, as scheduled or as moved over a holiday."""
    for name, tranche in deal.tranche.items():
        for index, date in enumerate(tranche.put.dates if tranche.put else ()):
            inside = timeline.closing < day(date) <= timeline.legal_final
            if not inside or payment_row(date, deal, timeline) is None:
                findings.add("put-date", ("tranche", name, "put", "dates", index), f"an option date on {date}",
                             f"payment dates after closing and up to legal final {timeline.legal_final}",
                             "name a payment date")  # fmt: skip
