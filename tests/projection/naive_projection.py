"""The slow twin of the projection: contract by contract, day by day, in plain Python numbers and dates.

Written from the definitions, not from the kernel: hazards are walked one day at a time, each contract has its own
share, and nothing is summed before it happens. Defaults of all contracts are settled day by day: what a cap still holds
is split by what each default of the day would get from the source.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from absengine.scenario import Assumption, Curve, Lag, Scenario
from absengine.schema import RECOVERY_SOURCES, CashflowTable, Timeline

LEVELS = ("all", "pool", "asset_kind", "tag", "field", "id")
DAY = timedelta(days=1)
FLOWS = ("opening_balance", "principal_due", "interest_due", "fee_due", "closing_balance", "deposit_due")
BUCKETS = {"d30": range(1, 31), "d60": range(31, 61), "d90": range(61, 91), "older": range(91, 100_000)}


def plus_months(start: date, count: int, day: int | None = None) -> date:
    year, month = divmod(start.year * 12 + start.month - 1 + count, 12)
    return date(year, month + 1, min(day or start.day, calendar.monthrange(year, month + 1)[1]))


def months_apart(early: date, late: date, day: int) -> int:
    count = (late.year - early.year) * 12 + late.month - early.month
    return count if count > 0 and plus_months(early, count, day) == late else 0


@dataclass
class Contract:
    """One contract and its remaining due dates: (date, opening, principal, interest, fee, closing, deposit)."""

    number: str
    columns: dict[str, Any]
    due: list[list[Any]]
    share: float = 1.0
    named: bool = False
    defaults_on: date | None = None
    recognition: int = 0
    prepays_on: date | None = None
    hit: set[int] = field(default_factory=set)
    rhythm: int | None = None

    def __post_init__(self) -> None:
        """The day of the month it falls due on, by its terms: an extension makes no rhythm where there was none."""
        dates = [line[0] for line in self.due]
        gap = months_apart(dates[0], dates[1], self.day) if len(dates) > 1 else 0
        if gap and all(plus_months(dates[0], gap * i, self.day) == one for i, one in enumerate(dates)):
            self.rhythm = self.day

    @property
    def day(self) -> int:
        return max(line[0].day for line in self.due)

    @property
    def previous(self) -> date:
        dates = [line[0] for line in self.due]
        start, cutoff = self.columns["start_date"], self.columns["cutoff_date"]
        if self.columns.get("previous_due_date"):
            return self.columns["previous_due_date"]
        if len(dates) == 1:
            return max(start, cutoff) if start and start < dates[0] else cutoff
        months = months_apart(dates[0], dates[1], self.day)
        back = plus_months(dates[0], -months, self.day) if months else dates[0] - (dates[1] - dates[0])
        return max(back, start) if start and start < dates[0] else back

    def before(self, place: int) -> date:
        return self.due[place - 1][0] if place else self.previous

    def nth_after(self, moment: date, count: int) -> date:
        dates = [line[0] for line in self.due]
        gap_from = dates[-2] if len(dates) > 1 else self.previous
        months, last, step = months_apart(gap_from, dates[-1], self.day), dates[-1], 0
        while sum(1 for one in dates if one > moment) < count:
            step += 1
            on = plus_months(last, months * step, self.day) if months else last + (last - gap_from) * step
            dates.append(on)
        return [one for one in dates if one > moment][count - 1]

    def moved(self, moment: date, lag: Lag) -> date:
        if lag.months:
            return plus_months(moment, lag.months)
        if lag.days:
            return moment + lag.days * DAY
        return self.nth_after(moment, lag.payments) if lag.payments else moment


def contracts_of(table: CashflowTable, scale: float) -> list[Contract]:
    made = []
    for index in range(len(table.contracts)):
        columns = {name: table.contracts[name][index] for name in table.contracts.columns}
        columns = {n: (v.item() if hasattr(v, "item") and "date" in n else v) for n, v in columns.items()}
        flows = [
            [
                table.flows["due_date"][row].item(),
                *(float(table.flows[name][row]) * scale for name in FLOWS),
            ]
            for row in range(len(table.flows))
            if table.flows["contract"][row] == index
        ]
        made.append(Contract(str(columns["contract_id"]), columns, flows))
    return made


def matches(assumption: Assumption, contract: Contract) -> bool:
    for column, texts in assumption.scope.wanted:
        cell = str(contract.columns[column])
        if not set(cell.split(";") if column == "tags" else [cell]) & set(texts):
            return False
    return True


def ruling(scenario: Scenario, contract: Contract, aspect: str) -> Assumption | None:
    having = [a for a in scenario.assumptions if aspect in a.aspects and matches(a, contract)]
    return max(having, key=lambda a: (LEVELS.index(a.scope.level), a.layer), default=None)


def periods(origin: date, day: int | None = None) -> Iterator[tuple[int, date, date]]:
    """Month number from 1, first day after its start, last day."""
    count = 0
    while True:
        yield count + 1, plus_months(origin, count, day), plus_months(origin, count + 1, day)
        count += 1


def standard(curve: Curve, month: int) -> float:
    """Monthly rate of a market standard at a month of age."""
    if curve.kind == "abs":
        speed = curve.values[0]
        left = 1 - speed * (month - 1)
        return speed / left if left > speed else 1.0
    if curve.kind == "psa":
        annual = 0.06 * min(month, 30) / 30
    elif month <= 30:
        annual = 0.0002 * month
    else:
        annual = 0.006 if month <= 60 else max(0.006 - (month - 60) * (0.006 - 0.0003) / 60, 0.0003)
    return 1 - (1 - min(curve.values[0] * annual, 1.0)) ** (1 / 12)


def entry(curve: Curve, month: int) -> float:
    return curve.values[min((month - 1) // curve.every, len(curve.values) - 1)]


def survival(curve: Curve, contract: Contract, place: int) -> float:
    """Part of a contract's share that survives from the due date before to the one at ``place``."""
    due = contract.due[place][0]
    if curve.by == "payment":
        years = (due - contract.before(place)).days / 365
        rate = entry(curve, place + 1)
        return (1 - rate) ** (years if curve.per == "year" else 12 * years)
    kept = 1.0
    if curve.kind == "rate" and curve.origin == "cutoff":
        begin = contract.due[place - 1][0] if place else contract.columns["cutoff_date"]
        for month, low, high in periods(contract.columns["cutoff_date"]):
            days = (min(high, due) - max(low, begin)).days
            if days > 0:
                power = days / 365 if curve.per == "year" else days / (high - low).days
                kept *= (1 - entry(curve, month)) ** power
            if high >= due:
                return kept
    begin, origin = contract.before(place), contract.columns["start_date"]
    day = contract.day if plus_months(origin, 0, contract.day) == origin else None
    for month, low, high in periods(origin, day):
        days = (min(high, due) - max(low, begin)).days
        if days > 0:
            if curve.kind == "rate":
                monthly = entry(curve, month) if curve.per == "month" else 1 - (1 - entry(curve, month)) ** (1 / 12)
            else:
                monthly = standard(curve, month)
            kept *= (1 - monthly) ** (days / (high - low).days)
        if high >= due:
            return kept
    raise AssertionError


def absolute(curve: Curve, contract: Contract, place: int) -> float:
    """Share of the original number that goes at a due date."""
    spread = [share / curve.every for share in curve.values for _ in range(curve.every)]
    if curve.by == "payment":
        return spread[place] if place < len(spread) else 0.0
    due, begin = contract.due[place][0], contract.due[place - 1][0] if place else contract.columns["cutoff_date"]
    total = 0.0
    for month, low, high in periods(contract.columns["cutoff_date"]):
        days = (min(high, due) - max(low, begin)).days
        if days > 0 and month <= len(spread):
            total += spread[month - 1] * days / (high - low).days
        if high >= due:
            return total
    raise AssertionError


@dataclass
class Default:
    """A contract, or the share of one, that defaults: when, what is owed, and what it is still owed."""

    contract: Contract
    day: date
    recognised: date
    principal: float
    claim: float
    share: float
    paid: float = 0.0
    early: float = 0.0
    settled: list[tuple[date, float]] = field(default_factory=list)


def number(cell: Any) -> float:
    """A figure of the tape; 0 where it has none."""
    return 0.0 if cell != cell else float(cell)


class Twin:
    """One scenario over one pool; ``books[channel][row]`` in counting unit."""

    def __init__(self, table: CashflowTable, timeline: Timeline, scenario: Scenario, scale: float = 1.0) -> None:
        self.timeline, self.scenario = timeline, scenario
        self.rows = [day.item() for day in timeline.calc_date]
        self.contracts = contracts_of(table, scale)
        names = ("interest", "principal", "prepayment", "fee", "default", "recognised", "opening", "performing")
        names += tuple(f"recovery.{source}" for source in RECOVERY_SOURCES)
        names += ("deposit", "dilution", *(f"overdue.{bucket}" for bucket in BUCKETS))
        names += tuple(f"interest.{kind}" for kind in sorted({str(c.columns["asset_kind"]) for c in self.contracts}))
        self.books = {name: [0.0] * (len(self.rows) + 1) for name in names}
        self.appraisals: dict[str, list[tuple[float, date]]] = {}
        for row in range(len(table.rights)):
            value = float(table.rights["appraisal_value"][row]) * scale
            ends = table.rights["lost_on"][row].item() or date.max
            self.appraisals.setdefault(str(table.rights["contract_id"][row]), []).append((value, ends))
        self.scale = scale
        self.gone: dict[str, date] = {}
        self.late: dict[str, int] = {}
        for one in scenario.supporters:
            if one.gone.item() is not None:
                self.gone[one.entity] = min(one.gone.item(), self.gone.get(one.entity, date.max))
            self.late[one.entity] = max(one.late, self.late.get(one.entity, 0))
        self.defaults: list[Default] = []
        self.waiting: list[tuple[date, date, float]] = []
        self.left: dict[tuple[int, str], float] = {}
        self._events()
        self._run()
        for day in sorted({default.day for default in self.defaults}):
            self._settle([default for default in self.defaults if default.day == day])
        for row, today in enumerate(self.rows):
            self._age(row, today)

    def book(self, channel: str, day: date, money: float) -> None:
        row = next((index for index, end in enumerate(self.rows) if day <= end), len(self.rows))
        self.books[channel][row] += money

    # -- events by name -----------------------------------------------------------------------------------------------
    def _chosen(self, event: Any) -> list[Contract]:
        payer = {c.number: str(c.columns["obligor"]) for c in self.contracts}
        if event.who:
            return [c for c in self.contracts if c.number in event.who or payer[c.number] in event.who]
        totals: dict[str, float] = {}
        for c in self.contracts:
            totals[payer[c.number]] = totals.get(payer[c.number], 0.0) + float(c.columns["cutoff_balance"])
        order = sorted(totals, key=lambda name: (-totals[name], name))
        names = order[: event.top] if event.top else order[max(0, len(order) - event.smallest) :]
        return [c for c in self.contracts if payer[c.number] in names]

    def _events(self) -> None:
        for event in self.scenario.events:
            if event.what == "extend":
                for contract in self._chosen(event):
                    contract.named = True
                    self._extend(contract, event.on.item(), event.by)
        for event in self.scenario.events:
            chosen = self._chosen(event)
            if event.what == "default":
                self._name_defaults(event, chosen)
            for contract in chosen if event.what == "prepay" else ():
                contract.named = True
                on = next((line[0] for line in contract.due if line[0] >= event.on.item()), None)
                if on and (contract.prepays_on is None or on < contract.prepays_on):
                    contract.prepays_on = on

    def _name_defaults(self, event: Any, chosen: list[Contract]) -> None:
        missed: dict[str, date] = {}
        for contract in chosen:
            contract.named = True
            dates = [line[0] for line in contract.due]
            later = dates[-1:] if event.on is None else [one for one in dates if one >= event.on.item()]
            if later:
                missed[contract.number] = later[0]
        if event.cross_default:
            for contract in self.contracts:
                same = [c for c in chosen if c.columns["obligor"] == contract.columns["obligor"]]
                contract.named = contract.named or bool(same)
                days = [missed[c.number] for c in same if c.number in missed]
                if days:
                    missed[contract.number + "!"] = min(days)
            missed = {key[:-1]: day for key, day in missed.items() if key.endswith("!")}
        for contract in self.contracts:
            day = missed.get(contract.number)
            if day and (contract.defaults_on is None or day < contract.defaults_on):
                contract.defaults_on, contract.recognition = day, event.recognition

    def _extend(self, contract: Contract, on: date, months: int) -> None:
        place = next((i for i, line in enumerate(contract.due) if line[0] >= on and line[2] > 0), None)
        if place is None or not months:
            return
        day = contract.rhythm
        start, opening, interest = contract.due[place][0], contract.due[place][1], contract.due[place][3]
        months_charged = months_apart(contract.before(place), start, contract.day)
        by_month = str(contract.columns.get("day_count", "ACT/365F")) in ("", "period") and months_charged > 0

        def elapsed(end: date) -> float:
            """Periods like the last one since ``start``: by the month if the contract charges so, else by the day."""
            if not by_month:
                return (end - start).days / max((start - contract.before(place)).days, 1)
            whole = next(n for n in range(2000) if plus_months(start, n + 1, contract.day) > end)
            low, high = (plus_months(start, n, contract.day) for n in (whole, whole + 1))
            return (whole + (end - low).days / (high - low).days) / months_charged

        end = plus_months(start, months, day)
        stops = []
        if day is not None:
            step = months_apart(contract.before(place), start, contract.day) or 1
            stops = [plus_months(start, k * step, day) for k in range(1, months + 1)]
        stops = [stop for stop in stops if stop < end] + [end]
        lines = [*contract.due[:place], [start, opening, 0.0, interest, contract.due[place][4], opening, 0.0]]
        last = start
        for stop in stops[:-1]:
            lines.append([stop, opening, 0.0, interest * (elapsed(stop) - elapsed(last)), 0.0, opening, 0.0])
            last = stop
        first = contract.due[place]
        lines.append([end, opening, first[2], interest * (elapsed(end) - elapsed(last)), 0.0, first[5], first[6]])
        for line in contract.due[place + 1 :]:
            lines.append([plus_months(line[0], months, day), *line[1:]])
        contract.due = lines

    # -- the walk -----------------------------------------------------------------------------------------------------
    def _run(self) -> None:
        steps = sorted(
            (line[0], index, place) for index, c in enumerate(self.contracts) for place, line in enumerate(c.due)
        )
        carry: dict[int, float] = {}
        ration: dict[int, float] = {}
        month_end, month = self.timeline.cutoff.item(), 0
        if steps:
            self._ration(steps, 0, month_end, carry, ration)
        for due, index, place in steps:
            while due > plus_months(self.timeline.cutoff.item(), month + 1):
                month += 1
                self._ration(steps, month, plus_months(self.timeline.cutoff.item(), month), carry, ration)
            contract = self.contracts[index]
            fresh = (index, month) not in {(index, m) for m in contract.hit}
            contract.hit.add(month)
            if contract.named:
                self._named_due(contract, place)
            else:
                self._due(contract, place, ration if fresh else {})
        for contract in self.contracts:
            if contract.named and contract.defaults_on and contract.defaults_on <= contract.due[-1][0]:
                ended = contract.prepays_on and contract.prepays_on < contract.defaults_on
                if not ended:
                    self._claim(contract)
        self._stocks()

    def _targets(self) -> dict[int, tuple[Assumption, list[Contract]]]:
        groups: dict[int, tuple[Assumption, list[Contract]]] = {}
        for contract in self.contracts:
            block = None if contract.named or not self.scenario.credit else ruling(self.scenario, contract, "default")
            if block is not None and block.default is not None and block.default.kind == "cumulative":
                groups.setdefault(self.scenario.assumptions.index(block), (block, []))[1].append(contract)
        return groups

    def _ration(self, steps: Any, month: int, start: date, carry: dict[int, float], ration: dict[int, float]) -> None:
        """What part of each block's balances falling due this month defaults."""
        cutoff = self.timeline.cutoff.item()
        ration.clear()
        for key, (block, group) in self._targets().items():
            curve = block.default
            assert curve is not None
            total = curve.values[0] * sum(c.due[0][1] for c in group)
            carry[key] = carry.get(key, 0.0) + total * self._weight(curve, group, month)
            low, high = (date.min if month == 0 else start), plus_months(cutoff, month + 1)
            there = 0.0
            for contract in group:
                line = next((one for one in contract.due if low < one[0] <= high), None)
                there += contract.share * line[1] if line else 0.0
            ration[key] = min(1.0, carry[key] / there) if there > 0 else 0.0
            carry[key] -= min(carry[key], there)

    def _weight(self, curve: Curve, group: list[Contract], month: int) -> float:
        if curve.timing:
            place = month // curve.every
            return curve.timing[place] / curve.every if place < len(curve.timing) else 0.0
        cutoff, weights = self.timeline.cutoff.item(), {}
        for contract in group:
            seen = set()
            for line in contract.due:
                number = 0
                while line[0] > plus_months(cutoff, number + 1):
                    number += 1
                if number not in seen:
                    weights[number] = weights.get(number, 0.0) + line[1]
                seen.add(number)
        return weights.get(month, 0.0) / sum(weights.values())

    def _due(self, contract: Contract, place: int, ration: dict[int, float]) -> None:
        due, opening, _, interest, _, closing, deposit = contract.due[place]
        block = ruling(self.scenario, contract, "default") if self.scenario.credit else None
        lost = 0.0
        if block is not None and block.default is not None:
            curve = block.default
            if curve.kind == "absolute":
                lost = min(contract.share, absolute(curve, contract, place))
            elif curve.kind == "cumulative":
                lost = contract.share * ration.get(self.scenario.assumptions.index(block), 0.0)
            elif curve.kind == "maturity":
                lost = contract.share * (curve.values[0] if place == len(contract.due) - 1 else 0.0)
            else:
                lost = contract.share * (1 - survival(curve, contract, place))
            self._lose(contract, due, lost * opening, lost * interest, lost, curve.recognition)
        stays = contract.share - lost
        ahead = ruling(self.scenario, contract, "prepay")
        leaves = 0.0
        if ahead is not None and ahead.prepay is not None:
            if ahead.prepay.kind == "absolute":
                leaves = min(stays, absolute(ahead.prepay, contract, place))
            else:
                leaves = stays * (1 - survival(ahead.prepay, contract, place))
        last = self.scenario.order == "prepay on performing"
        pays = stays if self.scenario.interest_on == "performing" else stays - leaves
        self._pays(contract, place, pays, stays if last else stays - leaves)
        self._prepays(contract, place, leaves, leaves * (closing if last else opening))
        self.book("deposit", due, (stays - leaves) * deposit)
        contract.share = stays - leaves

    def _diluted(self, contract: Contract) -> float:
        """Of each unit the plan expects, what never comes: face d is cut, and h of the face is kept back for it."""
        block = ruling(self.scenario, contract, "dilution") if self.scenario.credit else None
        if block is None or block.dilution is None:
            return 0.0
        held = number(contract.columns["holdback"])
        expected, comes = 1 - held, min(1 - held, 1 - block.dilution)
        return (expected - comes) / expected if expected > 0 else 0.0

    def _pays(self, contract: Contract, place: int, pays: float, repays: float) -> None:
        """Scheduled payments of one due date, unit by unit: what never comes, what comes, and what comes later."""
        due, _, principal, interest, fee, _, _ = contract.due[place]
        block = ruling(self.scenario, contract, "late") if self.scenario.credit else None
        never = self._diluted(contract)
        self.book("dilution", due, never * repays * principal)
        for channel, money in (("interest", pays * interest), ("principal", repays * principal), ("fee", pays * fee)):
            comes, late = money * (1 - never), 0.0
            if block is not None and block.late is not None:
                late = comes * block.late.share
                arrives = contract.moved(due, block.late.by)
                rate = number(contract.columns["penalty_rate"]) if block.late.penalty is None else block.late.penalty
                self._cash(contract, channel, arrives, late)
                self._cash(contract, "interest", arrives, late * rate * (arrives - due).days / 365)
                self.waiting.append((due, arrives, late))
            self._cash(contract, channel, due, comes - late)

    def _cash(self, contract: Contract, channel: str, day: date, money: float) -> None:
        self.book(channel, day, money)
        if channel == "interest":
            self.book(f"interest.{contract.columns['asset_kind']}", day, money)

    def _prepays(self, contract: Contract, place: int, share: float, money: float) -> None:
        """Early repayment of some money, its fee, and the deposits that are then given back at once."""
        due, never = contract.due[place][0], self._diluted(contract)
        self.book("prepayment", due, money * (1 - never))
        self.book("dilution", due, money * never)
        self.book("fee", due, money * (1 - never) * number(contract.columns["prepay_fee"]))
        named = contract.named  # the scheduled deposit of the day is given back as scheduled
        self.book("deposit", due, share * sum(line[6] for line in contract.due[place + named :]))

    def _age(self, row: int, today: date) -> None:
        """Everything missed before today that is not paid by today, by the days since it was missed."""
        owed = [(due, money) for due, arrives, money in self.waiting if arrives > today]
        for one in self.defaults:
            left = one.claim - sum(money for when, money in one.settled if when <= today)
            owed += [(one.day, left)] if left > 1e-12 * one.claim else []
        for missed, money in owed:
            for bucket, days in BUCKETS.items():
                if (today - missed).days in days:
                    self.books[f"overdue.{bucket}"][row] += money

    def _named_due(self, contract: Contract, place: int) -> None:
        due, _, _, _, _, closing, deposit = contract.due[place]
        stops = contract.defaults_on if self.scenario.credit else None
        if (contract.prepays_on and due > contract.prepays_on) or (stops and due >= stops):
            return
        self._pays(contract, place, 1.0, 1.0)
        self.book("deposit", due, deposit)
        if contract.prepays_on == due:
            self._prepays(contract, place, 1.0, closing)

    def _claim(self, contract: Contract) -> None:
        missed = contract.defaults_on
        assert missed is not None
        if not self.scenario.credit:
            return
        place = next(i for i, line in enumerate(contract.due) if line[0] >= missed)
        line, before = contract.due[place], contract.before(place)
        accrued = line[3] * max((missed - before).days, 0) / max((line[0] - before).days, 1)
        self._lose(contract, missed, line[1], line[3] if line[0] == missed else accrued, 1.0, contract.recognition)

    def _lose(self, contract: Contract, day: date, principal: float, accrued: float, share: float, known: int) -> None:
        if principal <= 0 and accrued <= 0:
            return
        self.book("default", day, principal)
        recognised = day + known * DAY
        self.defaults.append(Default(contract, day, recognised, principal, principal + accrued, share))

    def _settle(self, today: list[Default]) -> None:
        """All defaults of one day ask one source after another."""
        for place, source in enumerate(RECOVERY_SOURCES):
            offers = [(one, ruling(self.scenario, one.contract, f"recovery.{source}")) for one in today]
            parts = [(one, block, self._offer(one, block, source)) for one, block in offers if block is not None]
            for key, block in {id(block): block for _, block, _ in parts}.items():
                cap = (self.scenario.assumptions.index(block), source)
                left = self.left.setdefault(cap, block.recovery[source].cap * self.scale)
                mine = [(one, offer) for one, which, offer in parts if id(which) == key]
                total = sum(money for _, offer in mine for money, _, _ in offer)
                self.left[cap] -= min(left, total)
                for one, offer in mine:
                    for money, when, part in offer:
                        cut = left / total if total > left else 1.0
                        self.book(f"recovery.{source}", when, money * cut)
                        one.paid += part * cut
                        one.settled.append((when, part * cut))
                        one.early += part * cut if place < 3 and when <= one.recognised else 0.0
        for one in today:
            if one.early < one.claim * (1 - 1e-12):
                self.book("recognised", one.recognised, one.principal)

    def _offer(self, one: Default, block: Assumption, source: str) -> list[tuple[float, date, float]]:
        """What a source would pay on a default if its cap were no matter: money, when, and the part of the claim paid.

        They differ by penalty interest, where the source owes it, for the days from the missed date.
        """
        contract, term = one.contract, block.recovery[source]
        guarantor = str(contract.columns["guarantor"]) if source == "guarantor" else ""
        if source == "guarantor" and not guarantor:
            return []
        ready = contract.moved(one.recognised if term.start == "recognition" else one.day, term.lag)
        sold = self._sale(contract, [term.payer or guarantor], ready)
        worth = one.share * sum(value for value, ends in self.appraisals.get(contract.number, []) if sold < ends)
        bases = {"principal": one.principal, "claim": one.claim, "appraisal": worth, "lower": min(worth, one.principal)}
        base = one.claim if term.base == "claim with penalty" else bases[term.base]
        if source == "deposit":
            held = float(contract.columns["deposit"])
            base = one.share * (held if held == held else 0.0) * self.scale
        amount = min(one.claim - one.paid, term.rate * base)
        chain = [term.payer or guarantor]
        if source == "repurchase" and not term.payer:
            chain = [name for name in str(contract.columns["recourse"]).split(";") if name]
        delay = ruling(self.scenario, contract, "delayed")
        parts = [(amount, Lag())]
        if delay is not None and delay.delayed is not None:
            share, by = delay.delayed.share, delay.delayed.by
            parts = [(amount * (1 - share), Lag()), (amount * share, by)]
        paid = [(money, self._first_living(contract, chain, ready, wait)) for money, wait in parts]
        penal = term.base == "claim with penalty" and source != "deposit"
        daily = number(contract.columns["penalty_rate"]) / 365 if penal else 0.0
        return [
            (part * (1 + daily * max((when - one.day).days, 0)), when, part)
            for part, when in paid
            if part > 0 and when is not None
        ]

    def _sale(self, contract: Contract, chain: list[str], ready: date) -> date:
        """When what is not delayed is paid, whoever lives then: rights are worth what stands on that day."""
        late = self.late.get(chain[0])
        return contract.moved(plus_months(ready, late) if late else ready, Lag())

    def _first_living(self, contract: Contract, chain: list[str], ready: date, wait: Lag) -> date | None:
        """When the first of some names that lives then pays; never if none does."""
        for name in chain:
            when = contract.moved(plus_months(ready, self.late[name]) if self.late.get(name) else ready, wait)
            if when < self.gone.get(name, date.max):
                return when
        return None

    def _stocks(self) -> None:
        """Balances from flows: what has entered less what has left."""
        held = 0.0
        for row in range(len(self.rows) + 1):
            for contract in self.contracts:
                cutoff = contract.columns["cutoff_date"]
                entry_row = next((i for i, end in enumerate(self.rows) if cutoff <= end), len(self.rows))
                if entry_row == row and contract.due:
                    held += contract.due[0][1]
            self.books["opening"][row] = held
            held -= sum(self.books[name][row] for name in ("principal", "prepayment", "default", "dilution"))
            self.books["performing"][row] = held
