"""Contracts bought back or exchanged, on pools small enough for paper; then at random, against a slow twin.

L1 to L3 owe 1 % a quarter and principal after a year. L3: 300, due on 21 June, September, December 2026 and March 2027.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from naive_projection import Twin
from pools import Loan, bullet, level, month_ends, monthly, pool, timeline
from random_pools import CUTOFF as RANDOM_CUTOFF
from random_pools import loans as random_loans

from absengine.errors import ScenarioError
from absengine.projection import Projection
from absengine.scenario import Assumption, Case, Curve, Event, RecoveryTerm, Scenario, Supporter
from absengine.schema import POOL_CHANNELS, CashflowTable, Floats

CUTOFF = "2026-03-31"
LINE = timeline(CUTOFF, month_ends("2026-04-30", 24))
ENTITIES = {"seller": ("Seller",), "parent": ("Parent",), "acme": ("Acme",)}


def day(text: str) -> np.datetime64:
    return np.datetime64(text, "D")


def quarterly(number: str, balance: float, obligor: str, first: str = "2026-06-21", **more: Any) -> Loan:
    due = monthly(first, 4, 3)
    more = {"obligor": obligor, "start_date": day("2026-03-21"), **more}
    return bullet(number, balance, due, [balance * 0.01] * 4, **more)


def table(**more: Any) -> CashflowTable:
    """Three contracts, and S1 and S2 kept on standby."""
    spare = {"standby": "yes", "start_date": day("2026-04-15")}
    return pool(
        [
            quarterly("L1", 1000.0, "Acme"),
            quarterly("L2", 500.0, "Acme", "2026-07-11"),
            quarterly("L3", 300.0, "Other", **more),
            quarterly("S1", 250.0, "Spare", "2026-07-15", **spare),
            quarterly("S2", 900.0, "Acme", "2026-07-15", **spare),
        ],
        CUTOFF,
    )


def run(scenario: Scenario, pool: CashflowTable | None = None) -> dict[str, Floats]:
    projection = Projection(pool or table(), LINE, POOL_CHANNELS, 1.0, ENTITIES)
    out = np.zeros((len(POOL_CHANNELS), LINE.rows + 1, 1))
    projection.fill(projection.bind([Case("one", scenario)]), 0, 1, out)
    return {name: out[number, :, 0] for number, name in enumerate(POOL_CHANNELS)}


def in_row(values: Floats) -> dict[str, float]:
    months = [*(str(date)[:7] for date in LINE.calc_date), "after"]
    return {month: round(float(value), 9) for month, value in zip(months, values, strict=True) if abs(value) > 1e-12}


def back(what: Any = "repurchase", **more: Any) -> Event:
    return Event(what, **{"who": ("L3",), "on": day("2026-08-05"), **more})


BASE = run(Scenario("as contracted"))


def test_failing__is_bought_back_like_a_name() -> None:
    """L1 and L3 fail different criteria: one of them, both, and a criterion that every contract meets."""
    held = table()
    ids = held.contracts["contract_id"].astype(str)
    unfit = {"short": ids == "L3", "known": ids == "L1", "fine": np.zeros(len(ids), dtype=bool)}
    projection = Projection(held, LINE, POOL_CHANNELS, 1.0, ENTITIES, failing=unfit)
    wanted = {"short": ("L3",), "known": ("L1",), "all": ("L1", "L3")}
    for name, who in wanted.items():
        events = (back(who=who), back(who=(), failing=name))
        both = projection.bind([Case(str(number), Scenario("one", events=(e,))) for number, e in enumerate(events)])
        out = np.zeros((len(POOL_CHANNELS), LINE.rows + 1, 2))
        projection.fill(both, 0, 2, out)
        assert np.array_equal(out[..., 0], out[..., 1])
        assert in_row(out[POOL_CHANNELS.index("recovery.repurchase"), :, 0])
    nobody = projection.bind([Case("nobody", Scenario("one", events=(back(who=(), failing="fine"),)))])
    out = np.zeros((len(POOL_CHANNELS), LINE.rows + 1, 1))
    projection.fill(nobody, 0, 1, out)
    assert np.allclose(out[..., 0], [BASE[name] for name in POOL_CHANNELS])


def difference(name: str, scenario: Scenario) -> dict[str, float]:
    return in_row(run(scenario)[name] - BASE[name])


def test_standby__is_not_in_the_pool() -> None:
    assert table().balance == 1800.0 and BASE["opening"][0] == 1800.0 and BASE["performing"][0] == 1800.0
    assert BASE["principal"].sum() == 1800.0 and BASE["interest"].sum() == pytest.approx(72.0)
    block = Assumption(default=Curve("maturity", (1.0,)))
    assert run(Scenario("x", assumptions=(block,)))["default"].sum() == 1800.0
    smallest = run(Scenario("x", events=(Event("default", smallest=1, on=day("2026-06-01")),)))
    assert smallest["default"].sum() == 300.0, "Spare is no payer of the pool"
    acme = run(Scenario("x", events=(Event("default", top=1, on=day("2026-06-01")),)))
    assert acme["default"].sum() == 1500.0, "S2 owes nothing to the pool"


def test_repurchase__at_balance_and_accrued_interest_and_no_default() -> None:
    """45 of the 92 days from 21 June to 21 September have run on 5 August."""
    ours = Scenario("x", events=(back(),))
    assert in_row(run(ours)["recovery.repurchase"]) == {"2026-08": pytest.approx(300 + 3 * 45 / 92)}
    assert difference("principal", ours) == {"2027-03": -300.0}
    assert difference("interest", ours) == dict.fromkeys(("2026-09", "2026-12", "2027-03"), -3.0)
    assert run(ours)["default"].sum() == run(ours)["recognised"].sum() == 0.0
    assert run(ours)["performing"][4] == 1500.0 and run(ours)["performing"][3] == 1800.0


def test_repurchase__on_a_due_date_the_price_holds_what_falls_due() -> None:
    ours = Scenario("x", events=(back(on=day("2026-09-21")),))
    assert in_row(run(ours)["recovery.repurchase"]) == {"2026-09": 303.0}


def test_repurchase__is_a_credit_event() -> None:
    calm = run(Case("x", Scenario("x", events=(back(), back("substitute", who=("L1",))))).without_credit().scenario)
    for name, values in calm.items():
        np.testing.assert_allclose(values, BASE[name], atol=1e-9, err_msg=name)


def test_repurchase__who_must_pay_has_to_live() -> None:
    gone, slow = Supporter("seller", day("2026-08-05")), Supporter("parent", late=2)
    named = Scenario("x", events=(back(payer="seller"),), supporters=(gone,))
    assert difference("principal", named) == {} and run(named)["recovery.repurchase"].sum() == 0.0
    lives = replace(named, supporters=(replace(gone, gone=day("2026-08-06")),))
    assert list(in_row(run(lives)["recovery.repurchase"])) == ["2026-08"]
    chain = table(recourse="Seller;Parent")
    behind = run(Scenario("x", events=(back(),), supporters=(gone, slow)), chain)
    assert list(in_row(behind["recovery.repurchase"])) == ["2026-10"] and behind["performing"][4] == 1500.0
    late = Supporter("parent", day("2026-10-05"), late=2)
    assert run(Scenario("x", events=(back(),), supporters=(gone, late)), chain)["recovery.repurchase"].sum() == 0.0


def test_repurchase__a_payer_that_defaulted_itself_pays_nothing() -> None:
    fails = Event("default", who=("Acme",), on=day("2026-06-01"))
    ours = run(Scenario("x", events=(fails, back(payer="acme"))))
    assert ours["recovery.repurchase"].sum() == 0.0 and ours["default"].sum() == 1500.0
    in_time = run(Scenario("x", events=(fails, back(payer="acme", on=day("2026-06-20")))))
    assert in_row(in_time["recovery.repurchase"]) == {"2026-06": pytest.approx(300 + 3 * 91 / 92)}


def test_repurchase__of_what_has_defaulted_before_changes_nothing() -> None:
    fails = Event("default", who=("Other",), on=day("2026-06-01"))
    ours = run(Scenario("x", events=(fails, back())))
    assert ours["recovery.repurchase"].sum() == 0.0 and in_row(ours["default"]) == {"2026-06": 300.0}
    same_day = run(Scenario("x", events=(fails, back(on=day("2026-06-21")))))
    assert in_row(same_day["recovery.repurchase"]) == {"2026-06": 303.0} and same_day["default"].sum() == 0.0


def test_substitute__the_standby_contract_takes_its_place_and_cash_fills_the_gap() -> None:
    """L3 leaves on 21 September for 303. S1 is worth 250 and 68 of 92 days of its 2.50, and pays from 15 October on."""
    ours = Scenario("x", events=(back("substitute"),))
    gap = 303 - 250 - 2.5 * 68 / 92
    assert in_row(run(ours)["recovery.repurchase"]) == {"2026-09": pytest.approx(gap)}
    assert difference("principal", ours) == {"2027-03": -300.0, "2027-04": 250.0}
    assert difference("interest", ours) == {
        "2026-09": -3.0, "2026-12": -3.0, "2027-03": -3.0, "2026-10": 2.5, "2027-01": 2.5, "2027-04": 2.5,
    }  # fmt: skip
    performing = run(ours)["performing"]
    assert performing[4] == 1800.0 and performing[5] == 1750.0 and run(ours)["default"].sum() == 0.0


def test_substitute__what_is_worth_more_is_not_paid_for() -> None:
    ours = run(Scenario("x", events=(back("substitute", standby=("S2",)),)))
    assert ours["recovery.repurchase"].sum() == 0.0 and ours["performing"][5] == 1500.0 + 900.0


def test_substitute__two_events_take_two_contracts() -> None:
    events = (back("substitute", on=day("2026-09-01")), back("substitute", who=("L2",), on=day("2026-07-01")))
    ours = run(Scenario("x", events=events))
    assert ours["performing"][3] == 1550.0, "L2 goes first, and takes S1"
    assert ours["performing"][5] == 1000.0 + 250.0 + 900.0


def test_substitute__what_has_entered_can_fail_too() -> None:
    fails = Event("default", who=("Acme",), on=day("2026-11-01"))
    ours = run(Scenario("x", events=(back("substitute", standby=("S2",)), fails)))
    assert ours["default"].sum() == 1000.0 + 500.0 + 900.0
    early = run(Scenario("x", events=(back("substitute", standby=("S2",)), replace(fails, on=day("2026-06-01")))))
    assert early["default"].sum() == 1500.0 + 900.0, "Acme fails on what it owes, whenever that enters"


def test_buy_backs__deposits_go_and_come_with_their_contracts() -> None:
    """The plan holds 30 of L3 and would hold 20 of S1, to be given back on the last due date."""
    table_ = table()
    held = np.zeros(len(table_.flows))
    last = np.flatnonzero(table_.flows["closing_balance"] == 0.0)
    held[last[2]], held[last[3]] = 30.0, 20.0
    table_ = replace(table_, flows=replace(table_.flows, columns=table_.flows.columns | {"deposit_due": held}))

    def deposits(*events: Event) -> tuple[dict[str, float], float]:
        projection = Projection(table_, LINE, ("deposit", "recovery.repurchase"), 1.0, ENTITIES)
        out = np.zeros((2, LINE.rows + 1, 1))
        projection.fill(projection.bind([Case("x", Scenario("x", events=events))]), 0, 1, out)
        return in_row(out[0, :, 0]), float(out[1].sum())

    assert deposits() == ({"2027-03": 30.0}, 0.0)
    assert deposits(back()) == ({"2026-08": 30.0}, pytest.approx(300 + 3 * 45 / 92))
    gap = 303 - 250 - 2.5 * 68 / 92
    assert deposits(back("substitute")) == ({"2026-09": 30.0, "2027-04": 20.0}, pytest.approx(gap + 20))


def codes(*events: Event) -> set[str]:
    with pytest.raises(ScenarioError) as error:
        run(Scenario("x", events=events))
    return {problem.code for problem in error.value.problems}


def test_buy_backs__what_cannot_be_is_refused() -> None:
    assert codes(back("substitute", who=("L1", "L2", "L3"))) == {"no-standby"}
    assert codes(back("substitute", standby=("L1",))) == {"not-standby"}
    assert codes(back(payer="nobody")) == {"unknown-entity"}
    assert codes(back(on=day("2027-03-22"))) == {"event-after-maturity"}


def test_prepay__by_name_pays_the_fee_of_the_contract() -> None:
    loan = level("L1", 1200.0, 0.12, monthly("2026-04-15", 12), prepay_fee=0.02)
    ours = run(Scenario("x", events=(Event("prepay", who=("L1",), on=day("2026-06-01")),)), pool([loan], CUTOFF))
    assert in_row(ours["fee"]) == {"2026-06": pytest.approx(0.02 * ours["prepayment"][2])}


# at random ------------------------------------------------------------------------------------------------------------
class BuyBackTwin:
    """Contract by contract: the flows of each until it goes, what is paid for it, and what comes instead."""

    def __init__(self, table: CashflowTable, line: Any, events: tuple[Event, ...]) -> None:
        plain = Twin(table, line, Scenario("x"))
        self.rows, self.cash = [d.item() for d in line.calc_date], dict.fromkeys(("in", "out", "paid"), 0.0)
        spare = [c for c in plain.contracts if c.columns["standby"] == "yes"]
        held = [c for c in plain.contracts if c.columns["standby"] != "yes"]
        self.books = {n: [0.0] * (len(self.rows) + 1) for n in ("interest", "principal", "fee", "recovery.repurchase")}
        gone: dict[str, Any] = {}
        for event in sorted(events, key=lambda one: one.on):
            for contract in [c for c in held if c.number in event.who and c.number not in gone]:
                left = [line[0] for line in contract.due if line[0] >= event.on.item()]
                if not left:
                    continue
                on = event.on.item() if event.what == "repurchase" else left[0]
                price, gone[contract.number] = self.worth(contract, on, "left"), on
                if event.what == "substitute":
                    new = next(c for c in spare if c.columns["pool"] == contract.columns["pool"] and self.later(c, on))
                    spare.remove(new)
                    price -= self.worth(new, on, "right")
                    new.due = [line for line in new.due if line[0] > on]
                    self.flow(new, None)
                comes = sum(line[6] for line in new.due) if event.what == "substitute" else 0.0
                self.book("recovery.repurchase", on, max(price, 0.0) + comes)
        for contract in held:
            self.flow(contract, gone.get(contract.number))

    @staticmethod
    def later(contract: Any, on: Any) -> bool:
        return any(line[0] > on for line in contract.due)

    @staticmethod
    def worth(contract: Any, on: Any, side: str) -> float:
        place = next(i for i, line in enumerate(contract.due) if line[0] > on or (side == "left" and line[0] == on))
        line, before = contract.due[place], contract.before(place)
        days = max((on - before).days, 0) / max((line[0] - before).days, 1)
        return float(line[1] + line[3] * days)

    def flow(self, contract: Any, until: Any) -> None:
        for due, _, principal, interest, fee, *_ in contract.due:
            if until is None or due < until:
                for name, money in (("principal", principal), ("interest", interest), ("fee", fee)):
                    self.book(name, due, money)

    def book(self, name: str, day: Any, money: float) -> None:
        row = next((i for i, end in enumerate(self.rows) if day <= end), len(self.rows))
        self.books[name][row] += money


@st.composite
def markets(draw: st.DrawFn) -> tuple[CashflowTable, tuple[Event, ...]]:
    made = [draw(random_loans(index)) for index in range(6)]
    for place, loan in enumerate(made):
        loan.more |= {"standby": "yes" if place > 2 else "", "pool": "north", "recourse": ""}
    moments = st.integers(0, 400).map(lambda days: np.datetime64(RANDOM_CUTOFF, "D") + days)
    events = [
        Event(draw(st.sampled_from(["repurchase", "substitute"])), who=(name,), on=draw(moments))
        for name in draw(st.lists(st.sampled_from(["L0", "L1", "L2"]), min_size=1, max_size=3, unique=True))
    ]
    return pool(made, RANDOM_CUTOFF), tuple(events)


@settings(max_examples=60, deadline=None)
@given(market=markets())
def test_buy_backs__equal_the_twin(market: tuple[CashflowTable, tuple[Event, ...]]) -> None:
    table, events = market
    line = timeline(RANDOM_CUTOFF, month_ends("2024-01-31", 48))
    scenario = Scenario("x", assumptions=(Assumption(recovery={"ip": RecoveryTerm(1.0)}),), events=events)
    projection = Projection(table, line, POOL_CHANNELS, 1.0, {"g1": ("Guarantor One",)})
    try:
        bound = projection.bind([Case("x", scenario)])
    except ScenarioError as error:
        assert {problem.code for problem in error.problems} <= {"event-after-maturity", "no-standby"}
        return
    out = np.zeros((len(POOL_CHANNELS), line.rows + 1, 1))
    projection.fill(bound, 0, 1, out)
    for name, values in BuyBackTwin(table, line, events).books.items():
        np.testing.assert_allclose(out[POOL_CHANNELS.index(name), :, 0], values, rtol=1e-9, atol=1e-7, err_msg=name)
    assert out[POOL_CHANNELS.index("default")].sum() == 0.0 and out.min() >= 0.0
    assert out[POOL_CHANNELS.index("performing"), -1, 0] == pytest.approx(0.0, abs=1e-9)
