"""Why a date paid what it paid: every step of the list that ran, what it needed, paid, missed, and from where.

Read from a run folder alone; amounts in the currency's main unit (元).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from absengine.errors import Problem, UsageError, Where
from absengine.language.validation import did_you_mean, one_of
from absengine.results.books import Books, counting_factor
from absengine.schema import StepLabel, TranchePaths


@dataclass(frozen=True)
class StepLine:
    """One step on one date: ``sources`` maps each account or support to what it paid; ``place`` is its deal line."""

    date: str
    stage: str
    step: str
    verb: str
    what: tuple[str, ...]
    due: float
    paid: float
    short: float
    sources: dict[str, float]
    place: str


@dataclass(frozen=True)
class TriggerLine:
    """One trigger on one date: the value compared (in its own unit), and whether it is active after the date."""

    date: str
    trigger: str
    when: str
    value: float
    unit: str
    active: bool
    place: str


@dataclass(frozen=True)
class Trace:
    """Steps and triggers of one scenario, date by date."""

    scenario: str
    steps: tuple[StepLine, ...]
    triggers: tuple[TriggerLine, ...]

    def as_json(self) -> dict[str, Any]:
        return {"schema": "absengine.trace/1", **asdict(self)}


def trace(paths: TranchePaths, scenario: str, date: str | None = None, step: str | None = None) -> Trace:
    """Steps that ran and triggers as they stood, on one payment date or on all of them.

    Raises UsageError for a scenario, date or step the run does not have, with the nearest one.
    """
    lane = _lane(paths, scenario)
    rows = _rows(paths, lane, date)
    if step is not None:
        _known("step", step, {label.id for label in paths.labels.steps})
    return Trace(
        scenario,
        tuple(line for row in rows for line in _steps(paths, lane, row, step)),
        () if step is not None else tuple(line for row in rows for line in _triggers(paths, lane, row)),
    )


def _lane(paths: TranchePaths, scenario: str) -> int:
    _known("scenario", scenario, set(paths.scenarios))
    return paths.scenarios.index(scenario)


def _rows(paths: TranchePaths, lane: int, date: str | None) -> list[int]:
    """Rows on which a list ran, or the one row of a payment date."""
    ran = [row for row in range(len(paths.labels.pay_dates)) if paths.item("ran")[row, lane] > 0]
    if date is None:
        return ran
    _known("date", date, {paths.labels.pay_dates[row] for row in ran})
    return [row for row in ran if paths.labels.pay_dates[row] == date]


def _known(what: str, word: str, choices: set[str]) -> None:
    if word not in choices:
        options = sorted(choices)
        todo = did_you_mean(word, options, f"give a {what} of this run")
        raise UsageError(Problem(f"unknown-{what}", Where(path=f"--{what}"), f"'{word}'", one_of(options), todo))


def _steps(paths: TranchePaths, lane: int, row: int, only: str | None) -> list[StepLine]:
    books, scale = Books(paths), counting_factor(paths.labels)
    stage = paths.labels.stages[int(paths.item("stage_run")[row, lane])]
    lines = []
    for label in paths.labels.steps:
        if label.stage == stage and only in (None, label.id):
            amounts = {part: _amount(books, label, part, row, lane) / scale for part in ("due", "paid", "short")}
            sources = {name: _amount(books, label, f"from.{name}", row, lane) / scale for name in label.sources}
            kept = {name: paid for name, paid in sources.items() if paid}
            lines.append(
                StepLine(paths.labels.pay_dates[row], stage, label.id, label.verb, label.what, **amounts, sources=kept,
                         place=label.place)
            )  # fmt: skip
    return lines


def _amount(books: Books, label: StepLabel, part: str, row: int, lane: int) -> float:
    return float(books.item(f"step.{label.stage}.{label.id}.{part}")[row, lane])


def _triggers(paths: TranchePaths, lane: int, row: int) -> list[TriggerLine]:
    books, scale = Books(paths), counting_factor(paths.labels)
    lines = []
    for label in paths.labels.triggers:
        value = float(books.item(f"trigger.{label.name}.value")[row, lane])
        active = bool(books.item(f"trigger.{label.name}.active")[row, lane])
        shown = value / scale if label.unit == "money" else value
        lines.append(
            TriggerLine(paths.labels.pay_dates[row], label.name, label.when, shown, label.unit, active, label.place)
        )
    return lines
