"""Puts, adjusted coupons, floors and caps, target balances and anticipated repayment dates, worked by hand."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from small_deals import Run, day, note, pay, rest, small, stage

REST = pay("residual.SUB", when="balance.A == 0")
INDEX = {"path": [[dt.date(2025, 1, 1), "3%"]]}


def run(months: int, a: dict[str, Any], *steps: dict[str, Any], unit: float = 0.01, changes: Any = None,
        every: int = 1, **given: Any) -> Run:  # fmt: skip
    """Class A paid by the given steps; ``given`` are tables of the deal and pool cash."""
    tables = {name: table for name, table in given.items() if isinstance(table, dict)}
    feed = {name: values for name, values in given.items() if name not in tables}
    nouns = {"tranche.A": a, "tranche.SUB": rest(), "stage.normal": stage(*steps, REST), **tables}
    return Run(small(months, nouns, every, unit), changes=changes, **feed)


# floor and cap --------------------------------------------------------------------------------------------------------
def floating(**bounds: str) -> dict[str, Any]:
    return note(1200) | {
        "coupon": {"kind": "floating", "index": "LPR1Y", "spread": "1%", "day_count": "30/360"} | bounds
    }


@pytest.mark.parametrize(
    ("bounds", "coupons"),
    [({}, [0.04, 0.07, 0.0, 0.02]), ({"floor": "3%"}, [0.04, 0.07, 0.03, 0.03]),
     ({"cap": "5%"}, [0.04, 0.05, 0.0, 0.02]), ({"floor": "3%", "cap": "3.5%"}, [0.035, 0.035, 0.03, 0.03])],
)  # fmt: skip
def test_accrue_coupons__floor_and_cap_of_a_floating_coupon(bounds: dict[str, str], coupons: list[float]) -> None:
    got = run(4, floating(**bounds), pay("interest.A"), pay("principal.A", upto="0"),
              index_LPR1Y=[0.03, 0.06, -0.02, 0.01], interest=[20] * 4, **{"index.LPR1Y": INDEX})  # fmt: skip
    assert got["tranche.A.coupon"] == coupons
    assert got["tranche.A.interest_due"] == [round(1200 * rate / 12, 2) for rate in coupons]


def test_accrue_coupons__a_case_may_move_floor_and_cap() -> None:
    got = run(2, floating(floor="3%", cap="6%"), pay("interest.A"), pay("principal.A", upto="0"),
              index_LPR1Y=[0.01, 0.08], interest=[20] * 2, **{"index.LPR1Y": INDEX},
              changes={"tranche.A.coupon.floor": 0.036, "tranche.A.coupon.cap": 0.072})  # fmt: skip
    assert got["tranche.A.coupon"] == [0.036, 0.072]


# put ------------------------------------------------------------------------------------------------------------------
def puttable(share: str = "30%", adjust: str = "-6%", **more: Any) -> dict[str, Any]:
    return note(1000, put={"dates": [day(2), day(4)], "share": share, "adjust": adjust}, **more)


INTEREST, DUE = pay("interest.A"), pay("principal.A", upto="due")


def test_put_due__a_share_of_the_balance_falls_due_and_the_coupon_is_adjusted() -> None:
    got = run(5, puttable(), INTEREST, DUE, interest=[10] * 5, principal=[0, 300, 0, 210, 490])
    # 30 % of 1,000, then 30 % of the 700 left; from the option dates on 6 %, then 0 %
    assert got["tranche.A.principal_due"] == [0, 300, 0, 210, 490]
    assert got["tranche.A.principal_paid"] == [0, 300, 0, 210, 490]
    assert got["tranche.A.coupon"] == [0.12, 0.12, 0.06, 0.06, 0.0]
    assert got["tranche.A.interest_due"] == [10, 10, 3.5, 3.5, 0]


def test_put_due__the_share_is_a_parameter_of_a_case() -> None:
    for share, due in ((0.0, [0, 0, 0, 0, 1000]), (1.0, [0, 1000, 0, 0, 0]), (0.5, [0, 500, 0, 250, 250])):
        got = run(5, puttable(adjust="0%"), INTEREST, DUE, interest=[10] * 5, principal=[0, 1000, 0, 0, 1000],
                  changes={"tranche.A.put.share": share})  # fmt: skip
        assert got["tranche.A.principal_due"] == due, share


def test_put_due__what_is_put_and_not_paid_stays_due() -> None:
    got = run(5, puttable(adjust="0%"), INTEREST, DUE, interest=[10] * 5, principal=[0, 100, 50, 0, 2000])
    # 300 put, 100 paid; then 60 less 9 of interest; 30 % of the 849 left, 254.70, come on top of the 149 still owed, of
    # which 10 less 8.49 are paid
    assert got["tranche.A.put_unpaid"] == [0, 200, 149, 402.19, 0]
    assert got["tranche.A.principal_overdue"] == [0, 200, 149, 402.19, 0]


def test_put_due__a_name_sees_it_before_the_list_runs() -> None:
    trigger = {"test": "before payment", "when": "principal.A > account.main", "once": "flag"}
    got = run(5, puttable(), INTEREST, DUE, principal=[0, 200, 0], interest=[10] * 3, **{"trigger.gap": trigger})
    assert got["trigger.gap.value"][:3] == [0, 300, 100]  # 210 less 10 of interest paid in month 2
    assert got["trigger.gap.active"][:2] == [0, 1]


def test_put_due__whole_notes_of_a_bullet() -> None:
    a = puttable(share="33.333%", adjust="0%", principal={"kind": "bullet", "expected": day(5)})
    money = {"deal": {"name": "notes", "money": {"unit": 0.01, "per": "note of 100"}}}
    got = run(5, a, INTEREST, DUE, interest=[10] * 5, principal=[0, 500, 0, 500, 500], **money)
    # ten notes: per note 33.33 of 100, then 33.333 % of the 66.67 left, 22.22
    assert got["tranche.A.principal_due"] == [0, 333.3, 0, 222.2, 444.5]


# target balances ------------------------------------------------------------------------------------------------------
def target(*balances: float, **more: Any) -> dict[str, Any]:
    levels = [[day(month), balance] for month, balance in enumerate(balances, start=1)]
    return note(1000, coupon=None, principal={"kind": "target", "balances": levels}, **more)


def test_principal_due__a_target_missed_is_caught_up() -> None:
    got = run(5, target(900, 700, 700, 300, 0), DUE, principal=[40, 300, 0, 300, 400])
    assert got["tranche.A.principal_due"] == [100, 260, 0, 400, 360]
    assert got["tranche.A.principal_paid"] == [40, 260, 0, 340, 360]  # 300, and 40 kept from month 2
    assert got["tranche.A.principal_overdue"] == [60, 0, 0, 60, 0]


def test_principal_due__a_planned_class_is_never_paid_below_its_target() -> None:
    """PAC: the companion takes what comes early and waits when cash is late, until the plan is met."""
    steps = (DUE, pay("principal.C"), pay("principal.A"))
    got = run(4, target(800, 600, 300, 0), *steps, principal=[100, 400, 250, 450],
              **{"tranche.C": note(200, "companion", coupon=None)})  # fmt: skip
    # Month 1 is 100 short of the target of 800; month 2 catches up and leaves 100 to the companion.
    assert got["tranche.A.principal_due"] == [200, 300, 300, 350]
    assert got["tranche.A.balance"] == [900, 600, 350, 0]
    assert got["tranche.C.balance"] == [200, 100, 100, 0]


def test_principal_due__targets_scale_with_the_face_and_mind_write_downs() -> None:
    steps = (DUE, {"do": "write_down", "what": ["principal.A"], "upto": "collected.default"})
    got = run(3, target(800, 400, 0), *steps, principal=[400, 400, 2000], default=[300, 0, 0],
              changes={"tranche.A.face": 2000})  # fmt: skip
    # 1,600, 800, 0; 300 written off in month 1 leave 1,300, of which 500 are above the target of month 2
    assert got["tranche.A.principal_due"] == [400, 500, 900]  # 400 of the 500 came in


# anticipated repayment date -------------------------------------------------------------------------------------------
EXTRA = pay("additional.A")


def anticipated(**more: Any) -> dict[str, Any]:
    return note(1000, ard={"date": day(2), "additional": "6%"} | more)


def test_accrue_additional__from_the_anticipated_repayment_date_on() -> None:
    got = run(5, anticipated(), INTEREST, pay("principal.A", upto="max(account.main - 10, 0)"), EXTRA,
              interest=[10, 10, 10, 12, 500], principal=[0, 0, 0, 0, 1000])  # fmt: skip
    # Interest first (10 a month), nothing for principal before month 5; additional interest is 5 a month from month 3.
    assert got["tranche.A.interest_due"] == [10, 10, 10, 10, 10]
    assert got["tranche.A.additional_due"] == [0, 0, 5, 10, 13]
    assert got["tranche.A.additional_paid"] == [0, 0, 0, 2, 13]
    assert got["tranche.A.additional_unpaid"] == [0, 0, 5, 8, 0]


def test_accrue_additional__days_of_the_row_in_which_the_date_falls() -> None:
    got = run(2, anticipated(date=dt.date(2026, 2, 1)), INTEREST, pay("principal.A", upto="0"), EXTRA,
              interest=[50, 50])  # fmt: skip
    # 1 to 15 February: 14 of 360 days at 6 % on 1,000, then a month
    assert got["tranche.A.additional_paid"] == [2.33, 5.0]


def test_accrue_additional__compounds_where_the_terms_say() -> None:
    got = run(5, anticipated(on_unpaid="compound", additional="12%"), INTEREST, pay("principal.A", upto="0"), EXTRA | {
        "when": "period.last"}, interest=[10] * 5)  # fmt: skip
    assert got["tranche.A.additional_due"] == [0, 0, 10, 20.1, 30.3]


def test_accrue_additional__late_steps_pay_it_after_everybody() -> None:
    """Rapid amortisation from the date on: all cash to principal, additional interest after the junior class."""
    trigger = {"test": "before payment", "when": "date.payment >= 2026-03-15 and balance.A > 0", "once": "go turbo"}
    normal = stage(INTEREST, pay("interest.B"), EXTRA, pay("principal.A", upto="0"), pay("principal.B", upto="0"), REST)
    turbo = stage(INTEREST, pay("principal.A"), pay("interest.B"), pay("principal.B"), EXTRA, REST)
    nouns = {"tranche.A": anticipated(), "tranche.B": note(100, "junior"), "tranche.SUB": rest(),
             "trigger.ard": trigger, "stage.normal": normal, "stage.turbo": turbo}  # fmt: skip
    got = Run(small(5, nouns), interest=[11] * 5, principal=[0, 600, 400, 150, 0])
    assert got["tranche.A.balance"] == [1000, 399, 0, 0, 0]  # 611 less 10; 411 less 3.99
    # 5 % of 399 a month for one month: 1.995, a fen of it cut; paid when B is gone
    assert got["tranche.A.additional_due"] == [0, 0, 1.99, 1.99, 0]
    assert got["tranche.A.additional_paid"][3] == 1.99
    assert got["tranche.B.balance"][3] == 0
