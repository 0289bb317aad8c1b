"""Formulas → instructions: the tree of a checked formula becomes slots, literals become parameters of the program."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

from absengine.deal.assembler import Slot
from absengine.deal.builder import Builder
from absengine.errors import Problems, Where
from absengine.kernels.opcodes import Op
from absengine.language.formula import MEMORY, Binary, BoolOp, Call, Compare, Kind, Name, Node, Number, Unary, parse
from absengine.language.kinds import check
from absengine.language.scanner import Path

if TYPE_CHECKING:
    from absengine.deal.names import Family

_ARITHMETIC = {"+": Op.ADD, "-": Op.SUB, "*": Op.MUL, "/": Op.DIV}
_COMPARISONS = {"<": (Op.LT, False), "<=": (Op.LE, False), ">": (Op.LT, True), ">=": (Op.LE, True),
                "==": (Op.EQ, False), "!=": (Op.NE, False)}  # fmt: skip


@lru_cache(maxsize=4096)
def parsed(text: str) -> Node:
    """The tree of a formula that has been checked before."""
    node = parse(text, Where(), Problems())
    assert node is not None
    return node


def kind_of(node: Node, families: Mapping[str, Family]) -> Kind | None:
    """The kind of a formula that has been checked, or of a part of it."""
    return check(node, lambda name: families[name].kind if name in families else None, Where(), Problems())


def emit_formula(b: Builder, text: str, expected: Kind | None, path: Path) -> Slot:
    """Slot holding the value of a formula; a plain number takes the ``expected`` kind, money in counting units."""
    return _Emitter(b, path).node(parsed(text), expected)


def emit_compared(b: Builder, text: str, path: Path) -> tuple[Slot, Slot]:
    """(what is compared, the condition) of a flag formula: a trigger records the left side of its comparison."""
    node = parsed(text)
    emitter = _Emitter(b, path)
    if not isinstance(node, Compare):
        flag = emitter.node(node, Kind.FLAG)
        return flag, flag
    kind = emitter.common(node.left, node.right)
    left = emitter.node(node.left, kind)
    return left, emitter.compared(node, left, kind)


class _Emitter:
    """Emits one formula; its literals are parameters ``<path>#1``, ``#2``…, so that cases can change them."""

    def __init__(self, b: Builder, path: Path) -> None:
        self.b, self.path, self.literals = b, ".".join(str(part) for part in path), 0
        self.memories = 0

    def node(self, node: Node, expected: Kind | None) -> Slot:
        match node:
            case Number():
                return self._literal(node, expected)
            case Name():
                return self.b.names[node.text].emit(self.b, node.text.partition(".")[2])
            case Unary(op="-"):
                return self.b.asm.value(Op.SUB, self.b.asm.zero, self.node(node.operand, expected))
            case Unary():
                return self.b.asm.value(Op.NOT, self.node(node.operand, Kind.FLAG))
            case Binary():
                return self._binary(node, expected)
            case Compare():
                kind = self.common(node.left, node.right)
                return self.compared(node, self.node(node.left, kind), kind)
            case BoolOp():
                op = Op.AND if node.op == "and" else Op.OR
                return self._fold(op, [self.node(part, Kind.FLAG) for part in node.operands])
            case Call():
                return self._call(node, expected)

    def compared(self, node: Compare, left: Slot, kind: Kind | None) -> Slot:
        op, swapped = _COMPARISONS[node.op]
        right = self.node(node.right, kind)
        return self.b.asm.value(op, right, left) if swapped else self.b.asm.value(op, left, right)

    def common(self, *parts: Node) -> Kind | None:
        """The kind that plain numbers among ``parts`` take: that of the first part which has one."""
        kinds = [self.kind(part) for part in parts]
        return next((kind for kind in kinds if kind not in (None, Kind.NUMBER)), None)

    def kind(self, node: Node) -> Kind | None:
        return kind_of(node, self.b.names)

    def _literal(self, node: Number, expected: Kind | None) -> Slot:
        self.literals += 1
        name = f"{self.path}#{self.literals}"
        is_money = node.kind is Kind.NUMBER and expected is Kind.MONEY
        return self.b.money(name, node.value) if is_money else self.b.asm.param(name, node.value)

    def _binary(self, node: Binary, expected: Kind | None) -> Slot:
        if node.op in "+-":
            kind = self.common(node.left, node.right) or expected
            parts = (self.node(node.left, kind), self.node(node.right, kind))
        else:  # factors are pure numbers, unless the whole product is an amount of money in plain digits
            plain = self.kind(node) is Kind.NUMBER
            parts = (self.node(node.left, expected if plain else None), self.node(node.right, None))
        return self.b.asm.value(_ARITHMETIC[node.op], *parts)

    def _call(self, node: Call, expected: Kind | None) -> Slot:
        arguments = node.arguments
        if node.function == "if":
            kind = self.common(*arguments[1:]) or expected
            flag = self.node(arguments[0], Kind.FLAG)
            return self.b.asm.value(Op.SELECT, self.node(arguments[1], kind), self.node(arguments[2], kind), flag)
        if node.function in MEMORY:
            return self._remembered(node, expected)
        kind = self.common(*arguments) or expected
        slots = [self.node(part, kind) for part in arguments]
        if node.function == "abs":
            return self.b.asm.value(Op.ABS, slots[0])
        if node.function == "floor":
            whole = self.b.money("money.one", 1.0) if kind is Kind.MONEY else self.b.asm.one
            return self.b.asm.value(Op.FLOOR, slots[0], slots[1] if len(slots) > 1 else whole)
        return self._fold(Op.MIN if node.function == "min" else Op.MAX, slots)

    def _remembered(self, node: Call, expected: Kind | None) -> Slot:
        """The argument now is kept when the row's list has run; a figure takes it on every row, on every lane."""
        amount = self.node(node.arguments[0], self.common(node.arguments[0]) or expected)
        self.memories += 1
        name = f"{self.path}.memory{self.memories}"
        if node.function == "previous":
            return self.b.remembered(name, amount, 1)[0]
        length = node.arguments[1]
        assert isinstance(length, Number)
        return self.b.asm.total([amount, *self.b.remembered(name, amount, int(length.value) - 1)])

    def _fold(self, op: Op, slots: list[Slot]) -> Slot:
        result = slots[0]
        for slot in slots[1:]:
            result = self.b.asm.value(op, result, slot)
        return result
