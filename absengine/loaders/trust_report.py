"""What the report of a tape says of trusts and entrusted banks: what they take, how long cash waits there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from absengine.errors import TapeError
from absengine.loaders import trust_loan
from absengine.loaders.due_dates import Flags
from absengine.loaders.source import Context
from absengine.loaders.tape import Tape
from absengine.loaders.terms import cutoffs
from absengine.loaders.trust_tier import Passed
from absengine.schema import Dates, Floats


@dataclass(frozen=True)
class Tier:
    """One trust or entrusted bank: fees and tax over life [currency], days cash waits between due date and plan."""

    name: str
    contracts: int
    balance: float
    bank_fee: float
    trust_fee: float
    tax: float
    wait_days: float
    wait_days_longest: float


@dataclass(frozen=True)
class TrustReport:
    """Tiers of a tape and warnings; ``refused`` is the first problem of its schedule, '' where there is none."""

    tiers: list[Tier]
    warnings: list[str]
    refused: str = ""


def trust_report(
    tape: Tape, context: Context, calc_dates: Dates | None = None, pay_dates: Dates | None = None
) -> TrustReport:
    """Tiers of the tape; with the plan's dates, what reaches it late.

    ``calc_dates`` and ``pay_dates`` are the calculation and payment dates (计算日, 兑付日) on which the plan pays, one
    of each per payment.
    """
    if np.isnat(cutoffs(tape, context)).any():
        return TrustReport([], [], "no cut-off date on the tape, and no --as-of or deal")
    try:
        loans, passed = trust_loan.passed_on(tape, context)
    except TapeError as error:
        return TrustReport([], [], str(error.problems[0]))
    trust, bank = tape.column("trust_plan"), tape.column("lending_bank")
    names = np.where(trust != "", trust, bank).astype(str)
    balance = loans.contracts["cutoff_balance"]
    tiers, warnings = [], []
    for name in sorted(set(names)):
        here = names == name
        tiers.append(_tier(name, here, balance, passed))
        if calc_dates is not None and pay_dates is not None:
            warnings += _late(name, here, passed, calc_dates, pay_dates)
    return TrustReport(tiers, warnings)


def _tier(name: str, here: Flags, balance: Floats, passed: Passed) -> Tier:
    weight = balance[here]
    bank, trust, tax = (float(values[here].sum()) for values in (passed.bank_fee, passed.trust_fee, passed.tax))
    wait = float(np.average(passed.wait[here], weights=weight)) if weight.sum() else 0.0
    return Tier(name, int(here.sum()), float(weight.sum()), bank, trust, tax, wait, float(passed.longest[here].max()))


def _late(name: str, here: Flags, passed: Passed, calc: Dates, pay: Dates) -> list[str]:
    """Cash that misses the plan's payment for which it was due, and a trust that pays out less often than the plan."""
    own = here[passed.owner]
    due, arrives = passed.due[own], passed.arrives[own]
    wanted, got = np.searchsorted(calc, due), np.searchsorted(calc, arrives)
    late = np.flatnonzero((got > wanted) & (wanted < len(calc)))
    said = []
    if len(late):
        first = late[0]
        day = pay[got[first]] if got[first] < len(pay) else "no date at all"
        said.append(
            f"{name}: {len(late)} of {len(due)} payments reach the plan after the payment date they were due for: "
            f"what is due on {due[first]} arrives on {arrives[first]} and is paid on {day}, "
            f"not on {pay[wanted[first]]} 信托分配晚于计划兑付"
        )
    dates, payments = len(np.unique(arrives)), len(np.unique(wanted[wanted < len(calc)]))
    if dates < payments:
        said.append(f"{name}: distributes on {dates} dates where {payments} payments count on it 信托分配少于计划兑付")
    return said
