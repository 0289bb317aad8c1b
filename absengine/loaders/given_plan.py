"""Given plans (还款计划): due dates and amounts of contracts whose schedule is agreed line by line."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from absengine.calendars.date_rules import add_months, month_day
from absengine.errors import Problem
from absengine.loaders import terms
from absengine.loaders.due_dates import Counts, Flags, grid_of
from absengine.loaders.fields import fields_of
from absengine.loaders.interest import Resets, growth
from absengine.loaders.overdue import Arrears
from absengine.loaders.schedule import Amortisation, Flows, amortise, flow_keys
from absengine.loaders.source import Context
from absengine.loaders.tape import Tape
from absengine.schema import Dates, Floats

FIELDS = fields_of("plan", required=("asset_id", "due_date", "principal"))
CLOSES_WITHIN = 1e-6
"""Share of a balance by which a plan may miss it: sums of amounts printed in 万元 with two decimals (assumption)."""
STEP_WITHIN = np.timedelta64(15, "D")
"""Days by which a first period may be longer than the longest one after it: stubs, moved dates (assumption)."""


@dataclass(frozen=True)
class Plan:
    """Lines of all plans that lie on or after the cut-off dates, in order of contract, then date.

    ``contract`` is the row of the tape; ``begin`` (per row of the tape) is where interest of its first line begins, and
    ``before`` the last line before the cut-off: one period back where it is missing, NaT where there was none.
    """

    contract: Counts
    due: Dates
    principal: Floats
    interest: Floats
    fee: Floats
    begin: Dates
    before: Dates


def plan_rows(tape: Tape, context: Context, rows: terms.Rows, wanted: Flags, cutoff: Dates) -> Plan | None:
    """Plans of the contracts ``wanted``; a problem for every contract without one, and for plans that do not close.

    The principal of a plan from the cut-off date on must be the contract's balance.
    """
    file = context.plan
    if file is None:
        rows.refuse(
            wanted, "amort_type", "plan-missing", lambda row: "repayment by plan, and no plan file",
            "a plan file beside the tape",
        )  # fmt: skip
        return None
    place = {str(name): row for row, name in enumerate(tape.column("asset_id"))}
    contract = np.array([place.get(str(name), -1) for name in file.column("asset_id")], dtype=np.int64)
    theirs = terms.Rows(file, rows.problems)
    theirs.refuse(
        contract < 0, "asset_id", "plan-unknown-asset", lambda row: repr(str(file.column("asset_id")[row])),
        "an asset of the tape",
    )  # fmt: skip
    theirs.refuse(
        (contract >= 0) & ~wanted[contract], "asset_id", "plan-not-asked-for",
        lambda row: f"a plan for {file.column('asset_id')[row]}, which is repaid otherwise", "amort_type plan (按计划)",
    )  # fmt: skip
    kept = np.flatnonzero((contract >= 0) & (file.column("due_date") >= np.append(cutoff, cutoff[:1])[contract]))
    kept = kept[np.lexsort((file.column("due_date")[kept], contract[kept]))]
    plan = Plan(
        contract[kept], file.column("due_date")[kept], np.nan_to_num(file.column("principal")[kept]),
        file.column("interest")[kept], np.nan_to_num(file.column("fee")[kept]),
        begins(tape, contract, file.column("due_date"), cutoff),
        np.fmax(
            lines_before(tape, contract, file.column("due_date"), cutoff),
            _missing_begin(tape, contract, file.column("due_date"), cutoff),
        ),
    )  # fmt: skip
    opens = np.flatnonzero(np.append(True, plan.contract[1:] != plan.contract[:-1])[: len(plan.contract)])
    silent = np.zeros(len(tape), dtype=bool)
    silent[plan.contract[opens]] = np.isnan(plan.interest[opens])
    refuse_unknown_begin(tape, rows, contract, file.column("due_date"), cutoff, silent & wanted)
    _refuse_open(tape, rows, wanted, plan)
    _refuse_twice(theirs, plan, kept)
    return plan


def begins(tape: Tape, contract: Counts, due: Dates, cutoff: Dates) -> Dates:
    """Start of the first period: the last line of the plan before the cut-off, else origination, else the cut-off.

    Where a plan lists only what is left of a contract partly repaid, and origination lies further back than one of its
    periods, the first period is taken for one such period: earlier lines are missing (assumption; see
    :func:`refuse_unknown_begin`).
    """
    begin = np.fmax(tape.column("start_date"), lines_before(tape, contract, due, cutoff))
    begin = np.fmax(begin, _missing_begin(tape, contract, due, cutoff))
    begin = np.where(np.isnat(begin), cutoff, begin)
    return np.where(tape.column("interest_from") == "cutoff", np.maximum(begin, cutoff), begin)


def lines_before(tape: Tape, contract: Counts, due: Dates, cutoff: Dates) -> Dates:
    """Last line of each plan before the cut-off; NaT where it has none."""
    last = np.full(len(tape), np.datetime64("NaT"), dtype="datetime64[D]")
    past = np.flatnonzero((contract >= 0) & (due < np.append(cutoff, cutoff[:1])[contract]))
    np.fmax.at(last, contract[past], due[past])
    return last


def refuse_unknown_begin(
    tape: Tape, rows: terms.Rows, contract: Counts, due: Dates, cutoff: Dates, needs: Flags
) -> None:
    """A problem for contracts that need interest of the first line worked out where no line says since when."""
    back = _missing_begin(tape, contract, due, cutoff)
    from_cutoff = tape.column("interest_from") == "cutoff"
    rows.refuse(
        needs & ~np.isnat(back) & ~from_cutoff, "start_date", "plan-begins-unknown",
        lambda row: f"no line before the cut-off, and origination on {tape.column('start_date')[row]}, long before one "
        f"period back ({back[row]})",
        "the last line before the cut-off date, from which interest of the first one left runs",
        "add that line to the plan; one of no amount on the start date where nothing was due before",
    )  # fmt: skip


def _missing_begin(tape: Tape, contract: Counts, due: Dates, cutoff: Dates) -> Dates:
    """One period before the first line left, of plans that seem to lack the lines before it; NaT for all others."""
    missing = np.full(len(tape), np.datetime64("NaT"), dtype="datetime64[D]")
    left = np.flatnonzero((contract >= 0) & (due >= np.append(cutoff, cutoff[:1])[contract]))
    left = left[np.lexsort((due[left], contract[left]))]
    own, days = contract[left], due[left]
    same = np.flatnonzero(own[1:] == own[:-1])
    gap = np.zeros(len(tape), dtype="timedelta64[D]")
    np.maximum.at(gap, own[same], days[same + 1] - days[same])
    opens = np.flatnonzero(np.append(True, own[1:] != own[:-1])[: len(own)])
    several = opens[gap[own[opens]] > np.timedelta64(0, "D")]
    row, first = own[several], days[several]
    back = first - gap[row]
    untouched = tape.column("balance") >= tape.column("original_balance")
    unknown = (np.isnat(lines_before(tape, contract, due, cutoff)) & ~untouched)[row]
    lacks = unknown & (tape.column("start_date")[row] < np.minimum(back, cutoff[row]) - STEP_WITHIN)
    day = np.zeros(len(tape), dtype=np.int64)
    np.maximum.at(day, own, month_day(days))
    missing[row[lacks]] = _stepped_back(first, days[several + 1], day[row])[lacks]
    return missing


def _stepped_back(first: Dates, second: Dates, day: Counts) -> Dates:
    """The day as far before ``first`` as ``second`` is after it: whole months of a rhythm on ``day``, else days."""
    months = (second.astype("datetime64[M]") - first.astype("datetime64[M]")).astype(np.int64)
    whole = (add_months(first, months, day) == second) & (months > 0)
    return np.where(whole, add_months(first, -months, day), first - (second - first))


def _refuse_open(tape: Tape, rows: terms.Rows, wanted: Flags, plan: Plan) -> None:
    balance = tape.column("balance") - np.nan_to_num(tape.column("overdue_principal"))
    total = np.bincount(plan.contract, plan.principal, minlength=len(tape))
    lines = np.bincount(plan.contract, minlength=len(tape))
    rows.refuse(
        wanted & (lines == 0) & (balance > 0), "amort_type", "plan-missing",
        lambda row: f"no line of the plan on or after the cut-off for {tape.column('asset_id')[row]}",
        "a line per due date in the plan file",
    )  # fmt: skip
    rows.refuse(
        wanted & (lines > 0) & (np.abs(total - balance) > CLOSES_WITHIN * balance + 0.005), "balance",
        "plan-does-not-close",
        lambda row: f"planned principal of {total[row]:,.2f} on a balance of {balance[row]:,.2f}",
        "a plan that repays the balance, less what is overdue", "check the cut-off date and the lines before it",
    )  # fmt: skip


def _refuse_twice(theirs: terms.Rows, plan: Plan, kept: Counts) -> None:
    twice = (plan.contract[1:] == plan.contract[:-1]) & (plan.due[1:] == plan.due[:-1])
    for place in np.flatnonzero(twice)[: terms.SHOWN]:
        row = int(kept[place + 1])
        where = theirs.tape.where(row, "due_date")
        found = f"{plan.due[place]} a second time for {theirs.tape.column('asset_id')[row]}"
        theirs.problems.extend([Problem("plan-date-twice", where, found, "one line per due date")])


def planned(
    tape: Tape, plan: Plan, names: NDArray[np.object_], rate: Floats, resets: Resets | None, late: Arrears | None = None
) -> Flows:
    """Flows of what is not overdue; interest as stated, and by rate and day count where the plan leaves it out."""
    grid = grid_of(plan.contract, plan.due, plan.begin, len(tape))
    one = np.ones(len(tape))
    missed, behind = (0.0 * one, one < 0) if late is None else (late.principal, late.behind)
    total = np.bincount(plan.contract, plan.principal, minlength=len(tape))
    balance = np.where(grid.count > 0, tape.column("balance") - missed, 0.0)
    scale = np.divide(balance, total, out=np.ones(len(tape)), where=total > 0)
    amounts = Amortisation(
        balance=balance,
        level=np.zeros(len(tape), dtype=bool),
        payment=one * np.nan,
        balloon=one * 0.0,
        accrued=np.nan_to_num(tape.column("accrued_interest")) * ((grid.count > 0) & ~behind),
        weight=np.asarray(grid.left == 0, dtype=np.float64),
        given=plan.principal * scale[plan.contract],
    )
    flows = amortise(grid, growth(grid, names, rate, resets), amounts)
    line = np.searchsorted(flow_keys(plan.contract, plan.due), flow_keys(flows.contract, flows.due))
    stated = plan.interest[line]
    return replace(flows, interest=np.where(np.isnan(stated), flows.interest, stated), fee=plan.fee[line])
