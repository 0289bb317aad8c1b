"""Sale and lease-back (售后回租): rents by the terms on the row, or by a rent plan (租金计划) beside the tape.

Rents are level, even or stepped, in advance (先付) or in arrears (后付), at the implicit rate (内含利率) on the row or
at the one that stated rents imply; interest of a period is what has accrued by it, the rest of the rent is principal.
Tax is due on interest alone, so the split matters. Deposit, service fee and buy-out price: see ``rent_terms``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from absengine.errors import Problems, TapeError
from absengine.loaders import terms
from absengine.loaders.contracts import contract_columns
from absengine.loaders.due_dates import Counts, Cycle, Flags, Grid, due_dates
from absengine.loaders.fields import fields_of
from absengine.loaders.given_plan import planned
from absengine.loaders.implicit_rate import implicit_rate
from absengine.loaders.interest import Resets, growth
from absengine.loaders.rent_plan import FIELDS as PLAN_FIELDS
from absengine.loaders.rent_plan import RentPlan, owed, refuse_rates, refuse_rising, rent_plan
from absengine.loaders.rent_terms import last_cells, refuse_terms, rent_cycle, with_deposit, with_fees
from absengine.loaders.schedule import Amortisation, Flows, amortise
from absengine.loaders.source import Context, Loaded
from absengine.loaders.tape import Tape
from absengine.schema import Dates, Floats

__all__ = ["FIELDS", "KIND", "NAMES", "PLAN_FIELDS", "schedule"]

KIND = "lease_back"
NAMES = ("sale-and-leaseback claims", "售后回租债权")
FIELDS = (*fields_of("contract", required=("asset_id", "balance", "amort_type")), *fields_of("lease"))


def schedule(tape: Tape, context: Context) -> Loaded:
    """Contracts and their rents from the cut-off date on, in the order of the tape.

    ``fee`` of the flows holds service fees and the buy-out price, ``deposit`` what the plan gives back. Raises
    TapeError with every row, and every line of a plan, that leaves out or contradicts what cash depends on.
    """
    problems = Problems()
    rows = terms.Rows(tape, problems)
    cutoff = terms.cutoffs(tape, context)
    kind, months = terms.steps(tape, rows)
    names = terms.day_counts(tape, rows)
    by_plan = np.asarray(kind == "plan")
    refuse_terms(tape, rows, by_plan, cutoff)
    given = rent_plan(tape, context, rows, by_plan, cutoff, names)
    resets = terms.resets(tape, rows, context, cutoff)
    _refuse_amounts(tape, rows, kind, given)
    cycle = rent_cycle(tape, rows, kind, months, cutoff)
    problems.refuse(TapeError)

    rents = _computed(tape, rows, _Terms(kind, months, names, resets), _without(cycle, by_plan))
    problems.refuse(TapeError)
    flows, rate = rents.flows, np.where(by_plan, given.rate, rents.rate)
    if given.plan is not None:
        told = np.nan_to_num(np.where(np.isnan(tape.column("rate")), given.rate, tape.column("rate")))
        flows = Flows.joined([flows, planned(tape, given.plan, names, told, resets)]).in_order()
    flows = with_deposit(tape, rows, with_fees(tape, rows, flows, cutoff))
    problems.refuse(TapeError)
    previous = rents.previous if given.plan is None else np.where(by_plan, given.plan.before, rents.previous)
    return Loaded(_contracts(tape, flows, cutoff, previous, rate), flows)


@dataclass(frozen=True)
class _Terms:
    """How each row repays: way, months between rents, day count, resets."""

    kind: NDArray[np.object_]
    months: Counts
    names: NDArray[np.object_]
    resets: Resets | None


@dataclass(frozen=True)
class _Rents:
    """Rents computed from terms; per row of the tape the rate and the scheduled date before the first rent left."""

    flows: Flows
    rate: Floats
    previous: Dates


def _refuse_amounts(tape: Tape, rows: terms.Rows, kind: NDArray[np.object_], given: RentPlan) -> None:
    rate, floating, payment = tape.column("rate"), tape.column("rate_type") == "floating", tape.column("payment")
    silent = np.zeros(len(tape), dtype=bool)
    if given.plan is not None:
        silent[given.plan.contract[np.isnan(given.plan.interest)]] = True
    solvable = np.isin(kind, ("level",)) & ~np.isnan(payment) & _ends(tape)
    lacking = np.where(kind == "plan", silent, ~solvable)
    rows.refuse(
        lacking & np.isnan(rate) & ~floating, "rate", "rate-missing", lambda row: "no implicit rate",
        "a yearly rate (内含利率), or level rents with a number or an end to solve it from",
    )  # fmt: skip
    balance, balloon = tape.column("balance"), np.nan_to_num(tape.column("balloon"))
    rows.refuse(
        balloon > balance, "balloon", "balloon-above-balance",
        lambda row: f"balloon {balloon[row]:,.2f} of a balance of {balance[row]:,.2f}", "at most the balance",
    )  # fmt: skip
    rows.refuse(
        ~np.isnan(payment) & ~np.isin(kind, ("level", "even")), "payment", "payment-without-use",
        lambda row: f"an amount per rent for {kind[row]}", "an amount per rent with level or even rents",
    )  # fmt: skip


def _ends(tape: Tape) -> Flags:
    """Rows that tell how many rents are left, by a date or a number."""
    return np.asarray(~np.isnat(tape.column("maturity_date")) | ~np.isnan(tape.column("remaining_terms")))


def _without(cycle: Cycle, left_out: Flags) -> Cycle:
    """The same cycles, without any rent for the contracts left out."""
    return replace(cycle, lower=np.where(left_out, cycle.maturity + np.timedelta64(1, "D"), cycle.lower))


def _computed(tape: Tape, rows: terms.Rows, how: _Terms, cycle: Cycle) -> _Rents:
    """Rents by the terms of the row; level rents that are stated give the rate."""
    grid = due_dates(cycle)
    terms.check_terms(tape, rows, grid, np.asarray(how.kind != "plan"))
    weight = terms.weights(tape, rows, grid, how.kind, how.months)
    due = terms.rolled(tape, rows, grid)
    amounts = Amortisation(
        balance=np.where(grid.count > 0, tape.column("balance"), 0.0), level=np.asarray(how.kind == "level"),
        payment=tape.column("payment"), balloon=np.nan_to_num(tape.column("balloon")),
        accrued=np.nan_to_num(tape.column("accrued_interest")), weight=weight,
    )  # fmt: skip
    rate = _implied(tape, rows, how, grid, amounts)
    grown = growth(grid, how.names, np.nan_to_num(rate), how.resets)
    flows = amortise(Grid(grid.first, due, grid.start, grid.end, grid.nominal), grown, amounts)
    refuse_rising(rows, flows)
    has = grid.count > 0
    previous = np.full(len(tape), np.datetime64("NaT"), dtype="datetime64[D]")
    previous[has] = grid.start[grid.first[:-1][has]]
    unknown = np.flatnonzero(np.isnan(rate) & has)
    rate[unknown] = grown.rate[grid.first[unknown]]
    return _Rents(flows, rate, previous)


def _implied(tape: Tape, rows: terms.Rows, how: _Terms, grid: Grid, amounts: Amortisation) -> Floats:
    """Rate of each row: the one level rents imply where they and their number are stated, else the tape's."""
    stated = amounts.level & ~np.isnan(amounts.payment) & _ends(tape) & (tape.column("rate_type") != "floating")
    cash = np.nan_to_num(amounts.payment)[grid.contract] * amounts.weight
    cash += np.where(grid.left == 0, amounts.balloon[grid.contract], 0.0)
    found = implicit_rate(grid, how.names, cash, owed(tape), stated)
    total = np.bincount(grid.contract, cash, minlength=len(tape)).astype(np.float64)
    refuse_rates(tape, rows, found, total, stated & (grid.count > 0))
    return np.where(np.isnan(found), tape.column("rate"), found)


def _contracts(tape: Tape, flows: Flows, cutoff: Dates, previous: Dates, rate: Floats) -> dict[str, NDArray[Any]]:
    """Columns of the contract table; the balance is the principal that reaches the plan.

    A deposit set off against rents is out of both, and no source of recovery.
    """
    balance = np.bincount(flows.contract, flows.principal, minlength=len(tape)).astype(np.float64)
    offset = tape.column("deposit_use") == "offset"
    stated = np.isin(np.arange(len(tape)), flows.contract) & ~offset
    balance = np.where(stated, tape.column("balance"), balance)
    end, last = tape.column("maturity_date").copy(), last_cells(flows)
    end[flows.contract[last]] = flows.due[last]
    rate = np.where(np.isnan(rate), tape.column("rate"), rate)
    columns = contract_columns(tape, KIND, cutoff=cutoff, balance=balance, maturity=end, rate=rate)
    columns["deposit"] = np.where(offset, 0.0, columns["deposit"])
    columns["previous_due_date"] = previous
    return columns
