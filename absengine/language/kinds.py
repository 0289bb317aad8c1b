"""The kind of a formula: money, rate, ratio, count, date or flag. Mixing kinds is refused before anything runs.

    sums         same kind + - same kind; date - date is a count of days; date + - count is a date
    products     money * ratio, money * count, rate * ratio, ratio * ratio, count * count, count * ratio (a count)
    quotients    money / money, rate / rate, count / count (a ratio); money or count / ratio or count; rate / ratio
    comparisons  same kind, no flags            and, or, not   flags only

A plain number takes the kind of what it meets: money, ratio or count; 0 also that of a rate. It may multiply or divide
anything but dates and flags.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from absengine.errors import Problems, Where
from absengine.language.formula import (
    MOST_TRAILING,
    Binary,
    BoolOp,
    Call,
    Compare,
    Kind,
    Name,
    Node,
    Number,
    Unary,
    place,
    render,
)
from absengine.language.validation import did_you_mean, one_of

_SHOWN = 48
_ADAPT = frozenset({Kind.MONEY, Kind.RATIO, Kind.COUNT})
_FACTORS = frozenset({Kind.RATIO, Kind.COUNT, Kind.NUMBER})
_AMOUNTS = frozenset({Kind.MONEY, Kind.RATE, Kind.RATIO, Kind.COUNT, Kind.NUMBER})
_ORDERED = _AMOUNTS | {Kind.DATE}
_ANY = frozenset(Kind)
_TIMES: dict[frozenset[Kind], Kind] = {
    frozenset({Kind.MONEY, Kind.RATIO}): Kind.MONEY,
    frozenset({Kind.MONEY, Kind.COUNT}): Kind.MONEY,
    frozenset({Kind.RATE, Kind.RATIO}): Kind.RATE,
    frozenset({Kind.RATIO}): Kind.RATIO,
    frozenset({Kind.COUNT}): Kind.COUNT,
    frozenset({Kind.RATIO, Kind.COUNT}): Kind.COUNT,
    **{frozenset({kind, Kind.NUMBER}): kind for kind in _AMOUNTS},
}
_TAKES = {"min": _ORDERED, "max": _ORDERED, "abs": _AMOUNTS, "floor": _AMOUNTS, "previous": _AMOUNTS,
          "trailing": _AMOUNTS}  # fmt: skip
_SAID = {Kind.MONEY: "an amount of money", Kind.FLAG: "a condition", Kind.NUMBER: "a plain number"}


def check(
    node: Node,
    resolve: Callable[[str], Kind | None],
    where: Where,
    problems: Problems,
    *,
    text: str = "",
    known: Iterable[str] = (),
    expected: Kind | None = None,
) -> Kind | None:
    """The kind of a formula; on errors add every one of them and return None.

    ``resolve`` gives the kind of a name, or None where there is no such name; ``known`` are names to suggest. ``text``
    is the formula's source, needed for places only where it runs over several lines. ``expected`` is the kind the
    caller needs; a plain number takes it.
    """
    checker = _Checker(resolve, where, text, tuple(known), problems)
    kind = checker.kind(node)
    if kind is None or expected is None or _fits(node, kind, expected):
        return kind if expected is None or kind is None else expected
    todo = "compare it with something" if expected is Kind.FLAG else "bring the formula to that kind"
    if expected is Kind.RATE and kind in (Kind.RATIO, Kind.NUMBER):
        todo = "write '8% per year' for a rate"
    checker.add("wrong-kind", node, f"{_said(kind)} ({_shown(node)})", _said(expected), todo)
    return None


def _said(kind: Kind) -> str:
    return _SAID.get(kind, f"a {kind}")


def _shown(node: Node) -> str:
    text = render(node)
    return f"'{text}'" if len(text) <= _SHOWN else f"'{text[:_SHOWN]}…'"


def _fits(node: Node, kind: Kind, wanted: Kind) -> bool:
    """Whether a part of some kind can stand where ``wanted`` is needed."""
    zero_rate = wanted is Kind.RATE and isinstance(node, Number) and node.value == 0
    return kind is wanted or (kind is Kind.NUMBER and (wanted in _ADAPT or zero_rate))


def _quotient(left: Kind, right: Kind) -> Kind | None:
    if left not in _AMOUNTS or right not in _AMOUNTS:
        return None
    if left is right:
        return Kind.NUMBER if left is Kind.NUMBER else Kind.RATIO
    if right not in _FACTORS or (left is Kind.RATE and right is Kind.COUNT):
        return None
    return Kind.RATIO if left is Kind.NUMBER else left


class _Checker:
    def __init__(
        self,
        resolve: Callable[[str], Kind | None],
        where: Where,
        text: str,
        known: tuple[str, ...],
        problems: Problems,
    ) -> None:
        self.resolve, self.where, self.text, self.known, self.problems = resolve, where, text, known, problems

    def add(self, code: str, node: Node, found: str, allowed: str, todo: str) -> None:
        self.problems.add(code, place(self.where, self.text, node.at), found, allowed, todo)

    def kind(self, node: Node) -> Kind | None:
        match node:
            case Number():
                return node.kind
            case Name():
                return self.name(node)
            case Unary():
                return self.unary(node)
            case BoolOp():
                flags = [self.flag(part, node.op) for part in node.operands]
                return Kind.FLAG if all(flags) else None
            case Compare():
                return Kind.FLAG if self.same(node, node.op, (node.left, node.right), _ORDERED) else None
            case Call():
                return self.call(node)
            case Binary():
                return self.binary(node)

    def name(self, node: Name) -> Kind | None:
        kind = self.resolve(node.text)
        if kind is None:
            first = node.text.split(".")[0] + "."
            alike = [other for other in self.known if other.startswith(first)] or self.known
            todo = did_you_mean(node.text, self.known, "correct the name")
            self.add("unknown-name", node, f"the unknown name '{node.text}'", one_of(alike), todo)
        return kind

    def flag(self, node: Node, beside: str) -> bool:
        kind = self.kind(node)
        if kind not in (None, Kind.FLAG):
            found = f"{_said(kind)} ({_shown(node)})"
            self.add("mixed-kinds", node, found, f"a condition beside '{beside}'", "compare it with something")
        return kind is Kind.FLAG

    def unary(self, node: Unary) -> Kind | None:
        if node.op == "not":
            return Kind.FLAG if self.flag(node.operand, "not") else None
        return self.same(node, "-", (node.operand,), _AMOUNTS)

    def call(self, node: Call) -> Kind | None:
        if node.function == "if":
            condition = self.flag(node.arguments[0], "if")
            kind = self.same(node, "if", node.arguments[1:], _ANY)
            return kind if condition else None
        if node.function == "trailing":
            kind = self.same(node, node.function, node.arguments[:1], _TAKES[node.function])
            return kind if self.count_of_dates(node.arguments[1]) else None
        return self.same(node, node.function, node.arguments, _TAKES[node.function])

    def count_of_dates(self, node: Node) -> bool:
        """The dates of a trailing sum are a number of the formula itself: memory is laid out before anything runs."""
        plain = isinstance(node, Number) and node.kind is Kind.NUMBER
        good = isinstance(node, Number) and plain and node.value in range(1, MOST_TRAILING + 1)
        if not good:
            allowed = f"a whole number from 1 to {MOST_TRAILING}"
            self.add("trailing-count", node, f"{_shown(node)} payment dates", allowed, "write the number of dates")
        return good

    def same(self, node: Node, sign: str, parts: Sequence[Node], takes: frozenset[Kind]) -> Kind | None:
        kinds = [kind for part in parts if (kind := self.kind(part))]
        return self.common(node, sign, parts, kinds, takes) if len(kinds) == len(parts) else None

    def common(
        self, node: Node, sign: str, parts: Sequence[Node], kinds: Sequence[Kind], takes: frozenset[Kind]
    ) -> Kind | None:
        """The one kind of all parts, plain numbers adapting; a problem where they differ."""
        kind = next((one for one in kinds if one is not Kind.NUMBER), Kind.NUMBER)
        pairs = list(zip(parts, kinds, strict=True))
        if kind in takes and all(_fits(part, one, kind) for part, one in pairs):
            return kind
        found = " and ".join(f"{_said(one)} ({_shown(part)})" for part, one in pairs)
        if len(pairs) == 1 or kind not in takes:
            allowed = f"{', '.join(sorted(takes - {Kind.NUMBER}))} under '{sign}'"
        else:
            allowed = f"values of one kind around '{sign}'"
        self.add("mixed-kinds", node, found, allowed, "bring all parts to one kind")
        return None

    def binary(self, node: Binary) -> Kind | None:
        parts = (node.left, node.right)
        left, right = (self.kind(part) for part in parts)
        if left is None or right is None:
            return None
        if node.op in ("+", "-"):
            if left is Kind.DATE and right is Kind.DATE and node.op == "-":
                return Kind.COUNT
            if left is Kind.DATE and right in (Kind.COUNT, Kind.NUMBER):
                return Kind.DATE
            return self.common(node, node.op, parts, (left, right), _AMOUNTS)
        kind = _TIMES.get(frozenset({left, right})) if node.op == "*" else _quotient(left, right)
        if kind is None:
            found = f"{_said(left)} {'times' if node.op == '*' else 'over'} {_said(right)} ({_shown(node)})"
            allowed = "money * ratio, money / money, and anything of an amount times or over a ratio or a number"
            accrual = "interest accrues by itself: use interest.…, or a ratio"
            self.add("mixed-kinds", node, found, allowed, accrual if Kind.RATE in (left, right) else "correct it")
        return kind
