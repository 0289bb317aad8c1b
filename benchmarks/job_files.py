"""The deal, tape and pack of the whole-job benchmark, written by rule: every figure in them is illustrative."""

from __future__ import annotations

from pathlib import Path

import numpy as np

LOANS, MONTHS = 1_000, 60
GRADES = 10
"""Levels of default rate, prepayment speed and recovery; the pack is their cross product, 10 × 10 × 10 scenarios."""

DEAL = """
schema = "absengine.deal/1"
[deal]
name = "benchmark"
money = { unit = "0.01", per = "class", rounding = "down" }
[dates]
cutoff = 2026-03-31
closing = 2026-04-20
legal_final = 2031-04-15
collection = { every = "1 month", on = "last day" }
payment = { every = "1 month", on = 15, first = 2026-05-15 }
[pool]
tape = "tape.csv"
kind = "pledge_loan"
[account.income]
[account.principal]
[account.reserve]
opening = 5_000_000
target = "max(1% * pool.performing, 2_000_000)"
[collect]
interest = "income"
fee = "income"
principal = "principal"
prepayment = "principal"
recovery = "principal"
[tranche.A]
class = "senior"
face = 350_000_000
coupon = { kind = "fixed", rate = "3.2%", day_count = "ACT/365F" }
principal = { kind = "pass_through" }
[tranche.B]
class = "mezzanine"
face = 100_000_000
coupon = { kind = "fixed", rate = "4.5%", day_count = "ACT/365F" }
principal = { kind = "pass_through" }
[tranche.C]
class = "residual"
face = 50_000_000
[fee.servicer]
base = "pool.opening"
rate = "0.3% per year"
[ledger.pdl_B]
limit = "balance.B"
[ledger.pdl_A]
limit = "balance.A"
[trigger.cum_default]
test = "after collection"
when = "pool.cum_default_rate > 8%"
once = "go accelerated"
[trigger.unpaid_senior]
test = "after payment"
when = "due.senior > 0"
once = "go accelerated"
[stage.normal]
pays = "payment"
step = [
  { id = "fees", do = "pay", what = ["fee.servicer"], from = "income" },
  { id = "int_A", do = "pay", what = ["interest.A"], from = "income", then = ["account.reserve", "account.principal"] },
  { id = "book", do = "book", what = ["ledger.pdl_B", "ledger.pdl_A"], upto = "collected.default" },
  { id = "cure_A", do = "pay", what = ["ledger.pdl_A"], from = "income", to = "principal" },
  { id = "int_B", do = "pay", what = ["interest.B"], from = "income", then = ["account.reserve"] },
  { id = "cure_B", do = "pay", what = ["ledger.pdl_B"], from = "income", to = "principal" },
  { id = "reserve", do = "fill", what = ["account.reserve"], from = "income" },
  { id = "prin", do = "pay", what = ["principal.A", "principal.B"], from = "principal", share = "in order" },
  { id = "rest", do = "pay", what = ["residual.C"], from = "income" },
  { id = "last", do = "pay", what = ["residual.C"], from = "principal", when = "balance.A + balance.B == 0" },
]
[stage.accelerated]
pays = "payment"
step = [
  { id = "fees", do = "pay", what = ["fee.servicer"], from = "income" },
  { id = "sweep", do = "move", from = "income", to = "principal" },
  { id = "int_A", do = "pay", what = ["interest.A"], from = "principal", then = ["account.reserve"] },
  { id = "prin_A", do = "pay", what = ["principal.A"], from = "principal", then = ["account.reserve"] },
  { id = "int_B", do = "pay", what = ["interest.B"], from = "principal" },
  { id = "prin_B", do = "pay", what = ["principal.B"], from = "principal" },
  { id = "rest", do = "pay", what = ["residual.C"], from = "principal", when = "balance.A + balance.B == 0" },
]
"""

HEADER = (
    "asset_id,obligor,start_date,maturity_date,balance,original_balance,rate,amort_type,frequency,pay_day,day_count"
)


def write_tape(path: Path, loans: int, months: int) -> Path:
    """Level-payment loans of one length; balance, rate and due day differ from loan to loan."""
    rng = np.random.default_rng(1)
    weight = rng.lognormal(sigma=0.8, size=loans)
    balance = np.round(500_000_000 * weight / weight.sum(), 2)
    rate = np.round(rng.uniform(0.045, 0.075, loans), 4)
    due = rng.integers(1, 29, loans)
    year, month = divmod(2026 * 12 + 2 + months, 12)
    lines = [
        f"L{n:06d},obligor {n:06d},2026-03-{due[n]:02d},{year}-{month + 1:02d}-{due[n]:02d},"
        f"{balance[n]:.2f},{balance[n]:.2f},{rate[n]:.2%},level,monthly,{due[n]},30/360"
        for n in range(loans)
    ]
    path.write_text("\n".join([HEADER, *lines]) + "\n", encoding="utf-8")
    return path


def write_pack(path: Path) -> Path:
    """Default rate × prepayment speed × recovery rate."""
    lines = ['schema = "absengine.pack/1"', 'title = "benchmark grid"', 'source = "illustrative"']
    for n in range(GRADES):
        default = f'{{ kind = "cdr", rate = "{n + 0.5}%", recognition = "90 days" }}'
        recovery = f'{{ ip = {{ rate = "{8 * n}%", lag = {{ months = 12 }} }} }}'
        lines += [f"[part.d{n}]", f"assume = [{{ default = {default} }}]"]
        lines += [f"[part.p{n}]", f'assume = [{{ prepay = {{ kind = "cpr", rate = "{2 * n}%" }} }}]']
        lines += [f"[part.r{n}]", f"assume = [{{ recovery = {recovery} }}]"]
    axes = [[f"{letter}{n}" for n in range(GRADES)] for letter in "dpr"]
    lines += ["[cross.grid]", f"axes = {axes}".replace("'", '"')]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def write_job(folder: Path) -> tuple[Path, Path]:
    """``(deal, pack)`` of 1,000 loans × 60 months × 1,000 scenarios."""
    (folder / "deal.toml").write_text(DEAL.lstrip(), encoding="utf-8")
    write_tape(folder / "tape.csv", LOANS, MONTHS)
    return folder / "deal.toml", write_pack(folder / "pack.toml")
