"""IP rights (知识产权) of a pool: from a file or a sheet of their own, or from columns beside the contracts.

Every way ends in one table, :data:`absengine.schema.RIGHT_COLUMNS` with one row per right and contract it secures,
plus ``ip_name``, ``grant_date`` and ``ltv`` as stated. Where the end of the legal term is missing it is computed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from absengine.calendars.date_rules import add_months
from absengine.errors import Problems, ScenarioError, TapeError, Where
from absengine.language.toml import printable
from absengine.language.validation import did_you_mean, one_of
from absengine.loaders.fields import TapeField, Vocabulary, fields_of
from absengine.loaders.header import find_header
from absengine.loaders.reader import read_tables
from absengine.loaders.tape import Tape, read_tape
from absengine.loaders.tape_map import read_map
from absengine.scenario import RightEvent
from absengine.schema import RIGHT_COLUMNS, Dates, Ints, Table, Texts

_LIST = re.compile(r"[、;；,，\n]+")
_DESIGN_15_YEARS_FROM = np.datetime64("2021-06-01")
"""Design patents filed from this day last 15 years, earlier ones 10 (Patent Law of 2020, art. 42)."""


class _Term(NamedTuple):
    years: int
    counted_from: str


_TERMS: Mapping[str, _Term] = {
    "invention": _Term(20, "filing_date"),
    "utility_model": _Term(10, "filing_date"),
    "design": _Term(15, "filing_date"),
    "trademark": _Term(10, "grant_date"),
}
"""Legal terms: Patent Law art. 42; Trademark Law art. 39 (renewable). A copyright runs from first publication, which
tapes do not give: its end is never computed."""


@dataclass(frozen=True)
class Rights:
    """The table of rights, the tape each row came from, and what was done on the way.

    ``rows`` is the row of ``tape`` behind each right; both are None and empty for a pool without rights.
    ``computed`` marks rights whose expiry date was computed, ``stated`` holds the columns the tape had.
    """

    table: Table
    tape: Tape | None = None
    rows: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int32))
    computed: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, dtype=np.bool_))
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.table)

    def has(self, name: str) -> bool:
        """True where the tape of rights had the column."""
        return self.tape is not None and self.tape.has(name)

    def where(self, right: int, name: str) -> Where:
        """Place of a cell of a right."""
        return Where() if self.tape is None else self.tape.where(int(self.rows[right]), name)


def read_pool_tape(
    path: Path,
    *,
    kind: str,
    fields: Sequence[TapeField],
    rights: Path | None = None,
    map_file: Path | None = None,
    encoding: str | None = None,
    defaults: Mapping[str, str] | None = None,
) -> tuple[Tape, Rights]:
    """Read contracts and their IP rights: from ``rights``, else beside the contracts, else from another sheet.

    TapeError with every problem of both files; rights that name no contract of the tape are refused too.
    """
    wanted = fields_of("right", required=("ip_no",))

    def read_rights(file: Path, sheet: str | None = None) -> Tape:
        return read_tape(
            file, kind="right", fields=wanted, encoding=encoding, sheet=sheet, map_file=map_file, map_part="rights"
        )

    def read_contracts(beside: Sequence[TapeField]) -> Tape:
        return read_tape(
            path, kind=kind, fields=fields, map_file=map_file, encoding=encoding, defaults=defaults, beside=beside
        )

    if rights is not None:
        tape, found = _both(lambda: read_contracts(()), lambda: read_rights(rights))
        return tape, rights_table(found, tape)
    tape = read_contracts(fields_of("right"))
    if tape.beside is None:
        own = read_map(map_file, [item.name for item in wanted], "rights")
        sheet = own.sheet or _sheet_of_rights(path, tape, Vocabulary(wanted, own.columns))
        if sheet is not None:
            return tape, rights_table(read_rights(path, sheet), tape)
    return tape, rights_table(tape.beside, tape)


def _both(first: Callable[[], Tape], second: Callable[[], Tape]) -> tuple[Tape, Tape]:
    """Read two tapes; where either is refused, the problems of both are told at once."""
    problems = Problems()
    tapes: list[Tape] = []
    for read in (first, second):
        try:
            tapes.append(read())
        except TapeError as error:
            problems.extend(error.problems)
    problems.refuse(TapeError)
    return tapes[0], tapes[1]


def _sheet_of_rights(path: Path, tape: Tape, vocabulary: Vocabulary) -> str | None:
    """Another sheet of the workbook whose header names rights and the contract of each; None if there is none."""
    if not tape.report.other_sheets:
        return None
    for table in read_tables(path):
        header = find_header(table, vocabulary) if table.source.sheet in tape.report.other_sheets else None
        names = {item.field.name for item in header.found if item} if header else set()
        if "ip_no" in names and names & {"asset_id", "contract_no"}:
            return table.source.sheet
    return None


def rights_table(tape: Tape | None, contracts: Tape) -> Rights:
    """One row per right and contract; a cell that lists several numbers becomes several rights.

    The value of a package stands on its first right, the others have none. TapeError where a right cannot be linked.
    """
    if tape is None:
        return Rights(Table.build(RIGHT_COLUMNS, 0))
    rows, numbers, owners, first = _expanded(tape, contracts)
    given = {name: tape.column(name)[rows] for name in _COPIED}
    given["appraisal_value"] = np.where(first, given["appraisal_value"], np.nan)
    table = Table.build(
        RIGHT_COLUMNS,
        len(rows),
        right_id=np.array(numbers, dtype=object),
        contract_id=np.array(owners, dtype=object),
        **given,
    )
    legal = legal_expiry(table["ip_type"], table["filing_date"], table["grant_date"])
    computed = np.isnat(table["expiry_date"]) & ~np.isnat(legal)
    table.columns["expiry_date"] = np.where(computed, legal, table["expiry_date"])
    table.columns["lost_on"] = table["expiry_date"].copy()
    packages = int((~first).sum())
    notes = [f"the end of term of {computed.sum()} rights was computed from their dates"] if computed.any() else []
    notes += [f"{packages} rights listed with another in one cell: the value stands on the first"] if packages else []
    return Rights(table, tape, rows, computed, tuple(notes))


_COPIED = (
    "ip_type", "owner", "filing_date", "expiry_date", "next_annuity_date", "appraisal_value", "appraisal_date",
    "legal_status", "pledge_reg_no", "ip_name", "grant_date", "ltv",
)  # fmt: skip


def _expanded(tape: Tape, contracts: Tape) -> tuple[Ints, list[str], list[str], NDArray[np.bool_]]:
    """Row of the tape, number, contract, and whether it is the first of its cell, for every right."""
    problems = Problems()
    links = _Links(contracts)
    rows: list[int] = []
    numbers: list[str] = []
    owners: list[str] = []
    first: list[bool] = []
    for row, text in enumerate(tape.column("ip_no").tolist()):
        secured = links.of(tape, row, problems)
        for place, number in enumerate([part.strip() for part in _LIST.split(text) if part.strip()] or [""]):
            rows += [row] * len(secured)
            numbers += [number] * len(secured)
            owners += secured
            first += [place == 0] * len(secured)
    problems.refuse(TapeError)
    return np.array(rows, dtype=np.int32), numbers, owners, np.array(first, dtype=np.bool_)


class _Links:
    """Finds the contracts a right secures: by identifier, by contract number, else by a borrower with one contract."""

    def __init__(self, contracts: Tape) -> None:
        ids = contracts.column("asset_id").tolist()
        self.ids = set(ids)
        self.by_number = dict(zip(contracts.column("contract_no").tolist(), ids, strict=True))
        self.by_name: dict[str, list[str]] = {}
        for name, identifier in zip(contracts.column("obligor").tolist(), ids, strict=True):
            self.by_name.setdefault(name, []).append(identifier)

    def of(self, tape: Tape, row: int, problems: Problems) -> list[str]:
        """Contracts secured by the right on a row; an unknown one is a problem."""
        for name, known in (("asset_id", {key: key for key in self.ids}), ("contract_no", self.by_number)):
            text = str(tape.column(name)[row])
            if not text:
                continue
            parts = [text] if text in known else [part.strip() for part in _LIST.split(text) if part.strip()]
            for part in parts:
                if part not in known:
                    problems.add(
                        "right-of-unknown-contract", tape.where(row, name), f"'{printable(part)}'",
                        "a contract of the tape", did_you_mean(part, known),
                    )  # fmt: skip
            return [known[part] for part in parts if part in known]
        named = self.by_name.get(str(tape.column("owner")[row]), [])
        if len(named) == 1:
            return named
        problems.add(
            "right-without-contract", tape.where(row, "ip_no"), f"'{printable(str(tape.column('ip_no')[row]))}'",
            "资产编号 (asset_id) or 合同编号 (contract_no) of the contract it secures",
        )  # fmt: skip
        return []


def legal_expiry(ip_type: Texts, filing: Dates, grant: Dates) -> Dates:
    """End of the legal term of each right; NaT where its kind has none or the date it runs from is missing."""
    expiry: Dates = np.full(len(ip_type), np.datetime64("NaT"), dtype="datetime64[D]")
    for kind, term in _TERMS.items():
        start = filing if term.counted_from == "filing_date" else grant
        mask = np.asarray(ip_type == kind, dtype=np.bool_) & ~np.isnat(start)
        if mask.any():
            expiry[mask] = add_months(start[mask], 12 * term.years)
    early = np.asarray(ip_type == "design", dtype=np.bool_) & (filing < _DESIGN_15_YEARS_FROM)
    if early.any():
        expiry[early] = add_months(filing[early], 120)
    return expiry


def standing(rights: Table, lost: Mapping[str, np.datetime64]) -> Table:
    """The same rights, those in ``lost`` ending on the day given there where it comes before their own end."""
    days = np.array([lost.get(str(name), np.datetime64("NaT", "D")) for name in rights["right_id"]], dtype="M8[D]")
    return Table(rights.columns | {"lost_on": np.fmin(rights["lost_on"], days)})


def lost_days(rights: Sequence[Table], events: Sequence[RightEvent]) -> dict[str, np.datetime64]:
    """Day on which each right named by some events ends; ScenarioError for what is neither a right nor its contract."""
    problems, days = Problems(), dict[str, np.datetime64]()
    of: dict[str, list[str]] = {}
    for table in rights:
        for number, contract in zip(table["right_id"].tolist(), table["contract_id"].tolist(), strict=True):
            of.setdefault(number, []).append(number)
            of.setdefault(contract, []).append(number)
    for event in events:
        for name in event.who:
            if name not in of:
                found, todo = f"'{printable(name)}', which is no right of the pool", did_you_mean(name, of)
                problems.add("unknown-right", event.where, found, one_of(sorted(of)) or "a pool with rights", todo)
            for number in of.get(name, ()):
                days[number] = min(days.get(number, event.lost_on), event.lost_on)
    problems.refuse(ScenarioError)
    return days
