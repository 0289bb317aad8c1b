"""Contracts bought later, against contracts that pay one row after the other; and what a sale leaves."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from naive_purchases import SOURCES, Vintage

from absengine.kernels import purchases as kernel

LANES, COLUMNS = 3, kernel.RECOVERIES + kernel.PER_SOURCE * len(SOURCES)
WRITTEN = ["interest", "principal", "prepayment", "opening", "performing", "default", "recognised", "interest.loan",
           "purchase.x.balance"]  # fmt: skip
READ = ["default", "prepay", "at_end", "recognised_row", "options"]
PARTS = ["rate", "row", "late_rate", "late_row"]


def names() -> list[str]:
    """Name of each line of the inputs, one line per column of a purchase."""
    found = [*WRITTEN, *(f"purchase.x.{part}" for part in READ)]
    for source in SOURCES:
        found += [f"recovery.{source}", *(f"purchase.x.recovery.{source}.{part}" for part in PARTS)]
    return found


def random_inputs(rng: np.random.Generator, rows: int) -> np.ndarray:
    """Small rates; rows on or after the one they stand on; every option."""
    values = np.zeros((COLUMNS, rows + 1, LANES))
    for line, name in enumerate(names()):
        draws = rng.random((rows + 1, LANES))
        if name.endswith("row"):
            values[line] = np.minimum(np.arange(rows + 1)[:, None] + np.floor(3 * draws), rows)
        elif name.endswith("options"):
            values[line] = np.floor(4 * draws[:1])
        elif name.startswith("purchase.") and not name.endswith("balance"):
            values[line] = draws * 0.1
    return values


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 6))
def test_buy__equals_contracts_that_pay_row_by_row(seed: int, rows: int) -> None:
    rng = np.random.default_rng(seed)
    inputs, row = random_inputs(rng, rows), int(rng.integers(0, rows))
    due = np.unique(rng.integers(row + 1, rows + 1, 3))
    growth = np.zeros((3, rows + 1))
    growth[0, due], growth[1, due] = rng.random(len(due)) * 0.05, rng.dirichlet(np.ones(len(due)))
    growth[2, due] = 1.0
    units, flat = rng.random(LANES) * 100, inputs.copy()
    kernel.buy(units, growth, np.arange(COLUMNS, dtype=np.int32), flat.reshape(-1), (rows + 1) * LANES, LANES, row)
    for lane in range(LANES):
        book: dict[tuple[str, int], float] = defaultdict(float)

        def enter(name: str, at: int, amount: float, book: dict[tuple[str, int], float] = book) -> None:
            book[name, at] += amount

        one = Vintage("x", "loan", float(units[lane]), {int(at): (growth[0, at], growth[1, at]) for at in due})
        one.show(row, enter)
        for at in range(row + 1, rows + 1):
            one.walk(at, lambda name, at=at, lane=lane: float(inputs[names().index(name), at, lane]), enter)
        for line, name in enumerate(names()):
            if name in WRITTEN or name.startswith("recovery."):
                wanted = [book[name, at] for at in range(rows + 1)]
                assert flat[line, :, lane] == pytest.approx(wanted, abs=1e-9), name


def test_sell__a_quarter_of_the_pool() -> None:
    """Line 0 is the performing balance, sold from the row itself on; flows of later rows lose the same share."""
    inputs = np.ones((3, 4, 2))
    kernel.sell(np.array([0.25, 0.0]), np.array([0, 2], dtype=np.int32), 1, inputs.reshape(-1), 8, 2, 1, 3)
    assert inputs[0, :, 0].tolist() == [1.0, 0.75, 0.75, 0.75]
    assert inputs[2, :, 0].tolist() == [1.0, 1.0, 0.75, 0.75]
    assert inputs[1].tolist() == [[1.0, 1.0]] * 4 and inputs[:, :, 1].tolist() == [[1.0] * 4] * 3
