"""Figures by hand: trailing sums over payment dates, what was before, values held between dates, and their order."""

from __future__ import annotations

from typing import Any

import pytest
from small_deals import Run, day, note, pay, rest, small, stage

REST = pay("residual.SUB", when="balance.A == 0")


def run(months: int, *steps: dict[str, Any], every: int = 1, a: dict[str, Any] | None = None, **given: Any) -> Run:
    """Class A of 1,000 at 1 % a month, its principal out of collected principal; tables have a dot in their name."""
    tables = {name: table for name, table in given.items() if "." in name}
    feed = {name: values for name, values in given.items() if "." not in name}
    steps = steps or (pay("interest.A"), pay("principal.A", upto="collected.principal"))
    nouns = {"tranche.A": a or note(1000), "tranche.SUB": rest(), "stage.normal": stage(*steps, REST), **tables}
    return Run(small(months, nouns, every), pool=1000, **feed)


def figure(value: str, **more: Any) -> dict[str, Any]:
    return {"value": value, **more}


def test_emit_figure__trailing_sums_payment_dates_of_a_quarter() -> None:
    got = run(12, every=3, interest=[10, 20, 30, 10, 10, 10, 40, 0, 0, 5, 5, 5],
              **{"figure.cash": figure("trailing(collected.total, 2)")})  # fmt: skip
    # Quarters bring 60, 30, 40, 15. Between payment dates: what has come in so far, and the quarter before.
    assert got["figure.cash.value"] == [10, 30, 60, 70, 80, 90, 70, 70, 70, 45, 50, 55]


def test_emit_figure__previous_is_the_payment_date_before() -> None:
    got = run(6, every=3, interest=[1, 2, 3, 4, 5, 6], **{"figure.last": figure("previous(collected.total)")})
    assert got["figure.last.value"] == [0, 0, 0, 6, 6, 6]


def test_emit_figure__is_taken_before_payments_and_stays_for_the_row() -> None:
    steps = (pay("interest.A", upto="figure.due / 2"), pay("principal.A", upto="figure.due"))
    got = run(2, *steps, interest=[100, 100], **{"figure.due": figure("interest.A")})
    # 10 due: 5 paid, and the figure is still 10 when principal is paid; then 5 + 1 % of 990.
    assert got["figure.due.value"] == [10, 14.9]
    assert got["tranche.A.interest_paid"] == [5, 7.45]
    assert got["tranche.A.principal_paid"] == [10, 14.9]


def test_emit_figure__after_payment_is_seen_from_the_tests_after_payment_on() -> None:
    trigger = {"test": "after payment", "when": "figure.left < 700", "once": "flag"}
    early = {"test": "after collection", "when": "figure.left < 700", "once": "flag"}
    got = run(3, principal=[200, 200, 200], **{"figure.left": figure("balance.A", at="after payment"),
                                                "trigger.late": trigger, "trigger.early": early})  # fmt: skip
    assert got["figure.left.value"] == [810, 618.1, 424.28]  # 200 less interest of 10, 8.10, 6.18
    assert got["trigger.late.active"] == [0, 1, 1]
    assert got["trigger.early.value"] == [0, 810, 618.1]


def test_emit_figure__a_yearly_value_is_held_in_between() -> None:
    value = figure("pool.performing", every="3 months", on=10, first=day(2, 10))
    got = run(6, performing=[900, 800, 700, 600, 500, 400], **{"figure.value": value})
    # taken on 10 March and 10 June; before, what it was worth on the first row
    assert got["figure.value.value"] == [900, 800, 800, 800, 500, 500]


def test_emit_figure__a_date_between_rows_counts_on_the_next_one() -> None:
    value = figure("pool.performing", dates=[day(1, 25), day(4, 1)], start="1_500")
    got = run(5, performing=[900, 800, 700, 600, 500], **{"figure.value": value})
    assert got["figure.value.value"] == [1500, 800, 800, 600, 600]


def test_emit_figure__start_is_in_the_same_money_whatever_the_unit() -> None:
    value = figure("pool.performing", dates=[day(2)], start="1_500")
    nouns = {"tranche.A": note(1000), "tranche.SUB": rest(), "figure.value": value,
             "stage.normal": stage(pay("interest.A"), pay("principal.A"), REST)}  # fmt: skip
    assert Run(small(3, nouns, unit=0), performing=[900, 800, 700])["figure.value.value"] == [1500, 1500, 700]


def test_take_once_a_row__what_names_a_figure_comes_after_it() -> None:
    """A yearly fee on a borrowing base that is a share of a valuation; the figures stand in the file the other way."""
    got = run(
        2, pay("fee.x"), pay("interest.A"), pay("principal.A"), performing=[1200, 600], interest=[100, 100],
        **{"figure.base": figure("65% * figure.worth"), "figure.worth": figure("pool.performing"),
           "fee.x": {"base": "figure.base", "rate": "12% per year", "day_count": "30/360"}},
    )  # fmt: skip
    assert got["figure.base.value"] == [780, 390]
    assert got["fee.x.due"] == [7.8, 3.9]


def test_emit_figure__names_a_fee_that_accrues_over_time() -> None:
    cost = {"amount": "24 per year", "day_count": "30/360"}
    got = run(2, pay("fee.x"), pay("interest.A"), pay("principal.A"), interest=[50, 50],
              **{"figure.costs": figure("trailing(fee.x, 2)"), "fee.x": cost})  # fmt: skip
    assert got["figure.costs.value"] == [2, 4]


@pytest.mark.parametrize(
    ("value", "shown"),
    [("collected.interest / interest.A", [2, 3]), ("period.number * 2", [2, 4]), ("balance.A <= 990", [0, 1]),
     ("3% per year * 2", [0.06, 0.06]), ("date.payment - 2026-02-14", [1, 29])],
)  # fmt: skip
def test_emit_figure__of_every_kind(value: str, shown: list[float]) -> None:
    got = run(2, interest=[20, 29.7], principal=[10, 0], **{"figure.x": figure(value)})
    assert got.values["figure.x.value"] == pytest.approx(shown)
