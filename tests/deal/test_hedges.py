"""Swaps and rate caps worked by hand: net settlement, a counterparty that fails, premiums, notionals."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from small_deals import Run, day, note, pay, rest, small, stage

INDEX = {"path": [[dt.date(2025, 1, 1), "3%"]]}
REST = pay("residual.SUB", when="balance.A == 0")
LEVELS = [0.06, 0.03, 0.12, 0.24]


def swap(**more: Any) -> dict[str, Any]:
    """Pays 12 % a year, 1 % a month, on the balance of class A; receives the index."""
    terms = {"kind": "swap", "counterparty": "bank", "notional": "balance.A", "to": "main", "day_count": "30/360",
             "pay": {"rate": "12%"}, "receive": {"index": "LPR1Y"}}  # fmt: skip
    return {key: value for key, value in (terms | more).items() if value is not None}


def cap(**more: Any) -> dict[str, Any]:
    terms = {"kind": "cap", "counterparty": "bank", "notional": "1_200", "to": "main", "day_count": "30/360",
             "index": "LPR1Y", "strike": "5%"}  # fmt: skip
    return {key: value for key, value in (terms | more).items() if value is not None}


def run(months: int, hedge: dict[str, Any], *steps: dict[str, Any], every: int = 1, unit: float = 0.01,
        changes: Any = None, **given: Any) -> Run:  # fmt: skip
    """Class A of 1,200 without a coupon; its principal out of collected principal."""
    tables = {name: table for name, table in given.items() if isinstance(table, dict)}
    feed = {"index_LPR1Y": LEVELS} | {name: values for name, values in given.items() if name not in tables}
    steps = steps or (pay("hedge.x"), pay("principal.A", upto="collected.principal"))
    nouns = {"tranche.A": note(1200, coupon=None), "tranche.SUB": rest(), "stage.normal": stage(*steps, REST),
             "index.LPR1Y": INDEX, "entity.bank": {"name": "某银行"}, "hedge.x": hedge, **tables}  # fmt: skip
    return Run(small(months, nouns, every, unit), changes=changes, **feed)


def test_accrue_hedge__net_of_both_sides_on_the_balance_before_payment() -> None:
    got = run(4, swap(), principal=[600, 0, 0, 500], interest=[10] * 4)
    # On 1,200: 6 received less 12 paid. Then on 600: 1.50 less 6; 6 less 6; 12 less 6.
    assert got["hedge.x.notional"] == [1200, 600, 600, 600]
    assert got["hedge.x.net"] == [-6, -4.5, 0, 6]
    assert got["hedge.x.paid"] == [6, 4.5, 0, 0]
    assert got["hedge.x.received"] == [0, 0, 0, 6]
    assert got["account.main.balance"] == [4, 9.5, 19.5, 35.5]


def test_settle_hedge__receipts_are_there_before_the_first_step() -> None:
    got = run(1, swap(pay={"rate": "0%"}), pay("principal.A"), pay("hedge.x"), index_LPR1Y=[0.12])
    assert got["hedge.x.received"] == [12]
    assert got["tranche.A.principal_paid"] == [12]


def test_settle_hedge__net_over_the_months_of_an_interest_period() -> None:
    got = run(6, swap(reset="each period"), every=3, index_LPR1Y=[0.24, 0, 0, 0.06, 0.9, 0.9], principal=[0] * 6)
    # fixed at the start of each quarter: 24 % against 12 % brings 36; 6 % against 12 % costs 18
    assert got["hedge.x.received"] == [0, 0, 36, 0, 0, 0]
    assert got["hedge.x.due"] == [0, 0, 0, 0, 0, 18]


def test_settle_hedge__the_reverse_swap_pays_the_index() -> None:
    got = run(2, swap(pay={"index": "LPR1Y", "spread": "1%"}, receive={"rate": "12%"}), index_LPR1Y=[0.05, 0.23],
              interest=[20, 20])  # fmt: skip
    assert got["hedge.x.net"] == [6, -12]


def test_settle_hedge__unpaid_amounts_wait_for_their_step() -> None:
    got = run(3, swap(receive={"index": "LPR1Y", "spread": "0%"}), index_LPR1Y=[0, 0, 0], interest=[5, 10, 30])
    assert got["hedge.x.due"] == [12, 19, 21]
    assert got["hedge.x.paid"] == [5, 10, 21]
    assert got["hedge.x.unpaid"] == [7, 9, 0]


def test_settle_hedge__a_failed_counterparty_pays_nothing_and_the_swap_ends() -> None:
    got = run(
        6,
        swap(),
        every=3,
        index_LPR1Y=[0.24] * 3 + [0.48] * 3,
        alive_bank_hedge_x=[1, 1, 0, 0, 0, 0],
        principal=[0] * 6,
    )
    # two months of 12 had accrued when it failed
    assert got["hedge.x.net"] == [12, 12, 0, 0, 0, 0]
    assert got["hedge.x.received"] == [0] * 6
    assert got["hedge.x.missed"] == [0, 0, 24, 0, 0, 0]


def test_settle_hedge__what_the_plan_owes_a_failed_counterparty_stays_owed() -> None:
    got = run(2, swap(), index_LPR1Y=[0, 0], alive_bank_hedge_x=[1, 0], interest=[0, 30])
    assert got["hedge.x.due"] == [12, 12]
    assert got["hedge.x.paid"] == [0, 12]


def test_accrue_hedge__a_schedule_of_notionals() -> None:
    schedule = [[dt.date(2026, 1, 1), 2400], [day(2), 600]]
    got = run(4, swap(notional=None, schedule=schedule), index_LPR1Y=[0.24] * 4)
    assert got["hedge.x.notional"] == [2400, 2400, 600, 600]
    assert got["hedge.x.received"] == [24, 24, 6, 6]


def test_accrue_hedge__a_cap_pays_above_its_strike() -> None:
    steps = (pay("hedge.x"), pay("principal.A", upto="0"))
    got = run(4, cap(premium="7 once"), *steps, interest=[3, 10, 0, 0])
    # 6 %, 3 %, 12 %, 24 % against 5 % on 1,200
    assert got["hedge.x.received"] == [1, 0, 7, 19]
    assert got["hedge.x.due"] == [7, 3, 0, 0]
    assert got["hedge.x.paid"] == [4, 3, 0, 0]


def test_accrue_hedge__a_cap_without_a_premium_needs_no_step() -> None:
    got = run(2, cap(), pay("principal.A", upto="0"), changes={"hedge.x.strike": 0.01}, index_LPR1Y=[0.02, 0.005])
    assert got["hedge.x.received"] == [1, 0]


def test_accrue_hedge__a_premium_per_payment() -> None:
    got = run(2, cap(premium="2 per payment"), interest=[5, 5], index_LPR1Y=[0, 0])
    assert got["hedge.x.paid"] == [2, 2]


@pytest.mark.parametrize("index", [0.0, 0.02, 0.05, 0.11])
def test_accrue_hedge__a_matched_swap_makes_a_floating_class_fixed(index: float) -> None:
    """The plan pays 4 % and receives the index on the class's own balance: interest less receipts is 4 %."""
    coupon = {"kind": "floating", "index": "LPR1Y", "spread": "0%", "day_count": "30/360"}
    got = run(3, swap(pay={"rate": "4%"}), pay("hedge.x"), pay("interest.A"), pay("principal.A", upto="100"), unit=0,
              index_LPR1Y=[index] * 3, interest=[40] * 3, principal=[100] * 3,
              **{"tranche.A": note(1200) | {"coupon": coupon}})  # fmt: skip
    cost = [due - net for due, net in zip(got["tranche.A.interest_due"], got["hedge.x.net"], strict=True)]
    assert cost == pytest.approx([1200 * 0.04 / 12, 1100 * 0.04 / 12, 1000 * 0.04 / 12])


def test_hedge_receivable__is_known_to_tests_before_payment() -> None:
    tests = {"test": "before payment", "when": "hedge.x.receivable - hedge.x.due > 0", "once": "flag"}
    got = run(4, swap(), principal=[600, 0, 0, 0], interest=[10] * 4, **{"trigger.t": tests})
    assert got["trigger.t.value"] == [-6, -4.5, 0, 6]


def test_settle_hedge__no_premium_is_owed_to_a_counterparty_that_has_failed() -> None:
    got = run(4, cap(premium="2 per payment"), interest=[5] * 4, alive_bank_hedge_x=[1, 1, 0, 0])
    assert got["hedge.x.due"] == [2, 2, 0, 0]
    assert got["hedge.x.paid"] == [2, 2, 0, 0]
