"""Each check finds its weakness, with its place, and says when it could not be made."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from absengine.loaders.fields import fields_of
from absengine.loaders.rights import read_pool_tape
from absengine.loaders.rights_checks import CHECKS, Finding, check_rights

HEADERS = [
    "资产编号",
    "借款人",
    "合同金额",
    "余额",
    "到期日",
    "专利号",
    "知识产权类型",
    "申请日",
    "届满日",
    "下次年费日",
    "评估值",
    "评估基准日",
    "质押率",
    "法律状态",
    "质押登记号",
]
SOUND = [
    "A1",
    "甲",
    "50",
    "40",
    "2027-01-15",
    "P1",
    "发明",
    "2018-03-04",
    "2038-03-04",
    "2027-03-04",
    "100",
    "2026-01-10",
    "40%",
    "有效",
    "Y1",
]
OTHER = [
    "A2",
    "乙",
    "50",
    "40",
    "2027-01-15",
    "P2",
    "发明",
    "2018-03-04",
    "2038-03-04",
    "2027-03-04",
    "100",
    "2026-01-10",
    "50%",
    "授权",
    "Y2",
]


@pytest.fixture
def found(tapes: ModuleType, tmp_path: Path) -> object:
    def find(as_of: str = "2026-03-31", drop: str = "", **change: str) -> tuple[list[Finding], list[str]]:
        first = [change.get(header, cell) for header, cell in zip(HEADERS, SOUND, strict=True)]
        keep = [place for place, header in enumerate(HEADERS) if header != drop]
        rows = [[row[place] for place in keep] for row in (HEADERS, first, OTHER)]
        path = tapes.write_csv(tmp_path / "t.csv", rows)
        fields = fields_of("contract", ("asset_id", "balance"))
        contracts, rights = read_pool_tape(path, kind="pledge_loan", fields=fields)
        return check_rights(rights, contracts, np.datetime64(as_of))

    return find


def test_check_rights__a_sound_pool_has_no_findings(found) -> None:  # type: ignore[no-untyped-def]
    assert found() == ([], [])


@pytest.mark.parametrize(
    ("check", "header", "text"),
    [
        ("expires-before-maturity", "届满日", "2027-01-14"),
        ("annuity-unpaid", "下次年费日", "2026-03-30"),
        ("pledge-unregistered", "质押登记号", "无"),
        ("appraisal-stale", "评估基准日", "2025-03-30"),
        ("not-in-force", "法律状态", "专利权终止"),
        ("pledged-twice", "专利号", "p.2"),
        ("term-disagrees", "届满日", "2037-03-04"),
        ("ltv-high", "评估值", "79"),
        ("ltv-disagrees", "质押率", "45%"),
    ],
)
def test_check_rights__finds(found, check: str, header: str, text: str) -> None:  # type: ignore[no-untyped-def]
    findings, left_out = found(**{header: text})
    assert left_out == []
    assert check in {finding.check for finding in findings}
    first = next(finding for finding in findings if finding.check == check)
    assert first.where.line == (3 if check == "pledged-twice" else 2)
    assert first.contract_id == ("A2" if check == "pledged-twice" else "A1")


@pytest.mark.parametrize(
    ("header", "text"),
    [
        ("届满日", "2038-03-20"), ("下次年费日", "2026-03-31"), ("评估基准日", "2025-03-31"), ("评估值", "80"),
        ("质押率", "50%"), ("专利号", "P22"),
    ],
)  # fmt: skip
def test_check_rights__leaves_the_limit_itself_alone(found, header: str, text: str) -> None:  # type: ignore[no-untyped-def]
    findings, _ = found(**{header: text})
    assert {finding.check for finding in findings} <= {"ltv-disagrees"}


def test_check_rights__a_lapse_is_told_after_six_months_of_grace(found) -> None:  # type: ignore[no-untyped-def]
    within, _ = found(下次年费日="2025-10-01")
    after, _ = found(下次年费日="2025-09-29")
    assert "within six months" in within[0].found
    assert "lapses" in after[0].found


def test_check_rights__a_contract_without_a_right(found) -> None:  # type: ignore[no-untyped-def]
    gone = dict.fromkeys(HEADERS[5:], "")
    findings, _ = found(**gone)
    assert [(finding.check, finding.contract_id) for finding in findings] == [("unsecured", "A1")]


def test_check_rights__says_what_it_could_not_check(found) -> None:  # type: ignore[no-untyped-def]
    assert found(drop="质押登记号")[1] == ["pledge-unregistered: no column pledge_reg_no"]
    assert found(as_of="NaT")[1] == [
        "annuity-unpaid: the day of the check is unknown", "appraisal-stale: the day of the check is unknown",
    ]  # fmt: skip


def test_checks__each_has_both_languages_and_a_code_of_its_own() -> None:
    assert len({check.code for check in CHECKS}) == len(CHECKS)
    assert all(check.en and check.zh and check.needs for check in CHECKS)


LICENCE = ["资产编号", "被许可人", "许可方式", "备案号", "权利丧失后许可费", "专利号"]


@pytest.fixture
def licences(tapes: ModuleType, tmp_path: Path) -> object:
    def find(*rows: list[str], drop: str = "") -> tuple[list[tuple[str, str, int | None]], list[str]]:
        keep = [place for place, header in enumerate(LICENCE) if header != drop]
        path = tapes.write_csv(tmp_path / "t.csv", [[row[place] for place in keep] for row in (LICENCE, *rows)])
        fields = (*fields_of("contract", ("asset_id",)), *fields_of("licence"))
        contracts, rights = read_pool_tape(path, kind="licensing", fields=fields)
        findings, left_out = check_rights(rights, contracts, np.datetime64("NaT"))
        own = ("licence-unfiled", "licensed-twice", "loss-of-right-unstated")
        told = [(item.check, item.contract_id, item.where.line) for item in findings if item.check in own]
        return told, [text for text in left_out if text.startswith(own)]

    return find


def test_check_rights__licences_filed_and_alone_have_no_findings(licences) -> None:  # type: ignore[no-untyped-def]
    assert licences(["A1", "甲", "独占", "B1", "照付", "P1"], ["A2", "乙", "普通", "B2", "停付", "P2"]) == ([], [])


def test_check_rights__licences_not_filed_not_alone_or_silent(licences) -> None:  # type: ignore[no-untyped-def]
    first, second = ["A1", "甲", "普通", "未备案", "照付", "P1"], ["A2", "乙", "排他", "B2", "", "P1"]
    assert licences(first, second)[0] == [
        ("licence-unfiled", "A1", 2), ("licensed-twice", "A2", 3), ("loss-of-right-unstated", "A2", 3),
    ]  # fmt: skip
    both_ordinary = ["A2", "乙", "普通", "B2", "照付", "P1"]
    assert licences(first, both_ordinary)[0] == [("licence-unfiled", "A1", 2)]


def test_check_rights__licences_are_checked_without_any_right(licences) -> None:  # type: ignore[no-untyped-def]
    row = ["A1", "甲", "独占", "", "照付", ""]
    assert licences(row, drop="专利号") == ([("licence-unfiled", "A1", 2)], [])
    assert licences(row, drop="备案号")[1] == ["licence-unfiled: no column filing_no"]
