"""The header is found under titles, over two rows, and with the unit a title states."""

from __future__ import annotations

from absengine.loaders.cells import GridTable, Source
from absengine.loaders.fields import Vocabulary, fields_of
from absengine.loaders.header import Header, find_header


def _find(rows: list[list[str]], row: int | None = None) -> Header | None:
    width = max(map(len, rows))
    padded = [[*cells, *[""] * (width - len(cells))] for cells in rows]
    table = GridTable(Source("t", "xlsx"), padded, list(range(1, len(rows) + 1)))
    return find_header(table, Vocabulary([*fields_of("contract"), *fields_of("right")]), row)


def _names(header: Header) -> list[str | None]:
    return [item.field.name if item else None for item in header.found]


def test_find_header__under_titles_with_a_unit() -> None:
    header = _find([["某某资产清单"], [], ["单位：万元"], ["资产编号", "余额", "年利率"], ["1", "2", "3%"]])
    assert header is not None
    assert (header.line, header.first, header.title_unit) == (4, 4, ("万元", 4))
    assert _names(header) == ["asset_id", "balance", "rate"]


def test_find_header__two_rows_with_groups() -> None:
    header = _find(
        [
            ["借款人信息", "", "", "贷款金额（万元）", "", "保证人", ""],
            ["编号", "借款人", "行业", "合同金额", "未偿本金余额", "名称", "评级"],
            ["1", "甲", "软件", "1", "1", "某担保", "AAA"],
        ]
    )
    assert header is not None
    assert header.first == 2
    assert _names(header)[1:] == ["obligor", "industry", "original_balance", "balance", "guarantor", "guarantor_rating"]
    assert [item.unit[1] for item in header.found if item and item.field.type == "money" and item.unit] == [4, 4]


def test_find_header__two_rows_where_a_group_is_itself_a_known_name() -> None:
    header = _find([["资产编号", "质押知识产权", "", ""], ["", "专利号", "评估值", "申请日"], ["1", "Z", "2", ""]])
    assert header is not None
    assert _names(header) == ["asset_id", "ip_no", "appraisal_value", "filing_date"]


def test_find_header__a_title_right_above_is_no_group() -> None:
    header = _find([["某某资产清单"], ["资产编号", "余额"], ["001", "100"]])
    assert header is not None and header.texts == ["资产编号", "余额"]


def test_find_header__one_row_is_preferred_to_two_that_tell_no_more() -> None:
    header = _find([["资产编号", "余额"], ["001", "100"]])
    assert header is not None and header.first == 1


def test_find_header__a_fixed_row_is_taken_at_its_word() -> None:
    rows = [["资产编号", "余额", "年利率"], ["资产编号", "贷款余额", "备注"], ["1", "2", "3"]]
    header = _find(rows, row=2)
    assert header is not None and header.line == 2


def test_find_header__nothing_known() -> None:
    assert _find([["a", "b"], ["1", "2"]]) is None
