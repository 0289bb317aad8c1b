"""Stratification (分层统计): concentration, and balance by industry, region, grade, IP type, term and rate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from absengine.loaders import overdue
from absengine.loaders.rights import Rights
from absengine.loaders.tape import Tape
from absengine.schema import Floats, Texts

TOP = (1, 3, 5, 10)
DAYS_PER_MONTH = 365 / 12
TERM_EDGES = (0, 3, 6, 12, 24, 36, 60, 120)
RATE_EDGES = (0.0, 0.03, 0.04, 0.05, 0.06, 0.08, 0.10, 0.15)
UNKNOWN = "not stated"

_TEXT_TABLES = (
    ("industry", "industry", "industry", "行业"),
    ("region", "region", "region", "地区"),
    ("grade", "shadow_rating", "shadow rating", "影子评级"),
    ("guarantor", "guarantor", "guarantor", "保证人"),
    ("trust", "trust_plan", "trust", "信托计划"),
    ("lending_bank", "lending_bank", "entrusted bank", "贷款行"),
)

_CODE_TABLES = (
    ("loan_class", "five-grade classification", "五级分类"),
    ("account_status", "state of the contract", "资产状态"),
    ("extended", "extended", "是否展期"),
)
"""Tables whose lines stand in the order of their field's words, not of their balances."""

_BALANCE = ("balance", "price", "face")
_RATE = ("rate", "discount_rate")
_OWES = ("obligor", "acceptor", "debtor", "seller")


class Groups(NamedTuple):
    """Names of the lines of a stratification, in order, and the line of each contract.

    The first ``always`` lines are shown even where they hold no contract.
    """

    names: list[str]
    codes: NDArray[np.intp]
    always: int = 0


@dataclass(frozen=True)
class Concentration:
    """Shares of the largest names. ``top`` maps n to the share of the n largest; ``effective`` is 1 / HHI."""

    names: int
    top: dict[int, float]
    hhi: float
    effective: float
    largest: list[tuple[str, float]]


@dataclass(frozen=True)
class Stratum:
    """One line of a stratification. ``rate`` and ``term`` (months) are weighted by balance; NaN where not stated."""

    name: str
    contracts: int
    balance: float
    share: float
    rate: float
    term: float


@dataclass(frozen=True)
class Strata:
    """One stratification table."""

    by: str
    en: str
    zh: str
    rows: list[Stratum]


@dataclass(frozen=True)
class PoolSummary:
    """A pool at its cut-off date: sums, weighted means, concentration, stratification tables."""

    contracts: int
    obligors: int
    balance: float
    rate: float
    term: float
    obligor: Concentration
    strata: list[Strata]


def concentration(names: Sequence[str] | Texts, balance: Floats) -> Concentration:
    """Concentration of a balance over names; rows of one name are added first. A pool of no balance has NaN shares."""
    labels, codes = np.unique(np.asarray(names, dtype=str), return_inverse=True)
    sums = np.bincount(codes, weights=balance, minlength=len(labels))
    order = np.lexsort((labels, -sums))
    total = float(sums.sum())
    shares = sums[order] / total if total else np.full(len(sums), np.nan)
    hhi = float(np.sum(shares**2))
    return Concentration(
        names=len(labels),
        top={count: float(shares[:count].sum()) for count in TOP if count <= len(labels)},
        hhi=hhi,
        effective=1 / hhi if hhi else float("nan"),
        largest=[(str(labels[index]), float(share)) for index, share in zip(order[:10], shares[:10], strict=True)],
    )


def stratify(tape: Tape, rights: Rights, as_of: np.datetime64) -> PoolSummary:
    """Summary and stratification of contracts; a table whose column the tape lacks is left out.

    ``as_of`` is the day from which remaining terms are counted; contracts with a cut-off date of their own use that.
    """
    tape = _inside(tape)
    balance = np.nan_to_num(_stated(tape, _BALANCE))
    rate = _stated(tape, _RATE)
    term = remaining_months(tape, as_of)
    tables = [
        (by, en, zh, _by_text(_labels(tape.column(name)), balance))
        for by, name, en, zh in _TEXT_TABLES
        if tape.has(name)
    ]
    if len(rights):
        tables.append(("ip_type", "kinds of IP right", "知识产权类型", _by_text(_ip_types(tape, rights), balance)))
    if not np.isnan(term).all():
        tables.append(("term", "remaining term, months", "剩余期限（月）", _by_range(term, TERM_EDGES, "{:g}")))
    if any(tape.has(name) for name in _RATE):
        tables.append(("rate", "contract rate", "年利率", _by_range(rate, RATE_EDGES, "{:.0%}")))
    if tape.has("dpd"):
        tables.append(("overdue", "days past due", "逾期分桶", _by_days_past_due(tape.column("dpd"))))
    tables += [(name, en, zh, _by_word(tape, name)) for name, en, zh in _CODE_TABLES if tape.has(name)]
    obligors = _stated(tape, _OWES, "")
    return PoolSummary(
        contracts=len(tape),
        obligors=len(set(obligors.tolist())),
        balance=float(balance.sum()),
        rate=_mean(rate, balance),
        term=_mean(term, balance),
        obligor=concentration(obligors, balance),
        strata=[Strata(by, en, zh, _strata(groups, balance, rate, term)) for by, en, zh, groups in tables],
    )


def _inside(tape: Tape) -> Tape:
    """The tape without the contracts kept on standby: they are not in the pool."""
    here = _stated(tape, ("standby",), "") != "yes"
    if here.all():
        return tape
    return replace(tape, columns={name: cells[here] for name, cells in tape.columns.items()}, lines=tape.lines[here])


def _stated(tape: Tape, names: Sequence[str], missing: float | str = np.nan) -> NDArray[Any]:
    """The first of some columns that says something, row by row; '' or NaN where none does.

    Kinds of receivables call by different names what is owed, at what rate and by whom.
    """
    known = [tape.column(name) for name in names if name in tape.fields]
    found = known[0] if known else np.full(len(tape), missing)
    for column in known[1:]:
        found = np.where(found == "" if missing == "" else np.isnan(found), column, found)
    return found


def remaining_months(tape: Tape, as_of: np.datetime64) -> Floats:
    """Months from the cut-off date to maturity, by days over 365/12; 0 once matured, NaN where a date is missing."""
    start = np.where(np.isnat(tape.column("cutoff_date")), as_of, tape.column("cutoff_date")).astype("datetime64[D]")
    days = tape.column("maturity_date") - start
    months: Floats = np.where(np.isnat(days), np.nan, days.astype(np.float64)) / DAYS_PER_MONTH
    return np.maximum(months, 0.0)


def _mean(values: Floats, weights: Floats) -> float:
    """Mean by balance over the rows that state a value."""
    known = ~np.isnan(values)
    total = float(weights[known].sum())
    return float((values[known] * weights[known]).sum() / total) if total else float("nan")


def _labels(values: Texts) -> list[str]:
    return [value or UNKNOWN for value in values.tolist()]


def _ip_types(tape: Tape, rights: Rights) -> list[str]:
    """Kinds of right that secure each contract, joined: a contract stands in one line only, so lines add up."""
    held: dict[str, set[str]] = {}
    for contract, kind in zip(rights.table["contract_id"].tolist(), rights.table["ip_type"].tolist(), strict=True):
        held.setdefault(contract, set()).add(kind or UNKNOWN)
    return [" + ".join(sorted(held.get(key, {"none"}))) for key in tape.column("asset_id").tolist()]


def _by_text(labels: list[str], balance: Floats) -> Groups:
    """Groups of one text each, the largest balance first, then by name."""
    names, codes = np.unique(np.asarray(labels, dtype=str), return_inverse=True)
    sums = np.bincount(codes, weights=balance, minlength=len(names))
    order = np.lexsort((names, -sums))
    rank = np.empty(len(names), dtype=np.intp)
    rank[order] = np.arange(len(names))
    return Groups([str(names[index]) for index in order], rank[codes])


def _by_range(values: Floats, edges: Sequence[float], show: str) -> Groups:
    """Groups by ranges (low, high] in their order; the first range holds its lower edge too."""
    limits = np.asarray(edges)
    names = [f"({show.format(low)}, {show.format(high)}]" for low, high in pairwise(edges)]
    names[0] = f"[{names[0][1:]}"
    names += [f"over {show.format(edges[-1])}", UNKNOWN]
    places = np.clip(np.searchsorted(limits, values, side="left"), 1, len(limits)) - 1
    return Groups(names, np.where(np.isnan(values), len(names) - 1, places))


def _by_days_past_due(dpd: Floats) -> Groups:
    """The overdue buckets, all of them shown."""
    names = [f"{name} days" if name != "current" else name for name in overdue.BUCKETS]
    return Groups([*names, UNKNOWN], overdue.buckets(dpd).astype(np.intp), always=len(names))


def _by_word(tape: Tape, name: str) -> Groups:
    """Groups of the words of a coded field, in the order of its vocabulary."""
    words = [*dict.fromkeys(tape.fields[name].words.values()), UNKNOWN]
    place = {word: index for index, word in enumerate(words)}
    return Groups(words, np.array([place[str(word) or UNKNOWN] for word in tape.column(name)], dtype=np.intp))


def _strata(groups: Groups, balance: Floats, rate: Floats, term: Floats) -> list[Stratum]:
    """One line per group that holds a contract, or is always shown."""
    total = float(balance.sum())
    length = len(groups.names)

    def mean(values: Floats) -> Floats:
        known = ~np.isnan(values)
        codes = groups.codes[known]
        weights = np.bincount(codes, weights=balance[known], minlength=length)
        sums = np.bincount(codes, weights=(values * balance)[known], minlength=length)
        means: Floats = np.divide(sums, weights, out=np.full(length, np.nan), where=weights > 0)
        return means

    counts = np.bincount(groups.codes, minlength=length)
    sums = np.bincount(groups.codes, weights=balance, minlength=length)
    rates, terms = mean(rate), mean(term)
    return [
        Stratum(
            name=groups.names[index],
            contracts=int(counts[index]),
            balance=float(sums[index]),
            share=float(sums[index]) / total if total else float("nan"),
            rate=float(rates[index]),
            term=float(terms[index]),
        )
        for index in np.flatnonzero((counts > 0) | (np.arange(length) < groups.always))
    ]
