"""Channels that come from the case and not from the pool: who is alive, who is late, rates, fees, forced triggers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from absengine.calendars.date_rules import add_months
from absengine.errors import Problems, ScenarioError
from absengine.language.toml import printable
from absengine.language.validation import did_you_mean, one_of
from absengine.projection.clocks import Pool
from absengine.projection.dates import Indices
from absengine.projection.payers import NEVER, Payers
from absengine.projection.purchases import purchase_channels
from absengine.scenario import Case
from absengine.schema import Floats, PurchaseTerms, Timeline


def extra_channels(
    names: Sequence[str],
    cases: Sequence[Case],
    payers: Sequence[Payers],
    pool: Pool,
    indexes: Mapping[str, Floats],
    purchases: Mapping[str, PurchaseTerms],
) -> Floats:
    """``(channel, row, case)`` values of the named channels; the row after legal final repeats the last one."""
    _check(names, cases, indexes)
    line, codes, scenarios = pool.timeline, pool.parties.codes, [case.scenario for case in cases]
    values = np.empty((len(names), line.rows + 1, len(cases)))
    later = [name for name in names if name.startswith("purchase.")]
    bought = dict(zip(later, purchase_channels(later, cases, payers, pool, purchases), strict=True))
    for channel, name in zip(values[:, :-1], names, strict=True):
        kind, _, rest = name.partition(".")
        if kind == "purchase":
            channel[:] = bought[name]
        elif kind == "alive":
            entity, _, support = rest.partition(".")
            gone = np.array([state.gone[codes[entity]] for state in payers])
            if support == "servicing" or support.startswith("hedge."):  # what is lost with them is a loss by credit
                gone = np.where([scenario.credit for scenario in scenarios], gone, NEVER)
            channel[:] = line.call_date.get(support, line.pay_date).astype(np.int64)[:, None] < gone
        elif kind == "late":
            channel[:] = _late(line, np.array([state.late[codes[rest]] for state in payers]))
        elif kind == "index":
            channel[:] = indexes[rest][:, None] + [scenario.rate_shift.get(rest, 0.0) for scenario in scenarios]
        elif kind == "forced":
            never = np.datetime64("NaT", "D")
            dates = np.array([scenario.forced.get(rest, never) for scenario in scenarios], dtype="datetime64[D]")
            channel[:] = line.calc_date[:, None] >= dates
        else:
            channel[:] = [scenario.fee_factor for scenario in scenarios]
    values[:, -1] = values[:, -2]
    return values


def _late(line: Timeline, months: Indices) -> Floats:
    """Rows back from each row to the last payment date that is so many months past; to before the first where none is.

    ``(row, case)``; what was called on that date is paid now.
    """
    kinds, which = np.unique(months, return_inverse=True)
    now = np.arange(line.rows)
    rows = np.zeros((line.rows, len(kinds)))
    for column, late in enumerate(kinds):
        if late > 0:
            paid_from = add_months(line.pay_date, late)
            rows[:, column] = now - (np.searchsorted(paid_from, line.pay_date, "right") - 1)
    return np.asarray(rows[:, which], dtype=np.float64)


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
