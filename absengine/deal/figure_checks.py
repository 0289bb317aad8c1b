"""Checks of figures (指标): dates that can be laid out, a start only where something starts."""

from __future__ import annotations

import numpy as np

from absengine.deal.figures import is_sampled, sample_dates
from absengine.deal.findings import Findings
from absengine.deal.nouns import DealFile, Figure
from absengine.deal.timeline import day

_RULE = 'dates = [2027-02-15, …], or a rule such as every = "1 year", on = 15, first = 2027-02-15'


def check_figures(deal: DealFile, findings: Findings) -> None:
    """Add every problem of the figures of a deal, but those of their formulas."""
    for name, figure in deal.figure.items():
        before = len(findings.problems)
        _rule(name, figure, findings)
        if len(findings.problems) == before:
            _reach(deal, name, figure, findings)


def _rule(name: str, figure: Figure, findings: Findings) -> None:
    """No dates, a list, or a whole rule; the day of the month where periods are of months or years."""
    stated = [key for key in ("every", "on", "first") if getattr(figure, key) is not None]
    by_days = figure.every is not None and figure.every.unit in ("day", "week")
    wanted = ["every", "first"] if by_days else ["every", "on", "first"]
    if figure.dates is not None and (stated or not figure.dates):
        found = f"dates = […] together with {', '.join(stated)}" if stated else "an empty list of dates"
        findings.add("figure-dates", ("figure", name), found, _RULE, "keep one")
    elif figure.dates is None and stated and stated != wanted:
        findings.add("figure-dates", ("figure", name), f"{', '.join(stated)}", _RULE, "give the whole rule")
    elif isinstance(figure.on, int) and not 1 <= figure.on <= 31:
        findings.add("figure-dates", ("figure", name, "on"), f"day {figure.on}", 'a day 1 to 31, or "last day"')
    if not is_sampled(figure) and figure.start is not None:
        findings.add("figure-start", ("figure", name, "start"), f"'{figure.start}' for a figure taken on every row",
                     "a start for figures with dates", "take it out, or say on which dates it is taken")  # fmt: skip
    findings.rising("figure-dates", ("figure", name, "dates"), figure.dates or ())


def _reach(deal: DealFile, name: str, figure: Figure, findings: Findings) -> None:
    """Every listed date is after the cut-off and up to legal final; a rule has a first one."""
    cutoff, final = day(deal.dates.cutoff), day(deal.dates.legal_final)
    if not is_sampled(figure):
        return
    first, listed = figure.first or (figure.dates or ())[0], figure.dates or ()
    dates = sample_dates(figure, final) if day(first) <= final else np.array([day(first)])
    if len(dates) == 0 or dates[0] <= cutoff or (len(listed) and dates[-1] > final) or dates[0] > final:
        found = f"dates from {first}" + (f" to {listed[-1]}" if len(listed) > 1 else "")
        allowed = f"dates after the cut-off date {deal.dates.cutoff} and up to legal final {deal.dates.legal_final}"
        findings.add("figure-dates", ("figure", name), found, allowed, "correct the dates")
