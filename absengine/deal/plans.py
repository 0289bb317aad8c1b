"""Amortisation plans (固定摊还): dated amounts, in the deal or in a CSV beside it, laid on the deal's rows."""

from __future__ import annotations

import csv
import datetime as dt
import io
import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from absengine.calendars.business_days import calendar
from absengine.deal.findings import Findings
from absengine.deal.nouns import DealFile, PlanPrincipal, TargetPrincipal
from absengine.errors import Problems, Where
from absengine.language.toml import Document, printable
from absengine.schema import Floats, Timeline

MAX_BYTES = 1_000_000
"""Size of a plan file; a plan has one short line for each payment date."""

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_ALLOWED = "a date and an amount, such as 2026-07-26,1000000"


@dataclass(frozen=True)
class Planned:
    """One row of a plan: principal [currency] on a date, and where that is written."""

    date: dt.date
    amount: float
    where: Where


def read_plans(
    deal: DealFile, document: Document, folder: Path, timeline: Timeline, problems: Problems
) -> dict[str, Floats]:
    """Principal by row [currency] of each class with a plan; every problem of every plan is added."""
    plans = {}
    findings = Findings(document, problems)
    for name, tranche in deal.tranche.items():
        if not isinstance(tranche.principal, PlanPrincipal | TargetPrincipal):
            continue
        before, place = len(problems), ("tranche", name, "principal")
        rows = list(_rows(tranche.principal, folder, place, findings))
        if len(problems) == before and tranche.principal.kind == "target":
            rows = _declines(rows, tranche.face, problems)
        if len(problems) > before:
            continue
        plans[name] = _by_row(rows, deal, timeline, problems)
        if tranche.principal.kind == "target":
            continue
        total = math.fsum(row.amount for row in rows)
        if len(problems) == before and abs(total - tranche.face) > max(deal.deal.money.unit / 2, 1e-9 * tranche.face):
            findings.add("plan-not-face", place, f"a plan of {total:,.2f} for class {name} of {tranche.face:,.2f}",
                         "amounts that add up to the face", "correct the plan or the face")  # fmt: skip
    return plans


def _declines(rows: list[Planned], face: float, problems: Problems) -> list[Planned]:
    """Target balances as the principal they ask for: each below the one before, the first below the face."""
    before, declines = Planned(dt.date.min, face, Where()), []
    for row in rows:
        if row.date <= before.date:
            problems.add("target-order", row.where, f"{row.date} after {before.date}", "dates that rise",
                         "put them in order")  # fmt: skip
        if not 0 <= row.amount <= before.amount:
            found = f"a balance of {row.amount:,.2f} on {row.date} after {before.amount:,.2f}"
            problems.add("target-rises", row.where, found, "balances that fall from the face to 0 or more",
                         "correct the balance")  # fmt: skip
        declines.append(Planned(row.date, max(before.amount - row.amount, 0.0), row.where))
        before = row
    return declines


def _rows(
    plan: PlanPrincipal | TargetPrincipal, folder: Path, place: tuple[str, str, str], findings: Findings
) -> Iterator[Planned]:
    """Rows of a plan, from the deal itself or a CSV with columns date, amount (兑付日, 金额) or date, balance."""
    key, given = ("amounts", plan.amounts) if plan.kind == "plan" else ("balances", plan.balances)
    if (plan.file is None) == (not given):
        found = f"both a file and {key}" if given else f"neither a file nor {key}"
        findings.add("plan-source", place, found, f'file = "plan.csv" or {key} = [[2026-07-26, 1_000_000], …]')
    elif plan.file is None:
        for index, (date, amount) in enumerate(given):
            yield Planned(date, amount, findings.document.where((*place, key, index)))
    else:
        text = _text(folder / plan.file, (*place, "file"), findings)
        yield from _parsed(text, str(folder / plan.file), findings.problems.add) if text is not None else ()


def _text(path: Path, place: tuple[str, ...], findings: Findings) -> str | None:
    """The text of a plan file, or None with the problem added."""
    try:
        if not path.is_file():
            findings.add("plan-file-missing", place, f"no file '{printable(str(path.name))}' beside the deal",
                         "a CSV with lines of date and amount", "check the name")  # fmt: skip
            return None
        with path.open("rb") as stream:
            raw = stream.read(MAX_BYTES + 1)
    except (OSError, ValueError) as cause:
        findings.add("plan-file-unreadable", place, str(cause), "a file that can be read", "check the path")
        return None
    if len(raw) > MAX_BYTES:
        findings.add("plan-file-too-large", place, "more than 1 MB", "one short line for each payment date",
                     "check that this is the plan")  # fmt: skip
        return None
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as cause:
        where = Where(str(path), raw.count(b"\n", 0, cause.start) + 1)
        findings.problems.add("plan-not-utf8", where, f"the byte 0x{raw[cause.start]:02x}", "text in UTF-8",
                              "save the file as UTF-8")  # fmt: skip
        return None


def _parsed(text: str, file: str, add: Callable[..., None]) -> Iterator[Planned]:
    """Rows of a plan file; a first line without digits is its header, empty lines are passed over."""
    count = 0
    reader = csv.reader(io.StringIO(text, newline=""))
    while True:
        try:
            cells = next(reader, None)
        except csv.Error as cause:
            add("plan-row", Where(file, reader.line_num), str(cause), _ALLOWED, "correct the line")
            return
        if cells is None:
            break
        line = ",".join(cells)
        if not line.strip(" ,") or (reader.line_num == 1 and not re.search(r"\d", line)):
            continue
        count += 1
        where = Where(file, reader.line_num)
        row = _row(cells, where)
        if row is None:
            add("plan-row", where, f"'{printable(line[:60])}'", _ALLOWED, "correct the line")
        else:
            yield row
    if not count:
        add("plan-row", Where(file), "no rows", _ALLOWED, "add a line for each payment date of the plan")


def _row(cells: list[str], where: Where) -> Planned | None:
    if len(cells) < 2 or any(cell.strip() for cell in cells[2:]) or not _DATE.fullmatch(cells[0].strip()):
        return None
    try:
        amount = float(cells[1].replace(",", ""))
        return Planned(dt.date.fromisoformat(cells[0].strip()), amount, where) if math.isfinite(amount) else None
    except ValueError:
        return None


def payment_row(date: dt.date, deal: DealFile, timeline: Timeline) -> int | None:
    """The row of a payment date, as scheduled or as moved over a holiday; None where nothing is paid then."""
    planned, rule = np.datetime64(date, "D"), deal.dates.payment
    paying = np.flatnonzero(timeline.pays[0])
    dates = timeline.pay_date[paying]
    moved = planned if planned in dates else calendar(rule.calendar).roll(planned, rule.roll)
    return int(paying[np.searchsorted(dates, moved)]) if moved in dates else None


def _by_row(plan: list[Planned], deal: DealFile, timeline: Timeline, problems: Problems) -> Floats:
    """Plan amounts on the rows of their payment dates."""
    amounts = np.zeros(timeline.rows)
    dates = timeline.pay_date[timeline.pays[0]]
    final = max(timeline.legal_final, dates[-1])
    for row in plan:
        planned, found = np.datetime64(row.date, "D"), f"{row.amount:,.2f} on {row.date}"
        if row.amount < 0:
            problems.add("plan-amount-negative", row.where, found, "0 or more", "correct the amount")
        elif not timeline.closing < planned <= final:
            problems.add("plan-date", row.where, found, f"payment dates after closing {timeline.closing} and up to "
                         f"legal final {timeline.legal_final}", "correct the date")  # fmt: skip
        elif (at := payment_row(row.date, deal, timeline)) is None:
            near = dates[np.argmin(np.abs((dates - planned).astype(int)))]
            problems.add("plan-date", row.where, found, "payment dates of the deal", f"the nearest is {near}")
        else:
            amounts[at] += row.amount
    return amounts
