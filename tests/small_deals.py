"""Deals of a few periods, worked by hand: every amount is a round number, every month has 30 days (30/360).

Cut-off 10 January 2026, closing on the 15th; cash is collected to the 10th and paid on the 15th of each month. A coupon
of 12 % is 1 % a month. Every run is also met by the slow twin.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import deal_properties
import naive_deal
import numpy as np
from random_deals import deal_of, written

from absengine.deal.labels import labels
from absengine.deal.load import Deal
from absengine.errors import Where
from absengine.waterfall import Buffers, run_waterfall, start_values

Tables = dict[str, dict[str, Any]]


def dates(months: int, every: int = 1) -> dict[str, Any]:
    length = {1: "1 month"}.get(every, f"{every} months")
    return {
        "cutoff": day(0, 10), "closing": day(0), "legal_final": day(months),
        "collection": {"every": "1 month", "on": 10},
        "payment": {"every": length, "on": 15, "first": day(every)},
    }  # fmt: skip


def day(number: int, of_month: int = 15) -> dt.date:
    """The 15th so many months after closing, which is 0."""
    return dt.date(2026 + number // 12, number % 12 + 1, of_month)


def note(face: float, klass: str = "senior", coupon: str | None = "12%", **more: Any) -> dict[str, Any]:
    """A class; ``coupon`` in percent, 30/360."""
    terms = {"class": klass, "face": face, "principal": {"kind": "pass_through"}} | more
    return terms | ({"coupon": {"kind": "fixed", "rate": coupon, "day_count": "30/360"}} if coupon else {})


def rest(face: float = 100) -> dict[str, Any]:
    """The residual class."""
    return {"class": "residual", "face": face}


def pay(*what: str, source: str = "main", **more: Any) -> dict[str, Any]:
    return {"do": "pay", "what": list(what), "from": source, **more}


def stage(*steps: dict[str, Any], pays: str = "payment") -> dict[str, Any]:
    """A stage; steps are numbered s1, s2 … unless they bring an id."""
    return {"pays": pays, "step": [{"id": f"s{index}", **step} for index, step in enumerate(steps, start=1)]}


def small(months: int, tables: Mapping[str, Mapping[str, Any] | None], every: int = 1, unit: float = 0.01) -> str:
    """Text of a deal: the given tables over the usual head, dates, account and collection; None takes one out."""
    usual: Tables = {
        "deal": {"name": "worked by hand", "money": {"unit": unit}},
        "dates": dates(months, every),
        "account.main": {},
        "collect": dict.fromkeys(("interest", "principal", "prepayment", "recovery"), "main"),
    }
    return written({name: dict(table) for name, table in (usual | dict(tables)).items() if table is not None})


class Run:
    """A deal run on one path; ``run["account.main.balance"]`` is its rows in the currency's main unit."""

    def __init__(self, text: str, pool: float = 0.0, changes: Mapping[str, float] | None = None,
                 **feed: Sequence[float]) -> None:  # fmt: skip
        self.deal: Deal = deal_of(text)
        compiled = self.deal.compile(pool)
        rows, self.scale = self.deal.timeline.rows, compiled.scale
        inputs = np.zeros((len(compiled.channels), rows + 1, 1))
        for index, name in enumerate(compiled.channels):
            pure = name.split(".")[0] in ("alive", "late", "index", "forced", "fee_factor", "purchase")
            usual = 1.0 if name.startswith("alive") or name == "fee_factor" else 0.0
            given = feed.pop(name.replace(".", "_"), [usual] * rows)
            inputs[index, :rows, 0] = np.array([*given, *[usual] * rows][:rows]) * (1.0 if pure else compiled.scale)
        assert not feed, f"the deal reads no {sorted(feed)}"
        start = start_values(compiled, [dict(changes or {})], [Where()])
        fed = inputs.copy()
        out = np.empty((len(compiled.items), rows, 1))
        run_waterfall(compiled, labels(self.deal, compiled), ["lane"], start, inputs, out, Buffers(compiled))
        self.values = dict(zip(compiled.items, out[:, :, 0], strict=True))
        channels = {name: fed[index, :rows, 0] for index, name in enumerate(compiled.channels)}
        twin = naive_deal.run(self.deal, pool, channels, changes)
        for item, values in self.values.items():
            slow = twin.get(item, [0.0] * rows)
            assert not any(map(deal_properties.differ, values, slow)), (item, values, slow)

    def __getitem__(self, item: str) -> list[float]:
        pure = item in ("stage", "ran", "pool.called") or item.endswith((".coupon", ".active"))
        return [round(float(value) / (1.0 if pure else self.scale), 9) for value in self.values[item]]
