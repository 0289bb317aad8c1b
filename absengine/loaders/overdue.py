"""What is overdue at the cut-off date (逾期): how it enters the cash flows, and in which bucket (逾期分桶) it is shown.

The rule is the cautious one, for contracts that are behind with anything:

* nothing overdue is taken to arrive at once, or with the next payment; overdue principal and interest (``逾期本金``,
  ``应计利息``) fall due on the contract's last due date and bear no interest until then;
* what is not overdue is repaid on the contract's dates. Interest in arrears the tape does not state is not counted;
* a contract behind by more than 90 days, or shown as defaulted, pays nothing until its last due date: its whole balance
  falls due there, without interest. A scenario may let it default there, or prepay, as any other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from absengine.loaders import terms
from absengine.loaders.due_dates import Flags
from absengine.loaders.schedule import Flows, flow_keys
from absengine.loaders.tape import Tape
from absengine.schema import Dates, Floats

LOST_AFTER: Final = 90
"""Days past due beyond which a contract counts as defaulted at the cut-off date; deals use 30, 60 or 90 days."""

EDGES: Final = (0, 30, 60, 90)
BUCKETS: Final = ("current", "1–30", "31–60", "61–90", "90+")
"""Names of the overdue buckets; bucket ``n`` holds days past due in (EDGES[n-1], EDGES[n]]."""

KINDS: Final = ("pledge_loan", "trust_loan", "licensing")
"""Kinds of receivables whose schedules follow this rule; the others state their own dates and amounts."""

_BEHIND: Final = ("arrears", "defaulted")
_GONE: Final = ("redeemed", "repurchased")


@dataclass(frozen=True)
class Arrears:
    """Per contract: ``principal`` and ``interest`` that fall due on the last due date; ``behind`` owes something."""

    principal: Floats
    interest: Floats
    behind: Flags


def buckets(dpd: Floats) -> NDArray[np.int64]:
    """Bucket of each number of days past due; one past the last for a number that is missing."""
    place = np.searchsorted(EDGES, dpd, side="left")
    return np.where(np.isnan(dpd), len(BUCKETS), place)


def arrears(tape: Tape) -> Arrears:
    """What of each contract is overdue at the cut-off date."""
    dpd, stated = np.nan_to_num(tape.column("dpd")), np.nan_to_num(tape.column("overdue_principal"))
    status = tape.column("account_status")
    lost = (dpd > LOST_AFTER) | (status == "defaulted")
    behind = (dpd > 0) | (stated > 0) | np.isin(status, _BEHIND)
    interest = np.nan_to_num(tape.column("accrued_interest")) * (behind & ~lost)
    return Arrears(np.where(lost, np.nan_to_num(tape.column("balance")), stated), interest, behind)


def added(flows: Flows, late: Arrears, last_due: Dates) -> Flows:
    """Flows of what is not overdue, with what is: due on ``last_due`` and part of the balance until then."""
    owing = np.flatnonzero((late.principal > 0) | (late.interest > 0))
    if not len(owing):
        return flows
    key, wanted = flow_keys(flows.contract, flows.due), flow_keys(owing, last_due[owing])
    lacking = owing[~np.isin(wanted, key)]
    empty = np.zeros(len(lacking))
    whole = Flows.joined([flows, Flows.build(lacking, last_due[lacking], empty, empty, empty)]).in_order()
    place = np.searchsorted(flow_keys(whole.contract, whole.due), wanted)
    principal, interest = whole.principal.copy(), whole.interest.copy()
    principal[place] += late.principal[owing]
    interest[place] += late.interest[owing]
    opening = whole.opening + late.principal[whole.contract]
    return Flows.build(
        whole.contract, whole.due, opening, principal, interest, fee=whole.fee, accrued=whole.accrued,
        deposit=whole.deposit,
    )  # fmt: skip


def refuse(rows: terms.Rows) -> None:
    """Refuse rows that contradict themselves on what is overdue, or owe money although they are repaid."""
    tape = rows.tape
    dpd, stated, balance = (tape.column(name) for name in ("dpd", "overdue_principal", "balance"))
    status = tape.column("account_status")
    rows.refuse(
        stated > balance, "overdue_principal", "overdue-above-balance",
        lambda row: f"{stated[row]:,.2f} overdue of a balance of {balance[row]:,.2f}", "at most the balance",
    )  # fmt: skip
    rows.refuse(
        (stated > 0) & (dpd == 0), "overdue_principal", "overdue-without-days",
        lambda row: f"{stated[row]:,.2f} overdue by 0 days", "days past due above 0, or nothing overdue",
    )  # fmt: skip
    rows.refuse(
        (balance > 0) & np.isin(status, _GONE), "account_status", "repaid-with-balance",
        lambda row: f"{status[row]}, with a balance of {balance[row]:,.2f}", "a balance of 0, or another state",
    )  # fmt: skip


def said(tape: Tape) -> list[str]:
    """What the report of a tape says of overdue contracts and of how they enter the cash flows, by this rule."""
    if tape.kind not in KINDS:
        return []
    late, balance = arrears(tape), np.nan_to_num(tape.column("balance"))
    if not np.any(late.behind):
        return []
    total, days = float(balance.sum()), np.nan_to_num(tape.column("dpd"))
    lost = late.behind & (late.principal >= balance) & (balance > 0)
    share = f"{float(balance[late.behind].sum()) / total:.2%} of the balance" if total else "no balance"
    lines = [
        f"{int(late.behind.sum())} contracts are overdue ({share}): what is overdue falls due on their last due date, "
        "without interest; nothing of it is taken to arrive earlier 逾期金额按最后一期计入且不计息"
    ]
    if np.any(lost):
        lines.append(
            f"{int(lost.sum())} of them are overdue by more than {LOST_AFTER} days or shown as defaulted: nothing is "
            "due before their last date; leave them out where the deal does not admit them 超过90日视同违约"
        )
    silent = late.behind & ~lost & (days > 0) & (np.nan_to_num(tape.column("overdue_principal")) == 0)
    if np.any(silent):
        lines.append(
            f"{int(silent.sum())} of them state no overdue principal (逾期本金): "
            "their balance is repaid on the dates left"
        )
    return lines
