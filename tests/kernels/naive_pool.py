"""The slow twin of the pool kernel: one clock at a time where the kernel goes date by date, plain floats and dicts.

Cumulative targets need all clocks of a month at once, so the twin walks month by month and asks each clock in turn.
"""

from __future__ import annotations

import math
from typing import Any


class Path:
    """One case over the same arrays the kernel reads; ``book[channel][row]``."""

    def __init__(self, events: Any, clocks: Any, plan: Any, terms: Any, case: int) -> None:
        self.events, self.clocks, self.plan, self.terms, self.case = events, clocks, plan, terms, case
        rows = len(plan.entering)
        number = int(plan.book[case])
        self.book = [[0.0] * rows for _ in range(15)] if number < 0 else plan.books[number].tolist()
        self.lines = plan.curves[plan.layout[case]].tolist()
        self.share = [1.0] * len(clocks.balance)
        self.position: dict[tuple[int, int], float] = {}
        self.carry: dict[int, float] = {}
        self.unplaced = 0.0
        self.losses: list[tuple[int, float]] = []
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
        for e, lost in sorted(self.losses):
            self.claim(e, lost)
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
            self.losses.append((e, lost))
        amounts = {
            0: (stay if full else rest) * events.interest[e],
            1: (stay if last else rest) * events.principal[e],
            2: ahead * (events.closing[e] if last else events.opening[e]),
            3: (stay if full else rest) * events.fee[e],
            13: lost * events.opening[e],
        }
        for channel, money in amounts.items():
            self.book[channel][row] += float(money)
        for later in range(row, int(events.until[e])):
            self.book[12][later] += float(rest * events.closing[e])
        self.share[c] = rest

    def claim(self, e: int, lost: float) -> None:
        terms, case, c = self.terms, self.case, int(self.events.clock[e])
        slot, grace = self.lines[2][c], int(self.plan.recognition[case, self.lines[0][c]])
        principal, worth = lost * self.events.opening[e], lost * self.clocks.appraisal[c]
        claim = principal + lost * self.events.interest[e]
        measures = [0.0, principal, claim, lost * self.clocks.deposit[c], worth, min(worth, principal)]
        paid, early = 0.0, 0.0
        for source in range(7) if slot >= 0 else ():
            at = (case, slot, source)
            basis = int(terms.basis[at])
            money = min(claim - paid, float(terms.rate[at]) * measures[basis]) if basis else 0.0
            if terms.cap[at] >= 0:
                money = min(money, self.caps().get(int(terms.cap[at]), 0.0))
            late = float(terms.delayed[case, slot])
            for part, key in ((money * (1 - late), terms.dates[at]), (money * late, terms.later[at])):
                if part > 0 and terms.day[key, e] < terms.gone[at]:
                    self.book[4 + source][int(terms.row[key, e])] += part
                    paid += part
                    early += part if source < 3 and terms.day[key, e] <= terms.day[grace, e] else 0.0
                    if terms.cap[at] >= 0:
                        self.caps()[int(terms.cap[at])] -= part
        if early < claim * (1 - 1e-12):
            self.book[14][int(terms.row[grace, e])] += principal

    def caps(self) -> dict[int, float]:
        if not hasattr(self, "_caps"):
            self._caps = dict(enumerate(self.terms.caps[self.case].tolist()))
        return self._caps
