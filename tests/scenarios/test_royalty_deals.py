"""The three royalty deals: what their tapes must meet, what of them is published, and what their stories turn on."""

from __future__ import annotations

import importlib.util
import tomllib
from functools import cache
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from absengine.deal.explain import explain
from absengine.deal.load import load
from absengine.loaders import kind_names
from absengine.results.document import run_checks
from absengine.results.measures import measure
from absengine.run import StressRun, stress

SCENARIOS = Path(__file__).parents[2] / "scenarios"
DEALS = SCENARIOS / "deals"
BIOPHARMA, BOWIE, HIFI = "biopharma-royalty-trust", "bowie-1997", "hifi-music-2022-1"


def script(deal: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"make_tape_{deal}", DEALS / deal / "make_tape.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@cache
def run_of(deal: str) -> StressRun:
    return stress(DEALS / deal, [SCENARIOS / "packs" / f"{deal}.toml"])


@cache
def recorded(deal: str, scenario: str, item: str) -> dict[str, float]:
    """A recorded item by payment date, in counting units."""
    paths = run_of(deal).paths
    lane = paths.scenarios.index(scenario)
    return dict(zip(paths.labels.pay_dates, paths.item(item)[:, lane].tolist(), strict=True))


def dates(deal: str, scenario: str, item: str) -> list[str]:
    """Payment dates on which a flag is up."""
    return [day for day, value in recorded(deal, scenario, item).items() if value > 0.5]


@pytest.mark.parametrize("deal", [BIOPHARMA, BOWIE, HIFI])
def test_main__writes_the_same_bytes(deal: str, tmp_path: Path) -> None:
    script(deal).main(tmp_path)
    for made in tmp_path.iterdir():
        assert made.read_bytes() == (DEALS / deal / made.name).read_bytes()


def test_biopharma__the_third_senior_breach_switches() -> None:
    """Published: mezzanine breach 4Q01, senior breaches 1Q to 3Q02, rapid amortisation after the report of 3Q02."""
    assert dates(BIOPHARMA, "contract", "trigger.mezzanine_breach.active")[0] == "2002-03-15"
    coverage = recorded(BIOPHARMA, "contract", "figure.senior_coverage.value")
    early = [day for day, ratio in coverage.items() if ratio < 1.70 and day <= "2002-12-15"]
    assert early == ["2002-06-15", "2002-09-15", "2002-12-15"]
    assert dates(BIOPHARMA, "contract", "trigger.senior_breach.active")[0] == "2002-12-15"
    assert dates(BIOPHARMA, "contract", "stage_run")[0] == "2002-12-15"


def test_biopharma__a_counter_on_the_mezzanine_would_trip_a_quarter_early() -> None:
    assert dates(BIOPHARMA, "contract", "trigger.mezzanine_counter.active")[0] == "2002-09-15"
    assert dates(BIOPHARMA, "wrong_counter", "stage_run")[0] == "2002-09-15"


def test_biopharma__order_of_payment_after_the_switch() -> None:
    """All excess to the senior, the mezzanine's cash from its guarantor, nothing to the equity."""
    after = [day for day in recorded(BIOPHARMA, "contract", "tranche.SR.balance") if "2002-12-15" <= day < "2005-03-15"]
    for item in ("step.rapid.int_MZ.from.account.main", "step.rapid.prin_MZ.from.account.main"):
        assert all(recorded(BIOPHARMA, "contract", item)[day] == 0 for day in after)
    assert all(recorded(BIOPHARMA, "contract", "support.guaranty.drawn")[day] > 0 for day in after)
    assert all(recorded(BIOPHARMA, "contract", "tranche.EQ.residual_paid")[day] == 0 for day in [*after, "2006-06-15"])
    run = run_of(BIOPHARMA)
    scenario = next(one for one in measure(run.paths, run.pool.balance) if one.name == "contract")
    senior = next(one for one in scenario.tranches if one.name == "SR")
    assert senior.paid_off == "2005-03-15" and senior.principal_loss == 0


def test_bowie__meets_its_targets() -> None:
    """8.5 to 9 million in the first year, 2 to 3 % less every year; 52 % of the notes left after ten years."""
    flows = run_of(BOWIE).pool.flows
    cash = flows["principal_due"] + flows["interest_due"]
    by_statement = np.add.reduceat(
        np.array([cash[flows["due_date"] == day].sum() for day in np.unique(flows["due_date"])]), np.arange(0, 32, 2)
    )
    assert 8.5e6 <= by_statement[0] <= 9e6
    assert np.all((by_statement[1:] / by_statement[:-1] > 0.97) & (by_statement[1:] / by_statement[:-1] < 0.98))
    assert recorded(BOWIE, "contract", "tranche.A.balance")["2007-04-15"] / 5.5e9 == pytest.approx(0.52, abs=0.005)


def test_hifi__traps_half_then_all_and_releases_on_cure() -> None:
    for scenario, half, everything in (("late_38", 2, 0), ("late_42", 2, 2), ("income_20", 0, 0)):
        assert len(dates(HIFI, scenario, "trigger.trap_half.active")) == half
        assert len(dates(HIFI, scenario, "trigger.trap_all.active")) == everything
    kept = recorded(HIFI, "late_38", "account.trap.balance")
    assert kept["2022-05-15"] > 0 and kept["2022-08-15"] > kept["2022-05-15"] and kept["2022-11-15"] == 0


def test_hifi__royalties_grow_in_value_before_they_shrink() -> None:
    """Principal below zero is cash all the same: the budget closes on every row, and the pool is worth more later."""
    run = run_of(HIFI)
    assert (run.pool.flows["principal_due"] < 0).sum() > 100
    worth = recorded(HIFI, "contract", "figure.valuation.value")
    assert worth["2026-02-15"] > worth["2022-05-15"]
    assert run.pool.balance == pytest.approx(1.127e9, rel=1e-3)
    assert run_checks(run.paths)["cash_breaks"] == 0


PUBLISHED = {
    BIOPHARMA: ("57,150,000", "22,000,000", "21,160,000", "2006-06-15"),
    BOWIE: ("55,000,000", "7.9%", "EMI"),
    HIFI: ("732,500,000", "28,567,500", "1.40", "1.30", "2027-02-15", "2062-02-15"),
}  # fmt: skip


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("deal", sorted(PUBLISHED))
def test_explain__lists_published_terms(deal: str, language: str) -> None:
    told = explain(load(DEALS / deal / "deal.toml"), kind_names(), "zh" if language == "zh" else "en")
    assert [term for term in PUBLISHED[deal] if term not in told] == []


@pytest.mark.parametrize("deal", sorted(PUBLISHED))
def test_deal__says_of_every_term_where_it_comes_from(deal: str) -> None:
    text = (DEALS / deal / "deal.toml").read_text(encoding="utf-8")
    assert tomllib.loads(text)["deal"]["source"]
    assert text.count("[A]") > 10 and text.count("[S]") >= 5
