"""Rent plans (租金计划) of leases: date, rent, principal, interest; what a line leaves out is worked out.

Any two of rent, principal and interest give the third. Where a plan states rents alone, its implicit rate (内含利率) is
solved on its dates, and interest is what has accrued by it. A plan whose rents and stated rate contradict is refused.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from absengine.loaders import terms
from absengine.loaders.due_dates import Counts, Flags, grid_of
from absengine.loaders.fields import fields_of
from absengine.loaders.given_plan import Plan, begins, plan_rows, refuse_unknown_begin
from absengine.loaders.implicit_rate import HIGHEST, implicit_rate
from absengine.loaders.interest import growth
from absengine.loaders.schedule import Amortisation, Flows, amortise
from absengine.loaders.source import Context
from absengine.loaders.tape import Tape
from absengine.schema import Dates, Floats

FIELDS = fields_of("rent_plan", required=("asset_id", "due_date"))
RATE_WITHIN: Final = 0.002
"""How far a stated rate may lie from the rents' own [1/year]: other day counts and stubs, up to 20 bp (assumption)."""
SPLIT_WITHIN: Final = 1e-3
"""Share of a rent by which its parts may miss it: amounts printed in 万元 with two decimals (assumption)."""
_CENT: Final = 0.015


@dataclass(frozen=True)
class RentPlan:
    """Lines of rent plans with principal and interest complete, and the implicit rate of each contract by plan.

    ``rate`` (per row of the tape) is NaN for contracts not repaid by plan, and where interest goes by a rate stated.
    """

    plan: Plan | None
    rate: Floats


@dataclass(frozen=True)
class _Lines:
    """Lines from the cut-off dates on, in order of contract, then date; ``line`` is the row of the plan file."""

    line: Counts
    contract: Counts
    due: Dates
    rent: Floats
    principal: Floats
    interest: Floats

    @property
    def alone(self) -> Flags:
        """Lines that state a rent, and neither of its parts."""
        return ~np.isnan(self.rent) & np.isnan(self.principal) & np.isnan(self.interest)

    def take(self, which: Flags) -> _Lines:
        """Lines chosen by a mask."""
        return _Lines(**{name: values[which] for name, values in vars(self).items()})


def rent_plan(
    tape: Tape, context: Context, rows: terms.Rows, wanted: Flags, cutoff: Dates, names: NDArray[np.object_]
) -> RentPlan:
    """Plans of the contracts ``wanted``, complete; problems for lines and rents that do not fit."""
    none = np.full(len(tape), np.nan)
    file = context.plan
    if file is None:
        return RentPlan(plan_rows(tape, context, rows, wanted, cutoff), none)
    owner = _owners(tape, file)
    lines = _third_part(_lines(file, owner, wanted, cutoff))
    before = len(rows.problems)
    _refuse_lines(terms.Rows(file, rows.problems), lines)
    _refuse_half(tape, rows, lines)
    if len(rows.problems) > before:
        return RentPlan(None, none)
    lone = np.isin(np.arange(len(tape)), lines.contract[lines.alone])
    refuse_unknown_begin(tape, rows, owner, file.column("due_date"), cutoff, lone)
    since = begins(tape, owner, file.column("due_date"), cutoff)
    lines, rate = _solved(tape, rows, lines, since, names)
    if len(rows.problems) > before:
        return RentPlan(None, rate)
    columns = dict(file.columns) | {name: file.column(name).copy() for name in ("principal", "interest", "fee")}
    columns["principal"][lines.line], columns["interest"][lines.line] = lines.principal, lines.interest
    complete = replace(file, columns=columns)
    return RentPlan(plan_rows(tape, replace(context, plan=complete), rows, wanted, cutoff), rate)


def _owners(tape: Tape, file: Tape) -> Counts:
    """Row of the tape each line belongs to, −1 where there is none."""
    place = {str(name): row for row, name in enumerate(tape.column("asset_id"))}
    return np.array([place.get(str(name), -1) for name in file.column("asset_id")], dtype=np.int64)


def _lines(file: Tape, owner: Counts, wanted: Flags, cutoff: Dates) -> _Lines:
    due = file.column("due_date")
    kept = np.flatnonzero((owner >= 0) & wanted[owner] & (due >= cutoff[owner]))
    kept = kept[np.lexsort((due[kept], owner[kept]))]
    amounts = (file.column(name)[kept] for name in ("rent", "principal", "interest"))
    return _Lines(kept, owner[kept], due[kept], *amounts)


def _third_part(lines: _Lines) -> _Lines:
    """Lines that state two of the three with the third; a rent of 0 has neither part, interest alone no principal."""
    nothing = lines.alone & (lines.rent == 0)
    principal = np.where(np.isnan(lines.principal), lines.rent - lines.interest, lines.principal)
    only_interest = np.isnan(principal) & ~np.isnan(lines.interest)
    principal = np.where(nothing | only_interest, 0.0, principal)
    interest = np.where(np.isnan(lines.interest), lines.rent - lines.principal, lines.interest)
    return replace(lines, principal=principal, interest=np.where(nothing, 0.0, interest))


def _refuse_lines(theirs: terms.Rows, lines: _Lines) -> None:
    """Refuse lines that state nothing, and lines whose parts do not make up the rent."""
    rent, principal, interest = (np.full(len(theirs.tape), np.nan) for _ in range(3))
    rent[lines.line], principal[lines.line], interest[lines.line] = lines.rent, lines.principal, lines.interest
    empty = np.zeros(len(theirs.tape), dtype=bool)
    empty[lines.line] = np.isnan(lines.rent) & np.isnan(lines.principal) & np.isnan(lines.interest)
    theirs.refuse(
        empty, "rent", "rent-line-empty", lambda row: "neither a rent nor a part of one",
        "a rent, its principal and interest, or any two of them",
    )  # fmt: skip
    apart = np.abs(rent - principal - interest) > SPLIT_WITHIN * rent + _CENT
    theirs.refuse(
        apart | (principal < 0) | (interest < 0), "rent", "rent-split-contradiction",
        lambda row: f"a rent of {rent[row]:,.2f} with principal {principal[row]:,.2f}, interest {interest[row]:,.2f}",
        "principal and interest that are not negative and sum to the rent", "tax is due on the interest alone",
    )  # fmt: skip


def _refuse_half(tape: Tape, rows: terms.Rows, lines: _Lines) -> None:
    """Refuse contracts that split some rents and not others, and floating rates beside stated rents."""
    alone, whole = np.zeros(len(tape), dtype=bool), np.zeros(len(tape), dtype=bool)
    alone[lines.contract[lines.alone]] = True
    whole[lines.contract[~lines.alone & ~(lines.rent == 0)]] = True
    name = tape.column("asset_id")
    rows.refuse(
        alone & whole, "amort_type", "rent-plan-half-split",
        lambda row: f"some rents of {name[row]} with principal or interest, others without",
        "a plan that splits every rent of a contract, or none",
    )  # fmt: skip
    told = np.zeros(len(tape), dtype=bool)
    told[lines.contract[~np.isnan(lines.interest) | lines.alone]] = True
    rows.refuse(
        told & (tape.column("rate_type") == "floating"), "rate_type", "floating-with-stated-rents",
        lambda row: f"a floating rate, and a plan that states the rents of {name[row]}",
        "a fixed rate, or a plan of principal alone", "state the rents at today's rate with rate_type fixed",
    )  # fmt: skip


def _solved(
    tape: Tape, rows: terms.Rows, lines: _Lines, since: Dates, names: NDArray[np.object_]
) -> tuple[_Lines, Floats]:
    """Lines with the rents that stand alone split, and the implicit rate of each contract whose cash is stated."""
    before = len(rows.problems)
    lone = np.zeros(len(tape), dtype=bool)
    lone[lines.contract[lines.alone]] = True
    own = np.flatnonzero(lines.alone)
    rate = np.full(len(tape), np.nan)
    for chosen, cash, which in (
        (~lone[lines.contract], lines.principal + lines.interest, ~lone),
        (lines.alone, lines.rent, lone),
    ):
        part, paid = lines.take(chosen), cash[chosen]
        grid = grid_of(part.contract, part.due, since, len(tape))
        unknown = np.bincount(part.contract, np.isnan(paid), minlength=len(tape)) > 0
        found = implicit_rate(grid, names, np.nan_to_num(paid), owed(tape), which & ~unknown)
        rate = np.where(which, found, rate)
    rents = np.bincount(lines.contract[own], lines.rent[own], minlength=len(tape)).astype(np.float64)
    rows.refuse(
        lone & ~(owed(tape) > 0), "balance", "implicit-rate-unsolved",
        lambda row: f"rents of {rents[row]:,.2f} in all on a balance of 0", "a balance, or no rents still due",
    )  # fmt: skip
    if refuse_rates(tape, rows, rate, rents, lone) or len(rows.problems) > before or not len(own):
        return lines, rate
    one = np.ones(len(tape))
    balance = np.where(lone, tape.column("balance"), 0.0)
    amounts = Amortisation(
        balance=balance, level=lone, payment=one, balloon=0.0 * one, weight=lines.rent[own],
        accrued=np.where(lone, owed(tape) - balance, 0.0),
    )  # fmt: skip
    flows = amortise(grid, growth(grid, names, np.nan_to_num(rate)), amounts)
    principal, interest = lines.principal.copy(), lines.interest.copy()
    if not refuse_rising(rows, flows):
        principal[own], interest[own] = flows.principal, flows.interest
    return replace(lines, principal=principal, interest=interest), rate


def owed(tape: Tape) -> Floats:
    """Principal and interest owed at the start of the first period of each contract."""
    return np.asarray(tape.column("balance") + np.nan_to_num(tape.column("accrued_interest")))


def refuse_rates(tape: Tape, rows: terms.Rows, rate: Floats, rents: Floats, solved: Flags) -> bool:
    """Refuse contracts ``solved`` for a rate in vain, and rates stated beside rents that mean another one.

    ``rate`` is the implicit rate found (NaN: none), ``rents`` what is paid in all. True where any was refused.
    """
    before, worth, told = len(rows.problems), owed(tape), tape.column("rate")
    lost = solved & np.isnan(rate) & (worth > 0)
    short = rents < worth
    rows.refuse(
        lost & short, "balance", "rents-below-balance",
        lambda row: f"rents of {rents[row]:,.2f} in all on a balance of {worth[row]:,.2f}",
        "rents that repay the balance", "check the units, the cut-off date and the lines of the plan before it",
    )  # fmt: skip
    rows.refuse(
        lost & ~short, "balance", "implicit-rate-unsolved",
        lambda row: f"no rate at which rents of {rents[row]:,.2f} in all are worth {worth[row]:,.2f}",
        f"rents that are worth the balance at a rate from 0 % to {HIGHEST:.0%} a year",
    )  # fmt: skip
    fixed = tape.column("rate_type") != "floating"
    rows.refuse(
        fixed & (np.abs(rate - told) > RATE_WITHIN), "rate", "rate-contradicts-rents",
        lambda row: f"a rate of {told[row]:.2%} where the rents give {rate[row]:.2%}",
        f"the implicit rate (内含利率) of the rents, within {RATE_WITHIN:.2%}",
        "leave the rate out to have it solved, or state the day count of the plan",
    )  # fmt: skip
    return len(rows.problems) > before


def refuse_rising(rows: terms.Rows, flows: Flows) -> bool:
    """Refuse contracts whose rent does not cover the interest of its period. True where any was refused."""
    before = len(rows.problems)
    rises = np.zeros(len(rows.tape), dtype=bool)
    rises[flows.contract[flows.principal < -1e-9 * flows.opening]] = True
    rows.refuse(
        rises, "balance", "rent-below-interest", lambda row: "a rent that does not cover the interest of its period",
        "rents of at least the interest of a period", "state principal and interest of each rent, or check the balance",
    )  # fmt: skip
    return len(rows.problems) > before
