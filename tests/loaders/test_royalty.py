"""Royalty streams: a stream worked by hand, the slow twin, and what must hold for every stream."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import naive_royalty as naive
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from absengine.errors import TapeError
from absengine.loaders import PoolSource, load_pool
from absengine.schema import CashflowTable

PLAIN = {
    "asset_id": "S1", "licensee": "Invented Pharma", "rate": "10%", "frequency": "quarterly",
    "forecast_from": "2026-01-01", "maturity_date": "2027-12-31", "report_lag": "2", "share": "70%",
    "royalty_rate": "5%", "sales": "4000",
}  # fmt: skip


def load(
    *rows: Mapping[str, str], cutoff: str = "2026-01-01", forecast: str = "", rights: str = "", currency: str = "USD"
) -> CashflowTable:
    """The cash-flow table of a tape written for the occasion."""
    header = list(dict.fromkeys(name for row in rows for name in row))
    lines = [",".join(header), *(",".join(row.get(name, "") for name in header) for row in rows)]
    with TemporaryDirectory() as folder:
        files = {}
        for name, text in (("tape", "\n".join(lines) + "\n"), ("plan", forecast), ("rights", rights)):
            if text:
                files[name] = Path(folder) / f"{name}.csv"
                files[name].write_text(text, encoding="utf-8")
        tape = files.pop("tape")
        return load_pool([PoolSource(tape, "royalty", currency=currency, **files)], np.datetime64(cutoff), {})


def stream(**terms: str) -> dict[str, str]:
    return PLAIN | terms


def cash_of(pool: CashflowTable) -> dict[str, float]:
    """Cash of the whole pool by date."""
    total: dict[str, float] = {}
    flows = pool.flows
    for due, amount in zip(flows["due_date"].astype(str), flows["principal_due"] + flows["interest_due"], strict=True):
        total[due] = total.get(due, 0.0) + float(amount)
    return total


def codes(*rows: Mapping[str, str], **beside: Any) -> set[str]:
    with pytest.raises(TapeError) as caught:
        load(*rows, **beside)
    return {problem.code for problem in caught.value.problems}


# Worked by hand -------------------------------------------------------------------------------------------------------


def test_schedule__a_stream_worked_by_hand() -> None:
    """Tiers, season, minimum, recoupment, lag, true-up and share, quarter by quarter.

    Sales of 4,000 a year with weights 1, 1, 1, 5 of the quarters: 500, 500, 500, 2,500; the second year is 40 % lower:
    300, 300, 300, 1,500. Rate 4 % up to 1,000 a year, 6 % above; minimum 120 a year, topped up at the end of the
    year; an advance of 30 is recouped first; 70 % is the plan's; cash two months after the quarter.

              sales  of year    earned            year so far  payable   recouped  rest   plan
      2026 Q1   500      500    20                         20     20           20     0    0
           Q2   500    1,000    20                         40     20           10    10    7
           Q3   500    1,500    30                         70     30            0    30   21
           Q4 2,500    4,000   150                        220    150 (> 120)    0   150  105
      2027 Q1   300      300    12                         12     12                      8.4
           Q2   300      600    12                         24     12                      8.4
           Q3   300      900    12                         36     12                      8.4
           Q4 1,500    2,400    4 + 84 = 88               124     88 (> 120)             61.6
    """
    pool = load(
        stream(royalty_rate="0: 4%; 1_000: 6%", tier_by="sales_per_year", growth="-40%", seasonality="1;1;1;5",
               minimum="120", minimum_paid="year_end", unrecouped="30")
    )  # fmt: skip
    assert cash_of(pool) == pytest.approx({
        "2026-05-31": 0.0, "2026-08-31": 7.0, "2026-11-30": 21.0, "2027-02-28": 105.0,
        "2027-05-31": 8.4, "2027-08-31": 8.4, "2027-11-30": 8.4, "2028-02-29": 61.6,
    })  # fmt: skip


@pytest.mark.parametrize(
    ("paid", "expected"),
    [
        # 12.5 a quarter earned, minimum 100 a year: the year's last quarter pays 12.5 and the 50 missing
        ("year_end", [12.5, 12.5, 12.5, 62.5]),
        # every quarter is topped up to 25 times its number
        ("in_parts", [25.0, 25.0, 25.0, 25.0]),
    ],
)
def test_schedule__minimum_guarantee(paid: str, expected: list[float]) -> None:
    terms = stream(sales="1000", share="100%", minimum="100", minimum_paid=paid, maturity_date="2026-12-31")
    assert list(cash_of(load(terms)).values()) == pytest.approx(expected)


def test_schedule__minimum_of_a_part_year() -> None:
    """A licence to 30 June 2026 owes half of the minimum: 12.5 + 12.5 earned, 25 missing in its last quarter."""
    terms = stream(sales="1000", share="100%", minimum="100", minimum_paid="year_end", maturity_date="2026-06-30")
    assert list(cash_of(load(terms)).values()) == pytest.approx([12.5, 37.5])


def test_schedule__minimum_of_a_year_already_begun() -> None:
    """30 earned by June, 12.5 a quarter after: 55 by December, 45 missing; in parts 50 by June, then 25s."""
    terms = stream(sales="1000", share="100%", minimum="100", minimum_paid="year_end", maturity_date="2026-12-31",
                   forecast_from="2026-07-01", royalty_to_date="30")  # fmt: skip
    assert list(cash_of(load(terms)).values()) == pytest.approx([12.5, 57.5])
    assert list(cash_of(load(terms | {"minimum_paid": "in_parts"})).values()) == pytest.approx([25.0, 25.0])


def test_schedule__volume_tiers_since_the_start() -> None:
    """900 units counted before, 100 a quarter at 2 each: 4 % on the first 100 (8), then 6 % (12 a quarter)."""
    terms = stream(volume="400", unit_price="2", royalty_rate="0: 4%; 1_000: 6%", tier_by="volume_total",
                   tier_to_date="900", share="100%", maturity_date="2026-12-31")  # fmt: skip
    del terms["sales"]
    assert list(cash_of(load(terms)).values()) == pytest.approx([8.0, 12.0, 12.0, 12.0])


def test_schedule__periods_paid_after_the_cutoff_belong_to_the_plan() -> None:
    """Cut-off 31 May: the first quarter is paid on that day and belongs to the plan; tiers and advance saw it all."""
    pool = load(PLAIN, cutoff="2026-05-31")
    assert next(iter(cash_of(pool))) == "2026-05-31"
    assert pool.flows["interest_due"][0] == 0.0
    assert next(iter(cash_of(load(PLAIN, cutoff="2026-06-01")))) == "2026-08-31"


def test_schedule__a_right_lost_stops_the_stream_or_lowers_it() -> None:
    """200 a year earned, 50 a quarter. The right ends on 15 February 2027: 45 of the 90 days of the quarter remain,
    but months count alike: January whole, February half (14 of 28 days), March none, 1.5 of 3 months."""
    rights = "专利号,知识产权类型,资产编号,届满日\nP1,发明专利,S1,2026-06-30\nP2,发明专利,S1,2027-02-15\n"
    stops = cash_of(load(stream(share="100%"), rights=rights))
    assert list(stops.values()) == pytest.approx([50, 50, 50, 50, 25])
    lowered = cash_of(load(stream(share="100%", after_expiry="40%"), rights=rights))
    assert list(lowered.values()) == pytest.approx([50, 50, 50, 50, 25 + 10, 20, 20, 20])


def test_schedule__a_right_that_stands_for_good_keeps_the_stream() -> None:
    rights = "专利号,知识产权类型,资产编号,届满日\nP1,软件著作权,S1,\nP2,发明专利,S1,2027-02-15\n"
    assert cash_of(load(PLAIN, rights=rights)) == cash_of(load(PLAIN))


def test_schedule__given_forecast() -> None:
    """Sales by quarter as given, 5 % of them."""
    forecast = "asset_id,period_end,sales\nS1,2026-03-31,1000\nS1,2026-06-30,2000\nS1,2026-09-30,0\nS1,2026-12-31,500\n"
    terms = stream(share="100%", maturity_date="2026-12-31")
    del terms["sales"]
    assert list(cash_of(load(terms, forecast=forecast)).values()) == pytest.approx([50, 100, 0, 25])


def test_schedule__principal_below_zero_where_cash_is_less_than_growth() -> None:
    pool = load(stream(unrecouped="300"))
    assert pool.flows["principal_due"][0] < 0
    assert pool.flows["closing_balance"][0] > pool.flows["opening_balance"][0]
    assert pool.flows["principal_due"].sum() == pytest.approx(pool.balance)


def test_schedule__contract_table() -> None:
    pool = load(stream(territory="EU", product="Drug A", revenue_source="sales"))
    assert pool.contracts["obligor"].tolist() == ["Invented Pharma"]
    assert pool.contracts["territory"].tolist() == ["EU"]
    assert str(pool.contracts["maturity_date"][0]) == "2028-02-29"
    assert pool.asset_kinds == ("royalty",)


# The twin -----------------------------------------------------------------------------------------------------------

PERIODS = {"monthly": 1, "quarterly": 3, "half_yearly": 6, "yearly": 12}


@st.composite
def streams(draw: st.DrawFn) -> tuple[dict[str, str], naive.Stream, date | None]:
    """A tape row, the same terms for the twin, and the day its right ends."""
    word = draw(st.sampled_from(sorted(PERIODS)))
    months = PERIODS[word]
    year_start = draw(st.integers(1, 12))
    offset = draw(st.integers(0, 12 // months - 1)) * months
    begin = date(2026 + (year_start - 1 + offset) // 12, (year_start - 1 + offset) % 12 + 1, 1)
    end = begin.fromordinal(begin.toordinal() + draw(st.integers(20, 1500)))
    rates = sorted(draw(st.lists(st.integers(1, 30), min_size=1, max_size=3, unique=True)))
    tiers = [(0.0 if number == 0 else 400.0 * number, rate / 100) for number, rate in enumerate(rates)]
    by = draw(st.sampled_from(["sales_per_year", "sales_total", "volume_per_year", "volume_total"]))
    units = by.startswith("volume") or draw(st.booleans())
    growth = draw(st.lists(st.integers(-60, 60), max_size=3))
    season = draw(st.lists(st.integers(0, 9), min_size=4, max_size=4).filter(any))
    minimum, in_parts = float(draw(st.sampled_from([0, 30, 200]))), draw(st.booleans())
    lost = draw(st.none() | st.integers(-100, 1200).map(lambda days: begin.fromordinal(begin.toordinal() + days)))
    twin = naive.Stream(
        start=begin, end=end, months=months, sales=float(draw(st.integers(0, 3000))), price=2.5 if units else None,
        growth=[percent / 100 for percent in growth], season=[float(w) for w in season for _ in range(3)], tiers=tiers,
        tier_by=by, tier_to_date=float(draw(st.integers(0, 500))), minimum=minimum, in_parts=in_parts,
        earned=float(draw(st.integers(0, 60))), unrecouped=float(draw(st.sampled_from([0, 50, 400]))),
        lag=draw(st.integers(0, 7)), share=draw(st.sampled_from([0.7, 1.0])), lost_on=lost,
        after=draw(st.sampled_from([0.0, 0.5])), year_start=year_start,
    )  # fmt: skip
    if len(tiers) == 1:
        twin.tier_to_date = 0.0
    row = {
        "asset_id": "S1", "licensee": "Invented", "rate": "8%", "frequency": word, "year_start": str(year_start),
        "forecast_from": str(begin), "maturity_date": str(end), "report_lag": str(twin.lag),
        "share": f"{twin.share:.0%}", "royalty_rate": "; ".join(f"{low:.0f}: {rate:.0%}" for low, rate in tiers),
        "tier_by": by, "tier_to_date": f"{twin.tier_to_date:.0f}",
        "volume" if units else "sales": f"{twin.sales:.0f}", "growth": "; ".join(f"{percent}%" for percent in growth),
        "seasonality": ";".join(map(str, season)), "minimum": f"{minimum:.0f}",
        "minimum_paid": "in_parts" if in_parts else "year_end", "royalty_to_date": f"{twin.earned:.0f}",
        "unrecouped": f"{twin.unrecouped:.0f}", "after_expiry": f"{twin.after:.0%}",
    }  # fmt: skip
    return (row | ({"unit_price": "2.5"} if units else {})), twin, lost


@settings(max_examples=80, deadline=None)
@given(streams(), st.integers(0, 400))
def test_schedule__agrees_with_its_twin(drawn: tuple[dict[str, str], naive.Stream, date | None], after: int) -> None:
    row, twin, lost = drawn
    rights = "" if lost is None else f"专利号,知识产权类型,资产编号,届满日\nP1,发明专利,S1,{lost}\n"
    cutoff = twin.start.fromordinal(twin.start.toordinal() + after)
    pool = load(row, cutoff=str(cutoff), rights=rights)
    due = {day: amount for day, amount in naive.payments(twin) if day >= cutoff}
    got = cash_of(pool)
    for day, amount in due.items():
        assert got.pop(str(day), 0.0) == pytest.approx(amount, abs=1e-7)
    assert got == {}
    assert pool.balance == pytest.approx(naive.value(naive.payments(twin), cutoff, 0.08), rel=1e-9, abs=1e-6)
    assert pool.flows["principal_due"].sum() == pytest.approx(pool.balance, abs=1e-6)


# What must hold -------------------------------------------------------------------------------------------------------


@settings(max_examples=25, deadline=None)
@given(streams(), st.sampled_from(["20%", "35%", "50%"]))
def test_schedule__splitting_the_share_changes_nothing(
    drawn: tuple[dict[str, str], naive.Stream, date | None], part: str
) -> None:
    row, _, _ = drawn
    rest = f"{70 - int(part[:-1])}%"
    whole = load(row | {"share": "70%"}, cutoff="2026-01-01")
    split = load(row | {"share": part}, row | {"share": rest, "asset_id": "S2"}, cutoff="2026-01-01")
    assert split.balance == pytest.approx(whole.balance, rel=1e-9, abs=1e-6)
    got, wanted = cash_of(split), cash_of(whole)
    assert got == pytest.approx(wanted, rel=1e-9, abs=1e-6)


def test_schedule__slices_of_one_rate_are_one_rate() -> None:
    sliced = load(stream(royalty_rate="0: 5%; 1000: 5%; 2500: 5%", tier_by="sales_per_year"))
    assert cash_of(sliced) == pytest.approx(cash_of(load(PLAIN)))


def test_schedule__slices_out_of_order_are_refused_not_sorted() -> None:
    assert codes(stream(royalty_rate="1000: 6%; 0: 4%", tier_by="sales_per_year")) == {"royalty-tiers-out-of-order"}


def test_schedule__only_the_proportion_of_weights_counts() -> None:
    one, ten = load(stream(seasonality="1;2;3;4")), load(stream(seasonality="10;20;30;40"))
    assert cash_of(one) == pytest.approx(cash_of(ten))
    assert sum(cash_of(one).values()) == pytest.approx(sum(cash_of(load(PLAIN)).values()))


def test_schedule__units_at_a_price_are_sales() -> None:
    units = stream(volume="1600", unit_price="2.5")
    del units["sales"]
    assert cash_of(load(units)) == pytest.approx(cash_of(load(PLAIN)))


def test_schedule__many_streams_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [stream(asset_id=f"S{number}", sales=str(1000 + number)) for number in range(7)]
    whole = cash_of(load(*rows))
    monkeypatch.setattr("absengine.loaders.royalty.BLOCK", 3)
    assert cash_of(load(*rows)) == pytest.approx(whole)


def test_schedule__a_stated_value_is_compared_with_the_forecast() -> None:
    worth = load(PLAIN).balance
    assert load(stream(balance=f"{worth * 1.004:.2f}")).balance == pytest.approx(worth)
    assert codes(stream(balance=f"{worth * 1.02:.2f}")) == {"valuation-not-of-forecast"}


def test_schedule__another_currency_is_refused() -> None:
    assert codes(stream(currency="EUR")) == {"currency-not-of-deal"}
    assert load(stream(currency="usd")).balance > 0


@pytest.mark.parametrize(
    ("terms", "code"),
    [
        ({"sales": ""}, "royalty-base-missing"),
        ({"volume": "10", "unit_price": "2"}, "royalty-base-twice"),
        ({"sales": "", "volume": "10"}, "unit-price-missing"),
        ({"unit_price": "3"}, "unit-price-without-use"),
        ({"royalty_rate": "6"}, "royalty-rate-unreadable"),
        ({"royalty_rate": "0: 4%; 1000: 6%"}, "tier-basis-missing"),
        ({"royalty_rate": "0: 4%; 1000: 6%", "tier_by": "volume_per_year"}, "tiers-by-volume-of-sales"),
        ({"royalty_rate": "0: 4%; 1000: 6%", "tier_by": "sales_total"}, "tier-to-date-missing"),
        ({"growth": "fast"}, "growth-unreadable"),
        ({"seasonality": "1;1;1"}, "seasonality-unreadable"),
        ({"forecast_from": "2026-02-01"}, "forecast-start-off-period"),
        ({"maturity_date": "2025-12-31"}, "licence-ends-before-forecast"),
        ({"maturity_date": "2199-12-31"}, "forecast-too-long"),
        ({"frequency": "irregular"}, "royalty-period-unknown"),
        ({"minimum": "100"}, "minimum-paid-missing"),
        ({"minimum": "100", "minimum_paid": "year_end", "forecast_from": "2026-04-01"}, "royalty-to-date-missing"),
    ],
)
def test_schedule__refuses(terms: dict[str, str], code: str) -> None:
    assert codes(stream(**terms)) == {code}


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        (["S1,2026-03-31,1,", "S2,2026-06-30,1,"], "forecast-unknown-stream"),
        (["S1,2026-03-31,1,", "S1,2026-05-31,1,"], "forecast-off-period"),
        (["S1,2026-03-31,1,", "S1,2026-03-31,1,", "S1,2026-06-30,1,"], "forecast-period-twice"),
        (["S1,2026-06-30,1,"], "forecast-gap"),
        (["S1,2026-03-31,1,2", "S1,2026-06-30,1,"], "forecast-amount-unclear"),
        (["S1,2026-03-31,1,", "S1,2026-06-30,,5"], "forecast-mixed"),
    ],
)
def test_schedule__refuses_forecasts(lines: list[str], code: str) -> None:
    terms = stream(maturity_date="2026-06-30", unit_price="2")
    del terms["sales"]
    assert code in codes(terms, forecast="\n".join(["asset_id,period_end,volume,sales", *lines]) + "\n")


def test_schedule__refuses_growth_beside_a_forecast() -> None:
    terms = stream(maturity_date="2026-03-31", growth="5%")
    del terms["sales"]
    assert codes(terms, forecast="asset_id,period_end,sales\nS1,2026-03-31,9\n") == {"forecast-and-growth"}


def worth_its_cash(pool: CashflowTable, rate: float) -> None:
    """On every date the closing balance is the value of later cash at the rate on the row; at first too."""
    flows = pool.flows
    cash = [
        (date.fromisoformat(str(due)), float(principal + interest))
        for due, principal, interest in zip(
            flows["due_date"], flows["principal_due"], flows["interest_due"], strict=True
        )
    ]
    for position, (due, closing) in enumerate(zip(flows["due_date"], flows["closing_balance"], strict=True)):
        later = naive.value(cash[position + 1 :], date.fromisoformat(str(due)), rate)
        assert closing == pytest.approx(later, rel=1e-9, abs=1e-6)
    assert float(flows["principal_due"].sum()) == pytest.approx(pool.balance, rel=1e-9, abs=1e-6)


def test_schedule__balance_is_what_the_cash_to_come_is_worth() -> None:
    worth_its_cash(load(stream(growth="20%; -50%", unrecouped="120")), 0.10)


@settings(max_examples=40, deadline=None)
@given(streams(), st.sampled_from([0, 7, 25]))
def test_schedule__present_value_at_the_rate_is_the_balance(
    drawn: tuple[dict[str, str], naive.Stream, date | None], percent: int
) -> None:
    row, twin, _ = drawn
    worth_its_cash(load(row | {"rate": f"{percent}%"}, cutoff=str(twin.start)), percent / 100)
