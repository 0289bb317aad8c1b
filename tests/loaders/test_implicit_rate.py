"""The implicit rate of stated rents."""

import naive_lease
import numpy as np
import pytest
from grids import names, regular_grid
from hypothesis import given, settings
from hypothesis import strategies as st

from absengine.loaders.due_dates import grid_of
from absengine.loaders.implicit_rate import implicit_rate
from absengine.loaders.interest import PERIOD, growth

ALL = np.array([True])


def test_implicit_rate__two_rents_by_hand() -> None:
    # 108.16 after half a year and after a year: 108.16 / 1.04 + 108.16 / 1.0816 = 104 + 100 = 204 at 8 % a year
    grid = regular_grid(2, months=6)
    rate = implicit_rate(grid, names(PERIOD), np.array([108.16, 108.16]), np.array([204.0]), ALL)
    assert rate.tolist() == pytest.approx([0.08], abs=1e-14)


def test_implicit_rate__counts_days_between_the_dates_of_a_plan() -> None:
    due = np.array(["2026-03-12", "2027-01-01"], "M8[D]")  # 70 and 295 days at 7.3 %: 1.4 % and 5.9 %
    grid = grid_of(np.zeros(2, int), due, np.array(["2026-01-01"], "M8[D]"), 1)
    rents = np.array([101.4, 1.059 * 1.014])
    rate = implicit_rate(grid, names("ACT/365F"), rents, np.array([101.0]), ALL)
    assert rate.tolist() == pytest.approx([0.073], abs=1e-14)


def test_implicit_rate__nothing_charged_is_zero() -> None:
    grid = regular_grid(3)
    assert implicit_rate(grid, names(PERIOD), np.full(3, 40.0), np.array([120.0]), ALL).tolist() == [0.0]


@pytest.mark.parametrize(("cash", "worth"), [([1.0, 1.0], 2.1), ([300.0, 0.0], 100.0), ([0.0, 0.0], 1.0)])
def test_implicit_rate__without_a_solution_is_missing(cash: list[float], worth: float) -> None:
    grid = regular_grid(2, months=12)
    assert np.isnan(implicit_rate(grid, names(PERIOD), np.array(cash), np.array([worth]), ALL)).all()


def test_implicit_rate__a_rent_on_the_first_day_has_no_rate() -> None:
    start = np.array(["2026-01-01"], "M8[D]")
    grid = grid_of(np.zeros(1, int), start, start, 1)
    assert np.isnan(implicit_rate(grid, names("ACT/365F"), np.array([5.0]), np.array([4.0]), ALL)).all()


lease = st.tuples(st.integers(1, 20), st.floats(0.001, 0.9), st.lists(st.floats(0.0, 100.0), min_size=20, max_size=20))


@settings(max_examples=60, deadline=None)
@given(st.lists(lease, min_size=1, max_size=5))
def test_implicit_rate__meets_bisection_whatever_stands_beside(leases: list[tuple[int, float, list[float]]]) -> None:
    grid = regular_grid(*(count for count, *_ in leases), months=3)
    cash = np.concatenate([[*rents[: count - 1], 50.0] for count, _, rents in leases])
    grown = growth(grid, names(*[PERIOD] * len(leases)), np.array([rate for _, rate, _ in leases]))
    worth = []
    for number in range(len(leases)):
        value = 0.0
        for cell in range(grid.first[number + 1] - 1, grid.first[number] - 1, -1):
            value = (value + cash[cell]) / (1 + grown.interest[cell])
        worth.append(value)
    found = implicit_rate(grid, names(*[PERIOD] * len(leases)), cash, np.array(worth), np.full(len(leases), True))
    for number, (count, rate, _) in enumerate(leases):
        rents = cash[grid.first[number] : grid.first[number + 1]].tolist()
        slow = naive_lease.bisect(
            0.0, 1.0, lambda r, n=number, c=count, p=rents: -naive_lease.left_after(worth[n], r, [0.25] * c, p)
        )
        assert found[number] == pytest.approx(rate, abs=1e-9)
        assert found[number] == pytest.approx(slow, abs=1e-9)
        own = regular_grid(count, months=3)
        alone = implicit_rate(own, names(PERIOD), np.array(rents), np.array([worth[number]]), ALL)
        assert alone[0] == found[number]
