"""The waterfall against whole deals run by another engine: pool cash as given, notes and fees as answered there."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from random_deals import deal_of
from small_deals import day, note, pay, rest, small, stage

from absengine.deal.labels import labels
from absengine.deal.load import Deal, load
from absengine.deal.program import Compiled
from absengine.errors import ScenarioError, Where
from absengine.waterfall import Buffers, run_waterfall, start_values

PEERS = Path(__file__).parent / "peer_cases"
CELL = 1.10
"""Tolerance per cell [currency]: the other engine floors to cents at every step (verification/README.md)."""


def rows_of(path: Path) -> list[dict[str, str]]:
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    return list(csv.DictReader(lines))


def peer_inputs(deal: Deal, compiled: Compiled, folder: Path) -> np.ndarray:
    """Inputs (channel, row, 1) in counting units from the peer's pool.csv."""
    values = np.zeros((len(compiled.channels), deal.timeline.rows + 1, 1))
    calc = [str(date) for date in deal.timeline.calc_date]
    opening = float(rows_of(folder / "pool.csv")[0]["balance"])
    balance = opening
    by_date = {row["date"]: row for row in rows_of(folder / "pool.csv")[1:]}
    for row, date in enumerate(calc):
        flows = by_date.get(date)
        channel = {"opening": balance}
        if flows is not None:
            balance = float(flows["balance"])
            for name in ("interest", "principal", "prepayment", "default"):
                channel[name] = float(flows[name])
            channel["recovery.ip"] = float(flows["recovery"])
        channel["performing"] = balance
        channel["fee_factor"] = 0.01
        for name, amount in channel.items():
            if name in compiled.channels:
                values[compiled.channels.index(name), row, 0] = amount * compiled.scale
    return values


def run_peer(name: str) -> tuple[Deal, Compiled, np.ndarray]:
    deal = load(PEERS / name)
    expected = PEERS / name / "expected"
    compiled = deal.compile(float(rows_of(expected / "pool.csv")[0]["balance"]))
    start = start_values(compiled, [{}], [Where()])
    inputs = peer_inputs(deal, compiled, expected)
    out = np.empty((len(compiled.items), deal.timeline.rows, 1))
    run_waterfall(compiled, labels(deal, compiled), ["peer"], start, inputs, out, Buffers(compiled))
    return deal, compiled, out[:, :, 0] / compiled.scale


def worst_cell(deal: Deal, compiled: Compiled, out: np.ndarray, file: Path, items: dict[str, str]) -> float:
    """Largest difference between the peer's rows and ours, on the payment dates it reports."""
    row_of = {str(date): row for row, date in enumerate(deal.timeline.pay_date)}
    worst = 0.0
    for row in rows_of(file):
        if row["date"] in row_of:
            for column, item in items.items():
                ours = out[compiled.items.index(item), row_of[row["date"]]]
                worst = max(worst, abs(ours - float(row[column])))
    return worst


@pytest.mark.parametrize("name", ["c1", "c2", "c4", "c7"])
def test_run_waterfall__peer_notes(name: str) -> None:
    deal, compiled, out = run_peer(name)
    for tranche in deal.file.tranche:
        items = {"balance": f"tranche.{tranche}.balance"}
        if deal.file.tranche[tranche].coupon is not None:
            items["interest_paid"] = f"tranche.{tranche}.interest_paid"
        worst = worst_cell(deal, compiled, out, PEERS / name / "expected" / f"bond_{tranche}.csv", items)
        assert worst <= CELL, f"{tranche}: {worst}"


@pytest.mark.parametrize("name", ["c2", "c4", "c7"])
def test_run_waterfall__peer_fees(name: str) -> None:
    deal, compiled, out = run_peer(name)
    file = PEERS / name / "expected" / "fee_servicing.csv"
    items = {"payment": "fee.servicing.paid", "due_after": "fee.servicing.unpaid"}
    assert worst_cell(deal, compiled, out, file, items) <= CELL


@pytest.mark.parametrize(
    ("name", "value", "accepted"),
    [("purchase.new.price", 0.0, False), ("purchase.new.price", 0.5, True), ("fee.late.amount", -1.0, False),
     ("tax.vat.rate", -1.0, False), ("tax.vat.surcharge", 0.0, True), ("tranche.A.ard.additional", -0.01, False),
     ("account.main.opening", -100.0, False), ("tranche.A.coupon.rate", -0.01, True)],
)  # fmt: skip
def test_start_values__what_no_deal_could_state_is_refused(name: str, value: float, accepted: bool) -> None:
    """It would break the cash budget far from the line that set it."""
    steps = (pay("tax.vat"), pay("fee.late"), pay("interest.A"), pay("principal.A", upto="collected.principal"),
             pay("additional.A"), {"do": "buy", "what": ["purchase.new"], "from": "main"},
             pay("residual.SUB", when="balance.A == 0"))  # fmt: skip
    terms = {"kind": "pledge_loan", "rate": "6%", "term": "2 months", "every": "1 month"}
    compiled = deal_of(small(3, {
        "tranche.A": note(900, ard={"date": day(1), "additional": "2%"}), "tranche.SUB": rest(), "purchase.new": terms,
        "fee.late": {"amount": "3 per payment"}, "stage.all": stage(*steps),
        "tax.vat": {"kind": "vat", "surcharge": "city", "on": {"pledge_loan": "interest"}},
    })).compile(1000.0)  # fmt: skip
    if accepted:
        assert start_values(compiled, [{name: value}], [Where()]).shape[1] == 1
    else:
        with pytest.raises(ScenarioError, match="could state"):
            start_values(compiled, [{name: value}], [Where()])
