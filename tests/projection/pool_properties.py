"""What must hold of every pool in every scenario, as assertions over filled channels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from naive_projection import Twin
from pools import month_ends, timeline
from random_pools import CUTOFF, ENTITIES

from absengine.errors import ScenarioError
from absengine.projection import Projection
from absengine.scenario import Case, Scenario
from absengine.schema import POOL_CHANNELS, RECOVERY_SOURCES, CashflowTable, Floats, Timeline

LINE = timeline(CUTOFF, month_ends("2024-01-31", 26))
MONEY = ("principal", "prepayment", "default")


def fill(table: CashflowTable, scenarios: list[Scenario], line: Timeline = LINE, block: int = 256) -> Floats:
    """``(channel, row, scenario)`` of some scenarios, in blocks."""
    projection = Projection(table, line, POOL_CHANNELS, 1.0, ENTITIES)
    bound = projection.bind([Case(scenario.name, scenario) for scenario in scenarios])
    out = np.full((len(POOL_CHANNELS), line.rows + 1, len(scenarios)), np.nan)
    for first in range(0, len(scenarios), block):
        stop = min(first + block, len(scenarios))
        projection.fill(bound, first, stop, out[:, :, first:stop])
    return out


def channels(values: Floats, lane: int = 0) -> dict[str, Floats]:
    return {name: values[line, :, lane] for line, name in enumerate(POOL_CHANNELS)}


def twin(table: CashflowTable, scenario: Scenario) -> dict[str, list[float]]:
    """The twin answers to the names on the tape, the scenario to entities."""
    names = {"g1": "Guarantor One", "g2": "Guarantor Two"}
    supporters = tuple(replace(s, entity=names[s.entity]) for s in scenario.supporters)
    blocks = tuple(
        replace(a, recovery={s: replace(t, payer=names.get(t.payer, "")) for s, t in a.recovery.items()})
        for a in scenario.assumptions
    )
    return Twin(table, LINE, replace(scenario, supporters=supporters, assumptions=blocks)).books


def reaches(table: CashflowTable, scenario: Scenario) -> bool:
    """Whether every event still finds something due."""
    try:
        fill(table, [scenario])
    except ScenarioError as error:
        assert {problem.code for problem in error.problems} == {"event-after-maturity"}
        return False
    return True


def equals_the_twin(table: CashflowTable, scenario: Scenario) -> None:
    """Every channel, contract by contract; nothing to see where an event comes after all that is due."""
    if not reaches(table, scenario):
        return
    values, expected = channels(fill(table, [scenario])), twin(table, scenario)
    for name in POOL_CHANNELS:
        np.testing.assert_allclose(values[name], expected[name], rtol=1e-9, atol=1e-9 * table.balance, err_msg=name)


def stands_alone(table: CashflowTable, scenarios: list[Scenario]) -> None:
    """A scenario gets the same bits in any blocks, and the same figures whatever it is bound with."""
    values = fill(table, scenarios)
    np.testing.assert_array_equal(values, fill(table, scenarios, block=1))
    for lane, scenario in enumerate(scenarios):
        alone = fill(table, [scenario])[:, :, 0]
        np.testing.assert_allclose(values[:, :, lane], alone, rtol=1e-9, atol=1e-9 * table.balance)


def keeps_money(table: CashflowTable, scenario: Scenario) -> None:
    """Balances roll, nothing is negative, recoveries stay below claims, recognised defaults below defaults."""
    book = channels(fill(table, [scenario]))
    assert min(values.min() for values in book.values()) >= 0.0
    left = sum(book[name].sum() for name in MONEY)
    assert left + book["performing"][-1] == pytest.approx(table.balance, rel=1e-9)
    entering = book["opening"] - np.concatenate([[0.0], book["performing"][:-1]])
    roll = book["opening"] - sum(book[name] for name in MONEY)
    np.testing.assert_allclose(roll, book["performing"], atol=1e-9 * table.balance)
    assert entering.sum() == pytest.approx(table.balance)
    recovered = sum(book[f"recovery.{source}"].sum() for source in RECOVERY_SOURCES)
    claims = book["default"].sum() + float(table.flows["interest_due"].sum())
    if all(event.what != "extend" for event in scenario.events):  # an extension adds interest to the claims
        assert recovered <= claims * (1 + 1e-9)
    assert book["recognised"].sum() <= book["default"].sum() * (1 + 1e-9)


def keep_laws(table: CashflowTable, scenarios: list[Scenario]) -> None:
    """All of the above but the twin, for any number of scenarios."""
    if scenarios:
        stands_alone(table, scenarios)
    for scenario in scenarios:
        keeps_money(table, scenario)
