"""Small tapes for the tests of this folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from absengine.errors import Problem, TapeError
from absengine.loaders.fields import fields_of
from absengine.loaders.tape import Tape, read_tape

REQUIRED = ("asset_id", "balance")
HEADERS = ["资产编号", "借款人", "合同金额", "未偿本金余额", "年利率", "还款方式", "放款日", "到期日"]
FIRST = ["001", "甲科技有限公司", "30000000", "30000000", "5%", "利随本清", "2026-01-15", "2027-01-15"]
SECOND = ["NA", "乙软件有限公司", "20000000", "18000000", "4.35%", "等额本金", "2025-06-20", "2027-06-20"]


def write_csv(path: Path, rows: Sequence[Sequence[str]], encoding: str = "utf-8") -> Path:
    """A CSV file; cells must not hold separators or quotes."""
    path.write_bytes("".join(",".join(row) + "\n" for row in rows).encode(encoding))
    return path


def write_xlsx(path: Path, sheets: Mapping[str, Sequence[Sequence[object]]], merged: Sequence[str] = ()) -> Path:
    """A workbook; ``merged`` ranges are merged on the first sheet."""
    import openpyxl

    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    for area in merged:
        book.worksheets[0].merge_cells(area)
    book.save(path)
    return path


def read(path: Path, **options: object) -> Tape:
    """Read contracts, with IP rights where they stand beside them."""
    fields = fields_of("contract", REQUIRED)
    return read_tape(path, kind="pledge_loan", fields=fields, beside=fields_of("right"), **options)  # type: ignore[arg-type]


def refusals(path: Path, **options: object) -> list[Problem]:
    """Problems of a tape that is refused; an AssertionError where it is not."""
    try:
        read(path, **options)
    except TapeError as error:
        return list(error.problems)
    raise AssertionError(f"{path} was not refused")
