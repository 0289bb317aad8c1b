"""A deal run the slow way: one path at a time, in plain Python, straight from the nouns of the deal file.

No slots, no instructions, no masks: notes, accounts, fees and supports are objects with balances, and a step is a loop
over what it pays. Written from the design paper (rows §5, verbs §6, claims domain §9) and the docstrings of the nouns,
not from the compiler. Amounts are in counting units, as recorded; names of recorded items are the engine's.
"""

from __future__ import annotations

import calendar
import datetime as dt
import math
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from naive_cash import CashSide
from naive_purchases import Market, instalments

from absengine.calendars.business_days import calendar as roll_calendar
from absengine.deal.load import Deal
from absengine.deal.names import known_names
from absengine.errors import Problems, Where
from absengine.language import formula as f

SLACK = 1e-6
"""A float this close below a whole unit is that whole unit (the engine's UNIT_SLACK, told there)."""

CASH = ("interest", "principal", "prepayment", "fee")
SOURCES = ("deposit", "cure", "guarantor", "fund", "insurance", "ip", "repurchase")

# Time -----------------------------------------------------------------------------------------------------------------


def date(day: np.datetime64) -> dt.date:
    return day.astype("datetime64[D]").item()


def thirty(a: dt.date, b: dt.date, european: bool) -> float:
    """30/360 as ISDA 2006 4.16 (f) writes it, 30E/360 as (g)."""
    first = min(a.day, 30)
    last = 30 if b.day == 31 and (european or first == 30) else b.day
    return (360 * (b.year - a.year) + 30 * (b.month - a.month) + last - first) / 360


def thirty_isda(a: dt.date, b: dt.date) -> float:
    """30E/360 ISDA, 4.16 (h), for periods that do not end in February at maturity: last days of months count as 30."""
    first, last = (30 if (day + dt.timedelta(1)).day == 1 else day.day for day in (a, b))
    return (360 * (b.year - a.year) + 30 * (b.month - a.month) + last - first) / 360


def isda(a: dt.date, b: dt.date) -> float:
    """ACT/ACT ISDA: each calendar year's days over its own length."""
    total, at = 0.0, a
    while at < b:
        until = min(b, dt.date(at.year + 1, 1, 1))
        total += (until - at).days / (366 if calendar.isleap(at.year) else 365)
        at = until
    return total


YEARS: dict[str, Callable[[dt.date, dt.date], float]] = {
    "ACT/365F": lambda a, b: (b - a).days / 365,
    "ACT/360": lambda a, b: (b - a).days / 360,
    "ACT/ACT ISDA": isda,
    "30/360": lambda a, b: thirty(a, b, european=False),
    "30E/360": lambda a, b: thirty(a, b, european=True),
    "30E/360 ISDA": lambda a, b: thirty_isda(a, b),
}


def months(a: dt.date, b: dt.date) -> float:
    return (b.year - a.year) * 12 + b.month - a.month + (b.day - a.day) / 30


# Money ----------------------------------------------------------------------------------------------------------------


def cut(amount: float, unit: float) -> float:
    """Down to whole units; a hair below a whole one counts as whole."""
    if unit <= 0 or not math.isfinite(amount) or abs(amount) > 2**52:
        return amount
    slack = min(SLACK * min(unit, 1.0) + 1e-15 * abs(amount), unit / 4)
    return math.floor((amount + slack) / unit) * unit


class Worth(NamedTuple):
    """A value of a formula: ``sort`` is money, plain (a bare number, which becomes what it meets) or pure."""

    value: float
    sort: str


@dataclass
class Note:
    """A class of notes."""

    name: str
    face: float
    scheduled: float  # the face its plan was written for
    quantum: float
    balance: float = 0.0
    accrued: float = 0.0
    unpaid: float = 0.0
    on_interest: float = 0.0  # part of unpaid that is interest on interest
    on_interest_accrued: float = 0.0
    repaid: float = 0.0
    fixing: float = 0.0
    put: float = 0.0  # put to the issuer and not yet paid
    options_passed: int = 0
    extra_accrued: float = 0.0  # additional interest since the anticipated repayment date
    extra: float = 0.0


@dataclass
class Bill:
    """A fee or a tax."""

    name: str
    accrued: float = 0.0
    room: float = 0.0  # under a cap that grows with time
    lifetime: float = 0.0  # left of a cap that is granted once
    once: float = 0.0  # a single charge still to come
    unpaid: float = 0.0
    over: float = 0.0


@dataclass
class Helper:
    """A support."""

    name: str
    left: float
    owed: float = 0.0


@dataclass
class Claim:
    """What a step serves: the amount it wants, what its own terms ask for, in which multiples, what paying does."""

    wants: float
    terms: float
    quantum: float
    paid: Callable[[float], None]
    note: Note | None = None
    everything: bool = False
    name: str = ""
    of_class: bool = False


# The deal -------------------------------------------------------------------------------------------------------------


class Lane(CashSide):
    """One path of one deal."""

    def __init__(
        self,
        deal: Deal,
        pool_balance: float,
        feed: Mapping[str, np.ndarray],
        changes: Mapping[str, float] | None = None,
    ) -> None:
        self.deal, self.file, self.line = deal, deal.file, deal.timeline
        self.feed, self.changes = feed, dict(changes or {})
        self.market = Market(feed)
        rule = self.file.deal.money
        self.scale = 1 / rule.unit if rule.unit else 1.0
        self.unit = 1.0 if rule.unit else 0.0
        self.pool_balance = self.money("pool.initial", pool_balance)
        self.row, self.stage = 0, next(iter(self.file.stage))
        self.called = False
        self.defaulted = 0.0
        self.collected: dict[str, float] = defaultdict(float)
        self.years_since = 0.0
        self.ran = False
        self.flows: dict[str, float] = defaultdict(float)
        self.record: dict[str, list[float]] = defaultdict(lambda: [0.0] * self.line.rows)
        self.active = dict.fromkeys(self.file.trigger, False)
        self.counts: dict[str, int] = defaultdict(int)
        self.gaps: dict[tuple[str, str], float] = defaultdict(float)
        self.old_gaps: list[dict[tuple[str, str], float]] = []
        self.figures = dict.fromkeys(self.file.figure, 0.0)
        self.put_found: set[str] = set()  # classes whose put of this row has been found
        kinds = known_names(self.file)
        money = {name for name in self.file.figure if kinds[f"figure.{name}"].kind is f.Kind.MONEY}
        self.sorts = {name: "money" if name in money else "pure" for name in self.file.figure}
        self.to_take: set[tuple[str, str]] = set()  # fees and figures still to be found on this row
        self.seen: dict[tuple[str, int], float] = {}  # what a trailing or previous looked at on this row
        self.before: dict[tuple[str, int], list[float]] = defaultdict(list)  # and on each payment date so far
        self.set_up()
        self.set_up_cash()

    # what the case may change
    def money(self, name: str, amount: float) -> float:
        return self.changes.get(name, amount) * self.scale

    def number(self, name: str, value: float) -> float:
        return self.changes.get(name, value)

    def set_up(self) -> None:
        self.accounts = {
            name: self.money(f"account.{name}.opening", account.opening) for name, account in self.file.account.items()
        }
        per = self.file.deal.money.per
        self.per_note = per != "class" and self.unit > 0
        self.notes: dict[str, Note] = {}
        for name, tranche in self.file.tranche.items():
            face = self.money(f"tranche.{name}.face", tranche.face)
            quantum = self.unit
            if per != "class" and self.unit:
                quantum = face / (float(per.removeprefix("note of ")) * self.scale)
            self.notes[name] = Note(name, face, tranche.face * self.scale, quantum, balance=face)
        self.fees = {name: Bill(name) for name in self.file.fee}
        for name, fee in self.file.fee.items():
            if fee.amount is not None and fee.amount.per == "once":
                self.fees[name].once = self.money(f"fee.{name}.amount", fee.amount.value)
            if fee.cap is not None and fee.cap.per == "once":
                self.fees[name].lifetime = self.money(f"fee.{name}.cap", fee.cap.value)
        self.taxes = {name: Bill(name) for name in self.file.tax}
        self.helpers = {}
        for name, support in self.file.support.items():
            limit = math.inf if support.limit == "covered" else float(support.limit)
            self.helpers[name] = Helper(name, self.money(f"support.{name}.limit", limit))
        self.ledgers = dict.fromkeys(self.file.ledger, 0.0)
        self.hedges = {name: Bill(name) for name in self.file.hedge}
        self.fixings: dict[str, float] = {}
        self.bought = dict.fromkeys(self.file.purchase, 0.0)
        self.offered = {
            name: self.money(f"purchase.{name}.supply", terms.supply.value) if terms.supply.per == "once" else 0.0
            for name, terms in self.file.purchase.items()
            if terms.supply is not None
        }
        for name, hedge in self.file.hedge.items():
            premium = getattr(hedge, "premium", None)
            if premium is not None and premium.per == "once":
                self.hedges[name].once = self.money(f"hedge.{name}.premium", premium.value)

    def given(self, channel: str) -> float:
        return self.market.given(channel)

    # a row
    def run(self) -> dict[str, list[float]]:
        """Every recorded item, row by row."""
        for row in range(self.line.rows):
            self.row = row
            self.flows.clear()
            self.ran = False
            self.market.open(row)
            self.offer()
            self.bank_interest()
            self.collect()
            self.accrue_interest()
            self.to_take = {("fee", name) for name in self.file.fee}
            self.to_take |= {("figure", name) for name, f in self.file.figure.items() if f.at == "after collection"}
            self.to_take |= {("hedge", name) for name in self.file.hedge}
            for kind, name in sorted(self.to_take):
                self.take_now(kind, name)
            self.test("after collection", True)
            self.test("before payment", self.pays())
            if self.pays():
                self.record["stage_run"][self.row] = float(list(self.file.stage).index(self.stage))
                for name in self.file.hedge:
                    self.settle(name)
                self.ran = True
                self.fall_due()
                for step in self.file.stage[self.stage].step:
                    self.step(step)
            self.to_take = {("figure", name) for name, f in self.file.figure.items() if f.at == "after payment"}
            for kind, name in sorted(self.to_take):
                self.take_now(kind, name)
            self.test("after payment", self.ran)
            self.close()
        return dict(self.record)

    def pays(self) -> bool:
        return bool(self.line.pays[list(self.file.stage).index(self.stage)][self.row])

    def accrual(self, day_count: str) -> float:
        """F(anchor, end) − F(anchor, start) of the row."""
        anchor, start, end = (
            date(days[self.row]) for days in (self.line.anchor, self.line.accrual_start, self.line.accrual_end)
        )
        years = YEARS[day_count]
        return years(anchor, end) - years(anchor, start)

    def collection_bounds(self) -> tuple[dt.date, dt.date]:
        """Days after the first up to the second belong to the row; the cut-off day itself is the first day."""
        before = self.line.calc_date[self.row - 1] if self.row else self.line.cutoff - np.timedelta64(1, "D")
        return date(before), date(self.line.calc_date[self.row])

    def bank_interest(self) -> None:
        closing, calc = date(self.line.closing), [date(day) for day in self.line.calc_date]
        before = max(calc[self.row - 1], closing) if self.row else closing
        for name, account in self.file.account.items():
            if account.interest is not None:
                rate = self.number(f"account.{name}.interest.rate", account.interest.rate)
                time = YEARS[account.interest.day_count](before, max(calc[self.row], closing))
                amount = self.accounts[name] * (rate * time)
                self.accounts[name] += amount
                self.flows[f"account.{name}.interest"] += amount

    def accrue_interest(self) -> None:
        end, start = (date(days[self.row]) for days in (self.line.accrual_end, self.line.accrual_start))
        self.years_since += (end - start).days / 365
        for name, tranche in self.file.tranche.items():
            note = self.notes[name]
            if tranche.coupon is None:
                continue
            coupon = self.coupon(note, tranche.coupon, start, end)
            self.flows[f"tranche.{name}.coupon"] = coupon
            time = coupon * self.accrual(tranche.coupon.day_count)
            if tranche.ard is not None:
                self.additional(note, tranche, start, end)
            bearing = note.balance + (note.unpaid if tranche.interest_on_unpaid == "compound" else 0.0)
            if tranche.interest_on_unpaid == "simple":
                note.on_interest_accrued += (note.unpaid - note.on_interest) * time
            note.accrued += bearing * time

    def coupon(self, note: Note, terms: object, start: dt.date, end: dt.date) -> float:
        put = self.file.tranche[note.name].put
        change = 0.0
        if put is not None:
            change = self.number(f"tranche.{note.name}.put.adjust", put.adjust) * note.options_passed
        if terms.kind == "fixed":
            rate = self.number(f"tranche.{note.name}.coupon.rate", terms.rate)
            return max(rate + (self.stepped(terms, start, end) - terms.rate) + change, 0.0)
        if self.resets(terms.reset):
            note.fixing = self.given(f"index.{terms.index}") + self.number(
                f"tranche.{note.name}.coupon.spread", terms.spread
            )
        rate = note.fixing + change
        if terms.floor is not None:
            rate = max(rate, self.number(f"tranche.{note.name}.coupon.floor", terms.floor))
        if terms.cap is not None:
            rate = min(rate, self.number(f"tranche.{note.name}.coupon.cap", terms.cap))
        return max(rate, 0.0)

    def additional(self, note: Note, tranche: object, start: dt.date, end: dt.date) -> None:
        """Interest on top for the days of the row from the anticipated repayment date on."""
        years, anchor = YEARS[tranche.coupon.day_count], date(self.line.anchor[self.row])
        since = min(max(start, tranche.ard.date), end)
        rate = self.number(f"tranche.{note.name}.ard.additional", tranche.ard.additional)
        base = note.balance + (note.extra if tranche.ard.on_unpaid == "compound" else 0.0)
        note.extra_accrued += base * (rate * (years(anchor, end) - years(anchor, since)))

    def is_option_date(self, name: str) -> bool:
        """The row's payment date is one of the option dates, or one of them moved over a holiday."""
        put = self.file.tranche[name].put
        if put is None or not self.line.pays[0][self.row]:
            return False
        due = date(self.line.pay_date[self.row])
        listed = {date(day) for day in self.line.pay_date[self.line.pays[0]]}
        rule = self.file.dates.payment
        moved = [day if day in listed else date(roll_calendar(rule.calendar).roll(np.datetime64(day), rule.roll))
                 for day in put.dates]  # fmt: skip
        return due in moved

    def put_due(self, note: Note) -> float:
        put = self.file.tranche[note.name].put
        if put is None:
            return 0.0
        fresh = 0.0
        if self.is_option_date(note.name) and note.name not in self.put_found:
            share = min(max(self.number(f"tranche.{note.name}.put.share", put.share), 0.0), 1.0)
            fresh = cut(note.balance * share, note.quantum)
        return min(note.put + fresh, note.balance)

    def stepped(self, terms: object, start: dt.date, end: dt.date) -> float:
        """The level from ``start`` to ``end``, piece by piece, each piece with its share of the time."""
        level, at = terms.rate, start
        pieces: list[tuple[float, dt.date, dt.date]] = []
        for day, new in terms.steps:
            if at < day < end:
                pieces.append((level, at, day))
                at = day
            if day < end or day <= start:
                level = new
        years, anchor = YEARS[terms.day_count], date(self.line.anchor[self.row])
        times = [years(anchor, until) - years(anchor, since) for _, since, until in (*pieces, (level, at, end))]
        if not pieces or sum(times) <= 0:
            return pieces[0][0] if pieces else level
        levels = [piece[0] for piece in pieces] + [level]
        return sum(part * time for part, time in zip(levels, times, strict=True)) / sum(times)

    def resets(self, word: str) -> bool:
        """At the start of interest periods: of each, or of the first that starts in a new year of the deal."""
        anchor, start = self.line.anchor, self.line.accrual_start
        if self.row == 0:
            return True
        if anchor[self.row] != start[self.row]:
            return False
        year = [birthdays(date(self.line.closing), date(anchor[row])) for row in (self.row - 1, self.row)]
        return word == "each period" or year[1] > year[0]

    def fee_time(self, fee: object, unit: str) -> float:
        if fee.over == "payment":
            start, end = date(self.line.accrual_start[self.row]), date(self.line.accrual_end[self.row])
            return self.accrual(fee.day_count) if unit == "year" else months(start, end)
        before, last = self.collection_bounds()
        if unit == "year":
            return YEARS[fee.day_count](before, last)
        return months(before + dt.timedelta(1), last + dt.timedelta(1))

    def over_time(self, fee: object, per: str) -> float | None:
        """How much of one charge falls on this row, or None where it is charged when a list runs."""
        return 1.0 if per == "collection" else self.fee_time(fee, per) if per in ("year", "month") else None

    def take_now(self, kind: str, name: str) -> None:
        """A fee or figure is found once a row, as soon as something names it."""
        if (kind, name) in self.to_take:
            self.to_take.remove((kind, name))
            if kind == "fee":
                self.accrue_fee(name)
            elif kind == "hedge":
                self.accrue_hedge(name)
            else:
                self.take_figure(name)

    def accrue_hedge(self, name: str) -> None:
        """The counterparty's side less ours, on the notional of the row; nothing once it has failed."""
        noun, place = self.file.hedge[name], f"hedge.{name}"
        if noun.kind == "swap":
            rate = self.side(name, "receive", noun) - self.side(name, "pay", noun)
        else:
            level = self.fixing(f"{place}.fixing", noun.reset, self.given(f"index.{noun.index}"))
            rate = max(level - self.number(f"{place}.strike", noun.strike), 0.0)
        notional = self.notional(name, noun)
        self.flows[f"{place}.notional"] = notional
        net = notional * (rate * self.accrual(noun.day_count)) if self.counterparty_lives(name) else 0.0
        self.flows[f"{place}.net"] = net
        self.hedges[name].accrued += net

    def notional(self, name: str, noun: object) -> float:
        if noun.notional is not None:
            return max(self.amount(noun.notional, f"hedge.{name}.notional"), 0.0)
        start = date(self.line.accrual_start[self.row])
        return [amount for day, amount in noun.schedule if day <= start][-1] * self.scale

    def side(self, name: str, word: str, noun: object) -> float:
        leg = getattr(noun, word)
        if leg.index is None:
            return self.number(f"hedge.{name}.{word}.rate", leg.rate)
        level = self.given(f"index.{leg.index}") + self.number(f"hedge.{name}.{word}.spread", leg.spread)
        return self.fixing(f"hedge.{name}.{word}", noun.reset, level)

    def fixing(self, place: str, word: str, level: float) -> float:
        if self.resets(word):
            self.fixings[place] = level
        return self.fixings[place]

    def counterparty_lives(self, name: str) -> bool:
        return bool(self.given(f"alive.{self.file.hedge[name].counterparty}.hedge.{name}"))

    def settle(self, name: str) -> None:
        """Whole units, net: what comes enters the account first; what goes waits for its step."""
        noun, book = self.file.hedge[name], self.hedges[name]
        coming, going = cut(max(book.accrued, 0.0), self.unit), cut(max(-book.accrued, 0.0), self.unit)
        book.accrued += going - coming
        if self.counterparty_lives(name):
            self.accounts[noun.to] += coming
            self.flows[f"hedge.{name}.received"] += coming
        else:
            self.flows[f"hedge.{name}.missed"] += coming
        book.unpaid += going + self.premium(name)
        book.once = 0.0
        if noun.kind == "swap" or noun.premium is not None:
            self.flows[f"hedge.{name}.due"] = book.unpaid

    def premium(self, name: str) -> float:
        noun = self.file.hedge[name]
        if noun.kind == "swap" or noun.premium is None or not self.counterparty_lives(name):
            return 0.0
        if noun.premium.per == "once":
            return cut(self.hedges[name].once, self.unit)
        return cut(self.money(f"hedge.{name}.premium", noun.premium.value), self.unit)

    def hedge_worth(self, name: str, part: str) -> float:
        net = self.hedges[name].accrued
        if part == "receivable":
            return cut(max(net, 0.0), self.unit) if self.counterparty_lives(name) and not self.ran else 0.0
        return self.hedges[name].unpaid + (0.0 if self.ran else cut(max(-net, 0.0), self.unit) + self.premium(name))

    def take_figure(self, name: str) -> None:
        noun = self.file.figure[name]
        value = self.worth(noun.value, f"figure.{name}.value").value
        if noun.every is None and noun.dates is None:
            self.figures[name] = value
            return
        if self.row == 0:
            worth = self.worth(noun.start or noun.value, f"figure.{name}.{'start' if noun.start else 'value'}")
            plain_money = worth.sort == "plain" and self.sorts[name] == "money"
            self.figures[name] = worth.value * (self.scale if plain_money else 1.0)
        before = date(self.line.calc_date[self.row - 1]) if self.row else dt.date.min
        if any(before < day <= date(self.line.calc_date[self.row]) for day in self.valuation_days(noun)):
            self.figures[name] = value

    def valuation_days(self, noun: object) -> list[dt.date]:
        if noun.dates is not None:
            return list(noun.dates)
        length, days, count = noun.every.n, [], 0
        while not days or days[-1] < self.file.dates.legal_final:
            if noun.every.unit in ("day", "week"):
                step = length * (7 if noun.every.unit == "week" else 1)
                days.append(noun.first + dt.timedelta(step * count))
            else:
                month = noun.first.month - 1 + count * length * (12 if noun.every.unit == "year" else 1)
                year, month = noun.first.year + month // 12, month % 12 + 1
                last = calendar.monthrange(year, month)[1]
                days.append(dt.date(year, month, last if noun.on == "last day" else min(noun.on, last)))
            count += 1
        return days

    def accrue_fee(self, name: str) -> None:
        fee = self.file.fee[name]
        time = self.over_time(fee, (fee.rate or fee.amount).per)
        if time is not None and self.goes_on(name):
            self.fees[name].accrued += self.charge(name) * time * self.given("fee_factor")
        if fee.cap is not None:
            grown = self.over_time(fee, fee.cap.per)
            if grown is not None:
                self.fees[name].room += self.money(f"fee.{name}.cap", fee.cap.value) * grown

    def charge(self, name: str) -> float:
        """One charge of a fee: rate on base, or amount."""
        fee = self.file.fee[name]
        if fee.rate is not None:
            return max(self.amount(fee.base, f"fee.{name}.base"), 0.0) * self.number(f"fee.{name}.rate", fee.rate.rate)
        if fee.amount.per == "once":
            return self.fees[name].once
        return self.money(f"fee.{name}.amount", fee.amount.value)

    def to_come(self, name: str) -> float:
        """What a list that runs now adds to a fee besides what has accrued over time."""
        fee = self.file.fee[name]
        by_time = self.over_time(fee, (fee.rate or fee.amount).per) is not None
        if by_time or fee.on_paid or not self.goes_on(name):
            return 0.0
        return self.charge(name) * self.given("fee_factor")

    def tax_to_come(self, name: str) -> float:
        """As if a list ran now: fees that would fall due, or income so far."""
        fees = {}
        for claim in self.file.tax[name].fees:
            fee = claim.removeprefix("fee.").removesuffix(".over_cap")
            fresh = cut(self.fees[fee].accrued + self.to_come(fee), self.unit)
            inside = min(fresh, cut(self.room(fee), self.unit))
            fees[claim] = fresh - inside if claim.endswith(".over_cap") else inside
        return self.tax_of(name, fees)

    def room(self, name: str) -> float:
        cap, bill = self.file.fee[name].cap, self.fees[name]
        if cap is None:
            return math.inf
        if cap.per == "payment":
            return self.money(f"fee.{name}.cap", cap.value)
        return bill.lifetime if cap.per == "once" else bill.room

    def fall_due(self) -> None:
        for name, tranche in self.file.tranche.items():
            note = self.notes[name]
            if tranche.put is not None:
                note.put = self.put_due(note)
                self.put_found.add(name)
            if tranche.ard is not None:
                fresh = cut(note.extra_accrued, note.quantum)
                note.extra_accrued -= fresh
                note.extra += fresh
                self.flows[f"tranche.{name}.additional_due"] = note.extra
            if self.owes_by_terms(name):
                self.flows[f"tranche.{name}.principal_due"] = self.principal_due(note)
            if tranche.coupon is None:
                continue
            fresh = cut(note.accrued, note.quantum)
            note.accrued -= fresh
            extra = 0.0
            if tranche.interest_on_unpaid == "simple":
                extra = cut(note.on_interest_accrued, note.quantum)
                note.on_interest_accrued -= extra
                note.on_interest += extra
            note.unpaid += fresh
            note.unpaid += extra
            self.flows[f"tranche.{name}.interest_due"] = note.unpaid
        for name, bill in self.fees.items():
            if self.file.fee[name].on_paid:
                self.flows[f"fee.{name}.due"] = bill.unpaid
                continue
            bill.accrued += self.to_come(name)
            bill.once = 0.0 if self.goes_on(name) else bill.once
            fresh = cut(bill.accrued, self.unit)
            bill.accrued -= fresh
            inside = min(fresh, cut(self.room(name), self.unit))
            bill.room = 0.0
            bill.lifetime -= inside
            bill.unpaid += inside
            bill.over += fresh - inside
            self.fallen[f"fee.{name}"], self.fallen[f"fee.{name}.over_cap"] = inside, fresh - inside
            self.flows[f"fee.{name}.due"] = bill.unpaid
        for name, bill in self.taxes.items():
            bill.accrued += self.tax_of(name, self.fallen)
            fresh = cut(bill.accrued, self.unit)
            bill.accrued -= fresh
            bill.unpaid += fresh
            self.flows[f"tax.{name}.due"] = bill.unpaid

    def owes_by_terms(self, name: str) -> bool:
        tranche = self.file.tranche[name]
        return tranche.put is not None or getattr(tranche.principal, "kind", "") in ("plan", "target", "bullet")

    def principal_due(self, note: Note) -> float:
        return max(self.by_terms(note), self.put_due(note))

    def by_terms(self, note: Note) -> float:
        """By the class's own terms; all of it at legal final."""
        terms = self.file.tranche[note.name].principal
        if self.row == self.line.rows - 1:
            return note.balance
        if terms is not None and terms.kind == "bullet":
            return note.balance if date(self.line.accrual_end[self.row]) >= terms.expected else 0.0
        if terms is not None and terms.kind == "plan":
            planned = float(np.cumsum(self.deal.plans[note.name])[self.row]) * self.scale * (note.face / note.scheduled)
            return max(min(cut(planned - note.repaid, note.quantum), note.balance), 0.0)
        if terms is not None and terms.kind == "target":
            wanted = note.scheduled - float(np.cumsum(self.deal.plans[note.name])[self.row]) * self.scale
            above = note.balance - wanted * (note.face / note.scheduled)
            return max(min(cut(above, note.quantum), note.balance), 0.0)
        return 0.0

    def interest_due(self, note: Note) -> float:
        due = note.unpaid + cut(note.accrued, note.quantum)
        if self.file.tranche[note.name].interest_on_unpaid == "simple":
            due += cut(note.on_interest_accrued, note.quantum)
        return due

    # triggers
    def test(self, moment: str, held: bool) -> None:
        """All triggers of one moment, in the order of the file; their value is recorded whether tested or not."""
        for name, trigger in self.file.trigger.items():
            if trigger.test == moment:
                self.flows[f"trigger.{name}.value"] = self.tested_value(name, trigger)
                if held and (not trigger.within or self.stage in trigger.within):
                    self.trigger(name, trigger)

    def trigger(self, name: str, trigger: object) -> None:
        true = self.flag(trigger.when, f"trigger.{name}.when") or self.given(f"forced.{name}") != 0
        self.counts[name] = self.counts[name] + 1 if true else 0
        fires = self.counts[name] >= trigger.sustained
        before = self.active[name]
        self.active[name] = fires if trigger.hold is not None else before or fires
        if self.active[name] and not before:
            self.effect(name, trigger)
        if trigger.cure is not None:
            well = self.flag(trigger.cure.when, f"trigger.{name}.cure.when")
            self.counts[f"{name} cure"] = self.counts[f"{name} cure"] + 1 if well else 0
            if self.active[name] and self.counts[f"{name} cure"] >= trigger.cure.sustained:
                self.active[name] = False
                word, _, target = (trigger.cure.effect or "flag").partition(" ")
                if word == "go":
                    self.stage = self.furthest([target, *self.held_stages()])

    def effect(self, name: str, trigger: object) -> None:
        word, _, target = (trigger.once or trigger.hold).partition(" ")
        if word == "go":
            self.stage = self.furthest([self.stage, target])
        if word == "call":
            price = max(self.amount(trigger.call.price, f"trigger.{name}.call.price"), 0.0)
            self.accounts[trigger.call.to] += price
            self.flows["pool.call_price"] += price
            self.called = True

    def furthest(self, stages: list[str]) -> str:
        return max(stages, key=list(self.file.stage).index)

    def held_stages(self) -> list[str]:
        """Where triggers still in force have sent the deal."""
        sent = [(self.active[name], (trigger.once or "").partition(" ")) for name, trigger in self.file.trigger.items()]
        return [target for active, (word, _, target) in sent if active and word == "go"]

    def tested_value(self, name: str, trigger: object) -> float:
        """The left side of a trigger's comparison, or its flag."""
        tree = f.parse(trigger.when, Where(), Problems())
        counter = Literals(f"trigger.{name}.when")
        if isinstance(tree, f.Compare):
            left = self.eval(tree.left, counter)
            return self.alike([left, self.eval(tree.right, counter)])[0]
        return self.eval(tree, counter).value

    # steps
    def step(self, step: object) -> None:
        at = f"step.{self.stage}.{step.id}"
        if step.when is not None and not self.flag(step.when, self.path(step, "when")):
            return
        match step.do:
            case "move":
                self.move(step, at)
            case "draw":
                self.draw(step, at)
            case "buy":
                self.buy(step, at)
            case "sell":
                self.sell(step, at)
            case "write_down":
                self.write_down(step, at)
            case "book":
                self.book(step, at)
            case "probe":
                self.flows[f"{at}.value"] = self.worth(step.value, self.path(step, "value")).value
            case _:
                self.serve(step, at)

    def path(self, step: object, key: str) -> str:
        steps = self.file.stage[self.stage].step
        return f"stage.{self.stage}.step.{steps.index(step)}.{key}"

    def limit(self, step: object) -> float:
        return max(self.amount(step.upto, self.path(step, "upto")), 0.0)

    def move(self, step: object, at: str) -> None:
        held = self.spendable(step.source)
        need = held if step.upto is None else cut(self.limit(step), self.unit)
        amount = held if step.upto is None else cut(min(need, held), self.unit)
        self.accounts[step.source] -= amount
        self.accounts[step.to] += amount
        self.flows[f"{at}.due"] = need
        self.flows[f"{at}.paid"] += amount
        self.flows[f"{at}.short"] = need - amount

    def draw(self, step: object, at: str) -> None:
        short = cut(self.limit(step), self.unit)
        self.flows[f"{at}.due"] = short
        for name in step.what:
            support = name.removeprefix("support.")
            drawn = cut(min(self.would_pay(support, short, at), self.helpers[support].left), self.unit)
            self.take_from(support, drawn)
            self.accounts[step.to] += drawn
            short -= drawn
            self.flows[f"{at}.paid"] += drawn
            self.flows[f"{at}.from.{name}"] += drawn
        self.flows[f"{at}.short"] = short

    def offer(self) -> None:
        """What originators can sell grows with time: by payment, by collection, by days."""
        closing, calc = date(self.line.closing), [date(day) for day in self.line.calc_date]
        days = max((calc[self.row] - (calc[self.row - 1] if self.row else closing)).days, 0)
        for name, terms in self.file.purchase.items():
            if terms.supply is None or terms.supply.per == "once":
                continue
            part = {"collection": 1.0, "payment": float(self.line.pays[0][self.row]), "year": days / 365}
            share = part.get(terms.supply.per, days / 365 * 12)
            self.offered[name] += self.money(f"purchase.{name}.supply", terms.supply.value) * share

    def buy(self, step: object, at: str) -> None:
        left = self.spendable(step.source)
        if step.upto is not None:
            left = min(left, cut(self.limit(step), self.unit))
        self.flows[f"{at}.due"] = left
        for name in (what.removeprefix("purchase.") for what in step.what):
            terms = self.file.purchase[name]
            price = self.number(f"purchase.{name}.price", terms.price)
            principal = left / price
            if name in self.offered:
                principal = min(principal, max(self.offered[name], 0.0))
            if terms.most is not None:
                most = self.amount(terms.most, f"purchase.{name}.most")
                principal = min(principal, max(most - self.given(f"purchase.{name}.balance"), 0.0))
            if terms.lot:
                principal = cut(principal, self.money(f"purchase.{name}.lot", terms.lot))
            bought = date(self.line.pay_date[self.row])
            if self.called:
                continue
            if terms.eligible is not None and not self.flag(terms.eligible, f"purchase.{name}.eligible"):
                continue
            if terms.matures_by is not None and instalments(terms, bought)[-1][0] > terms.matures_by:
                continue
            paid = cut(min(principal * price, self.accounts[step.source]), self.unit)
            self.accounts[step.source] -= paid
            left -= paid
            self.flows[f"{at}.paid"] += paid
            self.flows[f"{at}.from.account.{step.source}"] += paid
            self.flows[f"purchase.{name}.paid"] += paid
            self.flows[f"purchase.{name}.principal"] += paid / price
            self.bought[name] += paid / price
            if name in self.offered:
                self.offered[name] -= paid / price
            self.market.buy(name, terms, paid / price, bought, [date(day) for day in self.line.calc_date])
        self.flows[f"{at}.short"] = left

    def sell(self, step: object, at: str) -> None:
        wanted = cut(self.limit(step), self.unit)
        price = max(self.worth(step.value, self.path(step, "value")).value, 0.0)
        performing = 0.0 if self.called else self.given("performing")
        sold = min(wanted, performing)
        cash = cut(sold * price, self.unit)
        self.accounts[step.to] += cash
        self.flows["pool.sale_price"] += cash
        self.flows["pool.sold"] += sold
        self.flows[f"{at}.due"] = wanted * price
        self.flows[f"{at}.paid"] += cash
        self.flows[f"{at}.short"] = max(wanted * price - cash, 0.0)
        if performing:
            self.market.sell(sold / performing)

    def write_down(self, step: object, at: str) -> None:
        left = cut(self.limit(step), self.unit)
        self.flows[f"{at}.due"] = left
        for note in [note for name in step.what for note in self.notes_of(name.removeprefix("principal."))]:
            loss = cut(min(left, note.balance), note.quantum)
            note.balance -= loss
            left -= loss
            self.flows[f"tranche.{note.name}.written_down"] += loss
            self.flows[f"{at}.paid"] += loss
        self.flows[f"{at}.short"] = left

    def book(self, step: object, at: str) -> None:
        left = cut(self.limit(step), self.unit)
        self.flows[f"{at}.due"] = left
        for ledger in (name.removeprefix("ledger.") for name in step.what):
            limit = self.file.ledger[ledger].limit
            room = math.inf
            if limit is not None:
                room = max(self.amount(limit, f"ledger.{ledger}.limit") - self.ledgers[ledger], 0.0)
            entry = min(left, room)
            self.ledgers[ledger] += entry
            left -= entry
            self.flows[f"{at}.paid"] += entry
        self.flows[f"{at}.short"] = left

    def serve(self, step: object, at: str) -> None:
        """Pay, fill or repay: the account first, then each helper what is still missing."""
        claims = [claim for name in step.what for claim in self.claims(name)]
        missing = self.needs(step, claims)
        uncut = self.uncut(step, claims) - left_to_right(missing)
        asked = list(missing)
        self.flows[f"{at}.due"] = left_to_right(missing)
        for source in (f"account.{step.source}", *step.then):
            kind, _, name = source.partition(".")
            if kind == "account":
                amounts = self.out_of_account(step, name, claims, missing)
            else:
                available = min(self.helpers[name].left, self.would_pay(name, left_to_right(missing), at))
                amounts = self.split(step, claims, missing, available)
                self.take_from(name, min(left_to_right(amounts), self.helpers[name].left))
            self.receive(step, left_to_right(amounts))
            for claim, amount in zip(claims, amounts, strict=True):
                claim.paid(amount)
                for fee in self.payout_fees([claim.name]):
                    self.fees[fee].accrued += amount * self.payout_rate(fee)
                self.flows[f"{at}.paid"] += amount
                self.flows[f"{at}.from.{source}"] += amount
            missing = [want - amount for want, amount in zip(missing, amounts, strict=True)]
        for claim, want, rest in zip(claims, asked, missing, strict=True):
            if claim.note is not None and not self.owes_by_terms(claim.note.name):
                due = want if step.upto is not None else want - rest
                self.flows[f"tranche.{claim.note.name}.principal_due"] += due
        short = left_to_right(missing)
        self.flows[f"{at}.short"] = short
        if self.per_note and any(claim.of_class for claim in claims):
            for name in (step.source, *(h.removeprefix("account.") for h in step.then if h.startswith("account."))):
                spare = self.spendable(name)
                if short <= 0:
                    spare = min(spare, uncut) if name == step.source else 0.0
                self.flows[f"account.{name}.residue"] += spare

    def spendable(self, name: str) -> float:
        """Cash of an account less what earlier steps could not cut into whole notes, and fees on what they paid."""
        held = self.flows[f"account.{name}.residue"] + sum(self.fees[fee].accrued for fee in self.fees_from(name))
        return max(self.accounts[name] - held, 0.0)

    def uncut(self, step: object, claims: list[Claim]) -> float:
        """What a step would have for its claims if notes could be cut."""
        if step.upto == "due":
            return left_to_right(self.needs(step, claims))
        held = self.spendable(step.source)
        total = left_to_right([held if claim.everything and step.upto is None else claim.wants for claim in claims])
        return total if step.upto is None else min(total, self.limit(step))

    def needs(self, step: object, claims: list[Claim]) -> list[float]:
        if step.upto == "due":
            return [cut(claim.terms, claim.quantum) for claim in claims]
        if step.upto is not None:
            return self.split(step, claims, [claim.wants for claim in claims], self.limit(step))
        held = self.spendable(step.source)
        return [cut(held if claim.everything else claim.wants, claim.quantum) for claim in claims]

    def split(self, step: object, claims: list[Claim], wants: list[float], cash: float) -> list[float]:
        """Cash over wants: all of them if it suffices; else by amount, or in order."""
        total = left_to_right(wants)
        if step.share == "pro rata" and len(claims) > 1:
            if total <= cash:
                return list(wants)
            return [
                cut(max(cash, 0.0) * (want / total), claim.quantum) for want, claim in zip(wants, claims, strict=True)
            ]
        given = []
        for want, claim in zip(wants, claims, strict=True):
            given.append(cut(min(want, cash), claim.quantum))
            cash = 0.0 if self.per_note and given[-1] < cut(want, claim.quantum) else cash - given[-1]
        return given

    def out_of_account(self, step: object, name: str, claims: list[Claim], missing: list[float]) -> list[float]:
        wanted = missing
        if (self.per_note or step.share == "pro rata") and len(claims) > 1:
            wanted = self.split(step, claims, missing, self.spendable(name))
        fees = [fee for fee in self.payout_fees([claim.name for claim in claims]) if fee in self.fees_from(name)]
        if fees:
            rest = self.spendable(name) / (1 + sum(self.payout_rate(fee) for fee in fees))
            wanted = self.split(step, claims, missing, rest)
        amounts = []
        for want, claim in zip(wanted, claims, strict=True):
            amount = cut(min(want, self.spendable(name)), claim.quantum)
            self.accounts[name] -= amount
            amounts.append(amount)
        return amounts

    def fees_from(self, account: str) -> list[str]:
        """Fees on what is paid that the list pays out of an account."""
        steps = [one for one in self.file.stage[self.stage].step if one.do == "pay" and one.source == account]
        served = {what for one in steps for what in one.what}
        return [name for name, fee in self.file.fee.items() if fee.on_paid and f"fee.{name}" in served]

    def receive(self, step: object, amount: float) -> None:
        target = step.what[0].removeprefix("account.") if step.do == "fill" else step.to
        if target is not None:
            self.accounts[target] += amount

    def would_pay(self, name: str, short: float, at: str) -> float:
        """What a provider pays towards a gap today: nothing once gone; when late, only what it was called for then."""
        provider = self.file.support[name].provider
        self.gaps[at, name] = short
        self.flows[f"support.{name}.called"] += short
        late = int(self.given(f"late.{provider}"))
        if not self.given(f"alive.{provider}.{name}"):
            return 0.0
        if late > 0:
            known = self.old_gaps[self.row - late][at, name] if late <= self.row else 0.0
            return min(short, known)
        return short

    def take_from(self, name: str, amount: float) -> None:
        helper = self.helpers[name]
        helper.left -= amount
        self.flows[f"support.{name}.drawn"] += amount
        if self.file.support[name].reimbursed:
            helper.owed += amount

    # claims
    def notes_of(self, name: str) -> list[Note]:
        if name in self.notes:
            return [self.notes[name]]
        return [note for key, note in self.notes.items() if self.file.tranche[key].klass == name]

    def claims(self, name: str) -> list[Claim]:
        kind, _, rest = name.partition(".")
        match kind:
            case "interest":
                return [self.interest_claim(n) for n in self.notes_of(rest) if self.file.tranche[n.name].coupon]
            case "principal":
                named = rest in self.notes
                return [
                    self.principal_claim(n) for n in self.notes_of(rest) if named or self.file.tranche[n.name].principal
                ]
            case "additional":
                return [self.extra_claim(n) for n in self.notes_of(rest) if self.file.tranche[n.name].ard]
            case "residual":
                note = self.notes[rest]
                return [Claim(1e300, 1e300, note.quantum, self.flow(f"tranche.{rest}.residual_paid"),
                              everything=True, of_class=True, name=name)]  # fmt: skip
            case "fee":
                return [self.bill_claim(self.fees[rest.removesuffix(".over_cap")], rest)]
            case "tax":
                return [self.bill_claim(self.taxes[rest], rest)]
            case "ledger":
                return [self.ledger_claim(rest)]
            case "hedge":
                return [self.hedge_claim(rest)]
            case "support":
                return [self.support_claim(self.helpers[rest])]
        target = self.amount(self.file.account[rest].target, f"account.{rest}.target")
        gap = cut(max(target - self.accounts[rest], 0.0), self.unit)
        return [Claim(gap, gap, self.unit, lambda amount: None)]

    def flow(self, item: str) -> Callable[[float], None]:
        def add(amount: float) -> None:
            self.flows[item] += amount

        return add

    def interest_claim(self, note: Note) -> Claim:
        def paid(amount: float) -> None:
            note.unpaid -= amount
            note.on_interest = max(note.on_interest - amount, 0.0)
            self.flows[f"tranche.{note.name}.interest_paid"] += amount

        return Claim(note.unpaid, note.unpaid, note.quantum, paid, of_class=True, name=f"interest.{note.name}")

    def principal_claim(self, note: Note) -> Claim:
        def paid(amount: float) -> None:
            note.balance -= amount
            note.repaid += amount
            note.put = max(note.put - amount, 0.0)
            self.flows[f"tranche.{note.name}.principal_paid"] += amount

        due, name = self.principal_due(note), f"principal.{note.name}"
        return Claim(note.balance, due, note.quantum, paid, note=note, of_class=True, name=name)

    def extra_claim(self, note: Note) -> Claim:
        def paid(amount: float) -> None:
            note.extra -= amount
            self.flows[f"tranche.{note.name}.additional_paid"] += amount

        return Claim(note.extra, note.extra, note.quantum, paid, of_class=True)

    def bill_claim(self, bill: Bill, name: str) -> Claim:
        over = name.endswith(".over_cap")
        kind = "tax" if bill is self.taxes.get(bill.name) else "fee"

        def paid(amount: float) -> None:
            if over:
                bill.over -= amount
            else:
                bill.unpaid -= amount
            self.flows[f"{kind}.{bill.name}.{'over_cap_paid' if over else 'paid'}"] += amount

        if kind == "fee" and self.file.fee[bill.name].on_paid:
            fresh = cut(bill.accrued, self.unit)
            bill.accrued -= fresh
            bill.unpaid += fresh
            self.flows[f"fee.{bill.name}.due"] += fresh
        stock = bill.over if over else bill.unpaid
        return Claim(stock, stock, self.unit, paid)

    def hedge_claim(self, name: str) -> Claim:
        book = self.hedges[name]

        def paid(amount: float) -> None:
            book.unpaid -= amount
            self.flows[f"hedge.{name}.paid"] += amount

        return Claim(book.unpaid, book.unpaid, self.unit, paid)

    def ledger_claim(self, name: str) -> Claim:
        def paid(amount: float) -> None:
            self.ledgers[name] -= amount

        return Claim(self.ledgers[name], self.ledgers[name], self.unit, paid)

    def support_claim(self, helper: Helper) -> Claim:
        def paid(amount: float) -> None:
            helper.owed -= amount
            if self.file.support[helper.name].kind == "liquidity":
                helper.left += amount
            self.flows[f"support.{helper.name}.repaid"] += amount

        return Claim(helper.owed, helper.owed, self.unit, paid)

    # the end of a row
    def close(self) -> None:
        put = self.flows
        for name, note in self.notes.items():
            put[f"tranche.{name}.balance"] = note.balance
            put[f"tranche.{name}.interest_unpaid"] = note.unpaid
            if self.file.tranche[name].put is not None:
                put[f"tranche.{name}.put_unpaid"] = note.put
            put[f"tranche.{name}.additional_unpaid"] = note.extra
            if self.file.tranche[name].principal is not None:
                put[f"tranche.{name}.principal_overdue"] = self.principal_due(note)
        for name, balance in self.accounts.items():
            put[f"account.{name}.balance"] = balance
        for name, bill in self.fees.items():
            put[f"fee.{name}.unpaid"] = bill.unpaid
            if self.file.fee[name].cap is not None:
                put[f"fee.{name}.over_cap_unpaid"] = bill.over
        for name, bill in self.taxes.items():
            put[f"tax.{name}.unpaid"] = bill.unpaid
        for name, helper in self.helpers.items():
            put[f"support.{name}.left"], put[f"support.{name}.owed"] = min(helper.left, 1e300), helper.owed
        for name, balance in self.ledgers.items():
            put[f"ledger.{name}.balance"] = balance
        for name, book in self.hedges.items():
            put[f"hedge.{name}.unpaid"] = book.unpaid
        for name, value in self.figures.items():
            put[f"figure.{name}.value"] = value
        for name in self.file.trigger:
            put[f"trigger.{name}.active"] = float(self.active[name])
        put["stage"] = float(list(self.file.stage).index(self.stage))
        put["servicing.failed"], put["servicing.direct"] = float(self.failed), float(self.paid_directly)
        put["deposit.owed"] = self.deposits_owed
        put["ran"], put["pool.called"], put["pool.defaulted"] = float(self.ran), float(self.called), self.defaulted
        for item, value in put.items():
            self.record[item][self.row] = value
        for name, note in self.notes.items():
            note.options_passed += self.is_option_date(name)
        self.put_found.clear()
        self.old_gaps.append(defaultdict(float, self.gaps))
        if self.ran:
            for place, value in self.seen.items():
                self.before[place].append(value)
            self.collected.clear()
            self.years_since = 0.0

    # formulas
    def amount(self, text: str, at: str) -> float:
        """A formula that must be money."""
        worth = self.worth(text, at)
        return worth.value * self.scale if worth.sort == "plain" else worth.value

    def flag(self, text: str, at: str) -> bool:
        return bool(self.worth(text, at).value)

    def worth(self, text: str, at: str) -> Worth:
        tree = f.parse(text, Where(), Problems())
        return self.eval(tree, Literals(at))

    def alike(self, parts: list[Worth]) -> list[float]:
        """Values side by side: next to money, a plain number is money."""
        money = any(part.sort == "money" for part in parts)
        return [part.value * (self.scale if money and part.sort == "plain" else 1.0) for part in parts]

    def eval(self, node: f.Node, literals: Literals) -> Worth:
        match node:
            case f.Number():
                value = self.number(literals.next(), node.value)
                return Worth(value, "plain" if node.kind is f.Kind.NUMBER else "pure")
            case f.Name():
                return self.name(node.text)
            case f.Unary(op="-"):
                part = self.eval(node.operand, literals)
                return Worth(-part.value, part.sort)
            case f.Unary():
                return Worth(float(not self.eval(node.operand, literals).value), "pure")
            case f.BoolOp():
                flags = [bool(self.eval(part, literals).value) for part in node.operands]
                return Worth(float(all(flags) if node.op == "and" else any(flags)), "pure")
            case f.Compare():
                a, b = self.alike([self.eval(node.left, literals), self.eval(node.right, literals)])
                truth = {"<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b, "==": a == b, "!=": a != b}
                return Worth(float(truth[node.op]), "pure")
            case f.Binary():
                return self.arithmetic(node.op, self.eval(node.left, literals), self.eval(node.right, literals))
            case f.Call(function="trailing" | "previous"):
                return self.remembered(node, literals)
        return self.function(node.function, [self.eval(part, literals) for part in node.arguments])

    def remembered(self, node: f.Call, literals: Literals) -> Worth:
        """What the argument is now, and was on payment dates before this row."""
        worth, place = self.eval(node.arguments[0], literals), (literals.at, node.at)
        self.seen[place] = worth.value
        past = self.before[place]
        if node.function == "previous":
            return Worth(past[-1] if past else 0.0, worth.sort)
        count = int(node.arguments[1].value)
        return Worth(left_to_right([worth.value, *past[::-1][: count - 1]]), worth.sort)

    def arithmetic(self, op: str, left: Worth, right: Worth) -> Worth:
        if op in "+-":
            a, b = self.alike([left, right])
            return Worth(a + b if op == "+" else a - b, mixed([left, right]))
        a, b = left.value, right.value
        if op == "*":
            sorts = {left.sort, right.sort}
            return Worth(a * b, "money" if "money" in sorts else "plain" if sorts == {"plain"} else "pure")
        value = a / b if b else 0.0 if a == 0 else math.copysign(math.inf, a) * math.copysign(1.0, b)
        if right.sort == "money":
            return Worth(value, "pure")
        return Worth(value, left.sort if right.sort == "plain" or left.sort == "money" else "pure")

    def function(self, word: str, parts: list[Worth]) -> Worth:
        if word == "if":
            a, b = self.alike(parts[1:])
            return Worth(a if parts[0].value else b, mixed(parts[1:]))
        if word == "floor":
            step = parts[1] if len(parts) > 1 else Worth(1.0, "plain")
            a, b = self.alike([parts[0], step])
            return Worth(cut(a, b), parts[0].sort)
        values = self.alike(parts)
        return Worth(min(values) if word == "min" else max(values) if word == "max" else abs(values[0]), mixed(parts))

    def name(self, text: str) -> Worth:
        family, _, rest = text.partition(".")
        match family:
            case "pool":
                return self.pool(rest)
            case "collected":
                total = left_to_right([self.collected[kind] for kind in (*CASH, "recovery")])
                return Worth(total if rest == "total" else self.collected[rest], "money")
            case "servicing":
                if rest == "lost":
                    return Worth(self.lost, "money")
                return Worth(float(self.failed if rest == "failed" else self.paid_directly), "pure")
            case "deposit":
                return Worth(self.deposits_owed, "money")
            case "balance":
                return Worth(left_to_right([note.balance for note in self.notes_of(rest)]), "money")
            case "face":
                return Worth(left_to_right([note.face for note in self.notes_of(rest)]), "money")
            case "interest":
                return Worth(left_to_right([self.interest_due(note) for note in self.notes_of(rest)]), "money")
            case "principal":
                return Worth(left_to_right([self.principal_due(note) for note in self.notes_of(rest)]), "money")
            case "additional":
                parts = [note.extra + cut(note.extra_accrued, note.quantum) for note in self.notes_of(rest)]
                return Worth(left_to_right(parts), "money")
            case "due":
                parts = [self.interest_due(note) + self.principal_due(note) for note in self.notes_of(rest)]
                return Worth(left_to_right(parts), "money")
            case "account":
                return Worth(self.accounts[rest], "money")
            case "target":
                return Worth(self.amount(self.file.account[rest].target, f"account.{rest}.target"), "money")
            case "figure":
                self.take_now("figure", rest)
                return Worth(self.figures[rest], self.sorts[rest])
            case "hedge":
                name, _, part = rest.rpartition(".")
                self.take_now("hedge", name)
                return Worth(self.hedge_worth(name, part), "money")
            case "fee":
                self.take_now("fee", rest.removesuffix(".over_cap"))
                return Worth(self.fee_due(rest), "money")
            case "tax":
                bill = self.taxes[rest]
                coming = 0.0 if self.ran else self.tax_to_come(rest)
                return Worth(bill.unpaid + cut(bill.accrued + coming, self.unit), "money")
            case "support":
                helper = self.helpers[rest.rpartition(".")[0]]
                return Worth(min(helper.left, 1e300) if rest.endswith(".left") else helper.owed, "money")
            case "ledger":
                return Worth(self.ledgers[rest], "money")
            case "purchase":
                name, _, part = rest.partition(".")
                if part == "bought":
                    return Worth(self.bought[name], "money")
                return Worth(0.0 if self.called else self.given(text), "money")
            case "trigger":
                return Worth(float(self.active[rest]), "pure")
            case "stage":
                return Worth(float(self.stage == rest), "pure")
            case "index":
                return Worth(self.given(text), "pure")
            case "period":
                last = float(self.row == self.line.rows - 1)
                return Worth({"number": self.row + 1.0, "last": last, "years": self.years_since}[rest], "pure")
        dates = self.line.pay_date if rest == "payment" else self.line.calc_date
        return Worth(float((date(dates[self.row]) - dt.date(1970, 1, 1)).days), "pure")

    def fee_due(self, name: str) -> float:
        bill = self.fees[name.removesuffix(".over_cap")]
        if name.endswith(".over_cap"):
            return bill.over
        fresh = cut(bill.accrued + (0.0 if self.ran else self.to_come(name)), self.unit)
        return bill.unpaid + min(fresh, cut(self.room(name), self.unit))

    def pool(self, rest: str) -> Worth:
        match rest:
            case "initial":
                return Worth(self.pool_balance, "money")
            case "defaulted":
                return Worth(self.defaulted, "money")
            case "called":
                return Worth(float(self.called), "pure")
            case "cum_default_rate":
                return Worth(self.defaulted / (self.pool_balance + sum(self.bought.values())), "pure")
            case "purchased":
                return Worth(sum(self.bought.values()), "money")
        return Worth(0.0 if self.called else self.given(rest), "money")


class Literals:
    """Numbers written in a formula are named ``<place>#1``, ``#2``… in the order of the text."""

    def __init__(self, at: str) -> None:
        self.at, self.count = at, 0

    def next(self) -> str:
        self.count += 1
        return f"{self.at}#{self.count}"


def birthdays(born: dt.date, day: dt.date) -> int:
    """Anniversaries of one day up to another; a 29 February has its own on the 28th in common years."""
    count = 0
    while True:
        year = born.year + count + 1
        leap_day = born.month == 2 and born.day == 29 and not calendar.isleap(year)
        if dt.date(year, born.month, 28 if leap_day else born.day) > day:
            return count
        count += 1


def mixed(parts: list[Worth]) -> str:
    sorts = {part.sort for part in parts}
    return "money" if "money" in sorts else "pure" if "pure" in sorts else "plain"


def left_to_right(amounts: list[float]) -> float:
    total = 0.0
    for amount in amounts:
        total += amount
    return total


def run(
    deal: Deal, pool_balance: float, feed: Mapping[str, np.ndarray], changes: Mapping[str, float] | None = None
) -> dict[str, list[float]]:
    """Every recorded item of one path, row by row. ``feed`` maps channels to (row,) in counting units."""
    return Lane(deal, pool_balance, feed, changes).run()
