"""From the date rules of a deal to its rows: one per calculation date, with the payment date it serves."""

from __future__ import annotations

import datetime as dt

import numpy as np
from numpy.typing import NDArray

from absengine.calendars.business_days import calendar
from absengine.calendars.date_rules import Period, add_months, day_of_month, regular_dates
from absengine.deal.nouns import DealFile, PaymentDates, Regular
from absengine.errors import InputError, Problem, Where
from absengine.schema import Dates, Timeline


def day(value: dt.date) -> np.datetime64:
    """A calendar date as a NumPy day."""
    return np.datetime64(value, "D")


def build_timeline(deal: DealFile) -> Timeline:
    """Rows of the deal: every collection date up to legal final; payments hang on the last collection before them.

    The last row always pays, on the legal final date: what is unpaid then is a loss.
    """
    dates = deal.dates
    closing, final = day(dates.closing), day(dates.legal_final)
    calc = collection_dates(dates.collection, day(dates.cutoff), final)
    unadjusted = payment_dates(dates.payment, final)
    unadjusted = unadjusted[unadjusted > closing]
    _check_payments(calc, unadjusted)
    due = _due_by_row(calc, unadjusted, dates.payment, final)
    paying = np.zeros(len(calc), dtype=bool)
    paying[_row_of_payment(calc, unadjusted)] = True
    paying[-1] = True
    calendars = {"payment": paying, "collection": np.ones_like(paying)}
    for name, rule in dates.further.items():
        days = further_dates(rule, dates.payment, final)
        calendars[name] = _add_calendar(calc, due, calendars, days[days > closing])
    due = np.maximum.accumulate(due)
    pay_date = calendar(dates.payment.calendar).roll(due, dates.payment.roll)
    accrual_end = np.maximum(pay_date if dates.payment.extra_interest else due, closing)
    accrual_start = np.concatenate([[closing], accrual_end[:-1]])
    started = accrual_end > closing
    pays = np.array([calendars[stage.pays] & started for stage in deal.stage.values()])
    return Timeline(
        cutoff=day(dates.cutoff),
        closing=closing,
        legal_final=final,
        calc_date=calc,
        pay_date=pay_date,
        accrual_start=accrual_start,
        accrual_end=accrual_end,
        anchor=_anchors(accrual_end, paying, closing),
        pays=pays,
        call_date=_call_dates(deal, calc, pay_date),
        calendars=calendars,
    )


def _call_dates(deal: DealFile, calc: Dates, pay_date: Dates) -> dict[str, Dates]:
    """Day on which each support's provider is called, row by row, for supports that state one, and on which the
    servicer hands over.
    """
    business = calendar(deal.dates.payment.calendar)
    days = {}
    calls = {name: support.call for name, support in deal.support.items() if support.call is not None}
    if deal.servicing is not None:
        days["servicing"] = calc
        calls |= {"servicing": deal.servicing.by} if deal.servicing.by is not None else {}
    for name, call in calls.items():
        anchor = pay_date if call.anchor == "payment" else calc
        plain = anchor + np.timedelta64(call.signed, "D")
        days[name] = business.shift(anchor, call.signed) if call.business else plain
    return days


def further_dates(rule: Regular, payment: PaymentDates, final: np.datetime64) -> Dates:
    """Unadjusted dates of a further payment calendar up to legal final, on the payment's day unless it says another."""
    assert rule.first is not None
    on = rule.on or payment.on if rule.every.unit in ("month", "year") else None
    dates = regular_dates(day(rule.first), Period(str(rule.every)), on, final)
    return dates[dates <= final]


def _add_calendar(calc: Dates, due: Dates, others: dict[str, NDArray[np.bool_]], dates: Dates) -> NDArray[np.bool_]:
    """Rows on which a further calendar pays; their dates go into ``due``. A row has one payment date for all."""
    _check_payments(calc, dates)
    rows = _row_of_payment(calc, dates)
    taken = np.logical_or.reduce([pays for name, pays in others.items() if name != "collection"])
    apart = np.flatnonzero(taken[rows] & (due[rows] != dates))
    if len(apart):
        found = f"payments on {due[rows[apart[0]]]} and {dates[apart[0]]} after one collection date"
        allowed = "calendars that agree where they fall on the same collection"
        raise InputError(Problem("payments-between-collections", Where(), found, allowed, "give both the same day"))
    pays = np.zeros(len(calc), dtype=bool)
    pays[rows] = True
    pays[-1] = True
    due[rows] = dates
    return pays


def collection_dates(rule: Regular, cutoff: np.datetime64, final: np.datetime64) -> Dates:
    """Calculation dates after the cut-off and up to legal final; at least one."""
    every = Period(str(rule.every))
    first = day(rule.first) if rule.first else _first_after(cutoff, every, rule.on or "last day")
    dates = regular_dates(first, every, rule.on, final)
    dates = dates[dates > cutoff]
    return dates if len(dates) else np.array([final], dtype="datetime64[D]")


def payment_dates(rule: PaymentDates, final: np.datetime64) -> Dates:
    """Unadjusted payment dates up to legal final, as listed or by rule."""
    if rule.dates is not None:
        dates = np.array([day(value) for value in rule.dates], dtype="datetime64[D]")
    else:
        assert rule.first is not None and rule.every is not None
        dates = regular_dates(day(rule.first), Period(str(rule.every)), rule.on, final)
    return dates[dates <= final]


def _check_payments(calc: Dates, unadjusted: Dates) -> None:
    """Refuse payments that no collection stands behind, and two on one collection: the cash would be paid early."""
    if len(unadjusted) and unadjusted[0] < calc[0]:
        found = f"a payment on {unadjusted[0]}, the first collection date on {calc[0]}"
        raise InputError(Problem("payment-before-collection", Where(), found, "payments from the first collection on"))
    rows = _row_of_payment(calc, unadjusted)
    twice = np.flatnonzero(np.diff(rows) == 0)
    if len(twice):
        found = f"payments on {unadjusted[twice[0]]} and {unadjusted[twice[0] + 1]} after one collection date"
        raise InputError(Problem("payments-between-collections", Where(), found, "a collection before each payment"))


def _row_of_payment(calc: Dates, unadjusted: Dates) -> NDArray[np.intp]:
    """The row whose calculation date is the last one on or before each payment date."""
    return np.maximum(np.searchsorted(calc, unadjusted, side="right") - 1, 0)


def _due_by_row(calc: Dates, unadjusted: Dates, rule: PaymentDates, final: np.datetime64) -> Dates:
    """Unadjusted payment date of each row; rows between payments use the same day of the month, or the same gap."""
    if rule.on is not None:
        due = add_months(calc, 0, day_of_month(rule.on))
        due = np.where(due < calc, add_months(calc, 1, day_of_month(rule.on)), due)
    else:
        rows = _row_of_payment(calc, unadjusted)
        due = calc + (unadjusted[0] - calc[rows[0]] if len(rows) else np.timedelta64(0, "D"))
    due[_row_of_payment(calc, unadjusted)] = unadjusted
    due = np.minimum(due, final)
    due[-1] = final
    return np.maximum.accumulate(due)


def _first_after(cutoff: np.datetime64, every: Period, on: int | str) -> np.datetime64:
    """The first collection date after the cut-off: this month's if it is still to come, else one period on."""
    choices: Dates = add_months([cutoff, cutoff], [0, max(every.months, 1)], day_of_month(on))
    return np.datetime64(choices[choices > cutoff][0], "D")


def _anchors(accrual_end: Dates, paying: NDArray[np.bool_], closing: np.datetime64) -> Dates:
    """Start of the interest period each row lies in: the last regular payment before it, else closing."""
    anchor = np.empty_like(accrual_end)
    current = closing
    for row, end in enumerate(accrual_end):
        anchor[row] = current
        if paying[row]:
            current = end
    return anchor
