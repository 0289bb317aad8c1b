"""Taxes by hand: plan VAT on what each asset kind earns, VAT on fees quoted net, fees that end or follow payments."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plain_deal import changed, loaded
from small_deals import Run, note, pay, rest, small, stage

from absengine.deal.explain import explain
from absengine.deal.nouns import Tax
from absengine.deal.taxes import SURCHARGES, burden, income_kinds, taxed_kinds
from absengine.loaders import kind_names

REST = pay("residual.SUB", when="balance.A == 0")


def deal(months: int, *steps: dict[str, Any], every: int = 1, unit: float = 0.01, **tables: Any) -> str:
    """A class without a coupon, never repaid before the end, behind the given steps."""
    a = {"tranche.A": note(100, coupon=None), "tranche.SUB": rest()}
    waits = pay("principal.A", upto="collected.principal")
    return small(months, a | {"stage.normal": stage(*steps, waits, REST)} | tables, every, unit)


def vat(**more: Any) -> dict[str, Any]:
    return {
        "tax.vat": {"kind": "vat", "surcharge": "city", "on": {"pledge_loan": "interest", "factoring": "none"}} | more
    }


@pytest.mark.parametrize(
    ("tier", "percent"), [("city", 3.26), ("town", 3.20), ("elsewhere", 3.09)]
)  # domain §5.4 and §11: 3 % / 1.03 × 1.12 = 3.2621 %, × 1.10 = 3.2039 %, × 1.06 = 3.0874 %
def test_burden__the_three_published_tiers(tier: str, percent: float) -> None:
    assert round(100 * burden(Tax(kind="vat", surcharge=tier, on={"x": "interest"})), 2) == percent


def test_tax_to_come__vat_of_one_kind_and_none_of_the_other() -> None:
    text = deal(3, pay("tax.vat"), **vat())
    run = Run(text, interest=[206, 103, 206], interest_pledge_loan=[103, 103, 0])
    # 103 of pledge loans: 100 net, 3 VAT, 0.36 surcharges; what factoring brings is not taxed
    assert run["tax.vat.due"] == [3.36, 3.36, 0]
    assert run["tax.vat.paid"] == [3.36, 3.36, 0]


def test_tax_to_come__vat_on_a_quarter_and_on_fees_of_the_pool() -> None:
    collect = dict.fromkeys(("interest", "principal", "prepayment", "recovery", "fee"), "main")
    text = deal(3, pay("tax.vat"), every=3, collect=collect, **vat(surcharge="elsewhere", pool_fees="taxed"))
    run = Run(text, interest=[103, 103, 103], interest_pledge_loan=[103, 103, 0], fee=[0, 103, 0])
    assert run["tax.vat.due"] == [0, 0, 9.54]  # 309 taxed: 9 VAT and 6 % of it


def test_tax_to_come__vat_moves_with_its_rate_and_its_surcharge() -> None:
    text = deal(1, pay("tax.vat"), **vat())
    half = Run(
        text, interest=[106], interest_pledge_loan=[106], changes={"tax.vat.rate": 0.06, "tax.vat.surcharge": 0.5}
    )
    assert half["tax.vat.due"] == [9.0]  # 100 net, 6 VAT, 3 surcharges


def test_income_kinds__only_those_asked_for() -> None:
    pool = '\n[[pool]]\ntape = "a.csv"\nkind = "pledge_loan"\n[[pool]]\ntape = "b.csv"\nkind = "factoring"\n'
    text = changed(('[stage.first]', '[trigger.x]\ntest = "after payment"\nwhile = "flag"\n'
                    'when = "collected.interest.factoring > 5"\n[stage.first]'), also=pool)  # fmt: skip
    assert income_kinds(loaded(text).file) == ["factoring"]
    compiled = loaded(text).compile(1000.0)
    assert "interest.factoring" in compiled.channels and "interest.pledge_loan" not in compiled.channels


def test_fall_due__fee_vat_comes_with_the_fee() -> None:
    fees = {"fee.trustee": {"amount": "100 per payment"}, "fee.audit": {"amount": "50 once"},
            "fee.other": {"amount": "10 per payment"},
            "tax.on_fees": {"kind": "fee_vat", "fees": ["fee.trustee", "fee.audit"]}}  # fmt: skip
    steps = [pay("fee.trustee", "fee.audit", "fee.other", share="in order"), pay("tax.on_fees")]
    run = Run(deal(2, *steps, **fees), interest=[500, 105])
    assert run["tax.on_fees.due"] == [9, 6]  # 6 % of 150, then of 100; the third fee is quoted with its tax
    assert run["tax.on_fees.paid"] == [9, 6]


def test_fall_due__fee_vat_of_the_cap_and_of_what_is_over_it() -> None:
    tables = {"fee.x": {"amount": "30 per payment", "cap": "20 per payment"},
              "tax.senior": {"kind": "fee_vat", "fees": ["fee.x"]},
              "tax.junior": {"kind": "fee_vat", "fees": ["fee.x.over_cap"], "rate": "10%"}}  # fmt: skip
    steps = [pay("fee.x"), pay("tax.senior"), pay("fee.x.over_cap"), pay("tax.junior")]
    run = Run(deal(2, *steps, **tables), interest=[21.2, 42.4])
    assert run["tax.senior.paid"] == [1.2, 1.2]
    assert run["tax.junior.due"] == [1, 2]
    assert run["tax.junior.paid"] == [0, 1.2]  # 42.4 − 20 − 1.2 − 20 of over_cap


def test_tax__formulas_see_it_before_the_list_runs() -> None:
    tables = {"fee.x": {"amount": "50 per payment"}, "tax.fees": {"kind": "fee_vat", "fees": ["fee.x"]}} | vat()
    tables |= {"trigger.t": {"test": "before payment", "when": "tax.fees + tax.vat > 6", "while": "flag"}}
    text = deal(2, pay("fee.x"), pay("tax.fees"), pay("tax.vat"), **tables)
    run = Run(text, interest=[103, 51.5], interest_pledge_loan=[103, 51.5])
    assert run["trigger.t.value"] == [6.36, 4.68]
    assert run["trigger.t.active"] == [1, 0]


@settings(max_examples=60)
@given(
    income=st.lists(st.floats(0, 1e6), min_size=3, max_size=3),
    split=st.floats(0, 1),
    tier=st.sampled_from(sorted(SURCHARGES)),
)
def test_tax_to_come__splitting_income_over_kinds_changes_nothing(income: list[float], split: float, tier: str) -> None:
    both = {"on": {"pledge_loan": "interest", "factoring": "interest"}, "surcharge": tier}
    text = deal(3, pay("tax.vat"), unit=0, **vat(**both))
    parts = {"interest_pledge_loan": [split * x for x in income],
             "interest_factoring": [(1 - split) * x for x in income]}  # fmt: skip
    due = Run(text, interest=income, **parts)["tax.vat.due"]
    tax = loaded(changed()).file and Tax(kind="vat", **both)  # type: ignore[arg-type]
    assert sum(due) == pytest.approx(sum(income) * burden(tax), rel=1e-9, abs=1e-6)
    assert taxed_kinds(tax) == ["pledge_loan", "factoring"]


# Fees that end, fees on what is paid ------------------------------------------------------------------------------
def test_goes_on__a_fee_stops_when_pool_and_notes_are_gone() -> None:
    ends = "pool.opening > 0 or balance.A > 0"
    run = Run(deal(4, pay("fee.x"), **{"fee.x": {"amount": "2 per month", "while": ends}}),
              opening=[100, 0, 0, 0], principal=[60, 40, 0, 0], interest=[2, 2, 0, 0])  # fmt: skip
    # the class is repaid on the second row: from the third on the fee is charged no more, and nothing stays unpaid
    assert run["fee.x.due"] == [2, 2, 0, 0]
    assert run["fee.x.unpaid"] == [0, 0, 0, 0]
    always = Run(deal(4, pay("fee.x"), **{"fee.x": {"amount": "2 per month"}}), principal=[60, 40, 0, 0])
    assert always["fee.x.unpaid"][-1] > 0


def test_goes_on__a_single_charge_waits_for_its_condition() -> None:
    run = Run(deal(3, pay("fee.x"), **{"fee.x": {"amount": "5 once", "while": "period.number >= 2"}}), interest=[9] * 3)
    assert run["fee.x.due"] == [0, 5, 0]


def payout(**more: Any) -> dict[str, Any]:
    return {"fee.csdc": {"rate": "0.5%", "on_paid": ["interest.senior", "principal.senior"]} | more}


def test_charge__a_fee_on_what_is_paid_is_due_in_the_same_list() -> None:
    steps = [pay("interest.A"), pay("principal.A", upto="collected.principal"), pay("fee.csdc"), REST]
    tables = {"tranche.A": note(1000), "tranche.SUB": rest(), "stage.normal": stage(*steps)} | payout()
    run = Run(small(2, tables), interest=[20, 20], principal=[400, 0])
    # 10 interest and 400 principal: 0.5 % of 410; then 6 interest: 0.03
    assert run["fee.csdc.due"] == [2.05, 0.03]
    assert run["fee.csdc.paid"] == [2.05, 0.03]


def test_left_for_claims__a_sweep_leaves_what_the_fee_needs() -> None:
    steps = [pay("interest.A"), pay("principal.A"), pay("fee.csdc"), REST]
    tables = {"tranche.A": note(1000), "tranche.SUB": rest(), "stage.normal": stage(*steps)} | payout()
    run = Run(small(2, tables), interest=[10, 0], principal=[401, 402])
    # 411: 10 of interest, its fee 0.05; 400.95 / 1.005 = 398.955… of principal, its fee 1.99: 410.99 in all
    assert run["tranche.A.principal_paid"][0] == 398.95
    assert run["fee.csdc.paid"][0] == 2.04
    assert run["account.main.balance"][0] == 0.01
    assert run["fee.csdc.unpaid"] == [0, 0]


def test_left_for_claims__in_whole_notes_the_fee_is_not_locked_in() -> None:
    steps = [pay("interest.A"), pay("principal.A"), pay("fee.csdc"), REST]
    tables = {"tranche.A": note(1000), "tranche.SUB": rest(), "stage.normal": stage(*steps),
              "deal": {"name": "notes", "money": {"unit": 0.01, "per": "note of 100"}}} | payout()  # fmt: skip
    run = Run(small(2, tables), interest=[10, 0], principal=[401, 402])
    assert run["tranche.A.principal_paid"][0] == 398.9  # ten notes of 100: multiples of 0.10
    assert run["fee.csdc.paid"][0] == 2.04


def test_explain__taxes_and_fees_with_their_values() -> None:
    pool = '\n[pool]\ntape = "a.csv"\nkind = "pledge_loan"\n'
    taxes = """
[tax.vat]
kind = "vat"
surcharge = "town"
on = { pledge_loan = "interest" }
[tax.fees]
kind = "fee_vat"
fees = ["fee.audit"]
[fee.audit]
amount = "20_000 per year"
while = "balance.A > 0"
[fee.csdc]
rate = "0.005%"
on_paid = ["interest.A"]
"""
    steps = ('step = [', 'step = [\n  { id = "t", do = "pay", what = ["tax.vat", "tax.fees", "fee.audit"], '
             'share = "in order", from = "main" },\n'
             '  { id = "i2", do = "pay", what = ["fee.csdc"], from = "main", when = "period.last" },')  # fmt: skip
    text = changed(("step = [", "step = ["), also=pool + taxes)
    text = text.replace(*steps, 1).replace('  { id = "i2", do = "pay", what = ["fee.csdc"], from = "main", '
                                           'when = "period.last" },', "", 1)  # fmt: skip
    text = text.replace('  { id = "prin"', '  { id = "csdc", do = "pay", what = ["fee.csdc"], from = "main" },\n'
                        '  { id = "prin"', 1)  # fmt: skip
    deal = loaded(text)
    english, chinese = explain(deal, kind_names(), "en"), explain(deal, kind_names(), "zh")
    assert "VAT of 3% inside the price with surcharges of 10% (county or town), 3.2039% of income" in english
    assert "pledged loans: on its interest" in english and "[K] for payments from 2026-01-01" in english
    assert "6% VAT on audit" in english and "0.005% of what is paid of interest of A" in english
    assert "附加税费10%（县城或建制镇），合计为收入的3.2039%" in chinese and "仅在balance.A > 0期间计收" in chinese
