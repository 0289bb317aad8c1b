"""Coupon steps between payment dates, plans cut to notes and bank interest of one loan, from tape to notes by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from absengine.run import StressRun, stress

HEAD = "资产编号,借款人,放款日,到期日,合同金额,未偿本金余额,年利率,还款方式,还款频率,还款日,计息基准,封包日"
LOAN = "L1,甲,2026-12-31,2027-12-31,100000,100000,6%,等额本金,季,31,ACT/365F,2026-12-31"
DEAL = """\
schema = "absengine.deal/1"
[deal]
name = "one loan"
money = {{ unit = "0.01", per = "{per}" }}
[dates]
cutoff = 2026-12-31
closing = 2027-02-10
legal_final = 2028-03-31
collection = {{ every = "{collected}", on = "last day" }}
payment = {{ every = "3 months", on = "last day", first = 2027-03-31 }}
[pool]
tape = "tape.csv"
kind = "pledge_loan"
[account.main]
[account.reserve]
opening = 36500
interest = {{ rate = "1%" }}
[collect]
interest = "main"
principal = "main"
prepayment = "main"
recovery = "main"
[tranche.A]
class = "senior"
face = 30000
coupon = {{ kind = "fixed", rate = "3.65%", steps = [[2027-08-15, "7.3%"]] }}
principal = {{ kind = "plan", amounts = [[2027-03-31, 10000], [2027-06-30, 10000], [2027-12-31, 10000]] }}
[tranche.SUB]
class = "residual"
face = 70000
[stage.only]
pays = "payment"
step = [
  {{ id = "int", do = "pay", what = ["interest.A"], from = "main" }},
  {{ id = "prin", do = "pay", what = ["principal.A"], from = "main", upto = "due", then = ["account.reserve"] }},
  {{ id = "rest", do = "pay", what = ["residual.SUB"], from = "main", when = "balance.A == 0" }},
]
"""
PACK = 'schema = "absengine.pack/1"\ntitle = "plain"\n[scenario.contract]\nsource = "illustrative"\n'


def run(folder: Path, per: str = "class", collected: str = "1 month") -> StressRun:
    (folder / "deal.toml").write_text(DEAL.format(per=per, collected=collected), encoding="utf-8")
    (folder / "tape.csv").write_text(f"{HEAD}\n{LOAN}\n", encoding="utf-8")
    (folder / "pack.toml").write_text(PACK, encoding="utf-8")
    return stress(folder / "deal.toml", [folder / "pack.toml"])


def flows(run: StressRun, item: str) -> list[float]:
    """What is not zero, in yuan."""
    values = run.paths.item(item)[:, 0] * 0.01
    return [round(float(value), 6) for value in values if value]


def test_bank_factor__nothing_before_closing(tmp_path: Path) -> None:
    """36,500 at 1 % is 1.00 a day; the reserve is paid in on 10 February: none in January, 18 days to the 28th."""
    interest = run(tmp_path).paths.item("account.reserve.interest")[:3, 0] * 0.01
    assert interest == pytest.approx([0.0, 18.0, 31 * (36500 + 18) * 0.01 / 365], abs=1e-9)


@pytest.mark.parametrize("collected", ["1 month", "3 months"])
def test_years__a_coupon_step_counts_from_its_own_day(tmp_path: Path, collected: str) -> None:
    """3.65 % is 1.00 a day on 10,000: 49 days on 30,000, 91 on 20,000, then 46 on 10,000 at one and 46 at twice that
    (30 June to 15 August to 30 September), then 92 at twice; whether cash is collected by month or by quarter.
    """
    paid = flows(run(tmp_path, collected=collected), "tranche.A.interest_paid")
    assert paid == [49 * 3.0, 91 * 2.0, 46 + 46 * 2.0, 92 * 2.0]


def test_principal_due__a_plan_that_is_no_whole_fen_per_note_is_not_overdue(tmp_path: Path) -> None:
    """300 notes of 100: 10,000 is 33.3333 a note, paid as 33.33; the third of a fen waits for the next date, as a
    fraction of interest does, and no principal is short.
    """
    deal = run(tmp_path, per="note of 100")
    assert flows(deal, "tranche.A.principal_paid") == [9999.0, 9999.0, 10002.0]
    assert not np.any(deal.paths.item("tranche.A.principal_overdue"))
