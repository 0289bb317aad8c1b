"""Events by name on pools small enough for paper: whole claims, cross-default, recognition, sources, extension."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from pools import Loan, bullet, level, month_ends, monthly, pool, timeline

from absengine.errors import DealError, ScenarioError
from absengine.projection import Projection
from absengine.scenario import Assumption, Case, Curve, Delay, Event, Lag, RecoveryTerm, Scenario, Scope, Supporter
from absengine.schema import POOL_CHANNELS, CashflowTable, Floats

CUTOFF = "2026-03-31"
LINE = timeline(CUTOFF, month_ends("2026-04-30", 24))
ENTITIES = {"guarantor": ("某融资担保公司",), "acme": ("甲公司",)}


def day(text: str) -> np.datetime64:
    return np.datetime64(text, "D")


def quarterly(number: str, balance: float, obligor: str, first: str = "2026-06-21", **more: Any) -> Loan:
    """按季付息到期还本: 1 % a quarter, four quarters."""
    due = monthly(first, 4, 3)
    return bullet(number, balance, due, [balance * 0.01] * 4, obligor=obligor, **more)


def loans() -> CashflowTable:
    guaranteed = {"guarantor": "某融资担保公司", "start_date": day("2026-03-21")}
    return pool(
        [
            quarterly("L1", 1000.0, "甲公司", **guaranteed),
            quarterly("L2", 500.0, "甲公司", "2026-07-11", start_date=day("2026-03-21"), deposit=50.0),
            quarterly("L3", 300.0, "乙公司", **guaranteed),
        ],
        CUTOFF,
    )


def run(table: CashflowTable, scenario: Scenario, channels: tuple[str, ...] = POOL_CHANNELS) -> dict[str, Floats]:
    projection = Projection(table, LINE, channels, 1.0, ENTITIES)
    out = np.zeros((len(channels), LINE.rows + 1, 1))
    projection.fill(projection.bind([Case("one", scenario)]), 0, 1, out)
    return {name: out[number, :, 0] for number, name in enumerate(channels)}


def default(**more: Any) -> Event:
    return Event("default", **{"who": ("甲公司",), "on": day("2026-06-01"), **more})


def in_row(values: Floats) -> dict[str, float]:
    """Non-zero rows by the month they collect."""
    months = [*(str(date)[:7] for date in LINE.calc_date), "after"]
    return {month: round(float(value), 9) for month, value in zip(months, values, strict=True) if abs(value) > 1e-12}


def test_default__all_loans_of_the_payer_fall_due_on_the_first_missed_date() -> None:
    ours = run(loans(), Scenario("x", events=(default(),)))
    assert in_row(ours["default"]) == {"2026-06": 1500.0}
    assert in_row(ours["recognised"]) == {"2026-06": 1500.0}
    assert ours["performing"][1] == 1800.0 and ours["performing"][2] == 300.0
    assert ours["interest"].sum() == pytest.approx(4 * 3.0)


def test_default__without_cross_default_each_loan_misses_its_own_date() -> None:
    ours = run(loans(), Scenario("x", events=(default(cross_default=False),)))
    assert in_row(ours["default"]) == {"2026-06": 1000.0, "2026-07": 500.0}
    ours = run(loans(), Scenario("x", events=(default(who=("L2",), cross_default=False),)))
    assert in_row(ours["default"]) == {"2026-07": 500.0}


def test_default__cross_default_reaches_a_loan_before_its_own_due_date() -> None:
    """L2 is missed on 2026-07-11, so L1 falls due on that day with 20 of 92 days accrued."""
    event = default(who=("L2",), on=day("2026-07-01"))
    term = RecoveryTerm(1.0, base="claim", start="default")
    ours = run(loans(), Scenario("x", assumptions=(Assumption(recovery={"ip": term}),), events=(event,)))
    assert in_row(ours["default"]) == {"2026-07": 1500.0}
    claim = 500.0 + 5.0 + 1000.0 + 10.0 * 20 / 92
    assert in_row(ours["recovery.ip"]) == {"2026-07": pytest.approx(claim)}


def test_default__at_maturity_only_principal_and_last_interest_are_missed() -> None:
    ours = run(loans(), Scenario("x", events=(Event("default", who=("乙公司",), on=None),)))
    assert in_row(ours["default"]) == {"2027-03": 300.0}
    assert ours["interest"].sum() == pytest.approx(4 * 15.0 + 3 * 3.0)


def test_default__largest_and_smallest_payers() -> None:
    top = run(loans(), Scenario("x", events=(Event("default", top=1, on=day("2026-06-01")),)))
    assert top["default"].sum() == 1500.0
    small = run(loans(), Scenario("x", events=(Event("default", smallest=1, on=day("2026-06-01")),)))
    assert small["default"].sum() == 300.0


def test_default__up_to_so_many_payers_means_all_where_there_are_fewer() -> None:
    everyone = run(loans(), Scenario("x", events=(default(who=("甲公司", "乙公司")),)))
    for way in ("top", "smallest"):
        most = run(loans(), Scenario("x", events=(default(who=(), **{way: 5}, or_fewer=True),)))
        assert all((most[name] == everyone[name]).all() for name in POOL_CHANNELS)
    both = run(loans(), Scenario("x", events=(default(who=(), top=1, or_fewer=True),)))
    assert both["default"].sum() == 1500.0


def guaranteed(lag: Lag, **more: Any) -> tuple[Assumption, ...]:
    return (Assumption(recovery={"guarantor": RecoveryTerm(1.0, base="claim", lag=lag)}, **more),)


def test_default__guarantor_that_pays_inside_grace_leaves_no_default_recognised() -> None:
    event = Event("default", who=("乙公司",), on=day("2026-06-01"), recognition=90)
    ours = run(loans(), Scenario("x", assumptions=guaranteed(Lag(months=2)), events=(event,)))
    assert in_row(ours["recovery.guarantor"]) == {"2026-08": 303.0}
    assert in_row(ours["default"]) == {"2026-06": 300.0} and in_row(ours["recognised"]) == {}
    slow = run(loans(), Scenario("x", assumptions=guaranteed(Lag(months=4)), events=(event,)))
    assert in_row(slow["recovery.guarantor"]) == {"2026-10": 303.0}
    assert in_row(slow["recognised"]) == {"2026-09": 300.0}


def test_default__guarantor_pays_only_what_it_guarantees_and_while_it_lives() -> None:
    blocks = guaranteed(Lag(months=2))
    ours = run(loans(), Scenario("x", assumptions=blocks, events=(default(),)))
    assert in_row(ours["recovery.guarantor"]) == {"2026-08": 1010.0}
    for gone, paid in (("2026-08-21", {}), ("2026-08-22", {"2026-08": 1010.0})):
        supporter = Supporter("guarantor", day(gone))
        ours = run(loans(), Scenario("x", assumptions=blocks, events=(default(),), supporters=(supporter,)))
        assert in_row(ours["recovery.guarantor"]) == paid
    late = Supporter("guarantor", late=3)
    ours = run(loans(), Scenario("x", assumptions=blocks, events=(default(),), supporters=(late,)))
    assert in_row(ours["recovery.guarantor"]) == {"2026-11": 1010.0}


def test_default__a_supporter_that_owes_fails_once_in_every_role() -> None:
    supporter = Supporter("acme", day("2026-06-01"))
    channels = (*POOL_CHANNELS, "alive.acme", "alive.guarantor")
    ours = run(loans(), Scenario("x", supporters=(supporter,)), channels)
    assert ours["default"].sum() == 1500.0
    event = run(loans(), Scenario("x", events=(default(),)), channels)
    assert in_row(event["alive.acme"]) == {"2026-04": 1.0, "2026-05": 1.0}
    assert event["alive.guarantor"].min() == 1.0


def test_default__sources_pay_in_legal_order_never_more_than_the_claim() -> None:
    recovery = {
        "deposit": RecoveryTerm(1.0),
        "cure": RecoveryTerm(0.1),
        "fund": RecoveryTerm(0.5, start="recognition", lag=Lag(months=1)),
        "ip": RecoveryTerm(0.9, lag=Lag(payments=2)),
    }
    event = default(who=("L2",), cross_default=False, recognition=30)
    ours = run(loans(), Scenario("x", assumptions=(Assumption(recovery=recovery),), events=(event,)))
    assert in_row(ours["recovery.deposit"]) == {"2026-07": 50.0}
    assert in_row(ours["recovery.cure"]) == {"2026-07": 50.0}
    assert in_row(ours["recovery.fund"]) == {"2026-09": 250.0}  # 2026-07-11 + 30 days + 1 month
    assert in_row(ours["recovery.ip"]) == {"2027-01": 155.0}  # 505 - 350, two due dates later


def test_repurchase__the_nearest_of_the_chain_that_lives_buys_back() -> None:
    """1,010 is owed on 2026-06-21, to be bought back a month later: by the seller, the company behind it, or nobody."""
    chain = {"seller": ("Seller",), "acme": ("Acme",)}
    loan = {"start_date": day("2026-03-21"), "recourse": "Seller;Acme"}
    table = pool([quarterly("L1", 1000.0, "Core", **loan), quarterly("L2", 500.0, "Other")], CUTOFF)
    block = Assumption(recovery={"repurchase": RecoveryTerm(1.0, base="claim", lag=Lag(months=1))})
    event = Event("default", who=("Core", "Other"), on=day("2026-06-01"))

    def paid(*supporters: Supporter, who: str = "") -> dict[str, float]:
        term = replace(block.recovery["repurchase"], payer=who)
        one = replace(block, recovery={"repurchase": term})
        projection = Projection(table, LINE, ("recovery.repurchase",), 1.0, chain)
        scenario = Scenario("x", assumptions=(one,), events=(event,), supporters=supporters)
        out = np.zeros((1, LINE.rows + 1, 1))
        projection.fill(projection.bind([Case("x", scenario)]), 0, 1, out)
        return in_row(out[0, :, 0])

    early, slow = Supporter("seller", day("2026-07-21")), Supporter("acme", late=3)
    assert paid() == {"2026-07": 1010.0}, "L2 has nobody to turn to"
    assert paid(slow) == {"2026-07": 1010.0}, "the second is late, and not asked"
    assert paid(early, slow) == {"2026-10": 1010.0}
    assert paid(replace(early, gone=day("2026-07-22")), slow) == {"2026-07": 1010.0}
    assert paid(early, replace(slow, gone=day("2026-10-21"))) == {}
    assert paid(Supporter("seller", late=2), Supporter("acme", day("2026-08-01"))) == {"2026-09": 1010.0}
    assert paid(early, who="acme") == {"2026-07": 1515.0}, "a payer the pack names stands for every contract"


def test_repurchase__contracts_of_two_chains_are_two_clocks() -> None:
    due, loans = [day("2027-03-31")], []
    for number, chain in (("A", "Seller"), ("B", "a name that cannot fail"), ("C", "")):
        loans.append(bullet(number, 100.0, due, [0.0], recourse=chain))
    block = Assumption(default=Curve("maturity", (0.5,)), recovery={"repurchase": RecoveryTerm(1.0)})
    gone = Supporter("seller", day("2026-06-01"))
    projection = Projection(pool(loans, CUTOFF), LINE, ("recovery.repurchase",), 1.0, {"seller": ("Seller",)})
    bound = projection.bind([Case("x", Scenario("x", assumptions=(block,), supporters=(gone,)))])
    out = np.zeros((1, LINE.rows + 1, 1))
    projection.fill(bound, 0, 1, out)
    assert bound.clocks == 3 and out.sum() == 50.0


def test_projection__near_match_inside_a_chain_is_refused() -> None:
    table = pool([quarterly("L1", 1000.0, "Core", recourse="Seller;甲 公司")], CUTOFF)
    with pytest.raises(DealError) as error:
        Projection(table, LINE, POOL_CHANNELS, 1.0, ENTITIES)
    assert [problem.code for problem in error.value.problems] == ["entity-near-match"]


def test_default__part_of_recoveries_is_delayed_and_runs_past_the_last_due_date() -> None:
    blocks = guaranteed(Lag(months=2), delayed=Delay(0.5, Lag(payments=4)))
    event = Event("default", who=("乙公司",), on=day("2026-06-01"))
    ours = run(loans(), Scenario("x", assumptions=blocks, events=(event,)))
    assert in_row(ours["recovery.guarantor"]) == {"2026-08": 151.5, "2027-06": 151.5}


def test_default__caps_are_spent_in_the_order_of_missed_dates() -> None:
    recovery = {"fund": RecoveryTerm(1.0, cap=1200.0)}
    blocks = (
        Assumption(recovery=recovery),
        Assumption(scope=Scope("id", (("contract_id", ("L3",)),)), default=Curve("maturity", (1.0,))),
    )
    ours = run(loans(), Scenario("x", assumptions=blocks, events=(default(cross_default=False),)))
    assert in_row(ours["recovery.fund"]) == {"2026-06": 1000.0, "2026-07": 200.0}
    free = run(loans(), Scenario("x", assumptions=blocks))
    assert in_row(free["recovery.fund"]) == {"2027-03": 300.0}


def test_default__a_name_finds_what_earlier_defaults_by_rate_left_of_a_cap() -> None:
    """700 goes by rate on 2027-03-31, a loan of 300 is missed on 2028-02-15: the fund pays a month after each."""
    table = pool(
        [bullet("A", 700.0, [day("2027-03-31")], [7.0]), bullet("B", 300.0, [day("2028-02-15")], [3.0])], CUTOFF
    )
    event = Event("default", who=("B",), on=day("2028-02-01"))
    for cap, paid in (
        (150.0, {"2027-04": 150.0}),
        (850.0, {"2027-04": 700.0, "2028-03": 150.0}),
        (1500.0, {"2027-04": 700.0, "2028-03": 300.0}),
    ):
        term = RecoveryTerm(1.0, lag=Lag(months=1), cap=cap)
        block = Assumption(default=Curve("maturity", (1.0,)), recovery={"fund": term})
        ours = run(table, Scenario("x", assumptions=(block,), events=(event,)))
        assert in_row(ours["recovery.fund"]) == paid


def test_default__one_date_shares_a_cap_in_proportion_and_the_next_source_pays_the_rest() -> None:
    """714 is claimed by rate and 306 by name on one day, 350 and 150 is cured: the fund is asked for 364 and 156, and
    pays 105 and 45 of its 150. Rights pay 245 and 105, less than the 259 and 111 left. A fund that paid one loan first
    would leave less than that of it.
    """
    due = [day("2027-03-31")]
    loans = [bullet("A", 700.0, due, [14.0]), bullet("B", 300.0, due, [6.0])]
    event = Event("default", who=("B",), on=day("2027-03-01"))
    recovery = {
        "cure": RecoveryTerm(0.5),
        "fund": RecoveryTerm(1.0, cap=150.0, lag=Lag(months=1)),
        "ip": RecoveryTerm(0.35, lag=Lag(months=2)),
    }
    block = Assumption(default=Curve("maturity", (1.0,)), recovery=recovery)
    for table in (pool(loans, CUTOFF), pool(loans[::-1], CUTOFF)):
        ours = run(table, Scenario("x", assumptions=(block,), events=(event,)))
        assert in_row(ours["recovery.cure"]) == {"2027-03": 500.0}
        assert in_row(ours["recovery.fund"]) == {"2027-04": 150.0}
        assert in_row(ours["recovery.ip"]) == {"2027-05": pytest.approx(350.0)}


def test_default__a_payer_gone_leaves_its_cap_to_the_part_it_lives_to_pay() -> None:
    """303 is claimed, half of it four months late when the payer is gone: 151.5 is paid, or the cap if that is less."""
    event = Event("default", who=("乙公司",), on=day("2026-06-01"))
    gone = Supporter("guarantor", day("2026-07-01"))
    for cap, paid in ((200.0, 151.5), (100.0, 100.0)):
        term = RecoveryTerm(1.0, base="claim", cap=cap)
        block = Assumption(recovery={"guarantor": term}, delayed=Delay(0.5, Lag(months=4)))
        ours = run(loans(), Scenario("x", assumptions=(block,), events=(event,), supporters=(gone,)))
        assert in_row(ours["recovery.guarantor"]) == {"2026-06": paid}


def test_default__rights_pay_a_share_of_appraisal_or_balance_whichever_is_lower() -> None:
    rights = [
        {"right_id": "P1", "contract_id": "L1", "appraisal_value": 1500.0},
        {"right_id": "P2", "contract_id": "L1", "appraisal_value": 700.0},
        {"right_id": "P3", "contract_id": "L2", "appraisal_value": 200.0},
    ]
    table = loans()
    table = CashflowTable(table.flows, table.contracts, pool([], CUTOFF, rights).rights)
    for base, paid in (("lower", 0.1 * 1200), ("appraisal", 0.1 * 2400), ("principal", 0.1 * 1500)):
        term = RecoveryTerm(0.1, base=base)  # type: ignore[arg-type]
        ours = run(table, Scenario("x", assumptions=(Assumption(recovery={"ip": term}),), events=(default(),)))
        assert ours["recovery.ip"].sum() == pytest.approx(paid), base


def test_default__rights_that_ended_before_the_sale_are_worth_nothing() -> None:
    """Sold twelve months after the missed date of 21 March 2027; P1 (1,500) is declared invalid on that very day."""
    rights = [
        {"right_id": "P1", "contract_id": "L1", "appraisal_value": 1500.0, "lost_on": day("2028-03-21")},
        {"right_id": "P2", "contract_id": "L1", "appraisal_value": 700.0, "lost_on": day("2028-03-22")},
    ]
    table = CashflowTable(loans().flows, loans().contracts, pool([], CUTOFF, rights).rights)
    for months, paid in ((12, 70.0), (11, 220.0), (13, 0.0)):
        term = RecoveryTerm(0.1, base="appraisal", lag=Lag(months=months))
        event = Event("default", who=("L1",), on=day("2027-03-21"), cross_default=False)
        ours = run(table, Scenario("x", assumptions=(Assumption(recovery={"ip": term}),), events=(event,)))
        assert ours["recovery.ip"].sum() == pytest.approx(paid), months


def test_extend__principal_waits_and_interest_goes_on() -> None:
    event = Event("extend", who=("乙公司",), on=day("2027-01-01"), by=6)
    ours = run(loans(), Scenario("x", events=(event,)))
    base = run(loans(), Scenario("x"))
    moved = {
        month: value - base["principal"][i]
        for i, (month, value) in enumerate(zip(LINE.calc_date, ours["principal"][:-1], strict=True))
    }
    assert {str(m)[:7]: v for m, v in moved.items() if abs(v) > 1e-9} == {"2027-03": -300.0, "2027-09": 300.0}
    extra = in_row(ours["interest"] - base["interest"])
    assert extra == {"2027-06": pytest.approx(3.0 / 90 * 92), "2027-09": pytest.approx(3.0 / 90 * 92)}
    assert ours["performing"][16] == 300.0 and ours["performing"][17] == 0.0


def test_extend__a_discounted_claim_is_paid_later_as_it_stands() -> None:
    """Bought for 961, owed 1,000 on 10 June: put off by three months, the debtor owes 1,000 on 10 September."""
    table = pool([Loan("F1", [day("2026-06-10")], [961.0], [39.0], 961.0, more={"at_discount": 1.0})], CUTOFF)
    event = Event("extend", who=("F1",), on=day("2026-06-01"), by=3)
    ours = run(table, Scenario("x", events=(event,)))
    assert in_row(ours["principal"]) == {"2026-09": 961.0}
    assert in_row(ours["interest"]) == {"2026-09": 39.0}
    gone = run(table, Scenario("x", events=(event, Event("default", who=("F1",), on=None))))
    assert in_row(gone["default"]) == {"2026-09": 961.0} and gone["interest"].sum() == 0.0


def test_extend__a_stream_valued_at_a_discount_pays_no_growth_in_cash() -> None:
    """Cash of 0, 60 and 50 in June, September and December; what is due from August on comes six months later."""
    due = monthly("2026-06-10", 3, 3)
    stream = Loan("R1", due, [-4.0, 56.0, 48.0], [4.0, 4.0, 2.0], 100.0, more={"at_discount": 1.0})
    ours = run(
        pool([stream], CUTOFF), Scenario("x", events=(Event("extend", who=("R1",), on=day("2026-08-01"), by=6),))
    )
    assert in_row(ours["interest"] + ours["principal"]) == {"2027-03": 60.0, "2027-06": 50.0}
    assert ours["performing"][10] == 104.0


def test_extend__then_default_at_the_new_maturity() -> None:
    events = (Event("extend", who=("L3",), on=day("2027-01-01"), by=6), Event("default", who=("L3",), on=None))
    ours = run(loans(), Scenario("x", events=events))
    assert in_row(ours["default"]) == {"2027-09": 300.0}


def test_prepay__by_name_pays_the_due_date_and_all_that_is_left() -> None:
    table = pool([level("L1", 1200.0, 0.12, monthly("2026-04-15", 12))], CUTOFF)
    ours = run(table, Scenario("x", events=(Event("prepay", who=("L1",), on=day("2026-06-01")),)))
    base = run(table, Scenario("x"))
    assert in_row(ours["prepayment"]) == {"2026-06": pytest.approx(base["performing"][2])}
    np.testing.assert_array_equal(ours["interest"][:3], base["interest"][:3])
    assert ours["interest"][3:].sum() == 0.0 and ours["performing"][2] == 0.0


def test_named__leave_their_clock_and_know_no_rates() -> None:
    block = Assumption(default=Curve("rate", (0.5,)), prepay=Curve("rate", (0.5,)))
    event = Event("default", who=("甲公司",), on=None, cross_default=False)
    ours = run(loans(), Scenario("x", assumptions=(block,), events=(event,)))
    only = pool([quarterly("L3", 300.0, "乙公司")], CUTOFF)
    rest = run(only, Scenario("x", assumptions=(block,)))
    assert ours["default"].sum() == pytest.approx(1500.0 + rest["default"].sum())
    np.testing.assert_allclose(ours["prepayment"], rest["prepayment"], atol=1e-12)


def test_without_credit__keeps_prepayment_and_extension() -> None:
    block = Assumption(default=Curve("rate", (0.5,)), prepay=Curve("rate", (0.2,)))
    events = (Event("extend", who=("L3",), on=day("2027-01-01"), by=6), default())
    scenario = Scenario("x", assumptions=(block,), events=events)
    calm = run(loans(), Case("x", scenario).without_credit().scenario)
    assert calm["default"].sum() == 0.0 and calm["performing"][16] == 300.0
    assert calm["principal"].sum() + calm["prepayment"].sum() == pytest.approx(1800.0)


def test_channels__case_and_not_pool() -> None:
    channels = ("fee_factor", "alive.guarantor", "late.guarantor", "index.LPR1Y", "forced.cum", "principal")
    scenario = Scenario(
        "x", fee_factor=1.5, rate_shift={"LPR1Y": 0.01}, forced={"cum": day("2026-06-30")},
        supporters=(Supporter("guarantor", day("2027-01-01"), late=2),),
    )  # fmt: skip
    projection = Projection(loans(), LINE, channels, 1.0, ENTITIES, {"LPR1Y": np.full(LINE.rows, 0.03)})
    bound = projection.bind([Case("a", Scenario("calm")), Case("b", scenario)])
    out = np.zeros((len(channels), LINE.rows + 1, 2))
    projection.fill(bound, 0, 2, out)
    calm, hit = ({name: out[n, :, lane] for n, name in enumerate(channels)} for lane in (0, 1))
    assert calm["fee_factor"].tolist() == [1.0] * 25 and hit["fee_factor"].tolist() == [1.5] * 25
    assert hit["alive.guarantor"].tolist() == [1.0] * 9 + [0.0] * 16
    late = hit["late.guarantor"][: LINE.rows].tolist()  # two months back; before the first row where that is no date
    assert late == [1.0] + [2.0] * (LINE.rows - 1) and calm["late.guarantor"].max() == 0.0
    assert hit["index.LPR1Y"] == pytest.approx(0.04) and calm["index.LPR1Y"] == pytest.approx(0.03)
    assert hit["forced.cum"].tolist() == [0.0] * 2 + [1.0] * 23 and calm["forced.cum"].max() == 0.0


def test_projection__near_match_of_an_entity_is_refused() -> None:
    table = pool([quarterly("L1", 1000.0, "甲 公司"), quarterly("L2", 10.0, "丙公司")], CUTOFF)
    with pytest.raises(DealError) as error:
        Projection(table, LINE, POOL_CHANNELS, 1.0, ENTITIES)
    assert [problem.code for problem in error.value.problems] == ["entity-near-match"]


def test_bind__wrong_kinds_and_unknown_sources_are_refused() -> None:
    block = Assumption(prepay=Curve("sda", (1.0,)), default=Curve("psa", (1.0,)), recovery={"luck": RecoveryTerm(1.0)})
    with pytest.raises(ScenarioError) as error:
        run(loans(), Scenario("x", assumptions=(block,)))
    assert {problem.code for problem in error.value.problems} == {"assumption-kind", "unknown-source"}


def test_bind__every_case_is_checked_not_only_the_first_of_its_shape() -> None:
    good, bad = (Assumption(recovery={"ip": RecoveryTerm(0.1, payer=payer)}) for payer in ("guarantor", "nobody"))
    late = Supporter("nobody too", late=1)
    cases = [
        Case("good", Scenario("good", assumptions=(good,))),
        Case("bad", Scenario("bad", assumptions=(bad,), supporters=(late,))),
    ]
    with pytest.raises(ScenarioError) as error:
        Projection(loans(), LINE, POOL_CHANNELS, 1.0, ENTITIES).bind(cases)
    assert [problem.code for problem in error.value.problems] == ["unknown-entity", "unknown-entity"]


def test_bind__scopes_choose_the_narrowest_block() -> None:
    table = pool(
        [
            quarterly("L1", 100.0, "a", pool="north", tags="new;x", industry="drugs"),
            quarterly("L2", 100.0, "b", pool="north", tags="new", industry="drugs"),
            quarterly("L3", 100.0, "c", pool="north", tags="new"),
            quarterly("L4", 100.0, "d", pool="north"),
            quarterly("L5", 100.0, "e"),
        ],
        CUTOFF,
    )
    levels = ("id", "field", "tag", "pool", "all")
    wanted = (
        (("contract_id", ("L1",)),),
        (("industry", ("drugs",)),),
        (("tags", ("new",)),),
        (("pool", ("north",)),),
        (),
    )
    blocks = [
        Assumption(scope=Scope(one, which), default=Curve("maturity", (0.1 * (5 - n),)))  # type: ignore[arg-type]
        for n, (one, which) in enumerate(zip(levels, wanted, strict=True))
    ]
    for order in (blocks, blocks[::-1]):
        assert run(table, Scenario("x", assumptions=tuple(order)))["default"].sum() == pytest.approx(150.0)


def test_cumulative__what_finds_no_balance_is_reported() -> None:
    """60 % of 1,000 asked for over two months, or over two years; the only due date is in the fifth month."""
    table = pool([bullet("L1", 1000.0, [day("2026-08-10")], [10.0], start_date=day("2026-02-10"))], CUTOFF)
    projection = Projection(table, LINE, POOL_CHANNELS, 100.0, ENTITIES)
    curves = [Curve("cumulative", (0.6,), timing=(0.5, 0.5)), Curve("cumulative", (0.6,), every=12, timing=(0.5, 0.5))]
    bound = projection.bind([Case("", Scenario("x", assumptions=(Assumption(default=c),))) for c in curves])
    out = np.zeros((len(POOL_CHANNELS), LINE.rows + 1, 2))
    projection.fill(bound, 0, 2, out)
    line = POOL_CHANNELS.index("default")
    assert out[line, 4] == pytest.approx([60_000.0, 12_500.0])
    assert bound.unplaced == pytest.approx([0.0, 600.0 - 125.0])


def test_rates__of_one_take_everything_and_nothing_is_nan() -> None:
    table = pool([level("L1", 1200.0, 0.12, monthly("2026-04-15", 12))], CUTOFF)
    for curve in (
        Curve("rate", (1.0,)),
        Curve("rate", (0.0, 1.0), by="payment"),
        Curve("rate", (1.0, 1.0), per="month"),
    ):
        for aspect in ("default", "prepay"):
            ours = run(table, Scenario("x", assumptions=(Assumption(**{aspect: curve}),)))
            assert all(np.isfinite(values).all() for values in ours.values())
            assert ours["performing"][2] == 0.0
            gone = ours["default"].sum() + ours["prepayment"].sum()
            assert gone + ours["principal"].sum() == pytest.approx(1200.0)
