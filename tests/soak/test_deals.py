"""Ten thousand random deals of up to 60 months, each through every property of tests/deal_properties.py.

    python -m pytest -q -m soak tests/soak/test_deals.py

Examples are new each time. Last figures (2 cores shared with others): the 10,000 plain deals passed in 404 s; of the
random deals 5,000 passed in one sitting of 568 s, on 3,900 of which some step went short before a later one was paid.
"""

from __future__ import annotations

import deal_properties
import pytest
from hypothesis import HealthCheck, given, settings
from random_deals import Case, cases, plain_cases

LONG = settings(
    max_examples=10_000, derandomize=False, database=None, deadline=None, suppress_health_check=list(HealthCheck)
)

pytestmark = pytest.mark.soak


@LONG
@given(cases(most_rows=60, lanes=3))
def test_compile_program__random_deals(case: Case) -> None:
    deal_properties.meets_the_twin(case)
    deal_properties.balances_roll(case)
    deal_properties.cash_closes(case)
    deal_properties.keeps_priority(case)
    deal_properties.same_bits_in_any_blocks(case)


@LONG
@given(plain_cases(losses=(0.0, 0.03, 0.07, 0.12, 0.2, 0.4, 0.8, 1.0)))
def test_run_waterfall__plain_deals(case: Case) -> None:
    deal_properties.everyone_is_paid(unhurt(case))
    deal_properties.junior_first(case)


def unhurt(case: Case) -> Case:
    """The same deal and pool on its one lane without losses."""
    assert case.pool is not None
    weights, _ = case.pool
    return Case(case.text, case.seed, case.cash, ({},), (weights, (0.0,)))
