"""Pools others have published: four peer cases cell by cell, the PSA and SDA tables of a textbook and of a toolbox."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from pools import Loan, level, month_ends, monthly, pool, timeline

from absengine.loaders import PoolSource, load_pool
from absengine.projection import Projection, curves
from absengine.scenario import Assumption, Case, Curve, Scenario, load_pack
from absengine.schema import POOL_CHANNELS, CashflowTable, Floats, Timeline

HERE = Path(__file__).parent
TESTS = HERE.parent
EXPECTED = HERE / "expected"
PEER_CENTS = 1.10
"""The peer cuts every amount down to the cent: its figures drift by this much at most."""


def table_of(path: Path) -> list[dict[str, str]]:
    """Rows of a published table; lines that start with # say where it is from."""
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    return list(csv.DictReader(lines))


def projected(table: CashflowTable, line: Timeline, scenario: Scenario) -> dict[str, Floats]:
    projection = Projection(table, line, POOL_CHANNELS, 1.0, {})
    out = np.zeros((len(POOL_CHANNELS), line.rows + 1, 1))
    projection.fill(projection.bind([Case("one", scenario)]), 0, 1, out)
    return {name: out[number, :, 0] for number, name in enumerate(POOL_CHANNELS)}


PEER_COLUMNS = (
    ("balance", "performing"),
    ("principal", "principal"),
    ("interest", "interest"),
    ("prepayment", "prepayment"),
    ("default", "default"),
    ("recovery", "recovery.ip"),
)


@pytest.mark.parametrize("case", ["c1", "c2", "c4", "c7"])
def test_projection__meets_the_peer_pool_in_every_cell(case: str) -> None:
    folder = TESTS / "peer_cases" / case
    tape = folder / "tape.csv"
    rows = table_of(folder / "expected" / "pool.csv")
    cutoff = {"c1": "2024-01-01", "c7": "2024-01-01"}.get(case, "2023-12-31")
    tape = tape if tape.exists() else TESTS / "loaders" / "peer" / case / "tape.csv"
    loans = load_pool([PoolSource(tape, "pledge_loan")], np.datetime64(cutoff), {})
    scenario = load_pack(folder / "pack.toml").scenarios[0]
    ours = projected(loans, timeline(cutoff, [row["date"] for row in rows[1:]]), scenario)
    for column, channel in PEER_COLUMNS:
        peer = [float(row[column]) for row in rows[1:]]
        np.testing.assert_allclose(ours[channel][:-1], peer, rtol=0, atol=PEER_CENTS, err_msg=f"{case} {column}")
    assert sum(values[-1] for values in ours.values()) == 0.0


def seasoned(balance: float, rate: float, left: int, age: int) -> tuple[CashflowTable, Timeline]:
    """A level monthly pool, ``age`` months old at the cut-off."""
    due = monthly("2000-02-29", left, 1, 31)
    start = monthly("2000-01-31", 2, -age, 31)[1]
    loan: Loan = level("pool", balance, rate, due, start_date=start)
    return pool([loan], "2000-01-31"), timeline("2000-01-31", month_ends("2000-02-29", left))


MARKET = {"order": "prepay on performing", "interest_on": "performing"}


def psa(speed: float) -> Scenario:
    return Scenario("psa", assumptions=(Assumption(prepay=Curve("psa", (speed,))),), **MARKET)  # type: ignore[arg-type]


def test_projection__pass_through_at_100_psa() -> None:
    loans, line = seasoned(400e6, 0.06, 358, 2)
    ours = projected(loans, line, psa(1.0))
    for row in table_of(EXPECTED / "fabozzi_passthrough_100psa.csv"):
        month = int(row["month"]) - 1
        figures = {
            "balance": ours["opening"][month],
            "net_interest": ours["interest"][month] * 5.5 / 6.0,
            "scheduled_principal": ours["principal"][month],
            "prepayment": ours["prepayment"][month],
            "total_principal": ours["principal"][month] + ours["prepayment"][month],
            "mortgage_payment": ours["principal"][month] + ours["interest"][month],
        }
        for column, value in figures.items():
            assert value == pytest.approx(float(row[column]), abs=1.4), (row["month"], column)


def test_sda__rates_and_cumulative_default_of_the_textbook() -> None:
    loans, line = seasoned(400e6, 0.06, 357, 3)
    factor = projected(loans, line, psa(1.5))["performing"] / 400e6
    annual = curves.sda(np.arange(4.0, 361.0))
    monthly_rate = 1.0 - (1.0 - annual) ** (1 / 12)
    for row in table_of(EXPECTED / "fabozzi_sda_150psa.csv"):
        if row["month"] == "cumulative":
            total = 100 * float(np.sum(monthly_rate * factor[:357]))
            assert total == pytest.approx(float(row["factor_adjusted_mdr_pct"]), abs=0.005)
            continue
        month = int(row["month"]) - 1
        assert 100 * annual[month] == pytest.approx(float(row["cdr_pct"]), abs=0.0005001)
        assert 100 * monthly_rate[month] == pytest.approx(float(row["mdr_pct"]), abs=0.0005001)
        assert factor[month] == pytest.approx(float(row["bond_factor"]), abs=6e-6)


def test_projection__defaults_by_age_at_the_standard() -> None:
    loans, line = seasoned(1e6, 0.06, 357, 3)
    scenario = Scenario("sda", assumptions=(Assumption(default=Curve("sda", (1.0,))),))
    ours = projected(loans, line, scenario)
    rates = ours["default"][:357] / ours["opening"][:357]
    np.testing.assert_allclose(rates, 1.0 - (1.0 - curves.sda(np.arange(4.0, 361.0))) ** (1 / 12), rtol=1e-9)


def toolbox(example: str, quantity: str) -> Iterator[tuple[int, float]]:
    for row in table_of(EXPECTED / "matlab_mbs_examples.csv"):
        if (row["example"], row["quantity"]) == (example, quantity):
            yield int(row["period"]) - 1, float(row["value"])


def test_projection__toolbox_pass_through() -> None:
    loans, line = seasoned(100_000.0, 0.08125, 357, 3)
    ours = projected(loans, line, psa(1.0))
    balances, payments = list(toolbox("mbspassthrough", "end_balance")), list(toolbox("mbspassthrough", "payment"))
    assert len(balances) == 15 and len(payments) == 14
    for month, value in balances:
        assert ours["performing"][month] == pytest.approx(value, abs=0.51)
    for month, value in payments:
        assert ours["principal"][month] + ours["interest"][month] == pytest.approx(value, abs=6e-5)


def test_sda__toolbox_rates() -> None:
    for month, value in toolbox("psaspeed2default", "adr"):
        assert curves.sda(np.array([month + 1.0]))[0] == pytest.approx(value, abs=5e-7)
    for month, value in toolbox("psaspeed2default", "mdr"):
        rate = 1.0 - (1.0 - curves.sda(np.array([month + 1.0]))[0]) ** (1 / 12)
        assert rate == pytest.approx(value, abs=5e-8)


def test_projection__absolute_defaults_of_the_three_tier_deal() -> None:
    """Malz (2011), chapter 9: 2 of 100 loans a year; survivors pay 8.5 %, recovery 40 % in the year of default."""
    due = monthly("2012-01-01", 5, 12)
    loan = Loan("loans", due, [0, 0, 0, 0, 100.0], [8.5] * 5, 100.0)
    scenario = load_pack(TESTS.parent / "scenarios" / "packs" / "malz-three-tier.toml").scenarios[0]
    ours = projected(pool([loan], "2011-01-01"), timeline("2011-01-01", due), scenario)
    np.testing.assert_allclose(ours["interest"][:5], [8.33, 8.16, 7.99, 7.82, 7.65], atol=5e-4)
    np.testing.assert_allclose(ours["recovery.ip"][:5], [0.8] * 5, rtol=1e-12)
    assert ours["principal"][4] == pytest.approx(90.0)


def test_rates__conversions_of_the_textbook() -> None:
    """Fabozzi, nonagency chapter: 20,000 prepaid of 10,000,000 - 10,514.96, 15,000 lost; printed cut, not rounded."""
    loan = level("pool", 10e6, 0.08, monthly("2000-02-29", 300, 1, 31), start_date=np.datetime64("1999-01-31"))
    table, line = pool([loan], "2000-01-31"), timeline("2000-01-31", month_ends("2000-02-29", 300))
    base = projected(table, line, Scenario("none"))
    assert base["principal"][0] == pytest.approx(10514.96, abs=0.005)
    smm, mdr = 20_000 / (10e6 - base["principal"][0]), 15_000 / 10e6
    years = [Curve("rate", (1.0 - (1.0 - rate) ** 12,), origin="origination") for rate in (smm, mdr)]
    assert [100 * curve.values[0] for curve in years] == pytest.approx([2.37, 1.78], abs=0.01)
    prepaid = projected(table, line, Scenario("p", assumptions=(Assumption(prepay=years[0]),), **MARKET))  # type: ignore[arg-type]
    lost = projected(table, line, Scenario("d", assumptions=(Assumption(default=years[1]),)))
    assert (prepaid["prepayment"][0], lost["default"][0]) == pytest.approx((20_000.0, 15_000.0), rel=1e-9)
