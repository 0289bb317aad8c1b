"""The pool kernel against its plain twin on random arrays, and one path on paper."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from naive_pool import Path

from absengine.kernels import book, pool, recovery, streams
from absengine.kernels.pool import CHANNELS, NO_CURVE, NOT_HERE, Clocks, Events, Plan, fill
from absengine.kernels.recovery import SOURCES, Claims, Terms
from absengine.kernels.streams import Streams
from absengine.schema import OVERDUE_BUCKETS, POOL_CHANNELS, POOL_STREAMS, RECOVERY_SOURCES, Floats

Arrays = tuple[Events, Clocks, Plan, Claims, Terms]
ROWS, MONTHS, CURVES, SLOTS, KEYS, CAPS, LAYOUTS, CASES = 6, 4, 4, 2, 3, 2, 2, 3


def test_channels__are_those_of_the_schema() -> None:
    assert len(POOL_CHANNELS) == CHANNELS and len(RECOVERY_SOURCES) == SOURCES
    names = ("interest", "principal", "prepayment", "fee", "opening", "performing", "default", "recognised")
    numbers = [getattr(pool, name.upper()) for name in names]
    assert [POOL_CHANNELS.index(name) for name in names] == numbers
    assert POOL_CHANNELS.index("recovery.deposit") == pool.RECOVERY
    apart = [CHANNELS + POOL_STREAMS.index(name) for name in ("deposit", "dilution", "overdue.d30")]
    assert apart == [book.DEPOSIT, book.DILUTION, book.OVERDUE]
    assert len(OVERDUE_BUCKETS) == book.BUCKETS and CHANNELS + len(POOL_STREAMS) == book.KINDS
    assert RECOVERY_SOURCES[: recovery.GRACE_SOURCES] == ("deposit", "cure", "guarantor")


NO_STREAMS = Streams(
    np.zeros(1, bool), np.zeros(1, np.int32), np.zeros((0, streams.PAID, 0)), np.zeros((0, streams.LATER, 0)),
    np.zeros((0, 3, 0, 0)), np.zeros((0, 0), np.int32), np.zeros((2, 0)), np.zeros(0, np.int64), np.zeros(0, np.int64),
)  # fmt: skip


def run(arrays: Arrays, block: int = CASES) -> Floats:
    out = np.full((len(arrays[2].channel), ROWS, CASES), np.nan)
    for first in range(0, CASES, block):
        stop = min(first + block, CASES)
        fill(*arrays, first, stop, out[:, :, first:stop])
    return out


def random_events(rng: np.random.Generator, clocks: int) -> Events:
    """Each clock falls due on some months, once or twice; amounts need not add up: the kernel does not ask."""
    slots = [(month, c) for month in range(MONTHS) for c in range(clocks) for _ in range(rng.integers(0, 3))]
    lines = sorted((month + rng.random(), c) for month, c in slots)
    due, owner = np.array([line[0] for line in lines]), np.array([line[1] for line in lines], dtype=np.int32)
    size, month = len(lines), np.array([int(line[0]) for line in lines], dtype=np.int64)
    row = np.minimum(due / MONTHS * (ROWS - 1), ROWS - 2).astype(np.int32)
    until, payment, fresh, final = row.copy(), np.zeros(size, np.int32), np.ones(size, bool), np.zeros(size, bool)
    for c in range(clocks):
        mine = np.flatnonzero(owner == c)
        payment[mine] = np.arange(len(mine))
        until[mine[:-1]] = row[mine[1:]]
        fresh[mine[1:]] = month[mine[1:]] != month[mine[:-1]]
        final[mine[-1:]] = True
    money = rng.integers(0, 200, (5, size)).astype(float)
    position = np.stack([due, due + 2.5])
    return Events(
        np.searchsorted(month, np.arange(MONTHS + 1)).astype(np.int64), owner, row, until, payment,
        *money, position, rng.random(size), fresh, final,
    )  # fmt: skip


def random_streams(rng: np.random.Generator, events: Events, kinds: int) -> Streams:
    """Two sets of terms; the first pays nothing late. Amounts are missed at 30-day edges of the calculation dates."""
    size, few = len(events.clock), (2, len(events.clock))
    later = rng.choice([0.0, 3.0, 50.0], (2, streams.LATER, size))
    later[0] = 0.0
    return Streams(
        used=rng.random(LAYOUTS) < 0.7,
        terms=rng.integers(0, 2, LAYOUTS).astype(np.int32),
        paid=rng.integers(0, 200, (2, streams.PAID, size)) * 1.0,
        later=later,
        kinds=rng.integers(0, 90, (2, 3, kinds, size)) * 1.0,
        row=np.minimum(events.row + rng.integers(0, 4, few), ROWS - 1).astype(np.int32),
        deposit=rng.integers(0, 9, few) * 1.0,
        day=rng.integers(0, 3, size).astype(np.int64),
        calc=np.sort(rng.choice([0, 1, 2, 29, 30, 31, 32, 60, 61, 62, 90, 91, 92, 93], ROWS - 1)).astype(np.int64)
        if rng.random() < 0.7
        else np.zeros(0, np.int64),
    )


def random_plan(rng: np.random.Generator, clocks: int, events: Events) -> Plan:
    kind = rng.integers(0, 8, (CASES, CURVES)).astype(np.int32)
    tables, start = [], np.zeros((CASES, CURVES), dtype=np.int64)
    for at in np.ndindex(kind.shape):
        start[at] = sum(len(table) for table in tables)
        steps = rng.choice([0.0, 0.1, 0.7], 12)
        if kind[at] == pool.TARGET:
            tables.append(np.concatenate([[7.0], 300 * steps]))
            start[at] += 1
        elif kind[at] in (pool.SHARE_BY_PAYMENT, pool.AT_MATURITY):
            tables.append(steps)
        elif kind[at] == pool.BY_PAYMENT:
            tables.append(np.where(steps > 0.5, -1e9, -steps))
        elif kind[at] <= pool.BY_AGE:
            tables.append(-np.cumsum(np.where(rng.random(12) < 0.1, 1e5, steps)))
        else:
            tables.append(np.cumsum(steps))
    curves = rng.integers(NO_CURVE, CURVES, (LAYOUTS, 3, clocks)).astype(np.int32)
    curves[:, 2] = rng.integers(-1, SLOTS, (LAYOUTS, clocks))
    curves[:, 1] = np.where(curves[:, 1] >= 0, curves[:, 1], NO_CURVE)
    curves[:, 0] = np.where(rng.random((LAYOUTS, clocks)) < 0.2, NOT_HERE, curves[:, 0])
    kind_of_prepay = np.isin(kind, [pool.TARGET, pool.AT_MATURITY])
    for layout in range(LAYOUTS):
        for c in range(clocks):
            if curves[layout, 1, c] >= 0 and kind_of_prepay[:, curves[layout, 1, c]].any():
                curves[layout, 1, c] = NO_CURVE
    kinds = int(rng.integers(0, 3))
    lines = book.KINDS + kinds
    return Plan(
        layout=rng.integers(0, LAYOUTS, CASES).astype(np.int32),
        curves=curves,
        kind=kind,
        start=start,
        recognition=rng.integers(0, KEYS, (CASES, CURVES)).astype(np.int32),
        tables=np.concatenate(tables),
        prepay_last=rng.random(CASES) < 0.5,
        full_interest=rng.random(CASES) < 0.5,
        rationed=(kind == pool.TARGET).any(axis=1),
        books=rng.random((LAYOUTS, lines, ROWS)),
        entering=rng.random(ROWS),
        channel=np.arange(lines, dtype=np.int32),
        unplaced=np.zeros(CASES),
        streams=random_streams(rng, events, kinds),
    )


def random_claims(rng: np.random.Generator) -> Claims:
    """None to three contracts named in each layout."""
    bounds = np.concatenate([[0], np.cumsum(rng.integers(0, 4, LAYOUTS))])
    size = int(bounds[-1])
    slots, keys = rng.integers(-1, SLOTS, size), rng.integers(0, KEYS, size)
    return Claims(bounds, slots.astype(np.int32), keys.astype(np.int32), *rng.integers(0, 200, (4, size)) * 1.0)


def random_terms(rng: np.random.Generator, events: Events, claims: Claims) -> Terms:
    """Few days, so that some defaults share one; key 0 is the missed date, in date order; caps are one source's own."""
    shape, size = (CASES, SLOTS, SOURCES), len(events.clock)
    day = rng.integers(0, 40, (KEYS, size + len(claims.slot)))
    for start, stop in [(0, size), *(size + claims.bounds[one : one + 2] for one in range(LAYOUTS))]:
        day[0, start:stop] = np.sort(rng.integers(0, 8, stop - start))
    day = np.maximum(day, day[0])  # nobody pays before the claim falls due
    basis = rng.integers(0, recovery.WITH_PENALTY + 1, shape).astype(np.int32)
    return Terms(
        used=(basis != recovery.NOTHING).any(axis=1),
        basis=basis,
        rate=rng.choice([0.0, 0.2, 1.0], shape),
        dates=rng.integers(0, KEYS, (2, *shape)).astype(np.int32),
        gone=rng.integers(0, 60, shape),
        cap=np.where(rng.random(shape) < 0.3, -1, rng.integers(0, CAPS, shape) + CAPS * np.arange(SOURCES)).astype(
            "i4"
        ),
        delayed=rng.choice([0.0, 0.5], (CASES, SLOTS)),
        caps=rng.random((CASES, CAPS * SOURCES)) * 100,
        row=np.minimum(day // 5, ROWS - 1).astype(np.int32),
        day=day,
        penalty=rng.choice([0.0, 0.004, 0.01], day.shape[1]),
        standing=rng.choice([0.0, 0.3, 1.0], day.shape if rng.random() < 0.5 else (0, 0)),
    )


def random_arrays(seed: int) -> Arrays:
    rng = np.random.default_rng(seed)
    clocks = int(rng.integers(1, 5))
    events, claims = random_events(rng, clocks), random_claims(rng)
    first = np.full(clocks, ROWS - 1, dtype=np.int32)
    np.minimum.at(first, events.clock, events.row)
    start = np.stack([np.zeros(clocks), np.full(clocks, 1.75)])
    zero = np.zeros(clocks, dtype=np.int32)
    money = rng.random((3, clocks)) * 50
    clockwork = Clocks(zero, first, money[0], start, *money[1:])
    return events, clockwork, random_plan(rng, clocks, events), claims, random_terms(rng, events, claims)


@given(st.integers(0, 2**32 - 1))
def test_fill__equals_the_plain_twin(seed: int) -> None:
    arrays = random_arrays(seed)
    out = run(arrays)
    np.testing.assert_array_equal(out, run(arrays, block=1))
    for case in range(CASES):
        path = Path(*arrays, case)
        np.testing.assert_allclose(out[:, :, case], path.book, rtol=1e-9, atol=1e-8)
        assert arrays[2].unplaced[case] == pytest.approx(path.unplaced, rel=1e-9, abs=1e-8)


def test_fill__one_path_on_paper() -> None:
    """100 falls due in two halves with 5 and 2.5 of interest; 10 % defaults and 20 % of the rest prepays on each date.

    First date: 10 default, 18 prepay, 72 % stay: 36 principal, 3.6 interest, 36 left. Second: of 36, 3.6 default, 6.48
    prepay, 25.92 principal, 1.296 interest (0.5184 of 2.5). A source pays half of principal one row later.
    """
    hazard = np.log(0.9), np.log(0.8)
    ones, none = np.ones(1, dtype=np.int32), np.zeros(1, dtype=np.int32)
    events = Events(
        np.array([0, 1, 2]), np.array([0, 0], np.int32), np.array([1, 3], np.int32), np.array([3, 3], np.int32),
        np.array([0, 1], np.int32), np.array([100.0, 50.0]), np.array([50.0, 50.0]), np.array([5.0, 2.5]),
        np.zeros(2), np.array([50.0, 0.0]), np.array([[1.0, 2.0], [1.0, 2.0]]), np.ones(2), np.ones(2, bool),
        np.array([False, True]),
    )  # fmt: skip
    clocks = Clocks(none, ones, np.array([100.0]), np.zeros((2, 1)), np.zeros(1), np.zeros(1))
    tables = np.array([0.0, hazard[0], 2 * hazard[0], 0.0, 0.0, hazard[1], 2 * hazard[1], 0.0])
    plan = Plan(
        none, np.array([[[0], [1], [0]]], np.int32), np.array([[0, 0]], np.int32), np.array([[0, 4]]),
        np.zeros((1, 2), np.int32), tables, np.array([False]), np.array([False]), np.array([False]),
        np.zeros((1, CHANNELS, ROWS)), np.array([100.0, 0, 0, 0, 0, 0]),
        np.arange(CHANNELS, dtype=np.int32), np.zeros(1), NO_STREAMS,
    )  # fmt: skip
    basis, rate = np.zeros((1, 1, SOURCES), np.int32), np.zeros((1, 1, SOURCES))
    basis[0, 0, 5], rate[0, 0, 5] = recovery.OF_PRINCIPAL, 0.5
    keys = np.ones((2, 1, 1, SOURCES), np.int32)
    terms = Terms(
        basis[0] > 0, basis, rate, keys, np.full((1, 1, SOURCES), 10**6), np.full((1, 1, SOURCES), -1, np.int32),
        np.zeros((1, 1)), np.zeros((1, 0)), np.array([[1, 3], [2, 4]], np.int32), np.array([[31, 90], [60, 120]]),
        np.zeros(2), np.zeros((0, 0)),
    )  # fmt: skip
    out = np.zeros((CHANNELS, ROWS, 1))
    nobody = Claims(np.zeros(2, np.int64), none[:0], none[:0], *np.zeros((4, 0)))
    fill(events, clocks, plan, nobody, terms, 0, 1, out)
    expected = {
        pool.INTEREST: [0, 3.6, 0, 1.296, 0, 0],
        pool.PRINCIPAL: [0, 36, 0, 25.92, 0, 0],
        pool.PREPAYMENT: [0, 18, 0, 6.48, 0, 0],
        pool.DEFAULT: [0, 10, 0, 3.6, 0, 0],
        pool.RECOGNISED: [0, 10, 0, 3.6, 0, 0],
        pool.RECOVERY + 5: [0, 0, 5, 0, 1.8, 0],
        pool.OPENING: [100, 100, 36, 36, 0, 0],
        pool.PERFORMING: [100, 36, 36, 0, 0, 0],
    }
    for channel in range(CHANNELS):
        np.testing.assert_allclose(
            out[channel, :, 0], expected.get(channel, [0] * ROWS), atol=1e-12, err_msg=str(channel)
        )
