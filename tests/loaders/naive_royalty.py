"""One royalty stream, month after month, in plain Python: the slow twin of the royalty chain.

Money is kept in running purses (earned this year, paid this year, advance still to be recouped) as an accountant of the
licensee keeps them; the engine works on running totals of whole years. Value is discounted date by date.
"""

from __future__ import annotations

import calendar
from dataclasses import dataclass, field
from datetime import date, timedelta


@dataclass
class Stream:
    """Terms of a stream as its tape states them."""

    start: date
    end: date  # last day of the licence
    months: int
    sales: float = 0.0
    price: float | None = None  # sales are units at this price where given
    growth: list[float] = field(default_factory=list)
    season: list[float] = field(default_factory=lambda: [1.0] * 12)
    tiers: list[tuple[float, float]] = field(default_factory=lambda: [(0.0, 1.0)])
    tier_by: str = "sales_per_year"
    tier_to_date: float = 0.0
    minimum: float = 0.0
    in_parts: bool = False
    earned: float = 0.0
    unrecouped: float = 0.0
    lag: int = 0
    share: float = 1.0
    lost_on: date | None = None
    after: float = 0.0
    year_start: int = 1


def month_end(year: int, month: int) -> date:
    return date(year, month, calendar.monthrange(year, month)[1])


def later(year: int, month: int, by: int) -> tuple[int, int]:
    months = year * 12 + month - 1 + by
    return months // 12, months % 12 + 1


def licensed(stream: Stream, year: int, month: int) -> tuple[float, float]:
    """Days of the month under licence, over all its days; and the part of those on which a right still stands."""
    day, last, inside, stands = date(year, month, 1), month_end(year, month), 0, 0
    while day <= last:
        if stream.start <= day <= stream.end:
            inside += 1
            stands += stream.lost_on is None or day < stream.lost_on
        day += timedelta(days=1)
    return inside / last.day, (stands / inside if inside else 1.0)


def asked(tiers: list[tuple[float, float]], begin: float, amount: float) -> float:
    """What the slices ask of the next ``amount`` after ``begin``, filled slice by slice."""
    total = 0.0
    for number, (low, rate) in enumerate(tiers):
        high = tiers[number + 1][0] if number + 1 < len(tiers) else float("inf")
        from_here, to_here = max(begin, low), min(begin + amount, high)
        total += rate * max(0.0, to_here - from_here)
    return total


def payments(stream: Stream) -> list[tuple[date, float]]:
    """(pay date, cash of the plan) of every royalty period, from the first of the forecast on."""
    year, month = stream.start.year, stream.start.month
    weights = sum(stream.season) / 12
    counted, advance, paid = stream.tier_to_date, stream.unrecouped, []
    earned, floor = stream.earned, 0.0
    number = 0
    while (date(year, month, 1)) <= stream.end:
        of_year = (month - stream.year_start) % 12
        if number == 0:
            floor = stream.minimum / 12 * of_year
            given = max(earned, floor) if stream.in_parts else earned
        elif of_year == 0:
            earned, floor, given = 0.0, 0.0, 0.0
            counted = counted if stream.tier_by.endswith("total") else 0.0
        part, stands = licensed(stream, year, month)
        still = stands + (1 - stands) * stream.after
        grown = 1.0
        for past in range(number // 12):
            grown *= 1 + (stream.growth[min(past, len(stream.growth) - 1)] if stream.growth else 0.0)
        amount = stream.sales / 12 * stream.season[month - 1] / weights * grown * part
        price = stream.price if stream.price is not None else 1.0
        by_units = stream.tier_by.startswith("volume")
        slice_of = amount if by_units else amount * price
        earned += asked(stream.tiers, counted, slice_of) * (price if by_units else 1.0) * still
        counted += slice_of
        floor += stream.minimum / 12 * part * still
        last_month = date(*later(year, month, 1), 1) > stream.end
        ends = (of_year + 1) % stream.months == 0
        if ends or last_month:
            over = of_year == 11 or last_month
            to_pay = max(earned, floor) if stream.in_parts or over else earned
            due = max(to_pay - given, 0.0)
            given = max(given, to_pay)
            kept = min(advance, due)
            advance -= kept
            closing = later(year, month, (stream.months - (of_year + 1) % stream.months) % stream.months)
            paid.append((month_end(*later(*closing, stream.lag)), (due - kept) * stream.share))
        year, month = later(year, month, 1)
        number += 1
    return paid


def value(flows: list[tuple[date, float]], on: date, rate: float) -> float:
    """What the payments from a day on are worth on it."""
    return sum(amount / (1 + rate) ** ((due - on).days / 365) for due, amount in flows if due >= on)
