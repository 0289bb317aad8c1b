"""Entrusted loans and trust-beneficiary rights: what the plan gets of the underlying loans, and when."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from absengine.errors import TapeError
from absengine.loaders import PoolSource, load_pool
from absengine.schema import CashflowTable

CUTOFF = np.datetime64("2026-03-31")
LOAN = {
    "asset_id": "1", "obligor": "debtor", "start_date": "2026-01-10", "maturity_date": "2027-01-10", "balance": "1200",
    "rate": "6%", "amort_type": "even", "frequency": "quarterly", "day_count": "ACT/365F", "look_through": "yes",
    "trust_plan": "T1", "distribution_frequency": "half_yearly", "first_distribution_date": "2026-06-20",
    "distribution_roll": "following", "distribution_calendar": "SSE", "trust_fee": "0.5%", "trust_tax": "3.26%",
    "trust_principal": "100", "trust_interest": "5",
}  # fmt: skip
BARE = {"distribution_frequency": "", "first_distribution_date": "", "distribution_roll": "",
        "distribution_calendar": "", "trust_fee": "", "trust_tax": "", "trust_principal": "",
        "trust_interest": ""}  # fmt: skip
ENTRUSTED = LOAN | BARE | {"trust_plan": "", "lending_bank": "bank", "bank_fee": "0.05%"}


def _load(folder: Path, *rows: dict[str, str], kind: str = "trust_loan", plan: Path | None = None) -> CashflowTable:
    names = list(dict.fromkeys(name for row in rows for name in row))
    lines = [",".join(names), *(",".join(row.get(name, "") for name in names) for row in rows)]
    (folder / "t.csv").write_text("\n".join(lines) + "\n", "utf-8")
    return load_pool([PoolSource(folder / "t.csv", kind, plan=plan)], CUTOFF, {})


def _flows(pool: CashflowTable, row: int = 0) -> list[tuple[str, float, float]]:
    flows = pool.flows.take(pool.flows["contract"] == row)
    amounts = (flows["due_date"].astype(str), flows["principal_due"], flows["interest_due"])
    return [(due, round(float(paid), 6), round(float(earned), 6)) for due, paid, earned in zip(*amounts, strict=True)]


def test_schedule__two_tiers_by_hand(tmp_path: Path) -> None:
    """1,200 at 6 % ACT/365F from 10 January, 300 a quarter: the trust distributes on 20 June and 20 December.

    due         days  balance  interest   0.5 % fee   3.26 % tax   reaches the plan on
    2026-04-10    90     1200  17.753425   1.479452    0.578762    2026-06-22 (the 20th is a Saturday)
    2026-07-10    91      900  13.463014   1.121918    0.438894    2026-12-21 (the 20th is a Sunday)
    2026-10-10    92      600   9.073973   0.756164    0.295811    2026-12-21
    2027-01-10    92      300   4.536986   0.378082    0.147906    2027-06-21 (the 20th is a Sunday)
    100 of principal and 5 of interest lay in the trust's account: they leave on the first date.
    """
    pool = _load(tmp_path, LOAN)
    assert _flows(pool) == [
        ("2026-06-22", 400.0, pytest.approx(17.753425 - 1.479452 - 0.578762 + 5, abs=2e-6)),
        ("2026-12-21", 600.0, pytest.approx(22.536987 - 1.878082 - 0.734705, abs=2e-6)),
        ("2027-06-21", 300.0, pytest.approx(4.536986 - 0.378082 - 0.147906, abs=2e-6)),
    ]
    assert pool.flows["opening_balance"].tolist() == [1300.0, 900.0, 300.0]
    assert pool.flows["closing_balance"].tolist() == [900.0, 300.0, 0.0]
    contract = {name: values[0] for name, values in pool.contracts.columns.items()}
    assert contract["asset_kind"] == "trust_loan" and contract["cutoff_balance"] == 1300.0
    assert contract["trust_fee_total"] == pytest.approx(3.735616, abs=1e-6)
    assert contract["wait_days_longest"] == 164  # 10 July to 21 December
    waits = [(317.753425, 73), (313.463014, 164), (309.073973, 72), (304.536986, 162)]
    mean = sum(cash * days for cash, days in waits) / sum(cash for cash, _ in waits)
    assert contract["wait_days"] == pytest.approx(mean, abs=1e-6)


def test_schedule__an_entrusted_bank_takes_its_fee_and_passes_cash_on_after_some_days(tmp_path: Path) -> None:
    pool = _load(tmp_path, ENTRUSTED | {"transfer_days": "3"})
    fee = 0.0005 / 365
    assert _flows(pool)[:2] == [
        ("2026-04-13", 300.0, pytest.approx(17.753425 - 1200 * 90 * fee, abs=2e-6)),
        ("2026-07-13", 300.0, pytest.approx(13.463014 - 900 * 91 * fee, abs=2e-6)),
    ]
    assert pool.contracts["wait_days"].tolist() == pytest.approx([3.0])


def test_schedule__a_certificate_has_its_own_plan_and_no_second_tier(tmp_path: Path) -> None:
    own = _load(tmp_path, LOAN | BARE | {"look_through": "no"})
    (tmp_path / "loan").mkdir()
    same = _load(tmp_path / "loan", {name: value for name, value in LOAN.items() if value and name in (
        "asset_id", "obligor", "start_date", "maturity_date", "balance", "rate", "amort_type", "frequency", "day_count",
    )}, kind="pledge_loan")  # fmt: skip
    assert _flows(own) == _flows(same)
    assert own.contracts["trust_tax_total"].tolist() == [0.0]


def test_schedule__listed_dates(tmp_path: Path) -> None:
    row = LOAN | {"distribution_frequency": "", "first_distribution_date": "", "distribution_roll": "",
                  "distribution_dates": "2026-04-10;2026-12-31;2027-01-31"}  # fmt: skip
    assert [due for due, *_ in _flows(_load(tmp_path, row))] == ["2026-04-10", "2026-12-31", "2027-01-31"]


def test_schedule__fees_that_interest_does_not_cover_wait_for_the_next_distribution(tmp_path: Path) -> None:
    """1 % on 1,200 over 90 days is 2.958904, beside no interest; on 600 over 183 days 3.008219, beside 50."""
    plan = tmp_path / "plan.csv"
    plan.write_text("asset_id,due_date,principal,interest\n1,2026-04-10,600,0\n1,2026-10-10,600,50\n", "utf-8")
    row = LOAN | {"amort_type": "plan", "frequency": "", "trust_fee": "1%", "trust_tax": "", "trust_interest": ""}
    pool = _load(tmp_path, row, plan=plan)
    assert _flows(pool) == [
        ("2026-06-22", 700.0, 0.0), ("2026-12-21", 600.0, pytest.approx(50 - 2.958904 - 3.008219, abs=2e-6)),
    ]  # fmt: skip


def test_schedule__tells_the_problems_of_both_tiers_at_once(tmp_path: Path) -> None:
    with pytest.raises(TapeError) as refusal:
        _load(tmp_path, LOAN | {"first_distribution_date": "", "rate": ""})
    assert {problem.code for problem in refusal.value.problems} == {"first-distribution-missing", "rate-missing"}


AMOUNT = st.integers(1, 9).map(lambda number: number * 100)
ROWS = st.fixed_dictionaries({
    "balance": AMOUNT.map(str), "rate": st.sampled_from(["1%", "4%", "9.5%"]),
    "amort_type": st.sampled_from(["even", "level", "bullet"]),
    "frequency": st.sampled_from(["monthly", "quarterly"]),
    "distribution_frequency": st.sampled_from(["monthly", "quarterly", "half_yearly", "yearly"]),
    "first_distribution_date": st.sampled_from(["2025-06-30", "2026-04-01", "2026-08-31"]),
    "distribution_day": st.sampled_from(["", "15", "31"]),
    "distribution_roll": st.sampled_from(["none", "following", "preceding", "modified_following"]),
    "transfer_days": st.sampled_from(["", "2", "40"]), "trust_tax": st.sampled_from(["", "3.26%"]),
    "trust_fee": st.sampled_from(["", "0.3%"]), "trust_principal": st.sampled_from(["", "50"]),
    "trust_interest": st.sampled_from(["200"]),
})  # fmt: skip


def _twin(row: dict[str, str], loan: CashflowTable) -> dict[str, tuple[float, float]]:
    """Distribution by distribution, day after day: wait until a business day the trust pays on, then empty the pot."""
    from absengine.calendars.business_days import calendar

    first = np.datetime64(row["first_distribution_date"])
    day = int(row["distribution_day"] or str(first)[8:])
    months = {"monthly": 1, "quarterly": 3, "half_yearly": 6, "yearly": 12}[row["distribution_frequency"]]
    paydays, month = [first], first.astype("M8[M]")
    while month < np.datetime64("2029-01"):
        month = month + months
        last = (month + 1).astype("M8[D]") - 1
        paydays.append(min(month.astype("M8[D]") + (day - 1), last))
    paydays = [calendar("SSE").roll(date, row["distribution_roll"]).item() for date in paydays]
    pots: dict[str, list[float]] = {}

    def put(ready: np.datetime64, principal: float, interest: float, cost: float) -> None:
        when = min(date for date in paydays if date >= ready.item())
        pot = pots.setdefault(str(when), [0.0, 0.0, 0.0])
        for place, amount in enumerate((principal, interest, cost)):
            pot[place] += amount

    put(CUTOFF, float(row["trust_principal"] or 0), float(row["trust_interest"]), 0.0)
    fee, tax = (float((row[name] or "0%")[:-1]) / 100 for name in ("trust_fee", "trust_tax"))
    before = loan.contracts["previous_due_date"][0]
    for due, opening, principal, interest in zip(
        *(loan.flows[name] for name in ("due_date", "opening_balance", "principal_due", "interest_due")), strict=True
    ):
        cost = opening * fee * (due - before).astype(int) / 365 + interest * tax
        put(due + int(row["transfer_days"] or 0), principal, interest, cost)
        before = due
    paid, owed = {}, 0.0
    for when in sorted(pots):
        principal, interest, cost = pots[when]
        owed += cost
        taken = min(owed, interest)
        owed -= taken
        paid[when] = (principal, interest - taken)
    return paid


@settings(max_examples=30, deadline=None)
@given(row=ROWS)
def test_schedule__meets_its_twin_and_loses_nothing(tmp_path_factory: pytest.TempPathFactory, row) -> None:
    folder = tmp_path_factory.mktemp("t")
    pool = _load(folder, LOAN | row)
    plain = {name: value for name, value in (LOAN | row).items() if name in (
        "asset_id", "obligor", "start_date", "maturity_date", "balance", "rate", "amort_type", "frequency", "day_count",
    )}  # fmt: skip
    loan = _load(folder, plain, kind="pledge_loan")
    wanted = {when: cash for when, cash in _twin(row, loan).items() if sum(cash) > 1e-9}
    got = {due: (paid, earned) for due, paid, earned in _flows(pool) if paid + earned > 1e-6}
    assert list(got) == sorted(wanted)
    for when, cash in wanted.items():
        assert got[when] == pytest.approx(cash, abs=1e-5)
    before = float((loan.flows["principal_due"] + loan.flows["interest_due"]).sum())
    before += float(row["trust_principal"] or 0) + float(row["trust_interest"])
    after = float((pool.flows["principal_due"] + pool.flows["interest_due"]).sum())
    on_the_way = sum(
        float(pool.contracts[name][0]) for name in ("trust_fee_total", "bank_fee_total", "trust_tax_total")
    )
    assert after + on_the_way == pytest.approx(before, abs=1e-6)


@settings(max_examples=12, deadline=None)
@given(row=ROWS, share=st.sampled_from([0.25, 0.5, 0.7]))
def test_schedule__splitting_a_loan_changes_nothing(tmp_path_factory: pytest.TempPathFactory, row, share) -> None:
    folder = tmp_path_factory.mktemp("s")
    parts = []
    for number, part in enumerate((share, 1 - share)):
        amounts = {name: repr(float(row[name]) * part) for name in ("balance", "trust_principal", "trust_interest")
                   if row[name]}  # fmt: skip
        parts.append(LOAN | row | amounts | {"asset_id": str(number)})
    whole, split = _load(folder, LOAN | row), _load(folder, *parts)
    for name in ("principal_due", "interest_due"):
        sums = [
            {str(due): round(float(pool.flows[name][pool.flows["due_date"] == due].sum()), 6)
             for due in np.unique(pool.flows["due_date"])} for pool in (whole, split)
        ]  # fmt: skip
        assert sums[0] == pytest.approx(sums[1], abs=2e-6)


@settings(max_examples=20, deadline=None)
@given(
    rate=st.integers(1, 240).map(lambda tenths: f"{tenths / 10}%"),
    amort=st.sampled_from(["even", "level", "bullet"]),
    frequency=st.sampled_from(["monthly", "quarterly", "half_yearly"]),
)
def test_schedule__value_at_the_contract_rate_is_the_balance(
    tmp_path_factory: pytest.TempPathFactory, rate: str, amort: str, frequency: str
) -> None:
    """Where no bank or trust takes anything and cash comes on the day, the claim is worth its balance at its own rate:
    after each period what is left has grown by rate × days / 365, from the last due date before the cut-off on.
    """
    bare = {name: value for name, value in (ENTRUSTED | {"bank_fee": "0%"}).items() if value}
    terms = {"rate": rate, "amort_type": amort, "frequency": frequency, "balance": "1000000"}
    pool = _load(tmp_path_factory.mktemp("v"), bare | terms)
    due = pool.flows["due_date"]
    days = np.diff(np.concatenate([pool.contracts["previous_due_date"], due])).astype(int)
    growth = np.cumprod(1 + float(rate[:-1]) / 100 * days / 365)
    cash = pool.flows["principal_due"] + pool.flows["interest_due"]
    assert (cash / growth).sum() == pytest.approx(1_000_000, rel=1e-9)
    assert pool.flows["principal_due"].sum() == pytest.approx(1_000_000, rel=1e-12)
