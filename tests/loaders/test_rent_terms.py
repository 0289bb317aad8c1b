"""Terms of leases beside their rents: advance, deposits, service fees, buy-out prices."""

import numpy as np
import pytest
from small_leases import load, rents


def test_rent_cycle__level_rents_in_advance() -> None:
    # the first rent on the start date is principal; the second half a year later, the lease ends half a year after it
    pool = load({"租金支付时点": "先付", "未偿本金余额": "212.16"})
    assert rents(pool) == [("2026-03-31", 108.16, 0.0), ("2026-09-30", 104.0, 4.16)]
    assert pool.contracts["maturity_date"].astype(str).tolist() == ["2026-09-30"]


def test_rent_cycle__in_advance_after_the_first_rent() -> None:
    # started half a year before the cut-off: the rent of the start date is gone, interest runs from it
    row = {"租金支付时点": "先付", "起租日": "2025-10-15", "到期日": "2027-04-14", "合同金额": "312.16"}
    assert rents(load(row)) == [("2026-04-15", 100.0, 8.16), ("2026-10-15", 104.0, 4.16)]
    counted = row | {"到期日": "", "剩余期数": "2"}
    assert rents(load(counted)) == rents(load(row))
    from_first = row | {"起租日": "", "首期还款日": "2026-04-15"}
    assert rents(load(from_first)) == rents(load(row))


def test_with_deposit__deposit_held_by_the_plan_goes_back_with_the_last_rent() -> None:
    pool = load({"保证金": "60", "保证金用途": "专项计划持有"})
    assert rents(pool, 0, "deposit_due") == [("2026-09-30", 100.0, 8.16, 0.0), ("2027-03-31", 104.0, 4.16, 60.0)]
    assert pool.contracts["deposit"].tolist() == [60.0]


def test_with_deposit__deposit_set_off_takes_the_last_rents_out() -> None:
    # 60 of the last 108.16: its interest 4.16 first, then 55.84 of its principal; 48.16 is left to come
    pool = load({"保证金": "60", "保证金用途": "抵扣租金"}, {"保证金": "120", "保证金用途": "抵扣租金"})
    assert rents(pool, 0, "opening_balance") == [("2026-09-30", 100.0, 8.16, 148.16), ("2027-03-31", 48.16, 0.0, 48.16)]
    # 120: all of the last rent, and of the first one its interest and 3.68 of its principal
    assert rents(pool, 1, "closing_balance") == [("2026-09-30", 96.32, 0.0, 0.0)]
    assert pool.contracts["cutoff_balance"].tolist() == pytest.approx([148.16, 96.32])
    assert pool.contracts["deposit"].tolist() == [0.0, 0.0]
    assert np.all(pool.flows["deposit_due"] == 0)


def test_with_deposit__deposit_of_the_lessor_changes_no_cash() -> None:
    pool = load({"保证金": "60", "保证金用途": "出租人退还"}, {})
    assert rents(pool, 0, "deposit_due") == rents(pool, 1, "deposit_due")
    assert pool.contracts["deposit"].tolist()[0] == 60.0


def test_with_fees__service_fees_and_the_buy_out_price_are_fees() -> None:
    each = {"手续费": "2", "手续费支付方式": "逐期", "留购价款": "1"}
    once = {"手续费": "5", "手续费支付方式": "一次性", "手续费支付日": "2026-05-01"}
    before = {"手续费": "5", "手续费支付方式": "一次性", "手续费支付日": "2026-01-01"}
    late = {"手续费": "5", "手续费支付方式": "一次性", "手续费支付日": "2027-05-01"}
    pool = load(each, once, before, late)
    assert [[row[3] for row in rents(pool, number, "fee_due")] for number in range(4)] == [
        [2.0, 3.0], [5.0, 0.0], [0.0, 0.0], [0.0, 5.0]
    ]  # fmt: skip
    assert rents(pool, 0) == rents(pool, 1)


def test_with_fees__a_buy_out_price_comes_when_the_last_rent_is_set_off() -> None:
    pool = load({"保证金": "108.16", "保证金用途": "抵扣租金", "留购价款": "1"})
    assert rents(pool, 0, "fee_due") == [("2026-09-30", 100.0, 8.16, 0.0), ("2027-03-31", 0.0, 0.0, 1.0)]
