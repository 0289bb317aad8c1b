"""Since when the first line of a plan bears interest, in every kind that is repaid by plan.

By hand, cut-off 2026-03-31, contract since 2024-03-31, 1,000,000 repaid in four quarters. The last line before the
cut-off is 2025-12-31, or, with the lines still due alone, one quarter before 2026-06-30: 2026-03-31. Of 10,000 interest
a trust takes 1 % a year on 1,000,000 for 181 days, 4,958.90, or for 91 days, 2,493.15; never for the 821 days since
origination.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from absengine.errors import TapeError
from absengine.loaders import PoolSource, load_pool
from absengine.schema import CashflowTable

LEFT = ("2026-06-30", "2026-09-30", "2026-12-31", "2027-03-31")
BEFORE = ("2025-09-30", "2025-12-31")
ROW = {"asset_id": "P1", "obligor": "Maker", "balance": "1000000", "start_date": "2024-03-31", "amort_type": "plan"}
LOAN = ROW | {"rate": "0.06", "day_count": "30E/360"}
KINDS = {
    "pledge_loan": LOAN,
    "lease_back": ROW,
    "licensing": LOAN | {"fee_basis": "net"},
    "trust_loan": LOAN | {
        "look_through": "yes", "trust_plan": "T", "trust_fee": "0.01",
        "distribution_dates": "2026-07-10;2026-10-10;2027-01-10;2027-04-10",
    },
}  # fmt: skip
SPLIT = {"principal": "250000", "interest": "10000"}


def loaded(folder: Path, kind: str, row: dict[str, str], days: tuple[str, ...], line: dict[str, str]) -> CashflowTable:
    tape, plan = folder / "tape.csv", folder / "plan.csv"
    tape.write_text(",".join(row) + "\n" + ",".join(row.values()) + "\n")
    lines = [",".join(("P1", day, *line.values())) for day in days]
    plan.write_text("\n".join([",".join(("asset_id", "due_date", *line)), *lines]) + "\n")
    return load_pool([PoolSource(tape, kind, plan=plan)], np.datetime64("2026-03-31", "D"), {})


@pytest.mark.parametrize("kind", ["pledge_loan", "lease_back", "licensing"])
@pytest.mark.parametrize(("days", "since"), [(BEFORE + LEFT, "2025-12-31"), (LEFT, "2026-03-31")])
def test_plan__first_period_runs_from_the_line_before(
    tmp_path: Path, kind: str, days: tuple[str, ...], since: str
) -> None:
    pool = loaded(tmp_path, kind, KINDS[kind], days, SPLIT)
    assert pool.contracts["previous_due_date"].astype(str).tolist() == [since]
    assert pool.flows["interest_due"].tolist() == pytest.approx([10_000.0] * 4)


@pytest.mark.parametrize(("days", "taken"), [(BEFORE + LEFT, 4_958.9041), (LEFT, 2_493.1507)])
def test_plan__a_trust_charges_its_first_period_alone(tmp_path: Path, days: tuple[str, ...], taken: float) -> None:
    flows = loaded(tmp_path, "trust_loan", KINDS["trust_loan"], days, SPLIT).flows
    assert flows["interest_due"][0] == pytest.approx(10_000.0 - taken, abs=1e-4)


@pytest.mark.parametrize(
    ("kind", "row", "line"),
    [
        ("pledge_loan", LOAN, {"principal": "250000"}),
        ("lease_back", ROW, {"rent": "260000"}),
        ("licensing", ROW | {"fee_basis": "net"}, {"licence_fee": "260000"}),
    ],
)
def test_plan__interest_since_an_unknown_day_is_refused(
    tmp_path: Path, kind: str, row: dict[str, str], line: dict[str, str]
) -> None:
    with pytest.raises(TapeError) as refusal:
        loaded(tmp_path, kind, row, LEFT, line)
    assert {problem.code for problem in refusal.value.problems} == {"plan-begins-unknown"}
    assert len(loaded(tmp_path, kind, row, BEFORE + LEFT, line).flows) == 4


def test_plan__since_the_cutoff_where_the_tape_says_so(tmp_path: Path) -> None:
    """6 % on 1,000,000 from 2026-03-31 to 2026-06-30, 90 days of 360."""
    row = LOAN | {"interest_from": "cutoff"}
    flows = loaded(tmp_path, "pledge_loan", row, BEFORE + LEFT, {"principal": "250000"}).flows
    assert flows["interest_due"][0] == pytest.approx(15_000.0)


def test_plan__since_origination_where_nothing_has_been_repaid(tmp_path: Path) -> None:
    """6 % on 1,000,000 from 2025-12-31 to 2026-06-30: 180 days of 360."""
    row = LOAN | {"start_date": "2025-12-31", "original_balance": "1000000"}
    flows = loaded(tmp_path, "pledge_loan", row, LEFT, {"principal": "250000"}).flows
    assert flows["interest_due"][0] == pytest.approx(30_000.0)


def test_plan__since_origination_where_no_period_is_missing(tmp_path: Path) -> None:
    """6 % on 1,000,000 from 2026-03-15 to 2026-06-30: 105 days of 360."""
    row = LOAN | {"start_date": "2026-03-15"}
    flows = loaded(tmp_path, "pledge_loan", row, LEFT, {"principal": "250000"}).flows
    assert flows["interest_due"][0] == pytest.approx(17_500.0)
