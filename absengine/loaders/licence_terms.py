"""Licence contracts (专利许可合同): what their rows state beside the terms of a loan, and what contradicts itself.

Amounts are made net of VAT here, so that the schedule maths sees one money only: cash of the plan.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from absengine.calendars.date_rules import add_months
from absengine.loaders import terms
from absengine.loaders.due_dates import Counts, Flags
from absengine.loaders.fee_claims import previous_dates
from absengine.loaders.fields import TapeField, fields_of
from absengine.loaders.schedule import Flows
from absengine.loaders.tape import Tape
from absengine.schema import Dates, Floats, Table

VAT_RATE: Final = 0.06
"""VAT on licence fees, a sale of intangible assets (财税〔2016〕36号); gross fees hold it on top of the net ones."""

LICENCE_FIELDS: Final[tuple[TapeField, ...]] = fields_of("licence")

_MONEY: Final = ("balance", "original_balance", "payment", "balloon", "accrued_interest", "first_fee")
_OF_PLAN: Final = ("licence_fee", "principal", "interest")
_TERM_DAYS: Final = 5
"""Days by which a stated end may miss start + term: the last day of a term, or the same day of the month."""
_SUM: Final = 0.0051
"""元 by which a fee may miss principal + interest: amounts rounded to 分, a little more for floating point."""


@dataclass(frozen=True)
class Licence:
    """Per row: last day of the licence, day of the first fee, early end (days are NaT where there is none).

    ``settles``: the balance is paid on the early end; ``falls``: fees fall with rights that are lost.
    """

    end: Dates
    first_fee_due: Dates
    early_end: Dates
    settles: Flags
    falls: Flags


def read_terms(tape: Tape, rows: terms.Rows, cutoff: Dates) -> Licence:
    """Terms of the licences; a problem for every row that leaves one open or contradicts itself."""
    _refuse_parties(tape, rows)
    start = np.where(np.isnat(tape.column("licence_start")), tape.column("start_date"), tape.column("licence_start"))
    early, word = _early_end(tape, rows, cutoff)
    return Licence(
        end=_licence_end(tape, rows, start), first_fee_due=_first_fee_due(tape, rows), early_end=early,
        settles=np.asarray(word == "settles"), falls=np.asarray(tape.column("on_right_loss") == "stops"),
    )  # fmt: skip


def _refuse_parties(tape: Tape, rows: terms.Rows) -> None:
    rows.refuse(
        np.asarray(tape.column("fee_basis") == ""), "fee_basis", "fee-basis-missing",
        lambda row: "amounts that may or may not hold VAT", "gross (含税) or net (不含税) of 6 % VAT, on every row",
        "6 % VAT is 5.66 % of all gross cash: state it on the tape, or in the pool's defaults",
    )  # fmt: skip
    licensor = tape.column("licensor")
    rows.refuse(
        np.asarray((licensor != "") & (licensor == tape.column("obligor"))), "licensor", "licensor-is-licensee",
        lambda row: f"{licensor[row]!r} as licensor and licensee", "two parties: a fee owed to oneself is no claim",
        "name the parties of the second licence (二次许可), not of the first",
    )  # fmt: skip


def _early_end(tape: Tape, rows: terms.Rows, cutoff: Dates) -> tuple[Dates, np.ndarray]:
    day, word = tape.column("early_end_date"), tape.column("on_early_end")
    rows.refuse(
        np.asarray(~np.isnat(day) & (word == "")), "on_early_end", "early-end-unsettled",
        lambda row: f"an early end on {day[row]}, and no word on what is paid then",
        "settles (付清余额) or stops (停付)",
    )  # fmt: skip
    rows.refuse(
        np.asarray(np.isnat(day) & (word != "")), "early_end_date", "early-end-date-missing",
        lambda row: f"{word[row]} on an early end without a day", "the day of the put or early end (提前终止日)",
    )  # fmt: skip
    rows.refuse(
        np.asarray(day < cutoff), "early_end_date", "early-end-before-cutoff",
        lambda row: f"ended early on {day[row]}, before the cut-off {cutoff[row]}", "on or after the cut-off date",
        "leave ended contracts out of the pool",
    )  # fmt: skip
    return day, word


def _licence_end(tape: Tape, rows: terms.Rows, start: Dates) -> Dates:
    """Stated end of the licence, else start and term; NaT where neither is stated."""
    stated, months = tape.column("licence_end"), tape.column("licence_term")
    has_term = ~np.isnan(months)
    rows.refuse(
        has_term & np.isnat(start) & np.isnat(stated), "licence_term", "licence-start-missing",
        lambda row: f"a term of {int(months[row])} months from an unknown day", "licence_start or start_date",
    )  # fmt: skip
    computed = add_months(start, np.nan_to_num(months).astype(np.int64))
    apart = np.abs((stated - computed).astype(np.float64))
    rows.refuse(
        has_term & ~np.isnat(stated) & ~np.isnat(start) & (apart > _TERM_DAYS), "licence_end",
        "licence-term-contradiction",
        lambda row: f"ends {stated[row]}, {int(months[row])} months from {start[row]} end {computed[row]}",
        "an end that follows from start and term", "leave one of the columns out",
    )  # fmt: skip
    return np.where(np.isnat(stated) & has_term, computed, stated)


def _first_fee_due(tape: Tape, rows: terms.Rows) -> Dates:
    """Day the first fee is due; NaT where there is none."""
    fee, day = np.nan_to_num(tape.column("first_fee")), tape.column("first_fee_date")
    day = np.where(np.isnat(day), tape.column("start_date"), day)
    rows.refuse(
        (fee > 0) & np.isnat(day), "first_fee_date", "first-fee-date-missing",
        lambda row: f"a first fee of {fee[row]:,.2f} without a day", "first_fee_date or start_date",
        "without a day nobody knows whether it was paid before the cut-off",
    )  # fmt: skip
    return np.where(fee > 0, day, np.datetime64("NaT", "D"))


def net_of_vat(tape: Tape) -> Tape:
    """The tape with every amount net of VAT."""
    return _divided(tape, _MONEY, _vat(tape))


def net_plan(plan: Tape, tape: Tape) -> Tape:
    """The fee plans with every amount net of VAT, by the basis of the contract each line belongs to."""
    return _divided(plan, _OF_PLAN, np.append(_vat(tape), 1.0)[rows_of(plan, tape)])


def _vat(tape: Tape) -> Floats:
    """What each row's amounts are divided by."""
    return np.where(tape.column("fee_basis") == "gross", 1.0 + VAT_RATE, 1.0)


def _divided(tape: Tape, names: tuple[str, ...], by: Floats) -> Tape:
    return replace(tape, columns={k: v / by if k in names else v for k, v in tape.columns.items()})


def rows_of(plan: Tape, tape: Tape) -> Counts:
    """Row of the tape each line of a plan belongs to; −1 where there is none."""
    place = {str(name): row for row, name in enumerate(tape.column("asset_id"))}
    return np.array([place.get(str(name), -1) for name in plan.column("asset_id")], dtype=np.int64)


def some_rows(tape: Tape, rows: Counts) -> Tape:
    """A tape of some rows of another, each with its place in the file."""
    return replace(
        tape, columns={name: values[rows] for name, values in tape.columns.items()}, lines=tape.lines[rows],
        extras={name: values[rows] for name, values in tape.extras.items()}, beside=None,
    )  # fmt: skip


def refuse_lines(plan: Tape, rows: terms.Rows) -> None:
    """A problem for every line of a fee plan without an amount, or whose fee is not principal and interest."""
    fee, principal, interest = (plan.column(name) for name in _OF_PLAN)
    theirs = terms.Rows(plan, rows.problems)
    theirs.refuse(
        np.isnan(fee) & np.isnan(principal) & np.isnan(interest), "licence_fee", "licence-fee-missing",
        lambda row: f"no amount due on {plan.column('due_date')[row]}", "the fee, or its principal and interest",
    )  # fmt: skip
    theirs.refuse(
        np.abs(fee - principal - interest) > _SUM, "licence_fee", "licence-fee-sum",
        lambda row: f"a fee of {fee[row]:,.2f}, principal and interest of {principal[row] + interest[row]:,.2f}",
        "a fee that is the sum of both", "leave the fee or the split out",
    )  # fmt: skip


def refuse_after_licence(rows: terms.Rows, licence: Licence, flows: Flows, begin: Dates) -> None:
    """A problem for every contract with a fee for a time after its licence.

    The fee of the period in which the licence ends may fall due after that end.
    """
    end = licence.end[flows.contract]
    late = (previous_dates(flows, begin) >= end) & (flows.due > end)
    bad = np.zeros(len(rows.tape), dtype=bool)
    bad[flows.contract[late]] = True
    last = dict(zip(flows.contract[late].tolist(), flows.due[late].astype(str).tolist(), strict=True))
    rows.refuse(
        bad, "licence_end", "fee-after-licence-end",
        lambda row: f"a fee due {last[row]} for a time after the licence ended on {licence.end[row]}",
        "fees for the term of the licence",
        "correct the term, end the fees with it, or state an early end (提前终止日)",
    )  # fmt: skip


def shares_kept(rows: terms.Rows, licence: Licence, rights: Table, flows: Flows) -> Floats:
    """Share of each fee still owed where fees stop for lost rights: 1 less the share of appraisal lost by its due date.

    A right without an appraisal counts nothing beside one that has one; rights none of which is appraised count alike.
    """
    ids = rows.tape.column("asset_id").tolist()
    place = {str(name): row for row, name in enumerate(ids)}
    owner = np.array([place.get(str(name), -1) for name in rights["contract_id"]], dtype=np.int64)
    held = np.bincount(owner[owner >= 0], minlength=len(ids))
    rows.refuse(
        licence.falls & (held == 0), "on_right_loss", "right-loss-without-right",
        lambda row: "fees that stop with rights, and no right of this contract",
        "the rights of the contract, in the pool's table of rights",
    )  # fmt: skip
    value = np.nan_to_num(np.asarray(rights["appraisal_value"], dtype=np.float64))
    known = np.bincount(owner[owner >= 0], value[owner >= 0], minlength=len(ids))
    value = np.where(known[owner] > 0, value, 1.0)
    total = np.bincount(owner[owner >= 0], value[owner >= 0], minlength=len(ids))
    kept = np.ones(len(flows))
    begin = np.searchsorted(flows.contract, np.arange(len(ids) + 1))
    for right in np.flatnonzero((owner >= 0) & licence.falls[owner] & ~np.isnat(rights["lost_on"])):
        row = int(owner[right])
        cells = np.arange(begin[row], begin[row + 1])
        late = cells[flows.due[cells] >= rights["lost_on"][right]]
        kept[late] -= value[right] / total[row]
    return np.where(kept < 1e-12, 0.0, kept)
