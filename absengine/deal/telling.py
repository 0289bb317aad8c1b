"""Small things of a deal said in words, in English or Chinese: what every sentence of :mod:`.explain` is made of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from absengine.deal.load import Deal
from absengine.deal.sentences import CLAIMS, NOUNS, TIMES, WORDS
from absengine.deal.triggers import parse_effect
from absengine.language.units import AmountPer, DayOffset, PeriodText, RatePer, percent

Language = Literal["en", "zh"]


def money(amount: float) -> str:
    """An amount with thousands commas, decimals only where there are any."""
    return f"{amount:,.2f}".removesuffix(".00")


class Teller:
    """One deal in one language; ``kinds`` gives the names of asset kinds (资产类型) by language."""

    def __init__(self, deal: Deal, kinds: Mapping[str, Mapping[str, str]], language: Language) -> None:
        self.deal, self.file, self.kinds, self.language = deal, deal.file, kinds, language

    def say(self, noun: str, **terms: object) -> str:
        return NOUNS[noun][self.language].format(**terms)

    def word(self, key: str) -> str:
        return WORDS.get(key, {}).get(self.language, key)

    def join(self, parts: Iterable[object]) -> str:
        return ("、" if self.language == "zh" else ", ").join(str(part) for part in parts)

    # small things, said in words ---------------------------------------------------------------------------------
    def time(self, key: str, **terms: object) -> str:
        return TIMES[key][self.language].format(**terms)

    def every(self, period: PeriodText) -> str:
        return self.time(f"every 1 {period.unit}" if period.n == 1 else f"every {period.unit}", n=period.n)

    def charge(self, charge: AmountPer | RatePer) -> str:
        value = money(charge.value) if isinstance(charge, AmountPer) else percent(charge.rate)
        return self.time(f"per {charge.per}", value=value)

    def days(self, offset: DayOffset) -> str:
        days = self.time("business days" if offset.business else "days", n=offset.n)
        days = days[:-1] if offset.n == 1 and self.language == "en" else days
        return self.time(f"{offset.side} {offset.anchor}", days=days)

    def known(self, kind: str, name: str) -> str:
        """A thing by its label, or by its name where it has none."""
        return getattr(getattr(self.file, kind).get(name), "label", None) or name

    def claim(self, claim: str) -> str:
        """``fee.servicer.over_cap`` in words; each thing's own line says label and name together."""
        kind, _, name = claim.partition(".")
        stem = name.removesuffix(".over_cap")
        form = CLAIMS["over_cap" if stem != name else kind][self.language]
        of_class = kind in ("interest", "principal", "residual", "additional")
        return form.format(name=self.known("tranche" if of_class else kind, stem))

    def effect(self, text: str | None) -> str:
        effect = parse_effect(text)
        noun = {"go": "go", "call": "sell", "flag": "flag"}[effect.word]
        return self.say(noun, value=self.known("stage", effect.target))

    def optional(self, noun: str, value: Any, **terms: object) -> str:
        """A clause, or nothing where the term is not stated."""
        return "" if value in (None, (), {}, "") else self.say(noun, value=value, **terms)

    def named(self, name: str, label: str | None) -> str:
        if label is None or label == name:
            return name
        return f"{label}（{name}）" if self.language == "zh" else f"{label} ({name})"

    def day(self, on: int | str | None) -> str:
        return self.word(on) if isinstance(on, str) else self.optional("day", on)
