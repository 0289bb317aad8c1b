"""Contracts bought while a deal runs, the slow way: each purchase is a contract of its own that pays as days go by."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

SOURCES = ("deposit", "cure", "guarantor", "fund", "insurance", "ip", "repurchase")
SOLD = {"interest", "principal", "prepayment", "fee", "default", "recognised", "opening", "performing",
        "dilution"}  # fmt: skip


def later(day: dt.date, months: int) -> dt.date:
    """So many months later, on the last day of a month that is too short."""
    year, month = day.year + (day.month - 1 + months) // 12, (day.month - 1 + months) % 12 + 1
    for of_month in (day.day, 30, 29, 28):
        try:
            return dt.date(year, month, of_month)
        except ValueError:
            continue
    raise AssertionError


def months(period: object) -> int:
    return period.n * (12 if period.unit == "year" else 1)


def instalments(terms: object, bought: dt.date) -> list[tuple[dt.date, float, float]]:
    """(due date, interest, principal) of one unit: level by the annuity solved by bisection, even, or a bullet."""
    every, rate = months(terms.every), terms.rate * months(terms.every) / 12
    count, left, rows = months(terms.term) // every, 1.0, []
    payment = annuity(rate, count)
    for number in range(1, count + 1):
        interest = left * rate
        principal = {"bullet": 0.0, "even": 1 / count, "level": payment - interest}[terms.repays]
        principal = left if number == count else principal
        rows.append((later(bought, every * number), interest, principal))
        left -= principal
    return rows


def annuity(rate: float, count: int) -> float:
    low, high = 0.0, 1.0 + rate
    for _ in range(200):
        middle = (low + high) / 2
        left = 1.0
        for _ in range(count):
            left = left * (1 + rate) - middle
        low, high = (middle, high) if left > 0 else (low, middle)
    return low


@dataclass
class Vintage:
    """What was bought on one day."""

    name: str
    kind: str
    units: float
    rows: dict[int, tuple[float, float]]
    left: float = 1.0
    share: float = 1.0
    stays: float = 1.0
    remains: float = 1.0

    def walk(self, row: int, given: Callable[[str], float], book: Callable[[str, int, float], None]) -> None:
        """One row: what falls due, what fails, what leaves early."""
        at = f"purchase.{self.name}"
        book("opening", row, self.units * self.share * self.left)
        self.stays *= 1 - given(f"{at}.default")
        self.remains *= 1 - given(f"{at}.prepay")
        if row in self.rows:
            self.due(row, *self.rows[row], given, book)
        self.show(row, book)

    def show(self, row: int, book: Callable[[str, int, float], None]) -> None:
        book("performing", row, self.units * self.share * self.left)
        book(f"purchase.{self.name}.balance", row, self.units * self.share * self.left)

    def due(self, row: int, interest: float, principal: float, given: Callable[[str], float],
            book: Callable[[str, int, float], None]) -> None:  # fmt: skip
        at, before = f"purchase.{self.name}", self.left
        self.left = 0.0 if before - principal < 1e-9 else before - principal
        stays = self.stays * (1 - given(f"{at}.at_end")) if self.left == 0 else self.stays
        fails, performs = self.share * (1 - stays), self.share * stays
        leaves, self.share = performs * (1 - self.remains), performs * self.remains
        self.stays = self.remains = 1.0
        option = given(f"{at}.options")
        prepay_last, full_interest = option in (1.0, 3.0), option in (2.0, 3.0)
        earned = self.units * (performs if full_interest else self.share) * interest
        book("interest", row, earned)
        book(f"interest.{self.kind}", row, earned)
        book("principal", row, self.units * (performs if prepay_last else self.share) * principal)
        book("prepayment", row, self.units * leaves * (self.left if prepay_last else before))
        lost = self.units * fails * before
        book("default", row, lost)
        book("recognised", int(given(f"{at}.recognised_row")), lost)
        for source in SOURCES:
            for turn in ("", "late_"):
                rate, to = (given(f"{at}.recovery.{source}.{turn}{part}") for part in ("rate", "row"))
                book(f"recovery.{source}", int(to), lost * rate)


@dataclass
class Market:
    """Everything bought on one path, and what is left of the first pool after sales."""

    feed: Mapping[str, np.ndarray]
    vintages: list[Vintage] = field(default_factory=list)
    extra: dict[tuple[str, int], float] = field(default_factory=lambda: defaultdict(float))
    kept: float = 1.0
    kept_now: float = 1.0
    row: int = 0

    def open(self, row: int) -> None:
        self.row, self.kept = row, self.kept_now
        for vintage in self.vintages:
            vintage.walk(row, lambda name: float(self.feed[name][row]), self.book)

    def book(self, name: str, row: int, amount: float) -> None:
        self.extra[name, row] += amount

    def given(self, name: str) -> float:
        base, balance = float(self.feed[name][self.row]), name == "performing"
        if name in SOLD or name.startswith(("interest.", "recovery.", "overdue.")):
            base *= self.kept_now if balance else self.kept
        elif name.startswith("purchase.") and name.endswith(".balance"):
            base = 0.0
        return base + self.extra[name, self.row]

    def buy(self, name: str, terms: object, units: float, bought: dt.date, calc: list[dt.date]) -> None:
        rows: dict[int, tuple[float, float]] = {}
        for due, interest, principal in instalments(terms, bought):
            row = sum(day < due for day in calc)
            old = rows.get(row, (0.0, 0.0))
            rows[row] = (old[0] + interest, old[1] + principal)
        self.vintages.append(Vintage(name, terms.kind, units, rows))
        self.vintages[-1].show(self.row, self.book)

    def sell(self, share: float) -> None:
        self.kept_now *= 1 - share
        for vintage in self.vintages:
            vintage.units *= 1 - share
        for name, row in list(self.extra):
            if row > self.row or (row == self.row and (name == "performing" or name.endswith(".balance"))):
                self.extra[name, row] *= 1 - share
