"""Interest growth and the walk through periods, against a slow twin and by hand."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from absengine.calendars.fixings import IndexPath
from absengine.loaders.due_dates import Cycle, Grid, due_dates, grid_of
from absengine.loaders.schedule import (
    PERIOD,
    Amortisation,
    Flows,
    Growth,
    Resets,
    accrual_years,
    amortise,
    annuity,
    growth,
    level_payment,
    terms_to_repay,
)

sys.path.insert(0, str(Path(__file__).parent))
import naive_schedule


def _names(*names: str) -> Any:
    return np.array(names, dtype=object)


def _grid(*counts: int, months: int = 1, anchor: str = "2026-01-15") -> Grid:
    """Contracts of the given numbers of regular payments, the first one month after ``anchor``."""
    number = len(counts)
    begin = np.full(number, anchor, dtype="M8[D]")
    cycle = Cycle(
        anchor=begin, months=np.full(number, months), days=np.zeros(number, int), day=np.full(number, 15),
        lower=begin + np.timedelta64(1, "D"), start=begin,
        maturity=(begin.astype("M8[M]") + np.array(counts) * months).astype("M8[D]") + np.timedelta64(14, "D"),
        long_stub=np.zeros(number, bool), opens=np.zeros(number, bool),
    )  # fmt: skip
    return due_dates(cycle)


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
    grid = _grid(12)
    flows = amortise(grid, growth(grid, _names(PERIOD), np.array([0.06])), _plan(grid, [100_000.0], [True]))
    payments = flows.principal + flows.interest
    np.testing.assert_allclose(payments, 100_000 * 0.005 / (1 - 1.005**-12), rtol=1e-12)
    assert payments[0] == pytest.approx(8606.64, abs=0.005)
    assert flows.closing[-1] == 0.0


def test_amortise__zero_rate_repays_evenly() -> None:
    grid = _grid(4)
    flows = amortise(grid, growth(grid, _names(PERIOD), np.array([0.0])), _plan(grid, [100.0], [True]))
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
    grid = _grid(*(row[2] for row in data))
    ratio, grace = np.array([row[4] for row in data]), np.array([min(row[3], row[2] - 1) for row in data])
    paying = grid.position >= grace[grid.contract]
    weight = np.where(paying, (1 + ratio[grid.contract]) ** grid.position, 0.0)
    balance = np.array([row[0] for row in data])
    balloon = balance * np.array([row[5] for row in data])
    grown = growth(grid, _names(*(row[7] for row in data)), np.array([row[1] for row in data]))
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
    grid = _grid(7, 3, 12)
    names, rate = _names(PERIOD, "ACT/365F", "30/360"), np.array([0.05, 0.07, 0.0])
    together = amortise(grid, growth(grid, names, rate), _plan(grid, [100.0, 200.0, 300.0], [True, False, True]))
    for contract, (count, balance, level) in enumerate([(7, 100.0, True), (3, 200.0, False), (12, 300.0, True)]):
        own = _grid(count)
        which = slice(contract, contract + 1)
        alone = amortise(own, growth(own, names[which], rate[which]), _plan(own, [balance], [level]))
        np.testing.assert_array_equal(_of(together, contract).principal, alone.principal)
        np.testing.assert_array_equal(_of(together, contract).interest, alone.interest)


def test_amortise__a_stated_payment_ends_early_or_leaves_a_rest() -> None:
    grid = _grid(12)
    grown = growth(grid, _names(PERIOD), np.array([0.12]))
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
    flows = amortise(grid, growth(grid, _names("30/360"), np.array([0.12])), plan)
    assert flows.principal.tolist() == [20.0, 0.0, 100.0]
    assert flows.interest.tolist() == pytest.approx([0.0, 5.0 + 1.2 + 1.0, 1.0])
    assert flows.accrued.tolist() == pytest.approx([6.2, 0.0, 0.0])


def test_growth__regular_periods_ignore_the_days_and_stubs_count_them() -> None:
    cycle = Cycle(
        anchor=np.array(["2026-01-31"], "M8[D]"), months=np.array([3]), days=np.array([0]), day=np.array([31]),
        lower=np.array(["2026-01-02"], "M8[D]"), start=np.array(["2026-01-01"], "M8[D]"),
        maturity=np.array(["2026-08-10"], "M8[D]"), long_stub=np.array([False]), opens=np.array([True]),
    )  # fmt: skip
    grown = growth(due_dates(cycle), _names(PERIOD), np.array([0.12]))
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
    grid = _grid(3)
    cells = accrual_years(grid, _names(name), grid.start, grid.end)
    assert cells[1] == pytest.approx(years, abs=1e-12)


def test_accrual_years__icma_stubs_lie_in_a_notional_period() -> None:
    cycle = Cycle(
        anchor=np.array(["2026-07-01"], "M8[D]"), months=np.array([6]), days=np.array([0]), day=np.array([1]),
        lower=np.array(["2026-05-02"], "M8[D]"), start=np.array(["2026-05-01"], "M8[D]"),
        maturity=np.array(["2027-02-01"], "M8[D]"), long_stub=np.array([False]), opens=np.array([True]),
    )  # fmt: skip
    grid = due_dates(cycle)
    years = accrual_years(grid, _names("ACT/ACT ICMA"), grid.start, grid.end)
    np.testing.assert_allclose(years, [0.5 * 61 / 181, 0.5, 0.5 * 31 / 181], rtol=1e-12)


@pytest.mark.parametrize("name", [PERIOD, "ACT/360", "30/360", "ACT/ACT ICMA", "30E/360 ISDA", "ACT/ACT ISDA"])
@given(cut=st.integers(0, 31))
def test_accrual_years__pieces_add_up(name: str, cut: int) -> None:
    grid = _grid(5)
    middle = np.minimum(grid.start + np.timedelta64(cut, "D"), grid.end)
    whole = accrual_years(grid, _names(name), grid.start, grid.end)
    parts = accrual_years(grid, _names(name), grid.start, middle) + accrual_years(grid, _names(name), middle, grid.end)
    np.testing.assert_allclose(parts, whole, atol=1e-12)


LPR = IndexPath("LPR1Y", np.array(["2025-01-20", "2026-02-20", "2026-12-20"], "M8[D]"), np.array([0.03, 0.04, 0.05]))


def _resets(months: int, january: bool = False, known: float = np.nan, anchor: str = "2026-01-15") -> Resets:
    return Resets(
        index=np.array([0]), spread=np.array([0.01]), months=np.array([months]), january=np.array([january]),
        anchor=np.array([anchor], "M8[D]"), known=np.array([known]), since=np.array(["2026-01-31"], "M8[D]"),
        paths=(LPR,),
    )  # fmt: skip


def test_growth__each_payment_takes_the_rate_of_its_first_day() -> None:
    grid = _grid(3)
    grown = growth(grid, _names(PERIOD), np.zeros(1), _resets(0))
    np.testing.assert_allclose(grown.rate, [0.04, 0.04, 0.05])
    np.testing.assert_allclose(grown.interest, np.array([0.04, 0.04, 0.05]) / 12, rtol=1e-12)


def test_growth__yearly_on_the_anniversary() -> None:
    grid = _grid(14)
    grown = growth(grid, _names(PERIOD), np.zeros(1), _resets(12))
    np.testing.assert_allclose(grown.rate, [0.04] * 12 + [0.06] * 2)


def test_growth__january_splits_the_period_it_falls_in() -> None:
    grid = _grid(12)
    grown = growth(grid, _names("ACT/365F"), np.zeros(1), _resets(12, january=True))
    december = 11
    assert str(grid.start[december]) == "2026-12-15"
    expected = (0.04 * 17 + 0.06 * 14) / 365
    assert grown.interest[december] == pytest.approx(expected, rel=1e-12)
    assert grown.interest[0] == pytest.approx(0.04 * 31 / 365, rel=1e-12)


def test_growth__the_tape_rate_holds_until_the_first_reset_after_the_cutoff() -> None:
    grid = _grid(14)
    grown = growth(grid, _names(PERIOD), np.zeros(1), _resets(12, known=0.0777))
    np.testing.assert_allclose(grown.rate, [0.0777] * 12 + [0.06] * 2)


def test_growth__fixed_contracts_beside_floating_ones_keep_their_rate() -> None:
    grid = _grid(2, 2)
    both = Resets(
        index=np.array([-1, 0]), spread=np.zeros(2), months=np.zeros(2, int), january=np.zeros(2, bool),
        anchor=np.array(["2026-01-15"] * 2, "M8[D]"), known=np.full(2, np.nan),
        since=np.array(["2026-01-01"] * 2, "M8[D]"), paths=(LPR,),
    )  # fmt: skip
    grown = growth(grid, _names(PERIOD, PERIOD), np.array([0.12, np.nan]), both)
    np.testing.assert_allclose(grown.rate, [0.12, 0.12, 0.03, 0.03])


def test_amortise__a_new_rate_gives_a_new_level_payment_without_foresight() -> None:
    grid = _grid(14)
    flows = amortise(grid, growth(grid, _names(PERIOD), np.zeros(1), _resets(12)), _plan(grid, [1000.0], [True]))
    payments = flows.principal + flows.interest
    first = 1000 * (0.04 / 12) / (1 - (1 + 0.04 / 12) ** -14)
    np.testing.assert_allclose(payments[:12], first, rtol=1e-12)
    np.testing.assert_allclose(payments[12:], flows.opening[12] * (0.06 / 12) / (1 - (1 + 0.06 / 12) ** -2), rtol=1e-12)
    assert flows.closing[-1] == 0.0


def test_level_payment__counts_a_balloon_and_interest_only_dates() -> None:
    grid = _grid(5)
    grown = growth(grid, _names(PERIOD), np.array([0.12]))
    weight = [0, 0, 1, 1, 1]
    payment = level_payment(grid, grown, _plan(grid, [1000.0], [True], weight, balloon=np.array([400.0])))
    expected = (1000 - 400 * 1.01**-3) * 0.01 / (1 - 1.01**-3)
    assert payment[0] == pytest.approx(expected, rel=1e-12)


def test_annuity__values_at_each_period_start() -> None:
    grid = _grid(3)
    value, unit = annuity(grid, np.ones(3), np.full(3, 0.1))
    np.testing.assert_allclose(value, [1.1**-1 + 1.1**-2 + 1.1**-3, 1.1**-1 + 1.1**-2, 1.1**-1])
    np.testing.assert_allclose(unit, [1.1**-3, 1.1**-2, 1.1**-1])


def test_terms_to_repay__is_enough_and_zero_where_it_never_is() -> None:
    balance, rate = np.array([1000.0, 1000.0, 1000.0, 1000.0]), np.array([0.01, 0.01, 0.0, 0.01])
    payment, level = np.array([100.0, 300.0, 100.0, 10.0]), np.array([True, False, True, True])
    terms = terms_to_repay(balance, rate, payment, level)
    assert terms[1:].tolist() == [4, 13, 0]
    grid = _grid(int(terms[0]))
    flows = amortise(
        grid, Growth(np.full(len(grid.due), 0.01), np.ones(len(grid.due)), np.ones(len(grid.due))),
        _plan(grid, [1000.0], [True], payment=payment[:1]),
    )  # fmt: skip
    assert len(flows) < terms[0]
    assert (flows.principal + flows.interest)[-1] <= 100.0


def test_amortise__nothing_at_all() -> None:
    grid = grid_of(np.zeros(0, int), np.zeros(0, "M8[D]"), np.array(["2026-01-01"], "M8[D]"), 1)
    grown = growth(grid, _names("ACT/360"), np.array([0.05]))
    plan = _plan(grid, [100.0], [True])
    assert len(amortise(grid, grown, plan)) == 0
    assert np.isnan(level_payment(grid, grown, plan)).all()
