"""Criteria (合格标准) as functions of a table of contracts: what a field is, who meets it, shares by name."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from absengine.calendars.date_rules import months_between
from absengine.deal.nouns import Bound, Criterion, FieldSort
from absengine.language.validation import one_of
from absengine.schema import CONTRACT_COLUMNS, Dates, Floats, Table, Texts

Flags = NDArray[np.bool_]
UNSTATED = "not stated"
LISTS = ("tags", "recourse", "ip_ids")
"""Columns whose cells hold several words, joined by ';'."""

COMPUTED: Mapping[str, Callable[[Table], Floats]] = {
    "balance": lambda contracts: np.asarray(contracts["cutoff_balance"]),
    "remaining_months": lambda contracts: months_left(contracts["cutoff_date"], contracts["maturity_date"]),
    "original_months": lambda contracts: months_left(contracts["start_date"], contracts["maturity_date"]),
}
"""Fields no tape has to state."""

NAMERS = ("pool", "obligor", "debtor", "group", "asset_kind", "industry", "region", "grade", "guarantor")
"""What shares are mostly taken by; any other text of the contract will do."""


def months_left(first: Dates, last: Dates) -> Floats:
    """Calendar months from one day to another, a part of a month by its days; never below 0, NaN without a date."""
    known = ~(np.isnat(first) | np.isnat(last))
    months = np.full(len(known), np.nan)
    months[known] = months_between(np.asarray(first)[known], np.asarray(last)[known])
    return np.asarray(np.maximum(months, 0.0))


def sort_of(field: str) -> FieldSort | None:
    """What a declared field of a contract is; None for a field only its tape knows."""
    if field in COMPUTED:
        return "number"
    column = next((column for column in CONTRACT_COLUMNS if column.name == field), None)
    return None if column is None else sort_of_column(column.dtype, column.unit)


def sort_of_column(dtype: str, unit: str = "") -> FieldSort:
    """What a column of a type and unit holds."""
    if dtype.startswith("datetime64"):
        return "date"
    if dtype == "object":
        return "text"
    return "share" if unit in ("1/year", "ratio") else "number"


def fields(contracts: Table) -> list[str]:
    """Names a criterion may judge by: computed ones, then columns."""
    return [*COMPUTED, *contracts.columns]


def met(criterion: Criterion, contracts: Table) -> Flags:
    """Contracts that meet a criterion of contracts; one that states nothing does not."""
    assert criterion.field is not None
    values = values_of(criterion.field, contracts)
    if criterion.one_of is not None or criterion.none_of is not None:
        wanted = set(criterion.one_of or criterion.none_of or ())
        held = [_words(criterion.field, str(cell)) for cell in values.tolist()]
        found = np.array([bool(words & wanted) for words in held], dtype=bool)
        stated = np.array([bool(words) for words in held], dtype=bool)
        return np.asarray(found if criterion.one_of is not None else stated & ~found)
    limit = criterion.at_most or criterion.at_least
    assert limit is not None
    end = np.datetime64(limit.value, "D") if isinstance(limit.value, dt.date) else limit.value
    return np.asarray(values <= end if criterion.at_most is not None else values >= end)


def within(criterion: Criterion, value: float | dt.date | str) -> bool:
    """Whether one value meets a criterion of contracts."""
    if isinstance(value, str):
        return (value in criterion.one_of) if criterion.one_of is not None else value not in (criterion.none_of or ())
    above = criterion.at_least is None or bool(value >= criterion.at_least.value)  # type: ignore[operator]
    return above and (criterion.at_most is None or bool(value <= criterion.at_most.value))  # type: ignore[operator]


def shares(
    criterion: Criterion, contracts: Table, names: Mapping[str, str], groups: Mapping[str, str]
) -> list[tuple[str, float]]:
    """Shares of the balance by the names a limit of concentration looks at, the largest first, then by name.

    ``names`` translates what the tape calls a company to one name of it, ``groups`` that name to its group.
    """
    assert criterion.by is not None
    labels = _labels(criterion.by, contracts, names, groups)
    kinds, codes = np.unique(labels.astype(str), return_inverse=True)
    sums = np.bincount(codes, contracts["cutoff_balance"], len(kinds))
    total = float(sums.sum())
    order = np.lexsort((kinds, -sums))
    return [(str(kinds[at]) or UNSTATED, float(sums[at]) / total if total else 0.0) for at in order]


def _labels(by: str, contracts: Table, names: Mapping[str, str], groups: Mapping[str, str]) -> Texts:
    if by not in ("obligor", "debtor", "group", "guarantor"):
        return np.asarray(contracts[by])
    column = contracts["obligor"] if by in ("obligor", "group") else contracts[by]
    if by == "debtor":
        column = np.where(column != "", column, contracts["obligor"])
    called = [names.get(name, name) for name in column.tolist()]
    return np.array([groups.get(name, name) for name in called] if by == "group" else called, dtype=object)


def values_of(field: str, contracts: Table) -> NDArray[Any]:
    return COMPUTED[field](contracts) if field in COMPUTED else np.asarray(contracts[field])


def _words(field: str, cell: str) -> set[str]:
    return {word for word in (cell.replace("；", ";").split(";") if field in LISTS else [cell]) if word}


def mismatch(criterion: Criterion, sort: FieldSort) -> Iterable[tuple[str, str]]:
    """(found, allowed) where a criterion and its field, of a sort, do not fit together."""
    if criterion.of_shares:
        if sort != "text":
            yield f"shares by '{criterion.by}', which is no name", one_of(NAMERS)
        return
    if criterion.one_of is not None or criterion.none_of is not None:
        if sort != "text":
            yield f"words for '{criterion.field}', which is a {_SAID[sort]}", "at_most or at_least"
        return
    limit = criterion.at_most or criterion.at_least
    if limit is None:
        return
    if sort == "text":
        yield f"{limit} for '{criterion.field}', which is a text", "one_of or none_of: grades have no order here"
    elif not _fits(limit, sort):
        yield f"{limit} for '{criterion.field}', which is a {_SAID[sort]}", _WRITTEN[sort]


_SAID: Mapping[FieldSort, str] = {"number": "number", "share": "rate or ratio", "date": "date", "text": "text"}
_WRITTEN: Mapping[FieldSort, str] = {
    "number": "a plain number such as 30", "share": 'a percentage such as "6%"', "date": "a date such as 2027-06-30",
}  # fmt: skip


def _fits(limit: Bound, sort: FieldSort) -> bool:
    """A bound is of the sort of its field; a share may be written as a decimal up to 1."""
    if sort == "share" and limit.sort == "number":
        return isinstance(limit.value, float) and abs(limit.value) <= 1
    return limit.sort == sort
