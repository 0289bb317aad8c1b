"""Due dates of many contracts at once, and of one by hand."""

import datetime as dt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from absengine.loaders.due_dates import Cycle, Grid, due_dates, grid_of

NEVER = "NaT"


def _cycle(**one: object) -> Cycle:
    usual = {
        "anchor": "2026-01-15", "months": 1, "days": 0, "day": 15, "lower": "2026-01-01", "start": NEVER,
        "maturity": "2026-04-15", "long_stub": False, "opens": False,
    }  # fmt: skip
    row = usual | one
    kinds = dict.fromkeys(("anchor", "lower", "start", "maturity"), "datetime64[D]")
    return Cycle(**{name: np.array([value], dtype=kinds.get(name)) for name, value in row.items()})


def _shown(grid: Grid) -> list[tuple[str, str, float | None]]:
    months = [None if np.isnan(value) else round(value * 12) for value in grid.nominal]
    return list(zip(grid.due.astype(str), grid.start.astype(str), months, strict=True))


def test_due_dates__on_the_cycle() -> None:
    assert _shown(due_dates(_cycle())) == [
        ("2026-01-15", "2025-12-15", 1),
        ("2026-02-15", "2026-01-15", 1),
        ("2026-03-15", "2026-02-15", 1),
        ("2026-04-15", "2026-03-15", 1),
    ]


def test_due_dates__the_lower_limit_belongs_to_the_pool() -> None:
    assert _shown(due_dates(_cycle(lower="2026-03-15")))[0] == ("2026-03-15", "2026-02-15", 1)
    assert _shown(due_dates(_cycle(lower="2026-03-16"))) == [("2026-04-15", "2026-03-15", 1)]


def test_due_dates__short_and_long_stub_at_the_end() -> None:
    short = due_dates(_cycle(lower="2026-03-01", maturity="2026-05-01"))
    assert _shown(short) == [
        ("2026-03-15", "2026-02-15", 1),
        ("2026-04-15", "2026-03-15", 1),
        ("2026-05-01", "2026-04-15", None),
    ]
    long = due_dates(_cycle(lower="2026-03-01", maturity="2026-05-01", long_stub=True))
    assert _shown(long) == [("2026-03-15", "2026-02-15", 1), ("2026-05-01", "2026-03-15", None)]
    # the regular date that was dropped lies before the limit: the last period is as long all the same
    late = due_dates(_cycle(lower="2026-04-20", maturity="2026-05-01", long_stub=True))
    assert _shown(late) == [("2026-05-01", "2026-03-15", None)]


def test_due_dates__first_period_begins_at_origination() -> None:
    young = due_dates(_cycle(start="2026-01-05"))
    assert _shown(young)[0] == ("2026-01-15", "2026-01-05", None)
    stretched = due_dates(_cycle(start="2025-11-20", opens=True))
    assert _shown(stretched)[0] == ("2026-01-15", "2025-11-20", None)
    regular = due_dates(_cycle(start="2025-12-15", opens=True))
    assert _shown(regular)[0] == ("2026-01-15", "2025-12-15", 1)
    none_before = due_dates(_cycle(start="2025-10-01", lower="2025-10-02", opens=True))
    assert _shown(none_before)[0] == ("2026-01-15", "2025-10-01", None)


def test_due_dates__single_payment_and_weeks() -> None:
    single = due_dates(_cycle(months=0, start="2025-10-01"))
    assert _shown(single) == [("2026-04-15", "2025-10-01", None)]
    weeks = due_dates(_cycle(months=0, days=14, maturity="2026-02-12", start="2026-01-01"))
    assert _shown(weeks) == [
        ("2026-01-01", "2026-01-01", None),
        ("2026-01-15", "2026-01-01", None),
        ("2026-01-29", "2026-01-15", None),
        ("2026-02-12", "2026-01-29", None),
    ]


def test_due_dates__matured_contracts_have_none() -> None:
    grid = due_dates(_cycle(lower="2026-04-16"))
    assert len(grid.due) == 0
    assert grid.count.tolist() == [0]


@given(
    anchor=st.dates(dt.date(2020, 1, 1), dt.date(2030, 1, 1)),
    months=st.sampled_from([1, 2, 3, 6, 12]),
    day=st.integers(1, 31),
    lower=st.integers(-400, 400),
    length=st.integers(0, 1500),
)
def test_due_dates__agree_with_stepping_by_hand(
    anchor: dt.date, months: int, day: int, lower: int, length: int
) -> None:
    begin = anchor + dt.timedelta(lower)
    end = begin + dt.timedelta(length)
    grid = due_dates(_cycle(anchor=anchor, months=months, day=day, lower=begin, maturity=end))
    by_hand = []
    for k in range(-50, 120):
        month = anchor.year * 12 + anchor.month - 1 + k * months
        first = dt.date(month // 12, month % 12 + 1, 1)
        following = dt.date((month + 1) // 12, (month + 1) % 12 + 1, 1)
        by_hand.append(first + dt.timedelta(min(day, (following - first).days) - 1))
    expected = [due for due in by_hand if begin <= due < end] + [end]
    assert grid.due.astype(dt.date).tolist() == expected
    assert grid.start.astype(dt.date).tolist() == [max(due for due in by_hand if due < expected[0]), *expected[:-1]]


def test_due_dates__many_contracts_are_each_as_alone() -> None:
    rows = [
        {"months": 3, "maturity": "2027-02-20"}, {"months": 0, "start": "2025-06-01"}, {"lower": "2027-01-01"},
        {"day": 31, "anchor": "2026-01-31"},
    ]  # fmt: skip
    alone = [_cycle(**row) for row in rows]
    together = due_dates(
        Cycle(**{name: np.concatenate([getattr(one, name) for one in alone]) for name in vars(alone[0])})
    )
    for row, one in enumerate(alone):
        cells = slice(together.first[row], together.first[row + 1])
        own = due_dates(one)
        assert together.due[cells].tolist() == own.due.tolist()
        assert together.start[cells].tolist() == own.start.tolist()
    assert together.contract.tolist() == np.repeat(np.arange(4), together.count).tolist()
    assert together.position[together.ends].tolist() == [count - 1 for count in together.count if count]
    assert together.left[together.ends].tolist() == [0, 0, 0]


def test_grid_of__periods_join() -> None:
    due = np.array(["2026-03-01", "2026-09-01", "2026-05-01"], "M8[D]")
    grid = grid_of(np.array([0, 0, 2]), due, np.array(["2026-01-01", "2026-01-01", "2026-02-01"], "M8[D]"), 3)
    assert grid.count.tolist() == [2, 0, 1]
    assert grid.start.astype(str).tolist() == ["2026-01-01", "2026-03-01", "2026-02-01"]
    assert np.isnan(grid.nominal).all()


@pytest.mark.parametrize("month", [1, 2, 3])
def test_due_dates__month_ends_come_back(month: int) -> None:
    grid = due_dates(_cycle(anchor=f"2026-{month:02d}-28", day=31, lower="2026-05-01", maturity="2026-08-31"))
    assert grid.due.astype(str).tolist() == ["2026-05-31", "2026-06-30", "2026-07-31", "2026-08-31"]
