"""The synonym table is sound, and headers are read by their words."""

from __future__ import annotations

import tomllib
from collections import Counter
from importlib import resources

import pytest

from absengine.loaders.fields import (
    Vocabulary,
    field,
    fields_of,
    header_unit,
    normal,
    stated_unit,
    tables,
    units,
)


def _everything() -> Vocabulary:
    names = dict.fromkeys([*tables()["contract"], *tables()["right"]])
    return Vocabulary([field(name) for name in names])


NAMES = sorted({name for names in tables().values() for name in names})


def test_fields_of__every_table_names_known_fields_and_every_field_has_a_table() -> None:
    data = tomllib.loads(resources.files("absengine.loaders").joinpath("fields.toml").read_text(encoding="utf-8"))
    assert sorted(data["field"]) == NAMES


@pytest.mark.parametrize(
    "group",
    [
        ("contract", "right"), ("contract", "licence", "right"), ("contract", "trust", "right"),
        ("receivable", "right"), ("bill", "right"), ("plan",), ("licence_plan",), ("collections",),
    ],
)  # fmt: skip
def test_fields_of__no_two_fields_of_a_tape_share_a_name(group: tuple[str, ...]) -> None:
    names = dict.fromkeys(name for table in group for name in tables()[table])
    words = Counter(
        word for name in names for word in {normal(text) for text in (*field(name).also, field(name).zh, name)}
    )
    assert [word for word, count in words.items() if count > 1] == []


def test_field__each_speaks_two_languages_and_codes_keep_their_own_word() -> None:
    for item in map(field, NAMES):
        assert item.en and item.doc and item.zh, item.name
        assert item.type != "code" or set(item.words.values()) <= {item.words[normal(word)] for word in item.words}


def test_fields_of__an_unknown_required_field_is_an_error() -> None:
    with pytest.raises(KeyError, match="nonsense"):
        fields_of("contract", ["nonsense"])


@pytest.mark.parametrize(
    ("header", "name", "unit"),
    [
        ("未偿本金余额（万元）", "balance", 4),
        ("未偿本金余额(单位：亿元)", "balance", 8),
        ("* 未偿本金\n余额", "balance", None),
        ("贷款余额/万元", "balance", 4),
        ("余额_元", "balance", 0),
        ("租赁利率", "rate", None),
        ("年利率(%)", "rate", -2),
        ("年利率％", "rate", -2),
        ("执行利率", "rate", None),
        ("利差(BP)", "spread", -4),
        ("借款人/承租人", "obligor", None),
        ("资产编号/Asset ID", "asset_id", None),
        ("到期日期", "maturity_date", None),
        ("ASSET_ID", "asset_id", None),
        ("未偿本金余额（截至2026-03-31）", "balance", None),
        ("剩余期数（期）", "remaining_terms", 0),
        ("专利号/登记号", "ip_no", None),
        ("remaining_terms", "remaining_terms", None),
        ("Outstanding Principal (CNY)", "balance", 0),
        ("repayment_method", "amort_type", None),
        ("Obligor Name", "obligor", None),
    ],
)
def test_recognise__reads_a_header(header: str, name: str, unit: int | None) -> None:
    found = _everything().recognise(header)
    assert found is not None
    assert found.field.name == name
    assert (found.unit[1] if found.unit else None) == unit


@pytest.mark.parametrize("header", ["", "金额", "备注", "名称", "万元", "2026-03-31"])
def test_recognise__leaves_what_could_be_anything(header: str) -> None:
    assert _everything().recognise(header) is None


def test_recognise__the_users_map_comes_first() -> None:
    words = Vocabulary(fields_of("contract"), {"贷余": ("balance", "万元"), "利率": ("spread", "")})
    own = words.recognise("贷余")
    assert own is not None and own.field.name == "balance" and own.unit == ("万元", 4)
    other = words.recognise("利率")
    assert other is not None and other.field.name == "spread"


def test_header_unit__a_word_that_is_no_unit_of_this_kind() -> None:
    assert header_unit("余额(%)", "money") is None
    assert header_unit("余额(万元)", "") is None


def test_stated_unit__finds_the_unit_of_a_title() -> None:
    assert stated_unit(["某某资产清单", "（金额单位：人民币万元）"]) == ("人民币万元", 4)
    assert stated_unit(["单位：户"]) is None


def test_units__powers_of_ten() -> None:
    assert units("money")["亿元"] == 8
    assert units("rate")["%"] == -2
