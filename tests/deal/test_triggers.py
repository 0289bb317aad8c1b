"""Triggers by hand: when they are tested, how long a condition must last, what holds, what a cure undoes."""

from __future__ import annotations

from typing import Any

from small_deals import Run, note, pay, rest, small, stage

SEQUENTIAL = stage(pay("interest.A"), pay("principal.A", upto="collected.principal"), pay("residual.SUB", upto="0"))
TURBO = stage(pay("interest.A"), pay("principal.A"), pay("residual.SUB", when="balance.A == 0"))


def deal(months: int, triggers: dict[str, dict[str, Any]], every: int = 1, **tables: dict[str, Any]) -> str:
    """A class of 1,000 without coupon, two stages: collected principal only, then everything."""
    given = {
        "tranche.A": note(1000, coupon=None, principal={"kind": "pass_through"}) | {
            "coupon": {"kind": "fixed", "rate": "0%", "day_count": "30/360"}},
        "tranche.SUB": rest(),
        **{f"trigger.{name}": terms for name, terms in triggers.items()},
        "stage.normal": SEQUENTIAL,
        "stage.fast": TURBO,
    }  # fmt: skip
    return small(months, given | tables, every)


def default_rate(**terms: Any) -> dict[str, Any]:
    return {"test": "after collection", "when": "pool.cum_default_rate > 5%", "once": "go fast", **terms}


def test_once__latches_and_works_on_the_same_row() -> None:
    run = Run(deal(4, {"loss": default_rate()}), pool=1000, recognised=[50, 1, 0, 0], interest=[10, 10, 10, 10])
    # 5.0 % is not more than 5 %; 5.1 % is, and the list of that very month is the accelerated one.
    assert run["trigger.loss.active"] == [0, 1, 1, 1]
    assert run.values["trigger.loss.value"].tolist() == [0.05, 0.051, 0.051, 0.051]
    assert run["stage"] == [0, 1, 1, 1]
    assert run["tranche.A.principal_paid"] == [0, 20, 10, 10]


def test_while__holds_only_as_long_as_the_condition() -> None:
    trigger = {"test": "after collection", "when": "collected.interest < 5", "while": "flag"}
    steps = stage(
        pay("interest.A"), pay("principal.A", when="trigger.thin", upto="account.main"), pay("residual.SUB", upto="0")
    )
    run = Run(deal(4, {"thin": trigger, "never": default_rate()}, **{"stage.normal": steps}), pool=1,
              interest=[10, 4, 10, 4])  # fmt: skip
    assert run["trigger.thin.active"] == [0, 1, 0, 1]
    assert run["tranche.A.principal_paid"] == [0, 14, 0, 14]


def test_sustained__counts_tests_in_a_row() -> None:
    trigger = {"test": "after collection", "when": "collected.interest < 5", "sustained": 2, "once": "go fast"}
    run = Run(deal(5, {"thin": trigger}), interest=[4, 10, 4, 4, 10])
    assert run["trigger.thin.active"] == [0, 0, 0, 1, 1]
    assert run["stage"] == [0, 0, 0, 1, 1]


def test_in__is_tested_in_its_stages_only() -> None:
    early = {"test": "after collection", "when": "collected.interest < 5", "in": ["fast"], "once": "flag"}
    run = Run(deal(4, {"thin": early, "loss": default_rate()}), pool=1000, interest=[4, 4, 4, 4],
              recognised=[0, 60, 0, 0])  # fmt: skip
    # tested in the order of the file, so on row 2 before the deal has gone to its second stage
    assert run["trigger.thin.active"] == [0, 0, 1, 1]


def test_cure__goes_back_after_enough_good_tests() -> None:
    trigger = {
        "test": "after collection", "when": "collected.interest < 5", "once": "go fast",
        "cure": {"when": "collected.interest >= 5", "sustained": 2, "effect": "go normal"},
    }  # fmt: skip
    run = Run(deal(6, {"thin": trigger}), interest=[4, 10, 4, 10, 10, 4])
    assert run["trigger.thin.active"] == [1, 1, 1, 1, 0, 1]
    assert run["stage"] == [1, 1, 1, 1, 0, 1]


def test_cure__leaves_the_deal_where_another_trigger_holds_it() -> None:
    thin = {
        "test": "after collection", "when": "collected.interest < 5", "once": "go fast",
        "cure": {"when": "collected.interest >= 5", "effect": "go normal"},
    }  # fmt: skip
    run = Run(deal(5, {"thin": thin, "loss": default_rate()}), pool=1000, interest=[4, 10, 4, 10, 10],
              recognised=[0, 0, 60, 0, 0])  # fmt: skip
    assert run["trigger.thin.active"] == [1, 0, 1, 0, 0]
    assert run["stage"] == [1, 0, 1, 1, 1]  # the default rate stays above its limit


def test_go__the_furthest_stage_of_a_row_wins() -> None:
    further = {"test": "after collection", "when": "pool.cum_default_rate > 7%", "once": "go last"}
    run = Run(deal(3, {"far": further, "near": default_rate()}, **{"stage.last": TURBO}), pool=1000,
              recognised=[0, 80, 0])  # fmt: skip
    assert run["stage"] == [0, 2, 2]


def test_before_payment__sees_the_gap_tax_and_fees_included() -> None:
    # 差额支付启动事件. Month 1 needs 8.50 + 1 + a tenth: 10.50 gives 1.05 tax, 0.05 too much; 10.56 is just enough.
    trigger = {"test": "before payment", "when": "account.main < tax.vat + fee.trustee + due.A", "once": "flag"}
    tables = {
        "tranche.A": note(850),
        "tax.vat": {"base": "collected.interest", "rate": "10%"},
        "fee.trustee": {"amount": "1 per payment"},
        "stage.normal": stage(
            pay("tax.vat"),
            pay("fee.trustee"),
            pay("interest.A"),
            pay("principal.A", upto="collected.principal"),
            pay("residual.SUB", when="balance.A == 0"),
        ),
    }
    text = small(3, tables | {"tranche.SUB": rest(), "trigger.gap": trigger})
    assert Run(text, interest=[10.5, 20, 0])["trigger.gap.active"] == [1, 1, 1]
    assert Run(text, interest=[10.56, 20, 0])["trigger.gap.active"] == [0, 0, 1]  # at the end all principal is due


def test_after_payment__counts_from_the_next_row() -> None:
    trigger = {"test": "after payment", "when": "interest.A > 0", "once": "go fast"}
    run = Run(deal(4, {"missed": trigger}, **{"tranche.A": note(1000)}), interest=[10, 4, 20, 10],
              principal=[0, 0, 0, 0])  # fmt: skip
    # month 2 leaves 6 unpaid: its own list is still the first; month 3 pays 16 and 4 of principal.
    assert run["stage"] == [0, 1, 1, 1]
    assert run["tranche.A.principal_paid"] == [0, 0, 4, 0.04]  # 1 % of 996 = 9.96
    assert run["tranche.A.interest_unpaid"] == [0, 6, 0, 0]


def test_after_payment__is_not_tested_where_nothing_is_paid() -> None:
    trigger = {"test": "after payment", "when": "account.main > 0", "sustained": 2, "once": "flag"}
    run = Run(deal(6, {"idle": trigger, "loss": default_rate()}, every=3), pool=1, interest=[1] * 6)
    assert run["trigger.idle.active"] == [0, 0, 0, 0, 0, 1]  # two payment dates, not two months


def test_calendar__acceleration_pays_every_month() -> None:
    tables = {"stage.normal": SEQUENTIAL, "stage.fast": TURBO | {"pays": "collection"}, "tranche.A": note(1000)}
    run = Run(deal(6, {"loss": default_rate()}, every=3, **tables), pool=1000, interest=[10] * 6,
              recognised=[0, 0, 0, 60, 0, 0])  # fmt: skip
    # Quarter 1: 30 of interest on the 15th of month 3. Month 4 accelerates: 10 each month from there.
    assert run["ran"] == [0, 0, 1, 1, 1, 1]
    assert run["tranche.A.interest_due"] == [0, 0, 30, 10, 10, 10]
    assert run["tranche.A.interest_paid"] == [0, 0, 30, 10, 10, 10]


def test_call__sells_the_pool_once_and_for_all() -> None:
    trigger = {
        "test": "after collection", "when": "pool.performing <= 10% * pool.initial", "once": "call",
        "call": {"price": "pool.performing + 1", "to": "main"},
    }  # fmt: skip
    tables = {
        "tranche.A": note(1000, coupon=None),
        "tranche.SUB": rest(),
        "trigger.clean_up": trigger,
        "stage.normal": stage(pay("principal.A"), pay("residual.SUB", when="balance.A == 0")),
    }
    text = small(4, tables)
    run = Run(text, pool=1000, principal=[400, 500, 50, 50], performing=[600, 100, 50, 0], default=[0, 0, 7, 0],
              recognised=[0, 0, 7, 0])  # fmt: skip
    # Month 2 collects 500 and the price of 101; the 100 that follow belong to the buyer, and so do the defaults.
    assert run["pool.call_price"] == [0, 101, 0, 0]
    assert run["pool.collected"] == [400, 500, 0, 0]
    assert run["pool.called"] == [0, 1, 1, 1]
    assert run["pool.defaulted"] == [0, 0, 0, 0]
    assert run["tranche.A.principal_paid"] == [400, 600, 0, 0]
    assert run["tranche.SUB.residual_paid"] == [0, 1, 0, 0]


def test_forced__by_the_case_fires_without_its_condition() -> None:
    run = Run(deal(3, {"loss": default_rate()}), pool=1000, forced_loss=[0, 1, 0])
    assert run["trigger.loss.active"] == [0, 1, 1]
    assert run["stage"] == [0, 1, 1]


def test_when__may_name_another_trigger() -> None:
    first = default_rate(once="flag")
    second = {"test": "before payment", "when": "trigger.loss and collected.interest < 5", "once": "go fast"}
    run = Run(deal(3, {"both": second, "loss": first}), pool=1000, recognised=[0, 60, 0], interest=[4, 4, 4])
    assert run["stage"] == [0, 1, 1]  # "before payment" comes after "after collection", whatever the order of the file


def test_literals_of_a_condition_differ_between_cases() -> None:
    text = deal(3, {"loss": default_rate()})
    run = Run(text, pool=1000, recognised=[60, 0, 0], changes={"trigger.loss.when#1": 0.06})
    assert run["trigger.loss.active"] == [0, 0, 0]
