"""What a recipe must know of a deal: who is paid from where, who helps, which stage buys."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from absengine.deal.forms import claim_members
from absengine.deal.hedges import can_owe
from absengine.deal.nouns import DealFile, PassThroughPrincipal
from absengine.deal.stage_checks import senior_tranches

Fact = str | tuple[str, ...]
"""A text to put into a line, or the list an ``each`` goes through; empty where the deal has nothing of the kind."""


def facts(deal: DealFile) -> dict[str, Fact]:
    """Every fact a recipe may name.

    ``income`` and ``capital`` are the accounts that interest and principal of the pool are collected in; ``apart`` is
    set where they are two. ``others`` are all accounts that merge into ``income``, ``reserves`` those among them that
    no pool cash goes to. Quoted lists are the claims of one step; ``help.<claim>`` are the supports that help it.
    """
    income, capital = deal.collect["interest"], deal.collect["principal"]
    senior = deal.tranche[senior_tranches(deal)[0]].klass
    classes = _paying_classes(deal)
    others, helped = _others(deal, income), _helped(deal, classes)
    reserves = tuple(name for name in others if name not in deal.collect.values())
    from_reserves = _quoted(f"account.{name}" for name in reserves)
    plain: dict[str, Fact] = {
        "income": income,
        "capital": capital,
        "apart": "" if income == capital else "two accounts",
        "single": income if income == capital else "",
        "others": others,
        "reserves": reserves,
        "reserve_helpers": from_reserves,
        "help_interest": _all_help(from_reserves, helped[f"help.interest.{senior}"]),
        "senior": senior,
        "juniors": tuple(klass for klass in classes if klass != senior),
        "residuals": tuple(name for name, tranche in deal.tranche.items() if tranche.principal is None),
        "additional": tuple(k for k in classes if any(deal.tranche[t].ard for t in deal.tranches_of(k))),
        "unpaid": _unpaid(deal, senior),
        "notes": " + ".join(f"balance.{klass}" for klass in classes),
        "days": "days" if deal.dates.payment.calendar == "none" else "business days",
    }
    sums = _needs(deal, senior, income, reserves)
    return plain | helped | sums | _outsiders(deal) | _revolving(deal) | _entities(deal)


def _quoted(words: Iterable[str]) -> str:
    return ", ".join(f'"{word}"' for word in words)


def _unpaid(deal: DealFile, senior: str) -> str:
    """The senior class is owed something, or a pass-through of it is outstanding at its expected maturity."""
    passing = {name: deal.tranche[name].principal for name in deal.tranches_of(senior)}
    late = [
        f"(date.payment >= {terms.expected} and balance.{name} > 0)"
        for name, terms in passing.items()
        if isinstance(terms, PassThroughPrincipal) and terms.expected is not None
    ]
    return " or ".join([f"due.{senior} > 0", *late])


def _paying_classes(deal: DealFile) -> list[str]:
    return list(dict.fromkeys(t.klass for t in deal.tranche.values() if t.principal is not None))


def _others(deal: DealFile, income: str) -> tuple[str, ...]:
    apart = {income, deal.collect.get("deposit"), deal.servicing.account if deal.servicing is not None else None}
    return tuple(name for name in deal.account if name not in apart)


def _outsiders(deal: DealFile) -> dict[str, Fact]:
    """Taxes, fees, hedges and providers, as the claims of one step each."""
    owed = {name: support for name, support in deal.support.items() if support.reimbursed}
    return {
        "taxes": _quoted(f"tax.{name}" for name in deal.tax),
        "fees": _quoted(f"fee.{name}" for name, fee in deal.fee.items() if not fee.on_paid),
        "payout_fees": _quoted(f"fee.{name}" for name, fee in deal.fee.items() if fee.on_paid),
        "over_caps": _quoted(f"fee.{name}.over_cap" for name, fee in deal.fee.items() if fee.cap is not None),
        "hedges": _quoted(f"hedge.{name}" for name in can_owe(deal)),
        "facilities": _quoted(f"support.{name}" for name, one in owed.items() if one.kind == "liquidity"),
        "payers": _quoted(f"support.{name}" for name, one in owed.items() if one.kind != "liquidity"),
    }


def _helped(deal: DealFile, classes: list[str]) -> dict[str, Fact]:
    """For each class: whether it has a coupon (``pays.interest.X``), and the supports called for its claims.

    A support is called as a helper of a step, or drawn for what it covers.
    """
    found: dict[str, Fact] = {}
    steps = [step for stage in deal.stage.values() for step in stage.step]
    for claim in [f"{kind}.{klass}" for kind in ("interest", "principal") for klass in classes]:
        members = set(claim_members(deal, claim))
        helpers = [
            helper
            for step in steps
            if members and any(members <= set(claim_members(deal, name)) for name in step.what)
            for helper in step.then
            if helper.startswith("support.")
        ]
        drawn = [
            helper
            for step in steps
            if members and step.do == "draw"
            for helper in step.what
            if members <= _covered(deal, helper.removeprefix("support."))
        ]
        found[f"pays.{claim}"] = claim if members else ""
        found[f"help.{claim}"] = _quoted(dict.fromkeys([*helpers, *drawn]))
    return found


def _covered(deal: DealFile, support: str) -> set[str]:
    return {member for name in deal.support[support].covers for member in claim_members(deal, name)}


def _all_help(reserves: str, supports: Fact) -> str:
    return ", ".join(part for part in (reserves, str(supports)) if part)


def _needs(deal: DealFile, senior: str, income: str, reserves: tuple[str, ...]) -> dict[str, Fact]:
    """Sums of a shortfall: what falls due ahead of and to the senior class, and the cash for it.

    A reserve counts where a step for the senior class calls on it.
    """
    claims = [f"interest.{senior}"] * bool(claim_members(deal, f"interest.{senior}")) + [f"principal.{senior}"]
    due = [f"tax.{name}" for name in deal.tax]
    due += [f"fee.{name}" for name, fee in deal.fee.items() if not fee.on_paid]
    steps = [step for stage in deal.stage.values() for step in stage.step]
    owned = {member for claim in claims for member in claim_members(deal, claim)}
    used = {h for s in steps for w in s.what if owned & set(claim_members(deal, w)) for h in s.then}
    cash = [f"account.{income}", *(f"account.{name}" for name in reserves if f"account.{name}" in used)]
    return {"due": " + ".join(due + claims), "cash": " + ".join(cash), "covers": _quoted(claims)}


def _revolving(deal: DealFile) -> dict[str, Fact]:
    """The stage that buys, and the one after it."""
    order = list(deal.stage)
    buying = [name for name, stage in deal.stage.items() if any(step.do == "buy" for step in stage.step)]
    after = order[order.index(buying[-1]) + 1 :] if buying else []
    return {"revolving": buying[0] if buying else "", "after_revolving": after[0] if after else ""}


def _only(names: Collection[str]) -> str:
    """The one name there is; nothing where a choice would be a guess."""
    return next(iter(names)) if len(names) == 1 else ""


def _entities(deal: DealFile) -> dict[str, Fact]:
    """The one entity there is, the payer of a shortfall named last in the file, the one entity that is not it."""
    payers = [name for name, support in deal.support.items() if support.kind == "shortfall"]
    payer = payers[-1] if payers else ""
    free = [name for name in deal.entity if not payer or name != deal.support[payer].provider]
    return {
        "entity": _only(deal.entity),
        "payer": payer,
        "payer_covers": _quoted(deal.support[payer].covers) if payer else "",
        "free_entity": _only(free),
        "servicer_entity": _only(deal.entity) if deal.servicing is None else deal.servicing.servicer,
    }
