"""A tape of 100,000 level-payment loans read from CSV and turned into the cash flows of 60 months."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np

from absengine.loaders import PoolSource, load_pool
from absengine.schema import CashflowTable
from benchmarks.job_files import write_tape
from benchmarks.measure import Figure, Gate, child, cpu_seconds, folder

ROWS, MONTHS, COLUMNS = 100_000, 60, 9


@cache
def tape() -> Path:
    return write_tape(folder("tape") / "tape.csv", ROWS, MONTHS)


def load(path: Path) -> CashflowTable:
    source = PoolSource(tape=path, kind="pledge_loan", rights=None, plan=None, map=None, defaults={})
    return load_pool([source], np.datetime64("2026-03-31"), {})


def time_tape() -> CashflowTable:
    return load(tape())


def time_floor() -> list[np.ndarray]:
    """The file's text cut into cells, and columns of the table's size filled once."""
    cells = [line.split(",") for line in tape().read_text(encoding="utf-8").splitlines()]
    return [np.full(len(cells) * MONTHS, float(number)) for number in range(COLUMNS)]


def peakmem_tape() -> float:
    """Peak memory of a process that does nothing else [MiB]."""
    call = "import sys, pathlib; from benchmarks.tape import load; load(pathlib.Path(sys.argv[1]))"
    return child(["-c", call, str(tape())]).peak_mib


def run() -> Iterator[Figure | Gate]:
    """CPU seconds and peak memory, and their multiples of a floor and of the finished table."""
    seconds, floor = cpu_seconds(time_tape, 2), cpu_seconds(time_floor, 3)
    table = ROWS * MONTHS * COLUMNS * 8 / 2**20
    peak = peakmem_tape()
    yield Figure("tape", seconds, "s of CPU for 100,000 rows", 5.0)
    yield Figure("tape_floor", floor, "s of CPU")
    yield Figure("tape_peak", peak, "MiB", 1536.0)
    yield Gate("tape / floor", seconds / floor, 20.0)
    yield Gate("tape peak / table", peak / table, 4.0)
