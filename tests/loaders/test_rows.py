"""Totals, blank rows, repeated headers and remarks are told from assets."""

from __future__ import annotations

import numpy as np
import pytest

from absengine.loaders.cells import Body, RawColumn
from absengine.loaders.rows import assets

HEADERS = ["编号", "名称", "余额"]


def _why(*cells: str) -> str:
    rows = [("1", "甲", "5"), (*cells, *[""] * (3 - len(cells)))]
    columns = [RawColumn.of(column) for column in zip(*rows, strict=True)]
    keep, dropped = assets(Body(columns, np.array([2, 3], dtype=np.int32)), HEADERS, 0)
    assert keep[0]
    assert keep[1] == (not dropped)
    return dropped[0].why if dropped else ""


@pytest.mark.parametrize(
    "text", ["合计", "合 计", "总计：", "合计（12笔）", "本页合计", "Total", "grand total", "汇总", "累计"]
)
def test_assets__totals(text: str) -> None:
    assert _why(text, "", "5") == "total"
    assert _why("", text, "5") == "total"


@pytest.mark.parametrize("text", ["小计", "小计：", "Subtotal", "sub-total"])
def test_assets__subtotals(text: str) -> None:
    assert _why(text, "", "5") == "subtotal"


@pytest.mark.parametrize("text", ["合计科技有限公司", "总计", "总额管理公司"])
def test_assets__a_name_behind_an_identifier_is_no_total(text: str) -> None:
    assert _why("2", text, "5") == ""


@pytest.mark.parametrize("text", ["注：截至封包日", "制表人：张三", "数据来源：受托人", "Source: trustee"])
def test_assets__remarks(text: str) -> None:
    assert _why(text) == "remark"
    assert _why("", text) == "remark"


def test_assets__a_row_with_nothing_but_an_identifier_is_kept_to_be_refused() -> None:
    assert _why("2") == ""


def test_assets__repeated_header_and_blank() -> None:
    assert _why(*HEADERS) == "repeated header"
    assert _why("", "", "") == "blank"
