"""Rent plans: what a line leaves out, and rates solved from rents alone."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_leases import load, rents

from absengine.errors import TapeError


def test_rent_plan__a_plan_of_rents_alone_beside_one_that_is_split() -> None:
    plan = [
        "资产编号,应还日,租金,本金,利息", "a1,2026-01-01,50,,", "a1,2026-09-30,108.16,,", "a1,2027-03-30,108.16,,",
        "a2,2026-09-30,108.16,100,8.16", "a2,2027-03-30,108.16,104,", "a3,2026-09-30,,100,", "a3,2027-03-30,,104,",
    ]  # fmt: skip
    by_plan = {"还款方式": "按计划", "还款频率": "", "租金支付时点": "", "内含利率": "", "起租日": "2026-03-30"}
    pool = load(by_plan, by_plan, by_plan | {"内含利率": "8%"}, plan="\n".join(plan) + "\n")
    wanted = [("2026-09-30", 100.0, 8.16), ("2027-03-30", 104.0, 4.16)]
    assert rents(pool, 0) == rents(pool, 1) == rents(pool, 2) == wanted
    assert pool.contracts["rate"].tolist() == pytest.approx([0.08] * 3, abs=1e-12)


@settings(max_examples=40, deadline=None)
@given(st.floats(100.0, 1e8), st.lists(st.floats(0.0, 1.0), min_size=1, max_size=12), st.floats(0.0, 0.3))
def test_rent_plan__rents_alone_are_split_at_a_rate_that_values_them_at_the_balance(
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


def test_rent_plan__rents_on_no_balance_are_refused() -> None:
    row = {"还款方式": "按计划", "还款频率": "", "内含利率": "", "未偿本金余额": "0", "起租日": "2026-03-30"}
    with pytest.raises(TapeError) as refusal:
        load(row, plan="资产编号,应还日,租金\na1,2026-09-30,100\na1,2027-03-30,100\n")
    assert [problem.code for problem in refusal.value.problems] == ["implicit-rate-unsolved"]
