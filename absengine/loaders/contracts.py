"""Rows of a tape → columns of the contract table."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from absengine.calendars.date_rules import is_month_end, month_day
from absengine.loaders.tape import Tape
from absengine.schema import CONTRACT_COLUMNS, Dates, Floats

_RENAMED: Final = {"contract_id": "asset_id", "grade": "shadow_rating"}
_COMPUTED: Final = frozenset({"asset_kind", "cutoff_date", "cutoff_balance", "maturity_date", "rate", "age", "ip_ids"})


def months_of_age(start: Dates, cutoff: Dates) -> Floats:
    """Whole months from origination to the cut-off date; month ends count as full, NaN where origination is unknown."""
    apart = (cutoff.astype("datetime64[M]") - start.astype("datetime64[M]")).astype(np.int64)
    early = (month_day(cutoff) < month_day(start)) & ~is_month_end(cutoff)
    return np.where(np.isnat(start), np.nan, apart - early)


def contract_columns(
    tape: Tape, kind: str, *, cutoff: Dates, balance: Floats, maturity: Dates, rate: Floats
) -> dict[str, NDArray[Any]]:
    """Columns of the contract table in the order of the tape, then every further field and column for scoping.

    A contract without an obligor is its own one: nothing else of the pool fails with it.
    """
    columns: dict[str, NDArray[Any]] = {}
    for column in CONTRACT_COLUMNS:
        if column.name in _COMPUTED:
            continue
        columns[column.name] = tape.column(_RENAMED.get(column.name, column.name))
    ids = columns["contract_id"]
    columns["obligor"] = np.where(columns["obligor"] == "", ids, columns["obligor"])
    columns["asset_kind"] = np.full(len(tape), kind, dtype=object)
    columns |= {"cutoff_date": cutoff, "cutoff_balance": balance, "maturity_date": maturity, "rate": rate}
    columns["age"] = months_of_age(columns["start_date"], cutoff)
    taken = {*columns, *_RENAMED.values(), "balance"}
    columns |= {name: values for name, values in tape.columns.items() if name not in taken}
    columns |= {name: values for name, values in tape.extras.items() if name not in columns}
    return columns
