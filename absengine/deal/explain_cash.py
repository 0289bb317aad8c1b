"""Sentences of what moves cash beside the notes: taxes, the servicer, deposits, calendars of payments."""

from __future__ import annotations

from absengine.deal.nouns import Account, Faster, Servicing, Tax
from absengine.deal.taxes import SURCHARGES, VERIFY_FROM, burden, rate_of
from absengine.deal.telling import Teller
from absengine.language.units import percent


class CashWords(Teller):
    """What a deal says of cash between the pool, the plan and the state."""

    def company(self, key: str) -> str:
        return self.file.entity[key].name

    def servicing(self) -> list[str]:
        """Who collects, how often it hands over, and what lies with it."""
        terms = self.file.servicing
        if terms is None:
            return []
        faster = self.join(self.say("faster", when=one.when, pace=self.pace(one)) for one in terms.faster)
        return [self.say("servicing", servicer=self.company(terms.servicer), pace=self.pace(terms),
                         account=self.known("account", terms.account),
                         by=self.optional("by", terms.by and self.days(terms.by)),
                         holds=self.join(self.word(channel) for channel in terms.holds),
                         faster=self.optional("flags", faster),
                         direct=self.optional("direct", terms.direct))]  # fmt: skip

    def pace(self, pace: Servicing | Faster) -> str:
        rows = self.calendar("transfer", pace.transfer)
        return rows + self.say("all days" if pace.days is None else "lost days", value=pace.days)

    def calendar(self, what: str, name: str) -> str:
        """A calendar by its fixed word, or by its rule."""
        if name not in self.file.dates.further:
            return self.word(f"{what} {name}")
        rule = self.file.dates.further[name]
        on = rule.on if rule.on is not None or rule.every.unit in ("day", "week") else self.file.dates.payment.on
        every = self.say("regular", every=self.every(rule.every), on=self.day(on), first=rule.first)
        return self.say(f"{what} further", every=every, name=name)

    def lacking(self, account: Account) -> str:
        if account.lacking is None:
            return ""
        return self.say("carried") if account.lacking == "carried" else self.say(
            "lacking", value=self.claim(account.lacking)
        )  # fmt: skip

    def tax(self, name: str, tax: Tax) -> str:
        said, rate = self.named(name, tax.label), percent(rate_of(tax))
        if tax.kind == "plain":
            return self.say("tax", name=said, base=tax.base, rate=rate)
        if tax.kind == "fee_vat":
            return self.say("fee vat", name=said, rate=rate, fees=self.join(map(self.claim, tax.fees)))
        assert tax.surcharge is not None
        kinds = self.join(self.say("taxed kind", kind=self.kinds.get(kind, {}).get(self.language, kind),
                                   what=self.word(f"tax {what}")) for kind, what in tax.on.items())  # fmt: skip
        fees = "" if tax.pool_fees is None else self.say("taxed kind", kind=self.word("fee"),
                                                         what=self.word(f"tax {tax.pool_fees}"))  # fmt: skip
        verify = VERIFY_FROM if self.file.dates.legal_final >= VERIFY_FROM else None
        return self.say("vat", name=said, rate=rate, surcharge=percent(SURCHARGES[tax.surcharge]),
                        tier=self.word(f"tier {tax.surcharge}"), burden=percent(round(burden(tax), 6)),
                        kinds=self.join([kinds, *([fees] if fees else [])]),
                        verify=self.optional("verify", verify))  # fmt: skip
