"""deal.toml → Deal: read, translate, validate, check sense; every problem collected before one refusal."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from absengine.calendars.fixings import IndexPath
from absengine.deal.aliases import ALIASES
from absengine.deal.checks import check_deal
from absengine.deal.date_checks import check_rows
from absengine.deal.findings import Findings
from absengine.deal.nouns import DealFile, Pool
from absengine.deal.plans import read_plans
from absengine.deal.program import Compiled, compile_program
from absengine.deal.salvage import errors_of_sense
from absengine.deal.timeline import build_timeline
from absengine.errors import DealError, InputError, Problem, Problems, Where
from absengine.language.toml import Document, read
from absengine.language.validation import free_paths, validate
from absengine.schema import SUPPORTERS, Floats, PurchaseTerms, Timeline


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
    def groups(self) -> dict[str, tuple[str, ...]]:
        """Group key → keys of the entities that fail with it; every deal has one of who provides its supports."""
        groups = {key: group.members for key, group in self.file.group.items()}
        return groups | {SUPPORTERS: tuple(support.provider for support in self.file.support.values())}

    @property
    def indexes(self) -> dict[str, IndexPath]:
        """Reference rates of the deal as step functions of the date."""
        return {
            name: IndexPath(name, np.array([date for date, _ in index.path], dtype="datetime64[D]"),
                            np.array([rate for _, rate in index.path]))
            for name, index in self.file.index.items()
        }  # fmt: skip

    @property
    def purchases(self) -> dict[str, PurchaseTerms]:
        """What scenarios ask of contracts bought later."""
        return {
            name: PurchaseTerms(terms.kind, terms.pool or "", terms.every.months)
            for name, terms in self.file.purchase.items()
        }

    def pool_files(self) -> list[dict[str, Any]]:
        """What the deal says of each tape of its pool: tape, kind, files beside it, defaults. DealError without any."""
        if not self.file.pools:
            todo = 'add [pool] tape = "tape.csv" kind = "pledge_loan"'
            raise DealError(Problem("no-pool", self.where(()), "no [pool]", "[pool] with tape and kind", todo))
        return [self._files(number, pool) for number, pool in enumerate(self.file.pools)]

    def _files(self, number: int, pool: Pool) -> dict[str, Any]:
        beside = {"rights": pool.rights, "plan": pool.plan, "map": pool.map}
        files = {name: None if file is None else self.folder / file for name, file in beside.items()}
        defaults = {} if pool.name is None else {"pool": pool.name}
        defaults |= {name: str(value) for name, value in pool.defaults.items()}
        own = {"tape": self.folder / pool.tape, "kind": pool.kind, "currency": self.file.deal.currency}
        one_of_many = () if isinstance(self.file.pool, Pool) else (number,)
        own |= {"closed_period": self.file.dates.closed_period_interest}
        own |= {"where": self.where(("pool", *one_of_many, "kind"))}
        return own | files | {"defaults": defaults}

    def where(self, path: tuple[str | int, ...]) -> Where:
        """Place of a part of the deal file."""
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
    return assemble(file, read(file, DealError))


def assemble(file: Path, written: Document) -> Deal:
    """The deal of a text that stands, or would stand, in ``file``: files it names lie beside it."""
    document = written.translated(ALIASES, DealError, free_paths(DealFile))
    problems = Problems()
    deal = validate(DealFile, document.data, document.where, problems)
    if deal is None:
        problems.extend(errors_of_sense(document))
        raise DealError(problems)
    check_deal(deal, document, problems)
    problems.refuse(DealError)
    findings = Findings(document, problems)
    try:
        timeline = build_timeline(deal)
    except InputError as refused:
        findings.passed(("dates", "payment"), refused)
    problems.refuse(DealError)
    check_rows(deal, timeline, findings)
    problems.refuse(DealError)
    plans = read_plans(deal, document, file.parent, timeline, problems)
    problems.refuse(DealError)
    return Deal(file, deal, document, timeline, plans)
