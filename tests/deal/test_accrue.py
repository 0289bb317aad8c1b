"""Accrual by hand: coupons and their steps, interest on unpaid interest, fees, caps, taxes, the bank's interest."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_deals import Run, day, note, pay, rest, small, stage

WAITS = pay("principal.A", upto="collected.principal")
REST = pay("residual.SUB", when="balance.A == 0")


def deal(
    months: int, a: dict[str, Any], *steps: dict[str, Any], every: int = 1, unit: float = 0.01, **tables: Any
) -> str:
    """One class paid by the given steps, its principal out of collected principal, and a residual."""
    return small(months, {"tranche.A": a, "tranche.SUB": rest(), "stage.normal": stage(*steps, WAITS, REST), **tables},
                 every, unit)  # fmt: skip


# Coupons --------------------------------------------------------------------------------------------------------------


def test_accrue_coupons__on_the_balance_before_the_payment() -> None:
    run = Run(deal(3, note(1000), pay("interest.A")), interest=[10, 10, 10], principal=[400, 0, 0])
    assert run["tranche.A.interest_due"] == [10, 6, 6]
    assert run["tranche.A.interest_paid"] == [10, 6, 6]


def test_accrue_coupons__fractions_of_a_unit_wait() -> None:
    run = Run(deal(4, note(100, coupon="4%"), pay("interest.A")), interest=[1, 1, 1, 1])
    # 0.3333 a month: 0.33, 0.33, 0.33 + 0.01 of the thirds left over; the fourth month has a third of a fen again
    assert run["tranche.A.interest_due"] == [0.33, 0.33, 0.34, 0.33]


def test_accrue_coupons__quarterly_on_monthly_rows() -> None:
    run = Run(deal(6, note(1000), pay("interest.A"), every=3), interest=[0, 0, 30, 0, 0, 30])
    assert run["tranche.A.interest_due"] == [0, 0, 30, 0, 0, 30]


@pytest.mark.parametrize(("closing", "first"), [(dt.date(2026, 1, 29), 34.84), (dt.date(2026, 2, 20), 27.61)])
def test_accrue_coupons__the_first_period_runs_from_closing(closing: dt.date, first: float) -> None:
    """首期计息: from closing, that day included, to the first payment, whatever was collected before."""
    dates = {
        "cutoff": dt.date(2025, 12, 31), "closing": closing, "legal_final": dt.date(2026, 8, 15),
        "collection": {"every": "1 month", "on": "last day"},
        "payment": {"every": "3 months", "on": 15, "first": dt.date(2026, 5, 15)},
    }  # fmt: skip
    a = note(1000) | {"coupon": {"kind": "fixed", "rate": "12%", "day_count": "ACT/365F"}}
    got = Run(deal(1, a, pay("interest.A"), dates=dates), interest=[20] * 7)
    # 106 days of 365 from 29 January to 15 May at 12 % on 1,000: 34.849…; 84 days from 20 February: 27.616…
    # Then 92 days to 15 August, 30.246…, and the fraction of a fen that waited.
    due = [amount for amount in got["tranche.A.interest_due"] if amount]
    assert due == [first, 30.25]


def test_accrue_coupons__steps_from_their_day() -> None:
    steps = [[day(1), "24%"], [day(3), "6%"]]
    a = note(1000) | {"coupon": {"kind": "fixed", "rate": "12%", "steps": steps, "day_count": "30/360"}}
    run = Run(deal(4, a, pay("interest.A")), interest=[40] * 4)
    assert run["tranche.A.coupon"] == [0.12, 0.24, 0.24, 0.06]
    assert run["tranche.A.interest_due"] == [10, 20, 20, 5]


def test_accrue_coupons__steps_move_with_the_coupon_and_stop_at_zero() -> None:
    a = note(1000) | {"coupon": {"kind": "fixed", "rate": "12%", "steps": [[day(1), "6%"]], "day_count": "30/360"}}
    text = deal(2, a, pay("interest.A"))
    # six points less from month 2 on: 18 % after 24 %, and nothing after 3 %
    assert Run(text, changes={"tranche.A.coupon.rate": 0.24})["tranche.A.interest_due"] == [20, 35]
    assert Run(text, changes={"tranche.A.coupon.rate": 0.03})["tranche.A.coupon"] == [0.03, 0]


def floating(reset: str) -> dict[str, Any]:
    coupon = {"kind": "floating", "index": "LPR1Y", "spread": "1%", "reset": reset, "day_count": "30/360"}
    return note(1200) | {"coupon": coupon}


def test_accrue_coupons__floating_is_fixed_when_an_interest_period_starts() -> None:
    index = {"path": [[dt.date(2025, 1, 1), "3%"]]}
    levels = [0.03, 0.05, 0.06, 0.04, 0.05, 0.07]
    text = deal(6, floating("each period"), pay("interest.A"), every=3, **{"index.LPR1Y": index})
    run = Run(text, index_LPR1Y=levels, interest=[20] * 6)
    assert run["tranche.A.coupon"] == [0.04, 0.04, 0.04, 0.05, 0.05, 0.05]
    assert run["tranche.A.interest_due"] == [0, 0, 12, 0, 0, 15]


def test_accrue_coupons__yearly_reset_waits_for_the_next_interest_period() -> None:
    index = {"path": [[dt.date(2025, 1, 1), "3%"]]}
    levels = [0.01 * (row + 1) for row in range(18)]
    dates = {
        "cutoff": day(0, 10), "closing": day(0), "legal_final": day(19),
        "collection": {"every": "1 month", "on": 10}, "payment": {"every": "3 months", "on": 15, "first": day(1)},
    }  # fmt: skip
    text = deal(19, floating("yearly"), pay("interest.A"), dates=dates, **{"index.LPR1Y": index})
    run = Run(text, index_LPR1Y=levels, interest=[200] * 19)
    # payments in months 1, 4, 7, 10, 13 …: the first interest period that starts a year after closing is that of
    # month 13, not the row of month 12 in its middle.
    assert run["tranche.A.coupon"][:16] == [0.02] * 13 + [0.15] * 3


@pytest.mark.parametrize(
    ("terms", "due"),
    # 10 a month on 1,000; nothing is paid for two months, then everything.
    [("none", [10, 20, 30, 10]),  # unpaid interest bears none
     ("simple", [10, 20.1, 30.3, 10]),  # 1 % of 10, then of 20: interest on interest bears none
     ("compound", [10, 20.1, 30.3, 10])],  # 1 % of 10 → 0.10, then of 20.10 → 0.201
)  # fmt: skip
def test_accrue_coupons__interest_on_unpaid(terms: str, due: list[float]) -> None:
    run = Run(deal(4, note(1000, interest_on_unpaid=terms), pay("interest.A")), interest=[0, 0, 40, 40])
    assert run["tranche.A.interest_due"] == due
    assert run["tranche.A.interest_unpaid"] == [10, due[1], 0, 0]


def test_accrue_coupons__simple_and_compound_part_after_a_year_of_nothing() -> None:
    simple, compound = (
        Run(deal(7, note(100_000, coupon="24%", interest_on_unpaid=terms), pay("interest.A")))["tranche.A.interest_due"]
        for terms in ("simple", "compound")
    )
    # simple: 2,000 k + 40 k (k − 1) / 2; compound: 100,000 (1.02^k − 1), fractions of a fen waiting
    assert simple == [2000 * k + 40 * k * (k - 1) / 2 for k in range(1, 8)]
    assert compound == pytest.approx([100_000 * (1.02**k - 1) for k in range(1, 8)], abs=0.02)


def test_accrue_coupons__payments_cover_interest_on_interest_first() -> None:
    run = Run(deal(4, note(1000, interest_on_unpaid="simple"), pay("interest.A")), interest=[0, 0.1, 0, 0])
    # Month 2 owes 10 + 10 + 0.10; the 0.10 paid is the interest on interest, so month 3 adds 1 % of 20, not of 19.90.
    assert run["tranche.A.interest_due"] == [10, 20.1, 30.2, 40.5]


# Fees, caps, taxes ----------------------------------------------------------------------------------------------------


def fees(months: int, every: int, **fee: Any) -> Run:
    text = deal(months, note(100, coupon=None), pay("fee.x"), *([pay("fee.x.over_cap")] if "cap" in fee else []),
                every=every, **{"fee.x": fee})  # fmt: skip
    return Run(text, pool=1200, opening=[1200] * months, interest=[100] * months)


@pytest.mark.parametrize(
    ("terms", "due"),
    [
        ({"amount": "12 per year"}, [0, 0, 3, 0, 0, 3]),
        ({"amount": "2 per month"}, [0, 0, 6, 0, 0, 6]),
        ({"amount": "2 per collection"}, [0, 0, 6, 0, 0, 6]),
        ({"amount": "2 per payment"}, [0, 0, 2, 0, 0, 2]),
        ({"amount": "2 once"}, [0, 0, 2, 0, 0, 0]),
        ({"base": "pool.opening", "rate": "1% per year"}, [0, 0, 3, 0, 0, 3]),
        ({"base": "pool.opening", "rate": "1% per month"}, [0, 0, 36, 0, 0, 36]),
        ({"base": "pool.opening", "rate": "1% per collection"}, [0, 0, 36, 0, 0, 36]),
        ({"base": "pool.opening", "rate": "1% per payment"}, [0, 0, 12, 0, 0, 12]),
        ({"base": "collected.interest", "rate": "1%"}, [0, 0, 3, 0, 0, 3]),
        ({"base": "pool.opening - 2_000", "rate": "1% per payment"}, [0, 0, 0, 0, 0, 0]),
    ],
    ids=lambda value: value.get("amount", value.get("rate")) if isinstance(value, dict) else "",
)
def test_accrue_fees__each_kind_on_quarterly_payments(terms: dict[str, str], due: list[float]) -> None:
    run = fees(6, 3, day_count="30/360", **terms)
    assert run["fee.x.due"] == due
    assert run["fee.x.paid"] == due


@pytest.mark.parametrize(
    ("cap", "paid", "over"),
    [
        ("6 per year", [1.5, 1.5, 1.5], [0.5, 0.5, 0.5]),  # what a quarter grants
        ("0.1 per month", [0.3, 0.3, 0.3], [1.7, 1.7, 1.7]),
        ("0.2 per collection", [0.6, 0.6, 0.6], [1.4, 1.4, 1.4]),
        ("1.25 per payment", [1.25, 1.25, 1.25], [0.75, 0.75, 0.75]),
        ("3 once", [2, 1, 0], [0, 1, 2]),  # for the life of the deal
    ],
)
def test_fall_due__caps_and_what_is_over_them(cap: str, paid: list[float], over: list[float]) -> None:
    run = fees(9, 3, amount="2 per payment", cap=cap, day_count="30/360")
    assert run["fee.x.paid"][2::3] == paid
    assert run["fee.x.over_cap_paid"][2::3] == over


def test_fall_due__unpaid_fees_are_carried_beside_the_cap() -> None:
    text = deal(3, note(100, coupon=None), pay("fee.x"), pay("fee.x.over_cap"),
                **{"fee.x": {"amount": "3 per payment", "cap": "2 per payment"}})  # fmt: skip
    run = Run(text, interest=[0, 3, 9])
    assert run["fee.x.due"] == [2, 4, 3]  # inside the cap: 2, then 2 + 2, then 1 + 2
    assert run["fee.x.paid"] == [0, 3, 3]
    assert run["fee.x.over_cap_unpaid"] == [1, 2, 0]
    assert run["fee.x.over_cap_paid"] == [0, 0, 3]


def test_fall_due__a_fee_stress_is_on_all_fees() -> None:
    text = deal(2, note(100, coupon=None), pay("fee.x"), **{"fee.x": {"amount": "2 per payment"}})
    assert Run(text, fee_factor=[1.5, 1.0], interest=[9, 9])["fee.x.due"] == [3, 2]


def test_fall_due__tax_fractions_wait() -> None:
    tax = {"tax.vat": {"base": "collected.interest", "rate": "3.26%"}}
    run = Run(deal(3, note(100, coupon=None), pay("tax.vat"), **tax), interest=[10.1, 10.1, 10.1])
    # 0.32926 each: 0.32, then 0.00926 + 0.32926 = 0.33, then 0.00852 + 0.32926 = 0.33
    assert run["tax.vat.due"] == [0.32, 0.33, 0.33]


def test_fall_due__tax_on_what_came_in_since_the_last_payment() -> None:
    tax = {"tax.vat": {"base": "collected.interest", "rate": "10%"}}
    run = Run(deal(6, note(100, coupon=None), pay("tax.vat"), every=3, **tax), interest=[1, 2, 3, 4, 5, 6])
    assert run["tax.vat.due"] == [0, 0, 0.6, 0, 0, 1.5]


def test_credit_account_interest__on_what_lay_there() -> None:
    accounts = {"account.main": {"opening": 1000, "interest": {"rate": "12%", "day_count": "30/360"}}}
    run = Run(deal(3, note(100, coupon=None), pay("interest.A") | {"what": ["principal.A"], "upto": "0"}, **accounts),
              interest=[500, 0, 0])  # fmt: skip
    # From closing on the 15th to the 10th: 25 days of 1,000 = 8.3333; then a month of 1,508.3333; then of 1,523.4166.
    first = 1000 * 0.12 * 25 / 360
    second = (1500 + first) * 0.01
    third = (1500 + first + second) * 0.01
    assert run["account.main.interest"] == pytest.approx([first, second, third])


# Laws -----------------------------------------------------------------------------------------------------------------


@settings(max_examples=60)
@given(
    day_count=st.sampled_from(["ACT/365F", "ACT/360", "30/360", "30E/360", "ACT/ACT ISDA", "30E/360 ISDA"]),
    closing=st.dates(dt.date(2025, 1, 1), dt.date(2028, 12, 31)),
    on=st.integers(1, 31),
    every=st.sampled_from([2, 3, 6]),
)
def test_accrual_factor__months_add_up(day_count: str, closing: dt.date, on: int, every: int) -> None:
    """The same payments on monthly rows and on rows of their own: the same interest, whatever the day count."""

    def run(collected: int) -> list[float]:
        first = closing.year * 12 + closing.month - 1 + every
        cutoff = dt.date(closing.year, closing.month, 1) - dt.timedelta(1)
        payment = {"every": f"{every} months", "on": on, "first": in_month(first, on)}
        collection = {"every": "1 month" if collected == 1 else f"{collected} months", "on": 1,
                      "first": in_month(first - every + collected, 1)}  # fmt: skip
        dates = {"cutoff": cutoff, "closing": closing, "legal_final": in_month(first + 3 * every, on),
                 "collection": collection, "payment": payment}  # fmt: skip
        a = note(1_000_000) | {"coupon": {"kind": "fixed", "rate": "5%", "day_count": day_count}}
        result = Run(deal(1, a, pay("interest.A"), unit=0, dates=dates), interest=[60_000] * 40)
        return [due for due, ran in zip(result["tranche.A.interest_due"], result["ran"], strict=True) if ran]

    assert run(1) == pytest.approx(run(every), rel=1e-12)


def in_month(number: int, on: int) -> dt.date:
    """Day ``on`` of a month counted from year 0, or its last day."""
    start, end = (np.datetime64(f"{n // 12:04d}-{n % 12 + 1:02d}", "D") for n in (number, number + 1))
    return min(start + np.timedelta64(on - 1, "D"), end - np.timedelta64(1, "D")).item()
