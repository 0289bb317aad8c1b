"""Loan schedules of three peer cases, from tape to cash flows, met loan by loan and date by date.

The peer prints flows after its stress. A re-solved level payment, an even one and a bullet all scale with the balance,
so stressed flows are the schedule times the share of the loan still there.
"""

import csv
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from absengine.loaders import PoolSource, load_pool
from absengine.schema import CashflowTable

PEER = Path(__file__).with_name("peer")
CASES = {
    "c1": ("2024-01-01", 0.0, 0.0),
    "c2": ("2023-12-31", 0.04, 0.10),
    "c7": ("2024-01-01", 0.03, 0.12),
}


def _pool(case: str) -> CashflowTable:
    return load_pool([PoolSource(PEER / case / "tape.csv", "pledge_loan")], np.datetime64(CASES[case][0]), {})


def _peer(case: str) -> dict[tuple[str, date], dict[str, float]]:
    with (PEER / case / "loans.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(line for line in file if not line.startswith("#")))
    return {
        (row["loan"], date.fromisoformat(row["date"])): {key: float(row[key]) for key in list(row)[2:]} for row in rows
    }


@pytest.mark.parametrize("case", CASES)
def test_load_pool__peer_loans(case: str) -> None:
    """Tolerance 1.10 per cell: the peer floors to the cent at every step."""
    _, cdr, cpr = CASES[case]
    pool, peer = _pool(case), _peer(case)
    collections = sorted({day for _, day in peer})
    assert pool.balance == pytest.approx(sum(row["balance"] for (_, day), row in peer.items() if day == collections[0]))
    met = 0
    for index, name in enumerate(pool.contracts["contract_id"]):
        flows = pool.flows.take(pool.flows["contract"] == index)
        previous = _before(pool, index, flows["due_date"][0].astype(date))
        alive = 1.0
        for due, opening, principal, interest in zip(
            flows["due_date"].astype(date), flows["opening_balance"], flows["principal_due"], flows["interest_due"],
            strict=True,
        ):  # fmt: skip
            days = (due - previous).days
            d, p = 1 - (1 - cdr) ** (days / 365), 1 - (1 - cpr) ** (days / 365)
            prepaid = opening * alive * (1 - d) * p
            alive *= (1 - d) * (1 - p)
            want = peer[name, next(day for day in collections if day >= due)]
            have = {
                "balance": (opening - principal) * alive, "principal": principal * alive, "interest": interest * alive,
                "prepayment": prepaid,
            }  # fmt: skip
            assert have == pytest.approx({key: want[key] for key in have}, abs=1.10), (name, due)
            previous, met = due, met + 1
    assert met == sum(1 for row in peer.values() if row["interest"] > 0)


def _before(pool: CashflowTable, index: int, first: date) -> date:
    """The due date before the first one: origination, or the same day one period earlier."""
    start = pool.contracts["start_date"][index].astype(date)
    frequency = {"monthly": 1, "quarterly": 3}[pool.contracts["frequency"][index]]
    month = first.year * 12 + first.month - 1 - frequency
    day = start.day
    while True:
        try:
            return max(start, date(month // 12, month % 12 + 1, day))
        except ValueError:
            day -= 1
