"""Streams of the pool on pools small enough for paper: kinds, deposits, dilution, late payment, penalties, overdue."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pool_properties import channels as of_random
from pool_properties import fill
from pools import Loan, month_ends, monthly, pool, timeline
from random_pools import alike, delaying, pools

from absengine.projection import Projection
from absengine.scenario import Assumption, Case, Curve, Event, Lag, Late, RecoveryTerm, Scenario
from absengine.schema import CASHFLOW_COLUMNS, POOL_CHANNELS, POOL_STREAMS, CashflowTable, Floats, Table

CUTOFF = "2026-01-01"
LINE = timeline(CUTOFF, month_ends("2026-01-31", 12))
CHANNELS = (*POOL_CHANNELS, *POOL_STREAMS, "interest.rent", "interest.licence")


def day(text: str) -> np.datetime64:
    return np.datetime64(text, "D")


def two_dates(number: str = "L1", **more: Any) -> Loan:
    """100 repaid in halves on 10 February and 10 April, with 4 and 2 of interest."""
    return Loan(number, [day("2026-02-10"), day("2026-04-10")], [50.0, 50.0], [4.0, 2.0], 100.0, more=more)


def run(table: CashflowTable, scenario: Scenario, names: tuple[str, ...] = CHANNELS) -> dict[str, Floats]:
    projection = Projection(table, LINE, names, 1.0, {"g": ("担保公司",)})
    out = np.zeros((len(names), LINE.rows + 1, 1))
    projection.fill(projection.bind([Case("one", scenario)]), 0, 1, out)
    return {name: out[number, :, 0] for number, name in enumerate(names)}


def by_month(values: Floats) -> dict[int, float]:
    """Non-zero rows by calendar month; 13 is after the last row."""
    return {month: round(float(value), 9) for month, value in enumerate(values, 1) if abs(value) > 1e-12}


def scenario(*events: Event, **said: Any) -> Scenario:
    return Scenario("x", assumptions=(Assumption(**said),), events=events)


def spread(*shares: float) -> Curve:
    """Shares of the original number that go on each due date."""
    return Curve("absolute", shares, by="payment")


def named(*more: Event) -> tuple[Event, ...]:
    """Events that take a contract out of its clock and change nothing: an extension by no month."""
    return (Event("extend", who=("L1",), on=day("2026-01-01"), by=0), *more)


BOTH_WAYS = pytest.mark.parametrize("events", [(), named()], ids=["on a clock", "by name"])


def test_interest_of_kinds__splits_what_one_clock_pays() -> None:
    """Two contracts on one clock, 10 % of it gone before the second date: 4 and 1, then 90 % of 2 and of 0.5."""
    second = Loan("L2", [day("2026-02-10"), day("2026-04-10")], [0.0, 30.0], [1.0, 0.5], 30.0,
                  more={"asset_kind": "licence"})  # fmt: skip
    table = pool([two_dates(asset_kind="rent"), second], CUTOFF)
    ours = run(table, scenario(default=spread(0.0, 0.1)))
    assert by_month(ours["interest"]) == {2: 5.0, 4: 2.25}
    assert by_month(ours["interest.rent"]) == {2: 4.0, 4: 1.8}
    assert by_month(ours["interest.licence"]) == {2: 1.0, 4: 0.45}


def test_interest_of_kinds__a_kind_the_pool_has_not_pays_nothing() -> None:
    ours = run(pool([two_dates(asset_kind="rent")], CUTOFF), Scenario("x"))
    assert by_month(ours["interest.licence"]) == {}


def test_deposits__come_back_from_those_who_stay_and_at_once_from_those_who_prepay() -> None:
    """3 and 6 are given back. 20 % default first, a quarter of the rest prepays: 60 % · 3 + 20 % · 9, then 60 % · 6."""
    loan = Loan("L1", [day("2026-02-10"), day("2026-04-10")], [50.0, 50.0], [4.0, 2.0], 100.0, deposit=[3.0, 6.0])
    ours = run(pool([loan], CUTOFF), scenario(default=spread(0.2), prepay=spread(0.2)))
    assert by_month(ours["deposit"]) == {2: pytest.approx(3.6), 4: pytest.approx(3.6)}
    for event, back in (
        (Event("prepay", who=("L1",), on=day("2026-02-01")), {2: 9.0}),
        (Event("default", who=("L1",), on=day("2026-03-01")), {2: 3.0}),
        (Event("extend", who=("L1",), on=day("2026-03-01"), by=3), {2: 3.0, 7: 6.0}),
    ):
        assert by_month(run(pool([loan], CUTOFF), Scenario("x", events=(event,)))["deposit"]) == back, event.what


@BOTH_WAYS
def test_dilution__eats_what_is_kept_back_first(events: tuple[Event, ...]) -> None:
    """10 % of the face is disputed and 6 % of it kept back: of the 94 % expected, 4/94 never come."""
    table = pool([two_dates(holdback=0.06)], CUTOFF)
    ours, lost = run(table, scenario(*events, dilution=0.10)), 4 / 94
    assert by_month(ours["principal"]) == {2: pytest.approx(50 * (1 - lost)), 4: pytest.approx(50 * (1 - lost))}
    assert by_month(ours["interest"]) == {2: pytest.approx(4 * (1 - lost)), 4: pytest.approx(2 * (1 - lost))}
    assert by_month(ours["dilution"]) == {2: pytest.approx(50 * lost), 4: pytest.approx(50 * lost)}
    assert by_month(ours["performing"]) == {1: 100.0, 2: 50.0, 3: 50.0}
    assert by_month(ours["default"]) == by_month(ours["recognised"]) == {}
    held = run(table, scenario(*events, dilution=0.05))
    assert by_month(held["principal"]) == {2: 50.0, 4: 50.0} and by_month(held["dilution"]) == {}


@BOTH_WAYS
def test_late__a_share_comes_later_with_penalty_for_its_days(events: tuple[Event, ...]) -> None:
    """A tenth of 54 and of 52 comes 45 days later, on 27 March and 25 May, at 36.5 % a year: 0.1 % a day."""
    table = pool([two_dates(asset_kind="rent", penalty_rate=0.365)], CUTOFF)
    ours = run(table, scenario(*events, late=Late(0.1, Lag(days=45))))
    assert by_month(ours["principal"]) == {2: 45.0, 3: 5.0, 4: 45.0, 5: 5.0}
    interest = {2: 3.6, 3: pytest.approx(0.4 + 5.4 * 0.045), 4: 1.8, 5: pytest.approx(0.2 + 5.2 * 0.045)}
    assert by_month(ours["interest"]) == by_month(ours["interest.rent"]) == interest
    assert by_month(ours["performing"]) == {1: 100.0, 2: 55.0, 3: 50.0, 4: 5.0}
    assert by_month(ours["overdue.d30"]) == {2: pytest.approx(5.4), 4: pytest.approx(5.2)}
    at_half = run(table, scenario(*events, late=Late(0.1, Lag(days=45), 0.1825)))
    assert by_month(at_half["interest"])[3] == pytest.approx(0.4 + 5.4 * 0.0225)


@BOTH_WAYS
def test_late__payments_wait_for_the_next_due_date_and_run_on(events: tuple[Event, ...]) -> None:
    """By one payment: February's share comes on 10 April, April's on 10 June, one gap of two months on."""
    table = pool([two_dates()], CUTOFF)
    ours = run(table, scenario(*events, late=Late(1.0, Lag(payments=1), 0.0)))
    assert by_month(ours["principal"]) == {4: 50.0, 6: 50.0}
    assert by_month(ours["interest"]) == {4: 4.0, 6: 2.0}
    assert by_month(ours["performing"]) == {1: 100.0, 2: 100.0, 3: 100.0, 4: 50.0, 5: 50.0}


@BOTH_WAYS
def test_late__of_what_is_diluted_only_the_rest_is_late(events: tuple[Event, ...]) -> None:
    ours = run(pool([two_dates()], CUTOFF), scenario(*events, dilution=0.2, late=Late(0.5, Lag(months=1), 0.0)))
    assert by_month(ours["principal"]) == {2: 20.0, 3: 20.0, 4: 20.0, 5: 20.0}
    assert by_month(ours["dilution"]) == {2: 10.0, 4: 10.0}
    assert by_month(ours["performing"]) == {1: 100.0, 2: 70.0, 3: 50.0, 4: 20.0}


def test_credit_free_twin__pays_on_time_and_in_full() -> None:
    table = pool([two_dates(penalty_rate=0.365)], CUTOFF)
    said = scenario(dilution=0.3, late=Late(0.5, Lag(days=45)))
    twin = Case("one", said).without_credit().scenario
    ours, plain = run(table, twin), run(table, Scenario("x"))
    for name in CHANNELS:
        np.testing.assert_array_equal(ours[name], plain[name], err_msg=name)


PENAL = RecoveryTerm(1.0, "claim with penalty", Lag(days=60))
MISSED = Event("default", who=("L1",), on=day("2026-02-01"), recognition=90)


@pytest.mark.parametrize("events", [(), (MISSED,)], ids=["on a clock", "by name"])
def test_claim_with_penalty__is_owed_on_what_is_paid_until_it_is(events: tuple[Event, ...]) -> None:
    """The claim of 104 is missed on 10 February. A deposit pays 14 at once; 60 days later, on 11 April, the guarantor
    pays the other 90 and 0.1 % a day on it: 95.40. Paid in full within 90 days, it is not recognised.
    """
    loan = two_dates(penalty_rate=0.365, guarantor="担保公司", deposit=14.0)
    blocks: dict[str, Any] = {"recovery": {"deposit": RecoveryTerm(1.0), "guarantor": PENAL}}
    curve = None if events else Curve("absolute", (1.0,), by="payment", recognition=90)
    ours = run(pool([loan], CUTOFF), scenario(*events, default=curve, **blocks))
    assert by_month(ours["default"]) == {2: 100.0} and by_month(ours["recognised"]) == {}
    assert by_month(ours["recovery.deposit"]) == {2: 14.0}
    assert by_month(ours["recovery.guarantor"]) == {4: pytest.approx(95.4)}
    assert by_month(ours["overdue.d30"]) == {2: 90.0} and by_month(ours["overdue.d60"]) == {3: 90.0}


def test_claim_with_penalty__a_cap_holds_the_penalty_too() -> None:
    """Of 104 · 1.06 = 110.24 a cap pays 53: 50 of the claim and 3 of penalty; 54 stay owed, which the rights bring."""
    capped = RecoveryTerm(1.0, "claim with penalty", Lag(days=60), cap=53.0)
    loan = two_dates(penalty_rate=0.365, guarantor="担保公司")
    ours = run(pool([loan], CUTOFF), scenario(MISSED, recovery={"guarantor": capped, "ip": RecoveryTerm(1.0, "claim")}))
    assert by_month(ours["recovery.guarantor"]) == {4: 53.0}
    assert by_month(ours["recovery.ip"]) == {2: pytest.approx(54.0)}


def test_overdue__a_claim_ages_through_the_buckets_until_it_is_paid() -> None:
    """104 missed on 10 February: 18, 49, 79 and more days at the month ends; 40 are paid in April, 64 stay for good."""
    term = RecoveryTerm(0.4, "principal", Lag(months=2))
    ours = run(pool([two_dates()], CUTOFF), scenario(MISSED, recovery={"fund": term}))
    assert by_month(ours["overdue.d30"]) == {2: 104.0}
    assert by_month(ours["overdue.d60"]) == {3: 104.0}
    assert by_month(ours["overdue.d90"]) == {4: 64.0}
    assert by_month(ours["overdue.older"]) == dict.fromkeys(range(5, 13), 64.0)


def test_overdue__what_falls_due_on_the_calculation_date_is_not_overdue_yet() -> None:
    loan = Loan("L1", [day("2026-02-28")], [100.0], [0.0], 100.0)
    ours = run(pool([loan], CUTOFF), scenario(late=Late(1.0, Lag(days=31), 0.0)))
    assert by_month(ours["overdue.d30"]) == {}
    assert by_month(ours["overdue.d60"]) == {}
    assert by_month(ours["performing"]) == {1: 100.0, 2: 100.0}
    later = run(pool([loan], CUTOFF), scenario(late=Late(1.0, Lag(days=32), 0.0)))
    assert by_month(later["overdue.d60"]) == {3: 100.0}


@pytest.mark.parametrize("order", ["default first", "prepay on performing"])
def test_prepay_fee__is_a_share_of_what_is_repaid_early(order: Any) -> None:
    """A fifth leaves on the first date: of 100 before it, or of the 50 left after it, at 2 %."""
    said = Scenario("x", assumptions=(Assumption(prepay=spread(0.2)),), order=order)
    ours = run(pool([two_dates(prepay_fee=0.02)], CUTOFF), said, POOL_CHANNELS)
    early = 20.0 if order == "default first" else 10.0
    assert by_month(ours["prepayment"]) == {2: early}
    assert by_month(ours["fee"]) == {2: pytest.approx(0.02 * early)}


def test_streams__nothing_asked_for_changes_no_bit_of_the_plain_channels() -> None:
    table = pool([two_dates(asset_kind="rent"), two_dates("L2", asset_kind="licence")], CUTOFF)
    said = scenario(default=Curve("rate", (0.3,)), prepay=Curve("rate", (0.2,)))
    plain, full = run(table, said, POOL_CHANNELS), run(table, said)
    for name in POOL_CHANNELS:
        np.testing.assert_array_equal(full[name], plain[name], err_msg=name)


@pytest.mark.parametrize(
    ("day_count", "extra"), [("period", 7000.0), ("", 7000.0), ("ACT/365F", 200000 * 0.07 * 183 / 365)]
)
def test_extend__a_contract_charged_by_the_month_goes_on_by_the_month(day_count: str, extra: float) -> None:
    """200,000 at 7 % is 1,166.67 a month, or 31 days of it in March: six months more are 7,000, or 183 days' worth."""
    due = monthly("2026-01-30", 3, 1, 31)
    paid = [1166.0 + 2 / 3] * 3 if extra == 7000.0 else [200000 * 0.07 * days / 365 for days in (31, 28, 31)]
    more = {"day_count": day_count, "start_date": day("2025-12-31"), "previous_due_date": day("2025-12-31")}
    loan = Loan("L1", due, [0.0, 0.0, 200000.0], paid, 200000.0, more=more)
    table, event = pool([loan], CUTOFF), Event("extend", who=("L1",), on=day("2026-03-01"), by=6)
    ours, plain = (run(table, Scenario("x", events=events)) for events in ((event,), ()))
    assert (ours["interest"] - plain["interest"]).sum() == pytest.approx(extra, rel=1e-12)
    assert by_month(ours["principal"]) == {9: 200000.0}


CASH = ("interest", "principal", "prepayment", "fee")
drawn = st.builds(
    Assumption,
    default=st.sampled_from([None, Curve("rate", (0.3,)), spread(0.1, 0.4)]),
    prepay=st.sampled_from([None, Curve("rate", (0.2,)), spread(0.3)]),
)


@settings(max_examples=30)
@given(pools(), drawn, delaying, st.sampled_from([0.2, 1.0]))
def test_late__without_penalty_moves_cash_and_loses_none(
    table: CashflowTable, block: Assumption, by: Lag, share: float
) -> None:
    """Every channel of cash has the same sum; never more has come by any row, and what has not is still in the pool."""
    on_time, late = (
        of_random(fill(table, [Scenario("x", assumptions=(one,))]))
        for one in (block, replace(block, late=Late(share, by, 0.0)))
    )
    for name in CASH:
        assert late[name].sum() == pytest.approx(on_time[name].sum(), rel=1e-9, abs=1e-9), name
        assert (np.cumsum(on_time[name]) - np.cumsum(late[name])).min() > -1e-9 * table.balance, name
    waiting = np.cumsum(on_time["principal"] - late["principal"])
    np.testing.assert_allclose(late["performing"] - on_time["performing"], waiting, atol=1e-9 * table.balance)
    np.testing.assert_allclose(late["default"], on_time["default"], atol=1e-12)


@settings(max_examples=30)
@given(alike, drawn, st.sampled_from([0.0, 0.05, 0.4]), delaying)
def test_streams__two_halves_of_every_contract_pay_what_the_whole_pays(
    table: CashflowTable, block: Assumption, dilution: float, by: Lag
) -> None:
    said = Scenario("x", assumptions=(replace(block, dilution=dilution, late=Late(0.3, by)),))
    whole, halves = (of_random(fill(one, [said])) for one in (table, halved(table)))
    for name in whole:
        np.testing.assert_allclose(halves[name], whole[name], rtol=1e-9, atol=1e-9 * table.balance, err_msg=name)


def halved(table: CashflowTable) -> CashflowTable:
    """Every contract twice, at half its money."""
    count, money = len(table.contracts), [c.name for c in CASHFLOW_COLUMNS if c.unit == "currency"]
    flows = Table({n: v / 2 if n in money else v for n, v in table.flows.columns.items()})
    more = {**flows.columns, "contract": flows["contract"] + count}
    both = Table({n: np.concatenate([flows[n], more[n]]) for n in flows.columns})
    halves = ("cutoff_balance", "original_balance", "deposit")
    contracts = {n: np.tile(v / 2 if n in halves else v, 2) for n, v in table.contracts.columns.items()}
    contracts["contract_id"] = np.array([*table.contracts["contract_id"], *(f"{i}b" for i in range(count))], object)
    return CashflowTable(both, Table(contracts), table.rights)
