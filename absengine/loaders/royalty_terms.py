"""Rows of a royalty tape → terms of streams (:class:`Streams`), with a place for everything that does not fit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np

from absengine.loaders import royalty_words as words
from absengine.loaders.due_dates import Counts, Flags
from absengine.loaders.royalty_chain import Streams
from absengine.loaders.royalty_forecast import Forecast, after, stated
from absengine.loaders.source import Context
from absengine.loaders.tape import Tape
from absengine.loaders.terms import MONTHS, Rows
from absengine.schema import Dates, Floats, Table

_UNREACHED: Final = 1e300
"""Where padded tiers begin: finite, so that nothing is lost in infinite differences."""

_LONGEST: Final = 150
"""Years a stream may be forecast (assumption): copyrights run to 70 years after the author's death."""

_DAY = np.timedelta64(1, "D")


def streams(tape: Tape, context: Context, rows: Rows, forecast: Forecast | None) -> Streams | None:
    """Terms of every row; None where a row is refused. ``forecast`` holds the given quantities, if any."""
    start, end = tape.column("forecast_from"), after(tape.column("maturity_date"))
    months = _period_months(tape, rows)
    begins = np.nan_to_num(tape.column("year_start"), nan=1.0).astype(np.int64)
    first = start.astype("datetime64[M]").astype(np.int64)
    zero = first - (first - (begins - 1)) % 12
    _refuse_dates(rows, start, end, (first - zero) % np.maximum(months, 1))
    tiers = _read(rows, "royalty_rate", words.tiers, "royalty-rate-unreadable", "6.6%, or 0: 4%; 1_000_000: 6%")
    growth = _read(rows, "growth", words.growth, "growth-unreadable", "growth by year, as in 5%; 0%; -10%")
    raised = _read(rows, "price_growth", words.growth, "growth-unreadable", "growth by year, as in 3%")
    season = _read(rows, "seasonality", words.season, "seasonality-unreadable", "4 or 12 weights, not all 0")
    _refuse_currency(rows, context)
    _refuse_quantities(rows, forecast)
    _refuse_tiers(rows, tiers, first != zero)
    _refuse_minimum(rows, first != zero)
    if rows.problems:
        return None
    years = int(np.max((end - _DAY).astype("datetime64[M]").astype(np.int64) - zero, initial=0)) // 12 + 1
    tier_from, tier_rate = _tier_table(tiers)
    by = tape.column("tier_by").astype(str)
    per_unit = tape.column("unit_price")
    given = None if forecast is None else stated(forecast, zero, years, months)
    units = _counts_units(tape, forecast)
    return Streams(
        year_zero=zero, years=years, start=start, end=end, months=months,
        quantity=np.nan_to_num(np.where(units, tape.column("volume"), tape.column("sales"))),
        counts_units=units, price=np.where(units, per_unit, 1.0),
        growth=_padded(growth, 0.0), price_growth=_padded(raised, 0.0),
        season=np.array([weights or [1.0] * 12 for weights in season]).reshape(len(tape), 12),
        stated=given, tier_from=tier_from, tier_rate=tier_rate,
        tier_by_units=np.char.startswith(by, "volume"), tier_for_life=np.char.endswith(by, "total"),
        counted=np.nan_to_num(tape.column("tier_to_date")), minimum=np.nan_to_num(tape.column("minimum")),
        in_parts=np.asarray(tape.column("minimum_paid") == "in_parts"),
        earned=np.nan_to_num(tape.column("royalty_to_date")), unrecouped=np.nan_to_num(tape.column("unrecouped")),
        lag=tape.column("report_lag").astype(np.int64),
        pay_day=np.nan_to_num(tape.column("pay_day"), nan=31.0).astype(np.int64), share=tape.column("share"),
        lost_on=rights_lost(tape, context.rights), after=np.nan_to_num(tape.column("after_expiry")),
    )  # fmt: skip


def rights_lost(tape: Tape, rights: Table) -> Dates:
    """Day on which the last right of each stream ends; NaT where one stands for good, or none is named."""
    lost: Dates = np.full(len(tape), np.datetime64("NaT"), dtype="datetime64[D]")
    ends: dict[str, list[np.datetime64]] = {}
    for name, day in zip(rights["contract_id"], rights["lost_on"], strict=True):
        ends.setdefault(str(name), []).append(day)
    for row, name in enumerate(tape.column("asset_id")):
        days = ends.get(str(name), [])
        if days and not np.isnat(days).any():
            lost[row] = max(days)
    return lost


def _read(rows: Rows, field: str, reader: Callable[[str], Any], code: str, allowed: str) -> list[Any]:
    """A column of texts read one by one; None where the cell is empty or refused."""
    texts = [str(text) for text in rows.tape.column(field)]
    known = {text: reader(text) if text else None for text in set(texts)}
    bad = np.array([bool(text) and known[text] is None for text in texts], dtype=bool)
    rows.refuse(bad, field, code, lambda row: repr(texts[row]), allowed)
    return [known[text] for text in texts]


def _padded(lists: list[list[float] | None], blank: float) -> Floats:
    """Lists of unequal length as a table, each one's last entry repeated."""
    longest = max((len(values) for values in lists if values), default=1)
    table = np.full((len(lists), longest), blank)
    for row, values in enumerate(lists):
        if values:
            table[row] = values + values[-1:] * (longest - len(values))
    return table


def _tier_table(tiers: list[list[tuple[float, float]]]) -> tuple[Floats, Floats]:
    widest = max((len(slices) for slices in tiers), default=1)
    low, rate = np.full((len(tiers), widest), _UNREACHED), np.zeros((len(tiers), widest))
    for row, slices in enumerate(tiers):
        low[row, : len(slices)], rate[row, : len(slices)] = zip(*slices, strict=True)
    return low, rate


def _counts_units(tape: Tape, forecast: Forecast | None) -> Flags:
    told: Flags = ~np.isnan(tape.column("volume"))
    return told if forecast is None else told | forecast.counts_units


def _period_months(tape: Tape, rows: Rows) -> Counts:
    told = np.array([MONTHS[str(word)] for word in tape.column("frequency")], dtype=np.int64)
    rows.refuse(
        ~np.isin(told, (1, 2, 3, 6, 12)), "frequency", "royalty-period-unknown",
        lambda row: f"{tape.column('frequency')[row]} royalty periods",
        "monthly, two_monthly, quarterly, half_yearly or yearly",
    )  # fmt: skip
    return np.where(np.isin(told, (1, 2, 3, 6, 12)), told, 1)


def _refuse_dates(rows: Rows, start: Dates, end: Dates, inside: Counts) -> None:
    off = (inside != 0) | (start != start.astype("datetime64[M]").astype("datetime64[D]"))
    rows.refuse(
        off, "forecast_from", "forecast-start-off-period", lambda row: f"a forecast from {start[row]}",
        "the first day of a royalty period of the row's royalty year", "year_start says when the royalty year begins",
    )  # fmt: skip
    rows.refuse(
        end <= start, "maturity_date", "licence-ends-before-forecast",
        lambda row: f"a licence to {end[row] - _DAY} and a forecast from {start[row]}",
        "a licence that ends after the forecast begins",
    )  # fmt: skip
    rows.refuse(
        end > start + np.timedelta64(366 * _LONGEST, "D"), "maturity_date", "forecast-too-long",
        lambda row: f"a licence to {end[row] - _DAY}", f"a forecast of at most {_LONGEST} years",
    )  # fmt: skip


def _refuse_currency(rows: Rows, context: Context) -> None:
    told = np.array([str(text).strip().upper() for text in rows.tape.column("currency")], dtype=object)
    ours = context.currency.upper()
    rows.refuse(
        np.asarray((told != "") & (told != ours) & (ours != "")), "currency", "currency-not-of-deal",
        lambda row: f"amounts in {told[row]}", f"{ours}, the currency of the deal",
        "convert the amounts before they are loaded: a path of exchange rates is not part of this loader",
    )  # fmt: skip


def _refuse_quantities(rows: Rows, forecast: Forecast | None) -> None:
    """Each stream has sales, or units and a price, or a forecast of either: exactly one."""
    tape = rows.tape
    volume, sales, price = (~np.isnan(tape.column(name)) for name in ("volume", "sales", "unit_price"))
    given = np.zeros(len(tape), dtype=bool) if forecast is None else forecast.present
    count = volume.astype(int) + sales + given
    rows.refuse(
        count == 0, "sales", "royalty-base-missing", lambda row: "no sales, no units, no forecast",
        "sales (年销售额), volume (年销量) with unit_price, or lines in the plan file",
    )  # fmt: skip
    rows.refuse(
        count > 1, "sales", "royalty-base-twice",
        lambda row: " and ".join(word for word, flag in (
            ("volume", volume[row]), ("sales", sales[row]), ("a forecast", given[row])) if flag),
        "one of volume, sales and a forecast",
    )  # fmt: skip
    units = _counts_units(tape, forecast)
    rows.refuse(
        units & ~price, "unit_price", "unit-price-missing", lambda row: "units without a price",
        "unit_price (单价), sales per unit",
    )  # fmt: skip
    rows.refuse(
        ~units & price & (count > 0), "unit_price", "unit-price-without-use", lambda row: "a price beside sales",
        "a price only where units are given",
    )  # fmt: skip
    shaped = np.asarray((tape.column("growth") != "") | (tape.column("seasonality") != ""))
    rows.refuse(
        given & shaped, "growth", "forecast-and-growth",
        lambda row: "growth or seasonal weights beside a forecast of every period", "the forecast alone",
    )  # fmt: skip


def _refuse_tiers(rows: Rows, tiers: list[list[tuple[float, float]] | None], mid_year: Flags) -> None:
    tape, by = rows.tape, rows.tape.column("tier_by")
    several = np.array([slices is not None and len(slices) > 1 for slices in tiers], dtype=bool)
    rows.refuse(
        np.array([slices is not None and not words.in_order(slices) for slices in tiers], dtype=bool),
        "royalty_rate", "royalty-tiers-out-of-order", lambda row: repr(str(tape.column("royalty_rate")[row])),
        "slices that begin at 0 and rise",
    )  # fmt: skip
    rows.refuse(
        several & (by == ""), "tier_by", "tier-basis-missing", lambda row: "several slices, and not what they count",
        "sales_per_year, volume_per_year, sales_total or volume_total",
    )  # fmt: skip
    by_units = np.char.startswith(by.astype(str), "volume")
    rows.refuse(
        several & by_units & np.isnan(tape.column("unit_price")), "tier_by", "tiers-by-volume-of-sales",
        lambda row: "slices of volume for a stream given as sales", "slices of sales, or a stream given in units",
    )  # fmt: skip
    open_start = mid_year | np.char.endswith(by.astype(str), "total")
    rows.refuse(
        several & open_start & np.isnan(tape.column("tier_to_date")), "tier_to_date", "tier-to-date-missing",
        lambda row: "slices already partly used when the forecast begins, and not how far",
        "tier_to_date (已计分档数量), 0 where nothing is used",
    )  # fmt: skip


def _refuse_minimum(rows: Rows, mid_year: Flags) -> None:
    tape = rows.tape
    some = np.nan_to_num(tape.column("minimum")) > 0
    rows.refuse(
        some & (tape.column("minimum_paid") == ""), "minimum_paid", "minimum-paid-missing",
        lambda row: "a minimum, and not when it is paid", "year_end (年末补足) or in_parts (逐期)",
    )  # fmt: skip
    rows.refuse(
        some & mid_year & np.isnan(tape.column("royalty_to_date")), "royalty_to_date", "royalty-to-date-missing",
        lambda row: "a minimum of a royalty year that has begun, and not what it has earned",
        "royalty_to_date (本年已计许可费), 0 where nothing is earned",
    )  # fmt: skip
