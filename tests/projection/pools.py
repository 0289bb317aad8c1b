"""Small pools by hand: cash-flow tables and timelines for the tests of the projection."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from absengine.calendars.date_rules import add_months
from absengine.schema import (
    CASHFLOW_COLUMNS,
    CONTRACT_COLUMNS,
    POOL_CHANNELS,
    RIGHT_COLUMNS,
    CashflowTable,
    Table,
    Timeline,
)


@dataclass
class Loan:
    """One contract: due dates with principal and interest; further contract columns in ``more``."""

    number: str
    due: Sequence[Any]
    principal: Sequence[float]
    interest: Sequence[float]
    balance: float
    fee: Sequence[float] | None = None
    deposit: Sequence[float] | None = None
    more: dict[str, Any] = field(default_factory=dict)


def level(number: str, balance: float, rate: float, due: Sequence[Any], per_year: int = 12, **more: Any) -> Loan:
    """等额本息: the payment is solved once for the balance and the number of due dates."""
    count, periodic = len(due), rate / per_year
    payment = balance / count if periodic == 0 else balance * periodic / (1 - (1 + periodic) ** -count)
    left, principal, interest = balance, [], []
    for step in range(count):
        interest.append(left * periodic)
        principal.append(left if step == count - 1 else payment - left * periodic)
        left -= principal[-1]
    return Loan(number, due, principal, interest, balance, more={"rate": rate, **more})


def bullet(number: str, balance: float, due: Sequence[Any], interest: Sequence[float], **more: Any) -> Loan:
    """Interest on every due date, principal with the last."""
    return Loan(number, due, [0.0] * (len(due) - 1) + [balance], interest, balance, more=more)


def monthly(first: str, count: int, every: int = 1, day: int | None = None) -> Any:
    """Due dates every so many months from ``first``, on its day."""
    return add_months(np.datetime64(first, "D"), every * np.arange(count), day)


def pool(loans: Sequence[Loan], cutoff: str, rights: Sequence[dict[str, Any]] = ()) -> CashflowTable:
    """A cash-flow table of some loans."""
    lines: dict[str, list[Any]] = {column.name: [] for column in CASHFLOW_COLUMNS}
    for index, loan in enumerate(loans):
        left = loan.balance
        fees, deposits = loan.fee or [0.0] * len(loan.due), loan.deposit or [0.0] * len(loan.due)
        flows = zip(loan.due, loan.principal, loan.interest, fees, deposits, strict=True)
        for due, principal, interest, fee, deposit in flows:
            closing = 0.0 if due == loan.due[-1] else left - principal
            cells = (index, 0, 0, due, left, principal, interest, fee, deposit, closing)
            for column, cell in zip(CASHFLOW_COLUMNS, cells, strict=True):
                lines[column.name].append(cell)
            left = closing
    table = Table.build(CASHFLOW_COLUMNS, len(lines["contract"]), **{k: np.array(v) for k, v in lines.items()})
    names = sorted({key for loan in loans for key in loan.more})
    blanks = {c.name: np.datetime64("NaT", "D") if "date" in c.dtype else np.nan for c in CONTRACT_COLUMNS}
    blanks |= {c.name: "" for c in CONTRACT_COLUMNS if c.dtype == "object"}
    columns = {name: np.array([loan.more.get(name, blanks.get(name, "")) for loan in loans]) for name in names}
    columns |= {
        "contract_id": np.array([loan.number for loan in loans], dtype=object),
        "cutoff_balance": np.array([loan.balance for loan in loans]),
    }
    columns.setdefault("cutoff_date", np.full(len(loans), np.datetime64(cutoff, "D")))
    columns.setdefault("obligor", np.array([f"obligor of {loan.number}" for loan in loans], dtype=object))
    contracts = Table.build(CONTRACT_COLUMNS, len(loans), **columns)
    pledged = {key: np.array([right[key] for right in rights]) for key in (rights[0] if rights else {})}
    return CashflowTable(table, contracts, Table.build(RIGHT_COLUMNS, len(rights), **pledged))


def timeline(cutoff: str, calc_dates: Sequence[Any]) -> Timeline:
    """One stage that pays on every calculation date."""
    calc = np.array(calc_dates, dtype="datetime64[D]")
    start = np.concatenate([[np.datetime64(cutoff, "D")], calc[:-1]])
    return Timeline(
        np.datetime64(cutoff, "D"), np.datetime64(cutoff, "D"), calc[-1], calc, calc, start, calc, start,
        np.ones((1, len(calc)), dtype=bool),
    )  # fmt: skip


def month_ends(first: str, count: int) -> Any:
    """Consecutive month ends."""
    return add_months(np.datetime64(first, "D"), np.arange(count), 31)


CHANNELS = POOL_CHANNELS
