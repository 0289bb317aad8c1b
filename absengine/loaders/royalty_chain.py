"""Royalty maths (许可费收益权): volume → sales → royalty → payment → cash, one small function per link.

Every array is (stream, year, month) over *royalty years*: year 0 of a stream is the one its forecast begins in, month 0
the first of that year. So years and periods begin together for all streams, whatever their calendars. Each link reads
only the terms and the link before it; a path that draws its own volumes enters at :func:`sales`.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np

from absengine.calendars.date_rules import day_in_month
from absengine.loaders.due_dates import Counts, Flags
from absengine.schema import Dates, Floats

_DAY = np.timedelta64(1, "D")


@dataclass(frozen=True)
class Streams:
    """Terms of royalty streams, one entry per stream unless a second axis is named. Money [currency], rates decimals.

    ``year_zero`` months since 1970 of the first month of royalty year 0; ``years`` royalty years needed; ``start`` and
    ``end`` first day of the forecast and first day after the licence; ``months`` of a royalty period.
    ``quantity`` a year in the first forecast year: units where ``counts_units`` (else sales), at ``price`` each;
    ``growth`` and ``price_growth`` (stream, step) by forecast year, the last repeats; ``season`` (stream, month)
    weights by calendar month with mean 1; ``stated`` (stream, year, month) quantities given by a forecast, NaN where
    none is, None where no stream has one.
    ``tier_from`` and ``tier_rate`` (stream, tier), padded with tiers nothing reaches; ``tier_by_units`` and
    ``tier_for_life`` (else by year) say what they count; ``counted`` before the forecast.
    ``minimum`` a year, paid ``in_parts`` (else at the end of the year); ``earned`` royalties of year 0 before the
    forecast; ``unrecouped`` advance; ``lag`` months after the period; ``pay_day``; ``share`` of the plan.
    ``lost_on`` the last right ends (NaT: never), ``after`` share of the royalty paid from then on.
    """

    year_zero: Counts
    years: int
    start: Dates
    end: Dates
    months: Counts
    quantity: Floats
    counts_units: Flags
    price: Floats
    growth: Floats
    price_growth: Floats
    season: Floats
    stated: Floats | None
    tier_from: Floats
    tier_rate: Floats
    tier_by_units: Flags
    tier_for_life: Flags
    counted: Floats
    minimum: Floats
    in_parts: Flags
    earned: Floats
    unrecouped: Floats
    lag: Counts
    pay_day: Counts
    share: Floats
    lost_on: Dates
    after: Floats

    def __len__(self) -> int:
        return len(self.start)

    def take(self, rows: slice) -> Streams:
        """Some of the streams."""
        every = {item.name: getattr(self, item.name) for item in fields(self)}
        taken: dict[str, Any] = {
            name: part[rows] if isinstance(part, np.ndarray) else part for name, part in every.items()
        }
        return Streams(**taken)

    @cached_property
    def month(self) -> Counts:
        """Months since 1970 of every cell."""
        inside = np.arange(12 * self.years).reshape(1, self.years, 12)
        return np.asarray(self.year_zero[:, None, None] + inside)

    @cached_property
    def first_month(self) -> Counts:
        """(stream, 1, 1) months since 1970 of the first month of the forecast."""
        return np.asarray(self.start.astype("datetime64[M]").astype(np.int64)[:, None, None])

    @cached_property
    def first_day(self) -> Dates:
        """First day of every cell's month."""
        days: Dates = self.month.astype("datetime64[M]").astype("datetime64[D]")
        return days

    @cached_property
    def days(self) -> Floats:
        """Days of every cell's month."""
        after = (self.month + 1).astype("datetime64[M]").astype("datetime64[D]")
        return np.asarray((after - self.first_day).astype(np.float64))

    @cached_property
    def active(self) -> Floats:
        """Part of each month, by days, that lies in the forecast."""
        return self.part(self.start, self.end)

    @cached_property
    def ends_period(self) -> Flags:
        """The last month of a royalty period."""
        inside = np.arange(1, 13).reshape(1, 1, 12)
        return np.asarray(np.broadcast_to(inside % self.months[:, None, None] == 0, self.month.shape))

    def part(self, begin: Dates, end: Dates) -> Floats:
        """Part of each month, by days, between two days of each stream; the second does not count."""
        after = self.first_day + self.days.astype("timedelta64[D]")
        low = np.maximum(self.first_day, begin[:, None, None])
        high = np.minimum(after, end[:, None, None])
        return np.asarray(np.maximum((high - low).astype(np.float64), 0.0) / self.days)

    def forecast_year(self) -> Counts:
        """Years since the forecast began, by cell; negative before."""
        return np.asarray((self.month - self.first_month) // 12)


def level(growth: Floats, year: Counts) -> Floats:
    """What 1 has grown to by each forecast year; ``growth`` is (stream, step), the last step repeats."""
    grown = np.cumprod(np.concatenate([np.ones((len(growth), 1)), 1.0 + growth], axis=1), axis=1)
    steps = growth.shape[1]
    known = np.clip(year, 0, steps)
    at = grown[np.arange(len(growth))[:, None, None], known]
    return np.asarray(at * (1.0 + growth[:, -1])[:, None, None] ** np.maximum(year - steps, 0))


def quantities(terms: Streams) -> Floats:
    """Units sold, or sales, of every month: the forecast where one is stated, else level × season × growth."""
    calendar = terms.month % 12
    weight = terms.season[np.arange(len(terms))[:, None, None], calendar]
    run_rate = terms.quantity[:, None, None] / 12.0
    modelled = np.asarray(run_rate * weight * level(terms.growth, terms.forecast_year()) * terms.active)
    return modelled if terms.stated is None else np.where(np.isnan(terms.stated), modelled, terms.stated)


def prices(terms: Streams) -> Floats:
    """Sales per unit of every month; 1 for streams given as sales."""
    grown = terms.price[:, None, None] * level(terms.price_growth, terms.forecast_year())
    return np.where(terms.counts_units[:, None, None], grown, 1.0)


def sales(terms: Streams, quantity: Floats) -> Floats:
    """Licensed sales of every month."""
    return np.asarray(quantity * prices(terms))


def tiered(tier_from: Floats, tier_rate: Floats, total: Floats) -> Floats:
    """What tiers ask of a running total: each slice at its own rate. ``total`` is (stream, year, month)."""
    upper = np.concatenate([tier_from[:, 1:], np.full((len(tier_from), 1), np.inf)], axis=1)
    asked = np.zeros(total.shape)
    for low, high, rate in zip(tier_from.T, upper.T, tier_rate.T, strict=True):
        asked += (np.clip(total, low[:, None, None], high[:, None, None]) - low[:, None, None]) * rate[:, None, None]
    return asked


def royalties(terms: Streams, quantity: Floats) -> Floats:
    """Royalties earned each month, before any right is lost: tiers over the total of the year, or since the start."""
    prices_now = prices(terms)
    by_units = terms.tier_by_units[:, None, None]
    counted = np.where(by_units, quantity, quantity * prices_now)
    whole = np.cumsum(counted.reshape(len(terms), -1), axis=1).reshape(counted.shape)
    total = np.where(terms.tier_for_life[:, None, None], whole, np.cumsum(counted, axis=2))
    first = np.arange(terms.years)[None, :, None] == 0
    total = total + np.where(terms.tier_for_life[:, None, None] | first, terms.counted[:, None, None], 0.0)
    asked = tiered(terms.tier_from, terms.tier_rate, total)
    before = tiered(terms.tier_from, terms.tier_rate, total - counted)
    return np.asarray((asked - before) * np.where(by_units, prices_now, 1.0))


def standing(terms: Streams) -> Floats:
    """Share of the royalty still owed each month: 1 while a right stands, ``after`` once the last is lost."""
    never = terms.first_day[:, -1, -1] + np.timedelta64(400, "D")
    lost_on = np.where(np.isnat(terms.lost_on), never, terms.lost_on)
    stands = terms.part(terms.start, np.minimum(terms.end, lost_on))
    alive = np.divide(stands, terms.active, out=np.ones(stands.shape), where=terms.active > 0)
    return np.asarray(alive + (1.0 - alive) * terms.after[:, None, None])


def owed(terms: Streams, earned: Floats, stands: Floats) -> Floats:
    """Royalties payable for each period, in its last month: what is earned, topped up to the minimum guarantee.

    The minimum (保底) counts the months of the licence at the share still owed. Paid at the end of the year, it tops up
    the year's last period; paid in parts, every period is topped up to the minimum so far and nothing is clawed back.
    """
    before = np.asarray(terms.month < terms.first_month, dtype=np.float64)
    year_earned = np.cumsum(earned, axis=2)
    year_earned[:, 0] += terms.earned[:, None]
    floor = np.cumsum(terms.minimum[:, None, None] / 12.0 * (before + terms.active * stands), axis=2)
    floor_before = np.cumsum(terms.minimum[:, None, None] / 12.0 * before, axis=2)[:, 0, -1]
    parts = terms.in_parts[:, None, None]
    topped = np.maximum(year_earned, floor)
    due = np.where(parts | _ends_year(terms), topped, year_earned)
    opening = np.zeros((len(terms), terms.years, 1))
    opening[:, 0, 0] = np.where(terms.in_parts, np.maximum(terms.earned, floor_before), terms.earned)
    return _each_period(terms, due, opening)


def _ends_year(terms: Streams) -> Flags:
    """Cells from the last period of each royalty year on in which the stream lives."""
    last_month = (terms.end - _DAY).astype("datetime64[M]").astype(np.int64)[:, None, None]
    to_the_end = np.ceil((last_month - terms.year_zero[:, None, None] + 1) / terms.months[:, None, None])
    last = np.asarray(terms.year_zero[:, None, None] + to_the_end * terms.months[:, None, None] - 1)
    return np.asarray((np.arange(12) == 11)[None, None, :] | (terms.month >= last))


def _each_period(terms: Streams, running: Floats, opening: Floats) -> Floats:
    """Running totals of each year → what each period adds, in its last month; nothing before the forecast."""
    lives = terms.ends_period & (terms.month >= terms.first_month)
    known = np.where(lives, running, -np.inf)
    reached = np.maximum.accumulate(np.concatenate([opening, known], axis=2), axis=2)
    return np.where(lives, np.diff(reached, axis=2), 0.0)


def recouped(terms: Streams, payable: Floats) -> Floats:
    """Payments left after the unrecouped advance (未收回预付款) has been earned back."""
    total = np.cumsum(payable.reshape(len(terms), -1), axis=1).reshape(payable.shape)
    left = np.maximum(total - terms.unrecouped[:, None, None], 0.0)
    before = np.maximum(total - payable - terms.unrecouped[:, None, None], 0.0)
    return np.asarray(left - before)


def cash(terms: Streams, quantity: Floats) -> Floats:
    """The plan's cash for each period, in its last month, from the quantities of every month."""
    stands = standing(terms)
    earned = royalties(terms, quantity) * stands
    return np.asarray(recouped(terms, owed(terms, earned, stands)) * terms.share[:, None, None])


def pay_dates(terms: Streams) -> Dates:
    """Day on which the period ending in each month is paid: ``lag`` months later, on the pay day."""
    paid = (terms.month + terms.lag[:, None, None]).reshape(-1)
    day = np.broadcast_to(terms.pay_day[:, None, None], terms.month.shape).reshape(-1)
    dates: Dates = day_in_month(paid, day).reshape(terms.month.shape)
    return dates
