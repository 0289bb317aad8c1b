"""Stated checks: what they catch, what they let pass, and how they refuse nonsense."""

from __future__ import annotations

import pytest

from absengine.errors import CheckFailed, UsageError
from absengine.results.checks import enforce, evaluate, parse, resolve
from absengine.results.document import stress_document


@pytest.fixture
def document(worked):
    return stress_document(worked.two_class(), pool_balance=100.0, contracts=12)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A.principal_loss > 0", [("default", "A", 4.37), ("all lost", "A", 38.0)]),
        ("senior.principal_loss > 5", [("all lost", "A", 38.0)]),
        ("any.principal_loss>=20", [("default", "SUB", 20.0), ("all lost", "A", 38.0), ("all lost", "SUB", 20.0)]),
        ("pool.loss > 32", [("all lost", "pool", 60.0)]),
        ("base:A.principal_loss > 0", []),
        ("all*:A.principal_loss > 0", [("all lost", "A", 38.0)]),
        ("all lost : pool.cum_default_rate > 55%", [("all lost", "pool", 0.6)]),
        ("A.first_breach < 2028-06-01", [("default", "A", "2028-01-01"), ("all lost", "A", "2028-01-01")]),
        ("A.first_breach == none", [("base", "A", None)]),
        ("A.defaulted == true", [("default", "A", True), ("all lost", "A", True)]),
        ("a*:A.wal_years != none", [("all lost", "A", 54 / 42)]),
    ],
)  # fmt: skip
def test_evaluate__finds_each_scenario_where_the_condition_holds(document, text, expected):
    found = [(one.scenario, one.subject, one.value) for one in evaluate(parse(text), document).failures]
    assert [one[:2] for one in found] == [one[:2] for one in expected]
    assert [one[2] for one in found] == pytest.approx([one[2] for one in expected])


def test_evaluate__a_number_that_does_not_exist_fails_closed(document):
    verdict = evaluate(parse("SUB.irr < 2%"), document)
    missing = [one for one in verdict.failures if one.value is None]
    assert [one.scenario for one in missing] == ["default", "all lost"]
    assert missing[0].reason == "no cash is ever paid"


def test_evaluate__any_passes_over_classes_that_owe_nothing(document):
    subjects = {one.subject for one in evaluate(parse("any.coverage_min < 2"), document).failures}
    assert subjects == {"A"}


def test_enforce__names_scenario_and_value(document):
    with pytest.raises(CheckFailed) as raised:
        enforce([evaluate(parse("A.principal_loss > 0"), document)])
    assert raised.value.exit_code == 4
    assert "A.principal_loss = 4.37 in scenario 'default'" in str(raised.value)
    enforce([evaluate(parse("A.principal_loss > 38"), document)])


@pytest.mark.parametrize(
    ("text", "code", "hint"),
    [
        ("A.principal_loss", "check-shape", "write it like"),
        ("A.principal_los > 0", "check-measure", "did you mean 'principal_loss'?"),
        ("pool.los > 0", "check-measure", "did you mean 'loss'?"),
        ("A.principal_loss > much", "check-value", "a number such as"),
        ("A.first_breach > 5", "check-value", "a date like"),
        ("A.irr < none", "check-value", "none only with"),
        ("A.defaulted > 1", "check-value", "true or false"),
        ("A.irr == true", "check-value", "none only with"),
        ("A.irr < nan", "check-value", "a number such as"),
    ],
)
def test_parse__refuses_in_four_parts(text, code, hint):
    with pytest.raises(UsageError) as raised:
        parse(text)
    problem = raised.value.problems[0]
    assert problem.code == code and problem.allowed
    assert hint in str(problem)


def test_resolve__collects_unknown_names_with_the_nearest_spelling():
    checks = [parse("SUBS.irr < 1%"), parse("bass:A1.irr < 1%"), parse("base:A1.irr < 1%")]
    with pytest.raises(UsageError) as raised:
        resolve(checks, tranches=[("A1", "senior"), ("SUB", "residual")], scenarios=["base", "severe"])
    assert [one.code for one in raised.value.problems] == ["check-class", "check-scenario"]
    assert "did you mean 'SUB'?" in str(raised.value) and "did you mean 'base'?" in str(raised.value)
