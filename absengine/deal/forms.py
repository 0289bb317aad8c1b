"""The form of a step under each verb: the fields it needs and may have, the claims and helpers it may name."""

from __future__ import annotations

from collections.abc import Sequence

from absengine.deal.findings import Findings, suggestion
from absengine.deal.hedges import can_owe
from absengine.deal.nouns import DealFile, Step
from absengine.deal.verbs import VERBS, Verb
from absengine.language.scanner import Path
from absengine.language.validation import one_of

FIELDS: dict[str, str] = {"what": "what", "source": "from", "to": "to", "share": "share", "upto": "upto",
                          "then": "then", "value": "value", "release": "release"}  # fmt: skip


def check_step(deal: DealFile, path: Path, step: Step, findings: Findings) -> None:
    """Add every problem of one step, but those of its formulas."""
    _StepChecks(deal, findings).step(path, step)


def claim_names(deal: DealFile, kind: str) -> list[str]:
    """Everything a step may name under one kind of claim."""
    classes = deal.class_names()
    pools: dict[str, list[str]] = {
        "interest": [c for c in classes if claim_members(deal, f"interest.{c}")],
        "principal": [c for c in classes if claim_members(deal, f"principal.{c}")],
        "additional": [c for c in classes if claim_members(deal, f"additional.{c}")],
        "residual": list(deal.tranche),
        "fee": deal.fee_names(),
        "hedge": can_owe(deal),
        "purchase": list(deal.purchase),
        "tax": list(deal.tax), "ledger": list(deal.ledger), "account": list(deal.account),
        "support": list(deal.support),
    }  # fmt: skip
    return [f"{kind}.{name}" for name in pools[kind]]


def coverable(deal: DealFile) -> list[str]:
    """Claims a support may be said to cover."""
    return [claim for kind in ("interest", "principal", "fee", "tax") for claim in claim_names(deal, kind)]


def claim_members(deal: DealFile, name: str) -> list[str]:
    """The single claims behind a name: a class of tranches opened up."""
    kind, _, rest = name.partition(".")
    if kind not in ("interest", "principal", "additional"):
        return [name]
    tranches: Sequence[str] = deal.tranches_of(rest)
    if kind == "interest":
        tranches = [n for n in tranches if deal.tranche[n].coupon is not None]
    elif kind == "additional":
        tranches = [n for n in tranches if deal.tranche[n].ard is not None]
    elif rest not in deal.tranche:
        tranches = [n for n in tranches if deal.tranche[n].principal is not None]
    return [f"{kind}.{n}" for n in tranches]


class _StepChecks:
    def __init__(self, deal: DealFile, findings: Findings) -> None:
        self.deal, self.findings, self.add = deal, findings, findings.add

    def step(self, path: Path, step: Step) -> None:
        if step.do not in VERBS:
            self.findings.known("unknown-verb", (*path, "do"), step.do, VERBS.keys, "verb")
            return
        form = VERBS[step.do]
        for field, key in FIELDS.items():
            given = getattr(step, field) not in (None, ())
            if given and field not in form.needs + form.may:
                self.add("step-field-not-for-verb", (*path, key), f"'{key}' in a step that does {step.do}",
                         one_of([*(FIELDS[part] for part in form.needs + form.may), "when", "label"]),
                         "take it out")  # fmt: skip
            if not given and field in form.needs:
                needed = " and ".join(FIELDS[part] for part in form.needs)
                self.add("step-field-missing", path, f"a {step.do} without '{key}'",
                         f"{step.do} with {needed}", f"add {key} = …")  # fmt: skip
        for key, account in (("from", step.source), ("to", step.to)):
            if account is not None:
                self.findings.known("unknown-account", (*path, key), account, self.deal.account, "account")
        self.targets(path, step, form)
        self.helpers(path, step)

    def targets(self, path: Path, step: Step, form: Verb) -> None:
        choices = [name for kind in form.serves for name in claim_names(self.deal, kind)]
        known = [name for name in step.what if name in choices]
        for index, name in enumerate(step.what):
            if name not in choices and form.serves:
                alike = [choice for choice in choices if choice.startswith(name.split(".")[0] + ".")] or choices
                self.add("unknown-claim", (*path, "what", index), f"'{name}' in a {step.do}", one_of(alike),
                         suggestion(name, choices, "name a claim the deal has"))  # fmt: skip
        self.shared(path, step, form, known)
        self.single(path, step, known)
        self.once(path, step, known)
        if step.upto == "due" and (step.do != "pay" or any(not name.startswith("principal.") for name in known)):
            self.add("due-is-for-principal", (*path, "upto"), f"upto = 'due' in a {step.do} of more than principal",
                     "'due' where principal is paid; else a formula", "write a formula, or take it out")  # fmt: skip
        ledgers = [name for name in known if name.startswith("ledger.")]
        if step.do == "pay" and step.to is None and ledgers:
            self.add("ledger-without-to", path, "a ledger paid to nobody", "the account the ledger's cash belongs to",
                     'add to = "…"')  # fmt: skip
        if step.do == "pay" and step.to is not None and len(ledgers) < len(known):
            self.add("paid-to-an-account", (*path, "to"), f"claims of outsiders paid into account '{step.to}'",
                     "to = … only where all that is paid are ledgers", "take it out, or move the cash")  # fmt: skip

    def shared(self, path: Path, step: Step, form: Verb, known: list[str]) -> None:
        count = sum(len(claim_members(self.deal, name)) for name in known)
        if form.single and len(step.what) > 1:
            self.add("one-at-a-time", (*path, "what"), f"{len(step.what)} accounts in one {step.do}",
                     "one account for each step", "make a step of each")  # fmt: skip
        elif count > 1 and step.share is None and "share" in form.may:
            self.add("share-missing", path, f"{count} claims without a share", 'share = "pro rata" or "in order"',
                     "say how they share the cash")  # fmt: skip

    def single(self, path: Path, step: Step, known: list[str]) -> None:
        for name in known:
            kind, _, rest = name.partition(".")
            if kind == "account" and self.deal.account[rest].target is None:
                self.add("fill-without-target", (*path, "what"), f"account '{rest}' without a target",
                         "accounts with a target", f'add target = "…" to [account.{rest}]')  # fmt: skip
            if kind == "residual" and (step.then or len(known) > 1):
                found = "a residual with helpers" if step.then else "a residual beside other claims"
                self.add("residual-alone", path, found, "a step of its own, from an account only",
                         "nobody helps to pay what is left over" if step.then else "make a step of it")  # fmt: skip

    def once(self, path: Path, step: Step, known: list[str]) -> None:
        """A claim named twice in a step would be paid twice; cash that returns to its account would pay many times."""
        members = [member for name in known for member in claim_members(self.deal, name)]
        for member in dict.fromkeys(member for member in members if members.count(member) > 1):
            self.add("claim-twice", (*path, "what"), f"{member} twice in one step", "each claim once", "take one out")
        filled = known[0].removeprefix("account.") if step.do == "fill" and known else None
        returns = step.do == "move" or any(name.startswith("ledger.") for name in known)
        receiver = step.to if returns else filled
        givers = [step.source, *(helper.removeprefix("account.") for helper in step.then)]
        if receiver is not None and receiver in givers:
            self.add("same-account", path, f"'{receiver}' as giver and receiver", "two accounts", "name another")

    def helpers(self, path: Path, step: Step) -> None:
        choices = [
            *(f"account.{name}" for name in self.deal.account),
            *(f"support.{name}" for name in self.deal.support),
        ]
        for index, helper in enumerate(step.then):
            place = (*path, "then", index)
            if helper not in choices:
                self.add("unknown-helper", place, f"the unknown helper '{helper}'", one_of(choices),
                         suggestion(helper, choices, "name an account or a support"))  # fmt: skip
            elif helper in step.then[:index]:
                self.add("helper-twice", place, f"'{helper}' a second time", "each helper once", "take one out")
            elif helper == f"account.{step.source}":
                self.add("helper-is-source", place, f"'{helper}', the account the step pays from",
                         "other accounts, and supports", "take it out")  # fmt: skip
            elif helper.startswith("support."):
                self.covered(path, index, helper, step)

    def covered(self, path: Path, index: int, helper: str, step: Step) -> None:
        covers = self.deal.support[helper.removeprefix("support.")].covers
        allowed = {member for name in covers for member in claim_members(self.deal, name)}
        for name in step.what:
            if covers and not set(claim_members(self.deal, name)) <= allowed:
                self.add("not-covered", (*path, "then", index), f"{helper} helping {name}", one_of(covers),
                         "extend its covers, or take it out of this step")  # fmt: skip
