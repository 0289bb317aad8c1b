"""Does a deal make sense? Every refusal of a well-formed deal file, collected (design §3.11: fail closed)."""

from __future__ import annotations

from collections.abc import Iterable

from absengine.calendars.business_days import calendar
from absengine.calendars.day_count import convention
from absengine.deal.forms import check_stage
from absengine.deal.names import known_names
from absengine.deal.nouns import DealFile, FloatingCoupon, Support, Tranche, Trigger
from absengine.deal.triggers import EFFECTS, parse_effect
from absengine.errors import InputError, Problems, Where
from absengine.language.formula import Kind, names, parse
from absengine.language.kinds import check
from absengine.language.toml import Document
from absengine.language.validation import did_you_mean, one_of
from absengine.schema import RECOVERY_SOURCES

Path = tuple[str | int, ...]
REQUIRED_CHANNELS = ("interest", "principal", "prepayment", "recovery")
OTHER_CHANNELS = ("fee", *(f"recovery.{source}" for source in RECOVERY_SOURCES))


def check_deal(deal: DealFile, document: Document, problems: Problems) -> None:
    """Add every problem of sense to ``problems``."""
    _Checks(deal, document, problems).all()


class _Checks:
    def __init__(self, deal: DealFile, document: Document, problems: Problems) -> None:
        self.deal, self.document, self.problems = deal, document, problems
        self.families = known_names(deal)

    def all(self) -> None:
        self.head()
        self.dates()
        self.collect()
        for name, tranche in self.deal.tranche.items():
            self.tranche(name, tranche)
        self.names_apart()
        self.claims()
        for name, support in self.deal.support.items():
            self.support(name, support)
        for name, trigger in self.deal.trigger.items():
            self.trigger(name, trigger)
        self.formulas()
        for stage in self.deal.stage:
            check_stage(self.deal, stage, self.document, self.problems, self.reachable())

    # helpers ---------------------------------------------------------------------------------------------------
    def add(self, code: str, path: Path, found: str, allowed: str, todo: str = "") -> None:
        self.problems.add(code, self.document.where(path), found, allowed, todo)

    def known(self, code: str, path: Path, name: str, choices: Iterable[str], what: str) -> bool:
        """``name`` is one of ``choices``, or a problem with the nearest spelling."""
        options = list(choices)
        if name in options:
            return True
        self.add(code, path, f"the unknown {what} '{name}'", one_of(options), did_you_mean(name, options, "correct it"))
        return False

    def reachable(self) -> set[str]:
        """Stages the deal can be in: the first, and every target of an effect."""
        effects = [text for t in self.deal.trigger.values() for text in (t.once, t.hold, t.cure and t.cure.effect)]
        targets = {parse_effect(text).target for text in effects if text}
        return {next(iter(self.deal.stage), ""), *targets} & set(self.deal.stage)

    # parts -----------------------------------------------------------------------------------------------------
    def head(self) -> None:
        money = self.deal.deal.money
        self.day_count(("deal", "wal_day_count"), self.deal.deal.wal_day_count)
        word, _, note = money.per.partition("note of ")
        if money.unit < 0:
            self.add("negative-unit", ("deal", "money", "unit"), f"a unit of {money.unit}", "0 (no rounding) or more")
        if money.per != "class" and (word or not note.isdigit() or int(note) == 0):
            self.add("wrong-money-per", ("deal", "money", "per"), f"'{money.per}'", '"class" or "note of 100"')
            return
        for name, tranche in self.deal.tranche.items():
            if note and tranche.face % int(note):
                self.add("face-not-whole-notes", ("tranche", name, "face"), f"a face of {tranche.face:,.2f}",
                         f"whole notes of {note}")  # fmt: skip

    def day_count(self, path: Path, name: str) -> None:
        try:
            needed = set(convention(name).keywords) - {"maturity"}
        except InputError as refused:
            for problem in refused.problems:
                self.add(problem.code, path, problem.found, problem.allowed, problem.todo)
            return
        if needed:
            self.add("day-count-keywords", path, f"the day count {name}", "one that needs no coupon schedule")

    def dates(self) -> None:
        dates, payment = self.deal.dates, self.deal.dates.payment
        if not dates.cutoff <= dates.closing:
            self.add("closing-before-cutoff", ("dates", "closing"), f"closing {dates.closing}",
                     f"on or after the cut-off date {dates.cutoff}")  # fmt: skip
        if dates.legal_final <= dates.closing:
            self.add("final-before-closing", ("dates", "legal_final"), f"legal final {dates.legal_final}",
                     f"after closing {dates.closing}")  # fmt: skip
        regular = (payment.every, payment.on, payment.first)
        if (payment.dates is None) == (None in regular) and (payment.dates is not None or any(regular)):
            self.add("payment-dates", ("dates", "payment"), "an incomplete or double rule",
                     "either dates = […], or all of every, on, first")  # fmt: skip
        elif payment.dates is None and None in regular:
            self.add("payment-dates", ("dates", "payment"), "no rule", "either dates = […], or all of every, on, first")
        for key, rule in (("collection", dates.collection), ("payment", payment)):
            if isinstance(rule.on, int) and not 1 <= rule.on <= 31:
                self.add("wrong-day-of-month", ("dates", key, "on"), f"day {rule.on}", 'a day 1 to 31, or "last day"')
        first = min(payment.dates) if payment.dates else payment.first
        if first is not None and first <= dates.closing:
            self.add("payment-before-closing", ("dates", "payment"), f"a first payment on {first}",
                     f"payments after closing {dates.closing}")  # fmt: skip
        if payment.dates and list(payment.dates) != sorted(set(payment.dates)):
            self.add(
                "payment-dates-order", ("dates", "payment", "dates"), "dates out of order or twice", "rising dates"
            )
        try:
            calendar(payment.calendar)
        except InputError as refused:
            for problem in refused.problems:
                self.add(problem.code, ("dates", "payment", "calendar"), problem.found, problem.allowed, problem.todo)

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
        if tranche.face <= 0:
            self.add("face-not-positive", (*path, "face"), f"a face of {tranche.face:,.2f}", "more than 0")
        if tranche.coupon is not None:
            self.day_count((*path, "coupon", "day_count"), tranche.coupon.day_count)
            if isinstance(tranche.coupon, FloatingCoupon):
                self.known("unknown-index", (*path, "coupon", "index"), tranche.coupon.index, self.deal.index, "index")
        expected = getattr(tranche.principal, "expected", None)
        if expected is not None and not self.deal.dates.closing < expected <= self.deal.dates.legal_final:
            self.add("expected-maturity", (*path, "principal", "expected"), f"{expected}",
                     "after closing and not after legal final")  # fmt: skip

    def names_apart(self) -> None:
        """Classes and tranches share one namespace: a claim must mean one thing."""
        for name, tranche in self.deal.tranche.items():
            if tranche.klass in self.deal.tranche and tranche.klass != name:
                self.add("class-named-like-tranche", ("tranche", name, "class"), f"class '{tranche.klass}'",
                         "a class name that is no tranche's name")  # fmt: skip

    def claims(self) -> None:
        for name, fee in self.deal.fee.items():
            path: Path = ("fee", name)
            if (fee.rate is None) == (fee.amount is None):
                self.add("fee-terms", path, "both or neither of rate and amount", "one of them")
            elif fee.rate is not None and fee.base is None:
                self.add("fee-without-base", path, f"a rate of {fee.rate} on nothing", "base = a money formula")
            self.day_count((*path, "day_count"), fee.day_count)
            for key, amount in (("amount", fee.amount), ("cap", fee.cap)):
                if amount is not None and amount.value < 0:
                    self.add("negative-fee", (*path, key), f"{amount}", "0 or more")
        for name, account in self.deal.account.items():
            if account.opening < 0:
                self.add("negative-opening", ("account", name, "opening"), f"{account.opening:,.2f}", "0 or more")
            if account.interest is not None:
                self.day_count(("account", name, "interest", "day_count"), account.interest.day_count)
        for name, index in self.deal.index.items():
            days = [date for date, _ in index.path]
            if not days or days != sorted(set(days)):
                self.add("index-path", ("index", name, "path"), "no dates, or dates out of order", "rising dates")

    def support(self, name: str, support: Support) -> None:
        path: Path = ("support", name)
        self.known("unknown-entity", (*path, "provider"), support.provider, self.deal.entity, "entity")
        if isinstance(support.limit, float) and support.limit < 0:
            self.add("negative-limit", (*path, "limit"), f"{support.limit:,.2f}", '0 or more, or "covered"')
        claims = [f"{kind}.{rest}" for kind in ("interest", "principal") for rest in self._classes()]
        claims += [f"fee.{fee}" for fee in self.deal.fee] + [f"tax.{tax}" for tax in self.deal.tax]
        for index, claim in enumerate(support.covers):
            self.known("unknown-claim", (*path, "covers", index), claim, claims, "claim")

    def _classes(self) -> list[str]:
        return [*self.deal.tranche, *{tranche.klass for tranche in self.deal.tranche.values()}]

    def trigger(self, name: str, trigger: Trigger) -> None:
        path: Path = ("trigger", name)
        if (trigger.once is None) == (trigger.hold is None):
            self.add("trigger-effect", path, "both or neither of once and while", "exactly one of them")
        for key, text in (
            ("once", trigger.once),
            ("while", trigger.hold),
            ("cure", trigger.cure.effect if trigger.cure else None),
        ):
            if text is None:
                continue
            effect = parse_effect(text)
            if (
                self.known("unknown-effect", (*path, key), effect.word, [word.key for word in EFFECTS], "effect")
                and effect.word == "go"
            ):
                self.known("unknown-stage", (*path, key), effect.target, self.deal.stage, "stage")
            if key == "while" and effect.word != "flag":
                self.add("while-moves", (*path, key), f"'{text}'", "flag; a move back is a cure of a once",
                         'write once = "…" and cure = { … }')  # fmt: skip
        for index, stage in enumerate(trigger.within):
            self.known("unknown-stage", (*path, "in", index), stage, self.deal.stage, "stage")
        for key, count in (("sustained", trigger.sustained), ("cure", trigger.cure.sustained if trigger.cure else 1)):
            if count < 1:
                self.add("sustained-below-one", (*path, key), f"{count} tests", "at least 1")
        calls = "call" in (parse_effect(trigger.once).word, parse_effect(trigger.hold).word)
        if calls != (trigger.call is not None):
            self.add("call-terms", path, "a call without terms, or terms without a call",
                     'once = "call" together with call = { price = "…", to = "account" }')  # fmt: skip
        if trigger.call is not None:
            self.known("unknown-account", (*path, "call", "to"), trigger.call.to, self.deal.account, "account")

    def formulas(self) -> None:
        """Parse and type every formula outside the steps."""
        deal, money, flag = self.deal, Kind.MONEY, Kind.FLAG
        found: list[tuple[Path, str | None, Kind | None]] = []
        found += [(("account", name, "target"), account.target, money) for name, account in deal.account.items()]
        found += [(("fee", name, "base"), fee.base, money) for name, fee in deal.fee.items()]
        found += [(("tax", name, "base"), tax.base, money) for name, tax in deal.tax.items()]
        found += [(("ledger", name, "limit"), ledger.limit, money) for name, ledger in deal.ledger.items()]
        for name, trigger in deal.trigger.items():
            found.append((("trigger", name, "when"), trigger.when, flag))
            if trigger.cure is not None:
                found.append((("trigger", name, "cure", "when"), trigger.cure.when, flag))
            if trigger.call is not None:
                found.append((("trigger", name, "call", "price"), trigger.call.price, money))
        for stage_name, stage in deal.stage.items():
            for index, step in enumerate(stage.step):
                path: Path = ("stage", stage_name, "step", index)
                found.append(((*path, "when"), step.when, flag))
                found.append(((*path, "upto"), None if step.upto == "due" else step.upto, money))
                found.append(((*path, "value"), step.value, None))
        for path, text, kind in found:
            if text is not None:
                self.formula(path, text, kind)
        self.circles()

    def circles(self) -> None:
        """A target, fee or tax that is defined by itself has no value."""
        deal = self.deal
        terms: dict[str, tuple[Path, str | None]] = {
            f"target.{name}": (("account", name, "target"), account.target) for name, account in deal.account.items()
        }
        terms |= {f"fee.{name}": (("fee", name, "base"), fee.base) for name, fee in deal.fee.items()}
        terms |= {f"tax.{name}": (("tax", name, "base"), tax.base) for name, tax in deal.tax.items()}
        uses = {
            name: set(names(node))
            for name, (_, text) in terms.items()
            if text is not None and (node := parse(text, Where(), Problems())) is not None
        }
        for name, (path, text) in terms.items():
            reached, todo = set[str](), [name]
            while todo:
                new = uses.get(todo.pop(), set()) - reached
                reached |= new
                todo += new
            if name in reached:
                self.add("formula-circle", path, f"'{text}', which leads back to {name}", "names that do not need it")

    def formula(self, path: Path, text: str, expected: Kind | None) -> None:
        where = self.document.value_where(path)
        node = parse(text, where, self.problems)
        if node is not None:
            families = self.families
            resolve = {name: family.kind for name, family in families.items()}.get
            check(node, resolve, where, self.problems, text=text, known=families, expected=expected)
