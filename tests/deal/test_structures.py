"""Structures of real deals put together from what the language has, each over a few periods worked by hand."""

from __future__ import annotations

from typing import Any

import pytest
from small_deals import Run, day, note, pay, rest, small, stage

PASS = pay("principal.A", upto="collected.principal")
REST = pay("residual.SUB", release="while senior outstanding")


def test_switch__pro_rata_until_defaults_mount_then_in_order_and_back_on_cure() -> None:
    plain = {"coupon": None}
    mixed = pay("principal.A", "principal.B", share="pro rata", upto="collected.principal")
    ranked = pay("principal.A", "principal.B", share="in order", upto="collected.principal")
    trigger = {"test": "after collection", "when": "pool.cum_default_rate > 5%", "once": "go sequential",
               "cure": {"when": "pool.performing > 2 * balance.A", "effect": "go prorata"}}  # fmt: skip
    nouns = {"tranche.A": note(600, **plain), "tranche.B": note(300, "junior", **plain), "tranche.SUB": rest(),
             "trigger.losses": trigger, "stage.prorata": stage(mixed, pay("residual.SUB", when="balance.A == 0")),
             "stage.sequential": stage(ranked, pay("residual.SUB", when="balance.A == 0"))}  # fmt: skip
    got = Run(small(5, nouns), pool=1000, principal=[90, 90, 60, 66], recognised=[0, 60, 0, 0],
              performing=[900, 800, 1000, 1000, 1000])  # fmt: skip
    assert got["stage"] == [0, 1, 0, 0, 0]
    # 60 and 30; all 90 to A; then 450 : 270 and 412.50 : 247.50
    assert got["tranche.A.principal_paid"][:4] == [60, 90, 37.5, 41.25]
    assert got["tranche.B.principal_paid"][:4] == [30, 0, 22.5, 24.75]


def test_trap__dscr_bands_hold_back_a_share_and_release_it_on_cure() -> None:
    """Below 1.40 half of what is left is trapped, below 1.30 all of it; from 1.40 on it comes back."""
    share = "if(figure.dscr < 130%, 100%, if(figure.dscr < 140%, 50%, 0%)) * account.main"
    steps = (
        pay("interest.A"), PASS,
        {"do": "move", "from": "main", "to": "trap", "upto": share},
        {"do": "move", "from": "trap", "to": "main", "when": "figure.dscr >= 140%"},
        REST,
    )  # fmt: skip
    dscr = {"value": "trailing(collected.interest, 2) / trailing(interest.senior, 2)"}
    nouns = {"tranche.A": note(1000), "tranche.SUB": rest(), "account.trap": {}, "figure.dscr": dscr,
             "stage.normal": stage(*steps)}  # fmt: skip
    got = Run(small(6, nouns), interest=[15, 13, 13, 12, 16, 16], principal=[0, 0, 0, 0, 0, 1000])
    assert got.values["figure.dscr.value"] == pytest.approx([1.5, 1.4, 1.3, 1.25, 1.4, 1.6])
    assert got["account.trap.balance"] == [0, 0, 1.5, 3.5, 0, 0]
    assert got["tranche.SUB.residual_paid"] == [5, 3, 1.5, 0, 9.5, 6]


def test_breaches__three_in_a_row_start_rapid_amortisation() -> None:
    """Coverage below 2 on the senior interest; a good date starts the count again; then the senior takes all."""
    trigger = {"test": "after collection", "when": "collected.interest < 2 * interest.senior", "sustained": 3,
               "once": "go rapid"}  # fmt: skip
    normal = stage(pay("interest.A"), pay("interest.B"), PASS, pay("principal.B", upto="0"), REST)
    rapid = stage(pay("interest.A"), pay("principal.A"), pay("interest.B"), pay("principal.B"), REST)
    nouns = {"tranche.A": note(1000), "tranche.B": note(200, "mezzanine"), "tranche.SUB": rest(),
             "trigger.coverage": trigger, "stage.normal": normal, "stage.rapid": rapid}  # fmt: skip
    got = Run(small(8, nouns), interest=[15, 15, 25, 15, 15, 15, 30])
    assert got["trigger.coverage.active"][:7] == [0, 0, 0, 0, 0, 1, 1]
    assert got["tranche.A.principal_paid"][:7] == [0, 0, 0, 0, 0, 5, 20.05]
    assert got["tranche.B.interest_paid"][:7] == [2, 2, 2, 2, 2, 0, 0]
    assert got["tranche.SUB.residual_paid"][:7] == [3, 3, 13, 3, 3, 0, 0]


REDEEM = {"test": "before payment", "when": "date.payment >= 2026-04-15 and date.payment <= 2026-04-15", "once": "call",
          "call": {"price": "due.A + due.B + balance.A + balance.B", "to": "main"}}  # fmt: skip


def redeemable(**given: Any) -> Run:
    allotted = "if(pool.called, balance.A, collected.principal)"
    steps = (pay("interest.A"), pay("interest.B"), pay("principal.A", upto=allotted),
             pay("principal.B", when="balance.A == 0"),
             pay("residual.SUB", when="balance.A + balance.B == 0"))  # fmt: skip
    nouns = {"tranche.A": note(500), "tranche.B": note(200, "junior"), "tranche.SUB": rest(), "trigger.redeem": REDEEM,
             "stage.normal": stage(*steps)}  # fmt: skip
    return Run(small(6, nouns), interest=[10] * 6, principal=[0, 100, 0, 0, 0, 0], **given)


def test_redemption__the_issuer_repays_all_classes_on_its_option_date_with_cash_from_outside() -> None:
    got = redeemable()
    # by month 3: 3 a month of 10 is left after interest 5 + 2; A has 400 and owes 4, B 200 and 2
    assert got["pool.call_price"] == [0, 0, 606, 0, 0, 0]
    assert got["tranche.A.balance"] == [500, 400, 0, 0, 0, 0]
    assert got["tranche.B.balance"] == [200, 200, 0, 0, 0, 0]
    assert got["tranche.SUB.residual_paid"] == [0, 0, 16, 0, 0, 0]  # 3 + 3 + 10


def test_redemption__is_an_option_a_case_can_let_lapse() -> None:
    never = {"trigger.redeem.when#1": 40_000.0}  # days since 1970: a date after legal final
    assert redeemable(changes=never)["pool.call_price"] == [0] * 6


def test_borrowing_base__a_lower_valuation_is_repaid_down_to_the_advance_rate() -> None:
    value = {"value": "pool.performing", "every": "3 months", "on": 10, "first": day(3, 10), "start": "1_000"}
    steps = (pay("interest.A"), pay("principal.A", upto="max(balance.A - figure.base, 0)"),
             pay("residual.SUB", when="balance.A <= figure.base", release="while senior outstanding"))  # fmt: skip
    nouns = {"tranche.A": note(650), "tranche.SUB": rest(), "figure.base": {"value": "65% * figure.worth"},
             "figure.worth": value, "figure.ltv": {"value": "balance.A / figure.worth", "at": "after payment"},
             "stage.normal": stage(*steps)}  # fmt: skip
    got = Run(small(6, nouns), performing=[990, 900, 800, 700, 600, 500], interest=[56.5, 56.5, 56.5, 56.5, 56.5, 0])
    assert got["figure.worth.value"] == [1000, 1000, 800, 800, 800, 500]
    assert got["figure.base.value"] == [650, 650, 520, 520, 520, 325]
    # 6.50 of interest leave 50: to the residual while the base holds, then 130 are repaid in three months
    assert got["tranche.A.principal_paid"][:5] == [0, 0, 50, 50.5, 29.5]
    assert got["tranche.SUB.residual_paid"][:5] == [50, 50, 0, 0, 21.51]
    assert got.values["figure.ltv.value"][:5] == pytest.approx([0.65, 0.65, 0.75, 0.686875, 0.65])
