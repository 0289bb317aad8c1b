"""Pledge loans (知识产权质押贷款) and any other plain loan: one row per contract, repaid by the terms on the row.

Ways of repaying: level 等额本息, even 等额本金, bullet 付息到期还本, single 利随本清, plan 按计划; with payments of
interest only (``grace_terms``), a balloon, steps, principal on every n-th interest date, a stated amount per payment.
Rates are fixed (0 % too) or follow an index with resets. What is overdue at the cut-off date enters by the rule of
:mod:`absengine.loaders.overdue`.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from absengine.errors import Problems, TapeError
from absengine.loaders import overdue, terms
from absengine.loaders.contracts import contract_columns
from absengine.loaders.due_dates import Cycle, Flags, Grid, due_dates
from absengine.loaders.fields import fields_of
from absengine.loaders.given_plan import Plan, plan_rows, planned
from absengine.loaders.interest import Growth, Resets, growth
from absengine.loaders.schedule import Amortisation, Flows, amortise, last_dates, level_payment
from absengine.loaders.source import Context, Loaded
from absengine.loaders.tape import Tape
from absengine.schema import Dates, Floats

KIND = "pledge_loan"
NAMES = ("pledged loans", "质押贷款")
FIELDS = fields_of("contract", required=("asset_id", "balance", "amort_type"))


def schedule(tape: Tape, context: Context) -> Loaded:
    """Contracts and their scheduled flows from the cut-off date on, in the order of the tape.

    Raises TapeError with every row whose terms are missing or contradict each other.
    """
    problems = Problems()
    rows = terms.Rows(tape, problems)
    cutoff = terms.cutoffs(tape, context)
    kind, months = terms.steps(tape, rows)
    names = terms.day_counts(tape, rows)
    resets = terms.resets(tape, rows, context, cutoff)
    _refuse_amounts(tape, rows, kind)
    overdue.refuse(rows)
    terms.check_currency(tape, rows, context)
    by_plan = np.asarray(kind == "plan")
    plan = plan_rows(tape, context, rows, by_plan, cutoff)
    cycle = terms.cycle(tape, rows, kind, months, cutoff)
    problems.refuse(TapeError)

    grid = due_dates(_without(cycle, by_plan))
    terms.check_terms(tape, rows, grid, ~by_plan)
    weight = terms.weights(tape, rows, grid, kind, months)
    due = terms.rolled(tape, rows, grid)
    problems.refuse(TapeError)
    rate = np.nan_to_num(tape.column("rate"))
    grown = growth(grid, names, rate, resets)
    late = overdue.arrears(tape)
    amounts = _amortisation(tape, kind, weight, late)
    amounts = _with_longer_term(tape, cycle, amounts, kind, names, rate)
    flows = amortise(Grid(grid.first, due, grid.start, grid.end, grid.nominal), grown, amounts)
    _refuse_rising(rows, flows)
    problems.refuse(TapeError)
    if plan is not None:
        flows = Flows.joined([flows, planned(tape, plan, names, rate, resets, late)]).in_order()
    flows = overdue.added(flows, late, _dates_left(cycle, grid, plan))
    contracts = contract_columns(
        tape, KIND, cutoff=cutoff, balance=tape.column("balance"), maturity=last_dates(flows, cycle.maturity),
        rate=_rate_now(tape, grid, grown, resets),
    )  # fmt: skip
    contracts["previous_due_date"] = _previous_due(grid, plan)
    return Loaded(contracts, flows)


def _previous_due(grid: Grid, plan: Plan | None) -> Dates:
    """Scheduled date before the first due date left, from which its interest runs; NaT where a given plan omits it."""
    before = np.full(len(grid.count), np.datetime64("NaT"), dtype="datetime64[D]")
    if plan is not None:
        before[plan.contract] = plan.before[plan.contract]
    has = grid.count > 0
    before[has] = grid.start[grid.first[:-1][has]]
    return before


def _refuse_amounts(tape: Tape, rows: terms.Rows, kind: NDArray[np.object_]) -> None:
    rate, floating = tape.column("rate"), tape.column("rate_type") == "floating"
    allowed = "a yearly rate; 0 % where none is paid"
    rows.refuse(np.isnan(rate) & ~floating, "rate", "rate-missing", lambda row: "no rate", allowed)
    balance, balloon = tape.column("balance"), np.nan_to_num(tape.column("balloon"))
    rows.refuse(
        balloon > balance, "balloon", "balloon-above-balance",
        lambda row: f"balloon {balloon[row]:,.2f} of a balance of {balance[row]:,.2f}", "at most the balance",
    )  # fmt: skip
    payment = tape.column("payment")
    pointless = ~np.isnan(payment) & ~np.isin(kind, ("level", "even"))
    rows.refuse(
        pointless, "payment", "payment-without-use", lambda row: f"an amount per payment for {kind[row]}",
        "an amount per payment with level or even repayment",
    )  # fmt: skip
    longer = ~np.isnat(tape.column("amort_end_date"))
    rows.refuse(
        longer & (floating | ~np.isnan(payment) | ~np.isin(kind, ("level", "even"))), "amort_end_date",
        "amort-end-without-use", lambda row: f"an end of amortisation for {kind[row]}",
        "an end of amortisation with a fixed rate, level or even repayment and no stated payment",
    )  # fmt: skip


def _without(cycle: Cycle, left_out: Flags) -> Cycle:
    """The same cycles, without any due date for the contracts left out."""
    never = cycle.maturity + np.timedelta64(1, "D")
    return replace(cycle, lower=np.where(left_out, never, cycle.lower))


def _dates_left(cycle: Cycle, grid: Grid, plan: Plan | None) -> Dates:
    """Last due date of each contract, by its grid or its plan; its maturity where it has none."""
    last = cycle.maturity.copy()
    last[grid.count > 0] = grid.due[grid.ends]
    if plan is not None:
        last[plan.contract] = plan.due  # in order of date: the last one stays
    return last


def _amortisation(tape: Tape, kind: NDArray[np.object_], weight: Floats, late: overdue.Arrears) -> Amortisation:
    """How what is not overdue is repaid."""
    balance = tape.column("balance") - late.principal
    return Amortisation(
        balance=balance,
        level=np.asarray(kind == "level"),
        payment=tape.column("payment"),
        balloon=np.minimum(np.nan_to_num(tape.column("balloon")), balance),
        accrued=np.where(late.behind, 0.0, np.nan_to_num(tape.column("accrued_interest"))),
        weight=weight,
    )


def _with_longer_term(
    tape: Tape, cycle: Cycle, plan: Amortisation, kind: NDArray[np.object_], names: NDArray[np.object_], rate: Floats
) -> Amortisation:
    """Payments computed as if repayment ran on to ``amort_end_date``; what is left at maturity is then the balloon."""
    ends = tape.column("amort_end_date")
    longer = ~np.isnat(ends)
    if not np.any(longer):
        return plan
    extended = replace(cycle, maturity=np.where(longer, np.maximum(ends, cycle.maturity), cycle.maturity))
    grid = due_dates(extended)
    repays = ~terms.interest_only(tape, grid)
    weight = np.asarray(repays, dtype=np.float64)
    whole = replace(plan, weight=weight, payment=plan.payment * np.nan)
    level = level_payment(grid, growth(grid, names, rate), whole)
    paying = np.maximum(np.bincount(grid.contract[repays], minlength=len(tape)), 1)
    amount = np.where(kind == "level", level, (plan.balance - plan.balloon) / paying)
    return replace(plan, payment=np.where(longer, amount, plan.payment))


def _refuse_rising(rows: terms.Rows, flows: Flows) -> None:
    rises = np.zeros(len(rows.tape), dtype=bool)
    rises[flows.contract[flows.principal < -1e-9 * flows.opening]] = True
    rows.refuse(
        rises, "payment", "payment-below-interest",
        lambda row: f"payments of {rows.tape.column('payment')[row]:,.2f} that do not cover the interest",
        "payments of at least the interest of a period",
    )  # fmt: skip


def _rate_now(tape: Tape, grid: Grid, grown: Growth, resets: Resets | None) -> Floats:
    """The tape's rate; for floating contracts without one, the rate of the first period."""
    rate = tape.column("rate").copy()
    some = np.flatnonzero(np.isnan(rate) & (grid.count > 0))
    if resets is not None and len(some):
        rate[some] = grown.rate[grid.first[some]]
    return rate
