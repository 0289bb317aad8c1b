"""Who is who: names on the tape and the deal's entities, and the contracts a scope or an event means."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from absengine.errors import DealError, Problems, Where
from absengine.language.toml import printable
from absengine.language.validation import did_you_mean, one_of
from absengine.scenario import Event, Scope
from absengine.schema import Table, Texts

Flags = NDArray[np.bool_]
Indices = NDArray[np.int64]

_LEGAL_FORMS = ("有限责任公司", "股份有限公司", "有限公司", "公司", "limited", "ltd", "inc", "llc", "corp", "co")


def plain(name: str) -> str:
    """A name without width, case, spaces, punctuation and legal form: names that agree on this are one company."""
    text = unicodedata.normalize("NFKC", name).casefold()
    text = "".join(character for character in text if character.isalnum())
    for form in _LEGAL_FORMS:
        text = text.removesuffix(form)
    return text


def _parts(column: str, text: str) -> list[str]:
    """Names in a cell: several, nearest first, where recourse is meant."""
    return text.split(";") if column == "recourse" else [text]


class Parties:
    """Names of the pool's contracts resolved to the deal's entities.

    ``payer`` is who owes a contract (debtor where the tape names one, else obligor): the key of the entity that
    answers to the name, else the name itself. ``guarantor`` is -2 where no guarantor is named, -1 for a name that is
    no entity, else the entity's number in ``codes``. ``failing`` are contracts that do
    not meet a criterion, by its name.
    """

    def __init__(
        self,
        contracts: Table,
        entities: Mapping[str, tuple[str, ...]],
        failing: Mapping[str, Flags] | None = None,
    ) -> None:
        self.contracts, self.failing = contracts, dict(failing or {})
        self.entities = dict(entities)
        self.codes = {key: code for code, key in enumerate(entities)}
        self._key = {text: key for key, texts in entities.items() for text in (key, *texts)}
        self._refuse_near_matches()

    def _refuse_near_matches(self) -> None:
        known = {plain(text): text for text in self._key}
        problems = Problems()
        for column in ("obligor", "debtor", "guarantor", "recourse"):
            written = {name for text in set(self.contracts[column].tolist()) for name in _parts(column, text)}
            for name in sorted(written - set(self._key) - {""}):
                if plain(name) in known:
                    entity = known[plain(name)]
                    found = f"'{printable(name)}' as {column}, nearly the name '{printable(entity)}' of an entity"
                    todo = f"write one name in both places, or add the other to entity.{self._key[entity]} as an alias"
                    problems.add("entity-near-match", Where(), found, "one name for one company", todo)
        problems.refuse(DealError)

    def _resolved(self, column: str) -> Texts:
        names = self.contracts[column]
        return np.array([self._key.get(name, name) for name in names.tolist()], dtype=object)

    @cached_property
    def payer(self) -> Texts:
        """Who owes each contract."""
        debtors = self._resolved("debtor")
        return np.where(debtors != "", debtors, self._resolved("obligor"))

    @cached_property
    def guarantor(self) -> Indices:
        """Code of each contract's guarantor."""
        codes = self.codes | {"": -2}
        return np.array([codes.get(name, -1) for name in self._resolved("guarantor").tolist()], dtype=np.int64)

    @cached_property
    def recourse(self) -> tuple[tuple[int, ...], ...]:
        """Codes of those who must buy back each contract, nearest first; -1 for a name that is no entity."""
        codes = {text: self.codes[key] for text, key in self._key.items()}
        texts = self.contracts["recourse"].tolist()
        chains = {
            text: tuple(codes.get(name, -1) for name in _parts("recourse", text) if name)
            for text in dict.fromkeys(texts)
        }
        return tuple(chains[text] for text in texts)

    @property
    def supporters(self) -> tuple[str, ...]:
        """Entities that pay for others' contracts: guarantors, and those who must buy back."""
        codes = {*self.guarantor.tolist(), *(code for chain in set(self.recourse) for code in chain)}
        return tuple(key for key, code in self.codes.items() if code in codes)

    @cached_property
    def standby(self) -> Flags:
        """Contracts outside the pool until a substitution takes them in."""
        return self.contracts.standby

    @cached_property
    def rank(self) -> Indices:
        """Place of each contract's payer, from the largest cut-off balance to the smallest; equals by name.

        Payers of nothing but standby contracts come last.
        """
        names, code = np.unique(self.payer.astype(str), return_inverse=True)
        totals = np.bincount(code, np.where(self.standby, 0.0, self.contracts["cutoff_balance"]), len(names))
        place = np.empty(len(names), dtype=np.int64)
        here = np.bincount(code, ~self.standby, len(names))
        place[np.lexsort((names, -totals, here == 0))] = np.arange(len(names))
        return place[code]

    @cached_property
    def payers(self) -> int:
        """Number of payers of the pool."""
        return int(self.rank[~self.standby].max(initial=-1)) + 1

    @cached_property
    def _called(self) -> tuple[Texts, Texts, Texts]:
        """Number, obligor and debtor of each contract, the latter two resolved to entities."""
        obligor, debtor = self._resolved("obligor").astype(str), self._resolved("debtor").astype(str)
        return self.contracts["contract_id"].astype(str), obligor, debtor

    def entity_contracts(self, key: str) -> Flags:
        """Contracts that an entity owes."""
        return np.asarray(self.payer == key)

    def same_payers(self, chosen: Flags) -> Flags:
        """All contracts of the payers of the chosen ones."""
        return np.isin(self.rank, self.rank[chosen])

    def scope(self, scope: Scope, where: Where, problems: Problems) -> Flags:
        """Contracts inside a scope; an unknown column or a text no contract has is a problem."""
        inside = np.ones(len(self.contracts), dtype=bool)
        for column, wanted in scope.wanted:
            if column not in self.contracts:
                columns = list(self.contracts.columns)
                found, todo = f"the field '{printable(column)}'", did_you_mean(column, columns)
                problems.add("unknown-field", where, found, one_of(columns), todo)
                continue
            inside &= self._having(column, wanted, where, problems)
        return inside

    def _having(self, column: str, wanted: tuple[str, ...], where: Where, problems: Problems) -> Flags:
        cells = [str(cell) for cell in self.contracts[column].tolist()]
        parts = [set(cell.replace("；", ";").split(";")) if column == "tags" else {cell} for cell in cells]
        present = sorted(set().union(*parts) - {""}) if parts else []
        for text in wanted:
            if text not in present:
                found = f"'{printable(text)}', which no contract has as {column}"
                problems.add("scope-matches-nothing", where, found, one_of(present), did_you_mean(text, present))
        chosen = set(wanted)
        return np.array([bool(part & chosen) for part in parts], dtype=bool)

    def event(self, event: Event, problems: Problems) -> Flags:
        """Contracts an event names, before cross-default."""
        if event.scope is not None:
            return self.scope(event.scope, event.where, problems)
        if event.who:
            return self._named(event, problems)
        if event.failing:
            return self._failing(event, problems)
        count, payers = event.top or event.smallest, self.payers
        if count > payers and not event.or_fewer:
            found, todo = f"{count} payers", f'write "up to {count}" where a pool may have fewer'
            problems.add("more-names-than-pool", event.where, found, f"at most the pool's {payers} payers", todo)
            return np.zeros(len(self.contracts), dtype=bool)
        return self.rank < count if event.top else (self.rank >= payers - count) & (self.rank < payers)

    def _failing(self, event: Event, problems: Problems) -> Flags:
        """Contracts that do not meet the criterion an event names, or some criterion."""
        inside = np.zeros(len(self.contracts), dtype=bool)
        if event.failing != "all" and event.failing not in self.failing:
            found = f"'{printable(event.failing)}', which is no criterion of contracts in the deal"
            allowed = one_of(["all", *self.failing])
            problems.add("unknown-criterion", event.where, found, allowed, did_you_mean(event.failing, self.failing))
            return inside
        for flags in self.failing.values() if event.failing == "all" else (self.failing[event.failing],):
            inside |= flags
        return inside

    def _named(self, event: Event, problems: Problems) -> Flags:
        ids, obligor, debtor = self._called
        inside = np.zeros(len(self.contracts), dtype=bool)
        for text in event.who:
            name = self._key.get(text, text)
            by_id, by_name = ids == text, (obligor == name) | (debtor == name)
            if by_id.any() and by_name.any():
                found = f"'{printable(text)}', the number of one contract and the name of a payer"
                problems.add("ambiguous-name", event.where, found, "a text that means one thing")
            if not (by_id.any() or by_name.any()):
                self._unknown(text, event, problems)
            inside |= by_id | by_name
        return inside

    def _unknown(self, text: str, event: Event, problems: Problems) -> None:
        found = f"'{printable(text)}', which is no contract, obligor or debtor of the pool"
        contracts = self.contracts
        known = sorted({*contracts["obligor"].tolist(), *contracts["debtor"].tolist(), *self.payer.tolist()} - {""})
        known += [str(number) for number in contracts["contract_id"].tolist()]
        todo = did_you_mean(text, known)
        if text in set(contracts["guarantor"].tolist()) or text in self.entities:
            todo = "a guarantor that fails is written as supporter = [{ entity = …, gone = … }]"
        problems.add("unknown-obligor", event.where, found, one_of(known), todo)
