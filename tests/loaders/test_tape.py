"""A tape is read whole or refused whole: text is kept, units are said, rows that are no assets are reported."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from absengine.errors import TapeError
from absengine.loaders.fields import fields_of
from absengine.loaders.tape import read_tape


@pytest.fixture
def sound(tapes: ModuleType) -> list[list[str]]:
    return [list(tapes.HEADERS), list(tapes.FIRST), list(tapes.SECOND)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_read_tape__types_every_column(
    tapes: ModuleType, sound: list[list[str]], tmp_path: Path, encoding: str
) -> None:
    tape = tapes.read(tapes.write_csv(tmp_path / "t.csv", sound, encoding))
    assert tape.column("asset_id").tolist() == ["001", "NA"]
    assert tape.column("balance").tolist() == [30e6, 18e6]
    assert tape.column("rate").tolist() == [0.05, 0.0435]
    assert tape.column("amort_type").tolist() == ["single", "even"]
    assert tape.column("maturity_date").tolist() == [np.datetime64(day).item() for day in ("2027-01-15", "2027-06-20")]
    assert tape.lines.tolist() == [2, 3]
    assert len(tape) == 2


def test_read_tape__a_column_that_is_not_there_is_missing(
    tapes: ModuleType, sound: list[list[str]], tmp_path: Path
) -> None:
    tape = tapes.read(tapes.write_csv(tmp_path / "t.csv", sound))
    assert not tape.has("deposit")
    assert np.isnan(tape.column("deposit")).all()
    assert np.isnat(tape.column("cutoff_date")).all()
    assert tape.column("guarantor").tolist() == ["", ""]


def test_read_tape__parquet_csv_and_workbook_say_the_same(
    tapes: ModuleType, sound: list[list[str]], tmp_path: Path
) -> None:
    import datetime

    import pyarrow as pa
    import pyarrow.parquet as pq

    csv = tapes.read(tapes.write_csv(tmp_path / "t.csv", sound))
    typed = [
        [
            datetime.date.fromisoformat(cell) if header.endswith("日") else cell
            for header, cell in zip(sound[0], row, strict=True)
        ]
        for row in sound[1:]
    ]
    typed[0][2:4] = [30e6, 30e6]
    typed[1][2:4] = [20e6, 18e6]
    book = tapes.read(tapes.write_xlsx(tmp_path / "t.xlsx", {"资产": [sound[0], *typed]}))
    table = pa.table({header: [row[place] for row in typed] for place, header in enumerate(sound[0])})
    pq.write_table(table, tmp_path / "t.parquet")
    parquet = tapes.read(tmp_path / "t.parquet")
    for other in (book, parquet):
        assert other.columns.keys() == csv.columns.keys()
        for name, values in csv.columns.items():
            np.testing.assert_array_equal(other.columns[name], values, err_msg=name)


def test_read_tape__what_is_no_asset_is_left_out_and_reported(
    tapes: ModuleType, sound: list[list[str]], tmp_path: Path
) -> None:
    blank = [""] * 8
    total = ["合计", "", "50000000", "47000000", "", "", "", ""]
    remark = ["注：本表由管理人编制", *blank[1:]]
    tape = tapes.read(tapes.write_csv(tmp_path / "t.csv", [*sound[:2], blank, sound[0], sound[2], total, remark]))
    assert len(tape) == 2
    assert [(row.line, row.why) for row in tape.report.dropped] == [
        (3, "blank"), (4, "repeated header"), (6, "total"), (7, "remark"),
    ]  # fmt: skip
    assert tape.report.warnings == [
        "line 6: the total of '未偿本金余额' is 47,000,000.00, its rows add to 48,000,000.00"
    ]


def test_read_tape__unknown_columns_are_kept_for_scoping(
    tapes: ModuleType, sound: list[list[str]], tmp_path: Path
) -> None:
    rows = [[*sound[0], "园区", "得分"], [*sound[1], "南山", "7.5"], [*sound[2], "龙华", "8"]]
    tape = tapes.read(tapes.write_csv(tmp_path / "t.csv", rows))
    assert tape.extras["园区"].tolist() == ["南山", "龙华"]
    assert tape.extras["得分"].tolist() == [7.5, 8.0]
    assert tape.report.extra == ["园区", "得分"]


def test_read_tape__defaults_fill_what_is_missing(tapes: ModuleType, sound: list[list[str]], tmp_path: Path) -> None:
    sound[1][4] = ""
    defaults = {"rate": "6%", "pool": "甲池"}
    tape = tapes.read(tapes.write_csv(tmp_path / "t.csv", sound), defaults=defaults)
    assert tape.column("rate").tolist() == [0.06, 0.0435]
    assert tape.column("pool").tolist() == ["甲池", "甲池"]
    assert [step.cells for column in tape.report.recognised for step in column.done if "filled" in step.what] == [1]


def test_read_tape__the_users_map(tapes: ModuleType, sound: list[list[str]], tmp_path: Path) -> None:
    sound[0][3] = "期末数"
    sound[1][3], sound[2][3] = "3000", "1800"
    own = tmp_path / "map.toml"
    own.write_text(
        'schema = "absengine.map/1"\n[columns]\n"期末数" = { field = "balance", unit = "万元" }\n'
        "[constants]\ncutoff_date = 2026-03-31\n",
        encoding="utf-8",
    )
    tape = tapes.read(tapes.write_csv(tmp_path / "t.csv", sound), map_file=own)
    assert tape.column("balance").tolist() == [30e6, 18e6]
    assert tape.column("cutoff_date").astype(str).tolist() == ["2026-03-31"] * 2


def test_read_tape__every_problem_is_told_with_its_place(
    tapes: ModuleType, sound: list[list[str]], tmp_path: Path
) -> None:
    sound[1][3], sound[1][7], sound[2][4] = "-1", "x", "4.35"
    problems = tapes.refusals(tapes.write_csv(tmp_path / "t.csv", sound))
    assert [(problem.code, problem.where.line, problem.where.column) for problem in problems] == [
        ("negative-balance", 2, "未偿本金余额"),
        ("bad-date", 2, "到期日"),
        ("rate-without-percent", 3, "年利率"),
    ]


def test_read_tape__a_thousand_bad_cells_are_listed_and_the_rest_counted(
    tapes: ModuleType, sound: list[list[str]], tmp_path: Path
) -> None:
    rows = [sound[0], *([f"A{row}", *sound[1][1:3], "-1", *sound[1][4:]] for row in range(1200))]
    problems = tapes.refusals(tapes.write_csv(tmp_path / "t.csv", rows))
    assert len(problems) == 1001
    assert "200 further cells" in problems[0].found


def test_read_tape__several_rights_per_contract(tapes: ModuleType, sound: list[list[str]], tmp_path: Path) -> None:
    blank = [""] * 8
    rows = [
        [*sound[0], "专利号", "知识产权类型"],
        [*sound[1], "P1", "发明"],
        [*blank, "P2", "外观设计"],
        [*sound[2], "P3", "发明"],
        [*sound[2], "P4", "发明"],
    ]
    tape = tapes.read(tapes.write_csv(tmp_path / "t.csv", rows))
    assert tape.column("asset_id").tolist() == ["001", "NA"]
    assert tape.beside is not None
    pairs = zip(tape.beside.column("asset_id").tolist(), tape.beside.column("ip_no").tolist(), strict=True)
    assert list(pairs) == [("001", "P1"), ("001", "P2"), ("NA", "P3"), ("NA", "P4")]
    assert tape.beside.lines.tolist() == [2, 3, 4, 5]


def test_read_tape__a_repeated_contract_that_says_something_else_is_refused(
    tapes: ModuleType, sound: list[list[str]], tmp_path: Path
) -> None:
    other = [*sound[1][:3], "1", *sound[1][4:]]
    rows = [[*sound[0], "专利号"], [*sound[1], "P1"], [*other, "P2"]]
    assert [problem.code for problem in tapes.refusals(tapes.write_csv(tmp_path / "t.csv", rows))] == [
        "duplicate-asset-id"
    ]


def test_read_tape__a_workbook_with_merged_cells(tapes: ModuleType, sound: list[list[str]], tmp_path: Path) -> None:
    rows = [
        ["某某资产清单"], ["单位：万元"],
        ["资产编号", "借款人", "余额", "利率(%)"], ["A1", "甲", 3000, 5], ["A2", None, 1800, 4.35],
        ["小计", None, 4800],
    ]  # fmt: skip
    path = tapes.write_xlsx(tmp_path / "t.xlsx", {"清单": rows, "说明": [["无关"]]}, merged=["A1:D1", "B4:B5"])
    tape = tapes.read(path)
    assert tape.column("obligor").tolist() == ["甲", "甲"]
    assert tape.column("balance").tolist() == [30e6, 18e6]
    assert tape.column("rate").tolist() == [0.05, 0.0435]
    assert tape.where(1, "balance").sheet == "清单"
    assert tape.where(1, "balance").line == 5
    assert [row.why for row in tape.report.dropped] == ["subtotal"]
    assert tape.report.warnings == []


@pytest.mark.parametrize("name", ["t.csv", "t.xlsx", "t.parquet"])
@given(data=st.data())
def test_read_tape__damaged_bytes_are_read_or_refused(
    tapes: ModuleType, tmp_path_factory: pytest.TempPathFactory, name: str, data: st.DataObject
) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    folder = tmp_path_factory.getbasetemp()
    whole = folder / f"whole-{name}"
    rows = [tapes.HEADERS, tapes.FIRST, tapes.SECOND]
    if not whole.exists() and name.endswith("csv"):
        tapes.write_csv(whole, rows)
    elif not whole.exists() and name.endswith("xlsx"):
        tapes.write_xlsx(whole, {"资产": rows})
    elif not whole.exists():
        pq.write_table(pa.table({header: list(cells) for header, *cells in zip(*rows, strict=True)}), whole)
    damaged = bytearray(whole.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    path = folder / name
    path.write_bytes(damaged[: data.draw(st.integers(1, len(damaged)))] if data.draw(st.booleans()) else damaged)
    try:
        tape = read_tape(path, kind="pledge_loan", fields=fields_of("contract"), beside=fields_of("right"))
    except TapeError as error:
        assert all(problem.where.file == str(path) and problem.found and problem.allowed for problem in error.problems)
    else:
        assert all(len(values) == len(tape) for values in tape.columns.values())
