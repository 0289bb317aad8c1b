"""Cash between pool and plan, end to end: a group fails on one date, in every role; deposits as on the tape."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from absengine.errors import DealError
from absengine.results.books import Books
from absengine.results.document import run_checks
from absengine.results.layers import absorb
from absengine.run import StressRun, stress

STARTER = Path(__file__).parent.parent / "absengine" / "cli" / "starter"
PACK = """
schema = "absengine.pack/1"
title = "one group"
source = "a test"
[scenario.base]
[scenario.family]
supporter = [{ entity = "group.family", gone = 2026-12-20 }]
[scenario.guarantor]
supporter = [{ entity = "guarantor", gone = 2026-12-20 }]
"""
SERVICED = """
[entity.originator]
name = "示例小额贷款公司"
[group.family]
members = ["originator", "guarantor"]
[account.purse]
[servicing]
servicer = "originator"
account = "purse"
transfer = "payment"
"""


def run(folder: Path, *changes: tuple[str, str], also: str = SERVICED) -> StressRun:
    text = (STARTER / "deal.toml").read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    (folder / "deal.toml").write_text(text + also, encoding="utf-8")
    (folder / "tape.csv").write_bytes((STARTER / "tape.csv").read_bytes())
    (folder / "pack.toml").write_text(PACK, encoding="utf-8")
    return stress(folder, [folder / "pack.toml"])


def test_stress__a_group_stops_servicing_and_support_on_one_date(tmp_path: Path) -> None:
    result = run(tmp_path)
    books = Books(result.paths)
    lost = books.currency(books.item("servicing.lost"))
    pool = books.currency(np.sum([result.paths.channel(name) for name in ("interest", "principal")], axis=0))
    dates = [str(date) for date in result.deal.timeline.calc_date]
    row = dates.index("2026-12-31")
    # Payments follow the collections of March, June, September and December: on 20 December those of October and
    # November lie with the originator, and December's come to it.
    assert lost[:, 1].nonzero()[0].tolist() == [row]
    assert lost[row, 1] == pytest.approx(pool[row - 2 : row + 1, 1].sum())
    assert not lost[:, [0, 2]].any()
    alive = result.paths.channel("alive.guarantor.topup")
    pays = books.paying[:, 1] & (books.pay_dates > np.datetime64("2027-01-01"))
    assert not alive[pays][:, 1:].any() and alive[:, 0].all()


def test_stress__nothing_is_lost_with_the_servicer_in_the_twin_and_the_books_close(tmp_path: Path) -> None:
    result = run(tmp_path)
    assert not result.twin.item("servicing.lost").any()
    assert set(run_checks(result.paths, absorb(result.paths, result.twin)).values()) == {0}
    assert set(run_checks(result.twin).values()) == {0}


def test_stress__plan_vat_by_kind_meets_the_rate_on_all_interest(tmp_path: Path) -> None:
    plain = run(tmp_path, ('rate = "3.26%"', 'rate = "3.2621%"'), also=SERVICED)
    by_kind = run(tmp_path, ('base = "collected.interest"\nrate = "3.26%"', 'kind = "vat"\nsurcharge = "city"\n'
                             'on = { pledge_loan = "interest" }\npool_fees = "none"'))  # fmt: skip
    a, b = (Books(one.paths).currency(Books(one.paths).item("tax.vat.paid")).sum(axis=0) for one in (plain, by_kind))
    assert b == pytest.approx(a, rel=2e-5) and a.min() > 0


def test_stress__deposits_that_are_not_on_the_tape_are_refused(tmp_path: Path) -> None:
    box = '\n[account.box]\nopening = 500_000\nlacking = "carried"\n'
    with pytest.raises(DealError) as error:
        run(tmp_path, ("[collect]", '[collect]\ndeposit = "box"'), also=box)
    (problem,) = error.value.problems
    assert problem.code == "deposits-elsewhere" and "500,000.00" in problem.found
