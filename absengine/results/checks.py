"""Checks a user states: ``--fail-on "A1.principal_loss > 0"`` ends a run with exit code 4 where the condition holds.

Grammar: ``[scenario:]subject.measure op value``. The scenario may be a pattern (``stress*``); without one
every scenario is tried. The subject is a class, a group of classes, ``any`` class, or ``pool``. ``op`` is one of
``> >= < <= == !=``.
The value is a number (``2_000_000``, ``3.5%``), a date, ``true``, ``false`` or ``none``.

A number that does not exist fails the check, with its reason: a yield that cannot be computed must not pass for a good
one. A date that does not exist never came, so ``A1.first_breach < 2027-01-01`` then holds not.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import date
from fnmatch import fnmatchcase
from typing import Any, Final

from absengine.errors import CheckFailed, Problem, Problems, UsageError, Where
from absengine.language.validation import did_you_mean
from absengine.results.measures import ClassMeasures, PoolMeasures

Value = float | str | bool | None
OPERATORS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    ">=": operator.ge, "<=": operator.le, "==": operator.eq, "!=": operator.ne, ">": operator.gt, "<": operator.lt,
}  # fmt: skip
DATES: Final = frozenset(
    {"first_breach", "late", "first_support_call", "first_trigger", "first_coverage_below_1", "paid_off"}
)
TEXTS: Final = frozenset({"name", "label", "klass", "first_breach_kind", "residual", "reasons"})
FLAGS: Final = frozenset({"defaulted"})
CLASS_MEASURES: Final = tuple(one.name for one in fields(ClassMeasures) if one.name not in TEXTS)
POOL_MEASURES: Final = tuple(one.name for one in fields(PoolMeasures) if one.name != "recovered_by_source")
EXAMPLE: Final = '--fail-on "A1.principal_loss > 0"'
_SHAPE: Final = re.compile(
    r"^\s*(?:(?P<scenario>.+):)?\s*(?P<subject>[^\s.:<>=!]+)\.(?P<measure>\w+)\s*(?P<op>>=|<=|==|!=|>|<)\s*(?P<value>\S+)\s*$"
)
_NUMBER: Final = re.compile(r"[+-]?\d[\d_]*(\.\d+)?([eE][+-]?\d+)?%?")


@dataclass(frozen=True, slots=True)
class Check:
    """One stated check, parsed. ``scenario`` is a pattern, ``*`` for all."""

    text: str
    scenario: str
    subject: str
    measure: str
    op: str
    value: Value


@dataclass(frozen=True, slots=True)
class Failure:
    """One place where a check's condition holds: scenario, class (or pool) and the value found."""

    scenario: str
    subject: str
    value: Value
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A check with every place where it fails; none is good news."""

    check: Check
    failures: tuple[Failure, ...]

    def as_json(self) -> dict[str, Any]:
        failed = [
            {"scenario": one.scenario, "subject": one.subject, "value": one.value, "reason": one.reason}
            for one in self.failures
        ]
        return {"check": self.check.text, "failed": failed}


def parse(text: str) -> Check:
    """Read one check; UsageError says what was found and what is allowed."""
    match = _SHAPE.match(text)
    if match is None:
        allowed = "[scenario:]class.measure op value"
        raise UsageError(Problem("check-shape", _where(text), repr(text), allowed, f"write it like {EXAMPLE}"))
    subject, measure = match["subject"], match["measure"]
    known = POOL_MEASURES if subject == "pool" else CLASS_MEASURES
    if measure not in known:
        raise UsageError(_unknown("check-measure", text, f"measure {measure!r}", measure, known))
    value = _value(text, measure, match["value"])
    _suits(text, measure, match["op"], value)
    return Check(text, (match["scenario"] or "*").strip(), subject, measure, match["op"], value)


def _where(text: str) -> Where:
    return Where(path=f"--fail-on {text!r}")


def _unknown(code: str, text: str, found: str, word: str, known: Iterable[str]) -> Problem:
    names = sorted(known)
    return Problem(code, _where(text), found, ", ".join(names), did_you_mean(word, names))


def _value(text: str, measure: str, word: str) -> Value:
    """The right-hand side; its kind must be the measure's."""
    if word.lower() in {"none", "null"}:
        return None
    if word.lower() in {"true", "false"}:
        return word.lower() == "true"
    if measure in DATES:
        try:
            return date.fromisoformat(word).isoformat()
        except ValueError:
            problem = Problem("check-value", _where(text), repr(word), "a date like 2027-01-01, or none")
            raise UsageError(problem) from None
    if not _NUMBER.fullmatch(word):
        allowed = "a number such as 0, 2_000_000 or 3.5%, or none"
        raise UsageError(Problem("check-value", _where(text), repr(word), allowed))
    return float(word.removesuffix("%").replace("_", "")) / (100.0 if word.endswith("%") else 1.0)


def _suits(text: str, measure: str, op: str, value: Value) -> None:
    """Refuse comparisons without meaning, such as ``paid_off > true`` or ``irr < none``."""
    equality = op in {"==", "!="}
    if value is None and equality:
        return
    if isinstance(value, bool) and equality and measure in FLAGS:
        return
    if value is not None and not isinstance(value, bool) and measure not in FLAGS:
        return
    plain = "a value of the measure's kind; none only with == or !="
    allowed = "== or != with true or false" if measure in FLAGS else plain
    raise UsageError(Problem("check-value", _where(text), f"{measure} {op} {value}", allowed))


def resolve(checks: Iterable[Check], *, tranches: Sequence[tuple[str, str]], scenarios: Sequence[str]) -> None:
    """Refuse checks that name no class or no scenario of this run; call it before the run starts.

    ``tranches`` holds (name, group) of each class.
    """
    problems = Problems()
    subjects = {"any", "pool", *(name for pair in tranches for name in pair)}
    for check in checks:
        if check.subject not in subjects:
            found = f"class {check.subject!r}"
            problems.extend([_unknown("check-class", check.text, found, check.subject, subjects)])
        if not any(_matches(check, name) for name in scenarios):
            found = f"scenario {check.scenario!r}"
            problems.extend([_unknown("check-scenario", check.text, found, check.scenario, scenarios)])
    problems.refuse(UsageError)


def _matches(check: Check, scenario: str) -> bool:
    return scenario == check.scenario or fnmatchcase(scenario, check.scenario)


def evaluate(check: Check, document: dict[str, Any]) -> Verdict:
    """Try one check on a stress document, scenario by scenario."""
    classes = [(one["name"], one["class"]) for one in document["deal"]["tranches"]]
    resolve([check], tranches=classes, scenarios=[one["name"] for one in document["scenarios"]])
    failures: list[Failure] = []
    for scenario in document["scenarios"]:
        if not _matches(check, scenario["name"]):
            continue
        for subject, record in _records(check.subject, scenario):
            failure = _failure(check, scenario["name"], subject, record)
            if failure is not None:
                failures.append(failure)
    return Verdict(check, tuple(failures))


def _records(subject: str, scenario: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    if subject == "pool":
        return [("pool", scenario["pool"])]
    return [(one["name"], one) for one in scenario["tranches"] if subject in {"any", one["name"], one["class"]}]


def _failure(check: Check, scenario: str, subject: str, record: dict[str, Any]) -> Failure | None:
    found = record[check.measure]
    reason = str(record.get(f"{check.measure}_reason", ""))
    if check.value is None:
        holds = (found is None) == (check.op == "==")
    elif found is None:
        # a residual class owes nothing, so a group or `any` passes over it; a class asked for by name does not
        passed_over = bool(record.get("residual")) and check.subject != subject
        holds = check.measure not in DATES and not passed_over
    else:
        holds = OPERATORS[check.op](found, check.value)
    return Failure(scenario, subject, found, reason) if holds else None


def enforce(verdicts: Iterable[Verdict]) -> None:
    """Raise CheckFailed naming every scenario and value on which a stated check fails."""
    problems = Problems()
    for verdict in verdicts:
        check = verdict.check
        for one in verdict.failures:
            shown = f"{one.value}" if one.value is not None else f"no value ({one.reason})"
            found = f"{one.subject}.{check.measure} = {shown} in scenario {one.scenario!r}"
            problems.add("check-failed", _where(check.text), found, f"not {check.text}")
    problems.refuse(CheckFailed)
