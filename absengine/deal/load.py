"""deal.toml → Deal: read, translate, validate, check sense; every problem collected before one refusal."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from absengine.calendars.business_days import calendar
from absengine.calendars.fixings import IndexPath
from absengine.deal.aliases import ALIASES
from absengine.deal.checks import check_deal
from absengine.deal.nouns import DealFile, PaymentDates, PlanPrincipal
from absengine.deal.program import Compiled, compile_program
from absengine.deal.timeline import build_timeline
from absengine.errors import DealError, InputError, Problem, Problems, Where
from absengine.language.toml import Document, read
from absengine.language.validation import free_paths, validate
from absengine.schema import Floats, Timeline


@dataclass(frozen=True)
class Deal:
    """A validated deal: what was written, where, its rows, and each plan class's principal by row [currency]."""

    path: Path
    file: DealFile
    document: Document
    timeline: Timeline
    plans: dict[str, Floats]

    @property
    def name(self) -> str:
        return self.path.parent.name

    @property
    def folder(self) -> Path:
        return self.path.parent

    @property
    def entities(self) -> dict[str, tuple[str, ...]]:
        """Entity key → every name it answers to on a tape."""
        return {key: (entity.name, *entity.aliases) for key, entity in self.file.entity.items()}

    @property
    def indexes(self) -> dict[str, IndexPath]:
        """Reference rates of the deal as step functions of the date."""
        return {
            name: IndexPath(name, np.array([date for date, _ in index.path], dtype="datetime64[D]"),
                            np.array([rate for _, rate in index.path]))
            for name, index in self.file.index.items()
        }  # fmt: skip

    def pool_files(self) -> dict[str, Any]:
        """What the deal says of its pool: tape, kind, files beside it, defaults. DealError if it names none."""
        pool = self.file.pool
        if pool is None:
            todo = 'add [pool] tape = "tape.csv" kind = "pledge_loan"'
            raise DealError(Problem("no-pool", self.where(()), "no [pool]", "[pool] with tape and kind", todo))
        beside = {"rights": pool.rights, "plan": pool.plan, "map": pool.map}
        files = {name: None if file is None else self.folder / file for name, file in beside.items()}
        defaults = {name: str(value) for name, value in pool.defaults.items()}
        return {"tape": self.folder / pool.tape, "kind": pool.kind, **files, "defaults": defaults}

    def where(self, path: tuple[str | int, ...]) -> Where:
        return self.document.where(path)

    def compile(self, pool_balance: float) -> Compiled:
        """The program of this deal; ``pool_balance`` is principal at the cut-off dates [currency]."""
        return compile_program(self.file, self.timeline, self.plans, pool_balance, self.document.where)


def deal_path(path: Path) -> Path:
    """A deal folder or its deal.toml, as the file; DealError if there is none."""
    found = path / "deal.toml" if path.is_dir() else path
    if not found.is_file():
        allowed = "a deal folder holding deal.toml, or a deal file"
        raise DealError(Problem("no-deal", Where(str(path)), "no deal file here", allowed, "check the path"))
    return found


def load(path: Path) -> Deal:
    """Read a deal; DealError carries every problem with file, line and column."""
    file = deal_path(path)
    document = read(file, DealError).translated(ALIASES, DealError, free_paths(DealFile))
    problems = Problems()
    deal = validate(DealFile, document.data, document.where, problems)
    problems.refuse(DealError)
    assert deal is not None
    check_deal(deal, document, problems)
    problems.refuse(DealError)
    try:
        timeline = build_timeline(deal)
    except InputError as refused:
        raise DealError(
            Problem(p.code, document.where(("dates",)), p.found, p.allowed, p.todo) for p in refused.problems
        ) from None
    plans = _plans(deal, document, file.parent, timeline, problems)
    problems.refuse(DealError)
    return Deal(file, deal, document, timeline, plans)


def _plans(
    deal: DealFile, document: Document, folder: Path, timeline: Timeline, problems: Problems
) -> dict[str, Floats]:
    plans = {}
    for name, tranche in deal.tranche.items():
        if isinstance(tranche.principal, PlanPrincipal):
            where = document.where(("tranche", name, "principal"))
            rows = _plan_rows(tranche.principal, folder, where, problems)
            plans[name] = _by_row(rows, deal.dates.payment, timeline, where, problems)
            total = float(plans[name].sum())
            if rows and abs(total - tranche.face) > max(deal.deal.money.unit, 1e-9) / 2:
                problems.add("plan-not-face", where, f"a plan of {total:,.2f} for class {name} of {tranche.face:,.2f}",
                             "amounts that add up to the face", "correct the plan or the face")  # fmt: skip
    return plans


def _plan_rows(
    plan: PlanPrincipal, folder: Path, where: Where, problems: Problems
) -> list[tuple[np.datetime64, float]]:
    """Dated amounts of a plan, from the deal itself or a CSV with columns date, amount (兑付日, 金额)."""
    if (plan.file is None) == (not plan.amounts):
        problems.add("plan-source", where, "both or neither of file and amounts", "exactly one of them")
        return []
    if plan.file is None:
        return [(np.datetime64(date, "D"), amount) for date, amount in plan.amounts]
    path = folder / plan.file
    if not path.is_file():
        problems.add("plan-file-missing", where, f"no file {plan.file}", "a CSV beside the deal", "check the name")
        return []
    rows: list[tuple[np.datetime64, float]] = []
    try:
        lines = csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig")))
    except UnicodeDecodeError:
        problems.add("plan-not-utf8", Where(str(path)), "bytes that are not UTF-8", "UTF-8", "save the file as UTF-8")
        return []
    for number, line in enumerate(lines, start=1):
        try:
            rows.append((np.datetime64(line[0].strip(), "D"), float(line[1].replace(",", ""))))
        except (ValueError, IndexError):
            if number > 1:
                problems.add("plan-row", Where(str(path), number), ",".join(line), "a date (2026-07-26) and an amount")
    return rows


def _by_row(
    plan: list[tuple[np.datetime64, float]],
    rule: PaymentDates,
    timeline: Timeline,
    where: Where,
    problems: Problems,
) -> Floats:
    """Plan amounts on the rows whose payment date is the first at or after each planned date.

    A planned date moves over holidays as payment dates do, so it meets its own also where that moved back.
    """
    amounts = np.zeros(timeline.rows)
    paying = np.flatnonzero(timeline.pays[0])
    dates = calendar(rule.calendar).roll(np.array([date for date, _ in plan], dtype="datetime64[D]"), rule.roll)
    for date, (planned, amount) in zip(dates, plan, strict=True):
        at = np.searchsorted(timeline.pay_date[paying], date)
        if at >= len(paying) or amount < 0:
            problems.add("plan-date", where, f"{amount:,.2f} on {planned}", "non-negative amounts up to legal final")
        else:
            amounts[paying[at]] += amount
    return amounts
