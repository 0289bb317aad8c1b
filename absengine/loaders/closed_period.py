"""封包期利息: interest from the cut-off date to closing, where the deal leaves it to the originator.

The first interest of a contract runs from before closing; what has accrued from the cut-off date up to closing is then
no cash of the plan. Each period is divided by the contract's own day count, so that the two parts add up to the whole;
a period in which the rate changes is divided by its time. Principal paid in between stays the plan's.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from absengine.calendars.day_count import accrued, convention
from absengine.errors import InputError, Problem, TapeError, Where
from absengine.loaders.schedule import Flows
from absengine.loaders.source import Loaded, PoolSource
from absengine.schema import Dates, Floats

PLAIN: Final = "ACT/365F"
"""Divides periods of contracts that charge by the month, or whose day count needs a coupon schedule: by their days."""


_NO_DAY_COUNT: Final = ("royalty",)
"""Kinds that know where their first period begins, and whose income is no interest."""


def without_closed_period(loaded: Loaded, closing: np.datetime64, source: PoolSource) -> Loaded:
    """The same contracts without the interest that accrues from their cut-off dates to ``closing``.

    Raises TapeError for kinds whose income accrues by no day count (royalties, given collections), and for cash that
    waits with a trust or bank: its day of arrival does not tell when it accrued.
    """
    contracts = loaded.contracts
    waits = np.any(contracts.get("wait_days_longest", np.zeros(1)) > 0)
    if "previous_due_date" not in contracts or source.kind in _NO_DAY_COUNT or waits:
        found, allowed = f"closed_period_interest = 'originator' for {source.kind}", "contracts that bear interest"
        if waits:
            found, allowed = f"{found} with look-through", "contracts that pay the plan on their due dates"
        todo = "say 'plan', or leave the interest out of the tape"
        raise TapeError(Problem("closed-period-interest", Where(str(source.tape)), found, allowed, todo))
    names = contracts.get("day_count", np.full(len(contracts["contract_id"]), "", dtype=object))
    flows = loaded.flows.in_order()
    start = _starts(flows, contracts)
    cutoff = np.asarray(contracts["cutoff_date"])[flows.contract]
    begin = np.minimum(np.maximum(start, cutoff), flows.due)
    end = np.clip(flows.due, begin, np.maximum(closing, begin))
    share = _shares(np.asarray(names)[flows.contract], start, begin, end, flows.due)
    return replace(loaded, flows=replace(flows, interest=flows.interest * (1.0 - share)))


def _starts(flows: Flows, contracts: dict[str, NDArray[Any]]) -> Dates:
    """First day of the period of each entry: the due date before; before the first, what the loader knows, else the
    cut-off date.
    """
    first = np.append(True, flows.contract[1:] != flows.contract[:-1])[: len(flows)]
    known = np.asarray(contracts["previous_due_date"])[flows.contract]
    opening = np.where(np.isnat(known), np.asarray(contracts["cutoff_date"])[flows.contract], known)
    return np.where(first, opening, np.roll(flows.due, 1))


def _shares(names: NDArray[np.object_], start: Dates, begin: Dates, end: Dates, due: Dates) -> Floats:
    """Part of each period's interest that accrues over ``[begin, end)``."""
    shares = np.zeros(len(due))
    touched = (begin < end) & (start < due)
    for name in {str(name) for name in names[touched]}:
        at = np.flatnonzero(touched & (names.astype(str) == name))
        rule = _rule(name)
        whole = accrued(rule, start[at], start[at], due[at])
        part = accrued(rule, start[at], begin[at], end[at])
        shares[at] = np.divide(part, whole, out=np.zeros(len(at)), where=whole > 0)
    return shares


def _rule(name: str) -> str:
    try:
        return PLAIN if convention(name).keywords else name
    except InputError:  # no day count: the contract charges by the month
        return PLAIN
