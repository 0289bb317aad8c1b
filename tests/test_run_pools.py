"""A mixed pool (混合资产池), end to end: several tapes, each kind under its own assumptions and its own tax."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from absengine.results.document import run_checks
from absengine.results.layers import absorb
from absengine.run import StressRun, stress

STARTER = Path(__file__).parent.parent / "absengine" / "cli" / "starter"
POOLS = """[[pool]]
name = "loans"
tape = "tape.csv"
kind = "pledge_loan"

[[pool]]
name = "receivables"
tape = "receivables.csv"
kind = "factoring"
"""
RECEIVABLES = """资产编号,卖方,买方,发票号,开票日,应收账款金额(元),受让价款(元),应付日,确权,追索权,封包日
F1,示例供应商甲,示例平台,90001,2026-01-05,1000000,980000,2026-09-20,Y,N,2026-03-31
F2,示例供应商乙,示例平台,90002,2026-01-06,2000000,1950000,2026-11-20,Y,N,2026-03-31
"""
PACK = """
schema = "absengine.pack/1"
title = "kinds"
source = "a test"
[scenario.base]
[scenario.by_kind]
assume = [
  { default = { kind = "cdr", rate = "10%" } },
  { scope = { asset_kind = "factoring" }, default = { kind = "cdr", rate = "0%" }, dilution = "3%" },
]
[scenario.by_pool]
assume = [{ scope = { pool = "receivables" }, late = { share = "100%", by = { days = 30 }, penalty = "0%" } }]
[scenario.debtor]
event = [{ what = "default", who = ["示例平台"], on = 2026-05-01 }]
"""
VAT = """
[tax.plan]
kind = "vat"
surcharge = "city"
on = { pledge_loan = "interest", factoring = "none" }
pool_fees = "none"
"""


def run(folder: Path) -> StressRun:
    text = (STARTER / "deal.toml").read_text(encoding="utf-8")
    text = text.replace('[pool]\ntape = "tape.csv"\nkind = "pledge_loan"\n', POOLS)
    start = text.index("[tax.")
    text = text[:start] + VAT.lstrip() + text[text.index("\n\n", start) :]
    (folder / "deal.toml").write_text(text.replace("tax.vat", "tax.plan"), encoding="utf-8")
    (folder / "tape.csv").write_bytes((STARTER / "tape.csv").read_bytes())
    (folder / "receivables.csv").write_text(RECEIVABLES, encoding="utf-8")
    (folder / "pack.toml").write_text(PACK, encoding="utf-8")
    return stress(folder, [folder / "pack.toml"])


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> StressRun:
    return run(tmp_path_factory.mktemp("mixed"))


def lanes(mixed: StressRun, channel: str) -> dict[str, np.ndarray]:
    """Rows of a channel in yuan, by scenario."""
    return dict(zip(mixed.paths.scenarios, mixed.paths.channel(channel).T / 100, strict=True))


def discounts(mixed: StressRun) -> dict[str, np.ndarray]:
    """Interest of the receivables: all but that of the loans."""
    loans = lanes(mixed, "interest.pledge_loan")
    return {name: whole - loans[name] for name, whole in lanes(mixed, "interest").items()}


def test_stress__a_mixed_pool_is_the_sum_of_its_tapes(mixed: StressRun) -> None:
    assert mixed.pool.balance == pytest.approx(40_000_000 + 2_930_000)
    assert mixed.pool.contracts["pool"].tolist() == ["receivables"] * 2 + ["loans"] * 5
    assert lanes(mixed, "principal")["base"].sum() == pytest.approx(42_930_000)
    assert discounts(mixed)["base"].sum() == pytest.approx(70_000)


def test_stress__each_kind_follows_its_own_assumptions(mixed: StressRun) -> None:
    """Loans default at 10 % a year; receivables do not, but lose 3 % of their face. Late ones come a month later."""
    by_kind, base = discounts(mixed), lanes(mixed, "default")
    assert base["by_kind"].sum() > 3_000_000 and not base["base"].any()
    assert by_kind["by_kind"].sum() == pytest.approx(0.97 * 70_000)
    late, calm = by_kind["by_pool"], by_kind["base"]
    rows = [np.flatnonzero(np.abs(one) > 1e-6).tolist() for one in (late, calm)]
    assert rows[0] == [row + 1 for row in rows[1]]
    assert lanes(mixed, "interest.pledge_loan")["by_pool"] == pytest.approx(
        lanes(mixed, "interest.pledge_loan")["base"]
    )


def test_stress__one_debtor_of_one_tape_fails(mixed: StressRun) -> None:
    """Two receivables of the platform, 980,000 and 1,950,000, are missed on their own due dates: no loan is touched."""
    assert lanes(mixed, "default")["debtor"].sum() == pytest.approx(2_930_000)
    assert discounts(mixed)["debtor"].sum() == pytest.approx(0.0, abs=1e-6)


def test_stress__the_plan_is_taxed_by_kind(mixed: StressRun) -> None:
    """3 % inside the price and 12 % on it (domain §5.4) of the loans' interest only."""
    taxed = lanes(mixed, "interest.pledge_loan")["base"].sum()
    paid = mixed.paths.item("tax.plan.paid")[:, 0].sum() / 100
    assert paid == pytest.approx(taxed * 0.03 / 1.03 * 1.12, abs=0.2)


def test_stress__a_mixed_pool_closes_its_books(mixed: StressRun) -> None:
    assert set(run_checks(mixed.paths, absorb(mixed.paths, mixed.twin)).values()) == {0}
