"""Does a deal make sense? Every refusal of a well-formed deal file, collected (design §3.11: fail closed)."""

from __future__ import annotations

from absengine.calendars.day_count import convention
from absengine.deal.cash_checks import check_cash
from absengine.deal.class_checks import check_class
from absengine.deal.criterion_checks import check_criteria
from absengine.deal.date_checks import check_dates
from absengine.deal.figure_checks import check_figures
from absengine.deal.findings import Findings
from absengine.deal.forms import coverable
from absengine.deal.formula_checks import check_formulas
from absengine.deal.hedge_checks import check_hedge
from absengine.deal.nouns import DealFile, Fee, FixedCoupon, FloatingCoupon, Support, Tranche
from absengine.deal.purchase_checks import check_purchases
from absengine.deal.stage_checks import check_stages
from absengine.deal.trigger_checks import check_trigger
from absengine.errors import InputError, Problems
from absengine.language.names import refuse_twins
from absengine.language.scanner import Path
from absengine.language.toml import Document
from absengine.language.units import percent
from absengine.schema import RECOVERY_SOURCES

MOST_UNITS = 2.0**53
"""Whole numbers up to here are exact in float64 (design §3.8)."""

REQUIRED_CHANNELS = ("interest", "principal", "prepayment", "recovery")
OTHER_CHANNELS = ("fee", "deposit", *(f"recovery.{source}" for source in RECOVERY_SOURCES))


NAMED = ("tranche", "account", "entity", "index", "tax", "fee", "support", "ledger", "trigger", "stage", "figure",
         "hedge", "criterion")  # fmt: skip
"""Tables whose entries the user names."""


def check_deal(deal: DealFile, document: Document, problems: Problems) -> None:
    """Add every problem of sense to ``problems``."""
    _Checks(deal, document, problems).all()


class _Checks(Findings):
    def __init__(self, deal: DealFile, document: Document, problems: Problems) -> None:
        super().__init__(document, problems)
        self.deal = deal

    def all(self) -> None:
        if self.empty():
            return
        self.head()
        check_dates(self.deal, self)
        self.collect()
        for name, tranche in self.deal.tranche.items():
            self.tranche(name, tranche)
        self.names_apart()
        self.claims()
        check_cash(self.deal, self)
        self.indexes()
        for name, support in self.deal.support.items():
            self.support(name, support)
        for name, hedge in self.deal.hedge.items():
            self.day_count(("hedge", name, "day_count"), hedge.day_count)
            check_hedge(self.deal, name, hedge, self)
        for name, trigger in self.deal.trigger.items():
            check_trigger(self.deal, name, trigger, self)
        check_figures(self.deal, self)
        check_formulas(self.deal, self)
        check_purchases(self.deal, self)
        check_criteria(self.deal, self)
        check_stages(self.deal, self)

    # parts -----------------------------------------------------------------------------------------------------
    def empty(self) -> bool:
        """A deal without a class, an account or a stage: nothing else is worth saying."""
        before = len(self.problems)
        for code, key in (("no-class", "tranche"), ("no-account", "account"), ("no-stage", "stage")):
            if not getattr(self.deal, key):
                self.add(code, (key,), code.replace("-", " "), f"at least one [{key}.…]", f"add [{key}.name]")
        return len(self.problems) > before

    def head(self) -> None:
        money = self.deal.deal.money
        self.day_count(("deal", "wal_day_count"), self.deal.deal.wal_day_count)
        word, _, note = money.per.partition("note of ")
        if money.unit < 0:
            self.add("negative-unit", ("deal", "money", "unit"), f"a unit of {money.unit:g}", "0 (no rounding) or more",
                     "write 0.01 for payments in whole cents (分)")  # fmt: skip
        if money.per != "class" and (word or not note.isascii() or not note.isdigit() or int(note) == 0):
            self.add("wrong-money-per", ("deal", "money", "per"), f"'{money.per}'", '"class" or "note of 100"',
                     "say what is counted in whole units")  # fmt: skip
            return
        for name, tranche in self.deal.tranche.items():
            if note and tranche.face % int(note):
                self.add("face-not-whole-notes", ("tranche", name, "face"), f"a face of {tranche.face:,.2f}",
                         f"whole notes of {note}", "correct the face or the note")  # fmt: skip

    def day_count(self, path: Path, name: str) -> None:
        try:
            needed = set(convention(name).keywords) - {"maturity"}
        except InputError as refused:
            self.passed(path, refused)
            return
        if needed:
            self.add("day-count-keywords", path, f"the day count {name}", "one that needs no coupon schedule",
                     "write ACT/ACT ISDA or ACT/365F")  # fmt: skip

    def collect(self) -> None:
        collect = self.deal.collect
        for channel, account in collect.items():
            if self.known("unknown-channel", ("collect", channel), channel, (*REQUIRED_CHANNELS, *OTHER_CHANNELS),
                          "kind of pool cash"):  # fmt: skip
                self.known("unknown-account", ("collect", channel), account, self.deal.account, "account")
        for channel in REQUIRED_CHANNELS:
            if channel not in collect:
                self.add("unmapped-cash-source", ("collect",), f"no account for {channel}",
                         "an account for each of " + ", ".join(REQUIRED_CHANNELS), f'add {channel} = "…"')  # fmt: skip

    def tranche(self, name: str, tranche: Tranche) -> None:
        path: Path = ("tranche", name)
        unit, dates = self.deal.deal.money.unit, self.deal.dates
        if tranche.face <= 0:
            self.add("face-not-positive", (*path, "face"), f"a face of {tranche.face:,.2f}", "more than 0",
                     "leave a class that was not issued out")  # fmt: skip
        elif self.countable((*path, "face"), tranche.face) and unit > 0 and _part(tranche.face / unit) > 1e-6:
            self.add("face-not-whole-units", (*path, "face"), f"a face of {tranche.face:,.10g}",
                     f"a whole multiple of the unit {unit:g}", "correct the face or the unit")  # fmt: skip
        if tranche.coupon is not None:
            self.coupon((*path, "coupon"), tranche.coupon)
        check_class(self.deal, name, tranche, self)
        expected = getattr(tranche.principal, "expected", None)
        if expected is not None and not dates.closing < expected <= dates.legal_final:
            self.add("expected-maturity", (*path, "principal", "expected"), f"an expected maturity of {expected}",
                     f"after closing {dates.closing} and up to legal final {dates.legal_final}",
                     "correct the date")  # fmt: skip

    def coupon(self, path: Path, coupon: FixedCoupon | FloatingCoupon) -> None:
        self.day_count((*path, "day_count"), coupon.day_count)
        if isinstance(coupon, FloatingCoupon):
            self.known("unknown-index", (*path, "index"), coupon.index, self.deal.index, "index")
            self.share((*path, "spread"), coupon.spread, least=-1.0)
            return
        for key, rate in (("rate", coupon.rate), *((("steps", i), rate) for i, (_, rate) in enumerate(coupon.steps))):
            self.share((*path, key) if isinstance(key, str) else (*path, *key), rate)
        days = [date for date, _ in coupon.steps]
        if self.rising("steps-order", (*path, "steps"), days) and days and days[0] <= self.deal.dates.closing:
            self.add("step-before-closing", (*path, "steps", 0), f"a step on {days[0]}",
                     f"steps after closing {self.deal.dates.closing}", "give the rate at closing as rate")  # fmt: skip

    def share(self, path: Path, rate: float, least: float = 0.0) -> None:
        if not least <= rate <= 1:
            todo = "take the minus out" if rate < least else "check the decimal point"
            self.add("rate-out-of-range", path, percent(rate), f"{percent(least)} to 100%", todo)

    def countable(self, path: Path, amount: float) -> bool:
        """An amount small enough to be counted exactly in the deal's unit."""
        unit = self.deal.deal.money.unit
        most = MOST_UNITS * (unit if unit > 0 else 0.01)
        if abs(amount) > most:
            self.add("amount-too-large", path, f"{amount:,.2f}" if abs(amount) < 1e18 else f"{amount:g}",
                     f"at most {most:,.0f}, up to which every unit counts", "check the zeros")  # fmt: skip
        return abs(amount) <= most

    def names_apart(self) -> None:
        """Classes and tranches share one namespace; a name differs from the others by more than its case."""
        classes: dict[str, Path] = {}  # a class may be named like its tranche in another case: SUB of class sub
        for name, tranche in self.deal.tranche.items():
            classes.setdefault(tranche.klass, ("tranche", name, "class"))
            if tranche.klass in self.deal.tranche and tranche.klass != name:
                self.add("class-named-like-tranche", ("tranche", name, "class"), f"class '{tranche.klass}'",
                         "a class name that is no tranche's name", "rename the class")  # fmt: skip
        refuse_twins(((name, self.document.where(path)) for name, path in classes.items()), "class", self.problems)
        for kind in NAMED:
            places = [(name, self.document.where((kind, name))) for name in getattr(self.deal, kind)]
            refuse_twins(places, kind, self.problems)
        companies: dict[str, str] = {}
        for key, entity in self.deal.entity.items():
            for name in dict.fromkeys((entity.name, *entity.aliases)):
                other = companies.setdefault(name.strip(), key)
                if other != key or not name.strip():
                    self.add("entity-name", ("entity", key), f"the name '{name}'" + f" of entity.{other}" * bool(name),
                             "a name of its own: one company is one entity, which fails once",
                             "make them one entity" if name.strip() else "give the name on the tape")  # fmt: skip

    def claims(self) -> None:
        for name, fee in self.deal.fee.items():
            self.fee(("fee", name), fee)
        for name, tax in self.deal.tax.items():
            if tax.rate is not None:
                self.share(("tax", name, "rate"), tax.rate)
        for name, account in self.deal.account.items():
            self.countable(("account", name, "opening"), account.opening)
            if account.opening < 0:
                self.add("negative-opening", ("account", name, "opening"), f"{account.opening:,.2f}", "0 or more",
                         "what the account holds at closing")  # fmt: skip
            if account.interest is not None:
                self.day_count(("account", name, "interest", "day_count"), account.interest.day_count)
                self.share(("account", name, "interest", "rate"), account.interest.rate)

    def fee(self, path: Path, fee: Fee) -> None:
        if (fee.rate is None) == (fee.amount is None):
            found = "neither rate nor amount" if fee.rate is None else "both rate and amount"
            todo = "add one of them" if fee.rate is None else "make two fees of it"
            self.add("fee-terms", path, found, "one of rate and amount", todo)
        elif fee.rate is not None and fee.base is None and not fee.on_paid:
            self.add("fee-without-base", path, f"a rate of {fee.rate} on nothing", "a base for the rate",
                     'add base = "pool.opening"')  # fmt: skip
        elif fee.amount is not None and fee.base is not None:
            self.add("fee-terms", (*path, "base"), f"a base beside an amount of {fee.amount}", "a base for a rate only",
                     "take one of them out")  # fmt: skip
        self.day_count((*path, "day_count"), fee.day_count)
        for key, amount in (("amount", fee.amount), ("cap", fee.cap)):
            if amount is not None and self.countable((*path, key), amount.value) and amount.value < 0:
                self.add("negative-fee", (*path, key), f"{amount}", "0 or more", "take the minus out")
        if fee.rate is not None:
            self.share((*path, "rate"), fee.rate.rate)

    def indexes(self) -> None:
        """Levels in order, and one in force when interest starts to accrue."""
        for name, index in self.deal.index.items():
            for number, (_, level) in enumerate(index.path):
                self.share(("index", name, "path", number), level, least=-1.0)
            path, days, closing = ("index", name, "path"), [date for date, _ in index.path], self.deal.dates.closing
            if self.rising("index-path", path, days) and (not days or days[0] > closing):
                found = f"a first level on {days[0]}" if days else "no levels"
                self.add("index-path", path, found, f"a level on or before closing {closing}", "add the earlier level")

    def support(self, name: str, support: Support) -> None:
        path: Path = ("support", name)
        self.known("unknown-entity", (*path, "provider"), support.provider, self.deal.entity, "entity")
        if isinstance(support.limit, float) and self.countable((*path, "limit"), support.limit) and support.limit < 0:
            self.add("negative-limit", (*path, "limit"), f"{support.limit:,.2f}", '0 or more, or "covered"',
                     "take the minus out")  # fmt: skip
        for index, claim in enumerate(support.covers):
            self.known("unknown-claim", (*path, "covers", index), claim, coverable(self.deal), "claim")


def _part(units: float) -> float:
    """How far a number of units is from a whole one."""
    return abs(units - round(units))
