"""Recipes of events: each goes into the deals that come with the package, fires in a deal worked by hand, and leaves
everything else in the file as it was.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import random_deals
from hypothesis import given
from hypothesis import settings as examples
from small_deals import Run, day, note, pay, rest, small, stage

from absengine.cli.recipes.book import recipes
from absengine.cli.recipes.filling import settings
from absengine.cli.recipes.insertion import Draft, insert
from absengine.deal.load import load
from absengine.errors import DealError, UsageError

HERE = Path(__file__)
CHINESE = re.compile("[一-鿿]")
FULL = HERE.parents[1] / "deal" / "full" / "deal.toml"
STAGED = ("acceleration", "event-of-default", "early-termination")


def put(text: str, **events: dict[str, str]) -> str:
    """The text of a deal with events in it; ``a_b`` stands for the event ``a-b``."""
    draft = Draft(HERE, text)
    for name, words in events.items():
        name = name.replace("_", "-")
        draft = insert(draft, name, recipes()[name], words)
    return draft.raw


def refused(text: str, **events: dict[str, str]) -> str:
    with pytest.raises((UsageError, DealError)) as caught:
        put(text, **events)
    return "\n".join(str(problem) for problem in caught.value.problems)


def plan(months: int = 4, *steps: dict[str, Any], every: int = 1, **tables: Any) -> str:
    """A senior class of 1,000 at 1 % a month, paid what is collected of principal; a company that can pay."""
    usual = {
        "entity.payer": {"name": "示例担保"},
        "tranche.A": note(1000),
        "tranche.SUB": rest(),
        "stage.normal": stage(pay("interest.A"), pay("principal.A", upto="collected.principal"), *steps,
                              pay("residual.SUB", when="balance.A == 0")),
    }  # fmt: skip
    return small(months, usual | tables, every)


# The book -------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", recipes())
def test_recipe__speaks_both_languages(name: str) -> None:
    recipe = recipes()[name]
    for english, chinese in [(recipe.title, recipe.zh), (recipe.en, recipe.doc_zh)] + [
        (one.en, one.zh) for one in recipe.set.values()
    ]:
        assert english and not CHINESE.search(english) and CHINESE.search(chinese)
    assert "domain §5.3" in recipe.source or "§5.3" in recipe.source
    assert re.search(rf"^def test_{name.replace('-', '_')}__", HERE.read_text(encoding="utf-8"), re.MULTILINE)


def test_recipes__are_the_events_of_the_guide_in_the_order_of_a_plans_life() -> None:
    assert list(recipes()) == [
        "shortfall-call", "guarantee-call", "perfection", "faster-transfer", "end-of-revolving", "acceleration",
        "event-of-default", "early-termination", "clean-up-call",
    ]  # fmt: skip


# Each fires, by hand --------------------------------------------------------------------------------------------------
def test_shortfall_call__pays_the_gap_and_is_repaid_once_the_notes_are() -> None:
    """Interest of 10 is due and 4 are there: 6. On 15 March 10 + 1,000 are due and 310 there: 700. Then 706 come back
    to the payer before anything to the residual class.
    """
    bullet = {"kind": "bullet", "expected": day(2)}
    steps = stage(pay("interest.A"), pay("principal.A", upto="due"), pay("residual.SUB", when="balance.A == 0"))
    text = put(plan(4, **{"tranche.A": note(1000, principal=bullet), "stage.normal": steps}), shortfall_call={})
    run = Run(text, pool=1000, interest=[4, 10, 6, 50], principal=[0, 300, 650, 50])
    assert run["trigger.shortfall_call.active"] == [1, 1, 0, 0]
    assert run["support.shortfall.drawn"] == [6, 700, 0, 0]
    assert run["tranche.A.interest_paid"] == [10, 10, 0, 0]
    assert run["tranche.A.principal_paid"] == [0, 1000, 0, 0]
    assert run["support.shortfall.repaid"] == [0, 0, 656, 50]
    assert run["tranche.SUB.residual_paid"] == [0, 0, 0, 50]


def test_guarantee_call__pays_what_the_first_payer_did_not() -> None:
    """The first payer is gone from month 2 on; the 3 that lack in month 2 come from the guarantor."""
    text = plan(3, **{"entity.backer": {"name": "示例母公司"}})
    text = put(text, shortfall_call={"provider": "payer"}, guarantee_call={})
    run = Run(text, pool=1000, interest=[4, 7, 10], alive_payer_shortfall=[1, 0, 0])
    assert run["support.shortfall.drawn"][:2] == [6, 0]
    assert run["support.guarantee.drawn"][:2] == [0, 3]
    assert run["trigger.guarantee_call.active"] == [0, 1, 1]
    assert run["tranche.A.interest_paid"][:2] == [10, 10]


def test_perfection__what_obligors_pay_no_longer_lies_with_the_servicer() -> None:
    """Six of a hundred failed in month 1. The servicer fails in month 2: nothing lies there; unperfected, 110 would."""
    tables = {"account.purse": {}, "servicing": {"servicer": "payer", "account": "purse", "transfer": "payment"}}
    plain = plan(6, every=3, **tables)
    feed: dict[str, Any] = {"interest": [10] * 6, "principal": [100] * 6, "recognised": [60, 0, 0, 0, 0, 0]}
    gone = {"alive_payer_servicing": [1, 1, 0, 0, 0, 0]}
    assert Run(plain, pool=1000, **feed, **gone)["servicing.lost"] == [0, 0, 330, 0, 0, 0]
    run = Run(put(plain, perfection={}), pool=1000, **feed, **gone)
    assert run["trigger.perfected.active"] == [1] * 6
    assert run["servicing.lost"] == [0] * 6
    assert run["account.purse.balance"] == [110, 0, 0, 0, 0, 0]  # noticed after the collection of month 1


def test_faster_transfer__a_quarterly_handover_becomes_monthly() -> None:
    text = put(plan(6, every=3), faster_transfer={"when": "period.number >= 4"})
    run = Run(text, interest=[10] * 6)
    assert run["trigger.faster_transfer.active"] == [0, 0, 0, 1, 1, 1]
    assert run["account.collections.balance"] == [10, 20, 0, 10, 0, 0]


def test_end_of_revolving__defaults_and_idle_cash_each_stop_the_purchases() -> None:
    """100 of principal come each month. Six of a hundred fail in month 2: from then on the class is repaid. With a
    supply of 10, 90 lie idle after month 1 and 180 after month 2; 15 % are 150.
    """
    purchase = {"kind": "pledge_loan", "rate": "12%", "term": "9 months", "every": "9 months", "repays": "bullet"}
    sweep = stage(pay("interest.A"), pay("principal.A"), pay("residual.SUB", when="balance.A == 0"))
    buys = {"do": "buy", "what": ["purchase.new"], "from": "main"}

    def text(**more: Any) -> str:
        revolving = stage(pay("interest.A"), pay("principal.A", upto="due"), buys)
        term = {"test": "after collection", "when": "period.number > 3", "in": ["normal"], "once": "go amortising"}
        plain = plan(
            4,
            **{
                "trigger.term_over": term,
                "purchase.new": purchase | more,
                "stage.normal": revolving,
                "stage.amortising": sweep,
            },
        )
        return put(plain, end_of_revolving={"idle": "15%"})

    feed: dict[str, Any] = {"interest": [10] * 4, "principal": [100] * 4}
    run = Run(text(), pool=1000, recognised=[0, 60, 0, 0], **feed)
    assert run["trigger.early_end_defaults.active"] == [0, 1, 1, 1]
    assert run["purchase.new.paid"][:2] == [100, 0]
    assert run["tranche.A.principal_paid"][:2] == [0, 100]
    run = Run(text(supply="10 per payment"), pool=1000, **feed)
    assert run["trigger.early_end_idle.active"] == [0, 1, 1, 1]
    assert run["tranche.A.principal_paid"][:3] == [0, 0, 280]  # 3 × 100 less two purchases of 10


def test_acceleration__all_cash_repays_the_senior_class_first() -> None:
    """Nine of a hundred fail in month 2. Interest of 40 is 30 more than due: until then the mezzanine class takes its
    own 2 and nothing else; in month 2 the rest repays class A, and B waits for interest until A is gone.
    """
    steps = stage(pay("interest.A"), pay("interest.B"), pay("principal.A", upto="collected.principal"),
                  pay("principal.B", upto="due"), pay("residual.SUB", when="balance.A + balance.B == 0"))  # fmt: skip
    text = put(plan(3, **{"tranche.A": note(100), "tranche.B": note(200, "mezzanine"), "stage.normal": steps}),
               acceleration={})  # fmt: skip
    run = Run(text, pool=1000, interest=[3, 31, 2], principal=[0, 30, 100], recognised=[0, 90, 0])
    assert run["trigger.acceleration.active"] == [0, 1, 1]
    assert run["stage"] == [0, 1, 1]
    assert run["tranche.A.principal_paid"] == [0, 60, 40]  # 31 + 30 − 1 of interest
    assert run["tranche.B.interest_paid"] == [2, 0, 4]  # 102 − 0.40 of interest − 40 of principal come next
    assert run["tranche.B.principal_paid"] == [0, 0, 57.6]


def test_event_of_default__merges_the_ledgers_and_pays_senior_classes_side_by_side() -> None:
    """Income lacks 7 of 10 in month 1 while the principal ledger holds 200 that no step may use for it. From month 2
    all accounts are one: 206 − 17 of interest, in halves.
    """
    ledgers = {"interest": "income", "principal": "capital", "prepayment": "capital", "recovery": "capital"}
    steps = stage(pay("interest.senior", source="income", share="pro rata"),
                  pay("principal.A2", source="capital", upto="due"), pay("principal.A1", source="capital", upto="due"),
                  pay("residual.SUB", source="income", when="balance.senior == 0"))  # fmt: skip
    tables = {"account.main": None, "account.income": {}, "account.capital": {}, "collect": ledgers,
              "tranche.A": None, "tranche.A1": note(500), "tranche.A2": note(500), "stage.normal": steps}  # fmt: skip
    text = plan(2, **tables)
    run = Run(put(text, event_of_default={}), pool=1000, interest=[3, 3], principal=[200, 3])
    assert run["trigger.default_event.active"] == [1, 1]
    assert run["tranche.A1.interest_paid"] == run["tranche.A2.interest_paid"] == [1.5, 8.5]
    assert run["tranche.A1.principal_paid"] == run["tranche.A2.principal_paid"] == [0, 94.5]
    assert run["account.capital.balance"] == [200, 0]


def test_event_of_default__a_pass_through_outstanding_at_its_expected_maturity() -> None:
    expected = {"kind": "pass_through", "expected": day(2)}
    run = Run(put(plan(3, **{"tranche.A": note(1000, principal=expected)}), event_of_default={}),
              pool=1000, interest=[20] * 3, principal=[100] * 3)  # fmt: skip
    assert run["trigger.default_event.active"] == [0, 1, 1]


def test_early_termination__sells_what_is_left_and_distributes() -> None:
    """Holders resolve it in month 2: 500 performing bring 400, which with 6 collected pay 10 and 396; months later the
    pool brings nothing any more.
    """
    text = put(plan(3), early_termination={})
    run = Run(text, pool=1000, interest=[10, 6, 6], performing=[500] * 3, opening=[500] * 3, principal=[0, 0, 90],
              forced_early_termination=[0, 1, 1])  # fmt: skip
    assert run["stage"] == [0, 1, 1]
    assert run["step.liquidation.sell.paid"] == [0, 400, 0]
    assert run["tranche.A.principal_paid"] == [0, 396, 0]


def test_clean_up_call__only_once_it_repays_the_notes() -> None:
    """A tenth is left after month 1, but with 98 and 10 in cash the class of 120 is not repaid; after month 2 it is."""
    text = put(plan(3, **{"tranche.A": note(120)}), clean_up_call={})
    run = Run(text, pool=1000, interest=[10, 10, 10], principal=[10, 20, 10], performing=[98, 95, 90])
    assert run["trigger.clean_up.active"] == [0, 1, 1]
    assert run["pool.call_price"] == [0, 95, 0]


# The rest of the file -------------------------------------------------------------------------------------------------
def only_inserts(before: str, after: str) -> bool:
    """Whether every character of the old text stands in the new one, in its order."""
    rest = iter(after)
    return all(character in rest for character in before)


@examples(max_examples=15)
@given(random_deals.cases())
def test_insert__any_deal_takes_a_stage_and_keeps_every_character(case: random_deals.Case) -> None:
    """Whatever a deal has, the stages that recipes write serve it; the deal loads, and only text is added."""
    words = {name: {"name": f"new_{number}", "stage": f"stage_{number}"} for number, name in enumerate(STAGED)}
    after = put(case.text, **words)
    assert only_inserts(case.text, after)
    file = Draft(HERE, after).deal.file
    assert [file.trigger[f"new_{number}"].once for number in range(3)] == ["go stage_0", "go stage_1", "go stage_2"]


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_insert__leaves_the_rest_as_it_is(ends: str) -> None:
    text = plan(**{"entity.backer": {"name": "示例母公司"}}).replace("\n", f"   # 备注 <name>{ends}", 1)
    text = text.replace("\n", ends) if ends != "\n" else text
    text = text.replace("\r\r", "\r")
    after = put(text, shortfall_call={"provider": "payer"}, guarantee_call={}, acceleration={})
    assert after.count("\n") == after.count(ends)
    assert only_inserts(text, after)
    assert "# 备注 <name>" in after
    assert len(after) > len(text)


def test_insert__into_steps_under_headers_of_their_own() -> None:
    text = plan()
    head, _, tail = text.partition("[stage.normal]\n")
    block = "\n".join(
        f"[[stage.normal.step]]\n{line}" for line in (
            'id = "int"\ndo = "pay"\nwhat = ["interest.A"]\nfrom = "main"',
            '# 本金\nid = "prin"\ndo = "pay"\nwhat = ["principal.A"]\nfrom = "main"\nupto = "collected.principal"',
            'id = "rest"\ndo = "pay"\nwhat = ["residual.SUB"]\nfrom = "main"\nwhen = "balance.A == 0"',
        )
    )  # fmt: skip
    assert tail
    text = f'{head}[stage.normal]\npays = "payment"\n{block}\n'
    after = put(text, shortfall_call={})
    run = Run(after, pool=1000, interest=[4, 10, 10, 10])
    assert run["support.shortfall.drawn"][0] == 6
    assert only_inserts(text, after)
    assert [one["id"] for one in Draft(HERE, after).document.data["stage"]["normal"]["step"]] == [
        "call_shortfall", "int", "prin", "repay_shortfall", "rest",
    ]  # fmt: skip


def test_insert__later_stages_stay_later() -> None:
    """A stage of acceleration put in after those of default and liquidation stands ahead of them."""
    text = put(plan(), event_of_default={}, early_termination={}, acceleration={})
    assert list(Draft(HERE, text).document.data["stage"]) == ["normal", "accelerated", "defaulted", "liquidation"]
    text = put(plan(), event_of_default={"stage": "违约期"}, acceleration={"before": "违约期"})
    assert list(Draft(HERE, text).document.data["stage"]) == ["normal", "accelerated", "违约期"]


@pytest.mark.parametrize("name", STAGED)
def test_insert__a_new_stage_serves_all_that_a_deal_can_owe(name: str) -> None:
    """The full deal has every term: taxes, hedges, fees on payments, a facility, additional interest, two ledgers."""
    recipe = recipes()[name]
    before = Draft(FULL, FULL.read_text(encoding="utf-8"))
    stage = insert(before, name, recipe, {"name": "event", "stage": "new"}).deal.file.stage["new"]
    claims = {claim for step in stage.step for claim in step.what}
    assert {"tax.services", "hedge.swap", "fee.payout", "fee.servicer.over_cap", "additional.third"} <= claims
    assert {"support.liquidity", "support.topup", "principal.mezzanine", "residual.SUB"} <= claims
    helped = next(step for step in stage.step if step.id == "int_senior")
    assert "support.topup" in helped.then
    assert ("account.reserve" in helped.then) == (name == "acceleration")
    assert any(step.do == "move" and step.source in ("main", "principal") for step in stage.step)


def test_insert__uses_a_stage_the_deal_has() -> None:
    text = put(plan(), acceleration={})
    again = put(text, acceleration={"name": "second", "when": "period.number > 2"})
    assert again.count("[stage.accelerated]") == 1
    assert Run(again, pool=1000, interest=[10] * 4)["stage"] == [0, 0, 1, 1]


def test_insert__chinese_keys_and_a_payer_in_them(tmp_path: Path) -> None:
    text = plan().replace("[stage.normal]", '["阶段".normal]').replace("[entity.payer]", '["主体".payer]')
    after = put(text, shortfall_call={}, perfection={"servicer": "payer"})
    file = tmp_path / "deal.toml"
    file.write_text(after, encoding="utf-8")
    assert load(file).file.support["shortfall"].provider == "payer"


# Refusals -------------------------------------------------------------------------------------------------------------
def test_insert__twice_is_refused_with_the_word_that_renames() -> None:
    text = put(plan(), clean_up_call={})
    assert "--set clean-up-call.name=" in refused(text, clean_up_call={})
    assert put(text, clean_up_call={"name": "again", "share": "5%"}).count("清仓回购") > text.count("清仓回购")


@pytest.mark.parametrize(
    ("event", "given", "words"),
    [
        ("guarantee-call", {}, "shortfall payer"),
        ("end-of-revolving", {}, "a stage that buys"),
        ("acceleration", {"when": "pool.cum_defult_rate > 5%"}, "pool.cum_default_rate"),
        ("acceleration", {"threshold": "5 percent"}, "trigger.acceleration.when"),
        ("acceleration", {"before": "nowhere"}, "nowhere"),
        ("acceleration", {"pays": "weekly"}, "weekly"),
        ("event-of-default", {"times": "soon"}, "--event event-of-default"),
        ("shortfall-call", {"provider": "payr"}, "did you mean 'payer'"),
        ("shortfall-call", {"limit": "all"}, "'all'"),
        ("clean-up-call", {"price": "10%"}, "trigger.clean_up"),
        ("early-termination", {"name": "a b"}, "a_b"),
    ],
)
def test_insert__refuses(event: str, given: dict[str, str], words: str) -> None:
    assert words in refused(plan(), **{event.replace("-", "_"): given})


def test_insert__two_ledgers_have_no_one_gap() -> None:
    text = plan(**{"account.capital": {}, "collect": {
        "interest": "main", "principal": "capital", "prepayment": "main", "recovery": "main"},
        "stage.normal": stage(pay("interest.A"), pay("principal.A", source="capital"),
                              pay("residual.SUB", source="capital", when="balance.A == 0"))})  # fmt: skip
    assert "one account" in refused(text, shortfall_call={})


def test_insert__whose_choice_is_a_guess_must_be_said() -> None:
    text = plan(**{"entity.backer": {"name": "示例母公司"}})
    assert "add --set shortfall-call.provider=" in refused(text, shortfall_call={})


def test_insert__servicing_that_has_the_key_or_is_no_table() -> None:
    way = {"servicer": "payer", "account": "purse", "transfer": "payment"}
    text = plan(**{"account.purse": {}, "servicing": way | {"direct": "period.number > 3"}})
    assert "'direct'" in refused(text, perfection={})
    tail = 'servicing = { servicer = "payer", account = "purse", transfer = "payment" }\n'
    assert "a table of its own" in refused(tail + plan(**{"account.purse": {}}), perfection={})
    text = plan(**{"account.purse": {}, "servicing": way})
    both = put(put(text, faster_transfer={}), faster_transfer={"name": "each", "transfer": "receipt", "within": "3"})
    assert 'transfer = "collection" }, { when = "trigger.each", transfer = "receipt", days = 3 }]' in both


def test_settings__each_belongs_to_one_event() -> None:
    two = {name: recipes()[name] for name in ("acceleration", "perfection")}
    found = settings(["acceleration.threshold=3%", "perfection.threshold=2%", "stage=fast"], two)
    assert found == {"acceleration": {"threshold": "3%", "stage": "fast"}, "perfection": {"threshold": "2%"}}
    wrong = {
        "whose-placeholder": [["threshold=3%"]],
        "unknown-placeholder": [["thresold=3%"]],
        "bad-setting": [["stage"], ["stage="], ['stage=a"b'], ["stage=a\nb"]],
        "set-twice": [["stage=a", "acceleration.stage=b"]],
    }
    for code, words in ((code, words) for code, several in wrong.items() for words in several):
        with pytest.raises(UsageError) as caught:
            settings(words, two)
        assert [problem.code for problem in caught.value.problems] == [code]
