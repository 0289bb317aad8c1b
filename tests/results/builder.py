"""A two-class deal of three yearly periods, worked by hand, as recorded paths.

Closing 2026-01-01; payments 2027-01-01, 2028-01-01, 2028-12-31: 1, 2 and 3 years of 365 days to the day.
Pool 100 at 8 %, principal 40, 40, 20. Class A face 80 at 5 % with a plan of 30, 30, 20; class SUB (residual) face 20.
Fee 1 a year ahead of A. Reserve opens with 2 and is released at the end. Shortfall payer with a limit of 5.
The bank pays 0.5 on the main account in year 2. Residual only once A is gone. Amounts in yuan; recorded in fen.

base      year 1: in 48, fee 1, interest 80 x 5 % = 4, principal 30, kept 13
          year 2: in 44.8 + 0.5, fee 1, interest 50 x 5 % = 2.5, principal 30, kept 13 + 45.3 - 33.5 = 24.8
          year 3: in 21.6, fee 1, interest 20 x 5 % = 1, principal 20, kept 24.4, with the reserve 2: residual 26.4
default   a loan of 60 misses year 2 (its 20 of year 3 goes too); the guarantor pays 5 and the IP brings 3 in year 3
          year 2: in 1.6 + 0.5, fee 1, interest 2.5, left 13 + 2.1 - 3.5 = 11.6 for principal 30; reserve 2, payer 5:
                  paid 18.6, overdue 11.4, balance 31.4
          year 3: in 21.6 + 8, fee 1, interest 31.4 x 5 % = 1.57, principal 20 + 11.4 due, paid 27.03, lost 4.37
all lost  every loan misses year 2, nothing is recovered, the payer is gone
          year 2: in 0.5, fee 1, interest 2.5, left 13 + 0.5 - 3.5 = 10, reserve 2: principal 12, overdue 18, balance 38
          year 3: in nothing: fee 1, interest 38 x 5 % = 1.9 and principal 38 stay unpaid
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from absengine.schema import Labels, PathInputs, StepLabel, TrancheLabel, TranchePaths, TriggerLabel

DATES = ("2027-01-01", "2028-01-01", "2028-12-31")
CALC = ("2026-12-15", "2027-12-15", "2028-12-15")

LABELS = Labels(
    deal="two-class",
    currency="CNY",
    unit=0.01,
    cutoff="2025-12-31",
    closing="2026-01-01",
    legal_final="2028-12-31",
    calc_dates=CALC,
    pay_dates=DATES,
    pays=((True, True, True),),
    stages=("amortising",),
    tranches=(
        TrancheLabel("A", "优先A", "senior", 80.0, True, False, "plan", "ACT/365F", "2028-12-31", "deal.toml:20"),
        TrancheLabel("SUB", "次级", "residual", 20.0, False, True, "residual", "", None, "deal.toml:30"),
    ),
    accounts=("main", "reserve"),
    account_openings=(0.0, 2.0),
    fees=("trustee",),
    senior_fees=("trustee",),
    taxes=(),
    supports=("topup",),
    ledgers=(),
    triggers=(
        TriggerLabel(
            "lost", "累计违约", "after collection", "pool.cum_default_rate > 8%", "go accelerated", "deal.toml:40"
        ),
    ),
    steps=(
        StepLabel("amortising", "fees", "pay", ("fee.trustee",), ("account.main",), "deal.toml:50"),
        StepLabel("amortising", "int_A", "pay", ("interest.A",), ("account.main",), "deal.toml:51"),
        StepLabel(
            "amortising",
            "prin_A",
            "pay",
            ("principal.A",),
            ("account.main", "account.reserve", "support.topup"),
            "deal.toml:52",
        ),
        StepLabel("amortising", "reserve", "fill", ("account.reserve",), ("account.main",), "deal.toml:53"),
        StepLabel("amortising", "residual", "pay", ("residual.SUB",), ("account.main",), "deal.toml:54"),
    ),
    items=(),
    channels=(),
    accruals=(
        ("2026-01-01", "2026-01-01", "2027-01-01"),
        ("2027-01-01", "2027-01-01", "2028-01-01"),
        ("2028-01-01", "2028-01-01", "2028-12-31"),
    ),
)

Lane = Mapping[str, tuple[float, ...]]

YEAR_1 = {"interest": 8.0, "principal": 40.0}

BASE: Lane = {
    "tranche.A.balance": (50, 20, 0),
    "tranche.A.interest_due": (4, 2.5, 1),
    "tranche.A.interest_paid": (4, 2.5, 1),
    "tranche.A.interest_unpaid": (0, 0, 0),
    "tranche.A.principal_due": (30, 30, 20),
    "tranche.A.principal_paid": (30, 30, 20),
    "tranche.A.principal_overdue": (0, 0, 0),
    "tranche.A.written_down": (0, 0, 0),
    "tranche.A.coupon": (0.05, 0.05, 0.05),
    "tranche.SUB.balance": (20, 20, 20),
    "tranche.SUB.residual_paid": (0, 0, 26.4),
    "account.main.balance": (13, 24.8, 0),
    "account.main.interest": (0, 0.5, 0),
    "account.reserve.balance": (2, 2, 0),
    "account.reserve.interest": (0, 0, 0),
    "fee.trustee.due": (1, 1, 1),
    "fee.trustee.paid": (1, 1, 1),
    "fee.trustee.unpaid": (0, 0, 0),
    "support.topup.called": (0, 0, 0),
    "support.topup.drawn": (0, 0, 0),
    "support.topup.repaid": (0, 0, 0),
    "support.topup.left": (5, 5, 5),
    "trigger.lost.active": (0, 0, 0),
    "trigger.lost.value": (0, 0, 0),
    "stage": (0, 0, 0),
    "step.amortising.fees.due": (1, 1, 1),
    "step.amortising.fees.paid": (1, 1, 1),
    "step.amortising.int_A.due": (4, 2.5, 1),
    "step.amortising.int_A.paid": (4, 2.5, 1),
    "step.amortising.prin_A.due": (30, 30, 20),
    "step.amortising.prin_A.paid": (30, 30, 20),
    "step.amortising.prin_A.short": (0, 0, 0),
    "step.amortising.prin_A.from.support.topup": (0, 0, 0),
}
BASE_POOL: Lane = {
    "interest": (8, 4.8, 1.6, 0),
    "principal": (40, 40, 20, 0),
    "opening": (100, 60, 20, 0),
    "performing": (60, 20, 0, 0),
}

DEFAULT: Lane = {
    **BASE,
    "tranche.A.balance": (50, 31.4, 4.37),
    "tranche.A.interest_due": (4, 2.5, 1.57),
    "tranche.A.interest_paid": (4, 2.5, 1.57),
    "tranche.A.principal_due": (30, 30, 31.4),
    "tranche.A.principal_paid": (30, 18.6, 27.03),
    "tranche.A.principal_overdue": (0, 11.4, 4.37),
    "tranche.SUB.residual_paid": (0, 0, 0),
    "account.main.balance": (13, 0, 0),
    "account.reserve.balance": (2, 0, 0),
    "support.topup.called": (0, 16.4, 4.37),
    "support.topup.drawn": (0, 5, 0),
    "support.topup.left": (5, 0, 0),
    "trigger.lost.active": (0, 1, 1),
    "trigger.lost.value": (0, 0.4, 0.4),
    "step.amortising.int_A.due": (4, 2.5, 1.57),
    "step.amortising.int_A.paid": (4, 2.5, 1.57),
    "step.amortising.prin_A.due": (30, 30, 31.4),
    "step.amortising.prin_A.paid": (30, 18.6, 27.03),
    "step.amortising.prin_A.short": (0, 11.4, 4.37),
    "step.amortising.prin_A.from.support.topup": (0, 5, 0),
}
DEFAULT_POOL: Lane = {
    "interest": (8, 1.6, 1.6, 0),
    "principal": (40, 0, 20, 0),
    "recovery.guarantor": (0, 0, 5, 0),
    "recovery.ip": (0, 0, 3, 1),
    "opening": (100, 60, 20, 0),
    "performing": (60, 20, 0, 0),
    "default": (0, 40, 0, 0),
    "recognised": (0, 40, 0, 0),
}

ALL_LOST: Lane = {
    **DEFAULT,
    "tranche.A.balance": (50, 38, 38),
    "tranche.A.interest_due": (4, 2.5, 1.9),
    "tranche.A.interest_paid": (4, 2.5, 0),
    "tranche.A.interest_unpaid": (0, 0, 1.9),
    "tranche.A.principal_due": (30, 30, 38),
    "tranche.A.principal_paid": (30, 12, 0),
    "tranche.A.principal_overdue": (0, 18, 38),
    "fee.trustee.paid": (1, 1, 0),
    "fee.trustee.unpaid": (0, 0, 1),
    "support.topup.called": (0, 18, 38),
    "support.topup.drawn": (0, 0, 0),
    "trigger.lost.value": (0, 0.6, 0.6),
    "step.amortising.fees.paid": (1, 1, 0),
    "step.amortising.int_A.due": (4, 2.5, 1.9),
    "step.amortising.int_A.paid": (4, 2.5, 0),
    "step.amortising.prin_A.due": (30, 30, 38),
    "step.amortising.prin_A.paid": (30, 12, 0),
    "step.amortising.prin_A.short": (0, 18, 38),
    "step.amortising.prin_A.from.support.topup": (0, 0, 0),
}
ALL_LOST_POOL: Lane = {
    "interest": (8, 0, 0, 0),
    "principal": (40, 0, 0, 0),
    "opening": (100, 60, 0, 0),
    "performing": (60, 0, 0, 0),
    "default": (0, 60, 0, 0),
    "recognised": (0, 60, 0, 0),
}

UNSCALED = ("tranche.A.coupon", "trigger.lost.active", "trigger.lost.value", "stage")


def paths_of(lanes: Mapping[str, tuple[Lane, Lane]], labels: Labels = LABELS) -> TranchePaths:
    """Recorded paths of hand-written lanes: scenario name -> (items, pool channels), in yuan."""
    scale = round(1 / labels.unit) if labels.unit else 1
    items = tuple(dict.fromkeys(name for recorded, _ in lanes.values() for name in recorded))
    channels = tuple(dict.fromkeys(name for _, pool in lanes.values() for name in pool))
    rows = len(labels.pay_dates)

    def stacked(names: tuple[str, ...], part: int, length: int) -> np.ndarray:
        values = np.array(
            [[lane[part].get(name, (0.0,) * length) for lane in lanes.values()] for name in names], dtype=float
        )
        counted = np.array([1.0 if name in UNSCALED else scale for name in names])
        return np.moveaxis(np.round(values * counted[:, None, None], 6), 1, 2)

    return TranchePaths(
        labels=replace(labels, items=items, channels=channels),
        scenarios=tuple(lanes),
        values=stacked(items, 0, rows),
        pool=PathInputs(channels, stacked(channels, 1, rows + 1)),
    )


def two_class() -> TranchePaths:
    """The three worked scenarios."""
    return paths_of(
        {"base": (BASE, BASE_POOL), "default": (DEFAULT, DEFAULT_POOL), "all lost": (ALL_LOST, ALL_LOST_POOL)}
    )


def two_class_twin() -> TranchePaths:
    """The same lanes with credit events off: all of them are the base."""
    return paths_of({"base": (BASE, BASE_POOL), "default": (BASE, BASE_POOL), "all lost": (BASE, BASE_POOL)})


def random_books(seed: int, rows: int, lanes: int) -> TranchePaths:
    """Any cash book that closes: every flow is drawn, the main account's balance takes what is left over."""
    draw = np.random.default_rng(seed)

    def fen(last: int = 1) -> np.ndarray:
        return draw.integers(0, 10 ** draw.integers(1, 10), size=(rows + last - 1, lanes)).astype(float)

    out = {name: fen() for name in ("fee.trustee.paid", "tranche.A.interest_paid", "tranche.A.principal_paid",
                                    "tranche.SUB.residual_paid", "support.topup.repaid")}  # fmt: skip
    into = {name: fen() for name in ("account.main.interest", "support.topup.drawn")}
    pool = {name: fen(2) for name in ("interest", "principal", "recovery.guarantor", "recovery.ip")}
    reserve = fen()
    moved = sum(into.values()) + sum(values[:-1] for values in pool.values()) - sum(out.values())
    main = 200.0 + np.cumsum(moved, axis=0) - reserve
    items = {**out, **into, "account.main.balance": main, "account.reserve.balance": reserve}
    labels = replace(
        LABELS,
        items=tuple(items),
        channels=tuple(pool),
        calc_dates=CALC[:1] * rows,
        pay_dates=DATES[:1] * rows,
        pays=((True,) * rows,),
    )
    return TranchePaths(
        labels=labels,
        scenarios=tuple(f"s{lane}" for lane in range(lanes)),
        values=np.array(list(items.values())),
        pool=PathInputs(tuple(pool), np.array(list(pool.values()))),
    )
