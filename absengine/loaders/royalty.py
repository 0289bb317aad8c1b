"""Royalty streams (许可费、版税收益权): one row per product × territory × source, paid by one licensee.

What a stream pays follows from its forecast (:mod:`absengine.loaders.royalty_chain`); its balance is the present value
of that cash at the discount rate on the row, yearly compounding over days / 365. Interest is the growth of that value
(effective-interest method) and principal the rest of the cash, which is below zero where the cash is less than the
growth: the balance then rises. Σ principal is the balance all the same. A deal sends both to one account.
"""

from __future__ import annotations

import numpy as np

from absengine.errors import Problems, TapeError
from absengine.loaders import terms
from absengine.loaders.contracts import contract_columns
from absengine.loaders.due_dates import Counts, grid_of
from absengine.loaders.fields import fields_of
from absengine.loaders.royalty_chain import Streams, cash, pay_dates, quantities
from absengine.loaders.royalty_forecast import FIELDS as FORECAST_FIELDS
from absengine.loaders.royalty_forecast import read_forecast
from absengine.loaders.royalty_terms import streams
from absengine.loaders.schedule import Flows, weights_left
from absengine.loaders.source import Context, Loaded
from absengine.loaders.tape import Tape
from absengine.schema import Dates, Floats

KIND = "royalty"
NAMES = ("royalty streams", "许可费收益权")
FIELDS = fields_of(
    "royalty",
    required=("asset_id", "rate", "frequency", "forecast_from", "maturity_date", "royalty_rate", "report_lag", "share"),
)
PLAN_FIELDS = FORECAST_FIELDS
DAYS_PER_YEAR = 365.0

BLOCK = 2048
"""Streams worked out at once: 600 months of them are 10 MB a link of the chain."""

AGREES_WITHIN = 5e-3
"""Share of the present value by which a stated valuation may miss it: other day counts and mid-period conventions move
it by less than a period's discount (assumption)."""


def schedule(tape: Tape, context: Context) -> Loaded:
    """Streams and their cash from the cut-off date on, in the order of the tape.

    Periods that end before the cut-off and are paid on or after it belong to the plan. Raises TapeError with every row
    whose terms are missing or contradict each other.
    """
    problems = Problems()
    rows = terms.Rows(tape, problems)
    cutoff = terms.cutoffs(tape, context)
    forecast = read_forecast(tape, context, rows)
    read = streams(tape, context, rows, forecast)
    problems.refuse(TapeError)
    assert read is not None
    contract, due, amount = paid(read, cutoff)
    flows = valued(contract, due, amount, cutoff, tape.column("rate"))
    balance: Floats = np.bincount(flows.contract, flows.principal, minlength=len(tape)).astype(np.float64)
    _refuse_valuation(rows, balance)
    problems.refuse(TapeError)
    last = tape.column("maturity_date").copy()
    np.maximum.at(last, flows.contract, flows.due)
    contracts = contract_columns(
        tape, KIND, cutoff=cutoff, balance=balance, maturity=last, rate=tape.column("rate")
    )  # fmt: skip
    contracts["previous_due_date"], contracts["at_discount"] = cutoff, np.ones(len(tape))
    return Loaded(contracts, flows)


def paid(read: Streams, cutoff: Dates) -> tuple[Counts, Dates, Floats]:
    """(stream, date, cash) of every period paid on or after the cut-off, up to the last that pays anything.

    Streams go through in blocks, so that a catalogue of a hundred thousand songs fits in memory.
    """
    parts = [
        (first + stream, due, amount)
        for first in range(0, len(read), BLOCK)
        for stream, due, amount in [_paid(read.take(slice(first, first + BLOCK)), cutoff[first : first + BLOCK])]
    ]
    stream, due, amount = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    return stream, due, amount


def _paid(read: Streams, cutoff: Dates) -> tuple[Counts, Dates, Floats]:
    amount, due = cash(read, quantities(read)), pay_dates(read)
    ends = read.ends_period & (read.month >= read.first_month) & (due >= cutoff[:, None, None])
    later = np.cumsum(np.where(ends, amount, 0.0).reshape(len(read), -1)[:, ::-1], axis=1)[:, ::-1] > 0
    stream, year, month = np.nonzero(ends & later.reshape(ends.shape))
    return stream.astype(np.int64), due[stream, year, month], amount[stream, year, month]


def valued(stream: Counts, due: Dates, amount: Floats, cutoff: Dates, rate: Floats) -> Flows:
    """Cash → interest and principal at each stream's discount rate; entries in order of stream, then date."""
    grid = grid_of(stream, due, cutoff, len(cutoff))
    growth = (1.0 + rate[stream]) ** ((due - cutoff[stream]).astype(np.float64) / DAYS_PER_YEAR)
    before = (1.0 + rate[stream]) ** ((grid.start - cutoff[stream]).astype(np.float64) / DAYS_PER_YEAR)
    left = weights_left(grid, amount / growth)
    closing = left * growth - amount
    closing[grid.ends] = 0.0
    opening = left * before
    return Flows.build(stream, due, opening, opening - closing, left * (growth - before), closing=closing)


def _refuse_valuation(rows: terms.Rows, balance: Floats) -> None:
    stated = rows.tape.column("balance")
    rows.refuse(
        np.abs(stated - balance) > AGREES_WITHIN * np.maximum(balance, 1.0), "balance", "valuation-not-of-forecast",
        lambda row: f"a value of {stated[row]:,.2f} where the forecast is worth {balance[row]:,.2f}",
        "the present value of the forecast at the rate on the row, or no value",
    )  # fmt: skip
