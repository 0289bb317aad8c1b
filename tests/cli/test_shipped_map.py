"""A deal names a shipped map as it names a file: the tape is read by it, and the manifest holds its digest."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from absengine.cli import main

DEAL = """
schema = "absengine.deal/1"
deal = { name = "esma", currency = "EUR", money = { unit = "0.01", per = "class", rounding = "down" } }
account = { main = {} }
collect = { interest = "main", principal = "main", prepayment = "main", fee = "main", recovery = "main" }
[dates]
cutoff = 2026-03-31
closing = 2026-04-15
legal_final = 2030-04-15
collection = { every = "1 month", on = "last day" }
payment = { every = "3 months", on = 15, first = 2026-07-15, calendar = "weekends", roll = "following" }
[pool]
tape = "tape.csv"
kind = "pledge_loan"
map = "esma-annex-4"
[tranche.A]
class = "senior"
face = 1_500_000
coupon = { kind = "fixed", rate = "2%", day_count = "ACT/365F" }
principal = { kind = "pass_through" }
[tranche.SUB]
class = "residual"
face = 230_000
[stage.normal]
pays = "payment"
step = [
  { id = "int", do = "pay", what = ["interest.senior"], from = "main" },
  { id = "prin", do = "pay", what = ["principal.senior"], from = "main" },
  { id = "rest", do = "pay", what = ["residual.SUB"], from = "main", when = "balance.senior == 0" },
]
"""


def test_stress__a_deal_whose_tape_is_read_by_a_shipped_map(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "deal.toml").write_text(DEAL, "utf-8")
    shutil.copy(Path(__file__).parents[1] / "loaders" / "esma" / "annex4.csv", tmp_path / "tape.csv")
    assert main(["stress", str(tmp_path), "--pack", "base", "--out", str(tmp_path / "run"), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["checks"]["cash_breaks"] == 0
    assert document["scenarios"][0]["pool"]["principal"] == pytest.approx(1_730_000)
    (written,) = (tmp_path / "run").glob("*/manifest.json")
    manifest = json.loads(written.read_text(encoding="utf-8"))
    assert "map" in manifest["inputs"]
