"""Rows from date rules: collection, payment, holidays, stubs, anchors, call days, what is refused."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pytest
from random_deals import deal_of
from small_deals import note, pay, rest, small, stage

from absengine.errors import DealError
from absengine.schema import Timeline


def line(pays: tuple[str, ...] = ("payment",), support: dict[str, Any] | None = None, **dates: Any) -> Timeline:
    """Timeline of a deal with these dates over quarterly payments on the 26th and month-end collections."""
    usual = {
        "cutoff": dt.date(2026, 3, 31), "closing": dt.date(2026, 4, 20), "legal_final": dt.date(2027, 4, 26),
        "collection": {"every": "1 month", "on": "last day"},
        "payment": {"every": "3 months", "on": 26, "first": dt.date(2026, 7, 26)},
    }  # fmt: skip
    steps = [pay("interest.A", **({"then": ["support.topup"]} if support else {})), pay("principal.A")]
    repaid = [{"do": "repay", "what": ["support.topup"], "from": "main"}] if support else []
    stages = {f"stage.s{k}": stage(*steps, *repaid, pay("residual.SUB"), pays=word) for k, word in enumerate(pays)}
    tables: dict[str, Any] = {"dates": usual | dates, "tranche.A": note(100), "tranche.SUB": rest(), **stages}
    for k in range(1, len(pays)):
        tables[f"trigger.t{k}"] = {"test": "after collection", "when": "pool.default > 0", "once": f"go s{k}"}
    if support:
        tables |= {"entity.payer": {"name": "payer"}, "support.topup": {"provider": "payer", "limit": 1} | support}
    return deal_of(small(1, tables)).timeline


def days(dates: np.ndarray) -> list[str]:
    return [str(date) for date in dates]


def test_build_timeline__rows_are_collections_and_payments_hang_on_the_last_before_them() -> None:
    rows = line()
    assert days(rows.calc_date)[:4] == ["2026-04-30", "2026-05-31", "2026-06-30", "2026-07-31"]
    assert days(rows.calc_date)[-1] == "2027-03-31"
    # the payment of 26 July pays what was collected up to 30 June
    assert days(rows.pay_date[rows.pays[0]]) == ["2026-07-26", "2026-10-26", "2027-01-26", "2027-04-26"]
    assert np.flatnonzero(rows.pays[0]).tolist() == [2, 5, 8, 11]


def test_build_timeline__accrual_runs_from_closing_without_gaps() -> None:
    rows = line()
    assert str(rows.accrual_start[0]) == "2026-04-20"
    assert days(rows.accrual_start[1:]) == days(rows.accrual_end[:-1])
    assert str(rows.accrual_end[-1]) == "2027-04-26"
    assert days(rows.anchor[:7]) == ["2026-04-20"] * 3 + ["2026-07-26"] * 3 + ["2026-10-26"]


def test_build_timeline__a_stage_that_pays_on_collections_pays_on_every_row() -> None:
    rows = line(("payment", "collection"))
    assert rows.pays[0].sum() == 4
    assert rows.pays[1].all()
    assert days(rows.pay_date[:4]) == ["2026-05-26", "2026-06-26", "2026-07-26", "2026-08-26"]


def test_build_timeline__nothing_is_paid_before_closing() -> None:
    rows = line(("collection",), closing=dt.date(2026, 7, 1))
    assert rows.pays[0].tolist() == [False, False] + [True] * 10
    assert days(rows.accrual_start[:3]) == ["2026-07-01"] * 3
    assert days(rows.accrual_end[:3]) == ["2026-07-01", "2026-07-01", "2026-07-26"]


def payment(**more: Any) -> dict[str, Any]:
    return {"every": "3 months", "on": 26, "first": dt.date(2026, 7, 26), "calendar": "weekends", **more}


@pytest.mark.parametrize(
    ("roll", "paid"),
    [
        ("following", ["2026-07-27", "2026-10-26", "2027-01-26", "2027-04-26"]),  # 26 July 2026 is a Sunday
        ("preceding", ["2026-07-24", "2026-10-26", "2027-01-26", "2027-04-26"]),
        ("none", ["2026-07-26", "2026-10-26", "2027-01-26", "2027-04-26"]),
    ],
)
def test_build_timeline__holidays_move_the_payment_and_not_the_interest(roll: str, paid: list[str]) -> None:
    rows = line(payment=payment(roll=roll))
    assert days(rows.pay_date[rows.pays[0]]) == paid
    assert days(rows.accrual_end[rows.pays[0]]) == ["2026-07-26", "2026-10-26", "2027-01-26", "2027-04-26"]


def test_build_timeline__extra_interest_runs_to_the_moved_day() -> None:
    rows = line(payment=payment(roll="following", extra_interest=True))
    assert str(rows.accrual_end[2]) == "2026-07-27"
    assert str(rows.accrual_start[3]) == str(rows.anchor[3]) == "2026-07-27"


def test_build_timeline__national_day_is_a_holiday_of_the_exchange() -> None:
    rule = {"every": "3 months", "on": 1, "first": dt.date(2026, 7, 1), "calendar": "SSE", "roll": "following"}
    rows = line(payment=rule, legal_final=dt.date(2026, 10, 1))
    assert days(rows.pay_date[rows.pays[0]]) == ["2026-07-01", "2026-10-08"]


def test_build_timeline__listed_payment_dates() -> None:
    listed = [dt.date(2026, 7, 10), dt.date(2026, 12, 15), dt.date(2027, 4, 26)]
    rows = line(payment={"dates": listed})
    assert days(rows.pay_date[rows.pays[0]]) == [str(date) for date in listed]
    assert np.flatnonzero(rows.pays[0]).tolist() == [2, 7, 11]


def test_build_timeline__month_ends_do_not_drift() -> None:
    rule = {"every": "1 month", "on": 31, "first": dt.date(2026, 5, 31)}
    rows = line(payment=rule, legal_final=dt.date(2027, 4, 30))
    assert days(rows.accrual_end)[-4:] == ["2027-01-31", "2027-02-28", "2027-03-31", "2027-04-30"]


@pytest.mark.parametrize(
    ("call", "first"),
    [
        ("5 business days before payment", "2026-07-20"),  # Monday 27 July less a week
        ("5 days before payment", "2026-07-22"),
        ("3 days after collection", "2026-07-03"),
    ],
)
def test_build_timeline__call_days_of_a_support(call: str, first: str) -> None:
    rows = line(payment=payment(roll="following"), support={"call": call})
    assert str(rows.call_date["topup"][2]) == first


@pytest.mark.parametrize(
    ("dates", "code"),
    [
        ({"payment": {"every": "3 months", "on": 26, "first": dt.date(2026, 4, 26)}}, "payment-before-collection"),
        ({"collection": {"every": "3 months", "on": "last day"},
          "payment": {"every": "1 month", "on": 26, "first": dt.date(2026, 7, 26)}}, "payments-between-collections"),
        ({"closing": dt.date(2026, 3, 1)}, "closing-before-cutoff"),
        ({"legal_final": dt.date(2026, 4, 1)}, "final-before-closing"),
    ],
)  # fmt: skip
def test_build_timeline__refuses(dates: dict[str, Any], code: str) -> None:
    with pytest.raises(DealError) as refused:
        line(**dates)
    assert code in {problem.code for problem in refused.value.problems}
