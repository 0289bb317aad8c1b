"""What happened on a path, dated: support calls, triggers, changes of stage, breaches, classes paid off."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from absengine.results.books import Books, Flags
from absengine.results.coverage import Coverage
from absengine.schema import StepLabel, TrancheLabel

COVERED = 1.0 - 1e-9
"""Coverage below this counts as below 1: the difference is rounding of a ratio, not a missing fen."""


@dataclass(frozen=True, slots=True)
class Event:
    """One dated line. ``kind``: support_call, trigger, trigger_cured, stage, breach, breach_cured, coverage_below_1,
    paid_off. ``value`` is what the event hangs on: the trigger's value, the amount called, short or covered."""

    date: str
    kind: str
    name: str
    value: float | None
    unit: str
    place: str
    text: str

    def as_json(self) -> dict[str, Any]:
        return {
            "date": self.date, "kind": self.kind, "name": self.name, "value": self.value,
            "unit": self.unit, "place": self.place, "text": self.text,
        }  # fmt: skip


def rising(flags: Flags, before: Flags | bool = False) -> Flags:
    """Rows where a flag turns true."""
    earlier = np.vstack([np.broadcast_to(before, flags.shape[1:]), flags[:-1]])
    return np.asarray(flags & ~earlier)


def serves(step: StepLabel, label: TrancheLabel) -> bool:
    """Does a step pay this class, by its own name or by its group's?"""
    claims = {f"{kind}.{name}" for kind in ("interest", "principal") for name in (label.name, label.klass)}
    return not claims.isdisjoint(step.what)


def support_calls(books: Books, label: TrancheLabel) -> Flags | None:
    """Rows on which a step that pays this class asked a support for help; None where no support stands behind it.

    A call counts where the step drew on the support, or stayed short while the support was called in vain.
    """
    asked: Flags = np.zeros((books.rows, books.lanes), dtype=bool)
    behind = False
    for step in books.labels.steps:
        supports = [name.removeprefix("support.") for name in step.sources if name.startswith("support.")]
        if not supports or not serves(step, label):
            continue
        behind = True
        item = f"step.{step.stage}.{step.id}"
        for support in supports:
            called = books.item(f"support.{support}.called") > books.dust
            drew = books.item(f"{item}.from.support.{support}") > books.dust
            asked |= drew | (called & (books.item(f"{item}.short") > books.dust))
    return asked if behind else None


def paid_off(books: Books, label: TrancheLabel) -> Flags:
    """Rows from which on the whole face of a class has been paid."""
    paid, face = np.cumsum(books.tranche(label.name, "principal_paid"), axis=0), books.face(label)
    return np.asarray((paid >= face - books.dust) & (face > 0))


def events_by_lane(books: Books, coverages: dict[str, Coverage]) -> list[list[Event]]:
    """Events of every lane, in order of date."""
    found: list[list[tuple[int, Event]]] = [[] for _ in range(books.lanes)]
    for source in (_supports, _triggers, _stages, _breaches, _paid_off):
        for row, lane, event in source(books):
            found[lane].append((row, event))
    for row, lane, event in _uncovered(books, coverages):
        found[lane].append((row, event))
    return [[event for _, event in sorted(lane, key=lambda pair: (pair[0], pair[1].date))] for lane in found]


Dated = Iterator[tuple[int, int, Event]]


def _hits(flags: Flags) -> Iterator[tuple[int, int]]:
    for row, lane in zip(*np.nonzero(flags), strict=True):
        yield int(row), int(lane)


def _money(books: Books, amount: float) -> float:
    return float(books.currency(amount))


def _finite(value: float) -> float | None:
    """A ratio to nothing has no value to show."""
    return value if math.isfinite(value) else None


def _supports(books: Books) -> Dated:
    for name in books.labels.supports:
        called, drawn = books.item(f"support.{name}.called"), books.item(f"support.{name}.drawn")
        # a call nobody answers is told once, not on every date it is repeated
        vain = (called > books.dust) & (drawn <= books.dust)
        for row, lane in _hits((drawn > books.dust) | rising(vain)):
            asked, paid = _money(books, called[row, lane]), _money(books, drawn[row, lane])
            text = f"support {name} called for {asked:,.2f}, paid {paid:,.2f}"
            yield row, lane, Event(books.labels.pay_dates[row], "support_call", name, asked, "currency", "", text)


def _triggers(books: Books) -> Dated:
    labels = books.labels
    for trigger in labels.triggers:
        active, value = books.item(f"trigger.{trigger.name}.active") > 0.5, books.item(f"trigger.{trigger.name}.value")
        dates = labels.calc_dates if trigger.test == "after collection" else labels.pay_dates
        known, money = books.has(f"trigger.{trigger.name}.value"), trigger.unit == "money"
        for flags, kind, verb in ((active, "trigger", "fired"), (~active, "trigger_cured", "cured")):
            for row, lane in _hits(rising(flags, before=kind == "trigger_cured")):
                at = _finite(_money(books, value[row, lane]) if money else float(value[row, lane])) if known else None
                unit, text = "currency" if money else trigger.unit, f"{trigger.label} {verb}: {trigger.when}"
                yield row, lane, Event(dates[row], kind, trigger.name, at, unit, trigger.place, text)


def _stages(books: Books) -> Dated:
    if not books.has("stage"):
        return
    stage, names = books.item("stage").astype(int), books.labels.stages
    changed = np.diff(stage, axis=0, prepend=np.zeros((1, books.lanes), dtype=int)) != 0
    for row, lane in _hits(changed):
        name = names[stage[row, lane]]
        yield row, lane, Event(books.labels.pay_dates[row], "stage", name, None, "", "", f"stage {name} begins")


def _breaches(books: Books) -> Dated:
    dates = books.labels.pay_dates
    for label in books.labels.tranches:
        if label.residual:  # its interim return is a cap, not an amount due
            continue
        title, place = label.label or label.name, label.place
        for kind in ("interest", "principal"):
            stock = books.owed(label, kind)
            for row, lane in _hits(rising(stock > 0)):
                short = _money(books, stock[row, lane])
                text = f"{title}: {kind} short by {short:,.2f}"
                yield row, lane, Event(dates[row], "breach", label.name, short, "currency", place, text)
            for row, lane in _hits(rising(stock <= 0, before=True)):
                text = f"{title}: {kind} shortfall made good"
                yield row, lane, Event(dates[row], "breach_cured", label.name, 0.0, "currency", place, text)


def _paid_off(books: Books) -> Dated:
    for label in books.labels.tranches:
        if label.residual:
            continue
        for row, lane in _hits(rising(paid_off(books, label))):
            text = f"{label.label or label.name} is paid off"
            yield row, lane, Event(books.labels.pay_dates[row], "paid_off", label.name, None, "", label.place, text)


def _uncovered(books: Books, coverages: dict[str, Coverage]) -> Dated:
    """The first date on which the most senior group's coverage falls below 1."""
    senior = next((label for label in books.labels.tranches if not label.residual), None)
    if senior is None:
        return
    by_date = coverages[senior.name].by_date
    first = np.cumsum(by_date < COVERED, axis=0) == 1
    for row, lane in _hits(first & (by_date < COVERED)):
        ratio = float(by_date[row, lane])
        text = f"coverage of {senior.klass} falls to {ratio:.2f}"
        yield row, lane, Event(books.labels.pay_dates[row], "coverage_below_1", senior.klass, ratio, "ratio", "", text)
