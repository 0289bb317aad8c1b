"""The whole deal file. Every table maps to one model; unknown keys are refused."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from absengine.deal.nouns.claims import Account, Fee, Ledger, Support, Tax
from absengine.deal.nouns.criteria import Criterion
from absengine.deal.nouns.dates import Dates
from absengine.deal.nouns.events import Figure, Stage, Trigger
from absengine.deal.nouns.hedges import Hedge
from absengine.deal.nouns.notes import Tranche
from absengine.deal.nouns.pool import Entity, Group, Index, Pool, Pools
from absengine.deal.nouns.purchases import Purchase
from absengine.deal.nouns.servicing import Servicing
from absengine.deal.nouns.words import Name
from absengine.language.names import Identifier
from absengine.language.units import Money
from absengine.language.validation import Table, Word


class MoneyRule(Table):
    """How payments are counted (舍入): whole multiples of ``unit`` per class, or per note of a stated face."""

    unit: Money = 0.01
    per: str = "class"
    rounding: Literal["down"] = "down"


class DealHead(Table):
    """Name, currency and counting rule of the deal."""

    name: str
    currency: str = "CNY"
    money: MoneyRule = MoneyRule()
    wal_day_count: str = "ACT/365F"
    source: str = ""


class DealFile(Table):
    """A whole deal file."""

    schema_name: Literal["absengine.deal/1"] = Field(alias="schema")
    deal: DealHead
    dates: Dates
    pool: Pools | None = None
    collect: dict[Word, Name]
    tranche: dict[Identifier, Tranche]
    stage: dict[Identifier, Stage]
    account: dict[Identifier, Account]
    entity: dict[Identifier, Entity] = Field(default_factory=dict)
    group: dict[Identifier, Group] = Field(default_factory=dict)
    servicing: Servicing | None = None
    index: dict[Identifier, Index] = Field(default_factory=dict)
    tax: dict[Identifier, Tax] = Field(default_factory=dict)
    fee: dict[Identifier, Fee] = Field(default_factory=dict)
    support: dict[Identifier, Support] = Field(default_factory=dict)
    ledger: dict[Identifier, Ledger] = Field(default_factory=dict)
    purchase: dict[Identifier, Purchase] = Field(default_factory=dict)
    criterion: dict[Identifier, Criterion] = Field(default_factory=dict)
    trigger: dict[Identifier, Trigger] = Field(default_factory=dict)
    figure: dict[Identifier, Figure] = Field(default_factory=dict)
    hedge: dict[Identifier, Hedge] = Field(default_factory=dict)

    @property
    def pools(self) -> tuple[Pool, ...]:
        """Every tape of the pool, in the order of the file; empty where the deal names none."""
        return (self.pool,) if isinstance(self.pool, Pool) else self.pool or ()

    def class_names(self) -> list[str]:
        """Every tranche, then every class: what formulas and steps may name."""
        return [*self.tranche, *dict.fromkeys(tranche.klass for tranche in self.tranche.values())]

    def tranches_of(self, name: str) -> tuple[str, ...]:
        """A tranche by its name, or every tranche of a class, in file order; empty if neither."""
        if name in self.tranche:
            return (name,)
        return tuple(key for key, tranche in self.tranche.items() if tranche.klass == name)

    def fee_names(self) -> list[str]:
        """Every fee, then what is over the cap of each that has one (``x.over_cap``)."""
        return [*self.fee, *(f"{name}.over_cap" for name, fee in self.fee.items() if fee.cap)]
