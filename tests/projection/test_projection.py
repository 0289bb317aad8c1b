"""The projection against its slow twin, and its laws."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from pool_properties import equals_the_twin, keep_laws, reaches, stands_alone
from random_pools import alike, capped, caps, pools, rates, scenarios

from absengine.scenario import Assumption, Curve, Scenario
from absengine.schema import CashflowTable


@settings(max_examples=60)
@given(pools(), st.lists(rates, min_size=2, max_size=4))
def test_fill__neighbours_of_the_same_shape_change_nothing(table: CashflowTable, curves: list[Curve]) -> None:
    drawn = [Scenario("x", assumptions=(Assumption(default=curve),)) for curve in curves]
    stands_alone(table, drawn)


@given(pools(), scenarios())
def test_fill__equals_the_twin_contract_by_contract(table: CashflowTable, scenario: Scenario) -> None:
    equals_the_twin(table, scenario)


@given(pools(), st.lists(scenarios(), min_size=2, max_size=4))
def test_fill__laws_of_money_and_blocks(table: CashflowTable, drawn: list[Scenario]) -> None:
    kept = [scenario for scenario in drawn if reaches(table, scenario)]
    keep_laws(table, kept)


@given(alike, st.lists(scenarios(), min_size=1, max_size=3), caps)
def test_fill__caps_meet_twin_and_laws(table: CashflowTable, drawn: list[Scenario], limits: list[float]) -> None:
    kept = [capped(scenario, limits) for scenario in drawn if reaches(table, scenario)]
    keep_laws(table, kept)
    for scenario in kept:
        equals_the_twin(table, scenario)
