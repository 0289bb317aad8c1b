"""Revolving purchases (循环购买) and sales, worked by hand in deals of a few months; the slow twin meets every run."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pytest
from small_deals import Run, note, pay, rest, small, stage

from absengine.deal.purchases import model_contract

MODEL = {"kind": "pledge_loan", "rate": "12%", "term": "2 months", "every": "1 month", "repays": "even"}


LAST = (pay("principal.A", when="period.last", id="prin"), pay("residual.SUB", when="balance.A == 0", id="rest"))
"""Nothing is repaid before the last date, so that purchases alone move the cash."""


def revolving(purchase: dict[str, Any], *steps: dict[str, Any], months: int = 5, **more: Any) -> str:
    """A senior class of 900 that is only paid interest while cash buys contracts."""
    first = (pay("interest.A"), {"do": "buy", "what": ["purchase.new"], "from": "main"}, *steps, *LAST)
    tables = {"purchase.new": MODEL | purchase, "tranche.A": note(900), "tranche.SUB": rest(),
              "stage.revolving": stage(*first), **more}  # fmt: skip
    return small(months, tables)


def test_model_contract__level_is_the_annuity():
    """One unit at 2 % over 4 periods: 0.02 / (1 − 1.02⁻⁴) = 0.262624 each."""
    interest, principal = model_contract(0.02, 4, "level")
    assert np.allclose(interest + principal, 0.2626237527)
    assert principal.sum() == pytest.approx(1.0, abs=1e-15)


def test_buy__what_is_bought_pays_on_later_rows():
    """The pool pays 9 of interest a month, which the class takes. 100 bought on 15 February pays 50 + 1 on 15 March and
    50 + 0.50 on 15 April: after the 10th, so collected for months 3 and 4. Month 3 buys 51, month 4 50.50, and month 5
    the 25.50 + 0.51 that the 51 pay first.
    """
    run = Run(revolving({}), pool=1000, principal=[100, 0, 0, 0, 0], interest=[9] * 5)
    assert run["step.revolving.s2.paid"] == [100.0, 0.0, 51.0, 50.5, 26.01]
    assert run["purchase.new.principal"] == [100.0, 0.0, 51.0, 50.5, 26.01]
    assert run["tranche.A.interest_paid"] == [9.0] * 5


def test_buy__at_a_discount_the_same_cash_buys_more():
    """At 80 % of principal, 100 buys 125, which pays 62.50 + 1.25 in month 3; that buys 79.6875."""
    run = Run(revolving({"price": "80%"}), pool=1000, principal=[100, 0, 0, 0, 0], interest=[9] * 5)
    assert run["purchase.new.principal"][:3] == [125.0, 0.0, 79.6875]


def test_buy__limits_leave_cash_idle():
    """Supply of 30 a payment, lots of 20, at most 50 held. Month 1: 20 of the 30 on offer. Month 2: 40 on offer, room
    for 30: 20. Month 3: 10 were repaid, so room for 20; month 4: another 10 and 10 of the second, room for 20.
    """
    text = revolving({"supply": "30 per payment", "lot": 20, "most": "50"})
    run = Run(text, pool=1000, principal=[100, 0, 0, 0, 0], interest=[9] * 5)
    assert run["purchase.new.principal"][:4] == [20.0] * 4
    assert run["account.main.balance"][0] == 80.0


def test_buy__conditions_and_a_latest_maturity():
    """Two months end by 15 May for what is bought in months 1 and 2; the condition leaves month 2."""
    terms = {"eligible": "period.number > 1", "matures_by": dt.date(2026, 5, 15)}
    run = Run(revolving(terms), pool=1000, principal=[100, 0, 0, 0, 0], interest=[9] * 5)
    assert run["purchase.new.principal"][0] == 0.0
    assert run["purchase.new.principal"][1] == 100.0
    assert run["purchase.new.principal"][2:] == [0.0] * 3


def test_buy__defaults_prepayments_and_recoveries_of_what_was_bought():
    """100 bought in month 1. By month 3, when the first is due, 10 % failed and 20 % of the rest prepay (default first,
    interest after): 90 perform, 18 leave, 72 stay and pay 36 + 0.72. Of the 10 lost 4 come back in month 4 as proceeds
    of IP, when the 36 left pay 36 + 0.36.
    """
    half = {"do": "probe", "value": "collected.prepayment"}
    text = revolving({"eligible": "period.number == 1"}, {"id": "early", **half},
                     {"id": "failed", "do": "probe", "value": "collected.default"},
                     {"id": "back", "do": "probe", "value": "collected.recovery"},
                     {"id": "rate", "do": "probe", "value": "pool.cum_default_rate"},
                     {"id": "held", "do": "probe", "value": "purchase.new.balance"})  # fmt: skip
    run = Run(
        text, pool=1000, principal=[100, 0, 0, 0, 0], interest=[9] * 5, purchase_new_default=[0, 0.1, 0, 0, 0],
        purchase_new_prepay=[0, 0, 0.2, 0, 0], purchase_new_recognised_row=[1, 1, 2, 3, 4],
        purchase_new_recovery_ip_rate=[0.4] * 5, purchase_new_recovery_ip_row=[1, 2, 3, 4, 5],
    )  # fmt: skip
    assert run["step.revolving.early.value"] == [0.0, 0.0, 18.0, 0.0, 0.0]
    assert run["step.revolving.failed.value"] == [0.0, 0.0, 10.0, 0.0, 0.0]
    assert run["step.revolving.back.value"] == [0.0, 0.0, 0.0, 4.0, 0.0]
    assert run["step.revolving.held.value"] == [100.0, 100.0, 36.0, 0.0, 0.0]
    collected = [9 + 100, 9, 9 + 36.72 + 18, 9 + 36.36 + 4, 9]
    assert run["pool.collected"] == pytest.approx(collected)
    assert run.values["step.revolving.rate.value"].tolist() == pytest.approx([0, 0, *[10 / 1100] * 3])


def test_buy__at_end_only_the_last_due_date_fails():
    run = Run(
        revolving({"eligible": "period.number == 1"}), pool=1000, principal=[100, 0, 0, 0, 0], interest=[9] * 5,
        purchase_new_at_end=[0.5] * 5,
    )  # fmt: skip
    assert run["pool.collected"] == [109.0, 9.0, 60.0, 34.25, 9.0]


def test_sell__takes_its_share_out_of_every_later_row():
    """A quarter of 200 is sold at 90 % in month 1: 45 comes in; later rows collect three quarters."""
    sale = {"do": "sell", "to": "main", "upto": "50", "value": "90%", "when": "period.number == 1"}
    held = {"id": "held", "do": "probe", "value": "pool.performing"}
    text = small(
        3, {"tranche.A": note(900), "tranche.SUB": rest(), "stage.all": stage(sale, held, pay("interest.A"), *LAST)}
    )
    run = Run(text, pool=300, principal=[0, 100, 100], interest=[10, 8, 4], performing=[200, 100, 0])
    assert run["pool.sale_price"] == [45.0, 0.0, 0.0]
    assert run["pool.sold"] == [50.0, 0.0, 0.0]
    assert run["pool.collected"] == [10.0, 81.0, 78.0]
    assert run["step.all.held.value"] == [150.0, 75.0, 0.0]


def test_sell__never_more_than_the_pool():
    sale = {"do": "sell", "to": "main", "upto": "1_000", "value": "50%"}
    text = small(2, {"tranche.A": note(900), "tranche.SUB": rest(), "stage.all": stage(sale, pay("interest.A"), *LAST)})
    run = Run(text, pool=300, principal=[0, 100], performing=[200, 100])
    assert run["pool.sale_price"] == [100.0, 0.0]
    assert run["pool.collected"] == [0.0, 0.0]


CALL = {"test": "after payment", "when": "period.number == 2", "once": "call",
        "call": {"price": "pool.performing", "to": "main"}}  # fmt: skip


def test_buy__a_pool_that_was_called_buys_nothing_more():
    """100 bought in month 1 are sold with the 900 of the pool after month 2; what its buyer paid repays the class and
    is not spent on contracts that would earn for nobody.
    """
    held = {"id": "held", "do": "probe", "value": "purchase.new.balance"}
    text = revolving({}, held, **{"trigger.call": CALL})
    run = Run(text, pool=1000, principal=[100, 0, 0, 0, 0], interest=[9] * 5, performing=[900] * 5)
    assert run["pool.call_price"] == [0.0, 1000.0, 0.0, 0.0, 0.0]
    assert run["purchase.new.paid"] == [100.0, 0.0, 0.0, 0.0, 0.0]
    assert run["step.revolving.held.value"] == [100.0, 100.0, 0.0, 0.0, 0.0]
    assert run["tranche.A.principal_paid"] == [0.0, 0.0, 0.0, 0.0, 900.0]


def test_sell__a_pool_that_was_called_is_not_sold_again():
    sale = {"id": "sale", "do": "sell", "to": "main", "upto": "1_000", "value": "90%", "when": "period.number > 2"}
    tables = {"tranche.A": note(900), "tranche.SUB": rest(), "stage.all": stage(pay("interest.A"), sale, *LAST)}
    run = Run(small(4, tables | {"trigger.call": CALL}), pool=1000, interest=[9] * 4, performing=[900] * 4)
    assert run["pool.call_price"] == [0.0, 900.0, 0.0, 0.0]
    assert run["step.all.sale.paid"] == [0.0] * 4
    assert run["pool.sold"] == [0.0] * 4


def test_sell__what_was_bought_on_the_same_date_goes_along():
    """100 bought beside a pool of 100; half of it all is sold on that date, so 50 of the purchase are left at once."""
    sale = {"id": "sale", "do": "sell", "to": "main", "upto": "100", "value": "100%", "when": "period.number == 1"}
    held = {"id": "held", "do": "probe", "value": "purchase.new.balance"}
    text = revolving({"eligible": "period.number == 1"}, sale, held, months=4)
    run = Run(text, pool=200, principal=[100, 50, 50, 0], interest=[9] * 4, performing=[100, 50, 0, 0])
    assert run["step.revolving.held.value"] == [50.0, 50.0, 25.0, 0.0]
    assert run["pool.collected"] == [109.0, 29.5, 4.5 + 25 + 25.5, 4.5 + 25.25]
