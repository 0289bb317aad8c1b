"""Checks of the formulas of a deal: each is parsed and typed, and none is defined by itself."""

from __future__ import annotations

from collections.abc import Mapping

from absengine.deal.definitions import definitions, leads_to
from absengine.deal.findings import Findings
from absengine.deal.formulas import kind_of
from absengine.deal.names import Family, known_names
from absengine.deal.nouns import DealFile
from absengine.errors import Problems, Where
from absengine.language.formula import MEMORY, Call, Kind, Node, names, parse, walk
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
                if path[0] != "figure":
                    _without_memory(path, node, text, findings)
    _figures(deal, families, findings)
    _circles(deal, findings)


def _without_memory(path: Path, node: Node, text: str, findings: Findings) -> None:
    """Only a figure is taken on every row, whatever stage the deal is in, and can say what was before."""
    for part in walk(node):
        if isinstance(part, Call) and part.function in MEMORY:
            findings.add("memory-outside-figure", path, f"{part.function} in '{text}'", "figures only",
                         'define [figure.x] value = "…" and name figure.x here')  # fmt: skip


def _figures(deal: DealFile, families: Mapping[str, Family], findings: Findings) -> None:
    """A plain number has no kind: is 5 an amount or a ratio? What starts a figure is of the figure's kind."""
    for name, figure in deal.figure.items():
        node = parse(figure.value, Where(), Problems())
        if node is not None and kind_of(node, families) is Kind.NUMBER:
            findings.add("figure-without-kind", ("figure", name, "value"), f"the plain number '{figure.value}'",
                         "money, a rate, a ratio, a count, a date or a condition",
                         "name something in it, or write 5% or 5% per year")  # fmt: skip


def _formulas(deal: DealFile) -> list[tuple[Path, str | None, Kind | None]]:
    """(path, text, kind wanted) of every formula a deal may state."""
    money, flag = Kind.MONEY, Kind.FLAG
    found: list[tuple[Path, str | None, Kind | None]] = []
    found += [(("account", name, "target"), account.target, money) for name, account in deal.account.items()]
    found += [(("fee", name, "base"), fee.base, money) for name, fee in deal.fee.items()]
    found += [(("tax", name, "base"), tax.base, money) for name, tax in deal.tax.items()]
    found += [(("fee", name, "while"), fee.hold, flag) for name, fee in deal.fee.items()]
    if deal.servicing is not None:
        found.append((("servicing", "direct"), deal.servicing.direct, flag))
        found += [(("servicing", "faster", i, "when"), one.when, flag) for i, one in enumerate(deal.servicing.faster)]
    found += [(("ledger", name, "limit"), ledger.limit, money) for name, ledger in deal.ledger.items()]
    for name, purchase in deal.purchase.items():
        found += [(("purchase", name, "most"), purchase.most, money),
                  (("purchase", name, "eligible"), purchase.eligible, flag)]  # fmt: skip
    found += [(("hedge", name, "notional"), hedge.notional, money) for name, hedge in deal.hedge.items()]
    kinds = {name: family.kind for name, family in known_names(deal).items()}
    for name, figure in deal.figure.items():
        found += [(("figure", name, "value"), figure.value, None),
                  (("figure", name, "start"), figure.start, _own(kinds[f"figure.{name}"]))]  # fmt: skip
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
            found.append(((*path, "value"), step.value, Kind.RATIO if step.do == "sell" else None))
    return found


def _own(kind: Kind) -> Kind | None:
    return None if kind is Kind.NUMBER else kind


def _circles(deal: DealFile, findings: Findings) -> None:
    """A target, limit, fee, tax or figure that is defined by itself has no value."""
    uses = leads_to(deal)
    for name, account in deal.account.items():  # filled up to what it holds: never filled
        node = None if account.target is None else parse(account.target, Where(), Problems())
        if node is not None and f"account.{name}" in names(node):
            uses[f"target.{name}"].add(f"target.{name}")
    told = set[str]()
    for name, (path, texts) in definitions(deal).items():
        reached, todo = set[str](), [name]
        while todo:
            new = uses.get(todo.pop(), set()) - reached
            reached |= new
            todo += new
        if name in reached and not told & reached:  # each circle once
            told.add(name)
            findings.add("formula-circle", path, f"'{texts[0]}', which leads back to {name}",
                         "names that do not depend on it", "say the amount without it")  # fmt: skip
