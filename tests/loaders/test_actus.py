"""The schedule maths against the ACTUS reference contracts, through an adapter that only translates terms.

The cases (CC BY-SA 4.0) are read from beside the checkout and never copied; without them these tests are skipped.
"""

import json
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from absengine.calendars.date_rules import Period, is_month_end, month_day, regular_dates
from absengine.loaders.due_dates import Cycle, Grid, due_dates, grid_of
from absengine.loaders.interest import growth
from absengine.loaders.schedule import Amortisation, Flows, amortise, level_payment, terms_to_repay

CASES = Path(__file__).resolve().parents[2].parent / "shared" / "verification" / "actus" / "plain_cases.json"
DAY_COUNTS = {"A365": "ACT/365F", "A360": "ACT/360", "AA": "ACT/ACT ISDA", "30E360": "30E/360"}
NAMES = json.loads(CASES.read_text("utf-8"))["cases"] if CASES.exists() else {}


@dataclass
class Expected:
    """What the reference says happens on one date, all amounts positive for the lender."""

    interest: float = 0.0
    principal: float = 0.0
    balance: float = 0.0
    accrued: float = 0.0


def test_actus__all_cases_are_here() -> None:
    if not CASES.exists():
        pytest.skip("ACTUS cases are not beside this checkout")
    assert len(NAMES) == 55


@pytest.mark.parametrize("name", sorted(NAMES) or [pytest.param("", marks=pytest.mark.skip("ACTUS cases absent"))])
def test_actus__case(name: str) -> None:
    case = NAMES[name]
    ours = _schedule(case["terms"])
    theirs = _expected(case)
    last = max(theirs)
    got = {
        due: (interest, principal, closing, interest + accrued)
        for due, interest, principal, closing, accrued in zip(
            ours.due.astype(date), ours.interest, ours.principal, ours.closing, ours.accrued, strict=True
        )
        if due <= last
    }
    nothing = (0.0, 0.0, 0.0, 0.0)
    assert sorted(got) == [day for day in sorted(theirs) if day in got or _moves(theirs[day])]
    for day, want in theirs.items():
        have = got.get(day, nothing)
        assert have[:3] == pytest.approx((want.interest, want.principal, want.balance), abs=1e-6), day
        assert have[3] == pytest.approx(want.accrued, abs=1e-6), day


def _moves(want: Expected) -> bool:
    return bool(want.interest or want.principal or want.balance)


def _expected(case: dict[str, Any]) -> dict[date, Expected]:
    sign = 1 if case["terms"]["contractRole"] == "RPA" else -1
    found: dict[date, Expected] = {}
    for event in case["results"]:
        kind = event["eventType"]
        if kind in ("IED", "PRF"):
            continue
        day = datetime.fromisoformat(event["eventDate"]).date()
        entry = found.setdefault(day, Expected())
        if kind == "IP":
            entry.interest += sign * float(event["payoff"])
            entry.accrued = max(entry.accrued, sign * float(event["payoff"]))
        else:
            entry.principal += sign * float(event["payoff"])
            entry.accrued = max(entry.accrued, sign * float(event["accruedInterest"]))
        entry.balance = sign * float(event["notionalPrincipal"])
    return {day: entry for day, entry in found.items() if _moves(entry)}


def _day(text: str) -> np.datetime64:
    return np.datetime64(text[:10], "D")


def _schedule(terms: dict[str, Any]) -> Flows:
    rate = np.array([float(terms["nominalInterestRate"])])
    names = np.array([DAY_COUNTS[terms["dayCountConvention"]]], dtype=object)
    begin = max(_day(terms["initialExchangeDate"]), _day(terms["statusDate"]))
    if terms["contractType"] == "LAX":
        return _given(terms, rate, names, begin)
    balance = np.array([float(terms["notionalPrincipal"])])
    payment = np.array([float(terms.get("nextPrincipalRedemptionPayment", "nan"))])
    level = np.array([terms["contractType"] == "ANN"])
    amortised = terms.get("amortizationDate")
    maturity = terms.get("maturityDate", amortised)
    if maturity is None:
        maturity = _maturity(terms, balance, rate, payment, level)
    grid = _grid(terms, begin, maturity)
    plan = Amortisation(
        balance, level, payment, np.zeros(1), np.array([float(terms.get("accruedInterest", 0))]), _weight(terms, grid)
    )
    grown = growth(grid, names, rate)
    if level[0] and np.isnan(payment[0]):
        longer = _grid(terms, begin, amortised or maturity)
        solved = Amortisation(balance, level, payment, np.zeros(1), np.zeros(1), _weight(terms, longer))
        payment = level_payment(longer, growth(longer, names, rate), solved)
        plan = Amortisation(balance, level, payment, np.zeros(1), plan.accrued, plan.weight)
    return amortise(grid, grown, plan)


def _maturity(terms: dict[str, Any], balance: Any, rate: Any, payment: Any, level: Any) -> str:
    """The reference repays until nothing is left: far enough that the last date is never reached, or exactly there."""
    terms_needed = int(terms_to_repay(balance, rate / 12, payment, level)[0])
    dates = regular_dates(_day(terms["cycleAnchorDateOfPrincipalRedemption"]), Period("1 month"), None, "2100-01-01")
    return str(dates[terms_needed - 1])


def _cycle(text: str) -> tuple[int, int, bool]:
    """Months, days and whether the stub is long, of a cycle such as P3ML0."""
    span, stub = text[1:].split("L")
    count, unit = int(span[:-1]), span[-1]
    months = {"M": count, "Y": 12 * count}.get(unit, 0)
    return months, {"D": count, "W": 7 * count}.get(unit, 0), stub == "0"


def _grid(terms: dict[str, Any], begin: np.datetime64, maturity: str) -> Grid:
    months, days, long_stub = _cycle(terms["cycleOfInterestPayment"])
    anchor = np.array([_day(terms["cycleAnchorDateOfInterestPayment"])])
    lower = max(begin, anchor[0])
    end_of_month = terms.get("endOfMonthConvention") == "EOM" and bool(is_month_end(anchor)[0])
    grid = due_dates(
        Cycle(
            anchor=anchor,
            months=np.array([months]),
            days=np.array([days]),
            day=np.array([31]) if end_of_month else month_day(anchor),
            lower=np.array([lower]),
            start=np.array([begin]),
            maturity=np.array([_day(maturity)]),
            long_stub=np.array([long_stub]),
            opens=np.array([True]),
        )
    )
    if maturity.endswith("23:59:59"):
        end = grid.end.copy()
        end[-1] += np.timedelta64(1, "D")
        return Grid(grid.first, grid.due, grid.start, end, grid.nominal)
    return grid


def _weight(terms: dict[str, Any], grid: Grid) -> Any:
    if terms["contractType"] == "PAM":
        return (grid.left == 0).astype(float)
    return ((grid.due >= _day(terms["cycleAnchorDateOfPrincipalRedemption"])) | (grid.left == 0)).astype(float)


def _given(terms: dict[str, Any], rate: Any, names: Any, begin: np.datetime64) -> Flows:
    """Step schedules: principal amounts on dates of several cycles, interest on dates of its own cycles."""
    ends = _day(terms["maturityDate"]) if "maturityDate" in terms else np.datetime64("2100-01-01")
    amounts = dict[np.datetime64, float]()
    for dates, amount, way in zip(
        _runs(terms, "PrincipalRedemption", ends), _list(terms["arrayNextPrincipalRedemptionPayment"]),
        _list(terms["arrayIncreaseDecrease"]), strict=True,
    ):  # fmt: skip
        amounts |= dict.fromkeys(dates, float(amount) * (1 if way == "DEC" else -1))
    interest = {day for dates in _runs(terms, "InterestPayment", ends) for day in dates}
    left = float(terms["notionalPrincipal"])
    kept: list[np.datetime64] = []
    for day in sorted(amounts | dict.fromkeys(interest, 0.0)):
        left -= amounts.get(day, 0.0)
        kept.append(day)
        if left <= 0 and "maturityDate" not in terms:
            break
    due = np.array([day for day in kept if day < ends] + ([ends] if "maturityDate" in terms else []))
    grid = grid_of(np.zeros(len(due), dtype=np.int64), due, np.array([begin]), 1)
    one = np.ones(1)
    plan = Amortisation(
        balance=one * float(terms["notionalPrincipal"]),
        level=np.array([False]),
        payment=one * np.nan,
        balloon=one * 0,
        accrued=one * 0,
        weight=(grid.left == 0).astype(float),
        given=np.array([amounts.get(day, 0.0) for day in due]),
        pays_interest=np.array([day in interest or day == due[-1] for day in due]),
    )
    return amortise(grid, growth(grid, names, rate), plan)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _runs(terms: dict[str, Any], what: str, ends: np.datetime64) -> list[list[np.datetime64]]:
    """Dates of each cycle up to the anchor of the next one."""
    anchors = [_day(text) for text in _list(terms[f"arrayCycleAnchorDateOf{what}"])]
    cycles = _list(terms.get(f"arrayCycleOf{what}", [None] * len(anchors)))
    runs = []
    for anchor, cycle, stop in zip(anchors, cycles, [*anchors[1:], ends], strict=True):
        if cycle is None:
            runs.append([anchor])
            continue
        months, _, _ = _cycle(cycle)
        runs.append([day for day in regular_dates(anchor, Period(f"{months} months"), None, stop) if day < stop])
    return runs
