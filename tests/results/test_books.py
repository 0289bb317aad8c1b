"""Books: budgets of hand-made rows, payment rows, and what a clean-up call changes."""

from __future__ import annotations

import numpy as np
import pytest

from absengine.results.books import Books, cash_budget
from absengine.results.coverage import available_cash
from absengine.results.document import run_checks


def test_cash_budget__closes_on_every_worked_row(worked):
    budget = cash_budget(Books(worked.two_class()))
    assert np.allclose(budget.gap, 0.0, atol=1e-9)
    assert budget.uses["kept"][:, 0] == pytest.approx([1300.0, 1180.0, -2680.0])


def test_pool_cash__a_sold_pool_pays_its_price_and_nothing_more(worked):
    """Sold for 22 after year 2: year 3 pays nothing, the price comes in with year 2."""
    items = {
        **worked.BASE,
        "pool.called": (0, 0.01, 0.01),
        "pool.call_price": (0, 22, 0),
        "account.main.balance": (13, 46.8, 0),
        "account.main.interest": (0, 0.5, 0),
        "tranche.SUB.residual_paid": (0, 0, 26.8),
    }
    books = Books(worked.paths_of({"called": (items, worked.BASE_POOL)}))
    assert books.pool_cash[:, 0] == pytest.approx([4800.0, 6680.0, 0.0])
    assert books.channel("performing")[:, 0] == pytest.approx([6000.0, 0.0, 0.0])
    assert run_checks(books.paths)["cash_breaks"] == 0


def test_since_last_payment__rows_without_a_list_are_gathered(worked):
    """With the list run in years 1 and 3 only, year 3 covers two years of cash; year 2 has no figure."""
    items = {**worked.BASE, "ran": (0.01, 0, 0.01)}
    books = Books(worked.paths_of({"base": (items, worked.BASE_POOL)}))
    assert books.paying[:, 0].tolist() == [True, False, True]
    # (48 - 1), then 44.8 + 0.5 + 21.6 - two fees
    assert available_cash(books)[:, 0] == pytest.approx([4700.0, 0.0, 6490.0])


def test_face__follows_the_lane_not_the_label(worked):
    half = {**worked.BASE, "tranche.A.balance": (10, 0, 0), "tranche.A.principal_paid": (30, 10, 0)}
    books = Books(worked.paths_of({"base": (worked.BASE, worked.BASE_POOL), "half": (half, worked.BASE_POOL)}))
    assert books.face(books.labels.tranches[0]).tolist() == [8000.0, 4000.0]


def test_reserves__are_what_a_fill_step_tops_up(worked):
    assert Books(worked.two_class()).reserves == ("reserve",)


def test_account_opening__recorded_lanes_win_over_the_label(worked):
    more = {**worked.BASE, "account.reserve.opening": (5, 5, 5), "account.reserve.balance": (5, 5, 0),
            "tranche.SUB.residual_paid": (0, 0, 29.4)}  # fmt: skip
    books = Books(worked.paths_of({"more": (more, worked.BASE_POOL)}))
    assert books.account_opening("reserve").tolist() == [500.0]
    assert run_checks(books.paths)["cash_breaks"] == 0
