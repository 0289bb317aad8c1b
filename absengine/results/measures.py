"""Every measure of a run, per scenario and class, as domain guide §9 defines it.

Money is in the currency's main unit. A measure that does not exist is None, and ``reasons[name]`` says why.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
from pyxirr import InvalidPaymentsError, xirr

from absengine.calendars.day_count import accrued, year_fraction
from absengine.results.books import PAID, Books, Flags
from absengine.results.coverage import Coverage, coverage
from absengine.results.events import COVERED, Event, events_by_lane, paid_off, support_calls
from absengine.results.loss_curves import nominal_loss, principal_loss
from absengine.schema import Floats, TrancheLabel, TranchePaths


@dataclass(frozen=True)
class ClassMeasures:
    """One class (档) in one scenario.

    ``additional_paid`` is interest since the anticipated repayment date (预期偿付日). ``interest_shortfall`` and
    ``principal_shortfall`` are unpaid stocks at the end, ``…_max`` the highest on any date; ``principal_loss`` is face
    never paid, ``loss`` adds unpaid interest, ``pv_loss`` discounts at the class's coupon.
    ``late`` is the first date with principal overdue, or left at the expected maturity; ``defaulted``: timely interest
    missed, or anything unpaid at the end.
    """

    name: str
    label: str
    klass: str
    residual: bool
    face: float
    interest_paid: float
    additional_paid: float
    principal_paid: float
    residual_paid: float
    interest_shortfall: float
    interest_shortfall_max: float
    principal_shortfall: float
    principal_shortfall_max: float
    principal_loss: float
    loss: float
    unpaid_share: float | None
    pv_loss: float | None
    wal_years: float | None
    irr: float | None
    coverage_min: float | None
    coverage_carried_min: float | None
    coverage_total: float | None
    defaulted: bool | None
    first_breach: str | None
    first_breach_kind: str | None
    late: str | None
    first_support_call: str | None
    first_trigger: str | None
    first_coverage_below_1: str | None
    paid_off: str | None
    reasons: dict[str, str] = field(default_factory=dict)

    def as_json(self, decimals: int) -> dict[str, Any]:
        """Measures under their JSON names, a missing one followed by its ``_reason``; money rounded to ``decimals``."""
        document: dict[str, Any] = {}
        for one in fields(self):
            if one.name == "reasons":
                continue
            key, value = ("class" if one.name == "klass" else one.name), getattr(self, one.name)
            counted = one.name in MONEY and value is not None
            document[key] = round(value, decimals) + 0.0 if counted else value
            if value is None:
                document[f"{key}_reason"] = self.reasons[one.name]
        return document


MONEY: frozenset[str] = frozenset({
    "face", "interest_paid", "additional_paid", "principal_paid", "residual_paid", "interest_shortfall",
    "interest_shortfall_max", "principal_shortfall", "principal_shortfall_max", "principal_loss", "loss", "pv_loss",
})  # fmt: skip
"""Measures in money."""


@dataclass(frozen=True)
class PoolMeasures:
    """The pool in one scenario: ``loss`` = ``defaulted`` − ``recovered``, negative if accrued interest came back too.

    ``defaulted`` is principal at the missed date, ``recognised`` the part that counts as 违约基础资产;
    ``cum_default_rate`` is recognised over the cut-off balance; cash after legal final is reported and paid to nobody.
    """

    interest: float
    principal: float
    prepaid: float
    fees: float
    defaulted: float
    recognised: float
    recovered: float
    recovered_by_source: dict[str, float]
    loss: float
    cash_after_legal_final: float
    cum_default_rate: float | None

    def as_json(self, decimals: int) -> dict[str, Any]:
        document: dict[str, Any] = {}
        for one in fields(self):
            value = getattr(self, one.name)
            if isinstance(value, dict):
                document[one.name] = {source: round(amount, decimals) + 0.0 for source, amount in value.items()}
            elif one.name == "cum_default_rate":
                document[one.name] = value
            else:
                document[one.name] = round(value, decimals) + 0.0
        if self.cum_default_rate is None:
            document["cum_default_rate_reason"] = NO_BALANCE
        return document


@dataclass(frozen=True)
class ScenarioMeasures:
    """All measures of one lane."""

    name: str
    pool: PoolMeasures
    events: tuple[Event, ...]
    tranches: tuple[ClassMeasures, ...]


NO_BALANCE = "the pool has no balance at the cut-off"
NO_PRINCIPAL = "no principal is paid"
NO_BREACH = "no shortfall on any date"
IS_RESIDUAL = "a residual class has no amount due"


def measure(paths: TranchePaths, pool_balance: float | None = None) -> tuple[ScenarioMeasures, ...]:
    """Measure every lane. ``pool_balance`` [currency], the pool at the cut-off, is the base of the default rate."""
    books = Books(paths)
    coverages = {label.name: coverage(books, label) for label in books.labels.tranches if not label.residual}
    classes = [_measure_class(books, label, coverages.get(label.name)) for label in books.labels.tranches]
    pools = _measure_pool(books, pool_balance)
    events = events_by_lane(books, coverages)
    return tuple(
        ScenarioMeasures(name, pools[lane], tuple(events[lane]), tuple(one[lane] for one in classes))
        for lane, name in enumerate(paths.scenarios)
    )


def _measure_pool(books: Books, pool_balance: float | None) -> list[PoolMeasures]:
    def total(channel: str) -> Floats:
        return np.asarray(books.currency(books.channel(channel).sum(axis=0)))

    base = {name: total(name) for name in ("interest", "principal", "prepayment", "fee", "default", "recognised")}
    by_source = {one: books.currency(books.recovery(one).sum(axis=0)) for one in books.recovery_sources}
    bought = books.currency(books.total(books.like("purchase", "principal")).sum(axis=0))
    after = np.sum([books.channel_after(name) for name in books.cash_channels], axis=0)
    result = []
    for lane in range(books.lanes):
        recovered = sum(float(amounts[lane]) for amounts in by_source.values())
        defaulted, recognised = float(base["default"][lane]), float(base["recognised"][lane])
        result.append(
            PoolMeasures(
                interest=float(base["interest"][lane]),
                principal=float(base["principal"][lane]),
                prepaid=float(base["prepayment"][lane]),
                fees=float(base["fee"][lane]),
                defaulted=defaulted,
                recognised=recognised,
                recovered=recovered,
                recovered_by_source={source: float(amounts[lane]) for source, amounts in by_source.items()},
                loss=defaulted - recovered,
                cash_after_legal_final=float(books.currency(after[lane])),
                cum_default_rate=recognised / (pool_balance + float(bought[lane])) if pool_balance else None,
            )
        )
    return result


def _measure_class(books: Books, label: TrancheLabel, covered: Coverage | None) -> list[ClassMeasures]:
    """One class on all lanes: arrays first, then one record per lane."""
    money = _money_measures(books, label)
    dates = _first_dates(books, label, covered)
    wal, irr, pv = wal_years(books, label), yields(books, label), pv_loss(books, label)
    lowest = _lowest(covered.by_date if covered else None, books.lanes)
    lowest_carried = _lowest(covered.carried if covered else None, books.lanes)
    total = covered.total if covered else np.full(books.lanes, np.nan)
    missed = _missed(books, label)
    result = []
    for lane in range(books.lanes):
        amounts = {name: float(values[lane]) for name, values in money.items()}
        figures = {
            "unpaid_share": amounts["principal_loss"] / amounts["face"] if amounts["face"] > 0 else None,
            "pv_loss": None if label.residual else float(pv[lane]),
            "wal_years": _number(wal[lane]),
            "irr": irr[lane][0],
            "coverage_min": _number(lowest[lane]),
            "coverage_carried_min": _number(lowest_carried[lane]),
            "coverage_total": _number(total[lane]),
        }
        told = {name: texts[lane] for name, texts in dates.items()}
        state: dict[str, Any] = {"defaulted": None if label.residual else bool(missed[lane])}
        known = {**amounts, **figures, **told, **state}
        reasons = {name: _reason(name, label, irr[lane][1]) for name, value in known.items() if value is None}
        identity = {"name": label.name, "label": label.label, "klass": label.klass, "residual": label.residual}
        result.append(ClassMeasures(**{**identity, **known}, reasons=reasons))
    return result


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _reason(name: str, label: TrancheLabel, no_yield: str) -> str:
    """Why a measure does not exist."""
    if name == "irr":
        return no_yield
    if name in {"wal_years", "paid_off"}:
        return NO_PRINCIPAL if name == "wal_years" else "the class is not paid off"
    if name == "unpaid_share":
        return "the class has no face"
    if name == "first_trigger":
        return "no trigger fired"
    if label.residual:
        return IS_RESIDUAL
    return {
        "first_support_call": "no support was called for this class",
        "first_coverage_below_1": "coverage never falls below 1",
        "late": "no principal is overdue on any date, or left at the expected maturity",
        "first_breach": NO_BREACH,
        "first_breach_kind": NO_BREACH,
    }.get(name, "nothing falls due")


def _money_measures(books: Books, label: TrancheLabel) -> dict[str, Floats]:
    interest, principal = (books.owed(label, kind) for kind in ("interest", "principal"))
    paid = {part: books.tranche(label.name, part).sum(axis=0) for part in PAID}
    counted = {
        "face": books.face(label),
        **paid,
        "interest_shortfall": interest[-1],
        "interest_shortfall_max": interest.max(axis=0),
        "principal_shortfall": principal[-1],
        "principal_shortfall_max": principal.max(axis=0),
        "principal_loss": principal_loss(books, label),
        "loss": nominal_loss(books, label),
    }
    return {name: np.asarray(books.currency(values)) for name, values in counted.items()}


def _missed(books: Books, label: TrancheLabel) -> Flags:
    """PD event: interest of a timely class unpaid on any date, or anything unpaid on the last row."""
    missed = nominal_loss(books, label) > 0
    if label.timely:
        missed = missed | (books.owed(label, "interest") > 0).any(axis=0)
    return missed


def _first(books: Books, flags: Flags, dates: tuple[str, ...]) -> list[str | None]:
    at = np.argmax(flags, axis=0)
    return [dates[at[lane]] if flags[at[lane], lane] else None for lane in range(books.lanes)]


def _first_dates(books: Books, label: TrancheLabel, covered: Coverage | None) -> dict[str, list[str | None]]:
    nothing: Flags = np.zeros((books.rows, books.lanes), dtype=bool)
    dates = books.labels.pay_dates
    interest, principal = (books.owed(label, kind) > 0 for kind in ("interest", "principal"))
    if label.residual:
        interest = principal = nothing
    breach = _first(books, interest | principal, dates)
    calls = support_calls(books, label)
    return {
        "first_breach": breach,
        "first_breach_kind": _kinds(books, interest, principal),
        "late": _first(books, nothing if label.residual else principal | _left_at_expected(books, label), dates),
        "first_support_call": _first(books, nothing if calls is None else calls, dates),
        "first_trigger": _first_trigger(books),
        "first_coverage_below_1": _first(books, nothing if covered is None else covered.by_date < COVERED, dates),
        "paid_off": _first(books, nothing if label.residual else paid_off(books, label), dates),
    }


def _left_at_expected(books: Books, label: TrancheLabel) -> Flags:
    """Payment rows from the expected maturity on that leave principal outstanding: a pass-through class owes what its
    formula allots, so that nothing of it is overdue there (domain §9: late is reported apart).
    """
    if label.expected_maturity is None:
        return np.zeros((books.rows, books.lanes), dtype=bool)
    accruals = books.labels.accruals
    ends = np.array([end for _, _, end in accruals], dtype="datetime64[D]") if accruals else books.pay_dates
    reached = np.maximum(ends, books.pay_dates) >= np.datetime64(label.expected_maturity, "D")
    return np.asarray(reached[:, None] & books.paying & (books.tranche(label.name, "balance") > books.dust))


def _kinds(books: Books, interest: Flags, principal: Flags) -> list[str | None]:
    """What was short on the first date of a shortfall."""
    at = np.argmax(interest | principal, axis=0)
    kinds: list[str | None] = []
    for lane in range(books.lanes):
        row = at[lane]
        parts = [name for name, flags in (("interest", interest), ("principal", principal)) if flags[row, lane]]
        kinds.append(" and ".join(parts) or None)
    return kinds


def _first_trigger(books: Books) -> list[str | None]:
    """Earliest date on which any trigger fired, by the date of its own test."""
    earliest: list[str | None] = [None] * books.lanes
    for trigger in books.labels.triggers:
        dates = books.labels.calc_dates if trigger.test == "after collection" else books.labels.pay_dates
        fired = _first(books, books.item(f"trigger.{trigger.name}.active") > 0.5, dates)
        earliest = [min(filter(None, pair), default=None) for pair in zip(earliest, fired, strict=True)]
    return earliest


def _lowest(ratios: Floats | None, lanes: int) -> Floats:
    """Smallest defined value per lane; NaN where none is defined."""
    if ratios is None:
        return np.full(lanes, np.nan)
    filled = np.where(np.isnan(ratios), np.inf, ratios).min(axis=0)
    return np.asarray(np.where(np.isfinite(filled), filled, np.nan))


def wal_years(books: Books, label: TrancheLabel) -> Floats:
    """``(lane,)``: Σ t·principal paid / Σ principal paid from closing; NaN where no principal is paid."""
    principal = books.tranche(label.name, "principal_paid")
    labels = books.labels
    years = year_fraction(labels.wal_day_count, labels.closing, books.pay_dates, maturity=labels.legal_final)
    paid = principal.sum(axis=0)
    result = np.full(books.lanes, np.nan)
    np.divide(years @ principal, paid, out=result, where=paid > 0)
    return result


def yields(books: Books, label: TrancheLabel) -> list[tuple[float | None, str]]:
    """Yearly compounded yield (XIRR, ACT/365F) of buying at par at closing, with the reason where there is none."""
    dates = [books.labels.closing, *books.labels.pay_dates]
    cash, face = books.cash_to(label), books.face(label)
    return [_yield(dates, [-float(face[lane]), *cash[:, lane].tolist()]) for lane in range(books.lanes)]


def _yield(dates: list[str], amounts: list[float]) -> tuple[float | None, str]:
    if amounts[0] >= 0:
        return None, "the class has no face to buy"
    if max(amounts) <= 0:
        return None, "no cash is ever paid"
    try:
        rate = xirr(dates, amounts)
    except InvalidPaymentsError:
        rate = None
    return (None, "no rate discounts the cash to the face") if rate is None else (float(rate), "")


def pv_loss(books: Books, label: TrancheLabel) -> Floats:
    """``(lane,)`` [currency]: face less cash discounted at the class's own coupon path from closing.

    The claim grows by the coupon over each interest period and falls by cash paid: a par class paid late *with* coupon
    loses nothing. Additional interest after an anticipated date is no part of it, and hides no loss.

    Accrual runs on the deal's accrual dates, so that a holiday shift without extra interest is no loss.
    """
    growth = books.tranche(label.name, "coupon") * _accrual(books, label)[:, None]
    cash = books.cash_to(label) - books.tranche(label.name, "additional_paid")
    claim, factor, pending = books.face(label).astype(float), np.ones(books.lanes), np.zeros(books.lanes)
    for row in range(books.rows):
        pending = pending + growth[row]
        step = np.where(books.paying[row], 1.0 + pending, 1.0)
        pending = np.where(books.paying[row], 0.0, pending)
        claim, factor = claim * step - cash[row], factor * step
    return np.asarray(books.currency(claim / factor))


def _accrual(books: Books, label: TrancheLabel) -> Floats:
    """``(row,)``: years accrued on each row; by payment dates where the run recorded no accrual dates."""
    labels = books.labels
    if labels.accruals:
        anchor, start, end = (np.array(part, dtype="datetime64[D]") for part in zip(*labels.accruals, strict=True))
    else:
        end = books.pay_dates
        start = np.concatenate([np.array([labels.closing], dtype="datetime64[D]"), end[:-1]])
        anchor = start
    return accrued(label.day_count or "ACT/365F", anchor, start, end, maturity=labels.legal_final)
