"""Every verb by hand: who is paid what, from where, in which order, and what stays."""

from __future__ import annotations

import pytest
from small_deals import Run, day, note, pay, rest, small, stage

SWEEP = pay("principal.A")
REST = pay("residual.SUB", when="balance.A == 0")


def plan(amounts: list[float]) -> dict[str, object]:
    """固定摊还, month by month."""
    return {"kind": "plan", "amounts": [[day(month), amount] for month, amount in enumerate(amounts, start=1)]}


def test_pay__plan_with_arrears() -> None:
    tables = {
        "tranche.A": note(100, coupon=None, principal=plan([40, 30, 30])),
        "tranche.SUB": rest(),
        "stage.normal": stage(pay("principal.A", upto="due"), REST),
    }
    run = Run(small(3, tables), principal=[25, 50, 40])
    # month 1: 40 due, 25 there. Month 2: 15 behind + 30 due = 45 of 50, 5 stay. Month 3: 30 of 45, 15 to the rest.
    assert run["tranche.A.principal_due"] == [40, 45, 30]
    assert run["tranche.A.principal_paid"] == [25, 45, 30]
    assert run["tranche.A.principal_overdue"] == [15, 0, 0]
    assert run["step.normal.s1.short"] == [15, 0, 0]
    assert run["account.main.balance"] == [0, 5, 0]
    assert run["tranche.SUB.residual_paid"] == [0, 0, 15]


def test_pay__principal_asked_for_twice_is_due_once() -> None:
    tables = {
        "account.reserve": {"opening": 12},
        "tranche.A": note(100, coupon=None, principal=plan([40, 60])),
        "tranche.SUB": rest(),
        "stage.normal": stage(pay("principal.A", upto="due"), pay("principal.A", source="reserve", upto="due"), REST),
    }
    run = Run(small(2, tables), principal=[25, 70])
    # 40 due: 25 from main, 12 from the reserve. Month 2: 3 + 60 from main.
    assert run["tranche.A.principal_due"] == [40, 63]
    assert run["tranche.A.principal_paid"] == [37, 63]
    assert run["step.normal.s2.due"] == [15, 0]


def test_pay__bullet_waits_for_its_date() -> None:
    tables = {
        "tranche.A": note(100, coupon=None, principal={"kind": "bullet", "expected": day(2)}),
        "tranche.SUB": rest(),
        "stage.normal": stage(pay("principal.A", upto="due"), REST),
    }
    run = Run(small(4, tables), principal=[60, 30, 20, 0])
    assert run["tranche.A.principal_due"] == [0, 100, 10, 0]
    assert run["tranche.A.principal_paid"] == [0, 90, 10, 0]
    assert run["tranche.A.principal_overdue"] == [0, 10, 0, 0]
    assert run["account.main.balance"] == [60, 0, 0, 0]


def test_pay__pass_through_is_due_at_legal_final_only() -> None:
    tables = {
        "tranche.A": note(100, coupon=None),
        "tranche.SUB": rest(),
        "stage.normal": stage(pay("principal.A", upto="collected.principal"), REST),
    }
    run = Run(small(3, tables), principal=[30, 30, 10], interest=[5, 0, 0])
    assert run["tranche.A.principal_paid"] == [30, 30, 10]  # interest collected is not principal: 5 stay
    assert run["tranche.A.principal_overdue"] == [0, 0, 30]
    assert run["account.main.balance"] == [5, 5, 5]


def test_pay__residual_with_a_capped_interim_return() -> None:
    # 期间收益: at most 6 % a year of the residual's face, 31/365 or 28/365 of a year between payments (ACT/365F).
    cap = "6% * face.SUB * period.years"
    tables = {
        "tranche.A": note(100, coupon=None),
        "tranche.SUB": rest(3650),
        "stage.normal": stage(
            pay("principal.A", upto="collected.principal"), pay("residual.SUB", upto=cap, when="balance.A > 0"), REST
        ),
    }
    run = Run(small(3, tables), principal=[10, 0, 90], interest=[30, 10, 10])
    # 3650 × 6 % / 365 = 0.60 a day: 18.60 for 31 days, 16.80 for 28, of which 11.40 + 10 = 21.40 are there.
    assert run["tranche.SUB.residual_paid"] == [18.6, 16.8, 14.6]  # at the end 4.60 kept back + 10
    assert run["account.main.balance"] == [11.4, 4.6, 0]


def test_pay__interim_return_counts_the_months_since_the_last_payment() -> None:
    tables = {
        "tranche.A": note(100, coupon=None),
        "tranche.SUB": rest(3650),
        "stage.normal": stage(
            pay("principal.A", upto="collected.principal"),
            pay("residual.SUB", upto="6% * face.SUB * period.years", when="balance.A > 0"),
            REST,
        ),
    }
    run = Run(small(6, tables, every=3), interest=[0, 0, 90, 0, 0, 90])
    # 15 January to 15 April are 90 days: 54.00; to 15 July 91: 54.60
    assert run["tranche.SUB.residual_paid"] == [0, 0, 54, 0, 0, 54.6]


def shared(share: str) -> Run:
    tables = {
        "tranche.A": note(30, coupon=None),
        "tranche.B": note(40, coupon=None),
        "tranche.SUB": rest(),
        "stage.normal": stage(pay("principal.senior", share=share), REST | {"when": "balance.senior == 0"}),
    }
    return Run(small(3, tables), principal=[34, 26, 10])


def test_pay__in_order() -> None:
    run = shared("in order")
    assert run["tranche.A.principal_paid"] == [30, 0, 0]
    assert run["tranche.B.principal_paid"] == [4, 26, 10]


def test_pay__pro_rata_by_what_each_still_needs() -> None:
    run = shared("pro rata")
    # 34 × 30/70 = 14.571 and 34 × 40/70 = 19.428, cut to fen: 0.01 stays. 26.01 over 15.43 + 20.58: 11.145, 14.865.
    # In month 3 the 10.01 there are just what is left.
    assert run["tranche.A.principal_paid"] == [14.57, 11.14, 4.29]
    assert run["tranche.B.principal_paid"] == [19.42, 14.86, 5.72]
    assert run["account.main.balance"] == [0.01, 0.02 - 0.01, 0]


def test_pay__helpers_fill_the_gap_in_their_order() -> None:
    tables = {
        "account.reserve": {"opening": 3, "target": "3"},
        "tranche.A": note(1000),
        "tranche.SUB": rest(),
        "entity.payer": {"name": "payer"},
        "support.topup": {"provider": "payer", "limit": 5, "covers": ["interest.senior"]},
        "stage.normal": stage(
            pay("interest.A", then=["account.reserve", "support.topup"]),
            {"do": "fill", "what": ["account.reserve"], "from": "main"},
            SWEEP | {"upto": "collected.principal"},
            {"do": "repay", "what": ["support.topup"], "from": "main"},
            REST,
        ),
    }
    run = Run(small(3, tables), interest=[6, 6, 30])
    # 10 are due: 6 from main, 3 from the reserve, 1 from the payer; then 6, none, 4; then 10 + the reserve, the rest
    # of 17 repays 5 and leaves 12.
    assert run["step.normal.s1.from.account.main"] == [6, 6, 10]
    assert run["step.normal.s1.from.account.reserve"] == [3, 0, 0]
    assert run["step.normal.s1.from.support.topup"] == [1, 4, 0]
    assert run["support.topup.owed"] == [1, 5, 0]
    assert run["support.topup.left"] == [4, 0, 0]  # a limit for life: what is repaid cannot be drawn again
    assert run["support.topup.repaid"] == [0, 0, 5]
    assert run["account.reserve.balance"] == [0, 0, 3]
    assert run["account.main.balance"] == [0, 0, 12]
    assert run["tranche.A.interest_unpaid"] == [0, 0, 0]


def supported(**terms: object) -> dict[str, dict[str, object]]:
    return {
        "tranche.A": note(1000),
        "tranche.SUB": rest(),
        "entity.payer": {"name": "payer"},
        "support.topup": {"provider": "payer", "limit": 15, **terms},
        "stage.normal": stage(
            pay("interest.A", then=["support.topup"]),
            {"do": "repay", "what": ["support.topup"], "from": "main"},
            SWEEP | {"upto": "collected.principal"},
            REST,
        ),
    }


def test_pay__support_is_limited() -> None:
    run = Run(small(3, supported()))
    assert run["support.topup.called"] == [10, 10, 15]  # month 3: 5 carried + 10
    assert run["support.topup.drawn"] == [10, 5, 0]
    assert run["support.topup.left"] == [5, 0, 0]
    assert run["tranche.A.interest_unpaid"] == [0, 5, 15]


def test_pay__support_that_is_gone_pays_nothing() -> None:
    run = Run(small(3, supported(limit="covered")), alive_payer_topup=[1, 0, 0])
    assert run["support.topup.called"] == [10, 10, 20]
    assert run["support.topup.drawn"] == [10, 0, 0]
    assert run["tranche.A.interest_unpaid"] == [0, 10, 20]


def test_pay__support_that_is_late_pays_old_gaps_only() -> None:
    run = Run(small(4, supported(limit="covered")), late_payer=[1, 1, 1, 1], interest=[10, 4, 0, 10])
    # gaps: 0, then 6; month 3 asks 6 + 10 = 16, of which 6 were known a month ago; month 4 asks 10 of 20, known 16.
    assert run["support.topup.called"] == [0, 6, 16, 10]
    assert run["support.topup.drawn"] == [0, 0, 6, 10]
    assert run["tranche.A.interest_unpaid"] == [0, 6, 10, 0]


def test_repay__a_waived_support_is_owed_nothing() -> None:
    tables = supported(reimbursed=False)
    tables["stage.normal"] = stage(pay("interest.A", then=["support.topup"]), SWEEP, REST)
    run = Run(small(2, tables))
    assert run["support.topup.owed"] == [0, 0]
    assert run["support.topup.left"] == [5, 0]


def test_repay__liquidity_is_restored() -> None:
    run = Run(small(4, supported(kind="liquidity")), interest=[0, 18, 0, 0])
    # 10 drawn; month 2 pays its 10 and repays 8; month 3 may draw 10 of the 13 now left; month 4 the last 3.
    assert run["support.topup.drawn"] == [10, 0, 10, 3]
    assert run["support.topup.repaid"] == [0, 8, 0, 0]
    assert run["support.topup.left"] == [5, 13, 3, 0]
    assert run["support.topup.owed"] == [10, 2, 12, 15]


def test_draw__calls_a_support_into_an_account() -> None:
    tables = supported()
    tables["stage.normal"] = stage(
        {"do": "draw", "what": ["support.topup"], "to": "main", "upto": "interest.A - account.main"},
        pay("interest.A"),
        {"do": "repay", "what": ["support.topup"], "from": "main"},
        SWEEP,
        REST,
    )
    run = Run(small(2, tables), interest=[4, 0])
    assert run["step.normal.s1.due"] == [6, 10]
    assert run["step.normal.s1.paid"] == [6, 9]
    assert run["step.normal.s1.short"] == [0, 1]
    assert run["tranche.A.interest_unpaid"] == [0, 1]


def test_fill__up_to_target_and_under_a_cap() -> None:
    tables = {
        "account.reserve": {"target": "5% * balance.A"},
        "tranche.A": note(100, coupon=None),
        "tranche.SUB": rest(),
        "stage.normal": stage(
            SWEEP | {"upto": "collected.principal"},
            {"do": "fill", "what": ["account.reserve"], "from": "main", "upto": "2"},
            {"do": "move", "from": "reserve", "to": "main", "upto": "account.reserve - target.reserve"},
            REST,
        ),
    }
    run = Run(small(4, tables), principal=[20, 20, 40, 20], interest=[3, 3, 3, 0])
    # targets 4, 3, 1, 0: filled 2, then 1 (to 3), none; 2 come back, then 1
    assert run["account.reserve.balance"] == [2, 3, 1, 0]
    assert run["step.normal.s2.paid"] == [2, 1, 0, 0]
    assert run["step.normal.s3.paid"] == [0, 0, 2, 1]
    assert run["tranche.SUB.residual_paid"] == [0, 0, 0, 9]


def test_move__everything_with_its_fraction() -> None:
    tables = {
        "account.next": {},
        "tranche.A": note(100, coupon=None),
        "tranche.SUB": rest(),
        "stage.normal": stage(
            {"do": "move", "from": "main", "to": "next"}, pay("principal.A", source="next"), REST | {"from": "next"}
        ),
    }
    run = Run(small(2, tables), principal=[10.005, 0.005])
    assert run["step.normal.s1.paid"] == [10.005, 0.005]
    assert run["tranche.A.principal_paid"] == [10.0, 0.01]  # the half fen waits in the account
    assert run["account.next.balance"] == [0.005, 0]


def test_write_down__takes_from_the_end_of_a_plan() -> None:
    tables = {
        "tranche.A": note(100, coupon=None, principal=plan([40, 40, 20])),
        "tranche.SUB": rest(),
        "stage.normal": stage(
            {"do": "write_down", "what": ["principal.A"], "upto": "pool.default"}, pay("principal.A", upto="due"), REST
        ),
    }
    run = Run(small(3, tables), default=[30, 0, 200], principal=[40, 20, 10])
    # 30 off: the plan is 40, 30, 0. Month 2 pays 20, so 10 are behind; then the loss of 200 takes the last 10.
    assert run["tranche.A.written_down"] == [30, 0, 10]
    assert run["step.normal.s1.short"] == [0, 0, 190]
    assert run["tranche.A.principal_paid"] == [40, 20, 0]
    assert run["tranche.A.principal_due"] == [40, 30, 10]  # what was due when the list started
    assert run["tranche.A.balance"] == [30, 10, 0]


def test_book__ledgers_in_order_each_to_its_room_and_cured_from_income() -> None:
    tables = {
        "account.income": {},
        "collect": {"interest": "income", "principal": "main", "prepayment": "main", "recovery": "main"},
        "tranche.A": note(100, coupon=None),
        "tranche.B": note(20, "junior", None),
        "tranche.SUB": rest(),
        "ledger.pdl_B": {"limit": "balance.B"},
        "ledger.pdl_A": {"limit": "balance.A"},
        "stage.normal": stage(
            {"do": "book", "what": ["ledger.pdl_B", "ledger.pdl_A"], "upto": "pool.default"},
            pay("ledger.pdl_A", source="income", to="main"),
            pay("ledger.pdl_B", source="income", to="main"),
            pay("principal.A"),
            pay("principal.B"),
            REST | {"from": "income", "when": "balance.A + balance.B == 0"},
        ),
    }
    run = Run(small(3, tables), default=[25, 0, 0], interest=[3, 20, 9], principal=[10, 0, 0])
    # 25 lost: 20 on B, 5 on A. Income 3 cures A to 2; then A's 2 and B to 2; then B's 2, 7 stay.
    assert run["ledger.pdl_A.balance"] == [2, 0, 0]
    assert run["ledger.pdl_B.balance"] == [20, 2, 0]
    assert run["tranche.A.principal_paid"] == [13, 20, 2]
    assert run["account.income.balance"] == [0, 0, 7]


def test_pay__income_and_principal_accounts() -> None:
    """收益账 and 本金账: what principal lends for senior interest is booked, and income pays it back."""
    tables = {
        "account.main": None,
        "account.income": {"opening": 0},
        "account.principal": {"opening": 0},
        "collect": {"interest": "income", "principal": "principal", "prepayment": "principal", "recovery": "income"},
        "tranche.A": note(1000),
        "tranche.SUB": rest(),
        "tax.vat": {"base": "collected.interest", "rate": "3%"},
        "fee.trustee": {"amount": "1 per payment"},
        "ledger.borrowed": {"label": "本金账垫付"},
        "stage.normal": stage(
            pay("tax.vat", source="income"),
            pay("fee.trustee", source="income"),
            {"do": "book", "what": ["ledger.borrowed"], "upto": "interest.A - account.income"},
            pay("interest.A", source="income", then=["account.principal"]),
            pay("ledger.borrowed", source="income", to="principal"),
            pay("principal.A", source="principal"),
            pay("residual.SUB", source="income", when="balance.A == 0"),
        ),
    }
    run = Run(small(3, tables), interest=[5, 20, 20], principal=[50, 50, 0])
    # Month 1: 5 − 0.15 tax − 1 fee = 3.85 of 10 interest; principal lends 6.15, repays 43.85.
    # Month 2: 20 − 0.60 − 1 − 9.56 interest (1 % of 956.15, 0.0015 waits) = 8.84, of which 6.15 go back: 56.15 repaid.
    # Month 3: 2.69 + 20 − 0.60 − 1 − 9.00 = 12.09.
    assert run["step.normal.s4.from.account.income"] == [3.85, 9.56, 9]
    assert run["step.normal.s4.from.account.principal"] == [6.15, 0, 0]
    assert run["ledger.borrowed.balance"] == [6.15, 0, 0]
    assert run["tranche.A.principal_paid"] == [43.85, 56.15, 0]
    assert run["account.income.balance"] == [0, 2.69, 12.09]


def test_pay__per_note_of_100_the_residue_stays_in_the_account() -> None:
    tables = {
        "deal": {"name": "notes", "money": {"unit": 0.01, "per": "note of 100"}},
        "tranche.A": note(3000, coupon="4%"),
        "tranche.SUB": rest(),
        "stage.normal": stage(pay("interest.A"), pay("principal.A"), REST),
    }
    run = Run(small(3, tables), interest=[10.15, 0, 3000], principal=[100, 0, 0])
    # 30 notes: 1/3 % a month is 10.00 = 0.333 a note, 0.33 × 30 = 9.90 paid, 0.10 waits. 100.25 left are 3.341 a note:
    # 3.34 × 30 = 100.20 principal, 0.05 stay. Month 2: 0.10 + 2899.80/300 = 9.766 → 0.32 a note = 9.60, not in one
    # whole fen a note of the 0.05 there: nothing. Month 3 pays all of it.
    assert run["tranche.A.interest_paid"] == [9.9, 0, 19.2]
    assert run["tranche.A.principal_paid"] == [100.2, 0, 2899.8]
    assert run["account.main.balance"] == [0.05, 0.05, 0]
    assert run["tranche.A.interest_unpaid"] == [0, 9.6, 0]


def test_probe__records_and_moves_nothing() -> None:
    tables = {
        "tranche.A": note(100, coupon=None),
        "tranche.SUB": rest(),
        "stage.normal": stage(
            {"do": "probe", "value": "max(account.main - 7, 0) / 2", "when": "period.number != 2"}, SWEEP, REST
        ),
    }
    run = Run(small(3, tables), principal=[10, 20, 0])
    assert run["step.normal.s1.value"] == [1.5, 0, 0]
    assert run["tranche.A.principal_paid"] == [10, 20, 0]


def test_pay__unrounded_when_the_unit_is_zero() -> None:
    tables = {
        "tranche.A": note(100, coupon="4%"),
        "tranche.SUB": rest(),
        "stage.normal": stage(pay("interest.A"), SWEEP, REST),
    }
    run = Run(small(2, tables, unit=0), interest=[1, 101])
    assert run["tranche.A.interest_paid"] == [pytest.approx(1 / 3), pytest.approx((100 - 2 / 3) / 300)]
    assert run["tranche.A.principal_paid"] == [pytest.approx(2 / 3), pytest.approx(100 - 2 / 3)]
