"""Checks of the formulas of a deal: each is parsed and typed, and none is defined by itself."""

from __future__ import annotations

from absengine.deal.findings import Findings
from absengine.deal.names import known_names
from absengine.deal.nouns import DealFile
from absengine.errors import Problems, Where
from absengine.language.formula import Kind, names, parse
from absengine.language.kinds import check
from absengine.language.scanner import Path


def check_formulas(deal: DealFile, findings: Findings) -> None:
    """Add every problem of every formula."""
    families = known_names(deal)
    resolve = {name: family.kind for name, family in families.items()}.get
    for path, text, expected in _formulas(deal):
        if text is not None:
            where = findings.document.value_where(path)
            node = parse(text, where, findings.problems)
            if node is not None:
                check(node, resolve, where, findings.problems, text=text, known=families, expected=expected)
    _circles(deal, findings)


def _formulas(deal: DealFile) -> list[tuple[Path, str | None, Kind | None]]:
    """(path, text, kind wanted) of every formula a deal may state."""
    money, flag = Kind.MONEY, Kind.FLAG
    found: list[tuple[Path, str | None, Kind | None]] = []
    found += [(("account", name, "target"), account.target, money) for name, account in deal.account.items()]
    found += [(("fee", name, "base"), fee.base, money) for name, fee in deal.fee.items()]
    found += [(("tax", name, "base"), tax.base, money) for name, tax in deal.tax.items()]
    found += [(("ledger", name, "limit"), ledger.limit, money) for name, ledger in deal.ledger.items()]
    for name, trigger in deal.trigger.items():
        found.append((("trigger", name, "when"), trigger.when, flag))
        if trigger.cure is not None:
            found.append((("trigger", name, "cure", "when"), trigger.cure.when, flag))
        if trigger.call is not None:
            found.append((("trigger", name, "call", "price"), trigger.call.price, money))
    for stage_name, stage in deal.stage.items():
        for index, step in enumerate(stage.step):
            path: Path = ("stage", stage_name, "step", index)
            found.append(((*path, "when"), step.when, flag))
            found.append(((*path, "upto"), None if step.upto == "due" else step.upto, money))
            found.append(((*path, "value"), step.value, None))
    return found


def _circles(deal: DealFile, findings: Findings) -> None:
    """A target, limit, fee or tax that is defined by itself has no value."""
    terms: dict[str, tuple[Path, str | None]] = {
        f"target.{name}": (("account", name, "target"), account.target) for name, account in deal.account.items()
    }
    terms |= {f"fee.{name}": (("fee", name, "base"), fee.base) for name, fee in deal.fee.items()}
    terms |= {f"tax.{name}": (("tax", name, "base"), tax.base) for name, tax in deal.tax.items()}
    terms |= {f"ledger.{name}": (("ledger", name, "limit"), ledger.limit) for name, ledger in deal.ledger.items()}
    uses = {
        name: {part.removesuffix(".over_cap") for part in names(node)}
        for name, (_, text) in terms.items()
        if text is not None and (node := parse(text, Where(), Problems())) is not None
    }
    for name, account in deal.account.items():  # filled up to what it holds: never filled
        if account.target is not None and f"account.{name}" in uses.get(f"target.{name}", ()):
            uses[f"target.{name}"].add(f"target.{name}")
    for name, (path, text) in terms.items():
        reached, todo = set[str](), [name]
        while todo:
            new = uses.get(todo.pop(), set()) - reached
            reached |= new
            todo += new
        if name in reached:
            findings.add("formula-circle", path, f"'{text}', which leads back to {name}",
                         "names that do not depend on it", "say the amount without it")  # fmt: skip
