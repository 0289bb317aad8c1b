"""Second licences (二次许可): a lessor takes a patent on licence, licenses it back to its owner, and is paid for it.

The claim is a loan in the form of fees: a first fee (首付许可费) where it is still due at the cut-off, then later ones
(后续许可费). These follow from balance, rate and term as a loan's payments do (level, even, bullet…), or are given:
one by one in a plan file, or as the amount of each fee on the row (``payment``). Given fees are worth the balance at
their own rate: where balance and fees are stated the rate is solved, where rate and fees are stated the balance is
their present value. Amounts are gross or net of 6 % VAT as the row says; the plan's cash is net.

A licence ends early (提前终止, 回售) as the row says: with the balance and the fee accrued, or with nothing more. From
the day a licensed right ends (届满、失效、无效) fees keep payable, or fall by its share of the contract's appraisal.
The balance is always the value of the fees then still to come, at the rates of the contract.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from absengine.errors import InputError, Problems, TapeError
from absengine.loaders import fee_claims, pledge_loan, terms
from absengine.loaders.contracts import contract_columns
from absengine.loaders.due_dates import Counts, Flags, Grid, due_dates, grid_of
from absengine.loaders.fields import fields_of
from absengine.loaders.given_plan import begins, refuse_unknown_begin
from absengine.loaders.interest import accrual_years
from absengine.loaders.licence_terms import (
    LICENCE_FIELDS,
    Licence,
    net_of_vat,
    net_plan,
    read_terms,
    refuse_after_licence,
    refuse_lines,
    rows_of,
    shares_kept,
    some_rows,
)
from absengine.loaders.schedule import Flows, last_dates
from absengine.loaders.source import Context, Loaded
from absengine.loaders.tape import Tape
from absengine.schema import Dates, Floats

KIND: Final = "licensing"
NAMES: Final = ("licence fees", "许可费")
FIELDS: Final = (*fields_of("contract", required=("asset_id", "amort_type")), *LICENCE_FIELDS)
PLAN_FIELDS: Final = fields_of("licence_plan", required=("asset_id", "due_date"))

RATE_APART: Final = 0.001
"""How far a stated rate may lie from the one the fees give: printed rates, fees rounded to 万元 (assumption)."""

_NAT: Final = np.datetime64("NaT", "D")
_NO_PLAN: Final[dict[str, NDArray[Any]]] = {
    "asset_id": np.zeros(0, dtype=object), "due_date": np.zeros(0, dtype="datetime64[D]"),
    "licence_fee": np.zeros(0), "principal": np.zeros(0), "interest": np.zeros(0),
}  # fmt: skip


@dataclass(frozen=True)
class _Lines:
    """Fees due on or after the cut-off, sorted by row of the tape, then date; all above 0."""

    contract: Counts
    due: Dates
    cash: Floats

    @classmethod
    def joined(cls, parts: list[_Lines]) -> _Lines:
        contract, due, cash = (
            np.concatenate([getattr(part, name) for part in parts]) for name in ("contract", "due", "cash")
        )
        order = np.lexsort((due, contract))
        order = order[cash[order] > 0]
        return cls(contract[order], due[order], cash[order])


@dataclass(frozen=True)
class _Claims:
    """Flows by row of the tape; per row: balance and rate at the cut-off, and where the first period begins."""

    flows: Flows
    balance: Floats
    rate: Floats
    begin: Dates


def schedule(tape: Tape, context: Context) -> Loaded:
    """Contracts and their fees from the cut-off date on, in the order of the tape.

    Raises TapeError with every row whose terms are missing or contradict each other.
    """
    problems = Problems()
    net = net_of_vat(tape)
    rows = terms.Rows(net, problems)
    cutoff = terms.cutoffs(net, context)
    licence = read_terms(net, rows, cutoff)
    plan = None if context.plan is None else net_plan(context.plan, tape)
    split = _split_in_plan(net, rows, plan, cutoff)
    given = _given(net) & ~split
    parts = []
    if np.any(given):
        parts.append(_given_claims(net, rows, plan, given, licence, cutoff))
    if not np.all(given):
        parts.append(_loan_claims(net, rows, context, plan, ~given, licence, cutoff))
    problems.refuse(TapeError)
    claims = parts[0] if len(parts) == 1 else _together(parts, given)
    flows = fee_claims.ended(claims.flows, licence.early_end, licence.settles, claims.begin)
    _refuse_late_end(rows, licence, claims.flows)
    flows = fee_claims.reduced(flows, shares_kept(rows, licence, context.rights, flows), len(net))
    refuse_after_licence(rows, licence, flows, claims.begin)
    problems.refuse(TapeError)
    return Loaded(_contracts(net, cutoff, claims, flows), flows)


def _contracts(net: Tape, cutoff: Dates, claims: _Claims, flows: Flows) -> dict[str, NDArray[Any]]:
    """Columns of the contract table; a claim that was cut short is worth what is left of it."""
    worth = np.bincount(flows.contract, flows.principal, minlength=len(net))
    whole = np.bincount(claims.flows.contract, claims.flows.principal, minlength=len(net))
    maturity = net.column("maturity_date")
    contracts = contract_columns(
        net, KIND, cutoff=cutoff, balance=np.where(np.abs(worth - whole) <= 1e-12 * whole, claims.balance, worth),
        maturity=last_dates(flows, np.where(np.isnat(maturity), cutoff, maturity)), rate=claims.rate,
    )  # fmt: skip
    contracts["previous_due_date"] = np.where(np.bincount(flows.contract, minlength=len(net)) > 0, claims.begin, _NAT)
    return contracts


def _given(net: Tape) -> Flags:
    """Rows whose fees are stated: by plan, or level ones by the amount of each without a rate or without a balance."""
    open_terms = np.isnan(net.column("rate")) | np.isnan(net.column("balance"))
    by_amount = (net.column("amort_type") == "level") & ~np.isnan(net.column("payment")) & open_terms
    return np.asarray((net.column("amort_type") == "plan") | by_amount)


# ---- plan files -----------------------------------------------------------------------------------------------------
def _split_in_plan(net: Tape, rows: terms.Rows, plan: Tape | None, cutoff: Dates) -> Flags:
    """Rows whose plan states the principal of every fee, and whose rate is known: they need no rate to be solved.

    Tells problems of the plan file: lines of unknown contracts, of contracts repaid otherwise, without an amount.
    """
    by_plan = np.asarray(net.column("amort_type") == "plan")
    if plan is None:
        rows.refuse(
            by_plan, "amort_type", "plan-missing", lambda row: "fees by plan, and no plan file",
            "a plan file beside the tape",
        )  # fmt: skip
        return np.zeros(len(net), dtype=bool)
    contract = rows_of(plan, net)
    theirs = terms.Rows(plan, rows.problems)
    theirs.refuse(
        contract < 0, "asset_id", "plan-unknown-asset", lambda row: repr(str(plan.column("asset_id")[row])),
        "an asset of the tape",
    )  # fmt: skip
    theirs.refuse(
        (contract >= 0) & ~by_plan[contract], "asset_id", "plan-not-asked-for",
        lambda row: f"a plan for {plan.column('asset_id')[row]}, whose fees follow otherwise",
        "amort_type plan (按计划)",
    )  # fmt: skip
    refuse_lines(plan, rows)
    own = np.flatnonzero(contract >= 0)
    own = own[plan.column("due_date")[own] >= cutoff[contract[own]]]
    lines = np.bincount(contract[own], minlength=len(net))
    with_principal = np.bincount(contract[own], ~np.isnan(plan.column("principal")[own]), minlength=len(net))
    return np.asarray(by_plan & (lines > 0) & (with_principal == lines) & ~np.isnan(net.column("rate")))


def _of_plan(net: Tape, rows: terms.Rows, plan: Tape | None, given: Flags, cutoff: Dates) -> tuple[_Lines, Dates]:
    """Lines of the plans still due, and where the first period of each row begins: at the last line before them."""
    columns = _NO_PLAN if plan is None else {name: plan.column(name) for name in _NO_PLAN}
    contract = np.zeros(0, dtype=np.int64) if plan is None else rows_of(plan, net)
    own = np.flatnonzero((contract >= 0) & np.append(given, False)[contract])
    due = columns["due_date"]
    begin = begins(net, contract[own], due[own], cutoff)
    refuse_unknown_begin(net, rows, contract[own], due[own], cutoff, given)
    still = own[due[own] >= cutoff[contract[own]]]
    split = np.nan_to_num(columns["principal"][still]) + np.nan_to_num(columns["interest"][still])
    fee = columns["licence_fee"][still]
    return _Lines(contract[still], due[still], np.where(np.isnan(fee), split, fee)), begin


# ---- fees that are given --------------------------------------------------------------------------------------------
def _given_claims(
    net: Tape, rows: terms.Rows, plan: Tape | None, given: Flags, licence: Licence, cutoff: Dates
) -> _Claims:
    """Claims known by their fees: rate of the balance, or balance at the rate."""
    by_plan, begin = _of_plan(net, rows, plan, given, cutoff)
    by_amount, regular = _of_amount(net, rows, given & np.asarray(net.column("amort_type") == "level"), cutoff)
    later = _Lines.joined([by_plan, by_amount])
    begin = np.where(np.isnat(regular), begin, regular)
    lines = _Lines.joined([later, _first_fees(net, given, licence, cutoff)])
    _refuse_lines(net, rows, given & (plan is not None), lines)
    names = _day_counts(net, given, rows.problems)
    grid = grid_of(lines.contract, lines.due, np.minimum(begin, _first_due(lines, begin)), len(net))
    years = accrual_years(grid, names, grid.start, grid.end)
    balance, rate = _worth(net, rows, given, grid, years, lines.cash)
    flows = fee_claims.flows_of(grid, lines.cash, np.nan_to_num(rate)[lines.contract] * years)
    value = np.bincount(flows.contract, flows.principal, minlength=len(net))
    stated = np.abs(value - balance) <= 1e-9 * np.abs(value)
    return _Claims(flows, np.where(stated, balance, value), rate, begin)


def _day_counts(net: Tape, tell: Flags, problems: Problems) -> NDArray[np.object_]:
    """Day count of each row; problems are told of the rows ``tell``, those of the others by the maths of loans."""
    own = some_rows(net, np.flatnonzero(tell))
    terms.day_counts(own, terms.Rows(own, problems))
    return terms.day_counts(net, terms.Rows(net, Problems()))


def _first_due(lines: _Lines, otherwise: Dates) -> Dates:
    """First due date of each row; ``otherwise`` where it has none."""
    first = otherwise.copy()
    begins = np.flatnonzero(np.append(True, lines.contract[1:] != lines.contract[:-1])[: len(lines.contract)])
    first[lines.contract[begins]] = lines.due[begins]
    return first


def _of_amount(net: Tape, rows: terms.Rows, wanted: Flags, cutoff: Dates) -> tuple[_Lines, Dates]:
    """Fees of rows that state the amount of each, and where their first period begins (NaT for other rows)."""
    begin = np.full(len(net), _NAT, dtype="datetime64[D]")
    which = np.flatnonzero(wanted)
    empty = _Lines(np.zeros(0, dtype=np.int64), np.zeros(0, dtype="datetime64[D]"), np.zeros(0))
    if not len(which):
        return empty, begin
    own = some_rows(net, which)
    theirs = terms.Rows(own, rows.problems)
    kind, months = terms.steps(own, theirs)
    grid = due_dates(terms.cycle(own, theirs, kind, months, cutoff[which]))
    terms.check_terms(own, theirs, grid, np.ones(len(own), dtype=bool))
    weight = terms.weights(own, theirs, grid, kind, months)
    due = terms.rolled(own, theirs, grid)
    has = grid.count > 0
    begin[which[has]] = grid.start[grid.first[:-1][has]]
    return _Lines(which[grid.contract], due, own.column("payment")[grid.contract] * weight), begin


def _first_fees(net: Tape, wanted: Flags, licence: Licence, cutoff: Dates) -> _Lines:
    """First fees still due at the cut-off."""
    rows = np.flatnonzero(wanted & (licence.first_fee_due >= cutoff))
    return _Lines(rows, licence.first_fee_due[rows], net.column("first_fee")[rows])


def _refuse_lines(net: Tape, rows: terms.Rows, planned: Flags, lines: _Lines) -> None:
    none_left = np.bincount(lines.contract, minlength=len(net)) == 0
    rows.refuse(
        planned & none_left & ~(net.column("balance") == 0), "amort_type", "plan-missing",
        lambda row: f"no fee due on or after the cut-off for {net.column('asset_id')[row]}",
        "a line per fee in the plan file",
    )  # fmt: skip
    same = (lines.contract[1:] == lines.contract[:-1]) & (lines.due[1:] == lines.due[:-1])
    day = dict(zip(lines.contract[1:][same].tolist(), lines.due[1:][same].astype(str).tolist(), strict=True))
    twice = np.zeros(len(net), dtype=bool)
    twice[list(day)] = True
    rows.refuse(
        twice, "first_fee_date", "fee-date-twice",
        lambda row: f"two fees due on {day[row]}, of the plan or the plan and the first fee",
        "one fee per due date", "a plan that lists the first fee needs no column for it",
    )  # fmt: skip


def _worth(net: Tape, rows: terms.Rows, given: Flags, grid: Grid, years: Floats, cash: Floats) -> tuple[Floats, Floats]:
    """Balance and rate of given fees: what the row leaves open follows from the fees, what it states must fit them."""
    balance, stated = net.column("balance"), net.column("rate")
    solved = fee_claims.solve_rate(grid, years, cash, balance)
    total = np.bincount(grid.contract, cash, minlength=len(net))
    has, worth = grid.count > 0, ~np.isnan(balance)
    rows.refuse(
        given & has & ~worth & np.isnan(stated), "balance", "claim-without-value",
        lambda row: f"fees of {total[row]:,.2f} without a balance and without a rate",
        "the balance (未偿本金余额), or the rate (年利率) at which the fees are worth it",
    )  # fmt: skip
    rows.refuse(
        given & has & worth & np.isnan(solved), "balance", "fees-without-yield",
        lambda row: f"fees of {total[row]:,.2f} on a balance of {balance[row]:,.2f}, net of VAT",
        "fees worth the balance at a rate of 0 to 100 % a year", "check the basis of the fees and their plan",
    )  # fmt: skip
    rows.refuse(
        given & has & (np.abs(solved - stated) > RATE_APART), "rate", "fee-rate-contradiction",
        lambda row: f"a rate of {stated[row]:.2%} where fees and balance give {solved[row]:.2%}",
        f"a rate within {RATE_APART:.2%} of theirs", "leave the rate or the balance out",
    )  # fmt: skip
    rows.refuse(
        given & np.asarray(net.column("rate_type") == "floating"), "rate_type", "given-fees-floating",
        lambda row: "a floating rate on fees that are given", "a fixed rate: given fees do not move with an index",
    )  # fmt: skip
    return np.where(has, balance, 0.0), np.where(worth & has, solved, stated)


# ---- fees that follow from balance, rate and term -------------------------------------------------------------------
def _loan_claims(
    net: Tape, rows: terms.Rows, context: Context, plan: Tape | None, wanted: Flags, licence: Licence, cutoff: Dates
) -> _Claims:
    """Claims repaid as a loan is: by the maths of pledge loans, a first fee still due taken out of the balance."""
    which = np.flatnonzero(wanted)
    split = wanted & np.asarray(net.column("amort_type") == "plan")
    own_plan, planned = _plan_of_loans(net, plan, split, cutoff)
    balance = np.where(np.isnan(net.column("balance")), planned, net.column("balance"))
    rows.refuse(
        wanted & np.isnan(balance), "balance", "claim-without-value",
        lambda row: "no balance, and no amount of each fee", "the balance (未偿本金余额), or the fees and their rate",
    )  # fmt: skip
    first = _first_fee_piece(net, rows, wanted, licence, cutoff)
    upfront = np.bincount(first.contract, first.principal, minlength=len(net))
    rows.refuse(
        wanted & (upfront > balance * (1 + 1e-9)), "first_fee", "first-fee-above-balance",
        lambda row: f"a first fee still due, worth {upfront[row]:,.2f}, on a balance of {balance[row]:,.2f}",
        "a balance that holds the first fee still due", "state the day it was paid, if it was",
    )  # fmt: skip
    own = some_rows(net, which)
    own.columns["balance"] = np.maximum(np.nan_to_num(balance) - upfront, 0.0)[which]
    try:
        loans = pledge_loan.schedule(own, replace(context, plan=own_plan))
    except InputError as error:
        rows.problems.extend(error.problems)
        return _Claims(first.take(np.zeros(0, dtype=np.int64)), balance, net.column("rate"), cutoff)
    later = replace(loans.flows, contract=which[loans.flows.contract])
    flows = later if not len(first) else fee_claims.merged([later, first], len(net))
    begin = np.where(np.isnat(net.column("start_date")), cutoff, net.column("start_date"))
    known = which[~np.isnat(loans.contracts["previous_due_date"])]
    begin[known] = loans.contracts["previous_due_date"][np.isin(which, known)]
    rate = net.column("rate").copy()
    rate[which] = loans.contracts["rate"]
    return _Claims(flows, balance, rate, begin)


def _plan_of_loans(net: Tape, plan: Tape | None, wanted: Flags, cutoff: Dates) -> tuple[Tape | None, Floats]:
    """The lines of the rows ``wanted`` as a loan's plan, and their principal (NaN for rows without one)."""
    nothing = np.full(len(net), np.nan)
    if plan is None:
        return None, nothing
    contract = rows_of(plan, net)
    lines = np.flatnonzero((contract >= 0) & np.append(wanted, False)[contract])
    own = some_rows(plan, lines)
    fee, principal, interest = (own.column(name) for name in ("licence_fee", "principal", "interest"))
    columns = own.columns | {
        "principal": principal, "interest": np.where(np.isnan(interest), fee - principal, interest),
        "fee": np.full(len(lines), np.nan),
    }  # fmt: skip
    still = own.column("due_date") >= cutoff[contract[lines]]
    total = np.bincount(contract[lines][still], np.nan_to_num(principal[still]), minlength=len(net))
    has = np.bincount(contract[lines][still], minlength=len(net)) > 0
    return replace(own, columns=columns), np.where(has, total, nothing)


def _first_fee_piece(net: Tape, rows: terms.Rows, wanted: Flags, licence: Licence, cutoff: Dates) -> Flows:
    """First fees still due as claims of their own: worth their present value at the contract's rate."""
    lines = _first_fees(net, wanted, licence, cutoff)
    start = net.column("start_date")
    begin = np.where(np.isnat(start), cutoff, np.minimum(start, cutoff))
    grid = grid_of(lines.contract, lines.due, begin, len(net))
    nobody = np.zeros(len(net), dtype=bool)
    years = accrual_years(grid, _day_counts(net, nobody, rows.problems), grid.start, grid.end)
    return fee_claims.flows_of(grid, lines.cash, np.nan_to_num(net.column("rate"))[lines.contract] * years)


# ---- all of them ----------------------------------------------------------------------------------------------------
def _together(parts: list[_Claims], given: Flags) -> _Claims:
    """Rows of both sorts: given fees from the first part, the others from the second."""
    first, second = parts
    return _Claims(
        Flows.joined([first.flows, second.flows]).in_order(), np.where(given, first.balance, second.balance),
        np.where(given, first.rate, second.rate), np.where(given, first.begin, second.begin),
    )  # fmt: skip


def _refuse_late_end(rows: terms.Rows, licence: Licence, flows: Flows) -> None:
    """An early end on or after the last fee ends nothing early."""
    last = last_dates(flows, np.full(len(rows.tape), np.datetime64("9999-12-31")))
    rows.refuse(
        licence.early_end > last, "early_end_date", "early-end-after-last-fee",
        lambda row: f"an early end on {licence.early_end[row]}, after the last fee on {last[row]}",
        "a day before the last fee", "leave it out where the licence runs to its end",
    )  # fmt: skip
