"""The workbook of a run: values only, no macros, nothing that a spreadsheet could take for a formula.

Sheets in order: Summary, Assumptions, Capital structure, Pool, one per class, Accounts, Fees, Triggers, Checks, Log.
Headings are English with their Chinese twins below; amounts are in the currency's main unit, ready to be added up.
"""

from __future__ import annotations

import io
import math
import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any, Final

import numpy as np
import xlsxwriter

from absengine.report.structure_sheet import structure_columns
from absengine.report.table import events_cell
from absengine.results.books import Books
from absengine.results.coverage import coverage
from absengine.results.loss_curves import loss_curve
from absengine.schema import Floats, TrancheLabel, TranchePaths

CREATED: Final = datetime(2000, 1, 1)
"""Written into every workbook, so that equal runs give equal bytes."""
DETAILED: Final = 6
"""Scenarios shown period by period: the first and those that lose most. Parquet holds them all."""
SHEET_NAME: Final = 31
MONEY, DATE, RATE, RATIO, YEARS, COUNT, TEXT = "money", "date", "rate", "ratio", "years", "count", "text"
FORMATS: Final = {
    MONEY: "#,##0.00;[Red]-#,##0.00;0.00", DATE: "yyyy-mm-dd", RATE: "0.00%", RATIO: "0.00", YEARS: "0.00", COUNT: "0",
    TEXT: "@",
}  # fmt: skip

Heading = tuple[str, str, str]
"""English, Chinese, kind of the values."""


def _headings(lines: str) -> tuple[Heading, ...]:
    """Headings written one per line: English | Chinese | kind."""
    parts = (tuple(part.strip() for part in line.split("|")) for line in lines.strip().splitlines())
    return tuple((english, chinese, kind) for english, chinese, kind in parts)


SUMMARY: Final = _headings("""
    scenario | 情景 | text
    class | 档 | text
    interest paid | 已付利息 | money
    principal paid | 已付本金 | money
    residual paid | 剩余收益 | money
    interest shortfall, highest | 利息短缺峰值 | money
    principal shortfall, highest | 本金短缺峰值 | money
    principal loss | 本金损失 | money
    loss with interest | 损失合计 | money
    PV loss | 现值损失 | money
    WAL, years | 加权平均期限 | years
    yield | 收益率 | rate
    coverage, lowest | 最低覆盖倍数 | ratio
    coverage with carried cash, lowest | 最低覆盖倍数（含留存） | ratio
    total coverage | 总覆盖倍数 | ratio
    first breach | 首次短缺日 | date
    of | 短缺类型 | text
    paid off | 兑付完毕日 | date
    events | 事件 | text
""")
ASSUMPTIONS: Final = _headings("""
    term | 条款 | text
    value | 取值 | text
    source | 来源 | text
""")
CAPITAL: Final = _headings("""
    class | 档 | text
    label | 名称 | text
    group | 层级 | text
    face | 面值 | money
    share | 占比 | rate
    subordination | 次级支持 | rate
""")
PERIOD: Final = _headings("""
    scenario | 情景 | text
    date | 日期 | date
""")
POOL: Final = _headings("""
    opening | 期初余额 | money
    scheduled principal | 计划本金 | money
    interest | 利息 | money
    prepayment | 提前还款 | money
    fees | 费用 | money
    default | 违约 | money
    recovery | 回收 | money
    performing at close | 期末正常余额 | money
    cumulative default | 累计违约 | money
""")
TRANCHE: Final = _headings("""
    days | 天数 | count
    opening | 期初余额 | money
    coupon | 执行利率 | rate
    interest due | 应付利息 | money
    interest paid | 已付利息 | money
    interest shortfall | 利息短缺 | money
    principal due | 应付本金 | money
    principal paid | 已付本金 | money
    principal overdue | 逾期本金 | money
    residual paid | 剩余收益 | money
    write-down | 减记 | money
    closing | 期末余额 | money
    factor | 余额系数 | ratio
    coverage | 覆盖倍数 | ratio
    implied loss | 隐含损失 | money
    overdue | 逾期未付 | money
    realised loss | 已实现损失 | money
""")
EVENTS: Final = _headings("""
    scenario | 情景 | text
    date | 日期 | date
    kind | 类型 | text
    name | 名称 | text
    value | 数值 | ratio
    unit | 单位 | text
    place | 出处 | text
    what happened | 说明 | text
""")
CHECKS: Final = _headings("""
    check | 核对项 | text
    scenario | 情景 | text
    difference | 差额 | money
""")
LOG: Final = _headings("""
    entry | 记录 | text
""")


def workbook(
    paths: TranchePaths,
    document: dict[str, Any],
    *,
    assumptions: Sequence[tuple[str, str, str]] = (),
    log: Sequence[str] = (),
) -> bytes:
    """The whole workbook. ``assumptions`` holds (term, value, source or mark), ``log`` one line per entry."""
    buffer = io.BytesIO()
    options = {
        "in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False,
    }  # fmt: skip
    book = xlsxwriter.Workbook(buffer, options)
    book.set_properties({"created": CREATED, "title": document["deal"]["name"], "comments": document["schema"]})
    writer = _Writer(book)
    books, lanes = Books(paths), detailed_lanes(document)
    _summary(writer, document)
    writer.table("Assumptions", ASSUMPTIONS, assumptions)
    _capital(writer, document)
    _pool(writer, books, lanes)
    for label in paths.labels.tranches:
        _tranche(writer, books, label, lanes)
    _accounts(writer, books, lanes)
    _fees(writer, books, lanes)
    _structures(writer, books, lanes)
    _events(writer, document)
    _checks(writer, document)
    left = len(paths.scenarios) - len(lanes)
    note = [f"further scenarios, in the Parquet tables only: {left}"] if left > 0 else []
    writer.table("Log", LOG, [(line,) for line in (*log, *note)])
    book.close()
    return buffer.getvalue()


def detailed_lanes(document: dict[str, Any]) -> list[int]:
    """The first scenario and those whose classes lose most, in the order of the run."""
    losses = [sum(one["loss"] for one in scenario["tranches"]) for scenario in document["scenarios"]]
    worst = sorted(range(1, len(losses)), key=lambda lane: -losses[lane])[: DETAILED - 1]
    return [0, *sorted(worst)]


class _Writer:
    """Sheets of one table each: two heading rows, frozen, with widths and number formats by kind."""

    def __init__(self, book: Any) -> None:
        self.book = book
        self.formats = {kind: book.add_format({"num_format": form}) for kind, form in FORMATS.items()}
        self.totals = {
            kind: book.add_format({"num_format": form, "bold": True, "top": 1}) for kind, form in FORMATS.items()
        }
        self.head = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bg_color": "#e8edf3"})
        self.twin = book.add_format({"font_color": "#5f6368", "bottom": 1, "bg_color": "#e8edf3"})
        self.taken: set[str] = set()

    def table(self, name: str, headings: Sequence[Heading], rows: Iterable[Sequence[Any]], *, frozen: int = 1) -> None:
        """One sheet. A row whose first cell is :data:`TOTAL` is set off as a total."""
        sheet = self.book.add_worksheet(self._sheet_name(name))
        for column, (english, chinese, kind) in enumerate(headings):
            sheet.write_string(0, column, english, self.head)
            sheet.write_string(1, column, chinese, self.twin)
            sheet.set_column(column, column, {TEXT: 22, MONEY: 18}.get(kind, 12))
        sheet.freeze_panes(2, frozen)
        for line, row in enumerate(rows, start=2):
            formats = self.totals if len(row) > 1 and row[1] == TOTAL else self.formats
            for column, (value, (_, _, kind)) in enumerate(zip(row, headings, strict=True)):
                _write(sheet, line, column, value, formats[kind], formats[TEXT])

    def _sheet_name(self, name: str) -> str:
        """A name every spreadsheet accepts, unlike any other in the book."""
        plain = re.sub(r"[\[\]:*?/\\']", "-", name)[:SHEET_NAME]
        unique, number = plain, 2
        while unique.lower() in self.taken:
            unique = f"{plain[: SHEET_NAME - 4]} ({number})"
            number += 1
        self.taken.add(unique.lower())
        return unique


TOTAL: Final = "total 合计"


def _write(sheet: Any, line: int, column: int, value: Any, form: Any, text: Any) -> None:
    """One cell by the type of its value; what does not exist stays blank."""
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        sheet.write_blank(line, column, None, form)
    elif isinstance(value, bool):
        sheet.write_string(line, column, "yes" if value else "no", text)
    elif isinstance(value, str):
        sheet.write_string(line, column, value, text)
    elif isinstance(value, date):
        sheet.write_datetime(line, column, value, form)
    else:
        sheet.write_number(line, column, float(value), form)


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def _summary(writer: _Writer, document: dict[str, Any]) -> None:
    rows = [
        (
            scenario["name"], one["name"], one["interest_paid"], one["principal_paid"], one["residual_paid"],
            one["interest_shortfall_max"], one["principal_shortfall_max"], one["principal_loss"], one["loss"],
            one["pv_loss"], one["wal_years"], one["irr"], one["coverage_min"], one["coverage_carried_min"],
            one["coverage_total"], _day(one["first_breach"]), one["first_breach_kind"], _day(one["paid_off"]),
            events_cell(scenario, one),
        )
        for scenario in document["scenarios"]
        for one in scenario["tranches"]
    ]  # fmt: skip
    writer.table("Summary", SUMMARY, rows, frozen=2)


def _capital(writer: _Writer, document: dict[str, Any]) -> None:
    """Classes from the most senior down, with what stands below each."""
    classes = document["deal"]["tranches"]
    whole = sum(one["face"] for one in classes) or 1.0
    groups = list(dict.fromkeys(one["class"] for one in classes))
    rows: list[tuple[Any, ...]] = []
    for one in classes:
        below = sum(other["face"] for other in classes if groups.index(other["class"]) > groups.index(one["class"]))
        share = one["face"] / whole
        rows.append((one["name"], one["label"], one["class"], one["face"], share, below / whole))
    writer.table("Capital structure", CAPITAL, rows)


def _periods(
    books: Books, lanes: Sequence[int], columns: Sequence[Floats], totalled: Sequence[bool]
) -> list[tuple[Any, ...]]:
    """Rows of (scenario, date, columns…) with a totals row below each scenario; arrays are (row, lane)."""
    dates = [date.fromisoformat(text) for text in books.labels.pay_dates]
    rows: list[tuple[Any, ...]] = []
    for lane in lanes:
        name = books.paths.scenarios[lane]
        rows += [(name, day, *(float(one[row, lane]) for one in columns)) for row, day in enumerate(dates)]
        sums = (float(one[:, lane].sum()) if adds else None for one, adds in zip(columns, totalled, strict=True))
        rows.append((name, TOTAL, *sums))
    return rows


def _pool(writer: _Writer, books: Books, lanes: Sequence[int]) -> None:
    flows = [books.channel(name) for name in ("opening", "principal", "interest", "prepayment", "fee", "default")]
    columns = [*flows, books.recoveries, books.channel("performing"), np.cumsum(books.channel("default"), axis=0)]
    totalled = [False, True, True, True, True, True, True, False, False]
    writer.table(
        "Pool", (*PERIOD, *POOL), _periods(books, lanes, [books.currency(one) for one in columns], totalled), frozen=2
    )


def _tranche(writer: _Writer, books: Books, label: TrancheLabel, lanes: Sequence[int]) -> None:
    closing = np.array([books.labels.closing], dtype="datetime64[D]")
    days = np.diff(np.concatenate([closing, books.pay_dates])).astype(float)
    item = {part: books.tranche(label.name, part) for part in (
        "interest_due", "interest_paid", "interest_unpaid", "principal_due", "principal_paid", "principal_overdue",
        "residual_paid", "written_down", "balance",
    )}  # fmt: skip
    ratio = coverage(books, label).by_date if not label.residual else np.full((books.rows, books.lanes), np.nan)
    face = np.where(books.face(label) > 0, books.face(label), np.nan)
    losses = loss_curve(books, label)
    columns = [
        np.repeat(days[:, None], books.lanes, axis=1),
        books.currency(books.opening(label)),
        books.tranche(label.name, "coupon"),
        *(books.currency(values) for values in item.values()),
        item["balance"] / face,
        ratio,
        books.currency(losses.implied),
        books.currency(losses.overdue),
        books.currency(losses.realised),
    ]
    summed = {0, 4, 7, 9, 10}  # days, paid amounts and write-downs add up; dues carry what was unpaid before
    totalled = [index in summed for index in range(len(columns))]
    writer.table(f"Class {label.name}", (*PERIOD, *TRANCHE), _periods(books, lanes, columns, totalled), frozen=2)


def _accounts(writer: _Writer, books: Books, lanes: Sequence[int]) -> None:
    """Balances of accounts and ledgers, account interest, and the movements of supports."""
    labels = books.labels

    def headed(kind: str, name: str, part: str, english: str, chinese: str) -> tuple[str, str, str]:
        return f"{kind}.{name}.{part}", f"{name} {english}", labels.texts.get(f"{kind}.{name}", "") + chinese

    named = (
        [headed("account", name, "balance", "balance", "账户余额") for name in labels.accounts]
        + [headed("account", name, "interest", "interest", "账户利息") for name in labels.accounts]
        + [headed("ledger", name, "balance", "ledger", "台账") for name in labels.ledgers]
        + [headed("support", name, "called", "called", "启动金额") for name in labels.supports]
        + [headed("support", name, "drawn", "paid in", "到账金额") for name in labels.supports]
        + [headed("support", name, "repaid", "reimbursed", "已偿还") for name in labels.supports]
    )
    shown = [one for one in named if books.has(one[0])]
    headings: list[Heading] = [*PERIOD, *((english, chinese, MONEY) for _, english, chinese in shown)]
    columns = [books.currency(books.item(item)) for item, _, _ in shown]
    totalled = [item.endswith((".interest", ".drawn", ".repaid")) for item, _, _ in shown]
    writer.table("Accounts", headings, _periods(books, lanes, columns, totalled), frozen=2)


def _structures(writer: _Writer, books: Books, lanes: Sequence[int]) -> None:
    """Hedges, purchases, sales, deposits, put and additional interest by date, where the deal has any."""
    shown = structure_columns(books)
    if shown:
        headings: list[Heading] = [*PERIOD, *((one.english, one.chinese, MONEY) for one in shown)]
        columns = [books.currency(books.item(one.item)) for one in shown]
        totalled = [one.adds for one in shown]
        writer.table("Structures", headings, _periods(books, lanes, columns, totalled), frozen=2)


def _fees(writer: _Writer, books: Books, lanes: Sequence[int]) -> None:
    """Taxes and fees: due, paid and still unpaid on each date."""
    labels = books.labels
    words = (
        ("due", "应付"),
        ("paid", "已付"),
        ("unpaid", "未付"),
        ("over_cap_paid", "超限已付"),
        ("over_cap_unpaid", "超限未付"),
    )
    groups = [f"tax.{name}" for name in labels.taxes] + [f"fee.{name}" for name in labels.fees]
    shown = [
        (f"{group}.{part}", part, labels.texts.get(group, "") + chinese)
        for group in groups
        for part, chinese in words
        if books.has(f"{group}.{part}")
    ]
    headings: list[Heading] = [
        *PERIOD,
        *((f"{item.split('.')[1]} {part.replace('_', ' ')}", chinese, MONEY) for item, part, chinese in shown),
    ]
    columns = [books.currency(books.item(item)) for item, _, _ in shown]
    totalled = [part in {"paid", "over_cap_paid"} for _, part, _ in shown]
    writer.table("Fees", headings, _periods(books, lanes, columns, totalled), frozen=2)


def _events(writer: _Writer, document: dict[str, Any]) -> None:
    """Every dated event of every scenario, triggers among them, with value and place."""
    rows = [
        (scenario["name"], _day(one["date"]), *(one[key] for key in ("kind", "name", "value", "unit", "place", "text")))
        for scenario in document["scenarios"]
        for one in scenario["events"]
    ]
    writer.table("Triggers", EVENTS, rows, frozen=2)


def _checks(writer: _Writer, document: dict[str, Any]) -> None:
    """Zeros in a sound run: counts of breaks, and per scenario what the layer lines leave unexplained."""
    words = {
        "cash_breaks": "rows whose sources and uses of cash differ",
        "balance_breaks": "rows where a class does not roll forward",
        "negative_accounts": "rows with an account below zero",
        "layer_breaks": "scenarios whose layer lines do not add up",
    }
    rows: list[tuple[Any, ...]] = [
        (words.get(name, name), "all 全部", float(count)) for name, count in document["checks"].items()
    ]
    rows += [
        ("pool lost less layer lines", scenario["name"], scenario["layers"]["difference"])
        for scenario in document["scenarios"]
        if scenario["layers"]
    ]
    writer.table("Checks", CHECKS, rows)
