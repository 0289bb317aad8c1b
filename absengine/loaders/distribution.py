"""Distribution dates of a trust (信托分配日): when cash of an underlying loan can leave for the plan.

A trust distributes by a rule (frequency from a first date) or on listed dates, moved to business days if it says so.
Cash ready on a day leaves on the first distribution on or after that day, as moved.
"""

from __future__ import annotations

import datetime
import re

import numpy as np

from absengine.calendars.business_days import ALIASES as CALENDARS
from absengine.calendars.business_days import calendar
from absengine.calendars.date_rules import day_in_month, month_day
from absengine.loaders import terms
from absengine.loaders.due_dates import Counts, Flags
from absengine.loaders.tape import Tape
from absengine.schema import Dates

_SEPARATORS = re.compile(r"[;；、,，\s]+")
_NAT = np.datetime64("NaT", "D")


def distributes(tape: Tape) -> Flags:
    """Rows that state distribution dates, by a rule or one by one."""
    return np.asarray((tape.column("distribution_frequency") != "") | (tape.column("distribution_dates") != ""))


def refuse(rows: terms.Rows, needs: Flags) -> None:
    """Refuse rows that need distribution dates and have none, half a rule, two rules, or dates that do not read."""
    tape = rows.tape
    frequency, listed = tape.column("distribution_frequency"), tape.column("distribution_dates")
    first, roll = tape.column("first_distribution_date"), tape.column("distribution_roll")
    rows.refuse(
        needs & ~distributes(tape), "distribution_frequency", "distribution-missing",
        lambda row: "a trust, and no day of distribution",
        "a frequency (信托分配频率) with a first date (首个信托分配日), or a list of dates",
    )  # fmt: skip
    rows.refuse(
        (frequency != "") & (listed != ""), "distribution_dates", "distribution-twice",
        lambda row: f"distributions {frequency[row]} and on listed dates", "a rule or a list of dates",
    )  # fmt: skip
    rows.refuse(
        (frequency != "") & np.isnat(first), "first_distribution_date", "first-distribution-missing",
        lambda row: f"distributions {frequency[row]} from no date", "the first distribution date, or the next one",
    )  # fmt: skip
    unread = np.array([_dates(str(text)) is None for text in listed], dtype=bool)
    rows.refuse(
        unread, "distribution_dates", "distribution-dates-unreadable", lambda row: repr(str(listed[row]))[:60],
        "days such as 2026-06-30;2026-12-30, each later than the one before",
    )  # fmt: skip
    name = tape.column("distribution_calendar")
    unknown = np.array([str(text) not in CALENDARS for text in name], dtype=bool)
    rows.refuse(
        (roll != "") & (roll != "none") & unknown, "distribution_calendar", "distribution-calendar",
        lambda row: f"roll {roll[row]} with calendar {str(name[row])!r}", ", ".join(CALENDARS),
    )  # fmt: skip


def arrivals(tape: Tape, contract: Counts, ready: Dates) -> Dates:
    """First distribution on or after ``ready`` of each entry; NaT after the last of a list.

    Entries of rows without distribution dates arrive on ``ready``, moved by the same roll. ``contract`` is the row of
    the tape of each entry.
    """
    out = _rolled(tape, contract, ready)
    by_rule = np.flatnonzero((tape.column("distribution_frequency") != "")[contract])
    out[by_rule] = _by_rule(tape, contract[by_rule], ready[by_rule])
    listed = tape.column("distribution_dates")[contract]
    for row in np.unique(contract[listed != ""]):
        here = np.flatnonzero(contract == row)
        dates = _rolled(tape, np.full(len(_listed(tape, row)), row), _listed(tape, row))
        place = np.searchsorted(dates, ready[here], side="left")
        out[here] = np.append(dates, _NAT)[place]
    return out


def _listed(tape: Tape, row: int) -> Dates:
    found = _dates(str(tape.column("distribution_dates")[row]))
    return np.empty(0, dtype="datetime64[D]") if found is None else found


def _dates(text: str) -> Dates | None:
    """Dates of a list, ascending; None where one does not read, or they do not ascend."""
    try:
        days = [datetime.date.fromisoformat(part) for part in _SEPARATORS.split(text.strip()) if part]
    except ValueError:
        return None
    found = np.array(days, dtype="datetime64[D]")
    return found if np.all(found[1:] > found[:-1]) else None


def _by_rule(tape: Tape, contract: Counts, ready: Dates) -> Dates:
    """Regular distributions counted from the first; the one before or after counts where business days move it."""
    step = np.array([terms.MONTHS[str(word)] for word in tape.column("distribution_frequency")], dtype=np.int64)[
        contract
    ]
    first = tape.column("first_distribution_date")[contract]
    own = tape.column("distribution_day")[contract]
    day = np.where(np.isnan(own), month_day(first), np.nan_to_num(own)).astype(np.int64)
    month = first.astype("datetime64[M]").astype(np.int64)

    def at(k: Counts) -> Dates:
        return _rolled(tape, contract, np.where(k == 0, first, day_in_month(month + step * k, day)))

    apart = (ready.astype("datetime64[M]") - first.astype("datetime64[M]")).astype(np.int64)
    k = np.maximum(apart // np.maximum(step, 1) - 1, 0)
    for _ in range(3):
        k = np.where(at(k) < ready, k + 1, k)
    return at(k)


def _rolled(tape: Tape, contract: Counts, dates: Dates) -> Dates:
    how, names = tape.column("distribution_roll")[contract], tape.column("distribution_calendar")[contract]
    moved = dates.copy()
    for rule, name in sorted({(str(a), str(b)) for a, b in zip(how, names, strict=True) if a not in ("", "none")}):
        here = np.flatnonzero((how == rule) & (names == name))
        moved[here] = calendar(name).roll(dates[here], rule)
    return moved
