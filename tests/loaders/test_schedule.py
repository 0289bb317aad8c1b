"""The walk through periods, against a slow twin and by hand."""

from typing import Any

import naive_schedule
import numpy as np
import pytest
from grids import names, regular_grid, resets
from hypothesis import given
from hypothesis import strategies as st

from absengine.loaders.due_dates import Grid, grid_of
from absengine.loaders.interest import PERIOD, Growth, growth
from absengine.loaders.schedule import Amortisation, Flows, amortise, annuity, level_payment, terms_to_repay


def _plan(grid: Grid, balance: list[float], level: list[bool], weight: Any = None, **other: Any) -> Amortisation:
    number = len(balance)
    usual = {
        "payment": np.full(number, np.nan), "balloon": np.zeros(number), "accrued": np.zeros(number),
        "weight": np.ones(len(grid.due)) if weight is None else np.asarray(weight, float),
    } | other  # fmt: skip
    return Amortisation(balance=np.array(balance), level=np.array(level), **usual)


def _of(flows: Flows, contract: int) -> Flows:
    return flows.take(flows.contract == contract)


def test_amortise__level_payment_of_a_textbook_loan() -> None:
    """100,000 at 6 % a year over 12 months: 8,606.64 a month."""
    grid = regular_grid(12)
    flows = amortise(grid, growth(grid, names(PERIOD), np.array([0.06])), _plan(grid, [100_000.0], [True]))
    payments = flows.principal + flows.interest
    np.testing.assert_allclose(payments, 100_000 * 0.005 / (1 - 1.005**-12), rtol=1e-12)
    assert payments[0] == pytest.approx(8606.64, abs=0.005)
    assert flows.closing[-1] == 0.0


def test_amortise__zero_rate_repays_evenly() -> None:
    grid = regular_grid(4)
    flows = amortise(grid, growth(grid, names(PERIOD), np.array([0.0])), _plan(grid, [100.0], [True]))
    assert flows.principal.tolist() == [25.0, 25.0, 25.0, 25.0]
    assert flows.interest.tolist() == [0.0] * 4


@given(
    data=st.lists(
        st.tuples(
            st.floats(1.0, 1e8), st.floats(0.0, 0.25), st.integers(1, 60), st.integers(0, 5), st.floats(-0.1, 0.1),
            st.floats(0.0, 0.9), st.booleans(), st.sampled_from([PERIOD, "ACT/360", "30E/360", "ACT/ACT ISDA"]),
        ),
        min_size=1, max_size=6,
    )
)  # fmt: skip
def test_amortise__agrees_with_the_slow_twin(data: list[tuple[Any, ...]]) -> None:
    grid = regular_grid(*(row[2] for row in data))
    ratio, grace = np.array([row[4] for row in data]), np.array([min(row[3], row[2] - 1) for row in data])
    paying = grid.position >= grace[grid.contract]
    weight = np.where(paying, (1 + ratio[grid.contract]) ** grid.position, 0.0)
    balance = np.array([row[0] for row in data])
    balloon = balance * np.array([row[5] for row in data])
    grown = growth(grid, names(*(row[7] for row in data)), np.array([row[1] for row in data]))
    flows = amortise(grid, grown, _plan(grid, balance.tolist(), [row[6] for row in data], weight, balloon=balloon))
    for contract, row in enumerate(data):
        cells = slice(grid.first[contract], grid.first[contract + 1])
        twin = naive_schedule.level if row[6] else naive_schedule.even
        slow = twin(row[0], grown.interest[cells].tolist(), weight[cells].tolist(), float(balloon[contract]))
        fast = _of(flows, contract)
        np.testing.assert_allclose(fast.principal, [p for p, _ in slow], rtol=1e-9, atol=1e-9 * row[0])
        np.testing.assert_allclose(fast.interest, [i for _, i in slow], rtol=1e-9, atol=1e-9 * row[0])
        assert fast.principal.sum() == pytest.approx(row[0], rel=1e-12)
        assert fast.closing[-1] == 0.0
        np.testing.assert_array_equal(fast.closing[:-1], fast.opening[1:])


def test_amortise__contracts_do_not_touch_each_other() -> None:
    grid = regular_grid(7, 3, 12)
    counts, rate = names(PERIOD, "ACT/365F", "30/360"), np.array([0.05, 0.07, 0.0])
    together = amortise(grid, growth(grid, counts, rate), _plan(grid, [100.0, 200.0, 300.0], [True, False, True]))
    for contract, (count, balance, level) in enumerate([(7, 100.0, True), (3, 200.0, False), (12, 300.0, True)]):
        own = regular_grid(count)
        which = slice(contract, contract + 1)
        alone = amortise(own, growth(own, counts[which], rate[which]), _plan(own, [balance], [level]))
        np.testing.assert_array_equal(_of(together, contract).principal, alone.principal)
        np.testing.assert_array_equal(_of(together, contract).interest, alone.interest)


def test_amortise__a_stated_payment_ends_early_or_leaves_a_rest() -> None:
    grid = regular_grid(12)
    grown = growth(grid, names(PERIOD), np.array([0.12]))
    early = amortise(grid, grown, _plan(grid, [1000.0], [True], payment=np.array([400.0])))
    assert len(early) == 3
    assert (early.principal + early.interest)[:2].tolist() == pytest.approx([400.0, 400.0])
    assert early.closing[-1] == 0.0
    late = amortise(grid, grown, _plan(grid, [1000.0], [True], payment=np.array([50.0])))
    assert len(late) == 12
    assert late.principal[-1] > 500.0
    principal_only = amortise(grid, grown, _plan(grid, [1000.0], [False], payment=np.array([300.0])))
    assert principal_only.principal.tolist() == [300.0, 300.0, 300.0, 100.0]


def test_amortise__unpaid_interest_waits_for_the_next_interest_date() -> None:
    due = np.array(["2026-02-01", "2026-03-01", "2026-04-01"], "M8[D]")
    grid = grid_of(np.zeros(3, int), due, np.array(["2026-01-01"], "M8[D]"), 1)
    plan = _plan(
        grid, [120.0], [False], [0, 0, 1], given=np.array([20.0, 0.0, np.nan]),
        pays_interest=np.array([False, True, True]), accrued=np.array([5.0]),
    )  # fmt: skip
    flows = amortise(grid, growth(grid, names("30/360"), np.array([0.12])), plan)
    assert flows.principal.tolist() == [20.0, 0.0, 100.0]
    assert flows.interest.tolist() == pytest.approx([0.0, 5.0 + 1.2 + 1.0, 1.0])
    assert flows.accrued.tolist() == pytest.approx([6.2, 0.0, 0.0])


def test_amortise__a_new_rate_gives_a_new_level_payment_without_foresight() -> None:
    grid = regular_grid(14)
    flows = amortise(grid, growth(grid, names(PERIOD), np.zeros(1), resets(12)), _plan(grid, [1000.0], [True]))
    payments = flows.principal + flows.interest
    first = 1000 * (0.04 / 12) / (1 - (1 + 0.04 / 12) ** -14)
    np.testing.assert_allclose(payments[:12], first, rtol=1e-12)
    np.testing.assert_allclose(payments[12:], flows.opening[12] * (0.06 / 12) / (1 - (1 + 0.06 / 12) ** -2), rtol=1e-12)
    assert flows.closing[-1] == 0.0


def test_level_payment__counts_a_balloon_and_interest_only_dates() -> None:
    grid = regular_grid(5)
    grown = growth(grid, names(PERIOD), np.array([0.12]))
    weight = [0, 0, 1, 1, 1]
    payment = level_payment(grid, grown, _plan(grid, [1000.0], [True], weight, balloon=np.array([400.0])))
    expected = (1000 - 400 * 1.01**-3) * 0.01 / (1 - 1.01**-3)
    assert payment[0] == pytest.approx(expected, rel=1e-12)


def test_annuity__values_at_each_period_start() -> None:
    grid = regular_grid(3)
    value, unit = annuity(grid, np.ones(3), np.full(3, 0.1))
    np.testing.assert_allclose(value, [1.1**-1 + 1.1**-2 + 1.1**-3, 1.1**-1 + 1.1**-2, 1.1**-1])
    np.testing.assert_allclose(unit, [1.1**-3, 1.1**-2, 1.1**-1])


def test_terms_to_repay__is_enough_and_zero_where_it_never_is() -> None:
    balance, rate = np.array([1000.0, 1000.0, 1000.0, 1000.0]), np.array([0.01, 0.01, 0.0, 0.01])
    payment, level = np.array([100.0, 300.0, 100.0, 10.0]), np.array([True, False, True, True])
    terms = terms_to_repay(balance, rate, payment, level)
    assert terms[1:].tolist() == [4, 13, 0]
    grid = regular_grid(int(terms[0]))
    flows = amortise(
        grid, Growth(np.full(len(grid.due), 0.01), np.ones(len(grid.due)), np.ones(len(grid.due))),
        _plan(grid, [1000.0], [True], payment=payment[:1]),
    )  # fmt: skip
    assert len(flows) < terms[0]
    assert (flows.principal + flows.interest)[-1] <= 100.0


def test_amortise__nothing_at_all() -> None:
    grid = grid_of(np.zeros(0, int), np.zeros(0, "M8[D]"), np.array(["2026-01-01"], "M8[D]"), 1)
    grown = growth(grid, names("ACT/360"), np.array([0.05]))
    plan = _plan(grid, [100.0], [True])
    assert len(amortise(grid, grown, plan)) == 0
    assert np.isnan(level_payment(grid, grown, plan)).all()
