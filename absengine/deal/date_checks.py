"""Checks of the dates of a deal: before its rows are laid out, and of the rows themselves."""

from __future__ import annotations

import datetime as dt

import numpy as np

from absengine.calendars.business_days import calendar
from absengine.deal.class_checks import check_option_rows
from absengine.deal.findings import Findings
from absengine.deal.nouns import DealFile, PaymentDates, Regular
from absengine.deal.timeline import day, payment_dates
from absengine.errors import InputError
from absengine.language.scanner import Path
from absengine.language.units import DayOffset, PeriodText
from absengine.schema import Timeline

FIRST, LAST = dt.date(1900, 1, 1), dt.date(2199, 12, 31)
MAX_ROWS = 4_000
"""Calculation dates of a deal: ten years of days, or three centuries of months."""

_DAYS = {"day": 1, "week": 7, "month": 28, "year": 365}
_RULE = 'dates = [2026-07-26, …], or a rule such as every = "3 months", on = 26, first = 2026-07-26'
PAYMENT: Path = ("dates", "payment")
COLLECTION: Path = ("dates", "collection")


def check_dates(deal: DealFile, findings: Findings) -> None:
    """Every date in its place, rules complete, calendar known and long enough."""
    dates, before = deal.dates, len(findings.problems)
    for key, date in (("cutoff", dates.cutoff), ("closing", dates.closing), ("legal_final", dates.legal_final)):
        if not FIRST <= date <= LAST:
            findings.add("date-out-of-range", ("dates", key), f"{date}", f"{FIRST} to {LAST}", "correct the year")
    if not dates.cutoff <= dates.closing:
        findings.add("closing-before-cutoff", ("dates", "closing"), f"closing {dates.closing}",
                     f"on or after the cut-off date {dates.cutoff}", "correct one of the two")  # fmt: skip
    if dates.legal_final <= dates.closing:
        findings.add("final-before-closing", ("dates", "legal_final"), f"legal final {dates.legal_final}",
                     f"after closing {dates.closing}", "correct one of the two")  # fmt: skip
    if len(findings.problems) > before:
        return
    _rule(COLLECTION, dates.collection, dates.collection.first, findings)
    _collections(deal, findings)
    _payments(deal, findings)
    _further(deal, findings)
    if len(findings.problems) == before:
        _calendar(deal, findings)


def check_rows(deal: DealFile, timeline: Timeline, findings: Findings) -> None:
    """What only the laid out rows show: the last payment, call days of supports, how often a trigger is tested."""
    final, calc = timeline.legal_final, timeline.calc_date
    payments = payment_dates(deal.dates.payment, final)
    if len(payments) and payments[-1] < final and payments[-1] >= calc[-1]:
        findings.add("payments-between-collections", ("dates", "legal_final"),
                     f"legal final {final} and a payment on {payments[-1]} after one collection date ({calc[-1]})",
                     "a collection date before each payment", f"end on {payments[-1]}, or later")  # fmt: skip
    check_option_rows(deal, timeline, findings)
    for name, days in timeline.call_date.items():
        path: Path = ("servicing", "by") if name == "servicing" else ("support", name, "call")
        if name == "servicing" and (deal.servicing is None or deal.servicing.by is None):
            continue  # its calculation dates are no days that the deal states
        paying = timeline.pays.any(axis=0)
        late, early = paying & (days > timeline.pay_date), paying & (days < timeline.cutoff)
        for row, said in ((late, "payment it helps, on"), (early, "cut-off date, for the payment on")):
            if row.any():
                word = "after" if row is late else "before"
                found = f"a call on {days[row][0]}, {word} the {said} {timeline.pay_date[row][0]}"
                findings.add("call-day", path, found, "days from the cut-off date to the payment", "correct the days")
    for name, trigger in deal.trigger.items():
        counts = {"sustained": trigger.sustained} | ({"cure": trigger.cure.sustained} if trigger.cure else {})
        for key, count in counts.items():
            if count > timeline.rows:
                findings.add("sustained-too-long", ("trigger", name, key), f"{count} tests in a row",
                             f"at most {timeline.rows}, the rows of the deal", "it could never happen")  # fmt: skip


def _rule(path: Path, rule: Regular | PaymentDates, first: dt.date | None, findings: Findings) -> None:
    """The day of the month: needed for months and years, meaningless for days and weeks."""
    if isinstance(rule.on, int) and not 1 <= rule.on <= 31:
        findings.add("wrong-day-of-month", (*path, "on"), f"day {rule.on}", 'a day 1 to 31, or "last day"')
    if rule.every is None:
        return
    in_days = rule.every.unit in ("day", "week")
    if in_days and rule.on is not None:
        findings.add("day-of-month-unused", (*path, "on"), f"on = {rule.on!r} with every = '{rule.every}'",
                     "a day for periods of months and years only", "take it out and give first")  # fmt: skip
    elif in_days and first is None:
        findings.add("first-date-missing", path, f"every = '{rule.every}' and no first date", "first = a date",
                     "say from which date to count")  # fmt: skip
    elif not in_days and rule.on is None:
        findings.add("day-of-month-missing", path, f"every = '{rule.every}' and no day of the month",
                     'on = a day 1 to 31, or "last day"', "add on = …")  # fmt: skip


def _collections(deal: DealFile, findings: Findings) -> None:
    dates, rule = deal.dates, deal.dates.collection
    if rule.first is not None and not dates.cutoff < rule.first <= dates.legal_final:
        findings.add("collection-first", (*COLLECTION, "first"), f"a first collection date on {rule.first}",
                     f"after the cut-off date {dates.cutoff} and up to legal final {dates.legal_final}",
                     "correct the date")  # fmt: skip
    rows = (dates.legal_final - dates.cutoff).days / _length(rule.every)
    if rows > MAX_ROWS:
        findings.add("too-many-rows", COLLECTION, f"about {rows:,.0f} collection dates up to {dates.legal_final}",
                     f"at most {MAX_ROWS:,}", "collect less often, or correct legal_final")  # fmt: skip


def _length(every: PeriodText) -> int:
    return every.n * _DAYS[every.unit]


def _payments(deal: DealFile, findings: Findings) -> None:
    """Either a list of dates or a whole rule; all after closing and up to legal final."""
    dates, rule = deal.dates, deal.dates.payment
    stated = [key for key in ("every", "on", "first") if getattr(rule, key) is not None]
    if rule.dates is not None and stated:
        findings.add("payment-dates", PAYMENT, f"dates = […] together with {', '.join(stated)}", _RULE, "keep one")
    elif not rule.dates and (rule.every is None or rule.first is None):
        missing = " or ".join(key for key in ("every", "first") if key not in stated)
        found = f"{', '.join(stated)} without {missing}" if stated else "no payment dates"
        findings.add("payment-dates", PAYMENT, found, _RULE, "give the whole rule, or the dates")
    _rule(PAYMENT, rule, rule.first, findings)
    findings.rising("payment-dates-order", (*PAYMENT, "dates"), rule.dates or ())
    for date in (*(rule.dates or ())[:1], *([rule.first] if rule.first else [])):
        if date <= dates.closing:
            findings.add("payment-before-closing", PAYMENT, f"a first payment on {date}",
                         f"payments after closing {dates.closing}", "correct the date")  # fmt: skip
    for date in (*(rule.dates or ())[-1:], *([rule.first] if rule.first else [])):
        if date > dates.legal_final:
            findings.add("payment-after-final", PAYMENT, f"a payment on {date}",
                         f"payments up to legal final {dates.legal_final}", "correct the date")  # fmt: skip


def _further(deal: DealFile, findings: Findings) -> None:
    """Further payment calendars: a whole rule each, on the day of the payments unless it says another."""
    dates = deal.dates
    for name, rule in dates.further.items():
        path: Path = ("dates", "further", name)
        if name in ("payment", "collection", "receipt"):
            findings.add("reserved-name", path, f"a calendar named {name}", "a word of its own, such as quarterly",
                         "rename it")  # fmt: skip
        in_days = rule.every.unit in ("day", "week")
        on = rule.on if in_days or rule.on is not None else dates.payment.on
        _rule(path, rule.model_copy(update={"on": on}), rule.first, findings)
        if rule.first is None:
            if not in_days:
                findings.add("first-date-missing", path, f"every = '{rule.every}' and no first date", "first = a date",
                             "say from which date to count")  # fmt: skip
        elif rule.first <= dates.closing:
            findings.add("payment-before-closing", path, f"a first payment on {rule.first}",
                         f"payments after closing {dates.closing}", "correct the date")  # fmt: skip
        elif rule.first > dates.legal_final:
            findings.add("payment-after-final", path, f"a payment on {rule.first}",
                         f"payments up to legal final {dates.legal_final}", "correct the date")  # fmt: skip


def _calendar(deal: DealFile, findings: Findings) -> None:
    """A known calendar that reaches from closing to legal final; moves and business days need one."""
    rule = deal.dates.payment
    try:
        days = calendar(rule.calendar)
        days.is_business(np.array([day(deal.dates.closing), day(deal.dates.legal_final)]))
    except InputError as refused:
        findings.passed((*PAYMENT, "calendar"), refused)
        return
    if days.name != "none":
        return
    named = 'calendar = "SSE" (exchange), "CNIB" (interbank) or "weekends"'
    if rule.roll != "none":
        findings.add("roll-without-calendar", (*PAYMENT, "roll"), f"roll = '{rule.roll}' and no business calendar",
                     named, "name the calendar, or take the roll out")  # fmt: skip
    calls: dict[Path, DayOffset | None] = {("support", name, "call"): s.call for name, s in deal.support.items()}
    calls[("servicing", "by")] = None if deal.servicing is None else deal.servicing.by
    for path, call in calls.items():
        if call is not None and call.business:
            findings.add("call-without-calendar", path,
                         f"'{call}' and no business calendar in dates.payment", named,
                         "name the calendar, or count plain days")  # fmt: skip
