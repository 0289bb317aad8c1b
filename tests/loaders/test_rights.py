"""IP rights are found wherever they stand, linked to their contracts, and given the end of their legal term."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Literal

import numpy as np
import pytest

from absengine.errors import TapeError
from absengine.loaders.fields import fields_of
from absengine.loaders.rights import Rights, legal_expiry, lost_days, read_pool_tape, standing
from absengine.loaders.tape import Tape
from absengine.scenario import RightEvent
from absengine.schema import RIGHT_COLUMNS, Table

CONTRACTS = [
    ["资产编号", "合同编号", "借款人", "余额"],
    ["A1", "HT-1", "甲公司", "100"],
    ["A2", "HT-2", "乙公司", "200"],
]


def _read(path: Path, rights: Path | None = None, map_file: Path | None = None) -> tuple[Tape, Rights]:
    fields = fields_of("contract", ("asset_id", "balance"))
    return read_pool_tape(path, kind="pledge_loan", fields=fields, rights=rights, map_file=map_file)


def _pairs(rights: Rights) -> list[tuple[str, str]]:
    return list(zip(rights.table["right_id"].tolist(), rights.table["contract_id"].tolist(), strict=True))


def test_read_pool_tape__a_file_of_rights(tapes: ModuleType, tmp_path: Path) -> None:
    rows = [["专利号", "资产编号", "评估值（万元）"], ["P1", "A1", "3"], ["P2", "A2", "4"]]
    path = tapes.write_csv(tmp_path / "t.csv", CONTRACTS)
    _, rights = _read(path, tapes.write_csv(tmp_path / "r.csv", rows))
    assert _pairs(rights) == [("P1", "A1"), ("P2", "A2")]
    assert rights.table["appraisal_value"].tolist() == [30000.0, 40000.0]
    assert rights.where(1, "ip_no").line == 3


def test_read_pool_tape__a_sheet_of_the_same_workbook(tapes: ModuleType, tmp_path: Path) -> None:
    rows = [["登记号", "合同编号", "质押登记号"], ["P1", "HT-2", "Y1"]]
    path = tapes.write_xlsx(tmp_path / "t.xlsx", {"说明": [["x"]], "资产": CONTRACTS, "知产": rows})
    _, rights = _read(path)
    assert _pairs(rights) == [("P1", "A2")]


def test_read_pool_tape__a_sheet_and_headers_named_in_the_map(tapes: ModuleType, tmp_path: Path) -> None:
    path = tapes.write_xlsx(tmp_path / "t.xlsx", {"资产": CONTRACTS, "附": [["证", "资产编号"], ["P1", "A1"]]})
    own = tmp_path / "map.toml"
    own.write_text(
        'schema = "absengine.map/1"\n[rights]\nsheet = "附"\n[rights.columns]\n"证" = "ip_no"\n', encoding="utf-8"
    )
    _, rights = _read(path, map_file=own)
    assert _pairs(rights) == [("P1", "A1")]


def test_read_pool_tape__no_rights_at_all(tapes: ModuleType, tmp_path: Path) -> None:
    _, rights = _read(tapes.write_csv(tmp_path / "t.csv", CONTRACTS))
    assert len(rights) == 0


def test_rights_table__lists_in_a_cell_become_rights(tapes: ModuleType, tmp_path: Path) -> None:
    rows = [["专利号", "资产编号", "评估值"], ["P1、P2", "A1", "3"], ["P3", "A1；A2", "4"]]
    path = tapes.write_csv(tmp_path / "t.csv", CONTRACTS)
    _, rights = _read(path, tapes.write_csv(tmp_path / "r.csv", rows))
    assert _pairs(rights) == [("P1", "A1"), ("P2", "A1"), ("P3", "A1"), ("P3", "A2")]
    np.testing.assert_array_equal(rights.table["appraisal_value"], [3.0, np.nan, 4.0, 4.0])
    assert rights.notes == ("1 rights listed with another in one cell: the value stands on the first",)


def test_rights_table__an_owner_with_one_contract_is_a_link(tapes: ModuleType, tmp_path: Path) -> None:
    path = tapes.write_csv(tmp_path / "t.csv", CONTRACTS)
    _, rights = _read(path, tapes.write_csv(tmp_path / "r.csv", [["专利号", "权利人"], ["P1", "乙公司"]]))
    assert _pairs(rights) == [("P1", "A2")]


def test_rights_table__rights_without_a_contract_are_refused(tapes: ModuleType, tmp_path: Path) -> None:
    path = tapes.write_csv(tmp_path / "t.csv", CONTRACTS)
    rows = [["专利号", "资产编号", "权利人"], ["P1", "A9", ""], ["P2", "", "丙公司"]]
    with pytest.raises(TapeError) as refusal:
        _read(path, tapes.write_csv(tmp_path / "r.csv", rows))
    assert [problem.code for problem in refusal.value.problems] == [
        "right-of-unknown-contract", "right-without-contract",
    ]  # fmt: skip


def test_read_pool_tape__problems_of_both_files_are_told_at_once(tapes: ModuleType, tmp_path: Path) -> None:
    path = tapes.write_csv(tmp_path / "t.csv", [CONTRACTS[0], ["A1", "HT-1", "甲公司", "-1"]])
    rows = [["专利号", "资产编号", "申请日"], ["P1", "A1", "x"]]
    with pytest.raises(TapeError) as refusal:
        _read(path, tapes.write_csv(tmp_path / "r.csv", rows))
    assert [problem.code for problem in refusal.value.problems] == ["negative-balance", "bad-date"]


def test_legal_expiry__terms_of_the_law() -> None:
    kinds = np.array(["invention", "utility_model", "design", "design", "trademark", "software", ""], dtype=object)
    filing = np.array(["2018-02-28", "2018-03-04", "2021-05-31", "2021-06-01", "2015-01-01", "2015-01-01", "NaT"])
    grant = np.array(["2020-01-01", "NaT", "NaT", "NaT", "2016-07-07", "2016-07-07", "NaT"])
    expiry = legal_expiry(kinds, filing.astype("datetime64[D]"), grant.astype("datetime64[D]"))
    assert expiry.astype(str).tolist() == [
        "2038-02-28", "2028-03-04", "2031-05-31", "2036-06-01", "2026-07-07", "NaT", "NaT",
    ]  # fmt: skip


# Rights that end early -----------------------------------------------------------------------------------------------
def three_rights() -> Table:
    """Two rights of contract A, one of B; the first expires in 2030."""
    return Table.build(
        RIGHT_COLUMNS, 3, right_id=np.array(["R1", "R2", "R3"]), contract_id=np.array(["A", "A", "B"]),
        lost_on=np.array(["2030-05-01", "NaT", "NaT"], dtype="datetime64[D]"),
    )  # fmt: skip


def right_event(what: Literal["expire", "lapse", "invalidate"], who: str, on: str) -> RightEvent:
    return RightEvent(what, (who,), np.datetime64(on))


def test_lost_days__by_number_and_by_contract():
    """B's only right is invalid in 2027, A's two expire early in 2028: R1 is named twice, the earlier day counts."""
    events = [right_event("invalidate", "R3", "2027-01-15"), right_event("expire", "A", "2028-03-01"),
              right_event("expire", "R1", "2027-12-01")]  # fmt: skip
    days = lost_days([three_rights()], events)
    assert {number: str(day) for number, day in days.items()} == {
        "R1": "2027-12-01", "R2": "2028-03-01", "R3": "2027-01-15",
    }  # fmt: skip


def test_lost_days__a_missed_annuity_leaves_six_months():
    assert str(lost_days([three_rights()], [right_event("lapse", "R2", "2027-08-31")])["R2"]) == "2028-02-29"


def test_standing__own_end_counts_where_it_comes_first():
    lost = {"R1": np.datetime64("2031-01-01"), "R3": np.datetime64("2027-01-15")}
    assert [str(day) for day in standing(three_rights(), lost)["lost_on"]] == ["2030-05-01", "NaT", "2027-01-15"]
