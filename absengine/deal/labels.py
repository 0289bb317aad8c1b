"""Deal + compiled program → Labels: names, places, dates and units that travel with results."""

from __future__ import annotations

from typing import Any, cast

from absengine.deal.formulas import kind_of, parsed
from absengine.deal.load import Deal
from absengine.deal.names import known_names
from absengine.deal.nouns import Tranche
from absengine.deal.program import Compiled
from absengine.deal.triggers import parse_effect
from absengine.errors import Where
from absengine.language.formula import Compare, Kind
from absengine.schema import Labels, StepLabel, TrancheLabel, TriggerLabel, ValueUnit


def labels(deal: Deal, compiled: Compiled) -> Labels:
    """Everything results and reports need to know of the deal."""
    file, line = deal.file, deal.timeline
    return Labels(
        deal=file.deal.name,
        currency=file.deal.currency,
        unit=file.deal.money.unit,
        cutoff=str(line.cutoff),
        closing=str(line.closing),
        legal_final=str(line.legal_final),
        calc_dates=tuple(str(date) for date in line.calc_date),
        pay_dates=tuple(str(date) for date in line.pay_date),
        pays=tuple(tuple(bool(flag) for flag in row) for row in line.pays),
        stages=tuple(file.stage),
        tranches=tuple(_tranche(deal, name) for name in file.tranche),
        accounts=tuple(file.account),
        account_openings=tuple(account.opening for account in file.account.values()),
        fees=tuple(file.fee),
        senior_fees=senior_fees(deal),
        taxes=tuple(file.tax),
        supports=tuple(file.support),
        ledgers=tuple(file.ledger),
        triggers=tuple(_trigger(deal, name) for name in file.trigger),
        steps=tuple(_step(deal, stage, i) for stage, noun in file.stage.items() for i in range(len(noun.step))),
        items=compiled.items,
        channels=compiled.channels,
        wal_day_count=file.deal.wal_day_count,
        accruals=tuple(
            (str(anchor), str(start), str(end))
            for anchor, start, end in zip(line.anchor, line.accrual_start, line.accrual_end, strict=True)
        ),
        texts=_texts(deal),
        deposits=file.collect.get("deposit", ""),
    )


def senior_fees(deal: Deal) -> tuple[str, ...]:
    """Fees that the first stage pays before any interest of a class: they come off the numerator of coverage (§9)."""
    first = next(iter(deal.file.stage.values()))
    found: list[str] = []
    for step in first.step:
        if any(name.startswith("interest.") for name in step.what):
            break
        found += [name.removeprefix("fee.") for name in step.what if name.startswith("fee.")]
    return tuple(name for name in found if name in deal.file.fee)


def place(where: Where) -> str:
    """``deal.toml:41``: the file's name, never its folder, so that results do not depend on the machine."""
    name = where.file.replace("\\", "/").rsplit("/", 1)[-1]
    return f"{name}:{where.line}" if where.line else name


def _step(deal: Deal, stage: str, index: int) -> StepLabel:
    step = deal.file.stage[stage].step[index]
    sources = (*((f"account.{step.source}",) if step.source else ()), *step.then)
    return StepLabel(stage, step.id, step.do, step.what, sources, place(deal.where(("stage", stage, "step", index))))


def _tranche(deal: Deal, name: str) -> TrancheLabel:
    tranche = deal.file.tranche[name]
    expected = getattr(tranche.principal, "expected", None)
    if expected is None and tranche.ard is not None:
        expected = tranche.ard.date
    repaid = name in deal.plans and sum(deal.plans[name]) >= tranche.face - deal.file.deal.money.unit / 2
    if expected is None and repaid:
        last = max(i for i, amount in enumerate(deal.plans[name]) if amount > 0)
        expected = deal.timeline.pay_date[last]
    return TrancheLabel(
        name=name,
        label=tranche.label or name,
        klass=tranche.klass,
        face=tranche.face,
        timely=tranche.timely,
        residual=tranche.principal is None,
        amortisation=_amortisation(tranche),
        day_count=tranche.coupon.day_count if tranche.coupon else "ACT/365F",
        expected_maturity=None if expected is None else str(expected),
        place=place(deal.where(("tranche", name))),
    )


def _amortisation(tranche: Tranche) -> str:
    """How principal falls due: what is put (回售) is due by the class's own terms, the rest is passed through."""
    if tranche.principal is None:
        return "residual"
    return "put" if tranche.put and tranche.principal.kind == "pass_through" else tranche.principal.kind


def _trigger(deal: Deal, name: str) -> TriggerLabel:
    trigger = deal.file.trigger[name]
    effect = parse_effect(trigger.hold if trigger.hold is not None else trigger.once)
    return TriggerLabel(
        name=name,
        label=trigger.label or name,
        test=trigger.test,
        when=trigger.when,
        effect=f"{effect.word} {effect.target}".strip(),
        place=place(deal.where(("trigger", name))),
        unit=_value_unit(deal, trigger.when),
    )


def _value_unit(deal: Deal, when: str) -> ValueUnit:
    """Kind of the value a trigger records: the left side of its comparison, else the condition itself."""
    node = parsed(when)
    if not isinstance(node, Compare):
        return "flag"
    kind = kind_of(node.left, known_names(deal.file))
    return cast(ValueUnit, "" if kind is None or kind is Kind.NUMBER else kind.value)


def _texts(deal: Deal) -> dict[str, str]:
    """Printed names of everything that has one: ``account.main`` → its label."""
    groups: dict[str, Any] = {"account": deal.file.account, "fee": deal.file.fee, "tax": deal.file.tax,
                              "support": deal.file.support, "ledger": deal.file.ledger,
                              "stage": deal.file.stage, "figure": deal.file.figure,
                              "hedge": deal.file.hedge}  # fmt: skip
    return {
        f"{kind}.{name}": noun.label for kind, nouns in groups.items() for name, noun in nouns.items() if noun.label
    }
