"""Interest per period: day counts, stubs, resets; worked by hand."""

import numpy as np
import pytest
from grids import LPR, names, regular_grid, resets
from hypothesis import given
from hypothesis import strategies as st

from absengine.loaders.due_dates import Cycle, due_dates
from absengine.loaders.interest import PERIOD, Resets, accrual_years, growth


def test_growth__regular_periods_ignore_the_days_and_stubs_count_them() -> None:
    cycle = Cycle(
        anchor=np.array(["2026-01-31"], "M8[D]"), months=np.array([3]), days=np.array([0]), day=np.array([31]),
        lower=np.array(["2026-01-02"], "M8[D]"), start=np.array(["2026-01-01"], "M8[D]"),
        maturity=np.array(["2026-08-10"], "M8[D]"), long_stub=np.array([False]), opens=np.array([True]),
    )  # fmt: skip
    grown = growth(due_dates(cycle), names(PERIOD), np.array([0.12]))
    # 1 to 31 January by 30E/360, two quarters, 31 July to 10 August
    np.testing.assert_allclose(grown.interest, [0.12 * 29 / 360, 0.03, 0.03, 0.12 * 10 / 360], rtol=1e-12)


@pytest.mark.parametrize(
    ("name", "years"),
    [
        ("ACT/365F", 28 / 365), ("ACT/360", 28 / 360), ("30/360", 30 / 360), ("ACT/ACT ICMA", 1 / 12),
        ("30E/360 ISDA", 30 / 360), (PERIOD, 1 / 12),
    ],
)  # fmt: skip
def test_accrual_years__february(name: str, years: float) -> None:
    grid = regular_grid(3)
    cells = accrual_years(grid, names(name), grid.start, grid.end)
    assert cells[1] == pytest.approx(years, abs=1e-12)


def test_accrual_years__icma_stubs_lie_in_a_notional_period() -> None:
    cycle = Cycle(
        anchor=np.array(["2026-07-01"], "M8[D]"), months=np.array([6]), days=np.array([0]), day=np.array([1]),
        lower=np.array(["2026-05-02"], "M8[D]"), start=np.array(["2026-05-01"], "M8[D]"),
        maturity=np.array(["2027-02-01"], "M8[D]"), long_stub=np.array([False]), opens=np.array([True]),
    )  # fmt: skip
    grid = due_dates(cycle)
    years = accrual_years(grid, names("ACT/ACT ICMA"), grid.start, grid.end)
    np.testing.assert_allclose(years, [0.5 * 61 / 181, 0.5, 0.5 * 31 / 181], rtol=1e-12)


@pytest.mark.parametrize("name", [PERIOD, "ACT/360", "30/360", "ACT/ACT ICMA", "30E/360 ISDA", "ACT/ACT ISDA"])
@given(cut=st.integers(0, 31))
def test_accrual_years__pieces_add_up(name: str, cut: int) -> None:
    grid = regular_grid(5)
    middle = np.minimum(grid.start + np.timedelta64(cut, "D"), grid.end)
    whole = accrual_years(grid, names(name), grid.start, grid.end)
    parts = accrual_years(grid, names(name), grid.start, middle) + accrual_years(grid, names(name), middle, grid.end)
    np.testing.assert_allclose(parts, whole, atol=1e-12)


def test_growth__each_payment_takes_the_rate_of_its_first_day() -> None:
    grid = regular_grid(3)
    grown = growth(grid, names(PERIOD), np.zeros(1), resets(0))
    np.testing.assert_allclose(grown.rate, [0.04, 0.04, 0.05])
    np.testing.assert_allclose(grown.interest, np.array([0.04, 0.04, 0.05]) / 12, rtol=1e-12)


def test_growth__yearly_on_the_anniversary() -> None:
    grid = regular_grid(14)
    grown = growth(grid, names(PERIOD), np.zeros(1), resets(12))
    np.testing.assert_allclose(grown.rate, [0.04] * 12 + [0.06] * 2)


def test_growth__january_splits_the_period_it_falls_in() -> None:
    grid = regular_grid(12)
    grown = growth(grid, names("ACT/365F"), np.zeros(1), resets(12, january=True))
    december = 11
    assert str(grid.start[december]) == "2026-12-15"
    expected = (0.04 * 17 + 0.06 * 14) / 365
    assert grown.interest[december] == pytest.approx(expected, rel=1e-12)
    assert grown.interest[0] == pytest.approx(0.04 * 31 / 365, rel=1e-12)


def test_growth__the_tape_rate_holds_until_the_first_reset_after_the_cutoff() -> None:
    grid = regular_grid(14)
    grown = growth(grid, names(PERIOD), np.zeros(1), resets(12, known=0.0777))
    np.testing.assert_allclose(grown.rate, [0.0777] * 12 + [0.06] * 2)


def test_growth__fixed_contracts_beside_floating_ones_keep_their_rate() -> None:
    grid = regular_grid(2, 2)
    both = Resets(
        index=np.array([-1, 0]), spread=np.zeros(2), months=np.zeros(2, int), january=np.zeros(2, bool),
        anchor=np.array(["2026-01-15"] * 2, "M8[D]"), known=np.full(2, np.nan),
        since=np.array(["2026-01-01"] * 2, "M8[D]"), paths=(LPR,),
    )  # fmt: skip
    grown = growth(grid, names(PERIOD, PERIOD), np.array([0.12, np.nan]), both)
    np.testing.assert_allclose(grown.rate, [0.12, 0.12, 0.03, 0.03])


def test_growth__a_rate_that_is_never_reset_keeps_its_first_fixing() -> None:
    grid = regular_grid(14)
    grown = growth(grid, names(PERIOD), np.zeros(1), resets(-1))
    np.testing.assert_allclose(grown.rate, 0.04)
    kept = growth(grid, names(PERIOD), np.zeros(1), resets(-1, known=0.0777))
    np.testing.assert_allclose(kept.interest, 0.0777 / 12)
