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
from absengine.schema import POOL_CHANNELS, POOL_STREAMS, RECOVERY_SOURCES, CashflowTable, Floats, Timeline

LINE = timeline(CUTOFF, month_ends("2024-01-31", 26))
MONEY = ("principal", "prepayment", "default", "dilution")
KINDS = ("interest.one kind", "interest.another kind", "interest.a third")
CHANNELS = (*POOL_CHANNELS, *POOL_STREAMS, *KINDS)


def fill(
    table: CashflowTable,
    scenarios: list[Scenario],
    line: Timeline = LINE,
    block: int = 256,
    names: tuple[str, ...] = CHANNELS,
) -> Floats:
    """``(channel, row, scenario)`` of some scenarios, in blocks."""
    projection = Projection(table, line, names, 1.0, ENTITIES)
    bound = projection.bind([Case(scenario.name, scenario) for scenario in scenarios])
    out = np.full((len(names), line.rows + 1, len(scenarios)), np.nan)
    for first in range(0, len(scenarios), block):
        stop = min(first + block, len(scenarios))
        projection.fill(bound, first, stop, out[:, :, first:stop])
    return out


def channels(values: Floats, lane: int = 0) -> dict[str, Floats]:
    return {name: values[line, :, lane] for line, name in enumerate(CHANNELS)}


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
    expected |= {name: [0.0] * (LINE.rows + 1) for name in KINDS if name not in expected}
    for name in CHANNELS:
        np.testing.assert_allclose(values[name], expected[name], rtol=1e-9, atol=1e-9 * table.balance, err_msg=name)


def stands_alone(table: CashflowTable, scenarios: list[Scenario]) -> None:
    """A scenario gets the same bits in any blocks, and the same figures whatever it is bound with."""
    values = fill(table, scenarios)
    np.testing.assert_array_equal(values, fill(table, scenarios, block=1))
    plain = fill(table, scenarios, names=POOL_CHANNELS)
    np.testing.assert_allclose(values[: len(POOL_CHANNELS)], plain, rtol=1e-9, atol=1e-9 * table.balance)
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
    claims *= 1 + _penalty(table, scenario)
    if all(event.what != "extend" for event in scenario.events):  # an extension adds interest to the claims
        assert recovered <= claims * (1 + 1e-9)
    np.testing.assert_allclose(sum(book[name] for name in KINDS), book["interest"], rtol=1e-9, atol=1e-9)
    assert book["deposit"].sum() <= table.flows["deposit_due"].sum() * (1 + 1e-9)
    assert book["recognised"].sum() <= book["default"].sum() * (1 + 1e-9)


def _penalty(table: CashflowTable, scenario: Scenario) -> float:
    """More than any penalty on a claim by this pool: the highest rate for five years, where some source pays it."""
    bases = {term.base for a in scenario.assumptions for term in a.recovery.values()}
    return 5.0 * float(table.contracts["penalty_rate"].max()) if "claim with penalty" in bases else 0.0


def keep_laws(table: CashflowTable, scenarios: list[Scenario]) -> None:
    """All of the above but the twin, for any number of scenarios."""
    if scenarios:
        stands_alone(table, scenarios)
    for scenario in scenarios:
        keeps_money(table, scenario)
