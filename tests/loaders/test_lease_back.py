"""Sale and lease-back, from a row of text to scheduled rents."""

import tempfile
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import naive_lease
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from absengine.calendars.fixings import IndexPath
from absengine.errors import TapeError
from absengine.loaders import PoolSource, load_pool
from absengine.schema import CashflowTable

CUTOFF = np.datetime64("2026-03-31")
RATES = {"LPR1Y": IndexPath("LPR1Y", np.array(["2024-01-01", "2026-09-01"], "M8[D]"), np.array([0.03, 0.035]))}
# Half-yearly rents of 108.16 at 8 %: 108.16 / 1.04 = 104, 104 / 1.04 = 100: the first repays 100, the second 104
ROW = {
    "asset_id": "a1", "承租人": "示例影视公司", "租赁物": "影视著作权", "起租日": "2026-03-31", "到期日": "2027-03-31",
    "未偿本金余额": "204", "内含利率": "8%", "还款方式": "等额租金", "还款频率": "半年", "租金支付时点": "后付",
}  # fmt: skip
Row = Mapping[str, str]


def load(*rows: Row, plan: str = "", cutoff: np.datetime64 = CUTOFF) -> CashflowTable:
    """Rows (each a change of ROW) as a tape, and a plan if given."""
    full = [ROW | {"asset_id": f"a{number}"} | dict(row) for number, row in enumerate(rows, 1)]
    names = list(dict.fromkeys(name for row in full for name in row))
    lines = [",".join(names), *(",".join(row.get(name, "") for name in names) for row in full)]
    with tempfile.TemporaryDirectory() as folder:
        tape, plan_file = Path(folder) / "tape.csv", Path(folder) / "plan.csv" if plan else None
        tape.write_text("\n".join(lines) + "\n", "utf-8")
        if plan_file:
            plan_file.write_text(plan, "utf-8")
        return load_pool([PoolSource(tape, "lease_back", plan=plan_file)], cutoff, RATES)


def rents(pool: CashflowTable, contract: int = 0, *more: str) -> list[tuple[object, ...]]:
    """(due date, principal, interest, then the columns asked for) of one contract."""
    flows = pool.flows.take(pool.flows["contract"] == contract)
    amounts = [flows[name].round(6).tolist() for name in ("principal_due", "interest_due", *more)]
    return list(zip(flows["due_date"].astype(str).tolist(), *amounts, strict=True))


def codes(refusal: pytest.ExceptionInfo[TapeError]) -> list[str]:
    return [problem.code for problem in refusal.value.problems]


def test_schedule__level_rents_in_arrears() -> None:
    # interest 204 x 4 % = 8.16, principal 100; then 104 x 4 % = 4.16, principal 104
    pool = load({})
    assert rents(pool) == [("2026-09-30", 100.0, 8.16), ("2027-03-31", 104.0, 4.16)]
    assert pool.contracts["asset_kind"].tolist() == ["lease_back"]
    assert pool.contracts["previous_due_date"].astype(str).tolist() == ["2026-03-31"]


def test_schedule__level_rents_in_advance() -> None:
    # the first rent on the start date is principal; the second half a year later, the lease ends half a year after it
    pool = load({"租金支付时点": "先付", "未偿本金余额": "212.16"})
    assert rents(pool) == [("2026-03-31", 108.16, 0.0), ("2026-09-30", 104.0, 4.16)]
    assert pool.contracts["maturity_date"].astype(str).tolist() == ["2026-09-30"]


def test_schedule__in_advance_after_the_first_rent() -> None:
    # started half a year before the cut-off: the rent of the start date is gone, interest runs from it
    row = {"租金支付时点": "先付", "起租日": "2025-10-15", "到期日": "2027-04-14", "合同金额": "312.16"}
    assert rents(load(row)) == [("2026-04-15", 100.0, 8.16), ("2026-10-15", 104.0, 4.16)]
    counted = row | {"到期日": "", "剩余期数": "2"}
    assert rents(load(counted)) == rents(load(row))
    from_first = row | {"起租日": "", "首期还款日": "2026-04-15"}
    assert rents(load(from_first)) == rents(load(row))


def test_schedule__even_and_stepped_rents() -> None:
    pool = load({"还款方式": "等额本金"}, {"递增比例": "10%"})
    assert rents(pool) == [("2026-09-30", 102.0, 8.16), ("2027-03-31", 102.0, 4.08)]
    # x / 1.04 + 1.1 x / 1.0816 = 204, so x = 204 x 1.0816 / 2.14
    first = 204 * 1.0816 / 2.14
    assert [p + i for _, p, i in rents(pool, 1)] == pytest.approx([first, 1.1 * first], abs=2e-6)


def test_schedule__monthly_and_quarterly_rents() -> None:
    pool = load({"还款频率": "月"}, {"还款频率": "季"})
    assert [len(rents(pool, number)) for number in (0, 1)] == [12, 4]
    assert rents(pool, 0)[0][2] == pytest.approx(204 * 0.08 / 12, abs=1e-6)


def test_schedule__deposit_held_by_the_plan_goes_back_with_the_last_rent() -> None:
    pool = load({"保证金": "60", "保证金用途": "专项计划持有"})
    assert rents(pool, 0, "deposit_due") == [("2026-09-30", 100.0, 8.16, 0.0), ("2027-03-31", 104.0, 4.16, 60.0)]
    assert pool.contracts["deposit"].tolist() == [60.0]


def test_schedule__deposit_set_off_takes_the_last_rents_out() -> None:
    # 60 of the last 108.16: its interest 4.16 first, then 55.84 of its principal; 48.16 is left to come
    pool = load({"保证金": "60", "保证金用途": "抵扣租金"}, {"保证金": "120", "保证金用途": "抵扣租金"})
    assert rents(pool, 0, "opening_balance") == [("2026-09-30", 100.0, 8.16, 148.16), ("2027-03-31", 48.16, 0.0, 48.16)]
    # 120: all of the last rent, and of the first one its interest and 3.68 of its principal
    assert rents(pool, 1, "closing_balance") == [("2026-09-30", 96.32, 0.0, 0.0)]
    assert pool.contracts["cutoff_balance"].tolist() == pytest.approx([148.16, 96.32])
    assert pool.contracts["deposit"].tolist() == [0.0, 0.0]
    assert np.all(pool.flows["deposit_due"] == 0)


def test_schedule__deposit_of_the_lessor_changes_no_cash() -> None:
    pool = load({"保证金": "60", "保证金用途": "出租人退还"}, {})
    assert rents(pool, 0, "deposit_due") == rents(pool, 1, "deposit_due")
    assert pool.contracts["deposit"].tolist()[0] == 60.0


def test_schedule__service_fees_and_the_buy_out_price_are_fees() -> None:
    each = {"手续费": "2", "手续费支付方式": "逐期", "留购价款": "1"}
    once = {"手续费": "5", "手续费支付方式": "一次性", "手续费支付日": "2026-05-01"}
    before = {"手续费": "5", "手续费支付方式": "一次性", "手续费支付日": "2026-01-01"}
    late = {"手续费": "5", "手续费支付方式": "一次性", "手续费支付日": "2027-05-01"}
    pool = load(each, once, before, late)
    assert [[row[3] for row in rents(pool, number, "fee_due")] for number in range(4)] == [
        [2.0, 3.0], [5.0, 0.0], [0.0, 0.0], [0.0, 5.0]
    ]  # fmt: skip
    assert rents(pool, 0) == rents(pool, 1)


def test_schedule__a_buy_out_price_comes_when_the_last_rent_is_set_off() -> None:
    pool = load({"保证金": "108.16", "保证金用途": "抵扣租金", "留购价款": "1"})
    assert rents(pool, 0, "fee_due") == [("2026-09-30", 100.0, 8.16, 0.0), ("2027-03-31", 0.0, 0.0, 1.0)]


def test_schedule__stated_level_rents_give_the_rate() -> None:
    pool = load({"内含利率": "", "每期租金": "108.16"}, {"每期租金": "108.16", "内含利率": "8.1%"})
    assert pool.contracts["rate"].tolist() == pytest.approx([0.08, 0.08], abs=1e-12)
    assert rents(pool) == [("2026-09-30", 100.0, 8.16), ("2027-03-31", 104.0, 4.16)]


def test_schedule__floating_rents_follow_their_index() -> None:
    pool = load({"利率类型": "浮动", "基准利率": "LPR1Y", "利差": "1%", "重定价周期": "每期", "内含利率": ""})
    assert [row[2] for row in rents(pool)] == pytest.approx([204 * 0.02, (rents(pool)[1][1]) * 0.045 / 2], abs=1e-6)


def test_schedule__a_plan_of_rents_alone_beside_one_that_is_split() -> None:
    plan = [
        "资产编号,应还日,租金,本金,利息", "a1,2026-01-01,50,,", "a1,2026-09-30,108.16,,", "a1,2027-03-30,108.16,,",
        "a2,2026-09-30,108.16,100,8.16", "a2,2027-03-30,108.16,104,", "a3,2026-09-30,,100,", "a3,2027-03-30,,104,",
    ]  # fmt: skip
    by_plan = {"还款方式": "按计划", "还款频率": "", "租金支付时点": "", "内含利率": "", "起租日": "2026-03-30"}
    pool = load(by_plan, by_plan, by_plan | {"内含利率": "8%"}, plan="\n".join(plan) + "\n")
    wanted = [("2026-09-30", 100.0, 8.16), ("2027-03-30", 104.0, 4.16)]
    assert rents(pool, 0) == rents(pool, 1) == rents(pool, 2) == wanted
    assert pool.contracts["rate"].tolist() == pytest.approx([0.08] * 3, abs=1e-12)


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ({"内含利率": ""}, "rate-missing"), ({"尾款": "300"}, "balloon-above-balance"),
        ({"还款方式": "付息到期还本", "每期租金": "9"}, "payment-without-use"),
        ({"每期租金": "112"}, "rate-contradicts-rents"), ({"每期租金": "90"}, "rents-below-balance"),
        ({"递增比例": "2000%", "内含利率": "20%"}, "rent-below-interest"),
        ({"还款方式": "按计划", "还款频率": ""}, "plan-missing"),
        ({"剩余期数": "3"}, "remaining-terms-contradiction"),
    ],
)  # fmt: skip
def test_schedule__refuses_terms_that_do_not_fit(row: Row, code: str) -> None:
    with pytest.raises(TapeError) as refusal:
        load(row)
    assert code in codes(refusal)


leases = st.fixed_dictionaries({
    "balance": st.floats(1e3, 1e9), "rate": st.floats(0.0, 0.2), "months": st.sampled_from([1, 3, 6]),
    "rents": st.integers(1, 14), "age": st.integers(0, 3), "advance": st.booleans(), "level": st.booleans(),
    "step": st.sampled_from([0.0, 0.02, -0.05]), "share": st.floats(0.01, 0.9),
    "use": st.sampled_from(["held", "offset", "returned"]), "fee": st.floats(0.0, 50.0), "day": st.integers(1, 28),
})  # fmt: skip


def twin(lease: Mapping[str, object]) -> tuple[Row, list[naive_lease.Rent]]:
    """The row of a random lease, and its rents by the slow twin."""
    get = dict(lease)
    start = naive_lease.later(date(2026, 3, get["day"]), -get["months"] * get["age"])
    total = get["rents"] + get["age"] + 1
    cutoff = date(2026, 3, 31)
    days = naive_lease.rent_days(start, get["months"], total, get["advance"], cutoff)
    found = naive_lease.lease(get["balance"], get["rate"], days, level=get["level"], step=get["step"])
    deposit = get["share"] * sum(rent.principal + rent.interest for rent in found)
    for rent in found:
        rent.fee = get["fee"]
    if get["use"] == "held":
        found[-1].deposit = deposit
    if get["use"] == "offset":
        found = naive_lease.set_off(found, deposit)
    row = {
        "起租日": start.isoformat(), "到期日": naive_lease.later(start, get["months"] * total).isoformat(),
        "未偿本金余额": repr(get["balance"]), "内含利率": f"{100 * get['rate']!r}%",
        "还款方式": "level" if get["level"] else "even", "还款频率": {1: "月", 3: "季", 6: "半年"}[get["months"]],
        "租金支付时点": "先付" if get["advance"] else "后付", "递增比例": repr(get["step"]), "保证金": repr(deposit),
        "保证金用途": get["use"], "手续费": repr(get["fee"]), "手续费支付方式": "逐期",
    }  # fmt: skip
    return row, found


@settings(max_examples=60, deadline=None)
@given(st.lists(leases, min_size=1, max_size=4))
def test_schedule__meets_the_slow_twin(drawn: list[dict[str, object]]) -> None:
    twins = [twin(lease) for lease in drawn]
    pool = load(*(row for row, _ in twins))
    for number, (_, slow) in enumerate(twins):
        flows = pool.flows.take(pool.flows["contract"] == number)
        kept = [rent for rent in slow if rent.opening > 1e-9 * slow[0].opening or rent.fee > 0]
        near = 1e-8 * max(slow[0].opening, 1.0)
        due = dict(zip(flows["due_date"].astype(str), range(len(flows)), strict=True))
        for rent in kept:
            cell = due[rent.day.isoformat()]
            for column, wanted in (
                ("opening_balance", rent.opening), ("principal_due", rent.principal), ("interest_due", rent.interest),
                ("fee_due", rent.fee), ("deposit_due", rent.deposit),
            ):  # fmt: skip
                assert flows[column][cell] == pytest.approx(wanted, abs=near, rel=1e-9), column
        assert flows["principal_due"].sum() == pytest.approx(pool.contracts["cutoff_balance"][number], rel=1e-12)
        assert np.all(flows["opening_balance"][1:] == flows["closing_balance"][:-1])


@settings(max_examples=40, deadline=None)
@given(leases, st.floats(0.05, 0.95))
def test_schedule__value_sum_and_parts(lease: dict[str, object], share: float) -> None:
    """Value at the rate is the balance, rents sum to the claim, and a lease cut in two pays what it paid."""
    row, slow = twin(lease | {"use": "held"})
    parts = [dict(row), dict(row)]
    for name in ("未偿本金余额", "保证金", "手续费"):
        amounts = float(row[name]) * share, float(row[name]) * (1 - share)
        for part, amount in zip(parts, amounts, strict=True):
            part[name] = repr(amount)
    pool = load(row, *parts)
    whole, first, second = (pool.flows.take(pool.flows["contract"] == number) for number in range(3))
    for column in ("principal_due", "interest_due", "fee_due", "deposit_due", "opening_balance"):
        np.testing.assert_allclose(first[column] + second[column], whole[column], rtol=1e-9, atol=1e-6)
    paid = whole["principal_due"] + whole["interest_due"]
    assert paid.sum() == pytest.approx(sum(rent.principal + rent.interest for rent in slow), rel=1e-9)
    value, factor = 0.0, 1.0
    for amount, grown in zip(paid, whole["interest_due"] / whole["opening_balance"], strict=True):
        factor /= 1.0 + grown
        value += amount * factor
    assert value == pytest.approx(pool.contracts["cutoff_balance"][0], rel=1e-9)


@settings(max_examples=40, deadline=None)
@given(st.floats(100.0, 1e8), st.lists(st.floats(0.0, 1.0), min_size=1, max_size=12), st.floats(0.0, 0.3))
def test_schedule__rents_alone_are_split_at_a_rate_that_values_them_at_the_balance(
    balance: float, shares: list[float], charge: float
) -> None:
    total = sum(shares) + 1.0
    amounts = [balance * (1 + charge) * share / total for share in [*shares, 1.0]]
    lines = [f"a1,{2026 + (3 + number) // 12}-{(3 + number) % 12 + 1:02d}-30,{rent!r}" for number, rent in
             enumerate(amounts) if (3 + number) % 12 != 1]  # fmt: skip
    amounts = [rent for number, rent in enumerate(amounts) if (3 + number) % 12 != 1]
    row = {"还款方式": "按计划", "还款频率": "", "内含利率": "", "未偿本金余额": repr(balance), "起租日": "2026-03-30"}
    try:
        pool = load(row, plan="\n".join(["资产编号,应还日,租金", *lines]) + "\n")
    except TapeError as refusal:
        assert {problem.code for problem in refusal.problems} <= {
            "rents-below-balance", "implicit-rate-unsolved", "rent-below-interest"
        }  # fmt: skip
        return
    flows = pool.flows
    rent = flows["principal_due"] + flows["interest_due"]
    assert rent.sum() == pytest.approx(sum(amounts), rel=1e-9)
    assert np.all(flows["principal_due"] >= -1e-9 * balance)
    assert flows["principal_due"].sum() == pytest.approx(balance, rel=1e-12)
