"""Terms of a deal that formulas define and other formulas name: which leads to which, and in what order they are found.

Targets, limits, taxes and their like are worked out where they are named. Fees by time, hedges and figures are worked
out once a row, so one that names another must come after it.
"""

from __future__ import annotations

from collections.abc import Mapping

from absengine.deal.nouns import DealFile
from absengine.errors import Problems, Where
from absengine.language.formula import names, parse
from absengine.language.scanner import Path

Definition = tuple[Path, tuple[str, ...]]


def definitions(deal: DealFile) -> dict[str, Definition]:
    """Name → where it is defined, and the formulas that define it."""
    found: dict[str, Definition] = {}

    def define(name: str, path: Path, *texts: str | None) -> None:
        found[name] = (path, tuple(text for text in texts if text is not None))

    for name, account in deal.account.items():
        define(f"target.{name}", ("account", name, "target"), account.target)
    for name, fee in deal.fee.items():
        define(f"fee.{name}", ("fee", name, "base"), fee.base, fee.hold)
    for name, tax in deal.tax.items():
        define(f"tax.{name}", ("tax", name, "base"), tax.base, *tax.fees)
    for name, ledger in deal.ledger.items():
        define(f"ledger.{name}", ("ledger", name, "limit"), ledger.limit)
    for name, figure in deal.figure.items():
        define(f"figure.{name}", ("figure", name, "value"), figure.value, figure.start)
    for name, hedge in deal.hedge.items():
        define(f"hedge.{name}", ("hedge", name, "notional"), hedge.notional)
    return found


def leads_to(deal: DealFile) -> dict[str, set[str]]:
    """Name of each definition → defined names its formulas use; formulas with an error use none."""
    known = definitions(deal)
    return {
        name: {used for text in texts for part in _names(text) if (used := _defined(part, known)) is not None}
        for name, (_, texts) in known.items()
    }


def _names(text: str) -> tuple[str, ...]:
    node = parse(text, Where(), Problems())
    return () if node is None else names(node)


def _defined(name: str, known: Mapping[str, Definition]) -> str | None:
    """The definition behind a name: ``fee.x`` for ``fee.x.over_cap``."""
    stem = ".".join(name.split(".")[:2])
    return stem if stem in known else None


def in_order(deal: DealFile, kinds: tuple[str, ...]) -> list[str]:
    """Definitions of some kinds, each after all it names, also by way of other kinds; else as in the file."""
    uses, begun, done = leads_to(deal), set[str](), list[str]()

    def visit(name: str) -> None:
        if name not in begun:
            begun.add(name)  # a circle, which the checks refuse, ends here
            for used in sorted(uses[name]):
                visit(used)
            done.append(name)

    for name in sorted(uses, key=lambda name: kinds.index(kind) if (kind := name.split(".")[0]) in kinds else -1):
        visit(name)
    return [name for name in done if name.split(".")[0] in kinds]
