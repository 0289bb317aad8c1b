"""One lease, rent after rent, in plain Python: the slow twin of the lease loader.

Dates are counted from the start of the lease one by one; rents and rates are found by bisection on what is left at the
end; a deposit is spent by walking back from the last rent.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date


@dataclass
class Rent:
    """One rent: its day, the balance before it, and what it pays."""

    day: date
    opening: float
    principal: float
    interest: float
    fee: float = 0.0
    deposit: float = 0.0


def later(day: date, months: int) -> date:
    """The same day of a later month; days up to the 28th only."""
    count = day.year * 12 + day.month - 1 + months
    return date(count // 12, count % 12 + 1, day.day)


def rent_days(start: date, months: int, rents: int, in_advance: bool, cutoff: date) -> list[tuple[date, float]]:
    """Days on or after the cut-off, each with the share of a year its interest has run."""
    days = [later(start, months * number) for number in range(0 if in_advance else 1, rents + (not in_advance))]
    return [(day, 0.0 if day == start else months / 12) for day in days if day >= cutoff]


def bisect(low: float, high: float, falls: Callable[[float], float]) -> float:
    """Where a falling function crosses 0."""
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if falls(middle) > 0 else (low, middle)
    return (low + high) / 2


def left_after(balance: float, rate: float, years: Sequence[float], rents: Sequence[float]) -> float:
    """What is still owed after the last rent."""
    for time, rent in zip(years, rents, strict=True):
        balance += balance * rate * time - rent
    return balance


def lease(balance: float, rate: float, days: list[tuple[date, float]], *, level: bool, step: float = 0.0) -> list[Rent]:
    """Rents that repay the balance; each one (level) or its principal (even) grows by ``step``."""
    weight = [(1 + step) ** number for number in range(len(days))]
    years = [time for _, time in days]
    unit = bisect(0.0, 3 * balance, lambda one: left_after(balance, rate, years, [one * w for w in weight]))
    rents, held = [], balance
    for (day, time), share in zip(days, weight, strict=True):
        interest = held * rate * time
        principal = unit * share - interest if level else balance * share / sum(weight)
        rents.append(Rent(day, held, principal, interest))
        held -= principal
    return rents


def set_off(rents: list[Rent], deposit: float) -> list[Rent]:
    """The rents that still come when a deposit pays the last ones, interest first."""
    for rent in reversed(rents):
        paid = min(deposit, rent.interest)
        rent.interest, deposit = rent.interest - paid, deposit - paid
        paid = min(deposit, rent.principal)
        rent.principal, deposit = rent.principal - paid, deposit - paid
    held = sum(rent.principal for rent in rents)
    for rent in rents:
        rent.opening, held = held, held - rent.principal
    return rents
