"""Trusts on the report of a tape: what they take, how long they keep cash, and whether it reaches the plan in time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from absengine.calendars.date_rules import add_months
from absengine.loaders import trust_loan
from absengine.loaders.source import Context
from absengine.loaders.tape import Tape, read_tape
from absengine.loaders.trust_report import trust_report

CUTOFF = np.datetime64("2026-03-31")
HEADER = (
    "asset_id,start_date,maturity_date,balance,rate,amort_type,frequency,day_count,look_through,trust_plan,trust_fee"
)
QUARTERS = add_months(np.datetime64("2026-04-30"), 3 * np.arange(5), 31)
PAYS = add_months(np.datetime64("2026-05-15"), 3 * np.arange(5))


def _tape(folder: Path, extra: str, *tails: str) -> Tape:
    loan = "2026-01-10,2027-01-10,1200,6%,even,quarterly,ACT/365F,yes"
    rows = [f"{number},{loan},{tail}" for number, tail in enumerate(tails, 1)]
    (folder / "t.csv").write_text("\n".join([f"{HEADER},{extra}", *rows]) + "\n", "utf-8")
    return read_tape(folder / "t.csv", kind="trust_loan", fields=trust_loan.FIELDS)


def test_trust_report__fees_and_days_by_trust(tmp_path: Path) -> None:
    rule = "distribution_frequency,first_distribution_date"
    found = trust_report(_tape(tmp_path, rule, "B,1%,quarterly,2026-04-20", "A,,quarterly,2026-04-10"), Context(CUTOFF))
    assert [(tier.name, tier.contracts, tier.balance) for tier in found.tiers] == [("A", 1, 1200.0), ("B", 1, 1200.0)]
    # 1 % of 1200 x 90 + 900 x 91 + 600 x 92 + 300 x 92 days / 365
    assert [tier.trust_fee for tier in found.tiers] == pytest.approx([0.0, 2726.9999 / 365], abs=1e-3)
    assert [tier.wait_days_longest for tier in found.tiers] == [0.0, 10.0]
    assert found.warnings == [] and found.refused == ""


def test_trust_report__a_trust_that_keeps_pace_with_the_plan_is_no_warning(tmp_path: Path) -> None:
    tape = _tape(tmp_path, "distribution_frequency,first_distribution_date", "A,,quarterly,2026-04-20")
    assert trust_report(tape, Context(CUTOFF), QUARTERS, PAYS).warnings == []


def test_trust_report__a_trust_that_pays_out_after_the_plan_has_counted(tmp_path: Path) -> None:
    """Due 10 April, counted 30 April, paid 15 May: a distribution of 5 May is a payment late."""
    tape = _tape(tmp_path, "distribution_frequency,first_distribution_date", "A,,quarterly,2026-05-05")
    (late,) = trust_report(tape, Context(CUTOFF), QUARTERS, PAYS).warnings
    assert "4 of 4 payments" in late
    assert "due on 2026-04-10 arrives on 2026-05-05 and is paid on 2026-08-15, not on 2026-05-15" in late


def test_trust_report__a_trust_that_distributes_less_often_than_the_plan_pays(tmp_path: Path) -> None:
    tape = _tape(tmp_path, "distribution_frequency,first_distribution_date", "A,,half_yearly,2026-07-20")
    late, seldom = trust_report(tape, Context(CUTOFF), QUARTERS, PAYS).warnings
    assert "2 of 4 payments" in late
    assert "distributes on 2 dates where 4 payments count on it" in seldom


def test_trust_report__says_why_there_is_none(tmp_path: Path) -> None:
    tape = _tape(tmp_path, "distribution_frequency", "A,,quarterly")
    assert "first distribution date" in trust_report(tape, Context(CUTOFF)).refused
    assert "no cut-off date" in trust_report(tape, Context(np.datetime64("NaT"))).refused
