"""Channels that come from the case and not from the pool: who is alive, who is late, rates, fees, forced triggers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from absengine.calendars.date_rules import add_months
from absengine.errors import Problems, ScenarioError
from absengine.language.toml import printable
from absengine.language.validation import did_you_mean, one_of
from absengine.projection.clocks import Pool
from absengine.projection.recoveries import Payers
from absengine.scenario import Case
from absengine.schema import Dates, Floats, Timeline


def extra_channels(
    names: Sequence[str], cases: Sequence[Case], payers: Sequence[Payers], pool: Pool, indexes: Mapping[str, Floats]
) -> Floats:
    """``(channel, row, case)`` values of the named channels; the row after legal final repeats the last one."""
    _check(names, cases, indexes)
    values = np.zeros((len(names), pool.timeline.rows + 1, len(cases)))
    entities = {key: code for code, key in enumerate(pool.parties.entities)}
    for line, name in enumerate(names):
        kind, _, rest = name.partition(".")
        for lane, case in enumerate(cases):
            scenario = case.scenario
            if kind == "alive":
                entity, _, support = rest.partition(".")
                days = pool.timeline.call_date.get(support, pool.timeline.pay_date)
                column = _alive(days, int(payers[lane].gone[entities[entity]]))
            elif kind == "late":
                column = _late(pool.timeline, int(payers[lane].late[entities[rest]]))
            elif kind == "index":
                column = indexes[rest] + scenario.rate_shift.get(rest, 0.0)
            elif kind == "forced":
                column = _from(pool.timeline, scenario.forced.get(rest))
            else:
                column = np.full(pool.timeline.rows, scenario.fee_factor)
            values[line, :-1, lane], values[line, -1, lane] = column, column[-1]
    return values


def _alive(days: Dates, gone: int) -> Floats:
    """1 on rows whose day (of payment, or of the support's call) the entity lives to see."""
    return (days.astype("datetime64[D]").astype(np.int64) < gone).astype(np.float64)


def _late(timeline: Timeline, months: int) -> Floats:
    """Rows until the first payment date that is so many months later, or until after the last row."""
    if not months:
        return np.zeros(timeline.rows)
    arrival = np.searchsorted(timeline.pay_date, add_months(timeline.pay_date, months), "left")
    return np.asarray(arrival - np.arange(timeline.rows), dtype=np.float64)


def _from(timeline: Timeline, date: np.datetime64 | None) -> Floats:
    """1 from the row that collects the date on."""
    if date is None:
        return np.zeros(timeline.rows)
    return (timeline.calc_date >= date).astype(np.float64)


def _check(names: Sequence[str], cases: Sequence[Case], indexes: Mapping[str, Floats]) -> None:
    """Shifts and forced triggers of every case must name something."""
    problems = Problems()
    triggers = sorted(name.partition(".")[2] for name in names if name.startswith("forced."))
    seen: set[tuple[str, str, str]] = set()
    for case in cases:
        where = case.scenario.where
        for code, word, known in (
            *(("unknown-trigger", name, triggers) for name in case.scenario.forced),
            *(("unknown-index", name, sorted(indexes)) for name in case.scenario.rate_shift),
        ):
            if word not in known and (code, word, str(where)) not in seen:
                seen.add((code, word, str(where)))
                problems.add(code, where, f"'{printable(word)}'", one_of(known), did_you_mean(word, known))
    problems.refuse(ScenarioError)
