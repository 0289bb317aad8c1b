"""Receivables bought at a discount (贴现): one payment each, worth its price at the contract rate.

The price is the balance at the cut-off date. On the due date it is repaid as principal, and what the payment exceeds it
by is interest: principal of a contract sums to its balance, and principal and interest to the claim.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from absengine.loaders import terms
from absengine.loaders.contracts import contract_columns
from absengine.loaders.due_dates import Grid, grid_of
from absengine.loaders.interest import PERIOD, accrual_years
from absengine.loaders.schedule import Flows
from absengine.loaders.source import Loaded
from absengine.loaders.tape import Tape
from absengine.schema import Dates, Floats

PRINTED_RATE: Final = 0.000051
"""How far a printed rate may be off: percent with two decimals, rounded (assumption)."""
PRINTED_AMOUNT: Final = 51.0
"""How far printed amounts may be off [元]: 万元 with two decimals, rounded, of price and face (assumption)."""
PRINTED_SHARE: Final = 1e-3
"""Share of a claim by which a printed amount may miss at most, however small the claim (assumption)."""

_SEPARATORS = re.compile(r"\s*(?:[;；、,，|]|→|->)\s*")
_VALUES: Final[dict[str, Callable[[Floats, Floats], Floats]]] = {
    "simple": lambda rate, years: 1.0 / (1.0 + rate * years),
    "bank": lambda rate, years: 1.0 - rate * years,
    "compound": lambda rate, years: (1.0 + rate) ** -years,
}
_RATES: Final[dict[str, Callable[[Floats, Floats], Floats]]] = {
    "simple": lambda value, years: (1.0 / value - 1.0) / years,
    "bank": lambda value, years: (1.0 - value) / years,
    "compound": lambda value, years: value ** (-1.0 / years) - 1.0,
}


@dataclass(frozen=True)
class Habit:
    """How a kind of receivable is discounted where the tape does not say: method and day count."""

    method: str
    day_count: str


@dataclass(frozen=True)
class Claims:
    """What is owed, per row: the payment [currency], the day it falls due, and from where the discount runs."""

    cash: Floats
    due: Dates
    cutoff: Dates


def unit_value(method: NDArray[np.object_], rate: Floats, years: Floats) -> Floats:
    """Price of one unit paid after ``years`` at an annual ``rate``, by each row's method."""
    value = np.full(len(rate), np.nan)
    for name, rule in _VALUES.items():
        own = np.asarray(method == name)
        value[own] = rule(rate[own], years[own])
    return value


def unit_rate(method: NDArray[np.object_], value: Floats, years: Floats) -> Floats:
    """Annual rate at which one unit paid after ``years`` is worth ``value``; 0 where nothing is left to wait for."""
    rate = np.zeros(len(value))
    for name, rule in _RATES.items():
        own = np.asarray(method == name) & (years > 0) & (value > 0)
        rate[own] = rule(value[own], years[own])
    return rate


def names_in(text: str) -> list[str]:
    """Names of a chain as written: parted by ';', '、', ',' or an arrow."""
    return [name for name in _SEPARATORS.split(text.strip()) if name]


def chains(rows: terms.Rows, chain: list[list[str]], debtor: NDArray[np.object_]) -> NDArray[np.object_]:
    """Chains of recourse as text, joined by ';'; refused where a name stands twice or is the debtor's own."""
    twice = np.array([len(set(names)) < len(names) for names in chain], dtype=bool)
    own = np.array([name in names for name, names in zip(debtor, chain, strict=True)], dtype=bool)
    rows.refuse(
        twice, "recourse", "recourse-name-twice", lambda row: "; ".join(chain[row]), "each name once, nearest first"
    )
    rows.refuse(
        own, "recourse", "recourse-on-debtor", lambda row: f"{debtor[row]}, who owes the claim itself",
        "names that pay when the debtor does not",
    )  # fmt: skip
    return np.array([";".join(names) for names in chain], dtype=object)


def due_after(tape: Tape, rows: terms.Rows, due: Dates, cutoff: Dates) -> Dates:
    """Due dates put off by the days agreed on the tape; refused where one lies before the cut-off date."""
    extra = np.nan_to_num(tape.column("extension_days")).astype(np.int64)
    put_off = due + extra.astype("timedelta64[D]")
    rows.refuse(
        put_off < cutoff, "maturity_date", "due-before-cutoff",
        lambda row: f"due on {put_off[row]}, before the cut-off {cutoff[row]}",
        "a due date on or after the cut-off date",
        "leave what is overdue out, or state the extension agreed (展期天数)",
    )  # fmt: skip
    return np.asarray(put_off)


def bullets(tape: Tape, rows: terms.Rows, kind: str, claims: Claims, habit: Habit) -> Loaded:
    """Contracts and flows of discounted claims, in the order of the tape; problems are added to ``rows``.

    The column ``at_discount`` is 1: what is put off (展期) is then the whole payment, and earns nothing more.
    """
    grid = grid_of(np.arange(len(tape)), claims.due, claims.cutoff, len(tape))
    paid_on = terms.rolled(tape, rows, grid)
    price, rate = _priced(tape, rows, claims, grid, habit)
    contracts = contract_columns(tape, kind, cutoff=claims.cutoff, balance=price, maturity=claims.due, rate=rate)
    contracts["previous_due_date"], contracts["at_discount"] = claims.cutoff, np.ones(len(tape))
    flows = Flows.build(np.arange(len(tape)), paid_on, price, price, claims.cash - price)
    return Loaded(contracts, flows)


def _priced(tape: Tape, rows: terms.Rows, claims: Claims, grid: Grid, habit: Habit) -> tuple[Floats, Floats]:
    """Price and rate of each row: as stated, one from the other; face and 0 % where the tape states neither."""
    stated = tape.column("day_count")
    names = np.where(stated == "", habit.day_count, terms.day_counts(tape, rows))
    years = accrual_years(grid, np.where(names == "", PERIOD, names), grid.start, grid.end)
    method = np.where(tape.column("discount_method") == "", habit.method, tape.column("discount_method"))
    price, rate = tape.column("price"), tape.column("discount_rate")
    worth = claims.cash * unit_value(method, np.nan_to_num(rate), years)
    found = np.where(np.isnan(price), worth, price)
    _refuse_prices(tape, rows, claims, found, worth, years)
    safe = np.where(claims.cash > 0, claims.cash, 1.0)
    implied = unit_rate(method, np.where(claims.cash > 0, found / safe, 1.0), years)
    return found, np.where(np.isnan(rate), implied, rate)


def _refuse_prices(tape: Tape, rows: terms.Rows, claims: Claims, price: Floats, worth: Floats, years: Floats) -> None:
    cash = claims.cash
    above = price > cash
    rows.refuse(
        above, "price", "price-above-face", lambda row: f"a price of {price[row]:,.2f} for {cash[row]:,.2f}",
        "at most what the debtor pays to the plan", "the face counts after set-off and holdback; check the units",
    )  # fmt: skip
    rows.refuse(
        ~above & (price <= 0), "price", "price-not-positive", lambda row: f"a price of {price[row]:,.2f}",
        "a price above 0", "leave the price out to have it worked out from the rate",
    )  # fmt: skip
    slack = cash * PRINTED_RATE * years + np.minimum(PRINTED_AMOUNT, PRINTED_SHARE * cash)
    rate = tape.column("discount_rate")
    both = ~np.isnan(tape.column("price")) & ~np.isnan(rate)
    rows.refuse(
        both & ~above & (price > 0) & (np.abs(price - worth) > slack), "price", "discount-contradicts-price",
        lambda row: f"a price of {price[row]:,.2f} where {rate[row]:.2%} gives {worth[row]:,.2f}",
        "the value of the payment at the stated rate on the cut-off date",
        "state the method (贴现方式) and day count, or leave one of the two out",
    )  # fmt: skip
