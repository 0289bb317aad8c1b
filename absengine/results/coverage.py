"""Coverage of each payment date (期间现金流覆盖倍数), with and without carried cash, and over the whole life.

Definition (domain guide §9): (pool cash of the period + account interest − tax − senior fees) over (interest +
principal due on the date of the classes up to and including this one). No support, no reserve, no carried cash; a
second figure adds carried cash (含留存). Hedges count net; over the whole life, cash that bought contracts (循环购买)
is taken off, because it comes back with them. Principal of a pass-through class (过手摊还) is due only in total.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from absengine.results.books import Books
from absengine.schema import Floats, TrancheLabel

PASS_THROUGH = "pass_through"


@dataclass(frozen=True)
class Coverage:
    """``by_date`` and ``carried`` are (row, lane), NaN where nothing falls due; ``total`` is (lane,)."""

    by_date: Floats
    carried: Floats
    total: Floats


def available_cash(books: Books) -> Floats:
    """Numerator: what the period brought in after taxes and senior fees due, on payment rows."""
    brought = books.since_last_payment(_brought(books))
    burdens = _burdens(books)
    return brought - _owed(books, [f"{name}.paid" for name in burdens], [f"{name}.unpaid" for name in burdens])


def _brought(books: Books) -> Floats:
    """Pool cash, interest of the accounts, and what hedges bring less what they cost."""
    interest = books.total([f"account.{name}.interest" for name in books.own_accounts])
    hedges = books.total(books.like("hedge", "received")) - books.total(books.like("hedge", "paid"))
    return np.asarray(books.pool_cash + interest + hedges)


def _burdens(books: Books) -> list[str]:
    """Taxes and the fees that stand ahead of interest."""
    return [f"tax.{name}" for name in books.labels.taxes] + [f"fee.{name}" for name in books.labels.senior_fees]


def _life_cash(books: Books) -> Floats:
    """Numerator over the whole life: each tax and fee counts once, however long it stays unpaid.

    What goes on accruing once the notes are repaid and the pool pays no more is owed by nobody: the plan has ended.
    """
    burdens = _burdens(books)
    paid, unpaid = ([f"{name}.{part}" for name in burdens] for part in ("paid", "unpaid"))
    spent = books.total(books.like("purchase", "paid"))  # cash that buys contracts comes back with them
    brought = (_brought(books) - spent).sum(axis=0)
    owed = books.total(unpaid)[_last_payment(books), np.arange(books.lanes)]
    return np.asarray(brought - books.total(paid).sum(axis=0) - owed)


def _last_payment(books: Books) -> NDArray[np.intp]:
    """``(lane,)``: the payment row that ends the plan's life, the first from the last pool cash or open note on."""
    alive = np.abs(books.pool_cash) > books.dust
    for label in books.labels.tranches:
        if not label.residual:
            alive = alive | (books.opening(label) + books.tranche(label.name, "interest_unpaid") > books.dust)
    rows = np.arange(books.rows)[:, None]
    last = np.where(alive, rows, 0).max(axis=0)
    return np.asarray(np.where(books.paying & (rows >= last), rows, books.rows - 1).min(axis=0), dtype=np.intp)


def _owed(books: Books, paid: list[str], unpaid: list[str]) -> Floats:
    """Amounts due on a payment row with what was carried unpaid: paid since the last one plus what is still unpaid."""
    return np.where(books.paying, books.since_last_payment(books.total(paid)) + books.total(unpaid), 0.0)


def debt_service(books: Books, label: TrancheLabel) -> Floats:
    """Interest and principal due to one class on each payment row, carried shortfalls included."""
    name = f"tranche.{label.name}"
    interest = _owed(books, [f"{name}.interest_paid"], [f"{name}.interest_unpaid"])
    if label.amortisation == PASS_THROUGH:
        return interest
    paid, overdue = books.item(f"{name}.principal_paid"), books.item(f"{name}.principal_overdue")
    due = np.maximum(books.item(f"{name}.principal_due"), np.where(overdue > 0, paid + overdue, 0.0))
    return interest + np.where(books.paying, due, 0.0)


def carried_cash(books: Books) -> Floats:
    """Cash of the plan left in the accounts, reserves apart, at the payment row before."""
    names = [name for name in books.own_accounts if name not in books.reserves]
    stock = books.total([f"account.{name}.balance" for name in names])
    return books.at_previous_payment(stock, books.opening_cash(names))


def coverage(books: Books, label: TrancheLabel) -> Coverage:
    """Coverage of the classes that rank with or ahead of ``label``."""
    classes = books.down_to(label)
    available = available_cash(books)
    due = np.zeros((books.rows, books.lanes))
    for one in classes:
        due = due + debt_service(books, one)
    return Coverage(
        by_date=_ratio(available, due),
        carried=_ratio(available + carried_cash(books), due),
        total=_ratio(_life_cash(books), _life_debt(books, classes)),
    )


def _life_debt(books: Books, classes: tuple[TrancheLabel, ...]) -> Floats:
    """All interest that ever fell due, and the face of every class: principal is due by legal final at the latest."""
    due = np.zeros(books.lanes)
    for one in classes:
        interest = books.tranche(one.name, "interest_paid").sum(axis=0)
        due = due + interest + books.tranche(one.name, "interest_unpaid")[-1] + books.face(one)
    return due


def _ratio(numerator: Floats, denominator: Floats) -> Floats:
    result = np.full(np.shape(denominator), np.nan)
    np.divide(numerator, denominator, out=result, where=denominator > 0)
    return result
