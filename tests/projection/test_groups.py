"""One company fails once, in every role; a group fails all of its companies, by the name the deal gives it."""

from __future__ import annotations

import numpy as np
import pytest
from pools import bullet, month_ends, pool, timeline

from absengine.errors import ScenarioError, Where
from absengine.projection import Projection
from absengine.projection.groups import with_members
from absengine.scenario import Case, Scenario, Supporter

DAY = np.datetime64("2026-06-30")
GROUPS = {"family": ("originator", "servicer", "guarantor"), "other": ("bank", "insurer")}


def case(*supporters: Supporter) -> Case:
    return Case("one", Scenario("one", supporters=supporters))


def test_with_members__a_group_fails_every_member_on_its_date() -> None:
    (found,) = with_members([case(Supporter("group.family", DAY), Supporter("bank", late=3))], GROUPS)
    assert [(one.entity, one.gone, one.late) for one in found.scenario.supporters[:3]] == [
        ("originator", DAY, 0), ("servicer", DAY, 0), ("guarantor", DAY, 0),
    ]  # fmt: skip
    assert found.scenario.supporters[3].entity == "bank"


def test_with_members__a_case_without_groups_is_the_same_object() -> None:
    plain = case(Supporter("bank", DAY))
    assert with_members([plain], GROUPS)[0] is plain


def test_with_members__a_group_without_members_changes_nothing() -> None:
    (found,) = with_members([case(Supporter("group.nobody", DAY))], {"nobody": ()})
    assert found.scenario == Scenario("one")


def test_bind__supporters_are_those_of_the_deal_and_those_the_contracts_name() -> None:
    """Entity a provides a support, b guarantees a contract, c must buy one back; d is only known."""
    due = np.array(["2026-06-30"], dtype="datetime64[D]")
    loans = [bullet("L1", 100.0, due, [1.0], guarantor="B co"), bullet("L2", 100.0, due, [1.0], recourse="C co;E co")]
    entities = {name: (f"{name.upper()} co",) for name in "abcd"}
    channels = tuple(f"alive.{name}" for name in entities)
    line = timeline("2026-03-31", month_ends("2026-04-30", 3))
    projection = Projection(pool(loans, "2026-03-31"), line, channels, 1.0, entities, groups={"supporters": ("a",)})
    out = np.zeros((4, line.rows + 1, 1))
    projection.fill(projection.bind([case(Supporter("group.supporters", np.datetime64("2026-01-01")))]), 0, 1, out)
    assert out[:, 1:, 0].any(axis=1).tolist() == [False, False, False, True]


def test_with_members__an_unknown_group_is_refused_at_its_place() -> None:
    one = Supporter("group.famly", DAY, where=Where("pack.toml", 7))
    with pytest.raises(ScenarioError) as error:
        with_members([case(one)], GROUPS)
    (problem,) = error.value.problems
    assert problem.code == "unknown-group" and problem.where.line == 7 and "family" in problem.todo
