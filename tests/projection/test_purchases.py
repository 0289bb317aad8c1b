"""Channels of contracts bought later, worked by hand: which block rules them, rates by row, recoveries in order."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pools import bullet, monthly, pool

from absengine.projection import Projection
from absengine.scenario import Assumption, Case, Curve, Delay, Lag, RecoveryTerm, Scenario, Scope, Supporter
from absengine.schema import PURCHASE_CHANNELS, RECOVERY_SOURCES, PurchaseTerms, Timeline

PARTS = [f"purchase.new.{part}" for part in PURCHASE_CHANNELS]
PARTS += [f"purchase.new.recovery.{source}.{part}" for source in RECOVERY_SOURCES
          for part in ("rate", "row", "late_rate", "late_row")]  # fmt: skip


def read(*assumptions: Assumption, months: int = 12, **more: Any) -> dict[str, list[float]]:
    """Values by row of ``purchase.new.*`` over so many months from 31 December 2025, without the row after the last."""
    ends = monthly("2026-01-31", months, day=31)
    start = np.concatenate([[np.datetime64("2025-12-31")], ends[:-1]])
    line = Timeline(start[0], start[0], ends[-1], ends, ends, start, ends, start, np.ones((1, months), dtype=bool))
    table = pool([bullet("1", 1200.0, monthly("2026-12-31", 1), [60.0], asset_kind="lease_back")], "2025-12-31")
    bought = {"new": PurchaseTerms("lease_back", "north", 3)}
    projection = Projection(table, line, PARTS, 1.0, {"fund": ("某基金",)}, {}, bought)
    bound = projection.bind([Case("one", Scenario("one", assumptions=assumptions, **more))])
    out = np.zeros((len(PARTS), months + 1, 1))
    projection.fill(bound, 0, 1, out)
    return {name.removeprefix("purchase.new."): out[i, :-1, 0].tolist() for i, name in enumerate(PARTS)}


def test_purchase_channels__a_yearly_rate_by_months():
    """12 % a year leaves 0.88 after twelve months, so 1 − 0.88^(1/12) goes each month."""
    found = read(Assumption(default=Curve("rate", (0.12,), recognition=90), prepay=Curve("rate", (0.2,))))
    assert found["default"] == pytest.approx([1 - 0.88 ** (1 / 12)] * 12)
    assert found["prepay"] == pytest.approx([1 - 0.8 ** (1 / 12)] * 12)
    assert found["recognised_row"][:2] == [4.0, 4.0]  # 31 January + 90 days is 1 May, 28 February + 90 is 29 May


def test_purchase_channels__the_narrowest_block_that_holds_them():
    """A block for their kind beats one for all; one for other ids or another sub-pool says nothing of them."""
    wide = Assumption(default=Curve("rate", (0.12,)))
    kind = Assumption(Scope("asset_kind", (("asset_kind", ("lease_back",)),)), default=Curve("maturity", (0.05,)))
    found = read(wide, kind)
    assert found["default"] == [0.0] * 12 and found["at_end"] == [0.05] * 12


def test_purchase_channels__a_cumulative_default_as_rates_on_what_is_left():
    """6 % over two halves of six months, 4 % then 2 %: 4/6 a month of 100, then 2/6 a month of 96."""
    found = read(Assumption(default=Curve("cumulative", (0.06,), every=6, timing=(2 / 3, 1 / 3))))
    lost = 1 - np.cumprod(1 - np.array(found["default"]))
    assert lost[5] == pytest.approx(0.04) and lost[11] == pytest.approx(0.06)
    assert np.diff(lost[:6]) == pytest.approx(0.04 / 6)


def test_purchase_channels__a_cumulative_default_in_proportion_to_the_balance():
    """The pool owes 1,200 for twelve months: 6 % of it is 0.5 % of the balance a month."""
    found = read(Assumption(default=Curve("cumulative", (0.06,))))
    assert found["default"] == pytest.approx([0.005] * 12)


def test_purchase_channels__recoveries_in_order_never_above_the_principal():
    """Fund 70 % after a month, IP 50 % after two of their quarters: 30 % is left for it, half of it 3 months later."""
    terms = {"fund": RecoveryTerm(0.7, lag=Lag(months=1), payer="fund"), "ip": RecoveryTerm(0.5, lag=Lag(payments=2))}
    block = Assumption(default=Curve("rate", (0.12,)), recovery=terms, delayed=Delay(0.5, Lag(months=3)))
    found = read(block)
    assert found["recovery.fund.rate"] == pytest.approx([0.35] * 12)
    assert found["recovery.fund.late_rate"] == pytest.approx([0.35] * 12)
    assert found["recovery.ip.rate"] == pytest.approx([0.15] * 12)
    assert found["recovery.fund.row"][:3] == [1.0, 2.0, 3.0] and found["recovery.fund.late_row"][0] == 4.0
    assert found["recovery.ip.row"][0] == 6.0


def test_purchase_channels__a_payer_that_is_gone_pays_nothing():
    terms = {"fund": RecoveryTerm(0.7, lag=Lag(months=1), payer="fund")}
    block = Assumption(default=Curve("rate", (0.12,)), recovery=terms)
    found = read(block, supporters=(Supporter("fund", gone=np.datetime64("2026-04-30")),))
    assert found["recovery.fund.rate"] == pytest.approx([0.7, 0.7] + [0.0] * 10)


def test_purchase_channels__sources_that_need_a_name_or_a_right_pay_nothing():
    terms = {"guarantor": RecoveryTerm(1.0), "ip": RecoveryTerm(0.2, base="lower"), "cure": RecoveryTerm(0.1, cap=5.0)}
    found = read(Assumption(default=Curve("rate", (0.12,)), recovery=terms))
    assert all(found[f"recovery.{source}.rate"] == [0.0] * 12 for source in terms)


def test_purchase_channels__credit_off_leaves_prepayment():
    found = read(Assumption(default=Curve("rate", (0.12,)), prepay=Curve("rate", (0.2,))), credit=False)
    assert found["default"] == [0.0] * 12 and found["prepay"][0] > 0.0


def test_purchase_channels__options_of_the_scenario():
    assert read(order="prepay on performing", interest_on="performing")["options"] == [3.0] * 12
