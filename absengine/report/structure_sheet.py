"""What a sheet of the workbook shows of a deal's structures: hedges, purchases and sales, deposits, put, ARD."""

from __future__ import annotations

from dataclasses import dataclass

from absengine.results.books import Books

PARTS: tuple[tuple[str, str, str, str, bool], ...] = (
    ("hedge", "net", "earned", "净收益", True),
    ("hedge", "received", "received", "收到", True),
    ("hedge", "missed", "not received", "未收到", True),
    ("hedge", "paid", "paid", "已付", True),
    ("hedge", "unpaid", "unpaid", "未付", False),
    ("purchase", "principal", "principal bought", "购买本金", True),
    ("purchase", "paid", "price paid", "购买价款", True),
    ("pool", "sold", "principal sold", "出售本金", True),
    ("pool", "sale_price", "price of what is sold", "出售价款", True),
    ("pool", "call_price", "price of the clean-up call", "清仓回购价款", True),
    ("servicing", "lost", "lost with the servicer", "混同损失", True),
    ("deposit", "recovered", "deposits against defaults", "保证金抵补违约", True),
    ("deposit.returned", "", "deposits returned", "退还保证金", True),
    ("deposit", "owed", "deposits owed", "应退未退保证金", False),
    ("tranche", "put_unpaid", "put and unpaid", "回售未付", False),
    ("tranche", "additional_due", "additional interest due", "应付附加利息", False),
    ("tranche", "additional_paid", "additional interest paid", "已付附加利息", True),
    ("tranche", "additional_unpaid", "additional interest unpaid", "未付附加利息", False),
)
"""Family of recorded items, its part (empty where the name comes last), words, whether amounts add up over dates."""


@dataclass(frozen=True)
class Shown:
    """One column: the recorded item, its headings in two languages, whether it has a total."""

    item: str
    english: str
    chinese: str
    adds: bool


def structure_columns(books: Books) -> list[Shown]:
    """Columns in the order of :data:`PARTS`; empty for a deal without such structures."""
    found = []
    for family, part, english, chinese, adds in PARTS:
        for item in books.labels.items:
            name = _named(item, family, part)
            if name is not None:
                label = books.labels.texts.get(f"{family}.{name}", name)
                found.append(Shown(item, f"{name} {english}".strip(), f"{label}{chinese}", adds))
    return found


def _named(item: str, family: str, part: str) -> str | None:
    """The name inside an item of one form, empty where the form has none; None for any other item."""
    if item == f"{family}.{part}":
        return ""
    if not item.startswith(f"{family}.") or (part and not item.endswith(f".{part}")):
        return None
    name = item.removeprefix(f"{family}.").removesuffix(f".{part}" if part else "")
    return name if "." not in name else None
