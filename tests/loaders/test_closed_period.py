"""封包期利息: what accrues from cut-off to closing, by hand: the first stub, periods before closing, day counts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from absengine.errors import TapeError
from absengine.loaders import PoolSource, read_pool
from absengine.schema import CashflowTable

HEAD = "asset_id,balance,rate,amort_type,frequency,start_date,maturity_date,first_due_date,day_count,interest_from"
ROW = "L1,1200,6%,bullet,monthly,2025-01-10,2027-01-10,,ACT/365F,"
CUTOFF, CLOSING = np.datetime64("2026-03-31"), np.datetime64("2026-04-20")


def table(folder: Path, row: str, owner: str = "originator", closing: np.datetime64 = CLOSING) -> CashflowTable:
    path = folder / "tape.csv"
    path.write_text(f"{HEAD}\n{row}\n", encoding="utf-8")
    pool = read_pool([PoolSource(path, "pledge_loan", closed_period=owner)])
    return pool.table(CUTOFF, {}, closing=closing)


def interest(pool: CashflowTable) -> list[float]:
    return [round(float(amount), 8) for amount in pool.flows["interest_due"]]


def test_without_closed_period__periods_before_closing_and_the_stub(tmp_path: Path) -> None:
    kept = interest(table(tmp_path, ROW))
    # due on 10 April: 31 days, of which those from 31 March on are the originator's; on 10 May: from 20 April on
    assert kept[0] == round(1200 * 0.06 * 21 / 365, 8)
    assert kept[1] == round(1200 * 0.06 * 20 / 365, 8)
    assert kept[2:] == interest(table(tmp_path, ROW, "plan"))[2:]


def test_without_closed_period__what_is_left_out_is_what_accrued(tmp_path: Path) -> None:
    for day_count, part in (("ACT/365F", 20 / 365), ("ACT/360", 20 / 360), ("30E/360", 20 / 360)):
        row = ROW.replace("ACT/365F", day_count)
        gone = sum(interest(table(tmp_path, row, "plan"))) - sum(interest(table(tmp_path, row)))
        assert gone == pytest.approx(1200 * 0.06 * part, abs=1e-6), day_count


def test_without_closed_period__beside_interest_from_the_cutoff(tmp_path: Path) -> None:
    """The tape's word gives the plan nothing from before the cut-off, the deal's nothing from before closing."""
    row = f"{ROW}cutoff"
    assert interest(table(tmp_path, row, "plan"))[0] == round(1200 * 0.06 * 10 / 365, 8)
    assert interest(table(tmp_path, row))[:2] == [0.0, round(1200 * 0.06 * 20 / 365, 8)]


def test_without_closed_period__by_the_month_goes_by_days(tmp_path: Path) -> None:
    kept = interest(table(tmp_path, ROW.replace("ACT/365F", "")))
    assert kept[:2] == [round(6 * 21 / 31, 8), round(6 * 20 / 30, 8)]


def test_without_closed_period__principal_and_balances_stay(tmp_path: Path) -> None:
    row = ROW.replace("bullet", "level")
    mine, whole = table(tmp_path, row), table(tmp_path, row, "plan")
    for column in ("principal_due", "opening_balance", "due_date"):
        assert np.array_equal(mine.flows[column], whole.flows[column])


def test_without_closed_period__a_closing_on_the_cutoff_day_changes_nothing(tmp_path: Path) -> None:
    assert interest(table(tmp_path, ROW, closing=CUTOFF)) == interest(table(tmp_path, ROW, "plan", CUTOFF))


def test_without_closed_period__refuses_income_that_does_not_accrue(tmp_path: Path) -> None:
    path = tmp_path / "collections.csv"
    path.write_text("date,opening,principal,interest,closing\n2026-04-30,100,100,1,0\n", encoding="utf-8")
    source = PoolSource(path, "cashflow_table")
    assert read_pool([source]).table(CUTOFF, {}, closing=CLOSING).balance == 100
    with pytest.raises(TapeError) as refused:
        read_pool([replace(source, closed_period="originator")]).table(CUTOFF, {}, closing=CLOSING)
    assert refused.value.problems[0].code == "closed-period-interest"


def test_without_closed_period__no_day_count_on_the_tape(tmp_path: Path) -> None:
    """As a tape that leaves the cell empty: 6 a month, 21 of 31 days and 20 of 30 are the plan's."""
    path = tmp_path / "tape.csv"
    head, row = HEAD.replace(",day_count,interest_from", ""), ROW.removesuffix(",ACT/365F,")
    path.write_text(f"{head}\n{row}\n", encoding="utf-8")
    pool = read_pool([PoolSource(path, "pledge_loan", closed_period="originator")])
    assert interest(pool.table(CUTOFF, {}, closing=CLOSING))[:2] == [round(6 * 21 / 31, 8), round(6 * 20 / 30, 8)]


def test_without_closed_period__is_refused_for_cash_that_waits_with_a_trust(tmp_path: Path) -> None:
    """Interest that accrued by 31 March and is distributed on 10 April is no interest of the closed period."""
    path = tmp_path / "tape.csv"
    head = f"{HEAD},look_through,trust_plan,distribution_frequency,first_distribution_date"
    row = "T1,1200,6%,bullet,quarterly,2025-12-31,2026-12-31,,ACT/365F,,yes,T,quarterly,2026-04-10"
    path.write_text(f"{head}\n{row}\n", encoding="utf-8")
    pool = read_pool([PoolSource(path, "trust_loan", closed_period="originator")])
    with pytest.raises(TapeError) as refusal:
        pool.table(CUTOFF, {}, closing=CLOSING)
    assert [problem.code for problem in refusal.value.problems] == ["closed-period-interest"]
