"""One licence contract, one fee after the other, in plain Python: the slow twin of the licence loader.

Rates are found by bisection, values by walking back from the last fee; nothing here knows about arrays.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

Fee = tuple[date, float]
Flow = tuple[date, float, float]


@dataclass(frozen=True)
class Right:
    """A licensed right: its appraisal (None: never appraised) and the day it ends (None: it stands)."""

    value: float | None
    lost: date | None


def years(start: date, end: date) -> float:
    """30E/360, written out."""
    return (
        360 * (end.year - start.year) + 30 * (end.month - start.month) + min(end.day, 30) - min(start.day, 30)
    ) / 360


def value(fees: list[Fee], begin: date, rate: float) -> float:
    """Present value on ``begin``."""
    worth = 0.0
    for place in reversed(range(len(fees))):
        since = fees[place - 1][0] if place else begin
        worth = (worth + fees[place][1]) / (1 + rate * years(since, fees[place][0]))
    return worth


def own_rate(fees: list[Fee], begin: date, balance: float) -> float:
    """The rate at which the fees are worth the balance, by bisection."""
    low, high = 0.0, 1.0
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if value(fees, begin, middle) > balance else (low, middle)
    return low


def walk(fees: list[Fee], begin: date, rate: float) -> list[Flow]:
    """(date, principal, interest) of each fee when the balance is the value of all of them."""
    balance, flows = value(fees, begin, rate), []
    for place, (due, fee) in enumerate(fees):
        interest = balance * rate * years(fees[place - 1][0] if place else begin, due)
        flows.append((due, fee - interest, interest))
        balance -= fee - interest
    return flows


def kept(rights: list[Right], due: date) -> float:
    """Share of the appraisal still standing on a day; rights none of which is appraised count alike."""
    if not any(right.value for right in rights):
        rights = [Right(1.0, right.lost) for right in rights]
    standing = sum(right.value or 0.0 for right in rights if right.lost is None or right.lost > due)
    return standing / sum(right.value or 0.0 for right in rights)


def settled(fees: list[Fee], begin: date, rate: float, end: date) -> list[Fee]:
    """Fees where the balance and the interest of the running period, by days, are paid on ``end``."""
    paid, balance = [], value(fees, begin, rate)
    since = begin
    for due, fee in fees:
        interest = balance * rate * years(since, due)
        if due > end:
            last = balance + interest * (end - since).days / (due - since).days
            if paid and paid[-1][0] == end:
                return [*paid[:-1], (end, paid[-1][1] + last)]
            return [*paid, (end, last)]
        paid.append((due, fee))
        balance -= fee - interest
        since = due
    return paid
