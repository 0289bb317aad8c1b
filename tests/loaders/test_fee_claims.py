"""Claims known by their cash: value, rate, and what is left of them after a cut or an early end."""

from __future__ import annotations

import numpy as np
import pytest

from absengine.loaders import fee_claims
from absengine.loaders.due_dates import Grid, grid_of
from absengine.loaders.schedule import Flows, last_dates
from absengine.schema import Dates, Floats

BEGIN = np.array(["2020-01-01"] * 2, dtype="M8[D]")


def _days(*texts: str) -> Dates:
    return np.array(texts, dtype="M8[D]")


def _grid() -> Grid:
    """Two contracts: payments after half a year and a year, and one after a year."""
    return grid_of(np.array([0, 0, 1]), _days("2020-07-01", "2021-01-01", "2021-01-01"), BEGIN, 2)


YEARS = np.array([0.5, 0.5, 1.0])
CASH = np.array([515.0, 530.45, 110.0])


def _claims(rate: Floats) -> Flows:
    grid = _grid()
    return fee_claims.flows_of(grid, CASH, rate[grid.contract] * YEARS)


def test_flows_of__balance_is_the_value_of_the_cash() -> None:
    # 515 / 1.03 + 530.45 / 1.03² = 1,000 and 110 / 1.10 = 100
    flows = _claims(np.array([0.06, 0.10]))
    assert flows.opening.tolist() == pytest.approx([1000.0, 515.0, 100.0])
    assert flows.interest.tolist() == pytest.approx([30.0, 15.45, 10.0])
    assert flows.closing.tolist() == pytest.approx([515.0, 0.0, 0.0])


def test_flows_of__a_payment_below_its_interest_lets_the_balance_grow() -> None:
    grid = _grid()
    flows = fee_claims.flows_of(grid, np.array([10.0, 1050.6, 110.0]), 0.06 * YEARS)
    assert flows.principal[0] < 0 < flows.principal[1]
    assert flows.principal[:2].sum() == pytest.approx(flows.opening[0])


def test_solve_rate__finds_the_rate_or_none() -> None:
    found = [
        fee_claims.solve_rate(_grid(), YEARS, CASH, np.array(balance, dtype=float)).tolist()
        for balance in ([1000, 100], [1045.45, 110.01], [10, 0])
    ]
    assert found[0] == pytest.approx([0.06, 0.10], abs=1e-12)
    assert found[1][0] == pytest.approx(0.0, abs=1e-12)
    assert np.isnan([found[1][1], *found[2]]).all()


def test_solve_rate__a_contract_without_cash_or_balance_has_none() -> None:
    empty = grid_of(np.zeros(0, dtype=np.int64), _days(), BEGIN, 2)
    assert np.isnan(fee_claims.solve_rate(empty, np.zeros(0), np.zeros(0), np.array([5.0, np.nan]))).all()


def test_merged__pieces_of_one_contract_share_its_dates() -> None:
    rate = np.array([0.06, 0.10])
    twice = fee_claims.merged([_claims(rate), _claims(rate)], 2)
    assert twice.contract.tolist() == [0, 0, 1]
    assert twice.opening.tolist() == pytest.approx([2000.0, 1030.0, 200.0])
    assert twice.interest.tolist() == pytest.approx([60.0, 30.9, 20.0])
    nothing = _claims(rate).take(np.zeros(0, dtype=np.int64))
    assert len(fee_claims.merged([nothing], 2)) == 0


def test_reduced__only_claims_with_a_cut_change() -> None:
    flows = _claims(np.array([0.06, 0.10]))
    assert fee_claims.reduced(flows, np.ones(3), 2) is flows
    half = fee_claims.reduced(flows, np.array([1.0, 0.5, 1.0]), 2)
    assert half.opening.tolist() == pytest.approx([515 / 1.03 + 250.0, 257.5, 100.0])
    gone = fee_claims.reduced(flows, np.array([0.0, 0.0, 1.0]), 2)
    assert gone.contract.tolist() == [1]


def test_ended__settles_with_interest_by_days_or_stops() -> None:
    # 92 of the 184 days of the second half-year: half of its interest of 15.45
    flows = _claims(np.array([0.06, 0.10]))
    ends = _days("2020-10-01", "NaT")
    settled = fee_claims.ended(flows, ends, np.array([True, False]), BEGIN)
    assert settled.due.astype(str).tolist() == ["2020-07-01", "2020-10-01", "2021-01-01"]
    assert settled.principal.tolist() == pytest.approx([485.0, 515.0, 100.0])
    assert settled.interest.tolist() == pytest.approx([30.0, 15.45 / 2, 10.0])
    stopped = fee_claims.ended(flows, ends, np.array([False, False]), BEGIN)
    assert stopped.opening.tolist() == pytest.approx([500.0, 100.0])
    assert fee_claims.ended(flows, _days("NaT", "NaT"), np.array([True, True]), BEGIN) is flows


def test_last_dates__otherwise_where_nothing_is_due() -> None:
    flows = _claims(np.array([0.06, 0.10])).take(np.array([0, 1]))
    otherwise = _days("1999-01-01", "1999-01-02")
    assert last_dates(flows, otherwise).astype(str).tolist() == ["2021-01-01", "1999-01-02"]
    assert fee_claims.previous_dates(flows, BEGIN).astype(str).tolist() == ["2020-01-01", "2020-07-01"]
