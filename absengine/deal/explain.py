"""A deal in plain words, in English or Chinese: every term the file states, with its value.

One sentence template per noun and language; steps take theirs from the verb's row in the registry. Reads the Deal,
never the Program, so that what is explained is what was written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from absengine.deal.explain_cash import CashWords
from absengine.deal.load import Deal
from absengine.deal.nouns import (
    Criterion,
    Fee,
    Figure,
    FixedCoupon,
    FloatingCoupon,
    Leg,
    PaymentDates,
    Purchase,
    Stage,
    Step,
    Support,
    Swap,
    Tranche,
    Trigger,
)
from absengine.deal.sentences import FIELDS, SECTIONS
from absengine.deal.telling import Language, money
from absengine.deal.triggers import parse_effect
from absengine.deal.verbs import VERBS
from absengine.language.units import percent
from absengine.schema import CONTRACT_COLUMNS


def explain(deal: Deal, kinds: Mapping[str, Mapping[str, str]], language: Language = "en") -> str:
    """The whole deal as text, one paragraph per part of the file, each term with its value.

    ``kinds`` gives the names of asset kinds (资产类型) by language.
    """
    return "\n".join(_Explainer(deal, kinds, language).lines()) + "\n"


class _Explainer(CashWords):
    def lines(self) -> list[str]:
        out = [self.head(), ""]
        parts: tuple[tuple[str, Callable[[], list[str]]], ...] = (
            ("dates", self.dates), ("pool", self.pool), ("entities", self.entities), ("accounts", self.accounts),
            ("classes", self.classes), ("claims", self.claims), ("supports", self.supports),
            ("hedges", self.hedges), ("figures", self.figures), ("triggers", self.triggers), ("stages", self.stages),
        )  # fmt: skip
        for section, part in parts:
            body = part()
            if body:
                out += [SECTIONS[section][self.language], *(f"  {line}" for line in body), ""]
        return out[:-1]

    # parts -----------------------------------------------------------------------------------------------------
    def head(self) -> str:
        head = self.file.deal
        rounding = "no rounding" if head.money.unit == 0 else "unit"
        return self.say("head", name=head.name, currency=head.currency, per=self.per(head.money.per),
                        unit=self.say(rounding, value=f"{head.money.unit:g}"), wal=head.wal_day_count,
                        source=self.optional("source", head.source))  # fmt: skip

    def per(self, per: str) -> str:
        return self.word(per) if per == "class" else self.say("note", value=per.removeprefix("note of "))

    def dates(self) -> list[str]:
        dates, line = self.file.dates, self.deal.timeline
        payment = dates.payment
        if payment.dates or payment.every is None:
            every = self.join(payment.dates or ())
        else:
            every = self.say("regular", every=self.every(payment.every), on=self.day(payment.on), first=payment.first)
        counted = dates.collection
        first = self.optional("first", counted.first)
        return [
            self.say(
                "dates",
                cutoff=dates.cutoff,
                closing=dates.closing,
                final=dates.legal_final,
                owner=self.word(f"interest of {dates.closed_period_interest}"),
            ),
            self.say("collection", every=self.every(counted.every), on=self.day(counted.on), first=first),
            self.say("payment", every=every, moves=self.moves(payment), rows=line.rows, last=line.pay_date[-1]),
        ]

    def moves(self, payment: PaymentDates) -> str:
        if payment.calendar == payment.roll == "none":
            return self.say("unmoved")
        interest = self.word("extra" if payment.extra_interest else "no extra")
        return self.say("moved", calendar=payment.calendar, roll=self.word(payment.roll), interest=interest)

    def pool(self) -> list[str]:
        out = []
        for pool in self.file.pools:
            beside = {key: getattr(pool, key) for key in ("rights", "plan", "map")}
            further = [f"{self.word(key)} {file}" for key, file in beside.items() if file]
            further += [f"{key} = {value}" for key, value in pool.defaults.items()]
            clause = self.optional("further", self.join(further))
            kind = self.kinds.get(pool.kind, {}).get(self.language, pool.kind)
            name = self.optional("sub pool", pool.name)
            out.append(self.say("pool", tape=pool.tape, kind=kind, name=name, further=clause))
        out += [self.say("collect", channel=self.word(channel), account=self.known("account", account))
                for channel, account in self.file.collect.items()]  # fmt: skip
        out += [self.purchase(name, purchase) for name, purchase in self.file.purchase.items()]
        out += [self.criterion(name, criterion) for name, criterion in self.file.criterion.items()]
        for name, index in self.file.index.items():
            levels = self.join(self.say("dated rate", rate=percent(rate), date=date) for date, rate in index.path)
            out.append(self.say("index", name=name, levels=levels, source=self.optional("source", index.source)))
        return out

    def purchase(self, name: str, terms: Purchase) -> str:
        supply = None if terms.supply is None else self.charge(terms.supply)
        limits = [self.optional("supply", supply), self.optional("most", terms.most),
                  self.optional("lot", money(terms.lot) if terms.lot else None),
                  self.optional("matures by", terms.matures_by), self.optional("eligible", terms.eligible)]  # fmt: skip
        kind = self.kinds.get(terms.kind, {}).get(self.language, terms.kind)
        return self.say("purchase", name=self.named(name, terms.label), kind=kind, rate=percent(terms.rate),
                        pool=self.optional("sub pool", terms.pool), repays=self.word(terms.repays),
                        every=self.every(terms.every), term=self.say("months", value=terms.term.months),
                        price=percent(terms.price), limits="".join(limits))  # fmt: skip

    def criterion(self, name: str, terms: Criterion) -> str:
        (key,) = terms.limits
        if terms.share_at_most is not None:
            noun = "share of each" if terms.top is None else "share of top"
            limit = self.say(noun, by=self.field(terms.by or ""), top=terms.top, value=percent(terms.share_at_most))
        else:
            value = getattr(terms, key)
            said = self.join(value) if isinstance(value, tuple) else value
            limit = self.say(key, field=self.field(terms.field or ""), value=said)
        return self.say("criterion", name=self.named(name, terms.label), limit=limit)

    def field(self, name: str) -> str:
        """A field of a contract as readers call it; one only the tape knows by its own name."""
        declared = {column.name: {"en": name.replace("_", " "), "zh": column.zh} for column in CONTRACT_COLUMNS}
        return (FIELDS | declared).get(name, {}).get(self.language, name)

    def entities(self) -> list[str]:
        return [
            self.say("entity", name=key, company=entity.name, uscc=self.optional("uscc", entity.uscc),
                     aliases=self.optional("aliases", self.join(entity.aliases)))
            for key, entity in self.file.entity.items()
        ] + [self.say("group", name=self.named(name, group.label), members=self.join(map(self.company, group.members)))
             for name, group in self.file.group.items()] + self.servicing()  # fmt: skip

    def accounts(self) -> list[str]:
        out = []
        for name, account in self.file.account.items():
            bank = account.interest
            clause = "" if bank is None else self.say("yield", rate=percent(bank.rate), day_count=bank.day_count)
            out.append(self.say("account", name=self.named(name, account.label), opening=money(account.opening),
                                target=self.optional("target", account.target), interest=clause,
                                lacking=self.lacking(account)))  # fmt: skip
        return out

    def classes(self) -> list[str]:
        return [self.tranche(name, tranche) for name, tranche in self.file.tranche.items()]

    def tranche(self, name: str, tranche: Tranche) -> str:
        flags = [self.word("timely" if tranche.timely else "ultimate")] if tranche.coupon else []
        flags += [] if tranche.interest_on_unpaid == "none" else [self.word(tranche.interest_on_unpaid)]
        return self.say("tranche", name=self.named(name, tranche.label), klass=tranche.klass, face=money(tranche.face),
                        coupon=self.coupon(tranche), principal=self.principal(name, tranche),
                        put=self.put(tranche), ard=self.ard(tranche),
                        flags=self.optional("flags", self.join(flags)))  # fmt: skip

    def coupon(self, tranche: Tranche) -> str:
        coupon = tranche.coupon
        if coupon is None:
            return self.say("no coupon")
        if isinstance(coupon, FixedCoupon):
            steps = self.join(self.say("dated rate", rate=percent(rate), date=date) for date, rate in coupon.steps)
            return self.say("fixed", rate=percent(coupon.rate), day_count=coupon.day_count,
                            steps=self.optional("steps", steps))  # fmt: skip
        return self.say("floating", index=coupon.index, spread=self.spread(coupon.spread),
                        reset=self.word(coupon.reset), day_count=coupon.day_count,
                        bounds=self.bounds(coupon))  # fmt: skip

    def bounds(self, coupon: FloatingCoupon) -> str:
        ends = [self.say(noun, value=percent(rate)) for noun, rate in (("floor", coupon.floor), ("ceiling", coupon.cap))
                if rate is not None]  # fmt: skip
        return self.optional("bounds", self.join(ends))

    def put(self, tranche: Tranche) -> str:
        put = tranche.put
        return "" if put is None else self.say("put", dates=self.join(put.dates), share=percent(put.share),
                                               adjust=self.spread(put.adjust))  # fmt: skip

    def ard(self, tranche: Tranche) -> str:
        ard = tranche.ard
        if ard is None:
            return ""
        unpaid = "" if ard.on_unpaid == "none" else self.optional("flags", self.word(ard.on_unpaid))
        return self.say("ard", date=ard.date, rate=percent(ard.additional), unpaid=unpaid)

    def spread(self, spread: float) -> str:
        sign = "-" if spread < 0 else "+"
        return f"{sign} {percent(abs(spread))}" if self.language == "en" else f"{sign}{percent(abs(spread))}"

    def principal(self, name: str, tranche: Tranche) -> str:
        terms = tranche.principal
        if terms is None:
            return self.say("residual")
        if terms.kind == "plan":
            rows = zip(self.deal.timeline.pay_date, self.deal.plans[name], strict=True)
            amounts = (self.say("dated amount", amount=money(amount), date=date) for date, amount in rows if amount)
            return self.say("plan", amounts=self.join(amounts), file=self.optional("file", terms.file))
        if terms.kind == "target":
            left, balances = tranche.face, []
            for date, amount in zip(self.deal.timeline.pay_date, self.deal.plans[name], strict=True):
                left -= amount
                balances += [self.say("dated balance", balance=money(left), date=date)] if amount else []
            return self.say("target balances", balances=self.join(balances), file=self.optional("file", terms.file))
        if terms.kind == "bullet":
            return self.say("bullet", expected=terms.expected)
        return self.say("pass_through", expected=self.optional("expected", terms.expected))

    def claims(self) -> list[str]:
        out = [self.tax(name, tax) for name, tax in self.file.tax.items()]
        out += [self.fee(name, fee) for name, fee in self.file.fee.items()]
        return out + [self.say("ledger", name=self.named(name, ledger.label), limit=self.optional("room", ledger.limit))
                      for name, ledger in self.file.ledger.items()]  # fmt: skip

    def fee(self, name: str, fee: Fee) -> str:
        charge, cap = fee.rate or fee.amount, fee.cap and self.charge(fee.cap)
        assert charge is not None
        amount = self.charge(charge)
        if fee.base is not None:
            amount = self.say("rate of", rate=amount, base=fee.base)
        if fee.on_paid:
            return self.say(
                "payout fee",
                name=self.named(name, fee.label),
                amount=amount,
                on=self.join(map(self.claim, fee.on_paid)),
                hold=self.optional("goes on", fee.hold),
            )
        return self.say("fee", name=self.named(name, fee.label), amount=amount, cap=self.optional("cap", cap),
                        hold=self.optional("goes on", fee.hold),
                        day_count=fee.day_count, over=self.word(f"over {fee.over}"))  # fmt: skip

    def supports(self) -> list[str]:
        return [self.support(name, support) for name, support in self.file.support.items()]

    def support(self, name: str, support: Support) -> str:
        limit = self.word("covered") if support.limit == "covered" else self.say("limit", value=money(support.limit))
        return self.say("support", name=self.named(name, support.label), kind=self.word(support.kind), limit=limit,
                        provider=self.file.entity[support.provider].name,
                        covers=self.join(map(self.claim, support.covers)) or self.word("every step that names it"),
                        call=self.optional("call", support.call and self.days(support.call)),
                        reimbursed=self.word("reimbursed" if support.reimbursed else "not reimbursed"))  # fmt: skip

    def hedges(self) -> list[str]:
        out = []
        for name, hedge in self.file.hedge.items():
            dated = (self.say("from day", amount=money(amount), date=date) for date, amount in hedge.schedule)
            common = {"name": self.named(name, hedge.label), "notional": hedge.notional or self.join(dated),
                      "counterparty": self.file.entity[hedge.counterparty].name, "day_count": hedge.day_count,
                      "reset": self.word(hedge.reset), "to": self.known("account", hedge.to)}  # fmt: skip
            if isinstance(hedge, Swap):
                out.append(self.say("swap", pay=self.leg(hedge.pay), receive=self.leg(hedge.receive), **common))
            else:
                premium = self.optional("premium", hedge.premium and self.charge(hedge.premium))
                out.append(self.say("rate cap", index=hedge.index, strike=percent(hedge.strike), premium=premium,
                                    **common))  # fmt: skip
        return out

    def leg(self, leg: Leg) -> str:
        return percent(leg.rate) if leg.rate is not None else f"{leg.index} {self.spread(leg.spread)}"

    def figures(self) -> list[str]:
        return [
            self.say("figure", name=self.named(name, figure.label), value=figure.value, at=self.word(figure.at),
                     dates=self.optional("sampled", self.samples(figure)), start=self.optional("starts", figure.start))
            for name, figure in self.file.figure.items()
        ]  # fmt: skip

    def samples(self, figure: Figure) -> str:
        if figure.every is None:
            return self.join(figure.dates or ())
        return self.say("sampling", every=self.every(figure.every), on=self.day(figure.on), first=figure.first)

    def triggers(self) -> list[str]:
        return [self.trigger(name, trigger) for name, trigger in self.file.trigger.items()]

    def trigger(self, name: str, trigger: Trigger) -> str:
        cure, back = trigger.cure, parse_effect(trigger.cure.effect if trigger.cure else None)
        return self.say(
            "trigger", name=self.named(name, trigger.label), test=self.word(trigger.test), when=trigger.when,
            sustained=self.optional("sustained", None if trigger.sustained == 1 else trigger.sustained),
            within=self.optional("within", self.join(self.known("stage", stage) for stage in trigger.within)),
            effect=self.say("once" if trigger.once else "while", value=self.effect(trigger.once or trigger.hold)),
            call="" if trigger.call is None else self.say(
                "call terms", price=trigger.call.price, to=self.known("account", trigger.call.to),
            ),
            cure="" if cure is None else self.say(
                "cure", when=cure.when, times=cure.sustained,
                effect=self.say("back", value=self.known("stage", back.target)) if back.word == "go" else "",
            ),
        )  # fmt: skip

    def stages(self) -> list[str]:
        out = []
        for name, stage in self.file.stage.items():
            out += self.stage(name, stage)
        return out

    def stage(self, name: str, stage: Stage) -> list[str]:
        title = self.say("stage", name=self.named(name, stage.label), pays=self.calendar("pays", stage.pays))
        return [title, *(f"  {number}. {self.step(step)}" for number, step in enumerate(stage.step, start=1))]

    def step(self, step: Step) -> str:
        verb = VERBS[step.do]
        return self.say(
            "step", id=self.named(step.id, step.label),
            verb=verb.zh if self.language == "zh" else verb.key.replace("_", " "),
            what=self.join(map(self.claim, step.what)) or step.value or self.everything(step),
            source=self.optional("from account", step.source and self.known("account", step.source)),
            to=self.optional("to account", step.to and self.known("account", step.to)),
            share=self.optional("share", step.share and self.word(step.share)),
            upto=self.optional("upto", self.word("due") if step.upto == "due" else step.upto),
            then=self.optional("then", self.join(map(self.claim, step.then))),
            release=self.optional("release", step.release and self.word(step.release)),
            when=self.optional("when", step.when),
        )  # fmt: skip

    def everything(self, step: Step) -> str:
        """What a move moves."""
        return self.word("cash" if step.upto else "all cash")
