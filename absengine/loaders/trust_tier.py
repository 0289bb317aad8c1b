"""The second tier (第二层): cash of the underlying loans becomes cash of the plan.

Between the two stand the dates on which the trust distributes, its fee and the entrusted bank's, its tax, and what lay
in its account at the cut-off date. Fees accrue on the balance by ACT/365F; tax is a share of interest, price-inclusive.
Both are paid out of interest. What a distribution's interest does not cover waits for the next, and principal comes
through whole: Σ principal is still the balance. Nothing is earned on cash that waits.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from absengine.loaders import distribution, terms
from absengine.loaders.due_dates import Counts
from absengine.loaders.schedule import Flows, flow_keys
from absengine.loaders.tape import Tape
from absengine.schema import Dates, Floats

_ONE_DAY = np.timedelta64(1, "D")
COVERS_WITHIN = 0.005
"""Fees and tax that interest misses by no more than this [currency] are taken as covered: half a 分."""


@dataclass(frozen=True)
class Passed:
    """What the plan gets (``flows``), and per contract what was taken on the way and how long cash waited.

    ``bank_fee``, ``trust_fee`` and ``tax`` [currency] over life, ``unpaid`` the part of them interest never covered;
    ``wait`` (mean by cash) and ``longest`` are days between due date and distribution; ``stuck`` has a payment after
    the trust's last date. Per underlying payment: ``owner`` (row of the tape), the day it is ``due`` and ``arrives``.
    """

    flows: Flows
    bank_fee: Floats
    trust_fee: Floats
    tax: Floats
    unpaid: Floats
    wait: Floats
    longest: Floats
    stuck: Counts
    owner: Counts
    due: Dates
    arrives: Dates


def pass_on(tape: Tape, flows: Flows, begin: Dates, cutoff: Dates) -> Passed:
    """Underlying flows → what the plan receives.

    Parameters
    ----------
    tape : terms of the tier, one row per contract
    flows : of the underlying loans, by row of the tape, in order
    begin : day from which interest and fees of the first period run, per contract
    cutoff : cash already in the trust's account is distributed on the first date on or after it
    """
    count = len(tape)
    days = _days(flows, begin)
    rates = [np.nan_to_num(tape.column(name))[flows.contract] for name in ("bank_fee", "trust_fee")]
    bank, trust = (flows.opening * rate * days / 365.0 for rate in rates)
    tax = flows.interest * np.nan_to_num(tape.column("trust_tax"))[flows.contract]
    ready = flows.due + np.nan_to_num(tape.column("transfer_days"))[flows.contract].astype(np.int64) * _ONE_DAY
    arrives = distribution.arrivals(tape, flows.contract, ready)
    late = np.unique(flows.contract[np.isnat(arrives)])
    arrives = np.where(np.isnat(arrives), ready, arrives)
    waited = (arrives - flows.due).astype(np.float64)
    held = _in_account(tape, cutoff)
    plan, unpaid = _merged(
        np.append(flows.contract, held.contract), np.append(arrives, held.due),
        np.append(flows.principal, held.principal), np.append(flows.interest, held.interest),
        np.append(bank + trust + tax, np.zeros(len(held))), np.append(flows.fee, held.fee),
    )  # fmt: skip
    cash = flows.principal + flows.interest
    total = _sum(flows.contract, cash, count)
    weighted = _sum(flows.contract, cash * waited, count)
    mean = np.divide(weighted, total, out=np.zeros(count), where=total > 0)
    longest = np.zeros(count)
    np.maximum.at(longest, flows.contract, waited)
    left = np.zeros(count)
    left[: len(unpaid)] = unpaid
    bank, trust, tax = (_sum(flows.contract, values, count) for values in (bank, trust, tax))
    return Passed(plan, bank, trust, tax, left, mean, longest, late, flows.contract, flows.due, arrives)


def in_account(tape: Tape) -> Floats:
    """Principal that waited in the trust's account at the cut-off date: part of what the plan bought."""
    return np.asarray(np.nan_to_num(tape.column("trust_principal")), dtype=np.float64)


def _sum(place: Counts, values: Floats, length: int) -> Floats:
    """Sum of the values at each place."""
    return np.asarray(np.bincount(place, values, minlength=length), dtype=np.float64)


def _days(flows: Flows, begin: Dates) -> Floats:
    """Days over which the balance before each due date was outstanding."""
    opens = np.append(True, flows.contract[1:] != flows.contract[:-1])[: len(flows)]
    start = np.where(opens, begin[flows.contract], np.roll(flows.due, 1))
    return np.asarray((flows.due - start).astype(np.float64))


def _in_account(tape: Tape, cutoff: Dates) -> Flows:
    principal, interest = in_account(tape), np.nan_to_num(tape.column("trust_interest"))
    some = np.flatnonzero((principal > 0) | (interest > 0))
    arrives = distribution.arrivals(tape, some, cutoff[some])
    due = np.where(np.isnat(arrives), cutoff[some], arrives)
    return Flows.build(some, due, principal[some], principal[some], interest[some])


def _merged(
    contract: Counts, due: Dates, principal: Floats, interest: Floats, taken: Floats, fee: Floats
) -> tuple[Flows, Floats]:
    """One entry per contract and distribution, and what of ``taken`` is left unpaid per contract."""
    keys, place = np.unique(flow_keys(contract, due), return_inverse=True)
    first = np.zeros(len(keys), dtype=np.int64)
    first[place] = np.arange(len(contract))
    who, when = contract[first], due[first]
    paid, earned, owed, fees = (_sum(place, values, len(keys)) for values in (principal, interest, taken, fee))
    net, unpaid = _covered(who, earned, owed)
    left = np.cumsum(paid[::-1])[::-1]
    ends = np.append(who[1:] != who[:-1], True)[: len(who)]
    after = np.append(left[1:], 0.0)
    beyond = np.zeros(int(who.max(initial=-1)) + 1)
    beyond[who[ends]] = after[ends]
    return Flows.build(who, when, left - beyond[who], paid, net, fee=fees), unpaid


def _covered(who: Counts, earned: Floats, owed: Floats) -> tuple[Floats, Floats]:
    """Interest left of each distribution after what is owed then and from before; what stays unpaid per contract."""
    unpaid = np.zeros(int(who.max(initial=-1)) + 1)
    if np.all(earned >= owed):
        return earned - owed, unpaid
    net = np.zeros(len(who))
    for place, (row, income, cost) in enumerate(zip(who.tolist(), earned.tolist(), owed.tolist(), strict=True)):
        claim = unpaid[row] + cost
        net[place] = max(income - claim, 0.0)
        unpaid[row] = max(claim - income, 0.0)
    return net, unpaid


def refuse_uncovered(rows: terms.Rows, passed: Passed) -> None:
    """Refuse contracts whose interest never covers fees and tax, and trusts that end before their loans."""
    stuck = np.zeros(len(rows.tape), dtype=bool)
    stuck[passed.stuck] = True
    rows.refuse(
        stuck, "distribution_dates", "distribution-dates-end-early",
        lambda row: "payments due after the last distribution date", "a distribution date on or after every due date",
    )  # fmt: skip
    rows.refuse(
        passed.unpaid > COVERS_WITHIN, "trust_fee", "trust-fees-above-interest",
        lambda row: f"{passed.unpaid[row]:,.2f} of fees and tax that interest does not cover",
        "fees and tax of no more than the interest that is left to pay them", "check the rates and their units",
    )  # fmt: skip
