"""The workbook read back by another library: order of sheets, figures, totals, and no live formula."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace

import openpyxl
import pytest

from absengine.report.workbook import DETAILED, detailed_lanes, workbook
from absengine.results.document import stress_document


def opened(content):
    return openpyxl.load_workbook(io.BytesIO(content))


def rows(sheet):
    return list(sheet.iter_rows(values_only=True))[2:]


def test_workbook__sheets_stand_in_the_agreed_order(worked, document):
    book = opened(workbook(worked.two_class(), document))
    assert book.sheetnames == [
        "Summary", "Assumptions", "Capital structure", "Pool", "Class A", "Class SUB", "Accounts", "Fees", "Triggers",
        "Checks", "Log",
    ]  # fmt: skip
    assert all(sheet.freeze_panes for sheet in book.worksheets)
    assert [cell.value for cell in book["Class A"][2]][:4] == ["情景", "日期", "天数", "期初余额"]


def test_workbook__class_sheet_ties_to_the_cent(worked, document):
    table = rows(opened(workbook(worked.two_class(), document))["Class A"])
    lane = table[4:8]  # the second scenario: three dates and a total
    assert [row[3] for row in lane[:3]] == [80.0, 50.0, 31.4]  # opening
    assert [row[9] for row in lane[:3]] == [30.0, 18.6, 27.03]  # principal paid
    assert [row[2] for row in lane[:3]] == [365, 365, 365]
    total = lane[3]
    assert total[1].startswith("total") and total[9] == pytest.approx(75.63) and total[6] == pytest.approx(8.07)
    assert lane[2][13] == 4.37 and total[13] is None
    assert [row[16] for row in lane[:3]] == [0.0, 3.4, 4.37]  # implied loss, in builder.py's figures


def test_workbook__checks_are_zeros(worked, document):
    table = rows(opened(workbook(worked.two_class(), document))["Checks"])
    assert len(table) == 7 and {row[2] for row in table} == {0}


def test_workbook__text_is_never_a_formula(worked):
    hostile = ("=1+1", '=HYPERLINK("http://x")', "@SUM(A1)")
    paths = replace(worked.two_class(), scenarios=hostile)
    document = stress_document(paths, twin=worked.two_class_twin(), pool_balance=100.0, contracts=12)
    content = workbook(paths, document, assumptions=[("+1", "-1", "=cmd|' /C calc'!A0")], log=["=2+2"])
    names = set()
    for sheet in opened(content).worksheets:
        for row in sheet.iter_rows():
            for cell in row:
                assert cell.data_type != "f" and cell.hyperlink is None
                names.add(cell.value)
    assert set(hostile) <= names
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        sheets = [name for name in parts.namelist() if name.startswith("xl/worksheets/")]
        assert sheets and not any(b"<f>" in parts.read(name) for name in sheets)


def test_workbook__equal_runs_give_equal_bytes(worked, document):
    assert workbook(worked.two_class(), document) == workbook(worked.two_class(), document)


@pytest.mark.parametrize("name", ["[a]:b*?/\\", "x" * 60, "Summary", "'quoted'", "档"])
def test_workbook__any_class_name_makes_a_sheet(worked, name):
    paths = worked.two_class()
    labels = replace(
        paths.labels,
        tranches=(replace(paths.labels.tranches[0], name=name), replace(paths.labels.tranches[1], name=f"{name}2")),
        items=tuple(item.replace("tranche.A.", f"tranche.{name}.") for item in paths.labels.items),
    )
    renamed = replace(paths, labels=labels)
    document = stress_document(renamed, pool_balance=100.0, contracts=12)
    assert len(opened(workbook(renamed, document)).sheetnames) == 11


def test_workbook__many_scenarios_keep_the_first_and_the_worst(worked):
    lanes = {f"s{index}": (worked.BASE, worked.BASE_POOL) for index in range(30)}
    lanes["worst"] = (worked.ALL_LOST, worked.ALL_LOST_POOL)
    paths = worked.paths_of(lanes)
    document = stress_document(paths, pool_balance=100.0, contracts=12)
    chosen = detailed_lanes(document)
    assert len(chosen) == DETAILED and chosen[0] == 0 and chosen[-1] == 30
    book = opened(workbook(paths, document))
    assert len(rows(book["Summary"])) == 62 and len(rows(book["Pool"])) == 4 * DETAILED
    assert rows(book["Log"])[-1][0] == "further scenarios, in the Parquet tables only: 25"


def test_workbook__structures_have_a_sheet_where_a_deal_has_them(worked, document):
    flows = {"hedge.swap.received": (2, 0, 1), "hedge.swap.unpaid": (0, 3, 0), "purchase.new.paid": (10, 0, 0),
             "deposit.returned.box": (0, 4, 0), "tranche.A.additional_paid": (0, 0, 0.5),
             "hedge.swap.notional": (80, 80, 80)}  # fmt: skip
    lane = {**worked.BASE, **flows}
    paths = worked.paths_of(dict.fromkeys(("base", "default", "all lost"), (lane, worked.BASE_POOL)))
    sheet = opened(workbook(paths, document))["Structures"]
    assert [cell.value for cell in sheet[1]] == [
        "scenario", "date", "swap received", "swap unpaid", "new price paid", "box deposits returned",
        "A additional interest paid",
    ]  # fmt: skip
    table = rows(sheet)[:4]
    assert [row[2:] for row in table[:3]] == [(2, 0, 10, 0, 0), (0, 3, 0, 4, 0), (1, 0, 0, 0, 0.5)]
    assert table[3][2:] == (3, None, 10, 4, 0.5)
