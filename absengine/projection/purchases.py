"""How contracts bought later default, prepay and are recovered: channels ``purchase.<name>.*`` of each case.

A scenario rules them as it rules the pool: the narrowest block for the whole pool, their asset kind or their sub-pool.
They have no names and no rights, so events by name, deposits, appraisals and guarantors of contracts do not reach them;
a capped source is kept for the pool at the cut-off. Dilution and late payment are not asked of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from absengine.calendars.date_rules import months_between
from absengine.errors import Problems, ScenarioError
from absengine.kernels.purchases import FULL_INTEREST, PREPAY_LAST
from absengine.projection.clocks import Pool
from absengine.projection.dates import later, rows_of, summed
from absengine.projection.payers import Payers
from absengine.scenario import Assumption, Case, Curve, RecoveryTerm, Scenario
from absengine.scenario.nouns import LEVELS
from absengine.schema import RECOVERY_SOURCES, Dates, Floats, PurchaseTerms

_OF_CONTRACT = ("deposit", "guarantor", "repurchase")
"""Sources whose payer is the contract's own: nobody pays for a contract without a name unless the pack says who."""


def purchase_channels(
    names: Sequence[str],
    cases: Sequence[Case],
    payers: Sequence[Payers],
    pool: Pool,
    terms: Mapping[str, PurchaseTerms],
) -> Floats:
    """``(channel, row, case)`` values of ``purchase.*`` channels.

    Raises ScenarioError for curves by age: contracts that are bought on many days have no one age.
    """
    values = np.zeros((len(names), pool.timeline.rows, len(cases)))
    problems = Problems()
    for case, (one, state) in enumerate(zip(cases, payers, strict=True)):
        for purchase in dict.fromkeys(name.split(".")[1] for name in names):
            model = _Model(pool, one.scenario, terms[purchase], state)
            model.check(purchase, problems)
            figures = model.channels()
            for line, name in enumerate(names):
                if name.split(".")[1] == purchase:
                    values[line, :, case] = figures[name.split(".", 2)[2]]
    problems.refuse(ScenarioError)
    return values


@dataclass(frozen=True)
class _Model:
    """One purchase under one scenario."""

    pool: Pool
    scenario: Scenario
    terms: PurchaseTerms
    payers: Payers

    def check(self, name: str, problems: Problems) -> None:
        for aspect in ("default", "prepay"):
            block = self.ruling(aspect)
            curve = None if block is None else getattr(block, aspect)
            if block is not None and curve is not None and (curve.needs_age or curve.by == "payment"):
                found = f"{aspect} by age or by payment, which would rule purchase '{name}'"
                todo = f'add a block with scope = {{ asset_kind = "{self.terms.kind}" }} that does not'
                problems.add("purchase-curve", block.where, found, "a curve by months from the cut-off", todo)

    def ruling(self, aspect: str) -> Assumption | None:
        """The narrowest block that says an aspect and holds what is bought; a later layer rules over an earlier."""
        if aspect != "prepay" and not self.scenario.credit:
            return None
        found = [block for block in self.scenario.assumptions if aspect in block.aspects and self._inside(block)]
        return max(found, key=lambda block: (LEVELS.index(block.scope.level), block.layer), default=None)

    def _inside(self, block: Assumption) -> bool:
        own = {"asset_kind": self.terms.kind, "pool": self.terms.pool}
        if block.scope.level not in ("all", *own):
            return False
        return all(own.get(column) in texts for column, texts in block.scope.wanted)

    def channels(self) -> dict[str, Floats | float]:
        """Everything this purchase reads, by the part of the channel's name after the purchase."""
        default, prepay = self.ruling("default"), self.ruling("prepay")
        fails = None if default is None else default.default
        leaves = None if prepay is None else prepay.prepay
        known = self.line + np.timedelta64(0 if fails is None else fails.recognition, "D")
        return {
            "balance": 0.0,
            "default": self.by_row(fails),
            "prepay": self.by_row(leaves),
            "at_end": fails.values[0] if fails is not None and fails.kind == "maturity" else 0.0,
            "recognised_row": self.rows(known),
            "options": PREPAY_LAST * (self.scenario.order == "prepay on performing")
            + FULL_INTEREST * (self.scenario.interest_on == "performing"),
            **self.recoveries(0 if fails is None else fails.recognition),
        }

    @property
    def line(self) -> Dates:
        return self.pool.timeline.calc_date

    def rows(self, dates: Dates) -> Floats:
        return rows_of(self.line, dates).astype(np.float64)

    # rates -------------------------------------------------------------------------------------------------------
    def by_row(self, curve: Curve | None) -> Floats:
        """Share of a balance that goes on each row: 1 − exp of what the log of survival moves by."""
        if curve is None or curve.kind == "maturity" or curve.needs_age:
            return np.zeros(len(self.line))
        cutoff = self.pool.timeline.cutoff
        ends = months_between(cutoff, np.maximum(np.concatenate([[cutoff], self.line]), cutoff))
        steps = self.monthly(curve, int(np.ceil(ends[-1])) + 1)
        total = np.interp(ends, np.arange(len(steps) + 1), np.concatenate([[0.0], np.cumsum(steps)]))
        return np.asarray(1.0 - np.exp(np.diff(total)))

    def monthly(self, curve: Curve, months: int) -> Floats:
        """Log of the share that survives each month from the cut-off on."""
        period = np.arange(months) // curve.every
        if curve.kind == "rate":
            rates = np.array(curve.values)[np.minimum(period, len(curve.values) - 1)]
            return _logs(rates) / (12.0 if curve.per == "year" else 1.0)
        shares = np.zeros(months)
        if curve.kind == "cumulative" and not curve.timing:
            balance = self.scheduled(months)
            shares = curve.values[0] * balance[0] * np.divide(balance, max(balance.sum(), 1e-300))
            return _logs(np.divide(shares, balance, out=np.zeros(months), where=balance > 0))
        amounts = [curve.values[0] * part for part in curve.timing] if curve.kind == "cumulative" else curve.values
        stated = period < len(amounts)
        shares[stated] = np.array(amounts)[period[stated]] / curve.every
        left = 1.0 - np.concatenate([[0.0], np.cumsum(shares)[:-1]])
        return _logs(np.divide(shares, left, out=np.zeros(months), where=left > 0))

    def scheduled(self, months: int) -> Floats:
        """Principal of the pool as scheduled at the start of each month: a default without a timing spreads over it."""
        flows, cutoff = self.pool.table.flows, self.pool.timeline.cutoff
        month = np.ceil(months_between(cutoff, np.maximum(flows["due_date"], cutoff))).astype(np.int64)
        paid = summed(np.minimum(month, months), flows["principal_due"], months + 1)
        return np.asarray((paid.sum() - np.cumsum(paid) + paid)[1:])

    # recoveries --------------------------------------------------------------------------------------------------
    def recoveries(self, recognition: int) -> dict[str, Floats | float]:
        """Rates and rows of every source, in legal order; together never more than the principal."""
        left = np.ones(len(self.line))
        found: dict[str, Floats | float] = {
            f"recovery.{source}.{part}": 0.0
            for source in RECOVERY_SOURCES
            for part in ("rate", "row", "late_rate", "late_row")
        }
        delayed = self.ruling("delayed")
        delay = None if delayed is None else delayed.delayed
        for source in RECOVERY_SOURCES:
            block = self.ruling(f"recovery.{source}")
            if block is None:
                continue
            term = block.recovery[source]
            rate = np.minimum(left, self.rate(source, term))
            start = self.line + np.timedelta64(recognition if term.start == "recognition" else 0, "D")
            steps, gone = term.lag.steps, np.iinfo(np.int64).max
            if term.payer:
                code = self.pool.parties.codes[term.payer]
                gone = int(self.payers.gone[code])
                steps += (("months", int(self.payers.late[code])),) if self.payers.late[code] else ()
            turns = [("", 1.0 - (delay.share if delay else 0.0), steps)]
            turns += [("late_", delay.share, steps + delay.by.steps)] if delay else []
            for turn, share, lag in turns:
                when = self.after(start, lag)
                paid = np.where(when.astype(np.int64) < gone, rate * share, 0.0)
                found |= {f"recovery.{source}.{turn}rate": paid, f"recovery.{source}.{turn}row": self.rows(when)}
                left = left - paid
        return found

    def rate(self, source: str, term: RecoveryTerm) -> float:
        nobody = source in _OF_CONTRACT and not term.payer
        known = term.base in ("principal", "claim", "claim with penalty")
        return term.rate if known and not nobody and np.isinf(term.cap) else 0.0

    def after(self, start: Dates, steps: Sequence[tuple[str, int]]) -> Dates:
        """Pay dates; a lag in payments runs on the model contract's own rhythm."""
        own = tuple(("months", n * self.terms.every) if unit == "payments" else (unit, n) for unit, n in steps)
        return later(start, own, start, self.pool.timeline.cutoff)


def _logs(rates: Floats) -> Floats:
    """Logarithms of the shares that stay; a rate of 1 leaves next to nothing."""
    return np.asarray(np.log1p(-np.clip(rates, 0.0, 1.0 - 1e-15)))
