"""Columns of a tape → terms the schedule maths understands, with a place for everything that does not fit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from absengine.calendars.business_days import ALIASES as CALENDARS
from absengine.calendars.business_days import calendar
from absengine.calendars.date_rules import add_months, month_day
from absengine.calendars.day_count import ALIASES, CONVENTIONS, convention
from absengine.errors import InputError, Problems
from absengine.loaders.due_dates import Counts, Cycle, Flags, Grid
from absengine.loaders.interest import PERIOD, Resets, index_paths
from absengine.loaders.schedule import terms_to_repay
from absengine.loaders.source import Context
from absengine.loaders.tape import Tape
from absengine.schema import Dates, Floats

SHOWN: Final = 20
"""Rows named one by one for the same refusal; the rest is counted."""

MONTHS: Final[dict[str, int]] = {
    "monthly": 1, "two_monthly": 2, "quarterly": 3, "half_yearly": 6, "yearly": 12, "once": 0, "irregular": -1, "": -1,
}  # fmt: skip
"""Months between due dates, by the word of ``frequency``; 0 is one payment, −1 unknown."""

RESET_MONTHS: Final[dict[str, int]] = {
    "monthly": 1, "quarterly": 3, "half_yearly": 6, "yearly": 12, "january": 12, "payment": 0, "none": -1, "": -1,
}  # fmt: skip
PERIOD_WORDS: Final = frozenset({"", "period", "按期", "按期计息"})
"""Day counts that mean rate × months / 12; a tape without the column means it too."""

_DAY = np.timedelta64(1, "D")
_NAT = np.datetime64("NaT", "D")


@dataclass
class Rows:
    """Refuses rows of a tape, naming the first few of each kind and counting the rest."""

    tape: Tape
    problems: Problems

    def refuse(
        self, bad: Flags, field: str, code: str, found: Callable[[int], str], allowed: str, todo: str = ""
    ) -> None:
        """Add one problem per row where ``bad``; ``found`` says what a row holds."""
        rows = np.flatnonzero(bad)
        for row in rows[:SHOWN]:
            self.problems.add(code, self.tape.where(int(row), field), found(int(row)), allowed, todo)
        if len(rows) > SHOWN:
            more = f"{len(rows) - SHOWN:,} more rows like this"
            self.problems.add(code, self.tape.where(int(rows[SHOWN]), field), more, allowed)


def cutoffs(tape: Tape, context: Context) -> Dates:
    """Cut-off date (封包日) of each row: the tape's, else the deal's."""
    own = tape.column("cutoff_date")
    return np.where(np.isnat(own), context.cutoff, own)


def steps(tape: Tape, rows: Rows) -> tuple[NDArray[np.object_], Counts]:
    """Way of repaying (level, even, bullet, single, plan) and months between payments (0: one payment) of each row."""
    words = tape.column("amort_type").astype(str)
    kind = np.where(np.char.startswith(words, "bullet"), "bullet", words).astype(object)
    told = np.array([MONTHS[word] for word in tape.column("frequency")], dtype=np.int64)
    named = np.array([MONTHS.get(word.removeprefix("bullet_"), -1) for word in words], dtype=np.int64)
    clash = (named > 0) & (told >= 0) & (told != named)
    rows.refuse(
        clash, "frequency", "frequency-contradiction",
        lambda row: f"{tape.column('frequency')[row]} beside {words[row]}", "one and the same frequency",
    )  # fmt: skip
    months = np.where(named > 0, named, told)
    months = np.where((kind == "single") | ((kind == "bullet") & (months == 0)), 0, months)
    unknown = (months < 0) & (kind != "plan")
    irregular = tape.column("frequency") == "irregular"
    rows.refuse(
        unknown & irregular, "frequency", "frequency-irregular", lambda row: f"{words[row]} at irregular dates",
        "amort_type plan (按计划) with a plan file", "give the due dates in the pool's plan file",
    )  # fmt: skip
    rows.refuse(
        unknown & ~irregular, "frequency", "frequency-missing", lambda row: f"no frequency for {words[row]}",
        "monthly, two_monthly, quarterly, half_yearly, yearly or once",
    )  # fmt: skip
    once = (months == 0) & np.isin(kind, ("level", "even"))
    return np.where(once, "single", kind).astype(object), np.maximum(months, 0)


def day_counts(tape: Tape, rows: Rows) -> NDArray[np.object_]:
    """Day count of each row as the registry spells it; :data:`PERIOD` where the tape says nothing."""
    given = tape.column("day_count")
    found: dict[str, str] = {}
    for word in {str(word) for word in given}:
        try:
            found[word] = PERIOD if word in PERIOD_WORDS else convention(word).name
        except InputError:
            found[word] = ""
    names = np.array([found[str(word)] for word in given], dtype=object)
    allowed = ", ".join([PERIOD, *CONVENTIONS, *ALIASES])
    rows.refuse(names == "", "day_count", "day-count-unknown", lambda row: f"day count {given[row]!r}", allowed)
    return np.where(names == "", PERIOD, names)


def cycle(tape: Tape, rows: Rows, kind: NDArray[np.object_], months: Counts, cutoff: Dates) -> Cycle:
    """Cycle of due dates of each row.

    The anchor is the first (or next) due date; without one, dates count back from maturity; without that, on from
    origination. A first due date up to two periods after origination is the contract's very first, and the period
    before it is a stub; a later one is the next of many. Nothing is due between the cut-off and a first due date
    after it.
    """
    start, maturity = tape.column("start_date"), tape.column("maturity_date")
    first, pay_day = tape.column("first_due_date"), tape.column("pay_day")
    single = kind == "single"
    _refuse_dates(tape, rows, single, start, maturity, cutoff)
    first = np.where(single, _NAT, first)
    from_start = add_months(np.where(np.isnat(start), cutoff, start), months)
    anchor = np.where(np.isnat(first), np.where(np.isnat(maturity), from_start, maturity), first)
    day = _pay_day(pay_day, anchor, start)
    _refuse_first(rows, first, pay_day, day)
    near = ~np.isnat(first) & ~np.isnat(start) & (start < first) & (first <= add_months(start, 2 * months))
    began = np.where(np.isnat(start), np.datetime64("0001-01-01"), start)
    lower = np.maximum(cutoff, began + _DAY)
    lower = np.where(first > lower, first, lower)
    accrues = np.where(tape.column("interest_from") == "cutoff", np.maximum(began, cutoff), start)
    some = Cycle(
        anchor=anchor, months=months, days=np.zeros(len(tape), dtype=np.int64), day=day, lower=lower, start=accrues,
        maturity=maturity, long_stub=np.asarray(tape.column("stub") == "long"), opens=near,
    )  # fmt: skip
    return _until(tape, rows, some, kind)


def _refuse_dates(tape: Tape, rows: Rows, single: Flags, start: Dates, maturity: Dates, cutoff: Dates) -> None:
    owing = tape.column("balance") > 0
    rows.refuse(
        owing & (maturity < cutoff), "maturity_date", "matured-before-cutoff",
        lambda row: f"maturity {maturity[row]} and a balance at the cut-off {cutoff[row]}",
        "a maturity on or after the cut-off date", "leave matured contracts out, or give the agreed new maturity",
    )  # fmt: skip
    rows.refuse(
        start > cutoff, "start_date", "start-after-cutoff",
        lambda row: f"origination {start[row]} after the cut-off {cutoff[row]}", "on or before the cut-off",
    )  # fmt: skip
    rows.refuse(
        single & np.isnat(start), "start_date", "start-date-missing", lambda row: "no origination date",
        "the day interest begins", "a single payment (利随本清) pays interest from origination",
    )  # fmt: skip
    rows.refuse(
        single & np.isnat(maturity), "maturity_date", "maturity-missing", lambda row: "no maturity date",
        "the day of the single payment",
    )  # fmt: skip


def _pay_day(pay_day: Floats, anchor: Dates, start: Dates) -> Counts:
    """Day of the month: the tape's; else the anchor's, unless it is a month end to which origination's day was cut."""
    day = month_day(anchor)
    began = np.where(np.isnat(start), anchor, start)
    apart = (anchor.astype("datetime64[M]") - began.astype("datetime64[M]")).astype(np.int64)
    cut = (add_months(began, apart) == anchor) & ~np.isnat(start)
    day = np.where(cut, np.maximum(day, month_day(began)), day)
    return np.where(np.isnan(pay_day), day, np.nan_to_num(pay_day, nan=1)).astype(np.int64)


def _refuse_first(rows: Rows, first: Dates, pay_day: Floats, day: Counts) -> None:
    safe = np.where(np.isnat(first), np.datetime64("2000-01-01"), first)
    off = ~np.isnat(first) & ~np.isnan(pay_day) & (add_months(safe, 0, day) != safe)
    rows.refuse(
        off, "first_due_date", "first-due-date-off-pay-day",
        lambda row: f"first due date {first[row]} and pay day {int(pay_day[row])}",
        "a first due date on the pay day", "leave the pay day out, or state the unadjusted date",
    )  # fmt: skip


def _until(tape: Tape, rows: Rows, some: Cycle, kind: NDArray[np.object_]) -> Cycle:
    """Complete maturities from the number of payments left, or from the amount of each payment."""
    open_ended = np.isnat(some.maturity) & (kind != "single") & (kind != "plan")
    terms = tape.column("remaining_terms")
    terms = np.where(np.isnan(terms) & np.isin(kind, ("level", "even")), _terms_by_amount(tape, some, kind), terms)
    terms = np.nan_to_num(terms).astype(np.int64)
    unknown = open_ended & (terms <= 0)
    rows.refuse(
        unknown, "maturity_date", "maturity-missing", lambda row: "no maturity date, and no number of payments left",
        "maturity_date, remaining_terms, or a payment that repays the balance",
    )  # fmt: skip
    from_nothing = open_ended & ~unknown & np.isnat(tape.column("first_due_date")) & np.isnat(some.start)
    rows.refuse(
        from_nothing, "first_due_date", "first-due-date-missing", lambda row: "payments left, no date to count from",
        "start_date, first_due_date or maturity_date",
    )  # fmt: skip
    placeholder = np.where(np.isnat(some.maturity), some.lower, some.maturity)
    known = replace(some, maturity=placeholder)
    following = known.last_at_or_before(some.lower - _DAY) + 1
    following = np.where(some.opens, np.maximum(following, 0), following)
    last = known.date(following + np.maximum(terms, 1) - 1)
    return replace(some, maturity=np.where(open_ended, last, placeholder))


def _terms_by_amount(tape: Tape, some: Cycle, kind: NDArray[np.object_]) -> Floats:
    """Payments needed by a stated amount per payment, interest-only ones included; NaN where none is stated."""
    payment, grace = tape.column("payment"), np.nan_to_num(tape.column("grace_terms"))
    per_period = np.nan_to_num(tape.column("rate")) * some.months / 12.0
    needed = terms_to_repay(tape.column("balance"), per_period, payment, np.asarray(kind == "level"))
    terms: Floats = np.where(needed > 0, needed + grace, np.nan)
    return terms


def check_terms(tape: Tape, rows: Rows, grid: Grid, regular: Flags) -> None:
    """Refuse rows whose number of payments left contradicts their dates."""
    terms = tape.column("remaining_terms")
    wrong = regular & ~np.isnan(terms) & (grid.count != np.nan_to_num(terms)) & (grid.count > 0)
    rows.refuse(
        wrong, "remaining_terms", "remaining-terms-contradiction",
        lambda row: f"{int(terms[row])} payments left where the dates give {grid.count[row]}",
        "as many payments as due dates from the cut-off to maturity", "leave one of the columns out",
    )  # fmt: skip


def interest_only(tape: Tape, grid: Grid) -> Flags:
    """Cells that pay interest only: the first ``grace_terms`` of a contract, and those up to ``grace_end_date``."""
    terms, until = np.nan_to_num(tape.column("grace_terms")), tape.column("grace_end_date")
    return (grid.position < np.repeat(terms, grid.count)) | (grid.end <= np.repeat(until, grid.count))


def check_currency(tape: Tape, rows: Rows, context: Context) -> None:
    """Refuse amounts in another currency than the deal's, or than the first row's where no deal is known."""
    stated = tape.column("currency")
    known = [str(name) for name in stated if name]
    wanted = context.currency or (known[0] if known else "")
    rows.refuse(
        (stated != "") & (stated != wanted), "currency", "mixed-currency",
        lambda row: f"an amount in {stated[row]} beside {wanted}", "one currency per tape, that of the deal",
    )  # fmt: skip


def weights(tape: Tape, rows: Rows, grid: Grid, kind: NDArray[np.object_], months: Counts) -> Floats:
    """Weight of each cell (see :mod:`absengine.loaders.schedule`)."""
    last = grid.left == 0
    spread = np.isin(kind, ("level", "even"))
    if not np.any(spread):
        return np.asarray(last, dtype=np.float64)
    free = interest_only(tape, grid)
    grace = np.bincount(grid.contract[free], minlength=len(tape))
    rows.refuse(
        spread & (grace >= grid.count) & (grid.count > 0) & (grace > 0), "grace_terms", "grace-terms-too-many",
        lambda row: f"{int(grace[row])} payments of interest only of {grid.count[row]}", "fewer than all payments",
    )  # fmt: skip
    own = np.array([MONTHS[word] for word in tape.column("principal_frequency")], dtype=np.int64)
    every = np.where(own > 0, own // np.maximum(months, 1), 1)
    rows.refuse(
        spread & (own > 0) & ((every == 0) | (every * months != own)), "principal_frequency",
        "principal-frequency-contradiction",
        lambda row: f"principal every {own[row]} months, interest every {months[row]}",
        "principal on every 1st, 2nd, 3rd… interest date",
    )  # fmt: skip
    pays = ~free
    if np.any(own > 0):
        pays &= grid.left % np.repeat(np.maximum(every, 1), grid.count) == 0
    pays = np.where(np.repeat(spread, grid.count), pays, last)
    ratio = np.nan_to_num(tape.column("step"))
    if not np.any(ratio):
        return np.asarray(pays, dtype=np.float64)
    paid_before = np.concatenate([[0], np.cumsum(pays)])
    rank = paid_before[:-1] - np.repeat(paid_before[grid.first[:-1]], grid.count)
    return np.where(pays, np.repeat(1.0 + ratio, grid.count) ** rank, 0.0)


def resets(tape: Tape, rows: Rows, context: Context, cutoff: Dates) -> Resets | None:
    """Resets of floating rows; None where every rate is fixed.

    ``rate`` is the rate in force at the cut-off date and holds until the first reset after it. ``reset`` counts from
    origination (对年对月对日), is 1 January, each payment, or none.
    """
    floating = tape.column("rate_type") == "floating"
    if not np.any(floating):
        return None
    names, word = tape.column("rate_index"), tape.column("reset")
    place, paths = index_paths(names, context.rates)
    rows.refuse(
        floating & (names == ""), "rate_index", "rate-index-missing", lambda row: "a floating rate without an index",
        ", ".join(sorted(context.rates)) or "an index the deal defines",
    )  # fmt: skip
    rows.refuse(
        floating & (names != "") & (place < 0), "rate_index", "rate-index-unknown", lambda row: repr(str(names[row])),
        ", ".join(sorted(context.rates)) or "an index the deal defines", "give the index a path in the deal",
    )  # fmt: skip
    rows.refuse(
        floating & (word == ""), "reset", "reset-missing", lambda row: "a floating rate without a reset",
        "monthly, quarterly, half_yearly, yearly, january, payment or none",
    )  # fmt: skip
    start = tape.column("start_date")
    months = np.array([RESET_MONTHS[text] for text in word], dtype=np.int64)
    by_start = floating & (months > 0) & (word != "january")
    rows.refuse(
        by_start & np.isnat(start), "start_date", "start-date-missing", lambda row: "no day to count resets from",
        "the day interest begins",
    )  # fmt: skip
    return Resets(
        index=np.where(floating, place, -1), spread=np.nan_to_num(tape.column("spread")), months=months,
        january=np.asarray(word == "january"), anchor=np.where(np.isnat(start), cutoff, start),
        known=tape.column("rate"), since=cutoff, paths=paths,
    )  # fmt: skip


def rolled(tape: Tape, rows: Rows, grid: Grid) -> Dates:
    """Due dates moved to business days where the tape asks (``roll`` with ``calendar``); interest does not move."""
    how, names = tape.column("roll"), tape.column("calendar")
    moves = (how != "") & (how != "none")
    unknown = np.array([str(name) not in CALENDARS for name in names], dtype=bool)
    rows.refuse(
        moves & (names == ""), "calendar", "calendar-missing", lambda row: f"roll {how[row]} without a calendar",
        ", ".join(CALENDARS),
    )  # fmt: skip
    rows.refuse(
        moves & (names != "") & unknown, "calendar", "calendar-unknown", lambda row: repr(str(names[row])),
        ", ".join(CALENDARS),
    )  # fmt: skip
    due = grid.due.copy()
    for rule, name in sorted({(str(how[row]), str(names[row])) for row in np.flatnonzero(moves & ~unknown)}):
        cells = np.flatnonzero(np.repeat((how == rule) & (names == name), grid.count))
        due[cells] = calendar(name).roll(due[cells], rule)
    return due
