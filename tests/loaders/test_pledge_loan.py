"""Tapes of plain loans, from a row of text to scheduled cash."""

from pathlib import Path

import numpy as np
import pytest

from absengine.calendars.fixings import IndexPath
from absengine.errors import TapeError
from absengine.loaders import PoolSource, load_pool
from absengine.schema import CashflowTable

CUTOFF = np.datetime64("2026-03-31")
RATES = {"LPR1Y": IndexPath("LPR1Y", np.array(["2024-01-01", "2026-06-20"], "M8[D]"), np.array([0.03, 0.035]))}
ROW = {
    "asset_id": "a1", "obligor": "debtor", "start_date": "2026-01-10", "maturity_date": "2027-01-10", "balance": "1200",
    "rate": "6%", "amort_type": "bullet", "frequency": "quarterly",
}  # fmt: skip


@pytest.fixture
def load(tmp_path: Path):
    """Writes rows (each a change of ROW) as a tape, and a plan if given; loads both."""

    def build(*rows: dict[str, str], plan: str = "", cutoff: np.datetime64 = CUTOFF) -> CashflowTable:
        full = [ROW | {"asset_id": f"a{number}"} | row for number, row in enumerate(rows, 1)]
        names = list(dict.fromkeys(name for row in full for name in row))
        lines = [",".join(names), *(",".join(row.get(name, "") for name in names) for row in full)]
        (tmp_path / "tape.csv").write_text("\n".join(lines) + "\n", "utf-8")
        plan_file = tmp_path / "plan.csv" if plan else None
        if plan_file:
            plan_file.write_text(plan, "utf-8")
        return load_pool([PoolSource(tmp_path / "tape.csv", "pledge_loan", plan=plan_file)], cutoff, RATES)

    return build


def _flows(pool: CashflowTable, contract: int = 0) -> list[tuple[str, float, float]]:
    flows = pool.flows.take(pool.flows["contract"] == contract)
    amounts = (flows["due_date"].astype(str), flows["principal_due"], flows["interest_due"])
    return [(due, round(principal, 6), round(interest, 6)) for due, principal, interest in zip(*amounts, strict=True)]


def _codes(refusal: pytest.ExceptionInfo[TapeError]) -> list[str]:
    return [problem.code for problem in refusal.value.problems]


def test_schedule__quarterly_interest_bullet(load) -> None:
    assert _flows(load({})) == [
        ("2026-04-10", 0.0, 18.0), ("2026-07-10", 0.0, 18.0), ("2026-10-10", 0.0, 18.0), ("2027-01-10", 1200.0, 18.0),
    ]  # fmt: skip


def test_schedule__day_counted_with_pay_day_and_stubs(load) -> None:
    pool = load(
        {"pay_day": "21", "first_due_date": "2026-03-21", "day_count": "ACT/360", "maturity_date": "2026-09-30"}
    )
    days = [("2026-06-21", 92), ("2026-09-21", 92), ("2026-09-30", 9)]
    assert _flows(pool) == [
        (due, 1200.0 if due == "2026-09-30" else 0.0, round(1200 * 0.06 * n / 360, 6)) for due, n in days
    ]


def test_schedule__interest_from_the_cutoff(load) -> None:
    pool = load({"interest_from": "cutoff", "day_count": "ACT/365F"})
    assert _flows(pool)[0] == ("2026-04-10", 0.0, round(1200 * 0.06 * 10 / 365, 6))


def test_schedule__single_payment_carries_interest_from_origination(load) -> None:
    assert _flows(load({"amort_type": "single", "frequency": "", "day_count": "ACT/365F"})) == [
        ("2027-01-10", 1200.0, 72.0)
    ]
    assert _flows(load({"amort_type": "利随本清", "frequency": "一次"})) == [("2027-01-10", 1200.0, 72.0)]


def test_schedule__named_frequencies_of_bullets(load) -> None:
    half = load({"amort_type": "按半年付息到期还本", "frequency": ""})
    assert [due for due, *_ in _flows(half)] == ["2026-07-10", "2027-01-10"]


def test_schedule__level_with_interest_only_payments_and_a_balloon(load) -> None:
    pool = load({"amort_type": "level", "grace_terms": "2", "balloon": "300"})
    payment = (1200 - 300 * 1.015**-2) * 0.015 / (1 - 1.015**-2)
    flows = _flows(pool)
    assert flows[:2] == [("2026-04-10", 0.0, 18.0), ("2026-07-10", 0.0, 18.0)]
    assert flows[2][1] == pytest.approx(payment - 18, abs=1e-6)
    assert flows[3][1] == pytest.approx(1200 - (payment - 18), abs=1e-6)


def test_schedule__even_principal_on_every_second_interest_date(load) -> None:
    pool = load({"amort_type": "even", "principal_frequency": "half_yearly"})
    assert [(due, principal) for due, principal, _ in _flows(pool)] == [
        ("2026-04-10", 0.0), ("2026-07-10", 600.0), ("2026-10-10", 0.0), ("2027-01-10", 600.0),
    ]  # fmt: skip


def test_schedule__five_per_cent_of_principal_a_half_year_and_the_rest_at_the_end(load) -> None:
    pool = load({"amort_type": "even", "principal_frequency": "half_yearly", "payment": "60"})
    assert [principal for _, principal, _ in _flows(pool)] == [0.0, 60.0, 0.0, 1140.0]


def test_schedule__steps_grow_each_payment(load) -> None:
    pool = load({"amort_type": "level", "step": "10%"})
    payments = [principal + interest for _, principal, interest in _flows(pool)]
    assert payments[1:] == pytest.approx([1.1 * payment for payment in payments[:-1]])


def test_schedule__payments_computed_over_a_longer_term(load) -> None:
    pool = load(
        {"amort_type": "level", "amort_end_date": "2028-01-10"}, {"amort_type": "even", "amort_end_date": "2028-01-10"}
    )
    payment = 1200 * 0.015 / (1 - 1.015**-8)
    assert sum(_flows(pool)[0][1:]) == pytest.approx(payment, abs=1e-6)
    assert _flows(pool)[-1][1] > 600
    assert [principal for _, principal, _ in _flows(pool, 1)] == [150.0, 150.0, 150.0, 750.0]


def test_schedule__terms_left_instead_of_a_maturity(load) -> None:
    by_terms = load({"maturity_date": "", "remaining_terms": "3"})
    assert [due for due, *_ in _flows(by_terms)] == ["2026-04-10", "2026-07-10", "2026-10-10"]
    from_first = load({"maturity_date": "", "remaining_terms": "2", "first_due_date": "2026-06-30", "pay_day": "31"})
    assert [due for due, *_ in _flows(from_first)] == ["2026-06-30", "2026-09-30"]
    by_amount = load({"maturity_date": "", "amort_type": "even", "payment": "500"})
    assert [principal for _, principal, _ in _flows(by_amount)] == [500.0, 500.0, 200.0]
    by_level = load({"maturity_date": "", "amort_type": "level", "payment": "500"})
    assert [round(p + i, 6) for _, p, i in _flows(by_level)][:2] == [500.0, 500.0]


def test_schedule__floating_rate_until_and_after_the_reset(load) -> None:
    pool = load(
        {"rate_type": "floating", "rate_index": "LPR1Y", "spread": "1%", "reset": "quarterly", "rate": "4.2%"},
        {"rate_type": "floating", "rate_index": "LPR1Y", "spread": "1%", "reset": "payment", "rate": ""},
        {"rate_type": "fixed"},
    )
    assert [interest for *_, interest in _flows(pool, 0)] == pytest.approx([12.6, 12.0, 13.5, 13.5])
    assert [interest for *_, interest in _flows(pool, 1)] == pytest.approx([12.0, 12.0, 13.5, 13.5])
    assert [interest for *_, interest in _flows(pool, 2)] == pytest.approx([18.0] * 4)
    assert pool.contracts["rate"].tolist() == pytest.approx([0.042, 0.04, 0.06])


def test_schedule__due_dates_roll_and_interest_does_not(load) -> None:
    pool = load({"maturity_date": "2027-01-03", "start_date": "2026-01-03", "roll": "following", "calendar": "SSE"})
    dates = [due for due, *_ in _flows(pool)]
    assert dates == ["2026-04-03", "2026-07-03", "2026-10-08", "2027-01-04"]
    assert [interest for *_, interest in _flows(pool)] == pytest.approx([18.0] * 4)


def test_schedule__given_plan_with_and_without_interest(load) -> None:
    lines = ["a1,2026-02-01,100,9,0", "a1,2026-05-01,200,7.5,1", "a1,2026-08-01,1000,,"]
    plan = "\n".join(["asset_id,due_date,principal,interest,fee", *lines, ""])
    pool = load({"amort_type": "plan", "frequency": "", "day_count": "30/360"}, {}, plan=plan)
    assert _flows(pool) == [("2026-05-01", 200.0, 7.5), ("2026-08-01", 1000.0, 15.0)]
    assert pool.flows["fee_due"][:2].tolist() == [1.0, 0.0]
    assert len(_flows(pool, 1)) == 4
    assert pool.contracts["maturity_date"].astype(str).tolist() == ["2026-08-01", "2027-01-10"]


def test_schedule__cutoff_of_the_row_goes_first_and_its_day_belongs_to_the_pool(load) -> None:
    pool = load({"cutoff_date": "2026-07-10"}, {"cutoff_date": "2026-07-11"}, {"cutoff_date": ""})
    assert [_flows(pool, row)[0][0] for row in range(3)] == ["2026-07-10", "2026-10-10", "2026-04-10"]
    assert pool.contracts["age"].tolist() == [6.0, 6.0, 2.0]


def test_schedule__columns_of_the_contract_table(load) -> None:
    pool = load({"保证人": "guarantor", "shadow_rating": "BB", "my own column": "x"}, {"obligor": ""})
    first = {name: values[0] for name, values in pool.contracts.columns.items()}
    assert (first["guarantor"], first["grade"], first["my own column"], first["cutoff_balance"]) == (
        "guarantor", "BB", "x", 1200.0,
    )  # fmt: skip
    assert pool.contracts["obligor"].tolist() == ["debtor", "a2"]
    assert pool.asset_kinds == ("pledge_loan",)
    assert pool.obligors == ("a2", "debtor")
    assert pool.flows["obligor"].tolist() == [1] * 4 + [0] * 4


def test_schedule__a_repaid_contract_has_no_flows(load) -> None:
    pool = load({"balance": "0"}, {})
    assert len(_flows(pool, 0)) == 0
    assert len(_flows(pool, 1)) == 4


def test_schedule__floating_level_beside_a_plan(load) -> None:
    floating = {"rate_type": "floating", "rate_index": "LPR1Y", "spread": "1%", "reset": "payment", "rate": ""}
    plan = "asset_id,due_date,principal\na2,2026-05-01,1200\n"
    pool = load({"amort_type": "level", **floating}, {"amort_type": "plan", "day_count": "30E/360 ISDA"}, plan=plan)
    payments = [principal + interest for _, principal, interest in _flows(pool)]
    assert payments[0] == pytest.approx(payments[1])
    assert payments[2] == pytest.approx(payments[3])
    assert payments[2] > payments[1]
    assert _flows(pool, 1) == [("2026-05-01", 1200.0, pytest.approx(1200 * 0.06 * 111 / 360))]


def test_schedule__day_of_origination_comes_back_after_february(load) -> None:
    pool = load({"start_date": "2025-11-30", "maturity_date": "2026-08-30", "first_due_date": "2026-02-28"})
    assert [due for due, *_ in _flows(pool)] == ["2026-05-30", "2026-08-30"]
    back = load({"start_date": "2025-08-31", "maturity_date": "2027-02-28"})
    assert [due for due, *_ in _flows(back)][:2] == ["2026-05-31", "2026-08-31"]


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ({"frequency": ""}, "frequency-missing"),
        ({"frequency": "irregular"}, "frequency-irregular"),
        ({"amort_type": "bullet_monthly"}, "frequency-contradiction"),
        ({"rate": ""}, "rate-missing"),
        ({"maturity_date": ""}, "maturity-missing"),
        ({"maturity_date": "2026-03-30"}, "matured-before-cutoff"),
        ({"start_date": "2026-04-01"}, "start-after-cutoff"),
        ({"amort_type": "single", "start_date": ""}, "start-date-missing"),
        ({"amort_type": "single", "maturity_date": ""}, "maturity-missing"),
        ({"day_count": "ACT/361"}, "day-count-unknown"),
        ({"first_due_date": "2026-04-12", "pay_day": "10"}, "first-due-date-off-pay-day"),
        ({"remaining_terms": "3"}, "remaining-terms-contradiction"),
        ({"maturity_date": "", "start_date": "", "remaining_terms": "3"}, "first-due-date-missing"),
        ({"amort_type": "even", "grace_terms": "4"}, "grace-terms-too-many"),
        ({"amort_type": "even", "principal_frequency": "monthly"}, "principal-frequency-contradiction"),
        ({"balloon": "1201"}, "balloon-above-balance"),
        ({"payment": "100"}, "payment-without-use"),
        ({"amort_type": "level", "payment": "17"}, "payment-below-interest"),
        ({"amort_type": "plan"}, "plan-missing"),
        ({"amort_end_date": "2028-01-10"}, "amort-end-without-use"),
        ({"rate_type": "floating", "reset": "yearly"}, "rate-index-missing"),
        ({"rate_type": "floating", "reset": "yearly", "rate_index": "LPR5Y"}, "rate-index-unknown"),
        ({"rate_type": "floating", "rate_index": "LPR1Y"}, "reset-missing"),
        ({"rate_type": "floating", "rate_index": "LPR1Y", "reset": "yearly", "start_date": ""}, "start-date-missing"),
        ({"roll": "following"}, "calendar-missing"),
        ({"roll": "following", "calendar": "NYSE"}, "calendar-unknown"),
    ],
)
def test_schedule__refuses(load, row: dict[str, str], code: str) -> None:
    with pytest.raises(TapeError) as refusal:
        load({}, row)
    assert _codes(refusal) == [code]
    problem = refusal.value.problems[0]
    assert problem.allowed and problem.found
    assert problem.where.line == 3
    assert problem.where.file.endswith("tape.csv")


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ("a1,2026-05-01,1100", "plan-does-not-close"),
        ("a1,2026-02-01,1200", "plan-missing"),
        ("a1,2026-05-01,600\na1,2026-05-01,600", "plan-date-twice"),
        ("a1,2026-05-01,1200\na9,2026-05-01,5", "plan-unknown-asset"),
        ("a1,2026-05-01,1200\na2,2026-05-01,5", "plan-not-asked-for"),
    ],
)
def test_schedule__refuses_plans(load, lines: str, code: str) -> None:
    with pytest.raises(TapeError) as refusal:
        load({"amort_type": "plan", "frequency": ""}, {}, plan=f"asset_id,due_date,principal\n{lines}\n")
    assert _codes(refusal) == [code]


def test_schedule__names_the_first_rows_and_counts_the_rest(load) -> None:
    with pytest.raises(TapeError) as refusal:
        load(*[{"rate": ""}] * 50)
    assert len(refusal.value.problems) == 21
    assert "30 more rows" in refusal.value.problems[-1].found


def test_schedule__collects_every_kind_of_problem(load) -> None:
    with pytest.raises(TapeError) as refusal:
        load({"rate": ""}, {"day_count": "X"}, {"maturity_date": ""})
    assert sorted(_codes(refusal)) == ["day-count-unknown", "maturity-missing", "rate-missing"]
