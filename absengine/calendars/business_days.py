"""Business days of mainland China: the exchange (SSE, SZSE) and the interbank market (CNIB).

Up to the last published year the calendars come from ``china_days.csv``: the State Council's yearly notices. Both
markets close on its ``holiday`` rows. The interbank market opens on ``workday`` rows (调休上班, make-up Saturdays and
Sundays); the exchange never opens at a weekend and stays shut on ``exchange_closed`` rows as well.

Later years follow a stated rule, the standing order of November 2024 (全国年节及纪念日放假办法, in force since 2025):
Spring Festival 8 days from New Year's Eve, Labour Day 1–5 May, National Day 1–7 October (to the 8th where Mid-Autumn
falls inside); New Year, Qingming, Dragon Boat and Mid-Autumn the day itself, joined to the nearest weekend unless it is
a Wednesday. The order was recalled, not re-read; applied to 2025 and 2026 the rule gives the published weekdays off.
Make-up days of later years are not known, so none is assumed. :attr:`BusinessCalendar.table_end` names the
first day on which the rule, not the table, was used.
"""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from itertools import islice
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from absengine.errors import InputError, Problem, Problems, Where
from absengine.schema import Dates

Roll = Literal["none", "following", "modified_following", "preceding", "modified_preceding"]
ROLLS: Final[tuple[Roll, ...]] = ("none", "following", "modified_following", "preceding", "modified_preceding")
ALIASES: Final[Mapping[str, str]] = {
    "SSE": "SSE", "SZSE": "SSE", "exchange": "SSE", "交易所": "SSE", "上交所": "SSE", "深交所": "SSE",
    "CNIB": "CNIB", "interbank": "CNIB", "银行间": "CNIB",
    "weekends": "weekends", "周末": "weekends",
    "none": "none", "无": "none",
}  # fmt: skip
KINDS: Final = ("holiday", "workday", "exchange_closed")
_ONE_DAY: Final = dt.timedelta(days=1)


@dataclass(frozen=True)
class BusinessCalendar:
    """Which days are business days (工作日). Every date it is asked about must lie inside ``[first, end)``.

    ``open[i]`` says whether ``first + i`` is a business day. ``table_end`` is the first day decided by the rule rather
    than by a published table, ``None`` where no table is involved. ``digest`` identifies the content for the manifest.
    """

    name: str
    first: np.datetime64
    open: NDArray[np.bool_]
    table_end: np.datetime64 | None

    @property
    def digest(self) -> str:
        """SHA-256 over name, first day and every day's state (hexadecimal)."""
        return hashlib.sha256(f"{self.name} {self.first} ".encode() + np.packbits(self.open).tobytes()).hexdigest()

    def is_business(self, dates: Any) -> NDArray[np.bool_]:
        """Whether each date is a business day; any shape of datetime64[D]."""
        return self.open[self._offset(dates)]

    def roll(self, dates: Any, how: Roll | str) -> Dates:
        """Move each non-business day by rule ``how``; ``modified`` rules turn round rather than leave the month."""
        given = np.asarray(dates, dtype="datetime64[D]")
        if how == "none":
            return given
        if how not in ROLLS:
            raise InputError(Problem("roll-unknown", Where(), f"roll rule {how!r}", ", ".join(ROLLS)))
        after, before = self._neighbours
        offset = self._offset(given)
        ahead, back = after[offset], before[offset]
        moved, turned = (ahead, back) if how.endswith("following") else (back, ahead)
        rolled = self._date(moved)
        if not how.startswith("modified"):
            return rolled
        left_month = rolled.astype("datetime64[M]") != given.astype("datetime64[M]")
        return np.where(left_month, self._date(turned), rolled)

    def shift(self, dates: Any, n: int) -> Dates:
        """``n`` business days later (earlier where negative); ``n = 0`` rolls forward.

        A date that is no business day counts from its neighbour: one day after a Sunday is the Monday.
        """
        days = np.flatnonzero(self.open)
        offset = self._offset(dates)
        side: Literal["left", "right"] = "right" if n > 0 else "left"
        place = np.searchsorted(days, offset, side=side) + (n - 1 if n > 0 else n)
        if np.any((place < 0) | (place >= len(days))):
            raise InputError(self._outside("a shift leaves the calendar"))
        return self._date(days[place])

    @property
    def _neighbours(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Offset of the first business day on or after, and of the last on or before, each day."""
        days = np.flatnonzero(self.open)
        every = np.arange(len(self.open))
        after = days[np.minimum(np.searchsorted(days, every, side="left"), len(days) - 1)]
        before = days[np.maximum(np.searchsorted(days, every, side="right") - 1, 0)]
        return after, before

    def _date(self, offset: NDArray[np.int64]) -> Dates:
        return self.first + offset.astype("timedelta64[D]")

    def _offset(self, dates: Any) -> NDArray[np.int64]:
        days = np.asarray(dates, dtype="datetime64[D]")
        offset = (days - self.first).astype(np.int64)
        bad = np.isnat(days) | (offset < 0) | (offset >= len(self.open))
        if np.any(bad):
            raise InputError(self._outside(f"date {np.asarray(days[bad]).flat[0]}"))
        return offset

    def _outside(self, found: str) -> Problem:
        last = self.first + np.timedelta64(len(self.open) - 1, "D")
        allowed = f"{self.first} to {last} in calendar {self.name}"
        return Problem("date-outside-calendar", Where(), found, allowed, 'use calendar = "weekends" or "none"')


@cache
def calendar(name: str) -> BusinessCalendar:
    """Calendar by name: ``SSE`` (also SZSE, exchange), ``CNIB`` (interbank), ``weekends``, ``none`` (every day is one).

    Raises InputError for an unknown name.
    """
    key = ALIASES.get(name)
    if key is None:
        near = get_close_matches(name, ALIASES, n=1)
        todo = f"did you mean {near[0]!r}?" if near else ""
        raise InputError(Problem("calendar-unknown", Where(), f"calendar {name!r}", ", ".join(ALIASES), todo))
    if key in ("none", "weekends"):
        first, end = np.datetime64("1900-01-01"), np.datetime64("2200-01-01")
        every = np.ones((end - first).astype(int), dtype=bool)
        return BusinessCalendar(key, first, every if key == "none" else _weekdays(first, end), None)
    return _china(key, _table(files(__package__).joinpath("china_days.csv").read_text("utf-8"), "china_days.csv"))


def calendar_from_csv(path: Path, base: str = "SSE") -> BusinessCalendar:
    """Calendar ``base`` (SSE or CNIB) with the years a user's file covers replaced by that file.

    The file has columns ``date,kind`` (and any more) with kinds holiday, workday and exchange_closed; lines that start
    with ``#`` are notes. A year is covered when the file has a row in it. Raises InputError with every bad line.
    """
    key = calendar(base).name
    if key not in ("SSE", "CNIB"):
        raise InputError(Problem("calendar-base", Where(str(path)), f"base {base!r}", "SSE or CNIB"))
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(Problem("calendar-unreadable", Where(str(path)), str(error), "a UTF-8 CSV file")) from None
    theirs = _table(text, str(path))
    years = {day.year for day in theirs}
    shipped = _table(files(__package__).joinpath("china_days.csv").read_text("utf-8"), "china_days.csv")
    return _china(key, {day: kind for day, kind in shipped.items() if day.year not in years} | theirs)


def _table(text: str, file: str) -> dict[dt.date, str]:
    """Rows of a holiday file as date -> kind."""
    problems = Problems()
    rows: dict[dt.date, str] = {}
    lines = [(number, line) for number, line in enumerate(text.splitlines(), 1) if line and not line.startswith("#")]
    reader = csv.reader(line for _, line in lines)
    header = next(reader, [])
    if header[:2] != ["date", "kind"]:
        raise InputError(Problem("calendar-header", Where(file), ",".join(header), "columns date,kind"))
    for (number, _), row in zip(islice(lines, 1, None), reader, strict=True):
        where = Where(file, number)
        try:
            day = dt.date.fromisoformat(row[0].strip())
        except ValueError:
            problems.add("calendar-date", where, repr(row[0]), "a date such as 2027-01-01")
            continue
        if day.year not in _lunar_days():
            problems.add("calendar-year", where, str(day), f"years {min(_lunar_days())} to {max(_lunar_days())}")
        kind = row[1].strip() if len(row) > 1 else ""
        if kind not in KINDS:
            problems.add("calendar-kind", where, repr(kind), ", ".join(KINDS))
        elif day in rows:
            problems.add("calendar-date-twice", where, str(day), "each date once")
        rows[day] = kind
    if not rows and not problems:
        problems.add("calendar-empty", Where(file), "no day", "at least one row")
    problems.refuse(InputError)
    return rows


def _china(key: str, table: Mapping[dt.date, str]) -> BusinessCalendar:
    """Weekdays, less days off, plus make-up days where the market keeps them; the rule after the last whole year."""
    lunar = _lunar_days()
    start = np.datetime64("2004-01-01")
    stop = np.datetime64(f"{max(lunar) + 1}-01-01")
    known = {day.year for day in table}
    covered = max(known)
    gaps = sorted(set(range(2004, covered)) - known)
    off = {day for day, kind in table.items() if kind == "holiday" or (kind == "exchange_closed" and key == "SSE")}
    for year in [*gaps, *range(covered + 1, max(lunar) + 1)]:
        off |= {day for day in _days_off(year, *lunar[year]) if day.year in gaps or day.year > covered}
    is_open = _weekdays(start, stop)
    is_open[_offsets(off, start)] = False
    if key == "CNIB":
        is_open[_offsets((day for day, kind in table.items() if kind == "workday"), start)] = True
    table_end = np.datetime64(f"{min([*gaps, covered + 1])}-01-01")
    return BusinessCalendar(key, start, is_open, table_end)


def _days_off(year: int, new_year: dt.date, qingming: dt.date, dragon: dt.date, autumn: dt.date) -> set[dt.date]:
    """Days off of one year by the standing order (see the module's docstring)."""
    eve = new_year - _ONE_DAY
    golden = 8 if dt.date(year, 10, 1) <= autumn <= dt.date(year, 10, 8) else 7
    off = {eve + _ONE_DAY * i for i in range(8)}
    off |= {dt.date(year, 5, 1) + _ONE_DAY * i for i in range(5)}
    off |= {dt.date(year, 10, 1) + _ONE_DAY * i for i in range(golden)}
    for day in (dt.date(year, 1, 1), qingming, dragon, autumn):
        # Monday to Sunday: the further day that joins a single festival to a weekend
        joined = (0, -1, 0, 1, 0, 2, 1)[day.weekday()]
        off |= {day, day + _ONE_DAY * joined}
    return off


@cache
def _lunar_days() -> dict[int, tuple[dt.date, dt.date, dt.date, dt.date]]:
    text = files(__package__).joinpath("china_lunar_days.csv").read_text("utf-8")
    rows = csv.reader(line for line in text.splitlines() if line[:1].isdigit())
    days = {int(row[0]): [dt.date.fromisoformat(cell) for cell in row[1:]] for row in rows}
    return {year: (cells[0], cells[1], cells[2], cells[3]) for year, cells in days.items()}


def _weekdays(first: np.datetime64, end: np.datetime64) -> NDArray[np.bool_]:
    return np.is_busday(np.arange(first, end, dtype="datetime64[D]"))


def _offsets(days: Iterable[dt.date], first: np.datetime64) -> NDArray[np.int64]:
    return (np.array(sorted(days), dtype="datetime64[D]") - first).astype(np.int64)
