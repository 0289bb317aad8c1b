"""Checks of the stages of a deal: every claim has its step, every account a way out, no residual ahead of seniors."""

from __future__ import annotations

from collections.abc import Iterator

from absengine.deal.findings import Findings
from absengine.deal.forms import check_step, claim_members, coverable
from absengine.deal.hedges import can_owe
from absengine.deal.nouns import DealFile, Stage, Step
from absengine.deal.trigger_checks import reachable_stages
from absengine.errors import Problems, Where
from absengine.language.formula import Binary, BoolOp, Compare, Name, Node, Number, parse


def check_stages(deal: DealFile, findings: Findings) -> None:
    """Every step well formed; then what the lists of all stages the deal can reach must do between them."""
    before, reachable = len(findings.problems), reachable_stages(deal)
    for name, stage in deal.stage.items():
        _ids(name, stage, findings)
        for index, step in enumerate(stage.step):
            check_step(deal, ("stage", name, "step", index), step, findings)
        if not stage.step:
            findings.add("empty-stage", ("stage", name), "a stage without steps", "at least one step",
                         "add step = [ … ]")  # fmt: skip
    if len(findings.problems) > before:
        return
    for name, stage in deal.stage.items():
        if name in reachable:
            _unserved(deal, name, stage, findings)
            _residuals(deal, name, stage, findings)
        else:
            findings.add("unreachable-stage", ("stage", name), f"stage '{name}', which no trigger goes to",
                         "the first stage, and stages a trigger goes to",
                         f'add once = "go {name}" to a trigger')  # fmt: skip
    steps = [step for name in deal.stage if name in reachable for step in deal.stage[name].step]
    _supports(deal, steps, findings)
    _ways_out(deal, steps, findings)


def senior_tranches(deal: DealFile) -> list[str]:
    """Tranches of the class named ``senior``; where none is, of the class of the first tranche in the file."""
    classes = [tranche.klass for tranche in deal.tranche.values()]
    senior = "senior" if "senior" in classes else classes[0]
    return [name for name, tranche in deal.tranche.items() if tranche.klass == senior]


def _ids(name: str, stage: Stage, findings: Findings) -> None:
    seen: set[str] = set()
    for index, step in enumerate(stage.step):
        if step.id.casefold() in seen:
            findings.add("step-id-twice", ("stage", name, "step", index, "id"), f"the id '{step.id}' again",
                         "an id unique in its stage, whatever its case", "rename one of them")  # fmt: skip
        seen.add(step.id.casefold())


def _unserved(deal: DealFile, name: str, stage: Stage, findings: Findings) -> None:
    """A claim that no step of a stage the deal can reach serves would be forgotten in silence."""
    served = _served(deal, stage.step)
    for claim in _claims(deal):
        if claim not in served:
            do = "repay" if claim.startswith("support.") else "pay"
            findings.add("claim-without-step", ("stage", name), f"no step that serves {claim}",
                         "a step for every claim in every stage the deal can reach",
                         f'add {{ id = "…", do = "{do}", what = ["{claim}"], from = "…" }}')  # fmt: skip


def _served(deal: DealFile, steps: list[Step] | tuple[Step, ...]) -> set[str]:
    return {m for step in steps if step.do in ("pay", "repay") for name in step.what for m in claim_members(deal, name)}


def _claims(deal: DealFile) -> Iterator[str]:
    """What every stage must serve: all but residuals and interim returns."""
    yield from (f"tax.{name}" for name in deal.tax)
    for name, fee in deal.fee.items():
        yield f"fee.{name}"
        if fee.cap is not None:
            yield f"fee.{name}.over_cap"
    yield from (f"hedge.{name}" for name in can_owe(deal))
    for name, tranche in deal.tranche.items():
        if tranche.principal is not None:
            yield from [f"interest.{name}"] * (tranche.coupon is not None)
            yield f"principal.{name}"
            yield from [f"additional.{name}"] * (tranche.ard is not None)
    yield from (f"support.{name}" for name, support in deal.support.items() if support.reimbursed)


def _residuals(deal: DealFile, name: str, stage: Stage, findings: Findings) -> None:
    """Residual cash flows only once seniors are repaid, under a cap (期间收益), or where the deal says it is released.

    "All that the account holds" caps nothing.
    """
    seniors = {f"principal.{tranche}" for tranche in senior_tranches(deal)}
    swept: set[str] = set()
    for index, step in enumerate(stage.step):
        if step.do == "pay" and step.upto is None and step.when is None:
            swept |= _served(deal, [step])
        takes = step.do == "pay" and any(claim.startswith("residual.") for claim in step.what)
        if not takes or step.release is not None or _is_capped(step):
            continue
        if not seniors <= swept and not seniors <= _repaid(deal, step.when):
            klass = deal.tranche[senior_tranches(deal)[0]].klass
            findings.add("residual-before-senior", ("stage", name, "step", index),
                         f"a residual that can be paid while class {klass} is outstanding",
                         f"a condition, a cap (upto), all principal of {klass} swept before, or the word of release",
                         f'add when = "balance.{klass} == 0", or say release = "while senior outstanding"')  # fmt: skip


def _is_capped(step: Step) -> bool:
    """Whether ``upto`` holds back anything of what the step's account has."""
    tree = None if step.upto is None else parse(step.upto, Where(), Problems())
    return tree is not None and not (isinstance(tree, Name) and tree.text == f"account.{step.source}")


def _repaid(deal: DealFile, when: str | None) -> set[str]:
    """Principal that a condition says is repaid: ``balance.A == 0``, also several added or joined by ``and``."""
    tree = None if when is None else parse(when, Where(), Problems())
    parts = tree.operands if isinstance(tree, BoolOp) and tree.op == "and" else (tree,)
    return {member for part in parts for name in _zero_balances(part) for member in claim_members(deal, name)}


def _zero_balances(node: Node | None) -> list[str]:
    if not isinstance(node, Compare):
        return []
    left, right, op = node.left, node.right, node.op
    if isinstance(left, Number):
        left, right, op = right, left, ">=" if op == "<=" else "<=" if op == ">=" else op
    if op not in ("==", "<=") or not isinstance(right, Number) or right.value:
        return []
    names = list(_added(left))
    return [f"principal.{name.removeprefix('balance.')}" for name in names] if all(
        name.startswith("balance.") for name in names) else []  # fmt: skip


def _added(node: Node) -> Iterator[str]:
    """Names of a sum; an empty name for anything that is none."""
    if isinstance(node, Binary) and node.op == "+":
        yield from _added(node.left)
        yield from _added(node.right)
    else:
        yield node.text if isinstance(node, Name) else ""


def _supports(deal: DealFile, steps: list[Step], findings: Findings) -> None:
    """A support is called by some step, for everything it is said to cover; only what is owed is repaid."""
    for name, support in deal.support.items():
        key, path = f"support.{name}", ("support", name)
        drawn = any(step.do == "draw" and key in step.what for step in steps)
        helped = {m for step in steps if key in step.then for what in step.what for m in claim_members(deal, what)}
        if not drawn and not any(key in step.then for step in steps):
            findings.add("support-unused", path, f"{key}, which no step calls", "a step that names it",
                         f'add then = ["{key}"] to the steps it helps')  # fmt: skip
            continue
        for index, claim in enumerate(support.covers):
            if not drawn and claim in coverable(deal) and not helped & set(claim_members(deal, claim)):
                findings.add("covered-without-step", (*path, "covers", index),
                             f"{claim}, for which no step calls {key}", "claims whose steps name the support",
                             f'add then = ["{key}"] to the step of {claim}')  # fmt: skip
        if not support.reimbursed and any(step.do == "repay" and key in step.what for step in steps):
            findings.add("nothing-to-repay", (*path, "reimbursed"), f"{key} is not reimbursed, and a step repays it",
                         "reimbursed = true, or no such step", "take one of them out")  # fmt: skip


def _ways_out(deal: DealFile, steps: list[Step], findings: Findings) -> None:
    """Cash gets out of every account; residual classes and interim returns are paid somewhere."""
    used = {step.source for step in steps} | {h.removeprefix("account.") for step in steps for h in step.then}
    apart = {deal.collect.get("deposit"), deal.servicing.account if deal.servicing is not None else None}
    for name in deal.account:
        if name not in used and name not in apart:
            findings.add("account-without-way-out", ("account", name), f"account {name}, from which no step takes cash",
                         "accounts that some step names as from, or in then",
                         "add the step, or take the account out")  # fmt: skip
    served = _served(deal, steps)
    for name, tranche in deal.tranche.items():
        claims = {f"interest.{name}": tranche.coupon is not None, f"residual.{name}": True}
        for claim in [claim for claim, due in claims.items() if due and tranche.principal is None]:
            if claim not in served:
                findings.add("claim-without-step", ("tranche", name), f"no step that serves {claim}",
                             "a step for it in some stage",
                             f'add {{ id = "…", do = "pay", what = ["{claim}"], from = "…" }}')  # fmt: skip
