"""Ten thousand random pools and scenarios against the slow twin and the laws of tests/projection/pool_properties.py.

    python -m pytest -q -m soak tests/soak/test_projection.py

Examples are new each time: one pool, up to three scenarios bound together. Last figures (2026-11-20, 400 examples of
each test in place of 10,000): all pass, 49 s on one core; at that pace the whole takes about 20 minutes.
"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pool_properties import equals_the_twin, keep_laws, reaches
from random_pools import alike, capped, caps, pools, scenarios

from absengine.scenario import Scenario
from absengine.schema import CashflowTable

LONG = settings(
    max_examples=10_000, derandomize=False, database=None, deadline=None, suppress_health_check=list(HealthCheck)
)

pytestmark = pytest.mark.soak


@LONG
@given(pools(), st.lists(scenarios(), min_size=1, max_size=3))
def test_fill__rates_and_names(table: CashflowTable, drawn: list[Scenario]) -> None:
    kept = [scenario for scenario in drawn if reaches(table, scenario)]
    keep_laws(table, kept)
    for scenario in kept:
        equals_the_twin(table, scenario)


@LONG
@given(alike, st.lists(scenarios(), min_size=1, max_size=3), caps)
def test_fill__caps(table: CashflowTable, drawn: list[Scenario], limits: list[float]) -> None:
    kept = [capped(scenario, limits) for scenario in drawn if reaches(table, scenario)]
    keep_laws(table, kept)
    for scenario in kept:
        equals_the_twin(table, scenario)
