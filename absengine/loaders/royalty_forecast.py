"""Given forecasts (预测表): units or sales of a stream by period, instead of a level with growth and seasons."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from absengine.errors import Problem
from absengine.loaders.due_dates import Counts, Flags
from absengine.loaders.fields import fields_of
from absengine.loaders.source import Context
from absengine.loaders.tape import Tape
from absengine.loaders.terms import MONTHS, Rows
from absengine.schema import Dates, Floats

FIELDS = fields_of("forecast", required=("asset_id", "period_end"))
_DAY = np.timedelta64(1, "D")


@dataclass(frozen=True)
class Forecast:
    """Lines of the forecasts: ``stream`` is the row of the tape, ``month`` months since 1970 of a period's last month.

    ``amount`` is units or sales of the period; per stream: ``present`` and ``counts_units``; ``start`` and ``end`` are
    its first day and the first day after its licence.
    """

    stream: Counts
    month: Counts
    amount: Floats
    present: Flags
    counts_units: Flags
    start: Dates
    end: Dates


def read_forecast(tape: Tape, context: Context, rows: Rows) -> Forecast | None:
    """Forecasts of the streams that have one; None without a plan file. Problems for lines that fit no stream."""
    file = context.plan
    if file is None:
        return None
    place = {str(name): row for row, name in enumerate(tape.column("asset_id"))}
    stream = np.array([place.get(str(name), -1) for name in file.column("asset_id")], dtype=np.int64)
    theirs = Rows(file, rows.problems)
    theirs.refuse(
        stream < 0, "asset_id", "forecast-unknown-stream", lambda row: repr(str(file.column("asset_id")[row])),
        "a stream of the tape",
    )  # fmt: skip
    volume, sales = file.column("volume"), file.column("sales")
    theirs.refuse(
        np.isnan(volume) == np.isnan(sales), "sales", "forecast-amount-unclear",
        lambda row: "both units and sales" if not np.isnan(sales[row]) else "neither units nor sales",
        "either volume (年销量) or sales (年销售额) of the period, on every line",
    )  # fmt: skip
    kept = stream >= 0
    units = np.zeros(len(tape), dtype=bool)
    units[stream[kept & ~np.isnan(volume)]] = True
    mixed = kept & np.append(units, False)[stream] & np.isnan(volume) & ~np.isnan(sales)
    theirs.refuse(
        mixed, "sales", "forecast-mixed", lambda row: "sales, where other lines of the stream give units",
        "units on every line of a stream, or sales on every line",
    )  # fmt: skip
    present = np.zeros(len(tape), dtype=bool)
    present[stream[kept]] = True
    _refuse_periods(tape, theirs, stream)
    month = file.column("period_end")[kept].astype("datetime64[M]").astype(np.int64)
    amount = np.where(np.isnan(volume), sales, volume)[kept]
    _refuse_gaps(rows, stream[kept], month, present)
    start, end = tape.column("forecast_from"), after(tape.column("maturity_date"))
    return Forecast(stream[kept], month, amount, present, units, start, end)


def after(days: Dates) -> Dates:
    """The day after each day."""
    return np.asarray(days + _DAY, dtype="datetime64[D]")


def _months(tape: Tape) -> Counts:
    return np.maximum(np.array([MONTHS[str(word)] for word in tape.column("frequency")], dtype=np.int64), 1)


def _refuse_periods(tape: Tape, theirs: Rows, stream: Counts) -> None:
    """Every line ends a period of its stream, on the last day of a month, and no period has two."""
    ends = theirs.tape.column("period_end")
    last_day = (ends + _DAY).astype("datetime64[M]") != ends.astype("datetime64[M]")
    first = tape.column("forecast_from").astype("datetime64[M]")
    apart = (ends.astype("datetime64[M]") - first[stream]).astype(np.int64) + 1
    on = last_day & (apart % _months(tape)[stream] == 0) & (apart > 0)
    theirs.refuse(
        (stream >= 0) & ~on, "period_end", "forecast-off-period", lambda row: f"a period to {ends[row]}",
        "the last day of a royalty period of the stream, from forecast_from on",
    )  # fmt: skip
    seen: set[tuple[int, str]] = set()
    for row, key in enumerate(zip(stream.tolist(), ends.astype(str).tolist(), strict=True)):
        if key in seen and key[0] >= 0:
            where, found = theirs.tape.where(row, "period_end"), f"{key[1]} a second time for one stream"
            theirs.problems.extend([Problem("forecast-period-twice", where, found, "one line per stream and period")])
        seen.add(key)


def _refuse_gaps(rows: Rows, stream: Counts, month: Counts, present: Flags) -> None:
    """The lines of a stream cover every period from the start of its forecast to the end of its licence."""
    tape, every = rows.tape, _months(rows.tape)
    first = tape.column("forecast_from").astype("datetime64[M]").astype(np.int64)
    last = tape.column("maturity_date").astype("datetime64[M]").astype(np.int64)
    wanted = (last - first) // every + 1
    covered = np.bincount(stream[month <= (first + wanted * every - 1)[stream]], minlength=len(tape))
    rows.refuse(
        present & (covered < wanted), "forecast_from", "forecast-gap",
        lambda row: f"{covered[row]} of {wanted[row]} periods in the forecast",
        "a line for every royalty period from forecast_from to maturity_date",
    )  # fmt: skip


def stated(forecast: Forecast, year_zero: Counts, years: int, months: Counts) -> Floats:
    """Quantities of every month (stream, year, month): a period's amount by days over the part of it that is licensed.

    NaN for streams without a forecast; 0 outside the forecast of the others.
    """
    table = np.full((len(year_zero), 12 * years), np.nan)
    table[forecast.present] = 0.0
    for stream, last, amount in zip(forecast.stream, forecast.month, forecast.amount, strict=True):
        span = np.arange(last - months[stream] + 1, last + 1)
        days = _days_inside(span, forecast.start[stream], forecast.end[stream])
        cells = span - year_zero[stream]
        inside = cells < 12 * years
        table[stream, cells[inside]] = (amount * days / max(float(days.sum()), 1.0))[inside]
    return table.reshape(len(year_zero), years, 12)


def _days_inside(span: Counts, start: np.datetime64, end: np.datetime64) -> Floats:
    first = span.astype("datetime64[M]").astype("datetime64[D]")
    following = (span + 1).astype("datetime64[M]").astype("datetime64[D]")
    inside: Floats = np.maximum((np.minimum(following, end) - np.maximum(first, start)).astype(np.float64), 0.0)
    return inside
