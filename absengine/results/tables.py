"""Recorded paths as tidy tables and back: one row per scenario, item and calculation date, one column per measure.

Money leaves in the currency's main unit and is counted again on the way back; whole counting units return exactly.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from absengine.arrow import column as column_of
from absengine.arrow import numbers
from absengine.arrow import texts as texts_of
from absengine.results.books import counting_factor
from absengine.schema import Floats, Labels, PathInputs, TranchePaths

KEYS: Mapping[str, tuple[str, ...]] = {
    "tranches": ("tranche",),
    "accounts": ("account",),
    "fees": ("fee",),
    "taxes": ("tax",),
    "supports": ("support",),
    "ledgers": ("ledger",),
    "triggers": ("trigger",),
    "stages": (),
    "collected": (),
    "steps": ("stage", "step"),
    "sources": ("stage", "step", "source"),
    "others": ("item",),
}
"""Tables and the columns that name an item in them; ``sources`` splits each step's payment by where it came from."""

STATES = {"stage": "stage", "ran": "ran", "pool.called": "pool_called"}
"""Items that tell the state of a row: the stage's number, whether its list ran, whether the pool is sold."""

PLAIN = frozenset({"coupon", "active", "value", *STATES.values()})
"""Measures that are not money: rates, flags, codes, and trigger values, kept as recorded."""
PLAIN_CHANNELS = ("alive.", "late.", "index.", "forced.", "fee_factor")


@dataclass(frozen=True, slots=True)
class Cell:
    """Where one recorded item lives: table, the names that key it, the measure's column."""

    table: str
    keys: tuple[str, ...]
    measure: str


def cell(item: str) -> Cell:
    """Table, keys and column of a recorded item."""
    parts = item.split(".")
    kinds = {name[:-1]: name for name in ("tranches", "accounts", "fees", "supports", "ledgers", "triggers")}
    kinds["tax"] = "taxes"
    if parts[0] == "step" and len(parts) > 4 and parts[3] == "from":
        return Cell("sources", (parts[1], parts[2], ".".join(parts[4:])), "amount")
    if parts[0] == "step" and len(parts) == 4:
        return Cell("steps", (parts[1], parts[2]), parts[3])
    if parts[0] in kinds and len(parts) == 3:
        return Cell(kinds[parts[0]], (parts[1],), parts[2])
    if item in STATES:
        return Cell("stages", (), STATES[item])
    if parts[0] == "pool" and len(parts) == 2:
        return Cell("collected", (), parts[1])
    return Cell("others", (item,), "value")


def tables(paths: TranchePaths) -> dict[str, pa.Table]:
    """Every table of a run; a table without items is left out."""
    cells = [cell(item) for item in paths.labels.items]
    made = {name: _table(paths, name, cells) for name in KEYS if any(one.table == name for one in cells)}
    return {**made, "pool": _pool_table(paths)}


def _table(paths: TranchePaths, name: str, cells: Sequence[Cell]) -> pa.Table:
    labels, lanes = paths.labels, len(paths.scenarios)
    rows = len(labels.pay_dates)
    entities = list(dict.fromkeys(one.keys for one in cells if one.table == name))
    measures = list(dict.fromkeys(one.measure for one in cells if one.table == name))
    at = {(one.keys, one.measure): index for index, one in enumerate(cells) if one.table == name}
    columns: dict[str, Any] = _axis_columns(paths, rows, len(entities))
    which = np.tile(np.repeat(np.arange(len(entities)), rows), lanes)
    for position, key in enumerate(KEYS[name]):
        texts = [entity[position] for entity in entities]
        columns[key] = _text_column(texts, which)
    factor = counting_factor(labels)
    for measure in measures:
        block = np.full((len(entities), rows, lanes), np.nan)
        for index, entity in enumerate(entities):
            if (entity, measure) in at:
                block[index] = paths.values[at[entity, measure]]
        flat = np.moveaxis(block, 2, 0).ravel()
        columns[measure] = column_of(flat if measure in PLAIN else flat / factor)
    return pa.Table.from_arrays(list(columns.values()), names=list(columns))


def _axis_columns(paths: TranchePaths, rows: int, entities: int) -> dict[str, Any]:
    """Scenario, row and dates, in the order scenario, item, row."""
    labels, lanes = paths.labels, len(paths.scenarios)
    row = np.tile(np.arange(rows, dtype=np.int32), lanes * entities)
    calc, pay = (np.array(dates, dtype="datetime64[D]") for dates in (labels.calc_dates, labels.pay_dates))
    return {
        "scenario": _text_column(paths.scenarios, np.repeat(np.arange(lanes), rows * entities)),
        "row": column_of(row),
        "calc_date": column_of(calc[row]),
        "pay_date": column_of(pay[row]),
    }


def _text_column(texts: Sequence[str], index: NDArray[Any]) -> pa.Array:
    """``texts[index]`` as a dictionary of distinct texts: Parquet writes repeats differently from run to run."""
    number = {text: position for position, text in enumerate(dict.fromkeys(texts))}
    code = np.array([number[text] for text in texts], dtype=np.int32)
    return pa.DictionaryArray.from_arrays(column_of(code[index]), texts_of(list(number)))


def _pool_table(paths: TranchePaths) -> pa.Table:
    """Pool channels, one column each; the last row of a scenario has no date: cash due after legal final."""
    labels, lanes = paths.labels, len(paths.scenarios)
    rows = len(labels.pay_dates) + 1
    row = np.tile(np.arange(rows, dtype=np.int32), lanes)
    calc, pay = (np.array([*dates, "NaT"], dtype="datetime64[D]") for dates in (labels.calc_dates, labels.pay_dates))
    columns: dict[str, Any] = {
        "scenario": _text_column(paths.scenarios, np.repeat(np.arange(lanes), rows)),
        "row": column_of(row),
        "calc_date": column_of(calc[row]),
        "pay_date": column_of(pay[row]),
    }
    factor = counting_factor(labels)
    for index, channel in enumerate(paths.pool.channels):
        flat = paths.pool.values[index].T.ravel()
        columns[channel] = column_of(flat if channel.startswith(PLAIN_CHANNELS) else flat / factor)
    return pa.Table.from_arrays(list(columns.values()), names=list(columns))


def paths_from(labels: Labels, scenarios: tuple[str, ...], table: Callable[[str], pa.Table]) -> TranchePaths:
    """Rebuild recorded paths; ``table`` gives a table by name."""
    rows, lanes = len(labels.pay_dates), len(scenarios)
    values = np.zeros((len(labels.items), rows, lanes))
    cells = [cell(item) for item in labels.items]
    factor = counting_factor(labels)
    for name in dict.fromkeys(one.table for one in cells):
        read = table(name)
        entities = list(dict.fromkeys(one.keys for one in cells if one.table == name))
        for index, one in enumerate(cells):
            if one.table != name:
                continue
            flat = numbers(read.column(one.measure))
            block = flat.reshape(lanes, len(entities), rows)[:, entities.index(one.keys)].T
            values[index] = block if one.measure in PLAIN else _counted(block, factor)
    return TranchePaths(labels, scenarios, values, _pool_from(labels, table("pool"), rows + 1, lanes))


def _pool_from(labels: Labels, read: pa.Table, rows: int, lanes: int) -> PathInputs:
    factor = counting_factor(labels)
    channels = tuple(name for name in read.column_names if name not in {"scenario", "row", "calc_date", "pay_date"})
    values = np.zeros((len(channels), rows, lanes))
    for index, channel in enumerate(channels):
        block = numbers(read.column(channel)).reshape(lanes, rows).T
        values[index] = block if channel.startswith(PLAIN_CHANNELS) else _counted(block, factor)
    return PathInputs(channels, values)


def _counted(amount: Floats, factor: float) -> Floats:
    """Main units to counting units: whole numbers come back whole, others to the last bit or two."""
    counted = amount * factor
    whole = np.rint(counted)
    return np.where(np.abs(counted - whole) <= 4.0 * np.spacing(np.abs(counted)), whole, counted)


def harmless(text: str) -> str:
    """Text that no spreadsheet takes for a formula: an apostrophe goes ahead of ``= + - @``, tab and return."""
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t", "\r"} else text


def harmless_columns(table: pa.Table) -> pa.Table:
    """A table whose text columns are plain, harmless text; numbers stay numbers."""
    columns = {}
    for name in table.column_names:
        column = table.column(name).combine_chunks()
        if pa.types.is_dictionary(column.type):
            safe = texts_of([harmless(text) for text in column.dictionary.to_pylist()])
            column = pa.DictionaryArray.from_arrays(column.indices, safe).dictionary_decode()
        columns[harmless(name)] = column
    return pa.Table.from_arrays(list(columns.values()), names=list(columns))
