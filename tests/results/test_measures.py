"""Measures of the worked deal (builder.py) against figures computed by hand there and here."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from absengine.results.measures import measure


@pytest.fixture
def by_name(worked):
    return {one.name: one for one in measure(worked.two_class(), pool_balance=100.0)}


def test_measure__base_pays_everything(by_name):
    a, sub = by_name["base"].tranches
    assert (a.interest_paid, a.principal_paid, a.principal_loss) == (7.5, 80.0, 0.0)
    assert a.wal_years == pytest.approx((30 * 1 + 30 * 2 + 20 * 3) / 80, abs=1e-12)
    assert a.irr == pytest.approx(0.05, abs=1e-9)  # a par class paid on its own coupon
    assert a.pv_loss == pytest.approx(0.0, abs=1e-12)
    assert a.first_breach is None and a.reasons["first_breach"] == "no shortfall on any date"
    assert a.paid_off == "2028-12-31" and a.defaulted is False
    assert sub.residual_paid == 26.4 and sub.principal_loss == 0.0
    assert sub.irr == pytest.approx((26.4 / 20) ** (1 / 3) - 1, abs=1e-9)
    assert sub.wal_years is None and sub.reasons["wal_years"] == "no principal is paid"
    assert sub.coverage_min is None and sub.reasons["coverage_min"] == "a residual class has no amount due"
    assert sub.first_trigger is None and sub.reasons["first_trigger"] == "no trigger fired"


def test_measure__coverage_by_date_and_in_total(by_name):
    a = by_name["base"].tranches[0]
    # year 3: (21.6 - 1) / (1 + 20); years 1 and 2 are 47/34 and 44.3/32.5
    assert a.coverage_min == pytest.approx(20.6 / 21, abs=1e-12)
    assert a.first_coverage_below_1 == "2028-12-31"
    # with carried cash of 0, 13 and 24.8 (the reserve is not carried cash): year 1 is the lowest
    assert a.coverage_carried_min == pytest.approx(47 / 34, abs=1e-12)
    assert a.coverage_total == pytest.approx((47 + 44.3 + 20.6) / (7.5 + 80), abs=1e-12)


def test_measure__fees_of_a_plan_that_has_ended_burden_no_coverage(worked):
    """The pool and the class end in year 2 (interest 4 and 2.5, principal 80); the fee of year 3 is owed by nobody."""
    ended = {**worked.BASE, "tranche.A.balance": (50, 0, 0), "tranche.A.principal_paid": (30, 50, 0),
             "tranche.A.principal_due": (30, 50, 0), "tranche.A.interest_paid": (4, 2.5, 0),
             "fee.trustee.paid": (1, 1, 0), "fee.trustee.unpaid": (0, 0, 1)}  # fmt: skip
    pool = {**worked.BASE_POOL, "interest": (8, 4.8, 0, 0), "principal": (40, 60, 0, 0)}
    a = measure(worked.paths_of({"ended": (ended, pool)}))[0].tranches[0]
    assert a.coverage_total == pytest.approx((48 + 64.8 + 0.5 - 2) / (6.5 + 80), abs=1e-12)


def test_measure__shortfall_made_by_a_default(by_name):
    a, sub = by_name["default"].tranches
    assert a.principal_paid == pytest.approx(75.63, abs=1e-9)
    assert a.principal_loss == pytest.approx(4.37, abs=1e-9)
    assert (a.principal_shortfall, a.principal_shortfall_max) == pytest.approx((4.37, 11.4))
    assert (a.interest_shortfall, a.interest_shortfall_max) == (0.0, 0.0)
    assert a.wal_years == pytest.approx((30 * 1 + 18.6 * 2 + 27.03 * 3) / 75.63, abs=1e-12)
    # 80 grows to 84, pays 34; 50 to 52.5, pays 21.1; 31.4 to 32.97, pays 28.6: 4.37 is left after three years at 5 %
    assert a.pv_loss == pytest.approx(4.37 / 1.05**3, abs=1e-9)
    assert (a.first_breach, a.first_breach_kind) == ("2028-01-01", "principal")
    assert a.first_support_call == "2028-01-01"
    assert a.first_trigger == "2027-12-15"  # tested after collection: its date is the calculation date
    assert a.paid_off is None and a.reasons["paid_off"] == "the class is not paid off"
    assert a.defaulted is True and a.unpaid_share == pytest.approx(4.37 / 80)
    assert (sub.principal_loss, sub.irr) == (20.0, None) and sub.reasons["irr"] == "no cash is ever paid"


def test_measure__yield_of_a_loss_solves_its_own_equation(by_name):
    rate = by_name["default"].tranches[0].irr
    assert rate is not None and rate < 0.05
    value = sum(cash / (1 + rate) ** t for t, cash in ((1, 34), (2, 21.1), (3, 28.6)))
    assert value == pytest.approx(80, abs=1e-6)


def test_measure__unpaid_interest_is_a_loss_but_not_of_principal(by_name):
    a = by_name["all lost"].tranches[0]
    assert (a.principal_loss, a.loss) == pytest.approx((38.0, 39.9))
    assert a.interest_shortfall == pytest.approx(1.9) and a.interest_shortfall_max == pytest.approx(1.9)
    assert a.first_breach_kind == "principal"  # the interest gap comes a year later
    assert a.coverage_min == pytest.approx(-1 / 39.9, abs=1e-12)  # (0 - fee 1) / (interest 1.9 + principal 38)


def test_measure__pool(by_name):
    pool = by_name["default"].pool
    assert (pool.defaulted, pool.recognised, pool.recovered, pool.loss) == (40.0, 40.0, 8.0, 32.0)
    assert pool.recovered_by_source == {"guarantor": 5.0, "ip": 3.0}
    assert pool.cum_default_rate == pytest.approx(0.4) and pool.cash_after_legal_final == 1.0


def test_measure__events_are_dated_and_placed(by_name):
    kinds = [(one.date, one.kind, one.name) for one in by_name["default"].events]
    assert kinds == [
        ("2027-12-15", "trigger", "lost"),
        ("2028-01-01", "support_call", "topup"),
        ("2028-01-01", "breach", "A"),
        ("2028-01-01", "coverage_below_1", "senior"),
        ("2028-12-31", "support_call", "topup"),
    ]
    trigger = by_name["default"].events[0]
    assert (trigger.value, trigger.place) == (0.4, "deal.toml:40")
    assert [one.kind for one in by_name["base"].events] == ["paid_off", "coverage_below_1"]


def test_measure__an_interim_return_not_paid_is_no_breach(worked):
    """期间收益 of a residual class is a cap, not an amount due: neither a measure nor an event says breach."""
    short = {**worked.BASE, "tranche.SUB.interest_unpaid": (0, 1, 1)}
    labels = replace(worked.LABELS, items=(*worked.LABELS.items, "tranche.SUB.interest_unpaid"))
    one = measure(worked.paths_of({"base": (short, worked.BASE_POOL)}, labels))[0]
    assert one.tranches[1].first_breach is None and one.tranches[1].interest_shortfall == 1.0
    assert "breach" not in {event.kind for event in one.events}


def test_as_json__missing_measures_carry_a_reason(by_name):
    document = by_name["default"].tranches[1].as_json(2)
    assert document["irr"] is None and document["irr_reason"] == "no cash is ever paid"
    assert document["class"] == "residual" and "klass" not in document
    for name, value in document.items():
        if value is None:
            assert document[f"{name}_reason"]
        assert not (isinstance(value, float) and math.isnan(value))


def test_measure__unrecorded_accruals_fall_back_to_payment_dates(worked):
    paths = worked.two_class()
    plain = replace(paths, labels=replace(paths.labels, accruals=()))
    assert measure(plain)[1].tranches[0].pv_loss == pytest.approx(measure(paths)[1].tranches[0].pv_loss)


def test_measure__float_noise_of_an_uncounted_deal_is_no_shortfall(worked):
    """With unit = 0 a sum of payments may miss the face by a rounding of its last bit: nothing is short."""
    labels = replace(worked.LABELS, unit=0.0)
    noisy = {**worked.BASE, "tranche.A.balance": (50, 20, 1e-9), "tranche.A.principal_paid": (30, 30, 20 - 1e-9),
             "tranche.A.principal_overdue": (0, 0, 1e-9), "tranche.A.interest_unpaid": (1e-12, 0, 0)}  # fmt: skip
    paths = worked.paths_of({"base": (noisy, worked.BASE_POOL)}, labels)
    paths.values[paths.labels.items.index("tranche.A.balance"), 2, 0] = 1e-9
    one = measure(paths)[0]
    assert one.tranches[0].principal_loss == 0.0 and one.tranches[0].first_breach is None
    assert one.tranches[0].paid_off == "2028-12-31" and one.tranches[0].defaulted is False
    assert "breach" not in {event.kind for event in one.events}


def test_measure__a_pass_through_class_is_late_at_its_expected_maturity(worked):
    """Expected on 2028-01-01, 20 of 80 left: nothing is overdue, as the formula owes no more, but it is late."""
    through = replace(worked.LABELS.tranches[0], amortisation="pass_through", expected_maturity="2028-01-01")
    labels = replace(worked.LABELS, tranches=(through, worked.LABELS.tranches[1]))
    one = measure(worked.paths_of({"base": (worked.BASE, worked.BASE_POOL)}, labels))[0].tranches[0]
    assert (one.late, one.first_breach, one.defaulted) == ("2028-01-01", None, False)
    on_time = replace(labels, tranches=(replace(through, expected_maturity="2028-12-31"), labels.tranches[1]))
    assert measure(worked.paths_of({"base": (worked.BASE, worked.BASE_POOL)}, on_time))[0].tranches[0].late is None


def test_measure__a_sold_pool_leaves_no_cash_after_legal_final(worked):
    """The pool of year 3 and an instalment of 7 after legal final belong to whoever bought it in year 2."""
    pool = {**worked.BASE_POOL, "interest": (8, 4.8, 1.6, 7)}
    sold = {**worked.BASE, "pool.called": (0, 0.01, 0.01), "pool.call_price": (0, 22, 0)}
    kept, gone = measure(worked.paths_of({"kept": (worked.BASE, pool), "sold": (sold, pool)}))
    assert (kept.pool.cash_after_legal_final, gone.pool.cash_after_legal_final) == (7.0, 0.0)


def test_measure__deposits_of_lessees_are_no_carried_cash(worked):
    labels = replace(worked.LABELS, deposits="main")
    one = measure(worked.paths_of({"base": (worked.BASE, worked.BASE_POOL)}, labels))[0].tranches[0]
    assert one.coverage_carried_min == pytest.approx(20.6 / 21, abs=1e-12)  # nothing is carried: as without
    assert one.coverage_total == pytest.approx((47 + 43.8 + 20.6) / (7.5 + 80), abs=1e-12)  # nor is its interest
