"""Tapes → one cash-flow table (现金流表). One module per kind of receivable; no later room knows what a loan is.

Adding a kind: one module with ``KIND``, ``FIELDS`` and ``schedule``, and its line in :data:`LOADERS`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from absengine.calendars.fixings import IndexPath
from absengine.errors import InputError, Problem, Problems, TapeError, Where
from absengine.language.validation import did_you_mean
from absengine.loaders import (
    cashflow_table,
    factoring,
    given_plan,
    lease_back,
    licensing,
    pledge_loan,
    royalty,
    supporting_bill,
    trust_loan,
)
from absengine.loaders.closed_period import without_closed_period
from absengine.loaders.rights import Rights, lost_days, read_pool_tape, rights_table, standing
from absengine.loaders.schedule import Flows
from absengine.loaders.source import Context, Loaded, Loader, PoolSource
from absengine.loaders.tape import Tape, read_tape
from absengine.scenario import RightEvent
from absengine.schema import CASHFLOW_COLUMNS, CONTRACT_COLUMNS, RIGHT_COLUMNS, CashflowTable, Column, Table

__all__ = ["LOADERS", "Context", "Loaded", "Loader", "Pool", "PoolSource", "load_pool", "loader", "read_pool"]

LOADERS: Final[dict[str, Loader]] = {
    pledge_loan.KIND: pledge_loan,
    cashflow_table.KIND: cashflow_table,
    royalty.KIND: royalty,
    factoring.KIND: factoring,
    supporting_bill.KIND: supporting_bill,
    licensing.KIND: licensing,
    lease_back.KIND: lease_back,
    trust_loan.KIND: trust_loan,
}
"""Kinds of receivables (资产类型) a deal may name."""

_NEVER: Final = np.datetime64("NaT", "D")

CLOSES_WITHIN: Final = 1e-9
"""Share of a balance by which the sum of scheduled principal may miss it: floating-point noise only."""


@dataclass(frozen=True)
class Pool:
    """Tapes read once, in the order of their sources, ready for any number of rate paths and fates of rights."""

    sources: tuple[PoolSource, ...]
    tapes: tuple[Tape, ...]
    rights: tuple[Rights, ...]
    plans: tuple[Tape | None, ...]

    def table(
        self,
        cutoff: np.datetime64,
        rates: Mapping[str, IndexPath],
        *,
        closing: np.datetime64 = _NEVER,
        events: Sequence[RightEvent] = (),
    ) -> CashflowTable:
        """Cash flows of all contracts due on or after their cut-off dates, sorted by contract identifier, then date.

        ``cutoff`` counts for rows whose tape names none; ``rates`` are index paths by name; ``events`` end
        rights (知识产权) before their term. Raises TapeError with the problems of all tapes, ScenarioError for events
        that name no right of theirs.
        """
        problems = Problems()
        parts: list[Loaded] = []
        lost = lost_days([own.table for own in self.rights], events)
        rights = [standing(own.table, lost) for own in self.rights]
        for source, tape, plan, own in zip(self.sources, self.tapes, self.plans, rights, strict=True):
            try:
                context = Context(cutoff, rates, plan, own, closing, source.currency)
                loaded = LOADERS[source.kind].schedule(tape, context)
                whole = source.closed_period == "plan" or np.isnat(closing)
                parts.append(loaded if whole else without_closed_period(loaded, closing, source))
            except InputError as error:
                problems.extend(error.problems)
        problems.refuse(TapeError)
        _refuse_twice(self.tapes, parts)
        return _joined(parts, rights)


def kind_names() -> dict[str, dict[str, str]]:
    """What readers call each kind of receivable, by language."""
    return {kind: dict(zip(("en", "zh"), module.NAMES, strict=True)) for kind, module in LOADERS.items()}


def loader(kind: str, where: Where | None = None) -> Loader:
    """The loader of a kind of receivable named at ``where``; TapeError names the nearest one."""
    if kind in LOADERS:
        return LOADERS[kind]
    raise TapeError(
        Problem("asset-kind-unknown", where or Where(), repr(kind), ", ".join(LOADERS), did_you_mean(kind, LOADERS))
    )


def read_pool(sources: Sequence[PoolSource]) -> Pool:
    """Read every tape of a pool with the rights and plans beside it; TapeError with the problems of all of them."""
    problems = Problems()
    read: list[tuple[Tape, Rights, Tape | None]] = []
    for source in sources:
        try:
            read.append(_read(source))
        except InputError as error:
            problems.extend(error.problems)
    problems.refuse(TapeError)
    tapes, rights, plans = zip(*read, strict=True)
    return Pool(tuple(sources), tapes, rights, plans)


def load_pool(sources: Sequence[PoolSource], cutoff: np.datetime64, rates: Mapping[str, IndexPath]) -> CashflowTable:
    """Tapes → cash flows: :func:`read_pool`, then :meth:`Pool.table`."""
    return read_pool(sources).table(cutoff, rates)


def _read(source: PoolSource) -> tuple[Tape, Rights, Tape | None]:
    fields = loader(source.kind, source.where).FIELDS
    of_plan = getattr(loader(source.kind), "PLAN_FIELDS", given_plan.FIELDS)
    plan = None if source.plan is None else read_tape(source.plan, kind="plan", fields=of_plan)
    if any(item.name == "asset_id" for item in fields):
        tape, rights = read_pool_tape(
            source.tape,
            kind=source.kind,
            fields=fields,
            rights=source.rights,
            map_file=source.map,
            defaults=source.defaults,
        )
        return tape, rights, plan
    tape = read_tape(source.tape, kind=source.kind, fields=fields, map_file=source.map, defaults=source.defaults)
    return tape, rights_table(None, tape), plan


def _refuse_twice(tapes: Sequence[Tape], parts: Sequence[Loaded]) -> None:
    """Refuse identifiers that two tapes share: their flows could not be told apart."""
    problems = Problems()
    seen: dict[str, str] = {}
    for tape, part in zip(tapes, parts, strict=True):
        names = [str(name) for name in part.contracts["contract_id"]]
        for row, name in enumerate(names):
            if name in seen:
                found = f"{name!r} again, already in {seen[name]}"
                problems.add(
                    "asset-id-twice", tape.where(row, "asset_id"), found, "an identifier of its own per contract"
                )
        seen |= {name: str(tape.where(row, "asset_id")) for row, name in enumerate(names) if len(tapes) > 1}
    problems.refuse(TapeError)


def _joined(parts: Sequence[Loaded], rights: Sequence[Table]) -> CashflowTable:
    """One table of all contracts in order of their identifiers, whatever the order of tapes and rows."""
    contracts = _stacked([part.contracts for part in parts], CONTRACT_COLUMNS)
    offset = np.cumsum([0, *(len(part.contracts["contract_id"]) for part in parts)])
    flows = Flows.joined([_moved(part.flows, int(first)) for part, first in zip(parts, offset, strict=False)])
    order = np.argsort(contracts["contract_id"].astype(str), kind="stable")
    if np.any(order[1:] < order[:-1]):
        rank = np.empty(len(order), dtype=np.int64)
        rank[order] = np.arange(len(order))
        contracts = {name: values[order] for name, values in contracts.items()}
        flows = _moved(flows, rank)
    flows = flows.in_order()
    _check_closes(contracts, flows)
    every_right = _stacked([table.columns for table in rights], RIGHT_COLUMNS)
    contracts["ip_ids"] = _ids_of(contracts["contract_id"], every_right)
    obligors, obligor = np.unique(contracts["obligor"].astype(str), return_inverse=True)
    kinds, kind = np.unique(contracts["asset_kind"].astype(str), return_inverse=True)
    flow_table = Table.build(
        CASHFLOW_COLUMNS, len(flows), contract=flows.contract, obligor=obligor[flows.contract],
        asset_kind=kind[flows.contract], due_date=flows.due, opening_balance=flows.opening,
        principal_due=flows.principal, interest_due=flows.interest, fee_due=flows.fee, deposit_due=flows.deposit,
        closing_balance=flows.closing,
    )  # fmt: skip
    return CashflowTable(
        flows=flow_table,
        contracts=Table.build(CONTRACT_COLUMNS, len(order), **contracts),
        rights=Table.build(RIGHT_COLUMNS, len(every_right["right_id"]), **every_right),
        obligors=tuple(str(name) for name in obligors),
        asset_kinds=tuple(str(name) for name in kinds),
    )


def _moved(flows: Flows, by: int | NDArray[np.int64]) -> Flows:
    """The same flows with contracts renumbered: by an offset, or through an array of new numbers."""
    return replace(flows, contract=flows.contract + by if isinstance(by, int) else by[flows.contract])


def _stacked(parts: Sequence[dict[str, NDArray[Any]]], spec: tuple[Column, ...]) -> dict[str, NDArray[Any]]:
    """Columns of several tables one below the other; a column one of them lacks is missing there."""
    names = dict.fromkeys([column.name for column in spec] + [name for part in parts for name in part])
    stacked: dict[str, NDArray[Any]] = {}
    for name in names:
        have = [part[name] for part in parts if name in part]
        if not have:
            continue
        alike = len({values.dtype.kind for values in have}) == 1
        pieces = [part[name] if name in part else _missing(len(next(iter(part.values()))), have[0]) for part in parts]
        stacked[name] = np.concatenate(pieces if alike else [piece.astype(str).astype(object) for piece in pieces])
    return stacked


def _missing(length: int, like: NDArray[Any]) -> NDArray[Any]:
    if like.dtype.kind == "M":
        return np.full(length, np.datetime64("NaT"), dtype="datetime64[D]")
    return np.full(length, "", dtype=object) if like.dtype.kind == "O" else np.full(length, np.nan)


def _ids_of(names: NDArray[Any], rights: Mapping[str, NDArray[Any]]) -> NDArray[np.object_]:
    """Rights of each contract, joined by ';'."""
    owned: dict[str, list[str]] = {}
    for owner, right in zip(rights["contract_id"], rights["right_id"], strict=True):
        owned.setdefault(str(owner), []).append(str(right))
    return np.array([";".join(owned.get(str(name), ())) for name in names], dtype=object)


def _check_closes(contracts: Mapping[str, NDArray[Any]], flows: Flows) -> None:
    """Scheduled principal is the balance of each contract, or the table is refused: money never appears or vanishes."""
    balance = contracts["cutoff_balance"]
    total = np.bincount(flows.contract, flows.principal, minlength=len(balance))
    open_rows = np.flatnonzero(~(np.abs(total - balance) <= CLOSES_WITHIN * np.maximum(np.abs(balance), 1.0)))
    problems = [
        Problem(
            "principal-does-not-close",
            Where(path=str(contracts["contract_id"][row])),
            f"scheduled principal of {total[row]:,.2f}",
            f"the balance at the cut-off date, {balance[row]:,.2f}",
        )
        for row in open_rows[:20]
    ]
    if problems:
        raise TapeError(problems)
