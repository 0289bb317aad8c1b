"""The slow twin of the pool kernel: one clock at a time where the kernel goes date by date, plain floats and dicts.

Cumulative targets need all clocks of a month at once, so the twin walks month by month and asks each clock in turn.
Defaults are gathered by day and asked of one source after another; caps are split by the share each default asks for.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Default:
    """What defaults on one day: where its pay dates stand, its terms, and the money rates are shares of."""

    column: int
    slot: int
    grace: int
    measures: list[float]
    paid: float = 0.0
    early: float = 0.0
    when: list[tuple[int, float]] = field(default_factory=list)

    @property
    def claim(self) -> float:
        return self.measures[2]


class Path:
    """One case over the same arrays the kernel reads; ``book[channel][row]``."""

    def __init__(self, events: Any, clocks: Any, plan: Any, claims: Any, terms: Any, case: int) -> None:
        self.events, self.clocks, self.plan, self.terms, self.case = events, clocks, plan, terms, case
        rows = len(plan.entering)
        self.book = plan.books[plan.layout[case]].tolist()
        self.lines = plan.curves[plan.layout[case]].tolist()
        self.share = [1.0] * len(clocks.balance)
        self.position: dict[tuple[int, int], float] = {}
        self.carry: dict[int, float] = {}
        self.unplaced = 0.0
        self.losses: list[Default] = []
        self.caps = terms.caps[case].tolist()
        here = [c for c in range(len(clocks.balance)) if self.lines[0][c] != -2]
        for c in here:
            for row in range(clocks.entry[c], clocks.first[c]):
                self.book[12][row] += float(clocks.balance[c])
        for month in range(len(events.bounds) - 1):
            due = range(int(events.bounds[month]), int(events.bounds[month + 1]))
            quota = self.quota(month, due)
            for c in here:
                for e in due:
                    if events.clock[e] == c:
                        self.pay(e, c, quota)
        self.name(claims)
        for day in sorted({self.missed(default) for default in self.losses}):
            today = [default for default in self.losses if self.missed(default) == day]
            for source in range(7):
                self.ask(source, [default for default in today if default.slot >= 0])
        for default in self.losses:
            if default.early < default.claim * (1 - 1e-12):
                self.book[14][int(terms.row[default.grace, default.column])] += default.measures[1]
        for default in self.losses:
            for row in range(int(terms.row[0, default.column]), len(plan.streams.calc)):
                left = default.claim - sum(money for paid, money in default.when if paid <= row)
                if left > default.claim * 1e-12:
                    self.overdue(left, self.missed(default), row)
        before = 0.0
        for row in range(rows):
            self.book[11][row] = float(plan.entering[row]) + before
            before = self.book[12][row]
        for k in range(plan.kind.shape[1]):
            if plan.kind[case, k] == 6:
                self.unplaced += self.carry.get(k, 0.0) + float(plan.tables[plan.start[case, k] - 1])

    def quota(self, month: int, due: range) -> dict[int, float]:
        found = {}
        for k in range(self.plan.kind.shape[1]):
            if self.plan.kind[self.case, k] != 6:
                continue
            wanted = self.carry.get(k, 0.0) + float(self.plan.tables[self.plan.start[self.case, k] + month])
            held = [
                self.share[self.events.clock[e]] * float(self.events.opening[e])
                for e in due
                if self.events.fresh[e] and self.lines[0][self.events.clock[e]] == k
            ]
            there = sum(held)
            found[k] = min(1.0, wanted / there) if there > 0 else 0.0
            self.carry[k] = max(wanted - there, 0.0)
        return found

    def read(self, k: int, place: float) -> float:
        start, whole = int(self.plan.start[self.case, k]), math.floor(place)
        low, high = (float(self.plan.tables[start + whole + one]) for one in (0, 1))
        return low * (1 - (place - whole)) + high * (place - whole)

    def going(self, e: int, c: int, aspect: int, of: float, quota: dict[int, float]) -> float:
        """Share of the clock that leaves by one aspect, of the share ``of`` that is there."""
        k = self.lines[aspect][c]
        if k < 0:
            return 0.0
        kind, start = int(self.plan.kind[self.case, k]), int(self.plan.start[self.case, k])
        if kind <= 3:
            place = float(self.events.position[kind % 2, e])
            step = self.read(k, place) - self.read(
                k, self.position.get((aspect, c), float(self.clocks.start[kind % 2, c]))
            )
            self.position[aspect, c] = place
            if kind <= 1:
                return of * (1 - math.exp(step))
        elif kind == 4:
            return of * (1 - math.exp(float(self.plan.tables[start + self.events.payment[e]]) * self.events.years[e]))
        elif kind == 5:
            step = float(self.plan.tables[start + self.events.payment[e]])
        elif kind == 6:
            return of * quota[k] if self.events.fresh[e] else 0.0
        else:
            return of * float(self.plan.tables[start]) if self.events.final[e] else 0.0
        if aspect == 0:
            self.unplaced += max(step - of, 0.0) * float(self.events.opening[e])
        return min(step, of)

    def pay(self, e: int, c: int, quota: dict[int, float]) -> None:
        events, row = self.events, int(self.events.row[e])
        lost = self.going(e, c, 0, self.share[c], quota)
        stay = self.share[c] - lost
        ahead = self.going(e, c, 1, stay, quota)
        last, full = bool(self.plan.prepay_last[self.case]), bool(self.plan.full_interest[self.case])
        rest = stay - ahead
        if lost > 0:
            self.lose(e, c, lost)
        self.book[13][row] += float(lost * events.opening[e])
        for later in range(row, int(events.until[e])):
            self.book[12][later] += float(rest * events.closing[e])
        self.share[c] = rest
        if self.plan.streams.used[self.plan.layout[self.case]]:
            self.stream(e, rest, ahead, stay if full else rest, stay if last else rest)
            return
        amounts = {
            0: (stay if full else rest) * events.interest[e],
            1: (stay if last else rest) * events.principal[e],
            2: ahead * (events.closing[e] if last else events.opening[e]),
            3: (stay if full else rest) * events.fee[e],
        }
        for channel, money in amounts.items():
            self.book[channel][row] += float(money)

    def stream(self, e: int, rest: float, ahead: float, pays: float, repays: float) -> None:
        """Cash of one due date by the tables of its terms: (line, row, money)."""
        streams, side = self.plan.streams, int(self.plan.prepay_last[self.case])
        terms = int(streams.terms[self.plan.layout[self.case]])
        row, then = int(self.events.row[e]), int(streams.row[terms, e])
        now, after = streams.paid[terms, :, e].tolist(), streams.later[terms, :, e].tolist()
        entries = [
            (0, row, pays * now[0]), (0, then, pays * after[0]), (0, then, repays * after[3]),
            (1, row, repays * now[1]), (1, then, repays * after[1]), (2, row, ahead * now[4 + side]),
            (3, row, pays * now[2]), (3, row, ahead * now[6 + side]), (3, then, pays * after[2]),
            (15, row, rest * float(streams.deposit[0, e])), (15, row, ahead * float(streams.deposit[1, e])),
            (16, row, repays * now[3]), (16, row, ahead * now[8 + side]),
        ]  # fmt: skip
        for kind in range(streams.kinds.shape[2]):
            on_time, late, penalty = streams.kinds[terms, :, kind, e].tolist()
            entries += [(21 + kind, row, pays * on_time), (21 + kind, then, pays * late + repays * penalty)]
        entries += [(12, one, repays * after[1]) for one in range(row, then)]
        for line, when, money in entries:
            self.book[line][when] += money
        for one in range(row, min(then, len(streams.calc))):
            self.overdue(pays * after[4] + repays * after[1], int(streams.day[e]), one)

    def overdue(self, money: float, missed: int, row: int) -> None:
        days = int(self.plan.streams.calc[row]) - missed
        for line, low, high in ((17, 1, 30), (18, 31, 60), (19, 61, 90), (20, 91, 10**9)):
            if low <= days <= high:
                self.book[line][row] += money

    def lose(self, e: int, c: int, lost: float) -> None:
        principal, worth = float(lost * self.events.opening[e]), float(lost * self.clocks.appraisal[c])
        held, claim = float(lost * self.clocks.deposit[c]), principal + float(lost * self.events.interest[e])
        grace = int(self.plan.recognition[self.case, self.lines[0][c]])
        measures = [0.0, principal, claim, held, worth, min(worth, principal), claim]
        self.losses.append(Default(e, self.lines[2][c], grace, measures))

    def name(self, claims: Any) -> None:
        layout = int(self.plan.layout[self.case])
        for number in range(int(claims.bounds[layout]), int(claims.bounds[layout + 1])):
            principal, worth = float(claims.principal[number]), float(claims.appraisal[number])
            claim, held = principal + float(claims.interest[number]), float(claims.deposit[number])
            column = len(self.events.clock) + number
            measures = [0.0, principal, claim, held, worth, min(worth, principal), claim]
            self.losses.append(Default(column, int(claims.slot[number]), int(claims.recognition[number]), measures))

    def missed(self, default: Default) -> int:
        return int(self.terms.day[0, default.column])

    def parts(self, source: int, default: Default) -> list[tuple[float, int]]:
        """Part of the claim a source would pay on a default if its cap were no matter, and the key of the pay date."""
        terms, at = self.terms, (self.case, default.slot, source)
        basis, late = int(terms.basis[at]), float(terms.delayed[self.case, default.slot])
        measure = default.measures[basis]
        if basis in (4, 5) and terms.standing.size:
            measure = default.measures[4] * float(terms.standing[terms.dates[(0, *at)], default.column])
            measure = min(measure, default.measures[1]) if basis == 5 else measure
        money = min(default.claim - default.paid, float(terms.rate[at]) * measure) if basis else 0.0
        both = [(money * (1 - late), int(terms.dates[(0, *at)])), (money * late, int(terms.dates[(1, *at)]))]
        return [(part, key) for part, key in both if part > 0 and terms.day[key, default.column] < terms.gone[at]]

    def dear(self, source: int, default: Default, key: int) -> float:
        """What is paid for one of the claim: 1, and penalty for the days since it was missed."""
        if self.terms.basis[self.case, default.slot, source] != 6:
            return 1.0
        daily = float(self.terms.penalty[default.column])
        return 1.0 + daily * max(int(self.terms.day[key, default.column]) - self.missed(default), 0)

    def ask(self, source: int, today: list[Default]) -> None:
        terms = self.terms
        asked = [(default, self.parts(source, default)) for default in today]
        for cap in {int(terms.cap[self.case, default.slot, source]) for default in today}:
            mine = [(one, parts) for one, parts in asked if terms.cap[self.case, one.slot, source] == cap]
            total = sum(money * self.dear(source, one, key) for one, parts in mine for money, key in parts)
            share = 1.0
            if cap >= 0 and total > 0:
                share = min(1.0, self.caps[cap] / total)
                self.caps[cap] = max(self.caps[cap] - total, 0.0)
            for default, parts in mine:
                for money, key in parts:
                    row, dear = int(terms.row[key, default.column]), self.dear(source, default, key)
                    self.book[4 + source][row] += money * dear * share
                    default.when.append((row, money * share))
                    default.paid += money * share
                    if source < 3 and terms.day[key, default.column] <= terms.day[default.grace, default.column]:
                        default.early += money * share
