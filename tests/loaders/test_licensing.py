"""Licence tapes, from a row of text to scheduled cash net of VAT."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from naive_licence import Fee, Right, kept, own_rate, settled, value, walk, years

from absengine.errors import TapeError
from absengine.loaders import PoolSource, load_pool
from absengine.schema import CashflowTable

CUTOFF = np.datetime64("2019-07-31")
BEGIN = date(2019, 7, 31)
ROW = {
    "被许可人": "debtor", "许可人": "lessor", "fee_basis": "net", "start_date": "2019-07-31",
    "maturity_date": "2020-07-31", "balance": "1000", "rate": "6%", "amort_type": "level", "frequency": "quarterly",
}  # fmt: skip
PLAN = {"amort_type": "plan", "frequency": "", "maturity_date": "", "rate": ""}
RIGHTS = "ip_no,ip_type,asset_id,appraisal_value,expiry_date\n"
Load = Callable[..., CashflowTable]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Writes rows (each a change of ROW) as a tape, a plan and rights if given; loads them."""
    return loading(tmp_path)


def loading(folder: Path) -> Load:
    def build(*rows: dict[str, str], plan: str = "", rights: str = "") -> CashflowTable:
        full = [{"asset_id": f"a{number}"} | ROW | row for number, row in enumerate(rows, 1)]
        names = list(dict.fromkeys(name for row in full for name in row))
        texts = {
            "tape": "\n".join([",".join(names), *(",".join(row.get(name, "") for name in names) for row in full)]),
            "plan": f"asset_id,due_date,licence_fee\n{plan}" if plan else "",
            "rights": RIGHTS + rights if rights else "",
        }
        files = {name: folder / f"{name}.csv" for name, text in texts.items() if text}
        for name, path in files.items():
            path.write_text(texts[name] + "\n", "utf-8")
        source = PoolSource(files["tape"], "licensing", plan=files.get("plan"), rights=files.get("rights"))
        return load_pool([source], CUTOFF, {})

    return build


def _flows(pool: CashflowTable, contract: int = 0) -> list[tuple[str, float, float]]:
    flows = pool.flows.take(pool.flows["contract"] == contract)
    amounts = (flows["due_date"].astype(str), flows["principal_due"], flows["interest_due"])
    return [(due, round(principal, 4), round(interest, 4)) for due, principal, interest in zip(*amounts, strict=True)]


def _cash(pool: CashflowTable, contract: int = 0) -> list[float]:
    flows = pool.flows.take(pool.flows["contract"] == contract)
    return [round(float(fee), 4) for fee in flows["principal_due"] + flows["interest_due"]]


# ---- worked by hand -------------------------------------------------------------------------------------------------
def test_schedule__level_fees_of_a_second_licence(load: Load) -> None:
    # 1,000 at 6 % in four quarters of 1.5 %: fee = 1,000 × 0.015 / (1 − 1.015^−4) = 259.4448
    # balances 1,000 → 755.5552 → 507.4438 → 255.6106 → 0; interest 15, 11.3333, 7.6117, 3.8342
    pool = load({})
    assert _flows(pool) == [
        ("2019-10-31", 244.4448, 15.0), ("2020-01-31", 248.1115, 11.3333), ("2020-04-30", 251.8331, 7.6117),
        ("2020-07-31", 255.6106, 3.8342),
    ]  # fmt: skip
    assert pool.contracts["asset_kind"].tolist() == ["licensing"]
    assert pool.contracts["obligor"].tolist() == ["debtor"]
    assert pool.contracts["licensor"].tolist() == ["lessor"]
    assert pool.contracts["cutoff_balance"].tolist() == [1000.0]


def test_schedule__gross_amounts_lose_six_parts_in_a_hundred_and_six(load: Load) -> None:
    pool = load({}, {"fee_basis": "含税", "balance": "1060", "original_balance": "2120"}, {"fee_basis": "价税合计"})
    assert _flows(pool, 1) == _flows(pool, 0)
    assert pool.contracts["cutoff_balance"].tolist() == [1000.0, 1000.0, 1000 / 1.06]
    assert pool.contracts["original_balance"][1] == 2000.0
    assert sum(_cash(pool, 2)) == pytest.approx(sum(_cash(pool, 0)) * (1 - 0.0566), rel=1e-5)


def test_schedule__a_first_fee_still_due_is_part_of_the_balance(load: Load) -> None:
    # due on the cut-off day: 200 of the 1,000 at once, 800 by four fees of 207.5558
    # due after a month: worth 200 / 1.005 = 199.0050, earning 0.9950; the other 800.9950 by fees of 207.8140
    # due a month before the cut-off: paid, and no longer anybody's claim
    pool = load(
        {"first_fee": "200"}, {"first_fee": "200", "first_fee_date": "2019-08-31"},
        {"first_fee": "200", "first_fee_date": "2019-06-30"},
    )  # fmt: skip
    assert _flows(pool, 0)[:2] == [("2019-07-31", 200.0, 0.0), ("2019-10-31", 195.5558, 12.0)]
    assert _flows(pool, 1)[:2] == [("2019-08-31", 199.005, 0.995), ("2019-10-31", 195.7991, 12.0149)]
    assert _flows(pool, 2) == _flows(load({}))
    assert pool.contracts["cutoff_balance"].tolist() == [1000.0] * 3


def test_schedule__fees_by_plan_are_worth_the_balance_at_their_own_rate(load: Load) -> None:
    # 515 after a half-year, 530.45 after a year: 515 / 1.03 + 530.45 / 1.03² = 500 + 500, so 6 %
    plan = "a1,2020-01-31,515\na1,2020-07-31,530.45\na2,2020-01-31,515\na2,2020-07-31,530.45\n"
    pool = load(PLAN, PLAN | {"rate": "6%", "balance": ""}, plan=plan)
    for contract in (0, 1):
        assert _flows(pool, contract) == [("2020-01-31", 485.0, 30.0), ("2020-07-31", 515.0, 15.45)]
    assert pool.contracts["rate"].tolist() == pytest.approx([0.06, 0.06], abs=1e-12)
    assert pool.contracts["cutoff_balance"].tolist() == pytest.approx([1000.0, 1000.0], rel=1e-12)
    assert pool.contracts["maturity_date"].astype(str).tolist() == ["2020-07-31"] * 2


def test_schedule__gross_fees_of_a_plan(load: Load) -> None:
    plan = "a1,2020-01-31,545.90\na1,2020-07-31,562.277\n"
    pool = load(PLAN | {"fee_basis": "gross", "balance": "1060"}, plan=plan)
    assert _flows(pool) == [("2020-01-31", 485.0, 30.0), ("2020-07-31", 515.0, 15.45)]


def test_schedule__lines_before_the_cutoff_are_paid_and_start_the_first_period(load: Load) -> None:
    # the quarter began with the fee of 30 April: 1,030 a half-year later is worth 1,000 on that day
    pool = load(
        PLAN | {"rate": "6%", "balance": "", "start_date": "2019-01-30"}, plan="a1,2019-04-30,77\na1,2019-10-30,1030"
    )
    assert _flows(pool) == [("2019-10-30", 1000.0, 30.0)]
    own = PLAN | {"rate": "6%", "balance": "", "start_date": "2019-01-30", "interest_from": "cutoff"}
    assert _flows(load(own, plan="a1,2019-04-30,77\na1,2019-10-30,1015")) == [("2019-10-30", 1000.0, 15.0)]


def test_schedule__first_fee_beside_a_plan(load: Load) -> None:
    plan = "a1,2020-01-31,515\na1,2020-07-31,530.45\n"
    pool = load(PLAN | {"first_fee": "100", "balance": "1100"}, plan=plan)
    assert _flows(pool) == [("2019-07-31", 100.0, 0.0), ("2020-01-31", 485.0, 30.0), ("2020-07-31", 515.0, 15.45)]


def test_schedule__a_plan_that_splits_its_fees_is_taken_at_its_word(tmp_path: Path) -> None:
    rows = "asset_id,fee_basis,balance,rate,amort_type,start_date\n"
    rows += "a1,net,1000,6%,plan,2019-07-31\na2,net,,6%,plan,2019-07-31\n"
    plan = "asset_id,due_date,licence_fee,principal,interest\n"
    plan += "a1,2019-10-31,515,500,15\na1,2020-01-31,,500,20\na2,2019-10-31,515,500,\na2,2020-01-31,,500,20\n"
    (tmp_path / "t.csv").write_text(rows, "utf-8")
    (tmp_path / "p.csv").write_text(plan, "utf-8")
    pool = load_pool([PoolSource(tmp_path / "t.csv", "licensing", plan=tmp_path / "p.csv")], CUTOFF, {})
    for contract in (0, 1):
        assert _flows(pool, contract) == [("2019-10-31", 500.0, 15.0), ("2020-01-31", 500.0, 20.0)]
    assert pool.contracts["cutoff_balance"].tolist() == [1000.0, 1000.0]


def test_schedule__the_amount_of_each_fee_gives_rate_or_balance(load: Load) -> None:
    fee = 1000 * 0.015 / (1 - 1.015**-4)
    pool = load({"rate": "", "payment": f"{fee:.12f}"}, {"balance": "", "payment": f"{fee:.12f}"})
    assert pool.contracts["rate"].tolist() == pytest.approx([0.06, 0.06], abs=1e-9)
    assert pool.contracts["cutoff_balance"].tolist() == pytest.approx([1000.0, 1000.0], rel=1e-9)
    assert _flows(pool, 1) == _flows(pool, 0) == _flows(load({}))


def test_schedule__put_after_three_of_five_years_leaves_44_per_cent(load: Load) -> None:
    # level at 6 %, quarterly: (1 − 1.015^−8) / (1 − 1.015^−20) = 43.6 % of the balance is open at month 36
    long = {"maturity_date": "2024-07-31"}
    pool = load(long, long | {"early_end_date": "2022-07-31", "on_early_end": "回售"})
    left = (1 - 1.015**-8) / (1 - 1.015**-20)
    assert left == pytest.approx(0.436, abs=5e-4)
    assert _flows(pool, 1)[:-1] == _flows(pool, 0)[:11]
    assert _flows(pool, 1)[-1][0] == "2022-07-31"
    assert _cash(pool, 1)[-1] == pytest.approx(1000 * left + _cash(pool, 0)[0], abs=2e-4)
    assert pool.contracts["cutoff_balance"].tolist() == [1000.0, 1000.0]
    assert pool.contracts["maturity_date"].astype(str).tolist() == ["2024-07-31", "2022-07-31"]


def test_schedule__an_early_end_inside_a_period_pays_its_interest_by_days(load: Load) -> None:
    # 44 of the 90 days from 31 January to 30 April 2020 (a leap year): 7.6117 × 44 / 90 = 3.7213
    pool = load({"early_end_date": "2020-03-15", "on_early_end": "settles"})
    assert _flows(pool)[2:] == [("2020-03-15", 507.4438, 3.7213)]
    before_any = load({"early_end_date": "2019-09-30", "on_early_end": "settles"})
    assert _flows(before_any) == [("2019-09-30", 1000.0, round(15 * 61 / 92, 4))]


def test_schedule__an_early_end_may_stop_the_fees(load: Load) -> None:
    # two fees of 259.4448 are left: worth 259.4448 × (1/1.015 + 1/1.015²) = 507.4438, no more
    pool = load({"early_end_date": "2020-01-31", "on_early_end": "停付"})
    assert _flows(pool) == [("2019-10-31", 251.8331, 7.6117), ("2020-01-31", 255.6106, 3.8342)]
    assert pool.contracts["cutoff_balance"].tolist() == pytest.approx([507.4438], abs=1e-4)


def test_schedule__fees_fall_by_the_share_of_the_right_that_ended(load: Load) -> None:
    # P1 is 100 of 150 of the appraisal and ends on 1 February: fees of 259.4448, 259.4448, then a third: 86.4816
    rights = "".join(f"P{n}{a},发明,{a},{v},{e}\n" for a in ("a1", "a2", "a3") for n, v, e in
                     [(1, 100, "2020-02-01"), (2, 50, "")])  # fmt: skip
    pool = load({"on_right_loss": "按比例减少"}, {"on_right_loss": "照付"}, {}, rights=rights)
    assert _cash(pool, 0) == [259.4448, 259.4448, 86.4816, 86.4816]
    assert _cash(pool, 1) == _cash(pool, 2) == [259.4448] * 4
    worth = sum(fee / 1.015**n for n, fee in enumerate(_cash(pool, 0), 1))
    assert pool.contracts["cutoff_balance"].tolist() == pytest.approx([worth, 1000.0, 1000.0], abs=1e-3)


def test_schedule__rights_never_appraised_count_alike_and_all_lost_is_nothing(load: Load) -> None:
    stops = {"on_right_loss": "stops"}
    half = load(stops, rights="P1,发明,a1,,2020-01-31\nP2,发明,a1,,\n")
    assert _cash(half) == [259.4448, 129.7224, 129.7224, 129.7224]
    all_lost = load(stops, {}, rights="P1,发明,a1,5,2019-07-01\nP2,发明,a1,,2030-01-01\n")
    assert _cash(all_lost) == []
    assert all_lost.contracts["cutoff_balance"].tolist() == [0.0, 1000.0]
    package = load(stops, rights="P1、P2,发明,a1,90,2030-01-01\nP3,发明,a1,,2019-07-01\n")
    assert _cash(package) == [259.4448] * 4


def test_schedule__the_last_fee_may_fall_due_after_the_licence_it_is_for(load: Load) -> None:
    pool = load(
        {"licence_end": "2020-07-15"}, {"licence_term": "12"}, {"licence_term": "12", "licence_end": "2020-07-30"}
    )
    assert len(_flows(pool)) == 4


def test_schedule__mixed_sorts_keep_the_order_of_the_tape(load: Load) -> None:
    plan = "a2,2020-01-31,515\na2,2020-07-31,530.45\n"
    pool = load({}, PLAN, {"rate": "", "payment": "259.4448"}, plan=plan)
    assert pool.contracts["contract_id"].tolist() == ["a1", "a2", "a3"]
    assert [len(_flows(pool, row)) for row in range(3)] == [4, 2, 4]
    assert pool.contracts["previous_due_date"].astype(str).tolist() == ["2019-07-31"] * 3


# ---- what contradicts itself ----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("row", "code"),
    [
        ({"fee_basis": ""}, "fee-basis-missing"),
        ({"许可人": "debtor"}, "licensor-is-licensee"),
        ({"early_end_date": "2020-01-31"}, "early-end-unsettled"),
        ({"on_early_end": "settles"}, "early-end-date-missing"),
        ({"early_end_date": "2019-07-30", "on_early_end": "settles"}, "early-end-before-cutoff"),
        ({"early_end_date": "2020-08-01", "on_early_end": "settles"}, "early-end-after-last-fee"),
        ({"licence_end": "2020-04-15"}, "fee-after-licence-end"),
        ({"licence_term": "12", "licence_end": "2020-12-31"}, "licence-term-contradiction"),
        ({"licence_term": "12", "start_date": ""}, "licence-start-missing"),
        ({"first_fee": "10", "start_date": ""}, "first-fee-date-missing"),
        ({"first_fee": "1001"}, "first-fee-above-balance"),
        ({"on_right_loss": "stops"}, "right-loss-without-right"),
        ({"balance": ""}, "claim-without-value"),
        ({"balance": "", "rate": "", "payment": "10"}, "claim-without-value"),
        ({"rate": ""}, "rate-missing"),
        ({"rate": "", "payment": "249"}, "fees-without-yield"),
        ({"rate": "", "payment": "25900"}, "fees-without-yield"),
        ({"rate": "", "payment": "260", "rate_type": "floating"}, "given-fees-floating"),
        ({"amort_type": "plan"}, "plan-missing"),
        ({"day_count": "ACT/361"}, "day-count-unknown"),
    ],
)  # fmt: skip
def test_schedule__refuses(load: Load, row: dict[str, str], code: str) -> None:
    with pytest.raises(TapeError) as refusal:
        load({}, row)
    assert [problem.code for problem in refusal.value.problems] == [code]
    problem = refusal.value.problems[0]
    assert problem.allowed and problem.found
    assert problem.where.line == 3


@pytest.mark.parametrize(
    ("lines", "row", "code"),
    [
        ("a1,2020-01-31,\na1,2020-07-31,1030", {}, "licence-fee-missing"),
        ("a1,2020-01-31,515\na1,2020-07-31,530\na9,2020-07-31,1", {}, "plan-unknown-asset"),
        ("a1,2020-01-31,515\na1,2020-07-31,530\na2,2020-07-31,1", {}, "plan-not-asked-for"),
        ("a1,2020-01-31,515\na1,2020-01-31,530", {}, "fee-date-twice"),
        ("a1,2020-01-31,515\na1,2020-07-31,530", {"first_fee": "10", "first_fee_date": "2020-01-31"}, "fee-date-twice"),
        ("a1,2019-01-31,515", {}, "plan-missing"),
        ("a1,2020-01-31,515\na1,2020-07-31,484", {}, "fees-without-yield"),
        ("a1,2020-01-31,515\na1,2020-07-31,530", {"rate": "5.8%"}, "fee-rate-contradiction"),
    ],
)
def test_schedule__refuses_plans(load: Load, lines: str, row: dict[str, str], code: str) -> None:
    with pytest.raises(TapeError) as refusal:
        load(PLAN | row, {}, plan=lines)
    assert [problem.code for problem in refusal.value.problems] == [code]


def test_schedule__collects_every_kind_of_problem(load: Load) -> None:
    with pytest.raises(TapeError) as refusal:
        load({"fee_basis": ""}, {"rate": ""}, {"balance": "", "rate": "", "payment": "1"}, {"day_count": "X"})
    codes = sorted(problem.code for problem in refusal.value.problems)
    assert codes == ["claim-without-value", "day-count-unknown", "fee-basis-missing", "rate-missing"]


# ---- properties -----------------------------------------------------------------------------------------------------
QUIET = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@st.composite
def contracts(draw: st.DrawFn) -> tuple[list[Fee], float]:
    """Fees of a contract, some perhaps below the interest of their period, and the rate of the claim."""
    day, fees = BEGIN, []
    for _ in range(draw(st.integers(1, 12))):
        day += timedelta(days=draw(st.integers(1, 200)))
        fees.append((day, draw(st.integers(1, 4_000_000)) / 100))
    return fees, draw(st.integers(0, 2500)) / 10_000


def _plan(fees: list[Fee], name: str = "a1", times: float = 1.0) -> str:
    return "".join(f"{name},{due},{times * fee!r}\n" for due, fee in fees)


@QUIET
@given(contracts())
def test_schedule__value_at_the_contract_rate_is_the_balance_and_flows_sum_to_the_claim(load: Load, case) -> None:
    fees, rate = case
    balance = value(fees, BEGIN, rate)
    by_rate = load(PLAN | {"rate": repr(rate), "balance": ""}, plan=_plan(fees))
    solved = load(PLAN | {"balance": repr(balance)}, plan=_plan(fees))
    assert by_rate.contracts["cutoff_balance"][0] == pytest.approx(balance, rel=1e-12)
    assert solved.contracts["rate"][0] == pytest.approx(rate, abs=1e-8)
    for pool in (by_rate, solved):
        cash = pool.flows["principal_due"] + pool.flows["interest_due"]
        assert cash.tolist() == pytest.approx([fee for _, fee in fees], rel=1e-9)
        worth = value(list(zip([due for due, _ in fees], cash, strict=True)), BEGIN, float(pool.contracts["rate"][0]))
        assert pool.contracts["cutoff_balance"][0] == pytest.approx(worth, rel=1e-9)
        assert pool.flows["principal_due"].sum() == pytest.approx(worth, rel=1e-9)
        assert pool.flows["closing_balance"][-1] == pytest.approx(0, abs=1e-9 * worth)


@QUIET
@given(contracts(), st.floats(0.05, 0.95))
def test_schedule__splitting_a_contract_changes_nothing(load: Load, case, share: float) -> None:
    fees, rate = case
    rest = [(due, fee - share * fee) for due, fee in fees]
    row = PLAN | {"rate": repr(rate), "balance": ""}
    whole = load(row, plan=_plan(fees)).flows
    parts = load(row, row, plan=_plan(fees, times=share) + _plan(rest, "a2")).flows
    for column in ("principal_due", "interest_due", "opening_balance"):
        added = parts[column].reshape(2, -1).sum(axis=0)
        assert added.tolist() == pytest.approx(whole[column].tolist(), rel=1e-9, abs=1e-6)


@QUIET
@given(contracts(), st.sampled_from(["plan", "level", "even"]))
def test_schedule__gross_is_net_and_six_per_cent(load: Load, case, way: str) -> None:
    fees, rate = case
    row = PLAN | {"rate": repr(rate)} if way == "plan" else {"amort_type": way, "rate": repr(rate)}
    plan = {"net": _plan(fees), "gross": _plan(fees, times=1.06)} if way == "plan" else {"net": "", "gross": ""}
    balance = value(fees, BEGIN, rate)
    net = load(row | {"balance": repr(balance)}, plan=plan["net"])
    gross = load(row | {"balance": repr(1.06 * balance), "fee_basis": "gross"}, plan=plan["gross"])
    for column in ("principal_due", "interest_due", "opening_balance"):
        assert gross.flows[column].tolist() == pytest.approx(net.flows[column].tolist(), rel=1e-9, abs=1e-6)


@QUIET
@given(
    contracts(), st.sampled_from(["", "settles", "stops"]), st.integers(0, 1000),
    st.lists(st.tuples(st.none() | st.integers(1, 900), st.none() | st.integers(-30, 900)), max_size=4),
)  # fmt: skip
def test_schedule__agrees_with_the_slow_twin(load: Load, case, early: str, after: int, drawn) -> None:
    fees, rate = case
    end = BEGIN + timedelta(days=after % max((fees[-1][0] - BEGIN).days, 1))
    rights = [Right(v, None if d is None else BEGIN + timedelta(days=d)) for v, d in drawn]
    row = PLAN | {"rate": repr(rate), "balance": ""}
    row |= {"early_end_date": str(end), "on_early_end": early} if early else {}
    row |= {"on_right_loss": "stops"} if rights else {}
    lines = "".join(f"P{n},发明,a1,{r.value or ''},{r.lost or ''}\n" for n, r in enumerate(rights))
    want = walk(fees, BEGIN, rate)
    if early == "settles":
        want = _resplit(want, settled(fees, BEGIN, rate, end))
    if early == "stops":
        want = _cut(want, [1.0 if due <= end else 0.0 for due, *_ in want])
    if rights:
        want = _cut(want, [kept(rights, due) for due, *_ in want])
    flows = load(row, plan=_plan(fees), rights=lines).flows
    assert flows["due_date"].astype(str).tolist() == [str(due) for due, *_ in want]
    scale = sum(fee for _, fee in fees)
    assert flows["principal_due"].tolist() == pytest.approx([p for _, p, _ in want], rel=1e-9, abs=1e-9 * scale)
    assert flows["interest_due"].tolist() == pytest.approx([i for *_, i in want], rel=1e-9, abs=1e-9 * scale)


def _resplit(flows: list, fees: list[Fee]) -> list:
    """The same principal and interest up to the last fee, which is the settlement."""
    early = [flow for flow in flows if flow[0] < fees[-1][0]]
    on_day = [flow for flow in flows if flow[0] == fees[-1][0]]
    principal = sum(flow[1] for flow in flows) - sum(flow[1] for flow in early)
    interest = fees[-1][1] - principal
    assert not on_day or interest == pytest.approx(on_day[0][2], abs=1e-6)
    return [*early, (fees[-1][0], principal, interest)]


def _cut(flows: list, shares: list[float]) -> list:
    """Shares of the same payments, earning in each period what they earned before."""
    openings = [sum(flow[1] for flow in flows[place:]) for place in range(len(flows))]
    grows = [flow[2] / opening if opening > 1e-9 else 0.0 for flow, opening in zip(flows, openings, strict=True)]
    cash = [share * (flow[1] + flow[2]) for flow, share in zip(flows, shares, strict=True)]
    worth, out = 0.0, []
    for flow, paid, grow in reversed(list(zip(flows, cash, grows, strict=True))):
        after = worth
        worth = (after + paid) / (1 + grow)
        out.append((flow[0], worth - after, paid - worth + after))
    return [flow for flow, share in zip(reversed(out), shares, strict=True) if share > 0]


def test_growth__the_twin_counts_days_as_the_loader_does() -> None:
    assert years(date(2019, 7, 31), date(2019, 10, 31)) == 0.25
    assert own_rate([(date(2020, 7, 31), 1060.0)], BEGIN, 1000.0) == pytest.approx(0.06, abs=1e-12)
