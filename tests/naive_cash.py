"""Collections the slow way: purses at the servicer, deposits in a box, taxes and fees on what is paid.

A part of :class:`naive_deal.Lane`, written from the docstrings of the nouns. The servicer has a purse for each kind of
cash; what it hands over is emptied into the plan, what lies in its purses when it fails is gone.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

CASH = ("interest", "principal", "prepayment", "fee")
SOURCES = ("deposit", "cure", "guarantor", "fund", "insurance", "ip", "repurchase")
TIERS = {"city": 7 + 3 + 2, "town": 5 + 3 + 2, "elsewhere": 1 + 3 + 2}
"""城建 + 教育 + 地方教育, in percent of the VAT."""


class CashSide:
    """Cash between the pool and the plan, of one lane."""

    file: Any
    line: Any
    row: int
    called: bool
    accounts: dict[str, float]
    collected: dict[str, float]
    flows: dict[str, float]
    given: Any
    flag: Any
    amount: Any
    number: Any

    def set_up_cash(self) -> None:
        self.purses: dict[str, float] = defaultdict(float)
        self.failed = self.paid_directly = False
        self.lost = self.deposits_owed = 0.0
        self.fallen: dict[str, float] = defaultdict(float)

    def kinds(self) -> list[str]:
        """Asset kinds whose interest the deal reads."""
        kinds = [pool.kind for pool in self.file.pools] or [kind for tax in self.file.tax.values() for kind in tax.on]
        return [kind for kind in dict.fromkeys(kinds) if f"interest.{kind}" in self.feed]  # type: ignore[attr-defined]

    # collections
    def collect(self) -> None:
        channels = [*CASH, *(f"recovery.{source}" for source in SOURCES)]
        boxed = "deposit" in self.file.collect
        if boxed:
            channels.remove("recovery.deposit")
        pool = {channel: 0.0 if self.called else self.given(channel) for channel in channels}
        pool |= {f"interest.{kind}": 0.0 if self.called else self.given(f"interest.{kind}") for kind in self.kinds()}
        if self.file.servicing is not None:
            self.by_way_of_the_servicer(self.file.servicing, pool)
        for channel, amount in pool.items():
            if channel.startswith("interest."):
                self.collected[channel] += amount
            else:
                self.arrive(channel, amount)
        if boxed:
            self.deposits()
        if not self.called:
            self.defaulted += self.given("recognised")
            self.collected["default"] += self.given("default")

    def home(self, channel: str) -> str | None:
        return self.file.collect.get(channel, self.file.collect.get(channel.split(".")[0]))

    def arrive(self, channel: str, amount: float) -> None:
        home = self.home(channel)
        if home is not None:
            self.accounts[home] += amount
            self.collected[channel.split(".")[0]] += amount
            self.flows["pool.collected"] += amount

    def by_way_of_the_servicer(self, terms: Any, pool: dict[str, float]) -> None:
        """Replaces what came by what reaches the plan."""
        pace = terms
        direct = self.failed or (terms.direct is not None and self.flag(terms.direct, "servicing.direct"))
        for index, faster in enumerate(terms.faster):
            if self.flag(faster.when, f"servicing.faster.{index}.when"):
                pace = faster
        mine = [channel for channel in pool if {channel, channel.split(".")[0]} & set(terms.holds)]
        alive = bool(self.given(f"alive.{terms.servicer}.servicing"))
        if not alive and not self.failed:
            self.failed, share = True, 0.0 if direct else self.exposed(pace.days)
            for channel in mine:
                gone = share * pool[channel]
                if not channel.startswith("interest.") and self.home(channel) is not None:
                    self.lost += self.purses[channel] + gone
                    self.flows["servicing.lost"] += self.purses[channel] + gone
                pool[channel], self.purses[channel] = pool[channel] - gone, 0.0
            direct = True
        else:
            now = direct or self.hands_over(pace.transfer)
            for channel in mine:
                whole = self.purses[channel] + pool[channel]
                pool[channel], self.purses[channel] = (whole, 0.0) if now else (0.0, whole)
        self.paid_directly = direct
        held = [amount for name, amount in self.purses.items() if not name.startswith("interest.") and self.home(name)]
        self.accounts[terms.account] = sum(held)

    def exposed(self, days: int | None) -> float:
        first, last = self.collection_bounds()  # type: ignore[attr-defined]
        return 1.0 if days is None else min(1.0, days / (last - first).days)

    def hands_over(self, word: str) -> bool:
        if word in ("receipt", "collection") or self.row == self.line.rows - 1:
            return True
        return bool(self.line.calendars[word][self.row])

    def deposits(self) -> None:
        """First what makes good a default, then what goes back; a pool that is sold takes the box along."""
        box = self.file.collect["deposit"]
        wanted = 0.0 if self.called else self.given("recovery.deposit")
        got = min(wanted, max(self.accounts[box], 0.0))
        self.accounts[box] -= got
        self.arrive("recovery.deposit", got)
        self.flows["deposit.recovered"] += got
        self.flows["deposit.not_recovered"] += wanted - got
        self.deposits_owed = self.accounts[box] if self.called else self.deposits_owed + self.given("deposit")
        rule = self.file.account[box].lacking
        for giver in [box] if rule == "carried" else [box, rule.removeprefix("account.")]:
            back = min(self.deposits_owed, max(self.accounts[giver], 0.0))
            self.accounts[giver] -= back
            self.deposits_owed -= back
            self.flows[f"deposit.returned.{giver}"] += back

    # taxes
    def tax_of(self, name: str, fees: dict[str, float]) -> float:
        """What a list adds to a tax; ``fees`` are those that fall due with it, by claim."""
        tax = self.file.tax[name]
        if tax.kind == "fee_vat":
            return sum(fees[claim] for claim in tax.fees) * self.number(f"tax.{name}.rate", 0.06 if tax.rate is None
                                                                        else tax.rate)  # fmt: skip
        if tax.kind == "plain":
            return max(self.amount(tax.base, f"tax.{name}.base"), 0.0) * self.number(f"tax.{name}.rate", tax.rate)
        gross = sum(self.collected[f"interest.{kind}"] for kind, what in tax.on.items() if what == "interest")
        gross += self.collected["fee"] if tax.pool_fees == "taxed" else 0.0
        rate = self.number(f"tax.{name}.rate", 0.03 if tax.rate is None else tax.rate)
        net = max(gross, 0.0) / (1 + rate)
        return net * rate * (1 + self.number(f"tax.{name}.surcharge", TIERS[tax.surcharge] / 100))

    # fees on what is paid
    def goes_on(self, name: str) -> bool:
        hold = self.file.fee[name].hold
        return hold is None or self.flag(hold, f"fee.{name}.while")

    def payout_fees(self, claims: list[str]) -> list[str]:
        """Fees charged on any of some claims, each ``interest.A`` or the like."""
        found = []
        for name, fee in self.file.fee.items():
            on = {
                f"{claim.split('.')[0]}.{tranche}"
                for claim in fee.on_paid
                for tranche in self.file.tranche
                if claim.split(".")[1] in (tranche, self.file.tranche[tranche].klass)
            }
            if on & set(claims):
                found.append(name)
        return found

    def payout_rate(self, name: str) -> float:
        rate = self.number(f"fee.{name}.rate", self.file.fee[name].rate.rate)
        return rate * self.given("fee_factor") if self.goes_on(name) else 0.0
