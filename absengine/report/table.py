"""The stress table as plain text cells: classes × scenarios, ready for a terminal, a pipe or a page."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal

from absengine.report.words import MoneyUnit, money_unit

NONE = "–"


@dataclass(frozen=True, slots=True)
class TableColumn:
    """One column: its heading, and the side its cells lean to."""

    title: str
    align: Literal["left", "right"]


def stress_table(document: dict[str, Any]) -> tuple[tuple[TableColumn, ...], list[tuple[str, ...]]]:
    """Columns and rows of a stress document, one row per class and scenario; the scenario is named on its first row."""
    unit = stress_unit(document)
    residual = any(one["residual"] for scenario in document["scenarios"] for one in scenario["tranches"])
    columns = [TableColumn("scenario 情景", "left"), TableColumn("class 档", "left")]
    money = ["interest paid 利息", "principal paid 本金", *(["residual 剩余"] if residual else [])]
    money += ["interest short 利息短缺", "principal short 本金短缺", "loss 损失"]
    columns += [TableColumn(title, "right") for title in money]
    columns += [TableColumn(title, "right") for title in ("WAL y", "yield 收益率", "coverage 覆盖")]
    columns += [TableColumn("first breach 首次短缺", "left"), TableColumn("events 事件", "left")]
    rows = []
    for scenario in document["scenarios"]:
        for index, one in enumerate(scenario["tranches"]):
            name = scenario["name"] if index == 0 else ""
            rows.append((name, *_cells(scenario, one, unit, residual)))
    return tuple(columns), rows


def stress_unit(document: dict[str, Any]) -> MoneyUnit:
    """The unit all money of the table is shown in."""
    return money_unit(document["deal"]["currency"], max(one["face"] for one in document["deal"]["tranches"]), "zh")


def _cells(scenario: dict[str, Any], one: dict[str, Any], unit: MoneyUnit, residual: bool) -> tuple[str, ...]:
    owed = "" if one["residual"] else None
    cells = [one["name"], unit.show(one["interest_paid"]), unit.show(one["principal_paid"])]
    if residual:
        cells.append(unit.show(one["residual_paid"]) if one["residual"] else "")
    cells += [
        unit.show(one["interest_shortfall_max"]) if owed is None else owed,
        unit.show(one["principal_shortfall_max"]) if owed is None else owed,
        unit.show(one["loss"]),
        _number(one["wal_years"], "{:.2f}"),
        _number(one["irr"], "{:.2%}"),
        _number(one["coverage_min"], "{:.2f}×"),
        one["first_breach"] or NONE,
        events_cell(scenario, one),
    ]
    return tuple(cells)


def _number(value: float | None, form: str) -> str:
    if value is None:
        return NONE
    text = form.format(value)
    return text.removeprefix("-") if not re.search("[1-9]", text) else text


def events_cell(scenario: dict[str, Any], one: dict[str, Any]) -> str:
    """First call of each support behind the class, and first firing of each trigger, with dates."""
    if one["residual"]:
        return ""
    first: dict[str, str] = {}
    for event in scenario["events"]:
        called = event["kind"] == "support_call" and one["first_support_call"] is not None
        if called or event["kind"] == "trigger":
            first.setdefault(event["name"], event["date"])
    return ", ".join(f"{name} {date}" for name, date in first.items()) or NONE
