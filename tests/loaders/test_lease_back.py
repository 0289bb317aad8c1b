"""Sale and lease-back, from a row of text to scheduled rents."""

from collections.abc import Mapping
from datetime import date

import naive_lease
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_leases import Row, codes, load, rents

from absengine.errors import TapeError


def test_schedule__level_rents_in_arrears() -> None:
    # interest 204 x 4 % = 8.16, principal 100; then 104 x 4 % = 4.16, principal 104
    pool = load({})
    assert rents(pool) == [("2026-09-30", 100.0, 8.16), ("2027-03-31", 104.0, 4.16)]
    assert pool.contracts["asset_kind"].tolist() == ["lease_back"]
    assert pool.contracts["previous_due_date"].astype(str).tolist() == ["2026-03-31"]


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


def test_schedule__stated_level_rents_give_the_rate() -> None:
    pool = load({"内含利率": "", "每期租金": "108.16"}, {"每期租金": "108.16", "内含利率": "8.1%"})
    assert pool.contracts["rate"].tolist() == pytest.approx([0.08, 0.08], abs=1e-12)
    assert rents(pool) == [("2026-09-30", 100.0, 8.16), ("2027-03-31", 104.0, 4.16)]


def test_schedule__floating_rents_follow_their_index() -> None:
    pool = load({"利率类型": "浮动", "基准利率": "LPR1Y", "利差": "1%", "重定价周期": "每期", "内含利率": ""})
    assert [row[2] for row in rents(pool)] == pytest.approx([204 * 0.02, (rents(pool)[1][1]) * 0.045 / 2], abs=1e-6)


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
