"""Who pays on a default, how much and when: recovery terms resolved per clock, and tables of pay dates."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from absengine.kernels import pool as kernel
from absengine.projection.clocks import Clockwork
from absengine.projection.dates import Indices, later, rows_of
from absengine.projection.names import Parties
from absengine.projection.shape import Shape
from absengine.scenario import Lag, RecoveryTerm, Scenario
from absengine.schema import RECOVERY_SOURCES, Dates

NEVER = np.iinfo(np.int64).max
DELAYED = "delayed"
_BASIS = {
    "principal": kernel.OF_PRINCIPAL,
    "claim": kernel.OF_CLAIM,
    "appraisal": kernel.OF_APPRAISAL,
    "lower": kernel.OF_LOWER,
}


@dataclass(frozen=True)
class Payers:
    """The deal's entities in one case: the day each is gone from (NEVER = stays), the months it pays late."""

    gone: Indices
    late: Indices

    @classmethod
    def of(cls, scenario: Scenario, parties: Parties) -> Payers:
        """Supporters of a scenario, by entity."""
        keys = list(parties.entities)
        gone, late = np.full(len(keys), NEVER, dtype=np.int64), np.zeros(len(keys), dtype=np.int64)
        for supporter in scenario.supporters:
            if supporter.entity in keys:
                code = keys.index(supporter.entity)
                if not np.isnat(supporter.gone):
                    gone[code] = min(gone[code], day_number(supporter.gone))
                late[code] = max(late[code], supporter.late)
        return cls(gone, late)

    def failing(self, failed: dict[int, np.datetime64]) -> Payers:
        """The same with entities gone that default on what they owe themselves."""
        gone = self.gone.copy()
        for code, date in failed.items():
            gone[code] = min(gone[code], day_number(date))
        return Payers(gone, self.late)


def day_number(date: np.datetime64) -> int:
    """Days since 1970-01-01."""
    return int(date.astype("datetime64[D]").astype(np.int64))


@dataclass(frozen=True)
class Source:
    """One source of one contract or clock: its place in legal order, terms, payer's last day, and both lags."""

    index: int
    basis: int
    rate: float
    cap: tuple[int, str] | None  # block and source the cap is shared by
    gone: int
    start: int  # days from the missed date to where the lag starts
    lag: tuple[tuple[str, int], ...]
    delay: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Ruling:
    """Which blocks rule one contract or clock, and who guarantees it."""

    sources: tuple[int, ...]
    delayed: int
    recognition: int
    guarantor: int

    @classmethod
    def of(cls, shape: Shape, contract: int, recognition: int, parties: Parties) -> Ruling:
        """Blocks of one contract in a shape."""
        sources = tuple(int(shape.blocks[f"recovery.{source}"][contract]) for source in RECOVERY_SOURCES)
        delayed = int(shape.blocks[DELAYED][contract])
        return cls(sources, delayed, recognition, int(parties.guarantor[contract]))


def sources(scenario: Scenario, ruling: Ruling, parties: Parties, payers: Payers) -> Iterator[Source]:
    """Sources that can pay, in legal order. No guarantor on the tape, no payment from a guarantor."""
    keys = list(parties.entities)
    delay = scenario.assumptions[ruling.delayed].delayed if ruling.delayed >= 0 else None
    for index, source in enumerate(RECOVERY_SOURCES):
        block = ruling.sources[index]
        if block < 0 or (source == "guarantor" and ruling.guarantor == -2):
            continue
        term: RecoveryTerm = scenario.assumptions[block].recovery[source]
        payer = keys.index(term.payer) if term.payer else (ruling.guarantor if source == "guarantor" else -1)
        late = int(payers.late[payer]) if payer >= 0 else 0
        yield Source(
            index=index,
            basis=kernel.OF_DEPOSIT if source == "deposit" else _BASIS[term.base],
            rate=term.rate,
            cap=(block, source) if np.isfinite(term.cap) else None,
            gone=int(payers.gone[payer]) if payer >= 0 else NEVER,
            start=ruling.recognition if term.start == "recognition" else 0,
            lag=term.lag.steps + Lag(months=late).steps,
            delay=delay.by.steps if delay else (),
        )


def delayed_share(scenario: Scenario, ruling: Ruling) -> float:
    """Share of recoveries that is paid later."""
    delay = scenario.assumptions[ruling.delayed].delayed if ruling.delayed >= 0 else None
    return delay.share if delay else 0.0


def moved(dates: Dates, days: int, steps: tuple[tuple[str, int], ...], due: Dates, previous: np.datetime64) -> Dates:
    """Pay dates of amounts whose lag starts ``days`` after ``dates``."""
    dates = dates + np.timedelta64(days, "D")
    for unit, count in steps:
        dates = later(dates, Lag(**{unit: count}), due, previous)
    return dates


@dataclass
class PayDates:
    """Tables of rows and days by (rule, event), one rule per distinct lag of a run."""

    keys: dict[tuple[int, tuple[tuple[str, int], ...]], int] = field(default_factory=dict)

    def key(self, days: int, steps: tuple[tuple[str, int], ...] = ()) -> int:
        """Number of a rule."""
        return self.keys.setdefault((days, steps), len(self.keys))

    def tables(self, work: Clockwork) -> tuple[Indices, Indices]:
        """Rows and day numbers of every rule on every event."""
        dates = np.empty((max(len(self.keys), 1), len(work.due)), dtype="datetime64[D]")
        dates[:] = work.due
        by_clock: list[Indices] = []
        for (days, steps), index in self.keys.items():
            if any(unit == "payments" for unit, _ in steps):
                by_clock = by_clock or [work.dates(clock) for clock in range(len(work.member))]
                for clock, events in enumerate(by_clock):
                    due, previous = work.due[events], work.pool.rhythm.previous[work.member[clock]]
                    dates[index, events] = moved(due, days, steps, due, previous)
            else:
                dates[index] = moved(work.due, days, steps, work.due, work.due[0])
        return rows_of(work.pool.timeline.calc_date, dates), dates.astype(np.int64)
