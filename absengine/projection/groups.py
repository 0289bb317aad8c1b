"""Groups of companies (关联方): a scenario that fails a group fails each of its members, in every role."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from absengine.errors import Problems, ScenarioError
from absengine.language.toml import printable
from absengine.language.validation import did_you_mean, one_of
from absengine.scenario import Case

PREFIX = "group."


def with_members(cases: Sequence[Case], groups: Mapping[str, tuple[str, ...]]) -> list[Case]:
    """Cases whose supporters are single companies; ScenarioError for a group that the deal does not name."""
    problems, known = Problems(), [f"{PREFIX}{name}" for name in groups]
    out = []
    for case in cases:
        members = []
        for one in case.scenario.supporters:
            if not one.entity.startswith(PREFIX):
                members.append(one)
            elif one.entity in known:
                members += [replace(one, entity=member) for member in groups[one.entity.removeprefix(PREFIX)]]
            else:
                found = f"'{printable(one.entity)}', which is no group of the deal"
                problems.add("unknown-group", one.where, found, one_of(known), did_you_mean(one.entity, known))
        single = tuple(members) == case.scenario.supporters
        out.append(case if single else replace(case, scenario=replace(case.scenario, supporters=tuple(members))))
    problems.refuse(ScenarioError)
    return out
