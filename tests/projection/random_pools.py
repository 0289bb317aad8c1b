"""Random pools and scenarios, small enough for the twin: every kind of schedule, curve, source, event and supporter."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
from hypothesis import strategies as st
from pools import Loan, bullet, level, monthly, pool

from absengine.scenario import Assumption, Curve, Delay, Event, Lag, Late, RecoveryTerm, Scenario, Scope, Supporter
from absengine.schema import RECOVERY_SOURCES, CashflowTable

CUTOFF = "2024-01-20"
ENTITIES = {"g1": ("Guarantor One",), "g2": ("Guarantor Two",)}
KINDS = ("level", "bullet", "irregular")

shares = st.sampled_from([0.0, 0.02, 0.3, 1.0])
delaying = st.one_of(
    st.builds(Lag, months=st.integers(1, 14)),
    st.builds(Lag, payments=st.integers(1, 5)),
    st.builds(Lag, days=st.integers(1, 200)),
)
lags = st.just(Lag()) | delaying
terms = st.builds(
    RecoveryTerm,
    rate=st.sampled_from([0.0, 0.3, 1.0]),
    base=st.sampled_from(["principal", "claim", "claim with penalty", "appraisal", "lower"]),
    lag=lags,
    start=st.sampled_from(["default", "recognition"]),
    payer=st.sampled_from(["", "", "g2"]),
)
known = st.sampled_from([0, 30, 90])
paced = st.builds(
    Curve,
    kind=st.just("rate"),
    values=st.lists(shares, min_size=1, max_size=3).map(tuple),
    per=st.sampled_from(["year", "month"]),
    every=st.sampled_from([1, 5]),
    by=st.just("payment"),
)
rates = paced | st.builds(
    Curve,
    kind=st.just("rate"),
    values=st.lists(shares, min_size=1, max_size=3).map(tuple),
    per=st.sampled_from(["year", "month"]),
    every=st.sampled_from([1, 7]),
    origin=st.sampled_from(["cutoff", "origination"]),
)
counts = st.builds(
    Curve,
    kind=st.just("absolute"),
    values=st.lists(st.sampled_from([0.0, 0.1, 0.4]), min_size=1, max_size=3).map(tuple),
    every=st.sampled_from([1, 4]),
    by=st.sampled_from(["month", "payment"]),
)
cumulative = st.builds(
    Curve,
    kind=st.just("cumulative"),
    values=st.tuples(st.sampled_from([0.05, 0.6])),
    every=st.sampled_from([1, 6]),
    timing=st.sampled_from([(), (0.6, 0.3, 0.1), (0.0, 1.0)]),
)


def speed(kind: str, *levels: float) -> st.SearchStrategy[Curve]:
    return st.builds(Curve, kind=st.just(kind), values=st.tuples(st.sampled_from(levels)))


defaults = st.builds(
    replace,
    st.one_of(rates, counts, cumulative, speed("sda", 1.0, 40.0), speed("maturity", 0.2, 1.0)),
    recognition=known,
)
prepays = st.one_of(rates, counts, speed("psa", 1.0, 9.0), speed("abs", 0.013, 0.2))
scopes = st.sampled_from(
    [
        Scope("pool", (("pool", ("north",)),)),
        Scope("tag", (("tags", ("new", "old")),)),
        Scope("field", (("industry", ("drugs",)),)),
        Scope("id", (("contract_id", ("L0", "L2")),)),
    ]
)
recoveries = st.fixed_dictionaries(
    {"guarantor": terms}, optional={source: terms for source in RECOVERY_SOURCES if source != "guarantor"}
)
dilutions = st.sampled_from([None, None, 0.0, 0.03, 0.25, 1.0])
lates = st.none() | st.builds(
    Late, share=st.sampled_from([0.0, 0.4, 1.0]), by=delaying, penalty=st.sampled_from([None, 0.0, 0.24])
)
delays = st.none() | st.builds(Delay, share=st.sampled_from([0.5, 1.0]), by=delaying)
wide = st.builds(
    Assumption,
    default=defaults,
    prepay=st.none() | prepays,
    recovery=recoveries,
    delayed=delays,
    dilution=dilutions,
    late=lates,
)
narrow = st.builds(
    Assumption,
    scope=scopes,
    default=st.none() | defaults,
    prepay=st.none() | prepays,
    recovery=recoveries,
    dilution=dilutions,
    late=lates,
    layer=st.just(1),
)
moments = st.integers(0, 500).map(lambda days: np.datetime64(CUTOFF, "D") + days)
choices = st.sampled_from(
    [
        {"who": ("L0",)},
        {"who": ("B",)},
        {"top": 1},
        {"smallest": 1},
        {"top": 2, "or_fewer": True},
        {"smallest": 9, "or_fewer": True},
    ]
)


@st.composite
def events(draw: st.DrawFn) -> Event:
    what = draw(st.sampled_from(["default", "default", "prepay", "extend"]))
    on = draw(moments)
    if what == "default":
        at = draw(st.sampled_from([on, on, None]))
        return Event(what, **draw(choices), on=at, cross_default=draw(st.booleans()), recognition=draw(known))
    return Event(what, **draw(choices), on=on, by=draw(st.integers(1, 9)) if what == "extend" else 0)


@st.composite
def loans(draw: st.DrawFn, index: int, kinds: tuple[str, ...] = KINDS) -> Loan:
    """Level, bullet, single-payment or irregular loans that start before the cut-off."""
    number, age = f"L{index}", draw(st.integers(1, 30))
    count, every = draw(st.integers(1, 14)), draw(st.sampled_from([1, 1, 3]))
    first = draw(st.sampled_from(["2024-01-31", "2024-01-31", "2024-02-15", "2024-03-10"]))
    day = 31 if first.endswith("31") else None
    due = monthly(first, count, every, day)
    start = monthly(first, 1, 1, day)[0] - np.timedelta64(30 * age, "D")
    if draw(st.booleans()):
        start = monthly("2024-01-15", 2, -age)[1]
    more = {
        "start_date": start,
        "obligor": draw(st.sampled_from("ABC")),
        "guarantor": draw(st.sampled_from(["", "Guarantor One", "Guarantor Two", "somebody else"])),
        "recourse": draw(
            st.sampled_from(["", "Guarantor One", "Guarantor Two;Guarantor One", "Guarantor One;a seller"])
        ),
        "pool": draw(st.sampled_from(["north", "south"])),
        "tags": draw(st.sampled_from(["", "new", "new;old"])),
        "industry": draw(st.sampled_from(["drugs", "chips"])),
        "deposit": draw(st.sampled_from([np.nan, 0.0, 7.0])),
        "asset_kind": draw(st.sampled_from(["one kind", "another kind", "a third"])),
        "penalty_rate": draw(st.sampled_from([0.0, 0.18, 0.3])),
        "day_count": draw(st.sampled_from(["", "period", "ACT/365F"])),
        "holdback": draw(st.sampled_from([np.nan, 0.0, 0.1])),
        "prepay_fee": draw(st.sampled_from([np.nan, 0.02])),
        "cutoff_date": np.datetime64(draw(st.sampled_from([CUTOFF, "2024-01-01", "2023-12-15"])), "D"),
    }
    balance = draw(st.sampled_from([100.0, 250.0]))
    kind = draw(st.sampled_from(kinds))
    if kind == "level":
        made = level(number, balance, 0.06, due, 12 // every, **more)
        return replace(made, deposit=[0.0] * (count - 1) + [draw(st.sampled_from([0.0, 7.0]))])
    if kind == "irregular":
        due = due + np.arange(count) * 2
    made = bullet(number, balance, due, [balance * 0.02] * count, **more)
    return replace(made, fee=[1.0] * count, deposit=[draw(st.sampled_from([0.0, 0.5]))] * count)


@st.composite
def pools(draw: st.DrawFn, kinds: tuple[str, ...] = KINDS) -> CashflowTable:
    size = draw(st.integers(3, 6))
    made = [draw(loans(index, kinds)) for index in range(size)]
    for place, columns in enumerate(({"pool": "north", "tags": "new;old"}, {"industry": "drugs", "obligor": "B"}, {})):
        made[place].more.update(columns)
    if draw(st.booleans()):
        for loan in made:
            loan.more["previous_due_date"] = monthly(str(loan.due[0]), 2, -2)[1]
    rights = [
        {"right_id": "P1", "contract_id": "L0", "appraisal_value": 60.0, "lost_on": draw(moments)},
        {"right_id": "P2", "contract_id": "L0", "appraisal_value": 30.0, "lost_on": np.datetime64("NaT")},
        {"right_id": "P3", "contract_id": "L1", "appraisal_value": 1000.0, "lost_on": np.datetime64("NaT")},
    ]
    return pool(made, CUTOFF, rights)


@st.composite
def scenarios(draw: st.DrawFn) -> Scenario:
    gone = st.builds(Supporter, entity=st.sampled_from(["g1", "g2"]), gone=moments)
    late = st.builds(Supporter, entity=st.sampled_from(["g1", "g2"]), late=st.integers(1, 5))
    return Scenario(
        "random",
        assumptions=(draw(wide), *draw(st.lists(narrow, max_size=1))),
        events=tuple(draw(st.lists(events(), max_size=2))),
        supporters=tuple(draw(st.lists(st.one_of(gone, late), max_size=2))),
        order=draw(st.sampled_from(["default first", "prepay on performing"])),
        interest_on=draw(st.sampled_from(["after prepayment", "performing"])),
        credit=draw(st.sampled_from([True, True, True, False])),
    )


def capped(scenario: Scenario, caps: list[float]) -> Scenario:
    """The scenario with a cap on every source, drawn from some."""
    limits = itertools.cycle(caps)
    blocks = tuple(
        replace(a, recovery={s: replace(t, cap=next(limits)) for s, t in a.recovery.items()})
        for a in scenario.assumptions
    )
    return replace(scenario, assumptions=blocks)


caps = st.lists(st.sampled_from([0.0, 3.0, 40.0, 200.0, np.inf]), min_size=1, max_size=4)
alike = st.sampled_from(KINDS).flatmap(lambda kind: pools((kind,)))
"""Contracts of one clock owe the same interest on principal: sources are asked for what they owe together."""
