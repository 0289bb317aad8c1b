"""Three loss lines of the worked deal by date."""

from __future__ import annotations

import pytest

from absengine.results.books import Books
from absengine.results.loss_curves import loss_curve


def test_loss_curve__worked_default(worked):
    books = Books(worked.two_class())
    senior, residual = (loss_curve(books, label) for label in books.labels.tranches)
    # class A after year 2: owed 31.4, performing 20, recoveries to come 8, no cash: 3.4 short; at the end 4.37
    assert senior.implied[:, 1] == pytest.approx([0.0, 340.0, 437.0])
    assert senior.overdue[:, 1] == pytest.approx([0.0, 1140.0, 437.0])
    assert senior.realised[:, 1] == pytest.approx([0.0, 0.0, 437.0])
    # year 1: owed 70, performing 60, cash 15, recoveries to come 8: nothing implied; later its whole face
    assert residual.implied[:, 1] == pytest.approx([0.0, 2000.0, 2000.0])


def test_loss_curve__pari_passu_classes_share_by_claim(worked):
    from dataclasses import replace

    twin = {name.replace("tranche.A.", "tranche.A2."): amounts for name, amounts in worked.DEFAULT.items()}
    paths = worked.paths_of({"x": ({**worked.DEFAULT, **twin}, worked.DEFAULT_POOL)})
    first, residual = paths.labels.tranches
    labels = replace(paths.labels, tranches=(first, replace(first, name="A2"), residual))
    books = Books(replace(paths, labels=labels))
    one, two = (loss_curve(books, label) for label in labels.tranches[:2])
    assert one.implied.tolist() == two.implied.tolist()
    # both owed 31.4 after year 2 against 28 of assets: 34.8 short, half each
    assert one.implied[1, 0] == pytest.approx(1740.0)


def test_loss_curve__write_downs_are_realised_when_written(worked):
    written = {
        **worked.ALL_LOST,
        "tranche.A.balance": (50, 28, 28),
        "tranche.A.written_down": (0, 10, 0),
    }
    books = Books(worked.paths_of({"x": (written, worked.ALL_LOST_POOL)}))
    curve = loss_curve(books, books.labels.tranches[0])
    assert curve.realised[:, 0] == pytest.approx([0.0, 1000.0, 3990.0])


def test_loss_curve__cash_of_the_deposit_account_covers_no_claim(worked):
    from dataclasses import replace

    paths = worked.two_class()
    books = Books(replace(paths, labels=replace(paths.labels, deposits="main")))
    residual = loss_curve(books, paths.labels.tranches[1])
    # all lost, year 1: owed 70, performing 60, reserve 2; the 13 on the other account are lessees' money: 8 short
    assert residual.implied[0, 2] == pytest.approx(800.0)
