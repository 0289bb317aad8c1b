"""Rows that are further rights of a contract are told from contracts."""

from __future__ import annotations

import numpy as np

from absengine.loaders.beside import split
from absengine.loaders.cells import RawColumn

FOUND = {"asset_id": 0, "balance": 1, "ip_no": 2}


def _split(*rows: str) -> tuple[list[int], list[int] | None, list[str]]:
    cells = [row.split(",") for row in rows]
    columns = [RawColumn.of(column) for column in zip(*cells, strict=True)]
    parts = split(columns, np.ones(len(rows), dtype=bool), FOUND, ["asset_id", "balance"], ["ip_no"])
    rights = None if parts.rights is None else parts.rights.tolist()
    return parts.contracts.tolist(), rights, [parts.columns[0][row] for row in range(len(rows))]


def test_split__empty_merged_and_repeated_cells() -> None:
    contracts, rights, keys = _split("A,1,P1", ",,P2", "B,2,P3", "B,2,P4", "B,,P5", "C,3,")
    assert contracts == [0, 2, 5]
    assert rights == [0, 1, 2, 3, 4]
    assert keys == ["A", "A", "B", "B", "B", "C"]


def test_split__an_amount_of_its_own_is_never_swallowed() -> None:
    assert _split("A,1,P1", ",2,P2")[0] == [0, 1]
    assert _split("A,1,P1", "A,2,P2")[0] == [0, 1]


def test_split__a_repeated_contract_without_a_right_is_left_to_the_duplicate_check() -> None:
    assert _split("A,1,P1", "A,1,")[0] == [0, 1]


def test_split__a_first_row_without_identifier_has_no_contract_above() -> None:
    assert _split(",,P1", "A,1,P2")[0] == [0, 1]


def test_split__rows_left_out_are_not_contracts_above() -> None:
    columns = [RawColumn.of(column) for column in (["A", "total", ""], ["1", "1", ""], ["P1", "", "P2"])]
    parts = split(columns, np.array([True, False, True]), FOUND, ["asset_id", "balance"], ["ip_no"])
    assert parts.contracts.tolist() == [0]
    assert [parts.columns[0][row] for row in (0, 2)] == ["A", "A"]


def test_split__a_table_without_rights() -> None:
    columns = [RawColumn.of(["A", "B"]), RawColumn.of(["1", "2"])]
    parts = split(columns, np.ones(2, dtype=bool), {"asset_id": 0, "balance": 1}, ["asset_id", "balance"], ["ip_no"])
    assert parts.rights is None and parts.contracts.tolist() == [0, 1]
