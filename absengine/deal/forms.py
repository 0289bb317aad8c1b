"""The form of a step under each verb, and what a stage's list must serve before the deal is accepted."""

from __future__ import annotations

from typing import Any

from absengine.deal.nouns import DealFile, Stage, Step
from absengine.deal.verbs import VERBS, Verb
from absengine.errors import Problems
from absengine.language.formula import BoolOp, Compare, Name, Node, Number, parse
from absengine.language.toml import Document
from absengine.language.validation import did_you_mean, one_of

Path = tuple[str | int, ...]


FIELDS: dict[str, str] = {"what": "what", "source": "from", "to": "to", "share": "share", "upto": "upto",
                          "then": "then", "value": "value"}  # fmt: skip


def senior_tranches(deal: DealFile) -> list[str]:
    """Tranches of the class named ``senior``; where none is, of the class of the first tranche in the file."""
    classes = [tranche.klass for tranche in deal.tranche.values()]
    senior = "senior" if "senior" in classes else classes[0]
    return [name for name, tranche in deal.tranche.items() if tranche.klass == senior]


def check_stage(deal: DealFile, name: str, document: Document, problems: Problems, reachable: set[str]) -> None:
    """Every step well formed; every claim served in a stage the deal can reach; no residual ahead of seniors."""
    _StageChecks(deal, name, document, problems).all(name in reachable)


class _StageChecks:
    def __init__(self, deal: DealFile, name: str, document: Document, problems: Problems) -> None:
        self.deal, self.name, self.document, self.problems = deal, name, document, problems
        self.stage: Stage = deal.stage[name]

    def all(self, reachable: bool) -> None:
        before = len(self.problems)
        seen: set[str] = set()
        for index, step in enumerate(self.stage.step):
            path: Path = ("stage", self.name, "step", index)
            if step.id in seen:
                self.add("step-id-twice", (*path, "id"), f"the id '{step.id}' again", "an id unique in its stage")
            seen.add(step.id)
            self.step(path, step)
        if len(self.problems) > before:
            return
        if reachable:
            self.unserved()
        self.residuals()

    def add(self, code: str, path: Path, found: str, allowed: str, todo: str = "") -> None:
        self.problems.add(code, self.document.where(path), found, allowed, todo)

    def step(self, path: Path, step: Step) -> None:
        if step.do not in VERBS:
            words = [verb.key for verb in VERBS]
            self.add("unknown-verb", (*path, "do"), f"the unknown verb '{step.do}'", one_of(words),
                     did_you_mean(step.do, words, "correct it"))  # fmt: skip
            return
        form = VERBS[step.do]
        for field, key in FIELDS.items():
            given = bool(getattr(step, field))
            if given and field not in form.needs + form.may:
                self.add("step-field-not-for-verb", (*path, key), f"'{key}' in a step that does {step.do}",
                         one_of(FIELDS[part] for part in form.needs + form.may), "take it out")  # fmt: skip
            if not given and field in form.needs:
                self.add("step-field-missing", path, f"a {step.do} without '{key}'",
                         one_of(FIELDS[part] for part in form.needs), f"add {key} = …")  # fmt: skip
        for field in ("source", "to"):
            account = getattr(step, field)
            if account is not None and account not in self.deal.account:
                self.add("unknown-account", (*path, FIELDS[field]), f"the unknown account '{account}'",
                         one_of(self.deal.account), did_you_mean(account, self.deal.account, "correct it"))  # fmt: skip
        self.targets(path, step, form)
        self.helpers(path, step)

    def targets(self, path: Path, step: Step, form: Verb) -> None:
        choices = [name for kind in form.serves for name in self.names(kind)]
        known = [name for name in step.what if name in choices]
        for index, name in enumerate(step.what):
            if name not in choices and form.serves:
                self.add("unknown-claim", (*path, "what", index), f"'{name}' in a {step.do}", one_of(choices),
                         did_you_mean(name, choices, "correct it"))  # fmt: skip
        count = sum(len(self.members(name)) for name in known)
        if form.single and len(step.what) > 1:
            self.add("one-at-a-time", (*path, "what"), f"{len(step.what)} accounts", "one account for each step")
        if count > 1 and step.share is None and "share" in form.may:
            self.add("share-missing", path, f"{count} claims without a share", 'share = "pro rata" or "in order"',
                     "say how they share the cash")  # fmt: skip
        for name in known:
            kind, _, rest = name.partition(".")
            if kind == "account" and self.deal.account[rest].target is None:
                self.add("fill-without-target", (*path, "what"), f"account '{rest}' has no target",
                         'an account with target = "…"')  # fmt: skip
            if kind == "residual" and (step.then or len(known) > 1):
                self.add("residual-alone", path, "a residual beside others, or with helpers",
                         "a step of its own, from an account only")  # fmt: skip
        if step.upto == "due" and any(not name.startswith("principal.") for name in known):
            self.add("due-is-for-principal", (*path, "upto"), "upto = \"due\" on something else than principal",
                     "a formula, or nothing")  # fmt: skip
        self.once(path, step, known)
        if step.do == "pay" and step.to is None and any(name.startswith("ledger.") for name in known):
            self.add("ledger-without-to", path, "a ledger paid to nobody", "the account the ledger's cash belongs to",
                     'add to = "…"')  # fmt: skip
        if step.to is not None and step.do == "pay" and any(not name.startswith("ledger.") for name in known):
            self.add("paid-to-an-account", (*path, "to"), "claims of outsiders paid into an account",
                     "to = … only where what are ledgers")  # fmt: skip

    def once(self, path: Path, step: Step, known: list[str]) -> None:
        """A claim named twice in a step would be paid twice; an account that fills itself would only seem to."""
        members = [member for name in known for member in self.members(name)]
        for member in dict.fromkeys(member for member in members if members.count(member) > 1):
            self.add("claim-twice", (*path, "what"), f"{member} twice in one step", "each claim once", "take one out")
        filled = known[0].removeprefix("account.") if step.do == "fill" and known else None
        receiver = step.to if step.do == "move" else filled
        givers = [step.source, *(helper.removeprefix("account.") for helper in step.then)]
        if receiver is not None and receiver in givers:
            self.add("same-account", path, f"'{receiver}' as giver and receiver", "two accounts", "name another")

    def helpers(self, path: Path, step: Step) -> None:
        choices = [
            *(f"account.{name}" for name in self.deal.account),
            *(f"support.{name}" for name in self.deal.support),
        ]
        for index, helper in enumerate(step.then):
            if helper not in choices:
                self.add("unknown-helper", (*path, "then", index), f"the unknown helper '{helper}'", one_of(choices),
                         did_you_mean(helper, choices, "correct it"))  # fmt: skip
            elif helper == f"account.{step.source}":
                self.add("helper-is-source", (*path, "then", index), f"'{helper}', the account it pays from", "another")
            elif helper.startswith("support."):
                self.covered(path, index, helper, step)

    def covered(self, path: Path, index: int, helper: str, step: Step) -> None:
        covers = self.deal.support[helper.removeprefix("support.")].covers
        allowed = {member for name in covers for member in self.members(name)}
        for name in step.what:
            if covers and not set(self.members(name)) <= allowed:
                self.add("not-covered", (*path, "then", index), f"{helper} helping {name}", one_of(covers),
                         "extend its covers, or take it out of this step")  # fmt: skip

    def names(self, kind: str) -> list[str]:
        """Everything a step may name under one kind of claim."""
        deal = self.deal
        classes = [*deal.tranche, *dict.fromkeys(tranche.klass for tranche in deal.tranche.values())]
        pools: dict[str, list[str]] = {
            "interest": [c for c in classes if self.members(f"interest.{c}")],
            "principal": [c for c in classes if self.members(f"principal.{c}")],
            "residual": list(deal.tranche),
            "fee": [*deal.fee, *(f"{fee}.over_cap" for fee in deal.fee if deal.fee[fee].cap)],
            "tax": list(deal.tax), "ledger": list(deal.ledger), "account": list(deal.account),
            "support": list(deal.support),
        }  # fmt: skip
        return [f"{kind}.{name}" for name in pools[kind]]

    def members(self, name: str) -> list[str]:
        """The single claims behind a name: a class of tranches opened up."""
        kind, _, rest = name.partition(".")
        if kind not in ("interest", "principal"):
            return [name]
        tranches = [n for n, t in self.deal.tranche.items() if rest in (n, t.klass)]
        if kind == "interest":
            tranches = [n for n in tranches if self.deal.tranche[n].coupon is not None]
        elif rest not in self.deal.tranche:
            tranches = [n for n in tranches if self.deal.tranche[n].principal is not None]
        return [f"{kind}.{n}" for n in tranches]

    def unserved(self) -> None:
        """A claim that no step of a reachable stage serves would be forgotten in silence."""
        served = {m for s in self.stage.step if s.do in ("pay", "repay") for name in s.what for m in self.members(name)}
        claims = [f"tax.{name}" for name in self.deal.tax]
        for name, fee in self.deal.fee.items():
            claims += [f"fee.{name}"] + ([f"fee.{name}.over_cap"] if fee.cap else [])
        for name, tranche in self.deal.tranche.items():
            claims += [f"interest.{name}"] * (tranche.coupon is not None and tranche.principal is not None)
            claims += [f"principal.{name}"] * (tranche.principal is not None)
        claims += [f"support.{name}" for name, support in self.deal.support.items() if support.reimbursed]
        for claim in claims:
            if claim not in served:
                self.add("claim-without-step", ("stage", self.name), f"no step that serves {claim}",
                         "a step for every claim in every stage the deal can reach",
                         f'add {{ id = "…", do = "{"repay" if claim.startswith("support") else "pay"}", '
                         f'what = ["{claim}"], from = "…" }}')  # fmt: skip

    def residuals(self) -> None:
        """Residual cash flows only once seniors are repaid, or under a cap (期间收益 or a release formula)."""
        seniors = {f"principal.{name}" for name in senior_tranches(self.deal)}
        swept: set[str] = set()
        for index, step in enumerate(self.stage.step):
            if step.do == "pay" and step.upto is None and step.when is None:
                swept |= {member for name in step.what for member in self.members(name)}
            takes = step.do == "pay" and any(name.startswith("residual.") for name in step.what)
            if takes and step.upto is None and not seniors <= swept and not self.waits(step):
                self.add("residual-before-senior", ("stage", self.name, "step", index),
                         "a residual that can be paid while seniors are outstanding",
                         'when = "balance.… == 0" of the seniors, an upto, or their principal swept')  # fmt: skip

    def waits(self, step: Step) -> bool:
        """The step's condition needs a senior balance of zero."""
        if step.when is None:
            return False
        tree = parse(step.when, self.document.where(()), Problems())
        parts = tree.operands if isinstance(tree, BoolOp) and tree.op == "and" else (tree,)
        return any(_is_zero_balance(part) for part in parts)


def _is_zero_balance(node: Node | Any | None) -> bool:
    if not isinstance(node, Compare) or node.op not in ("==", "<="):
        return False
    left, right = node.left, node.right
    return isinstance(left, Name) and left.text.startswith("balance.") and isinstance(right, Number) and not right.value
