"""Collections by hand: the servicer's account, faster handovers, what is lost with it, deposits, further calendars."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plain_deal import changed, loaded
from small_deals import Run, day, note, pay, rest, small, stage

from absengine.deal.explain import explain
from absengine.loaders import kind_names

COMPANIES = {"entity.lessor": {"name": "示例租赁"}, "entity.guarantor": {"name": "示例担保"}}
WAY = {"servicer": "lessor", "account": "purse", "transfer": "payment"}
LAST = pay("residual.SUB", when="balance.A == 0")
SERVICER = "alive_lessor_servicing"


def deal(months: int, every: int = 1, way: dict[str, Any] | None = None, **tables: Any) -> str:
    """A class paid interest and what has reached the plan of principal; collections lie with the lessor."""
    steps = [pay("interest.A"), pay("principal.A", upto="collected.principal"), LAST]
    usual = {"tranche.A": note(1000, coupon="12%"), "tranche.SUB": rest(), "stage.normal": stage(*steps),
             "account.purse": {}, "servicing": WAY | (way or {})} | COMPANIES  # fmt: skip
    return small(months, usual | tables, every, 0.01)


# The servicer -----------------------------------------------------------------------------------------------------


def test_collect__cash_lies_with_the_servicer_until_it_is_handed_over() -> None:
    run = Run(deal(6, 3), interest=[10] * 6, principal=[100] * 6)
    assert run["account.purse.balance"] == [110, 220, 0, 110, 220, 0]
    assert run["pool.collected"] == [0, 0, 330, 0, 0, 330]  # counted when it reaches the plan
    assert run["tranche.A.principal_paid"] == [0, 0, 300, 0, 0, 300]
    assert run["servicing.lost"] == [0] * 6


def test_collect__what_lies_there_is_lost_once_and_obligors_pay_the_plan_from_then_on() -> None:
    # The lessor fails in month 5: 110 of month 4 lie with it, and all of month 5's collections (no days are stated).
    run = Run(deal(6, 3), interest=[10] * 6, principal=[100] * 6, **{SERVICER: [1, 1, 1, 1, 0, 0]})
    assert run["servicing.lost"] == [0, 0, 0, 0, 220, 0]
    assert run["account.purse.balance"] == [110, 220, 0, 110, 0, 0]
    assert run["pool.collected"] == [0, 0, 330, 0, 0, 110]  # month 6 comes directly
    assert [float(x) for x in run.values["servicing.failed"]] == [0, 0, 0, 0, 1, 1]


def test_collect__stated_days_of_collections_are_lost_beside_what_lay_there() -> None:
    run = Run(deal(6, 3, {"days": 15}), interest=[10] * 6, principal=[100] * 6, **{SERVICER: [1, 1, 1, 0, 0, 0]})
    # It fails in month 4, 10 April to 10 May: nothing lay there since month 3, and 15 of 30 days are lost.
    assert run["servicing.lost"] == [0, 0, 0, 55, 0, 0]
    assert run["pool.collected"] == [0, 0, 330, 55, 110, 110]
    assert run["account.main.balance"][4] == 165


def test_collect__a_servicer_that_comes_back_is_not_trusted_again() -> None:
    run = Run(deal(3), interest=[10] * 3, **{SERVICER: [1, 0, 1]})
    assert run["servicing.lost"] == [0, 10, 0]
    assert run["account.purse.balance"] == [0, 0, 0]
    assert [float(x) for x in run.values["servicing.direct"]] == [0, 1, 1]


def test_pace__quarterly_then_monthly_then_each_receipt() -> None:
    """加速归集: two downgrades, each noticed after collection and in force from the next row."""
    faster = [{"when": "trigger.below_aa", "transfer": "collection"},
              {"when": "trigger.below_a", "transfer": "receipt", "days": 3}]  # fmt: skip
    tables = {f"trigger.{name}": {"test": "after collection", "when": f"period.number >= {row}", "once": "flag"}
              for name, row in (("below_aa", 4), ("below_a", 6))}  # fmt: skip
    way = {"transfer": "payment", "faster": faster}
    text = deal(9, 3, way, **tables)
    run = Run(text, interest=[10] * 9)
    assert run["account.purse.balance"] == [10, 20, 0, 10, 0, 0, 0, 0, 0]
    # when it fails in month 8 (10 August to 10 September, 31 days), three days of receipts are lost, not the month
    late = Run(text, interest=[31] * 9, **{SERVICER: [1] * 7 + [0, 0]})
    assert late["servicing.lost"][7] == 3
    soon = Run(text, interest=[31] * 9, **{SERVICER: [1] * 4 + [0] * 5})
    assert soon["servicing.lost"][4] == 62  # month 4 lay there, month 5 was to be handed over at its end


def test_direct__obligors_pay_the_plan_by_condition_and_nothing_is_lost_later() -> None:
    trigger = {"trigger.perfected": {"test": "after collection", "when": "period.number >= 2", "once": "flag"}}
    text = deal(5, 5, {"direct": "trigger.perfected"}, **trigger)
    run = Run(text, interest=[10] * 5, **{SERVICER: [1, 1, 1, 0, 0]})
    assert run["account.purse.balance"] == [10, 20, 0, 0, 0]  # handed over once obligors have been told
    assert run["pool.collected"] == [0, 0, 30, 10, 10]
    assert run["servicing.lost"] == [0] * 5


def test_held_channels__recoveries_go_straight_unless_they_are_named() -> None:
    straight = Run(deal(3, 3), interest=[10] * 3, recovery_guarantor=[50, 0, 0], **{SERVICER: [1, 0, 0]})
    assert straight["pool.collected"] == [50, 0, 10]
    through = deal(3, 3, {"holds": ["interest", "recovery.guarantor"]})
    held = Run(through, interest=[10] * 3, recovery_guarantor=[50, 0, 0], **{SERVICER: [1, 0, 0]})
    assert held["servicing.lost"] == [0, 70, 0]


def test_collect__vat_is_on_interest_that_reached_the_plan() -> None:
    tables = {"tax.vat": {"kind": "vat", "surcharge": "city", "on": {"lease_back": "interest"}},
              "stage.normal": stage(pay("tax.vat"), pay("interest.A"), pay("principal.A", upto="collected.principal"),
                                    pay("residual.SUB", when="balance.A == 0"))}  # fmt: skip
    run = Run(deal(3, 3, **tables), interest=[103] * 3, interest_lease_back=[103] * 3, **{SERVICER: [1, 0, 1]})
    assert run["servicing.lost"] == [0, 206, 0]
    assert run["tax.vat.due"] == [0, 0, 3.36]


def test_collect__a_sold_pool_pays_nothing_but_what_lay_there_is_handed_over() -> None:
    call = {"trigger.call": {"test": "after payment", "when": "period.number >= 3", "once": "call",
                             "call": {"price": "500", "to": "main"}}}  # fmt: skip
    run = Run(deal(6, 2, **call), interest=[10] * 6)
    # the list runs first on row 2; the call is tested after payment only where a list ran: on row 4
    assert run["pool.call_price"] == [0, 0, 0, 500, 0, 0]
    assert run["account.purse.balance"] == [10, 0, 10, 0, 0, 0]


@settings(max_examples=60)
@given(
    cash=st.lists(st.integers(0, 500), min_size=6, max_size=6),
    fails=st.integers(0, 6),
    days=st.one_of(st.none(), st.integers(0, 60)),
    transfer=st.sampled_from(["payment", "collection"]),
)
def test_collect__what_is_collected_is_paid_over_or_lies_there_or_is_lost(
    cash: list[int], fails: int, days: int | None, transfer: str
) -> None:
    run = Run(deal(6, 3, {"days": days, "transfer": transfer}), interest=[float(c) for c in cash],
              **{SERVICER: [1.0] * fails + [0.0] * (6 - fails)})  # fmt: skip
    came, lies, lost = (np.array(run[item]) for item in ("pool.collected", "account.purse.balance", "servicing.lost"))
    assert np.cumsum(cash) == pytest.approx(np.cumsum(came) + lies + np.cumsum(lost))
    assert np.count_nonzero(lost) <= 1 and lies[-1] == 0


# Groups: one failure in every role ----------------------------------------------------------------------------------


def test_collect__servicer_originator_and_guarantor_of_one_group() -> None:
    """差额支付 on commingling: a guarantor of its own fills the gap, one of the servicer's group is gone that day.

    Month 2: the servicer fails with 400 principal and 10 interest of the month. Class A is owed 10 interest of 1,000
    and 300 by plan. The shortfall payer covers both, if it is alive.
    """
    plan = {"kind": "plan", "amounts": [[day(1), 300], [day(2), 300], [day(3), 400]]}
    steps = [
        pay("interest.A", then=["support.topup"]),
        pay("principal.A", upto="due", then=["support.topup"]),
        {"do": "repay", "what": ["support.topup"], "from": "main"},
        pay("residual.SUB", when="balance.A == 0"),
    ]
    tables = {"tranche.A": note(1000) | {"principal": plan}, "stage.normal": stage(*steps),
              "support.topup": {"provider": "guarantor", "covers": ["interest.A", "principal.A"], "limit": "covered"},
              "group.family": {"members": ["lessor", "guarantor"]}}  # fmt: skip
    text = deal(3, 1, **tables)
    cash = {"interest": [10, 10, 10], "principal": [300, 400, 400]}
    apart = Run(text, **cash, **{SERVICER: [1, 0, 0]})
    assert apart["servicing.lost"] == [0, 410, 0]
    assert apart["support.topup.drawn"] == [0, 307, 0]  # 7 interest on 700, 300 by plan
    assert apart["tranche.A.balance"] == [700, 400, 0]
    assert apart["support.topup.owed"] == [0, 307, 301]  # 410 − 4 − 400 = 6 given back in month 3
    family = Run(text, **cash, alive_guarantor_topup=[1, 0, 0], **{SERVICER: [1, 0, 0]})
    assert family["support.topup.drawn"] == [0, 0, 0]
    assert family["tranche.A.interest_unpaid"] == [0, 7, 0]
    # month 3: 410 come directly; 7 + 7 interest, then 396 of principal; 304 are lost at legal final
    assert family["tranche.A.balance"] == [700, 700, 304]


def test_stages__income_and_principal_ledgers_merge_on_the_event_of_default() -> None:
    """违约事件: until senior interest is unpaid the ledgers are apart; then all cash is one, and A is swept first.

    A 1,000 at 1 % a month and B 200 at 2 %, both repaid from 本金账 as collected. Month 3 collects 4 of interest: A
    is owed 8 (its balance is 800), 4 stay unpaid though 本金账 holds 100 that only repay. From then on they are one.
    """
    keep = "collected.principal"
    apart = stage(pay("interest.A", source="income"), pay("interest.B", source="income"),
                  pay("principal.A", source="capital", upto=keep),
                  pay("principal.B", source="capital", when="balance.A == 0"),
                  pay("residual.SUB", source="income", when="balance.A + balance.B == 0"))  # fmt: skip
    merged = stage({"do": "move", "from": "capital", "to": "income"}, pay("interest.A", source="income"),
                   pay("principal.A", source="income"), pay("interest.B", source="income"),
                   pay("principal.B", source="income"), pay("residual.SUB", source="income"))  # fmt: skip
    collect = {"interest": "income"} | dict.fromkeys(("principal", "prepayment", "recovery"), "capital")
    tables = {"account.main": None, "account.income": {}, "account.capital": {}, "collect": collect,
              "tranche.A": note(1000), "tranche.B": note(200, "mezz", "24%"), "tranche.SUB": rest(),
              "stage.apart": apart, "stage.merged": merged,
              "trigger.default": {"test": "after payment", "when": "interest.A > 0", "once": "go merged"}}  # fmt: skip
    run = Run(small(5, tables), interest=[14, 13, 4, 20, 0], principal=[100, 100, 100, 300, 500])
    # months 1 to 3, interest due 10, 9, 8 of A and 4 of B: 14 and 13 suffice, of 4 all go to A and 4 + 4 stay unpaid
    assert run["tranche.A.interest_unpaid"] == [0, 0, 4, 0, 0]
    assert run["tranche.B.interest_unpaid"] == [0, 0, 4, 8, 0]
    assert run["stage"] == [0, 0, 1, 1, 1]
    # month 4, one ledger of 320: 4 + 7 of interest, 309 of principal; B waits behind all of A
    assert run["tranche.A.principal_paid"] == [100, 100, 100, 309, 391]
    # month 5: 3.91 interest and 391 of A, then 8 + 4 of B's interest and 93.09 of its principal
    assert run["tranche.A.interest_paid"] == [10, 9, 4, 11, 3.91]
    assert run["tranche.B.interest_paid"] == [4, 4, 0, 0, 12]
    assert run["tranche.B.principal_paid"] == [0, 0, 0, 0, 93.09]


# Deposits -----------------------------------------------------------------------------------------------------------


def kept(months: int, opening: float = 100, lacking: str = "carried", every: int = 1, **tables: Any) -> str:
    collect = dict.fromkeys(("interest", "principal", "prepayment", "recovery"), "main") | {"deposit": "box"}
    steps = [pay("interest.A"), pay("principal.A", upto="collected.principal + collected.recovery"),
             pay("residual.SUB", when="balance.A == 0")]  # fmt: skip
    usual = {"tranche.A": note(1000, coupon="12%"), "tranche.SUB": rest(), "stage.normal": stage(*steps),
             "account.box": {"opening": opening, "lacking": lacking}, "collect": collect}  # fmt: skip
    return small(months, usual | tables, every)


def test_deposits__leave_their_account_and_never_the_plan() -> None:
    run = Run(kept(3), interest=[20] * 3, deposit=[0, 30, 70])
    assert run["account.box.balance"] == [100, 70, 0]
    assert run["deposit.returned.box"] == [0, 30, 70]
    assert run["account.main.balance"] == [10, 20, 30]


def test_deposits__make_good_a_default_out_of_their_account() -> None:
    run = Run(kept(3), interest=[20] * 3, recovery_deposit=[0, 40, 0], deposit=[0, 0, 60])
    assert run["account.box.balance"] == [100, 60, 0]
    assert run["deposit.recovered"] == [0, 40, 0]
    assert run["tranche.A.principal_paid"] == [0, 40, 0]  # cash of the plan once it has left the box
    assert run["pool.collected"] == [20, 60, 20]


def test_deposits__what_is_not_there_recovers_nothing_and_is_carried() -> None:
    run = Run(kept(4, 50), interest=[20] * 4, recovery_deposit=[40, 0, 0, 0], deposit=[30, 0, 0, 5])
    assert run["deposit.recovered"] == [40, 0, 0, 0]
    assert run["deposit.returned.box"] == [10, 0, 0, 0]
    assert run["deposit.owed"] == [20, 20, 20, 25]
    assert run["account.box.balance"] == [0, 0, 0, 0]
    over = Run(kept(1, 50), recovery_deposit=[80])
    assert over["deposit.recovered"] == [50] and over["deposit.not_recovered"] == [30]


def test_deposits__what_is_not_there_comes_from_the_account_the_deal_names() -> None:
    run = Run(kept(2, 50, "account.main"), interest=[30, 30], deposit=[70, 0])
    assert run["deposit.returned.box"] == [50, 0]
    assert run["deposit.returned.main"] == [20, 0]
    assert run["tranche.A.interest_paid"] == [10, 10]
    assert run["deposit.owed"] == [0, 0]


def test_deposits__a_sold_pool_takes_them_along() -> None:
    call = {"trigger.call": {"test": "after payment", "when": "period.number >= 1", "once": "call",
                             "call": {"price": "900", "to": "main"}}}  # fmt: skip
    run = Run(kept(3, **call), interest=[20] * 3, deposit=[0, 0, 60])
    assert run["account.box.balance"] == [100, 0, 0]
    assert run["deposit.returned.box"] == [0, 100, 0]


@settings(max_examples=60)
@given(
    opening=st.integers(0, 200),
    back=st.lists(st.integers(0, 90), min_size=4, max_size=4),
    good=st.lists(st.integers(0, 90), min_size=4, max_size=4),
    lacking=st.sampled_from(["carried", "account.main"]),
)
def test_deposits__the_account_closes(opening: int, back: list[int], good: list[int], lacking: str) -> None:
    run = Run(kept(4, opening, lacking), interest=[20.0] * 4, deposit=[float(x) for x in back],
              recovery_deposit=[float(x) for x in good])  # fmt: skip
    box, returned = np.array(run["account.box.balance"]), np.array(run["deposit.returned.box"])
    recovered, missed = np.array(run["deposit.recovered"]), np.array(run["deposit.not_recovered"])
    main = np.array(run["deposit.returned.main"]) if lacking != "carried" else np.zeros(4)
    assert opening - np.cumsum(returned + recovered) == pytest.approx(box)
    assert recovered + missed == pytest.approx(good)
    assert np.cumsum(back) == pytest.approx(np.cumsum(returned + main) + run["deposit.owed"])
    assert box.min() >= 0


# Further calendars ----------------------------------------------------------------------------------------------------


def test_further__semi_annual_then_quarterly_then_monthly() -> None:
    """付款频率由事件改变: half-yearly until the first trigger, quarterly until the second, monthly after it."""
    steps = [pay("interest.A"), pay("principal.A", upto="collected.principal"), LAST]
    tables = {
        "dates.further.quarterly": {"every": "3 months", "first": day(3)},
        "tranche.A": note(1200), "tranche.SUB": rest(),
        "stage.half": stage(*steps), "stage.quarter": stage(*steps, pays="quarterly"),
        "stage.month": stage(*steps, pays="collection"),
        "trigger.one": {"test": "after collection", "when": "period.number >= 8", "once": "go quarter"},
        "trigger.two": {"test": "after collection", "when": "period.number >= 13", "once": "go month"},
    }  # fmt: skip
    run = Run(small(18, tables, 6), interest=[12] * 18)
    assert [row + 1 for row, ran in enumerate(run["ran"]) if ran] == [6, 9, 12, 13, 14, 15, 16, 17, 18]
    due = {row + 1: due for row, due in enumerate(run["tranche.A.interest_due"]) if due}
    assert due == {6: 72, 9: 36, 12: 36, 13: 12, 14: 12, 15: 12, 16: 12, 17: 12, 18: 12}


def test_further__a_servicer_hands_over_on_a_calendar_of_its_own() -> None:
    further = {"dates.further.quarterly": {"every": "3 months", "first": day(3)}}
    run = Run(deal(6, 6, {"transfer": "quarterly"}, **further), interest=[10] * 6)
    assert run["account.purse.balance"] == [10, 20, 0, 10, 20, 0]


# What is told -----------------------------------------------------------------------------------------------------


def test_explain__servicing_groups_deposits_and_calendars() -> None:
    text = changed(
        ('[account.main]', '[account.main]\n[account.purse]\n[account.box]\nopening = 88\nlacking = "account.main"'),
        ('interest = "main"', 'deposit = "box"\ninterest = "main"'),
        ('[stage.first]\npays = "payment"', '[stage.first]\npays = "half"'),
        ('[account.main]', 'further = { half = { every = "6 months", first = 2026-07-26 } }\n[account.main]'),
        also="""
[entity.lessor]
name = "示例租赁"
[entity.sister]
name = "示例担保"
[group.family]
label = "示例集团"
members = ["lessor", "sister"]
[servicing]
servicer = "lessor"
account = "purse"
transfer = "half"
days = 20
direct = "balance.A < 100"
by = "8 business days before payment"
holds = ["interest", "principal"]
faster = [{ when = "period.number > 3", transfer = "receipt", days = 2 }]
""",
    )  # fmt: skip
    deal = loaded(text)
    english, chinese = explain(deal, kind_names(), "en"), explain(deal, kind_names(), "zh")
    for said in ("Group 示例集团 (family): 示例租赁, 示例担保", "handed over on the dates of half",
                 "20 days of collections lost",
                 "transfer day 8 business days before payment", "when period.number > 3: on each receipt, 2 days of",
                 "obligors pay the plan directly when balance.A < 100", "given back from account main",
                 "pays on the dates of half (every 6 months on day 26, first on 2026-07-26)"):  # fmt: skip
        assert said in english, said
    for said in ("关联方示例集团（family）：示例租赁、示例担保", "损失20日的归集款", "逐笔转付", "由账户main退还"):
        assert said in chinese, said
