"""Random deals as the text of a deal.toml, and random pools to run them on.

A deal is drawn as text so that the reader, the checks and the compiler all meet it. The list of a stage is drawn from a
plausible order and then disturbed, because a wrong compiler hides behind usual deals.
"""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st

from absengine.deal.labels import labels
from absengine.deal.load import Deal, load
from absengine.deal.program import Compiled
from absengine.errors import DealError, Where
from absengine.schema import RECOVERY_SOURCES
from absengine.waterfall import Buffers, run_waterfall, start_values

Draw = Any
POOL = 1_000.0
"""Principal of the pool, in round numbers, so that faces, fees and targets have a size."""


@dataclass
class Case:
    """A deal file, the pool cash of each lane, and what each lane changes in the deal."""

    text: str
    seed: int
    cash: float  # how much of the pool arrives, 1 = all
    changes: tuple[dict[str, float], ...] = ({},)
    pool: tuple[tuple[float, ...], tuple[float, ...]] | None = None  # what plain_cases draws instead of random channels

    @cached_property
    def deal(self) -> Deal:
        return deal_of(self.text)

    @cached_property
    def compiled(self) -> Compiled:
        return self.deal.compile(POOL)

    @cached_property
    def inputs(self) -> np.ndarray:
        """(channel, row + 1, lane) in counting units; the rest after legal final is nothing the list sees."""
        random = np.random.default_rng(self.seed)
        rows, lanes = self.deal.timeline.rows, len(self.changes)
        values = np.zeros((len(self.compiled.channels), rows + 1, lanes))
        if self.pool is not None:
            given = pool_feed(*(np.array(part) for part in self.pool), self.compiled.scale)
            for name, amounts in given.items():
                values[self.compiled.channels.index(name), :rows] = amounts
            return values
        for index, name in enumerate(self.compiled.channels):
            values[index, :rows] = self._channel(name, random, rows, lanes)
        return values

    def _channel(self, name: str, random: np.random.Generator, rows: int, lanes: int) -> np.ndarray:
        kind = name.split(".")[0]
        draws = random.random((rows, lanes))
        some = random.random((rows, lanes)) < 0.3
        if name.endswith(".servicing"):  # fails for good, on some lanes
            return (np.arange(rows)[:, None] < np.floor(2 * rows * draws[:1])).astype(float)
        if kind == "alive":
            return (draws < 0.8).astype(float)
        if kind == "late":
            return np.floor(draws * 3) * some
        if kind == "index":
            return 0.02 + 0.04 * draws
        if kind == "fee_factor":
            return 0.5 + draws
        if kind == "forced":
            return (draws < 0.02).astype(float)
        if kind == "purchase":
            return purchase_channel(name.split(".", 2)[2], draws, rows)
        size = POOL * self.compiled.scale
        if name in ("opening", "performing"):
            return size * np.linspace(1.0, 0.05, rows)[:, None] * (0.5 + 0.5 * draws)
        if name.startswith("interest."):
            return size * 0.03 * self.cash / rows * 2 * draws
        part = {"interest": 0.06, "principal": 1.0, "prepayment": 0.2, "default": 0.15, "recognised": 0.15, "fee": 0.01}
        amount = size * part.get(name, 0.05) * self.cash / rows * 2 * draws
        return amount * (some if kind in ("recovery", "prepayment", "default", "recognised") else 1.0)

    def run(self, block: int | None = None, threads: int = 1) -> dict[str, np.ndarray]:
        """Recorded items (row, lane), run in blocks of ``block`` lanes over threads."""
        lanes, rows = len(self.changes), self.deal.timeline.rows
        start = start_values(self.compiled, self.changes, [Where()] * lanes)
        size, words, names = block or lanes, labels(self.deal, self.compiled), [f"lane {k}" for k in range(lanes)]
        out = np.empty((len(self.compiled.items), rows, lanes))
        self.collected = np.empty_like(self.inputs)

        def part(first: int) -> None:
            at = slice(first, min(first + size, lanes))
            block_out = np.empty((*out.shape[:2], at.stop - first))
            inputs = self.inputs[:, :, at].copy()  # purchases and sales change what later rows collect
            run_waterfall(self.compiled, words, names[at], start[:, at], inputs, block_out, Buffers(self.compiled))
            out[:, :, at], self.collected[:, :, at] = block_out, inputs

        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(part, range(0, lanes, size)))
        return dict(zip(self.compiled.items, out, strict=True))

    def lane(self, lane: int) -> dict[str, np.ndarray]:
        """Channels of one lane, as the twin wants them."""
        return {name: self.inputs[index, :-1, lane] for index, name in enumerate(self.compiled.channels)}


@lru_cache(maxsize=16)
def deal_of(text: str, **files: str) -> Deal:
    """A deal read from text, with files beside it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "deal.toml"
        path.write_text(text, encoding="utf-8")
        for name, content in files.items():
            (path.parent / name).write_text(content, encoding="utf-8")
        return load(path)


# Words ----------------------------------------------------------------------------------------------------------------


def toml(value: Any) -> str:
    """A value as TOML: tables inline, dates bare."""
    match value:
        case bool():
            return str(value).lower()
        case str():
            return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
        case dict():
            return "{ " + ", ".join(f"{key} = {toml(part)}" for key, part in value.items() if part is not None) + " }"
        case list() | tuple():
            return "[" + ", ".join(toml(part) for part in value) + "]"
    return str(value)


def written(tables: Mapping[str, Mapping[str, Any]]) -> str:
    """Tables of a deal, one after the other."""
    lines = ['schema = "absengine.deal/1"']
    for name, table in tables.items():
        lines += [f"[{name}]", *(f"{key} = {toml(value)}" for key, value in table.items() if value is not None)]
    return "\n".join(lines) + "\n"


# Deals ----------------------------------------------------------------------------------------------------------------


@dataclass
class Sketch:
    """What has been decided of a deal, so that steps and formulas can name it."""

    draw: Draw
    tables: dict[str, dict[str, Any]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    paying: list[str] = field(default_factory=list)  # with principal
    bearing: list[str] = field(default_factory=list)  # with a coupon
    residuals: list[str] = field(default_factory=list)
    accounts: list[str] = field(default_factory=list)
    apart: list[str] = field(default_factory=list)  # with the servicer, or for deposits: no step may touch them
    on_paid: list[str] = field(default_factory=list)
    targets: list[str] = field(default_factory=list)
    fees: list[str] = field(default_factory=list)
    capped: list[str] = field(default_factory=list)
    taxes: list[str] = field(default_factory=list)
    supports: list[str] = field(default_factory=list)
    owed: list[str] = field(default_factory=list)
    ledgers: list[str] = field(default_factory=list)
    triggers: list[str] = field(default_factory=list)
    stages: list[str] = field(default_factory=list)
    anticipated: list[str] = field(default_factory=list)  # tranches with additional interest
    putable: list[str] = field(default_factory=list)
    hedges: list[str] = field(default_factory=list)
    owing: list[str] = field(default_factory=list)  # hedges under which the plan may owe
    figures: list[str] = field(default_factory=list)
    purchases: list[str] = field(default_factory=list)
    indexed: bool = False

    def chance(self, one_in: int) -> bool:
        return self.draw(st.integers(1, one_in)) == one_in

    def pick(self, choices: Any) -> Any:
        return self.draw(st.sampled_from(list(choices)))

    def some(self, choices: list[str], most: int = 3) -> list[str]:
        return self.draw(st.lists(st.sampled_from(choices), unique=True, max_size=most)) if choices else []

    def number(self, low: int, high: int) -> int:
        return self.draw(st.integers(low, high))

    # formulas
    def money(self, depth: int = 2) -> str:
        names = ["collected.principal", "collected.interest", "collected.total", "collected.default", "pool.performing",
                 "pool.opening", "pool.default", "pool.defaulted", "pool.initial", "balance.senior", "face.senior",
                 "due.senior", "collected.recovery"]  # fmt: skip
        names += [f"account.{a}" for a in (*self.accounts, *self.apart)]
        names += ["servicing.lost"] * ("purse" in self.apart) + ["deposit.owed"] * ("box" in self.apart)
        names += ["collected.interest.pledge_loan"] * ("vat" in self.taxes) + [f"target.{a}" for a in self.targets]
        names += [f"fee.{x}" for x in self.fees] + [f"fee.{x}.over_cap" for x in self.capped]
        names += [f"tax.{x}" for x in self.taxes] + [f"ledger.{x}" for x in self.ledgers]
        names += [f"support.{x}.owed" for x in self.supports] + [f"interest.{x}" for x in self.bearing]
        names += [f"principal.{x}" for x in self.paying] + [f"balance.{x}" for x in self.notes]
        names += [f"figure.{x}" for x in self.figures] + [f"additional.{x}" for x in self.anticipated]
        names += [f"hedge.{x}.{part}" for x in self.hedges for part in ("due", "receivable")]
        names += [f"purchase.{x}.{part}" for x in self.purchases for part in ("balance", "bought")]
        way = self.number(0, 9 if depth else 3)
        if way <= 2:
            return self.pick(names)
        if way == 3:
            return str(self.number(0, 300))
        a, b = self.money(depth - 1), self.money(depth - 1)
        return {
            4: f"min({a}, {b})", 5: f"max({a} - {b}, 0)",
            6: f"{self.number(1, 120)}% * ({a} + {self.pick(names)})",
            7: f"({a}) + {b}", 8: f"if({self.flag(depth - 1)}, {a}, {b})",
            9: f"floor(abs({a} - {b}), {self.number(1, 20)})",
        }[way]  # fmt: skip

    def flag(self, depth: int = 2) -> str:
        choices = ["pool.cum_default_rate > 5%", "period.number >= 4", "pool.performing < 40% * pool.initial",
                   "date.payment > 2027-03-01", "period.last", "pool.called", "balance.senior == 0",
                   "account.main < due.senior", "balance.senior / face.senior <= 50%", "not period.last",
                   "collected.total <= 30", "collected.default > 0", "interest.senior > 0"]  # fmt: skip
        choices += [f"trigger.{t}" for t in self.triggers] + [f"stage.{s}" for s in self.stages]
        choices += [f"account.{a} < target.{a}" for a in self.targets] + [f"ledger.{x} > 0" for x in self.ledgers]
        choices += ["index.LPR > 4% per year"] if self.indexed else []
        choices += ["servicing.failed", "servicing.direct"] if "purse" in self.apart else []
        way = self.number(0, 5 if depth else 3)
        if way <= 3:
            return self.pick(choices)
        if way == 4:
            return f"{self.flag(depth - 1)} {self.pick(['and', 'or'])} {self.flag(depth - 1)}"
        return f"({self.money(depth - 1)}) > {self.money(depth - 1)}"


@st.composite
def cases(draw: Draw, most_rows: int = 60, lanes: int = 3) -> Case:
    """A whole case: deal, pool, lanes with other faces, coupons, limits and fees."""
    s = Sketch(draw)
    heads(s)
    dates(s, most_rows)
    nouns(s)
    stages(s)
    names = [f"tranche.{n}.face" for n in s.notes] * (s.tables["deal"]["money"]["per"] == "class")
    plain = {f"tranche.{n}.coupon": (0, 12, 0.01) for n in s.bearing}
    plain |= {f"account.{a}.opening": (0, 60, 1.0) for a in s.accounts} | dict.fromkeys(names, (0, 500, 1.0))
    plain |= {f"support.{x}.limit": (0, 90, 1.0) for x in s.supports if s.tables[f"support.{x}"]["limit"] != "covered"}
    plain |= {f"tranche.{n}.put.share": (0, 120, 0.01) for n in s.putable}
    plain |= {f"tranche.{n}.put.adjust": (-5, 5, 0.01) for n in s.putable}
    plain |= {f"tranche.{n}.ard.additional": (0, 9, 0.01) for n in s.anticipated}
    changes = []
    for _ in range(s.number(1, lanes)):
        chosen = s.some(sorted(plain), 3)
        changes.append({name: s.number(*plain[name][:2]) * plain[name][2] for name in chosen})
    text = written(s.tables)
    assume(not refused_by_chance(text))
    return Case(text, s.number(0, 2**32 - 1), s.pick([0.3, 0.8, 1.0, 1.3]), tuple(changes))


def refused_by_chance(text: str) -> bool:
    """A call some days before a payment may fall before the cut-off date or after the payment: refused. So is a step
    of claims of which only some bear a fee on payments.
    """
    try:
        deal_of(text)
    except DealError as refused:
        return {problem.code for problem in refused.problems} <= {"call-day", "fee-on-some"}
    return False


def heads(s: Sketch) -> None:
    unit = s.pick([0, 0, 0.01, 1])
    per = s.pick(["class", "class", "note of 1", "note of 10"])
    s.tables["deal"] = {"name": "random", "money": {"unit": unit, "per": per}}


def dates(s: Sketch, most_rows: int) -> None:
    cutoff = dt.date(2025, s.number(1, 12), s.pick([1, 15, 28]))
    cutoff = s.pick([cutoff, dt.date(2025, 12, 31), dt.date(2026, 1, 31)])
    closing = cutoff + dt.timedelta(s.number(0, 45))
    every = s.pick([1, 1, 1, 3])
    between = every * s.pick([1, 1, 2, 3])
    on = s.pick([26, 10, 15, "last day", 31])
    first = month_day(cutoff, between + 1, on)
    rows = s.number(1, s.pick([4, 12, most_rows]))
    final = month_day(first, between * max(every * rows // between, 2), on)
    calendar = s.pick(["none", "weekends", "SSE"])
    rolls = ["none"] if calendar == "none" else ["none", "following", "modified_following", "preceding"]
    s.tables["dates"] = {
        "cutoff": cutoff, "closing": min(closing, first - dt.timedelta(1)), "legal_final": final,
        "collection": {"every": months_text(every), "on": s.pick(["last day", 20, 31])},
        "payment": {"every": months_text(between), "on": on, "first": first, "calendar": calendar,
                    "roll": s.pick(rolls), "extra_interest": s.pick([False, False, True])},
    }  # fmt: skip
    if s.chance(3) and first < final:
        every = between * s.pick([1, 2])
        s.tables["dates"]["further"] = {"slow": {"every": months_text(every), "first": first}}


def payment_days(s: Sketch) -> list[dt.date]:
    """Four payment dates, perhaps the same ones, up to legal final."""
    rule = s.tables["dates"]["payment"]
    between, count, day = int(rule["every"].split()[0]), 0, rule["first"]
    while day < s.tables["dates"]["legal_final"]:
        count, day = count + 1, month_day(rule["first"], between * (count + 1), rule["on"])
    return [month_day(rule["first"], between * (count * k // 4), rule["on"]) for k in (1, 2, 3, 4)]


def month_day(start: dt.date, later: int, on: int | str) -> dt.date:
    month = start.year * 12 + start.month - 1 + later
    last = (dt.date(month // 12 + (month % 12 == 11), (month + 1) % 12 + 1, 1) - dt.timedelta(1)).day
    return dt.date(month // 12, month % 12 + 1, last if on == "last day" else min(int(on), last))


def months_text(count: int) -> str:
    return f"{count} month{'s' if count > 1 else ''}"


def nouns(s: Sketch) -> None:
    s.accounts = ["main", *s.some(["reserve", "principal", "extra"], 2)]
    for name in s.accounts:
        table: dict[str, Any] = {"opening": s.pick([0, 0, 20, 33.33])}
        if s.chance(3):
            table["interest"] = {"rate": f"{s.pick([0.35, 1, 3])}%", "day_count": s.pick(["ACT/365F", "30/360"])}
        s.tables[f"account.{name}"] = table
    others = s.accounts
    collect = {"interest": "main"} | {name: s.pick(others) for name in ("principal", "prepayment", "recovery")}
    collect |= {"fee": "main"} if s.chance(3) else {}
    collect |= {f'"recovery.{s.pick(RECOVERY_SOURCES)}"': s.pick(others)} if s.chance(4) else {}
    s.tables["collect"] = collect
    if s.chance(3):
        s.indexed = True
        s.tables["index.LPR"] = {"path": [[dt.date(2024, 1, 1), "3.5%"]]}
    tranches(s)
    s.tables["entity.helper"] = {"name": "helper"}
    by_way_of_the_servicer(s)
    for name in s.some(["stamp"], 1):
        base = s.pick(["collected.interest", "collected.total", "pool.opening", "collected.interest - 20"])
        s.tables[f"tax.{name}"] = {"base": base, "rate": f"{s.pick([3.26, 0.5, 6])}%"}
        s.taxes.append(name)
    if s.chance(3):
        kinds = {"pledge_loan": "interest", "factoring": s.pick(["interest", "none"])}
        s.tables["tax.vat"] = {"kind": "vat", "surcharge": s.pick(["city", "town", "elsewhere"]), "on": kinds,
                               "pool_fees": s.pick(["taxed", "none"])}  # fmt: skip
        s.taxes.append("vat")
    for name in s.some(["trustee", "servicer", "audit"], 3):
        fee(s, name)
    claims = [f"fee.{x}" for x in s.fees] + [f"fee.{x}.over_cap" for x in s.capped]
    if claims and s.chance(3):
        s.tables["tax.services"] = {"kind": "fee_vat", "fees": s.some(claims, 3) or claims[:1],
                                    "rate": s.pick([None, "10%"])}  # fmt: skip
        s.taxes.append("services")
    if s.chance(3):
        on = [f"{kind}.{x}" for kind, names in (("interest", s.bearing), ("principal", s.paying)) for x in names]
        s.tables["fee.payout"] = {"rate": s.pick(["0.005%", "2%"]), "on_paid": on,
                                  "while": s.pick([None, s.flag(1)])}  # fmt: skip
        s.on_paid.append("payout")
    for name in s.some(["topup", "liquid"], 2):
        support(s, name)
    for name in s.some(["pdl_sub", "pdl_A"], 2) if len(s.accounts) > 1 else ():
        s.tables[f"ledger.{name}"] = {"limit": s.pick([None, "100", "balance.senior", "20% * pool.initial"])}
        s.ledgers.append(name)
    for name in s.some(["swap", "ceiling"], 2) if s.indexed else ():
        hedge(s, name)
    for name in s.accounts[1:]:
        if s.chance(2):
            s.targets.append(name)
            s.tables[f"account.{name}"]["target"] = s.pick(["25", "max(3% * pool.performing, 10)", "due.senior",
                                                            "5% * balance.senior"])  # fmt: skip
    for name in s.some(["new", "short"], 2) if s.chance(3) else ():
        purchase(s, name)
    for name in s.some(["f1", "f2", "f3"], 3):
        figure(s, name)


def figure(s: Sketch, name: str) -> None:
    """A figure of money: of any formula, of payment dates before, perhaps held between dates."""
    money = s.money(1)
    value = s.pick([f"max({money}, collected.total)", f"trailing({money}, {s.number(1, 5)}) + pool.opening",
                    f"balance.senior - previous({money})", f"trailing(previous({money}), 3) + face.A1"])  # fmt: skip
    table: dict[str, Any] = {"value": value, "at": s.pick(["after collection", "after collection", "after payment"])}
    closing = s.tables["dates"]["closing"]
    if s.chance(3):
        days = sorted(set(payment_days(s)))
        rule = {"every": s.pick(["3 months", "1 year"]), "on": 15, "first": month_day(closing, 1, 15)}
        by_week = {"every": "6 weeks", "first": closing + dt.timedelta(1)}
        table |= s.pick([{"dates": days}, rule, by_week])
        if "dates" not in table and table["first"] > s.tables["dates"]["legal_final"]:
            table = {key: table[key] for key in ("value", "at")} | {"dates": days}
        table["start"] = s.pick([None, "120", "face.senior"])
    s.tables[f"figure.{name}"] = table
    s.figures.append(name)


def purchase(s: Sketch, name: str) -> None:
    every = s.pick([1, 3])
    supply = s.pick([None, "20 per payment", "120 per year", "9 per month", "15 per collection", "60 once"])
    s.tables[f"purchase.{name}"] = {
        "kind": "pledge_loan", "rate": f"{s.pick([0, 4.8, 12])}%", "every": months_text(every),
        "term": months_text(every * s.number(1, 8)), "repays": s.pick(["level", "even", "bullet"]),
        "price": f"{s.pick([100, 97, 103])}%", "supply": supply, "lot": s.pick([0, 0, 5]),
        "most": s.pick([None, "50", "30% * pool.initial"]), "eligible": s.pick([None, "period.number > 2"]),
        "matures_by": s.pick([None, None, s.tables["dates"]["legal_final"]]),
    }  # fmt: skip
    s.purchases.append(name)


def purchase_channel(part: str, draws: np.ndarray, rows: int) -> np.ndarray:
    """What a scenario says of contracts bought later: small rates, rows after the one they stand on."""
    later = np.minimum(np.arange(rows)[:, None] + np.floor(4 * draws), rows)
    if part.endswith("row"):
        return later
    if part == "options":
        return np.floor(4 * draws[:1]) + 0 * draws
    if part == "balance":
        return 0 * draws
    return draws * (0.05 if part in ("default", "prepay") else 0.07)


def hedge(s: Sketch, name: str) -> None:
    notional: dict[str, Any] = s.pick([{"notional": "balance.senior"}, {"notional": s.money(1)}, {"schedule": [
        [dt.date(2025, 1, 1), 400], [dt.date(2026, 8, 1), 90]]}])  # fmt: skip
    reset, day_count = s.pick(["yearly", "each period"]), s.pick(["ACT/365F", "30/360"])
    table: dict[str, Any] = {"counterparty": "helper", "to": s.pick(s.accounts), "reset": reset, "day_count": day_count}
    table |= notional
    if name == "swap":
        legs = s.draw(st.permutations([{"rate": "4%"}, {"index": "LPR", "spread": f"{s.pick([0, -1, 2])}%"}]))
        table |= {"kind": "swap", "pay": legs[0], "receive": legs[1]}
    else:
        premium = s.pick([None, "3 once", "0.7 per payment"])
        table |= {"kind": "cap", "index": "LPR", "strike": f"{s.pick([1, 3, 5])}%", "premium": premium}
    if name == "swap" or table["premium"] is not None:
        s.owing.append(name)
    s.hedges.append(name)
    s.tables[f"hedge.{name}"] = table


def by_way_of_the_servicer(s: Sketch) -> None:
    """Collections that lie with somebody else first, and deposits that lie apart."""
    if s.chance(3):
        further = s.tables["dates"].get("further", {})
        paces = ["payment", "collection", *further]
        s.apart.append("purse")
        s.tables["account.purse"] = {}
        faster = [{"when": s.flag(1), "transfer": s.pick(["receipt", "collection"]), "days": s.number(0, 40)}]
        s.tables["servicing"] = {
            "servicer": "helper", "account": "purse", "transfer": s.pick(paces), "days": s.pick([None, 10, 45]),
            "faster": s.pick([None, faster]), "direct": s.pick([None, None, s.flag(1)]),
            "holds": s.pick([None, ["interest", "principal"], ["principal", "recovery"]]),
        }  # fmt: skip
    if s.chance(3):
        s.apart.append("box")
        s.tables["account.box"] = {"opening": s.pick([0, 20, 77.77]), "lacking": s.pick(["carried", "account.main"])}
        s.tables["collect"]["deposit"] = "box"


def tranches(s: Sketch) -> None:
    classes = s.pick([["senior"], ["senior", "senior"], ["senior", "mezz"], ["senior", "senior", "mezz"]])
    names = {"senior": iter(["A1", "A2"]), "mezz": iter(["B"])}
    for klass in classes:
        tranche(s, next(names[klass]), klass, True)
    if s.chance(2):
        tranche(s, "SUB", s.pick(["sub", "residual"]), s.chance(3))


def tranche(s: Sketch, name: str, klass: str, repays: bool) -> None:
    face = s.pick([500, 400, 120, 90]) if klass == "senior" else s.pick([150, 60, 80])
    table: dict[str, Any] = {"class": klass, "face": face, "timely": s.pick([True, False])}
    if s.chance(5) is False:
        table["coupon"] = coupon(s)
        table["interest_on_unpaid"] = s.pick(["none", "simple", "compound"])
        s.bearing.append(name)
    final, closing = s.tables["dates"]["legal_final"], s.tables["dates"]["closing"]
    days = (final - closing).days
    if repays:
        s.paying.append(name)
        expected = closing + dt.timedelta(s.number(1, days))
        ways: list[dict[str, Any]] = [{"kind": "pass_through"}, {"kind": "bullet", "expected": expected}]
        amounts = [[day, face / 4] for day in payment_days(s)]
        ways.append({"kind": "plan", "amounts": amounts})
        dates = sorted(set(payment_days(s)))
        falling = [face * share for share in (0.8, 0.35, 0.35, 0)][: len(dates)]
        ways.append({"kind": "target", "balances": [list(row) for row in zip(dates, falling, strict=True)]})
        table["principal"] = s.pick(ways)
        if table["principal"]["kind"] != "plan" and s.chance(4):
            adjust = f"{s.pick([0, -1, 2])}%" if "coupon" in table else None
            table["put"] = {"dates": dates[:2], "share": f"{s.pick([0, 25, 100])}%", "adjust": adjust}
            s.putable += [name] * (adjust is not None)
        if "coupon" in table and s.chance(4):
            day = closing + dt.timedelta(s.number(1, days - 1))
            table["ard"] = {"date": day, "additional": f"{s.pick([1, 5])}%", "on_unpaid": s.pick(["none", "compound"])}
            s.anticipated.append(name)
    s.residuals.append(name)
    s.notes.append(name)
    s.tables[f"tranche.{name}"] = table


def coupon(s: Sketch) -> dict[str, Any]:
    day_count = s.pick(["ACT/365F", "ACT/360", "30/360", "30E/360", "ACT/ACT ISDA"])
    if s.indexed and s.chance(2):
        return {"kind": "floating", "index": "LPR", "spread": f"{s.pick([0, 0.4, 2])}%",
                "reset": s.pick(["yearly", "each period"]), "day_count": day_count,
                "floor": s.pick([None, None, "3%"]), "cap": s.pick([None, None, "4.5%"])}  # fmt: skip
    steps = [[dt.date(2026, 9, 1), "6%"], [dt.date(2028, 3, 15), "1%"]]
    return {"kind": "fixed", "rate": f"{s.pick([0, 3.2, 5, 12])}%", "steps": s.pick([None, steps[:1], steps]),
            "day_count": day_count}  # fmt: skip


def fee(s: Sketch, name: str) -> None:
    per = s.pick(["year", "month", "payment", "collection"])
    amount = f"{s.pick([12, 3, 0.55])} per {per}"
    ways: list[dict[str, Any]] = [{"amount": amount}, {"amount": "10 once"}]
    base = s.pick(["pool.opening", "balance.senior", "collected.interest"])
    rates = ["1% per year", "0.1% per month", "0.2% per payment", "0.1% per collection", "5%"]
    ways.append({"base": base, "rate": s.pick(rates)})
    table = s.pick(ways) | {"over": s.pick(["payment", "collection"]), "day_count": s.pick(["ACT/365F", "30/360"])}
    table["while"] = s.pick([None, None, s.flag(1)])
    if s.chance(2):
        table["cap"] = s.pick(["5 per year", "1 per month", "2 per payment", "1.5 per collection", "12 once"])
        s.capped.append(name)
    s.fees.append(name)
    s.tables[f"fee.{name}"] = table


def support(s: Sketch, name: str) -> None:
    days = "days" if s.tables["dates"]["payment"]["calendar"] == "none" else "business days"
    early = s.tables["dates"]["cutoff"].day == 28  # the first payment may be three days later: no time for a call
    table: dict[str, Any] = {"kind": s.pick(["shortfall", "liquidity", "guarantee"]), "provider": "helper",
                             "limit": s.pick(["covered", 30, 7.77, 0]), "reimbursed": s.pick([True, True, False]),
                             "call": None if early else s.pick([None, f"5 {days} before payment"])}  # fmt: skip
    s.supports.append(name)
    if table["reimbursed"]:
        s.owed.append(name)
    s.tables[f"support.{name}"] = table


# Stages ---------------------------------------------------------------------------------------------------------------


def stages(s: Sketch) -> None:
    s.stages = ["normal", *(["fast"] if s.chance(2) else [])]
    for name in s.some(["one", "two", "three"], 3):
        trigger(s, name)
    if len(s.stages) > 1 and not any(reaches(s.tables[f"trigger.{name}"]) for name in s.triggers):
        trigger(s, "speed", "go fast")
    for name in s.stages:
        calendars = ["payment", "collection", *(s.tables["dates"].get("further", {}) if name != "normal" else ())]
        s.tables[f"stage.{name}"] = {"pays": s.pick(calendars), "step": listed(s)}
    first = s.tables[f"stage.{s.stages[0]}"]["step"]
    steps = [step for name in s.stages for step in s.tables[f"stage.{name}"]["step"]]
    helpers = {helper for step in steps for helper in step.get("then", ())}
    for name in s.supports:  # a support nobody calls, an account nobody empties: refused
        if f"support.{name}" not in helpers | {what for step in steps if step["do"] == "draw" for what in step["what"]}:
            first.append({"id": f"call_{name}", "do": "draw", "what": [f"support.{name}"], "to": "main",
                          "upto": s.money(1)})  # fmt: skip
    if s.purchases and not any(step["do"] == "buy" for step in steps):
        first.append({"id": "invest"} | buying(s))
    for name in s.accounts:
        if f"account.{name}" not in helpers | {f"account.{step.get('from')}" for step in steps}:
            first.append({"id": f"empty_{name}", "do": "move", "from": name, "to": s.accounts[name == "main"],
                          "upto": s.money(1)})  # fmt: skip


def reaches(table: dict[str, Any]) -> bool:
    return bool(table.get("once") == "go fast" and "fast" not in table.get("in", ()))


def trigger(s: Sketch, name: str, must: str | None = None) -> None:
    table: dict[str, Any] = {"test": s.pick(["after collection", "before payment", "after payment"]),
                             "when": s.flag(1), "sustained": s.pick([1, 1, 2, 3])}  # fmt: skip
    once = must or s.pick([None, "flag", "call", *(f"go {stage}" for stage in s.stages[1:])])
    if once is None:
        table["while"] = "flag"
    else:
        table["once"] = once
    if once == "call":
        table["call"] = {"price": s.money(1), "to": s.pick(s.accounts)}
    if s.chance(3):
        table["in"] = [s.stages[0] if once == "go fast" else s.pick(s.stages)]
    if once not in (None, "call") and s.chance(2):
        table["cure"] = {"when": s.flag(1), "sustained": s.pick([1, 2]), "effect": s.pick([None, "go normal", "flag"])}
    s.triggers.append(name)
    s.tables[f"trigger.{name}"] = table


def listed(s: Sketch) -> list[dict[str, Any]]:
    """The steps of one stage: every claim once, in a usual order, a few disturbed, a few more of other verbs."""
    steps: list[dict[str, Any]] = []
    together = s.chance(2)
    if s.taxes:
        steps.append(pay(s, [f"tax.{x}" for x in s.taxes]))
    if s.fees:
        steps.append(pay(s, [f"fee.{x}" for x in s.fees]))
    classes: dict[str, list[str]] = {}
    for name in s.notes:
        classes.setdefault(str(s.tables[f"tranche.{name}"]["class"]), []).append(name)
    for klass, members in classes.items():
        interest = [name for name in members if name in s.bearing]
        principal = [name for name in members if name in s.paying]
        if interest:
            steps.append(pay(s, [f"interest.{klass}"], several=len(interest) > 1))
        if principal and together:
            steps.append(pay(s, [f"principal.{name}" for name in principal], upto=s.pick([None, "due", s.money(1)])))
        elif principal:
            steps += [pay(s, [f"principal.{name}"], upto=s.pick([None, "due", s.money(1)])) for name in principal]
    steps += [pay(s, [f"fee.{x}.over_cap"]) for x in s.capped]
    steps += [pay(s, [f"hedge.{x}"]) for x in s.owing] + [pay(s, [f"additional.{x}"]) for x in s.anticipated]
    if s.owed:
        steps.append({"do": "repay", "what": [f"support.{x}" for x in s.owed], "from": s.pick(s.accounts),
                      "share": s.pick(["pro rata", "in order"]), "upto": s.pick([None, None, s.money(1)])})  # fmt: skip
    steps += others(s)
    if s.chance(4):
        steps = s.draw(st.permutations(steps))
    steps += [pay(s, [f"fee.{x}"]) for x in s.on_paid]
    steps.append({"do": "pay", "what": [f"residual.{s.notes[-1]}"], "from": s.pick(s.accounts), "upto": s.pick(
        [None, s.money(1), "8% * face.senior * period.years"])})  # fmt: skip
    if "upto" not in steps[-1] or steps[-1]["upto"] is None:
        steps[-1]["when"] = "balance.senior == 0"
    elif steps[-1]["upto"].startswith("account."):  # all that the account holds is no cap
        steps[-1]["release"] = "while senior outstanding"
    return [{"id": f"s{index}", **{key: value for key, value in step.items() if value is not None}}
            for index, step in enumerate(steps)]  # fmt: skip


def pay(s: Sketch, what: list[str], upto: str | None = None, several: bool = False) -> dict[str, Any]:
    source = s.pick(["main", "main", *s.accounts])
    helpers = [f"account.{a}" for a in s.accounts if a != source] + [f"support.{x}" for x in s.supports]
    share = s.pick(["pro rata", "in order"]) if len(what) > 1 or several or s.chance(3) else None
    if not what[0].startswith("principal."):
        upto = s.pick([None, None, None, s.money(1)])
    return {"do": "pay", "what": what, "from": source, "share": share, "upto": upto,
            "then": s.some(helpers, 2) or None, "when": s.pick([None, None, None, s.flag(1)])}  # fmt: skip


def others(s: Sketch) -> list[dict[str, Any]]:
    steps: list[dict[str, Any]] = []
    for name in s.targets:
        sources = [a for a in s.accounts if a != name]
        helpers = [f"support.{x}" for x in s.supports]
        steps.append({"do": "fill", "what": [f"account.{name}"], "from": s.pick(sources),
                      "then": s.some(helpers, 1) or None, "upto": s.pick([None, None, s.money(1)])})  # fmt: skip
    if len(s.accounts) > 1 and s.chance(2):
        source, to = s.draw(st.permutations(s.accounts))[:2]
        steps.append({"do": "move", "from": source, "to": to, "upto": s.pick([None, s.money(1)]),
                      "when": s.pick([None, s.flag(1)])})  # fmt: skip
    if s.supports and s.chance(3):
        steps.append({"do": "draw", "what": [f"support.{x}" for x in s.supports], "to": s.pick(s.accounts),
                      "upto": s.money(1), "when": s.pick([None, s.flag(1)])})  # fmt: skip
    if s.ledgers:
        ledgers = [f"ledger.{x}" for x in s.ledgers]
        steps.append({"do": "book", "what": ledgers, "upto": s.pick(["pool.default", "collected.default"])})
        steps.append({"do": "pay", "what": ledgers, "from": "main", "to": s.accounts[-1],
                      "share": s.pick(["pro rata", "in order"])})  # fmt: skip
    if s.chance(4):
        steps.append({"do": "write_down", "what": [f"principal.{x}" for x in reversed(s.paying)],
                      "upto": s.pick(["max(balance.senior - pool.performing, 0)", s.money(1)])})  # fmt: skip
    if s.chance(4):
        steps.append({"do": "probe", "value": s.money(2)})
    if s.purchases and s.chance(2):
        steps.append(buying(s))
    if s.chance(8):
        steps.append({"do": "sell", "to": s.pick(s.accounts), "upto": s.money(1), "value": f"{s.pick([60, 95, 100])}%",
                      "when": s.pick([None, s.flag(1)])})  # fmt: skip
    return steps


def buying(s: Sketch) -> dict[str, Any]:
    return {"do": "buy", "what": [f"purchase.{name}" for name in s.purchases], "from": s.pick(s.accounts),
            "upto": s.pick([None, "collected.principal", s.money(1)]), "when": s.pick([None, s.flag(1)])}  # fmt: skip


# Plain deals ----------------------------------------------------------------------------------------------------------


@st.composite
def plain_cases(draw: Draw, losses: tuple[float, ...] = (0.0,)) -> Case:
    """A sequential deal on an amortising pool that pays well; each lane loses a share of all pool cash still to come.

    Pool 10 % a year; notes at most 4 % on at most 90 % of the pool; fees and taxes take less than the rest.
    """
    s = Sketch(draw)
    between, rows = s.pick([1, 1, 3]), 3 * s.number(1, 5)
    s.tables["deal"] = {"name": "plain", "money": {"unit": s.pick([0, 0.01, 1])}}
    final = month_day(dt.date(2025, 12, 31), rows + 1, 26)
    s.tables["dates"] = {
        "cutoff": dt.date(2025, 12, 31), "closing": dt.date(2026, 1, 5), "legal_final": final,
        "collection": {"every": "1 month", "on": "last day"},
        "payment": {"every": months_text(between), "on": 26,
                    "first": month_day(dt.date(2025, 12, 31), between + 1, 26)},
    }  # fmt: skip
    s.tables["account.main"] = {}
    s.tables["collect"] = dict.fromkeys(("interest", "principal", "prepayment", "recovery"), "main")
    faces = s.pick([[700, 200], [500, 300, 100], [900], [400, 250, 150, 50]])
    steps: list[dict[str, Any]] = [pays(["tax.vat"]), pays(["fee.trustee"])]
    for name, face in zip("ABCD", faces, strict=False):
        coupon = {"kind": "fixed", "rate": f"{s.pick([0, 2, 3.2, 4])}%", "day_count": s.pick(["ACT/365F", "30/360"])}
        klass = "senior" if name == "A" else name.lower()
        s.tables[f"tranche.{name}"] = {"class": klass, "face": face, "coupon": coupon,
                                       "principal": {"kind": "pass_through"}}  # fmt: skip
    steps += [pays([f"{kind}.{name}"]) for kind in ("interest", "principal") for name in "ABCD"[: len(faces)]]
    s.tables["tranche.SUB"] = {"class": "residual", "face": 1_000 - sum(faces)}
    s.tables["tax.vat"] = {"base": "collected.interest", "rate": "3.26%"}
    s.tables["fee.trustee"] = {"base": "pool.opening", "rate": "0.3% per year", "over": "collection"}
    steps = [{"id": f"s{k}", **step} for k, step in enumerate([*steps, pays(["residual.SUB"])])]
    s.tables["stage.normal"] = {"pays": "payment", "step": steps}
    weights = (*draw(st.lists(st.integers(0, 5), min_size=rows - 1, max_size=rows - 1)), 1)
    return Case(written(s.tables), 0, 1.0, tuple({} for _ in losses), (weights, losses))


def pays(what: list[str]) -> dict[str, Any]:
    return {"do": "pay", "what": what, "from": "main"}


def pool_feed(weights: np.ndarray, losses: np.ndarray, scale: float) -> dict[str, np.ndarray]:
    """Channels of a pool that repays by weights at 10 % a year, less a share of everything, lane by lane."""
    principal = POOL * scale * weights / weights.sum()
    opening = POOL * scale - np.concatenate([[0.0], principal.cumsum()[:-1]])
    lanes = 1.0 - losses
    cash = {"principal": principal[:, None] * lanes, "interest": opening[:, None] * 0.1 / 12 * lanes}
    alike = {"opening": opening[:, None], "performing": (opening - principal)[:, None], "fee_factor": np.ones((1, 1))}
    return cash | alike
