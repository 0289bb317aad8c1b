"""Formulas of the deal language: text -> tree -> text. ``kinds.check`` gives the kind of a tree.

    2_000_000            a number; it takes the kind of what it meets (money, ratio or count), and 0 that of a rate too
    8%                   a ratio                      8% per year   a rate
    2026-12-31           a date                       true, false   a flag
    pool.performing      a name, ``kind.name[.part]``; the caller says what kind it has
    + - * /              < <= > >= == !=              and or not    ( )
    min(a, b, …)  max(a, b, …)  abs(a)  if(flag, a, b)  floor(a) or floor(a, step): cut down to whole multiples of step
    trailing(a, n)  previous(a): a on payment dates before, in figures only

Nothing is evaluated here: the waterfall compiles the tree to instructions. Problems point inside the text: ``where``
is the place of its first character, as ``Document.value_where`` gives it.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import StrEnum
from typing import Literal, NamedTuple, NoReturn, cast

from absengine.errors import Problem, Problems, Where
from absengine.language.validation import did_you_mean, one_of, show

MAX_CHARACTERS = 4_000
MAX_TOKENS = 400
MAX_NESTING = 64
MAX_NUMBER = 10**15  # beyond it a float no longer holds whole fen exactly
MOST_TRAILING = 60  # payment dates a trailing sum reaches back: five years of months


Comparison = Literal["<", "<=", ">", ">=", "==", "!="]


class Kind(StrEnum):
    """What a formula is worth. ``NUMBER`` is a plain number that has not met anything that gives it a kind."""

    MONEY = "money"
    RATE = "rate"
    RATIO = "ratio"
    COUNT = "count"
    DATE = "date"
    FLAG = "flag"
    NUMBER = "number"


@dataclass(frozen=True, slots=True)
class Number:
    """A literal. ``value``: decimal for ratios and rates, 1 or 0 for flags, days since 1970-01-01 for dates."""

    value: float
    kind: Kind
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Name:
    """A dotted name, to be looked up by whoever compiles the formula."""

    text: str
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Unary:
    op: Literal["-", "not"]
    operand: Node
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Binary:
    op: Literal["+", "-", "*", "/"]
    left: Node
    right: Node
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Compare:
    op: Comparison
    left: Node
    right: Node
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class BoolOp:
    op: Literal["and", "or"]
    operands: tuple[Node, ...]
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Call:
    function: str
    arguments: tuple[Node, ...]
    at: int = field(default=0, compare=False)


Node = Number | Name | Unary | Binary | Compare | BoolOp | Call


class Function(NamedTuple):
    """A built-in function: how many arguments it takes (``most`` None = any number) and what it does."""

    least: int
    most: int | None
    en: str
    zh: str


FUNCTIONS: dict[str, Function] = {
    "min": Function(2, None, "the smallest", "最小值"),
    "max": Function(2, None, "the largest", "最大值"),
    "abs": Function(1, 1, "without its sign", "绝对值"),
    "if": Function(3, 3, "if(flag, a, b): a where the flag holds, else b", "条件成立取a, 否则取b"),
    "floor": Function(1, 2, "floor(a, step): cut down to whole multiples of step (1)", "向下取整到step的整数倍"),
    "trailing": Function(2, 2, "trailing(a, n): a now plus a on the n - 1 payment dates before; in figures only",
                         "当期与此前n-1个兑付日的a之和（仅用于指标）"),
    "previous": Function(1, 1, "a on the payment date before, 0 before the first; in figures only",
                         "上一兑付日的a，首个兑付日前为0（仅用于指标）"),
}  # fmt: skip
MEMORY = frozenset({"trailing", "previous"})
"""Functions of what was on earlier payment dates: a figure remembers its arguments, a step could not."""


class _Token(NamedTuple):
    kind: str
    text: str
    at: int


_TOKENS = re.compile(
    r"(?P<space>\s+)"
    r"|(?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2}(?![\w-]))"
    r"|(?P<rate>[0-9]+(?:_[0-9]+)*(?:\.[0-9]+(?:_[0-9]+)*)?%\s+per\s+year\b)"
    r"|(?P<ratio>[0-9]+(?:_[0-9]+)*(?:\.[0-9]+(?:_[0-9]+)*)?%)"
    r"|(?P<number>[0-9]+(?:_[0-9]+)*(?:\.[0-9]+(?:_[0-9]+)*)?(?![\w.%]))"
    r"|(?P<name>[^\W\d]\w*(?:\.\w+)*)"
    r"|(?P<symbol><=|>=|==|!=|[-+*/<>(),])"
)
_STRENGTH = {"or": 1, "and": 2, "<": 4, "<=": 4, ">": 4, ">=": 4, "==": 4, "!=": 4, "+": 5, "-": 5, "*": 6, "/": 6}
_NOT, _COMPARE, _MINUS = 3, 4, 7
_WORDS = frozenset({"and", "or", "not", "true", "false", *FUNCTIONS})
_INSTEAD = {
    "=": "==", "＝": "==", "&&": "and", "||": "or", "!": "not", "≠": "!=", "≤": "<=", "≥": ">=",
    "（": "(", "）": ")", "，": ",", "×": "*", "÷": "/", "＋": "+", "－": "-", "＞": ">", "＜": "<", "％": "%",
    "%": "8% without a space", "且": "and", "或": "or", "非": "not", "^": "a product",
}  # fmt: skip


class _Refused(Exception):
    def __init__(self, code: str, at: int, found: str, allowed: str, todo: str = "") -> None:
        super().__init__(found)
        self.code, self.at, self.found, self.allowed, self.todo = code, at, found, allowed, todo


def parse(text: str, where: Where, problems: Problems) -> Node | None:
    """Read a formula; at the first error of syntax add a problem and return None."""
    try:
        if len(text) > MAX_CHARACTERS:
            allowed = f"at most {MAX_CHARACTERS} characters"
            raise _Refused("formula-too-long", 0, f"{len(text)} characters", allowed, "split it into several steps")
        return _Parser(text, _tokens(text)).formula()
    except _Refused as no:
        problems.extend([Problem(no.code, place(where, text, no.at), no.found, no.allowed, no.todo)])
        return None


def place(where: Where, text: str, at: int) -> Where:
    """The place of character ``at`` of a text whose first character stands at ``where``."""
    if where.line is None or not isinstance(where.column, int):
        return where
    breaks = text.count("\n", 0, at)
    column = at - text.rfind("\n", 0, at) if breaks else where.column + at
    return replace(where, line=where.line + breaks, column=column)


def _tokens(text: str) -> list[_Token]:
    tokens: list[_Token] = []
    at = 0
    while at < len(text):
        match = _TOKENS.match(text, at)
        if match is None:
            _refuse_character(text, at)
        kind = str(match.lastgroup)
        if match[0] == "," and text[max(at - 1, 0) : at].isdigit() and text[at + 1 : at + 2].isdigit():
            todo = "write 2_000_000 for a large number, or a space after the comma between two arguments"
            raise _Refused("bad-formula", at, "',' between two digits", "numbers without commas", todo)
        if kind != "space":
            word = match[0] in _WORDS
            tokens.append(_Token("word" if word else kind, match[0], at))
        at = match.end()
    if len(tokens) > MAX_TOKENS:
        allowed = f"at most {MAX_TOKENS} words and signs"
        raise _Refused("formula-too-long", tokens[MAX_TOKENS].at, f"{len(tokens)} words and signs", allowed, "split it")
    return [*tokens, _Token("end", "", len(text))]


def _refuse_character(text: str, at: int) -> NoReturn:
    instead = next((good for bad, good in _INSTEAD.items() if len(bad) == 2 and text.startswith(bad, at)), None)
    instead = instead or _INSTEAD.get(text[at])
    number = re.compile(r"[0-9_.]+\w*").match(text, at)
    if number:
        allowed = "numbers such as 2_000_000, 0.5, 8%, 8% per year, dates such as 2026-12-31"
        raise _Refused("bad-formula", at, show(number[0]), allowed, "write the number in one of these ways")
    allowed = "names, numbers, + - * / < <= > >= == != and or not ( ) ,"
    todo = f"write {instead}" if instead else "take it out"
    raise _Refused("bad-formula", at, show(text[at]), allowed, todo)


class _Parser:
    """Precedence climbing; ``depth`` counts open brackets and prefixes so that recursion is bounded."""

    def __init__(self, text: str, tokens: list[_Token]) -> None:
        self.text, self.tokens, self.index, self.depth = text, tokens, 0, 0

    @property
    def next(self) -> _Token:
        return self.tokens[self.index]

    def take(self) -> _Token:
        token = self.next
        self.index += token.kind != "end"
        return token

    def expect(self, sign: str, meaning: str) -> _Token:
        if self.next.text != sign or self.next.kind == "name":
            self.refuse(f"'{sign}' {meaning}")
        return self.take()

    def refuse(self, allowed: str, todo: str = "correct the formula") -> NoReturn:
        token = self.next
        found = (
            show(token.text) if token.kind != "end" else ("the end of the formula" if self.text.strip() else "nothing")
        )
        instead = _INSTEAD.get(token.text)
        raise _Refused("bad-formula", token.at, found, allowed, f"write {instead}" if instead else todo)

    def formula(self) -> Node:
        node = self.operation(0)
        if self.next.kind != "end":
            per = self.next.text == "per"
            todo = "the only rate is '8% per year'" if per else "correct the formula"
            self.refuse("an operator such as + or and, or the end of the formula", todo)
        return node

    def operation(self, strength: int) -> Node:
        left = self.prefix()
        while True:
            token = self.next
            power = _STRENGTH.get(token.text, 0) if token.kind in ("symbol", "word") else 0
            if power <= strength:
                return left
            self.take()
            right = self.operation(power)
            left = self.joined(token, left, right)
            if power == _COMPARE and _STRENGTH.get(self.next.text) == _COMPARE:
                self.refuse("one comparison", "join two comparisons with and")

    def joined(self, token: _Token, left: Node, right: Node) -> Node:
        match token.text:
            case "and" | "or" as op:
                first = left.operands if isinstance(left, BoolOp) and left.op == op else (left,)
                return BoolOp(op, (*first, right), token.at)
            case "+" | "-" | "*" | "/" as op:
                return Binary(op, left, right, token.at)
            case comparison:
                return Compare(cast(Comparison, comparison), left, right, token.at)

    def prefix(self) -> Node:
        self.depth += 1
        if self.depth > MAX_NESTING:
            allowed = f"at most {MAX_NESTING} levels"
            raise _Refused("formula-too-deep", self.next.at, "deeper nesting", allowed, "split it into several steps")
        node = self.operand()
        self.depth -= 1
        return node

    def operand(self) -> Node:
        token = self.take()
        if token.kind in ("number", "ratio", "rate", "date"):
            return _literal(token)
        if token.kind == "name":
            if self.next.text == "(":
                todo = did_you_mean(token.text, FUNCTIONS, "write a name or one of these functions")
                raise _Refused("unknown-function", token.at, show(token.text), one_of(FUNCTIONS), todo)
            return Name(token.text, token.at)
        match token.text:
            case "-":
                return Unary("-", self.operation(_MINUS), token.at)
            case "not":
                return Unary("not", self.operation(_NOT), token.at)
            case "true" | "false":
                return Number(float(token.text == "true"), Kind.FLAG, token.at)
            case "(":
                node = self.operation(0)
                self.expect(")", "to close the bracket")
                return node
            case function if function in FUNCTIONS:
                return self.call(token)
        self.index -= token.kind != "end"
        self.refuse("a name, a number, a function or (")

    def call(self, token: _Token) -> Call:
        self.expect("(", f"after {token.text}")
        arguments = [self.operation(0)]
        while self.next.text == ",":
            self.take()
            arguments.append(self.operation(0))
        self.expect(")", "or ',' after an argument")
        least, most, meaning, _ = FUNCTIONS[token.text]
        if len(arguments) < least or (most is not None and len(arguments) > most):
            few = f"{least}" if least == most else f"{least} to {most}" if most else f"at least {least}"
            found = f"{len(arguments)} argument(s) of {token.text}"
            raise _Refused("wrong-arguments", token.at, found, f"{few} ({meaning})", "add or remove arguments")
        return Call(token.text, tuple(arguments), token.at)


def _literal(token: _Token) -> Number:
    digits = token.text.split("%")[0].replace("_", "")
    if token.kind != "date" and Decimal(digits) >= MAX_NUMBER:
        raise _Refused("bad-formula", token.at, "a number of 16 digits or more", "numbers below 10^15", "check it")
    if token.kind == "number":
        return Number(float(digits), Kind.NUMBER, token.at)
    if token.kind == "date":
        try:
            day = datetime.date.fromisoformat(token.text)
        except ValueError:
            todo = "correct the month or the day"
            raise _Refused("bad-formula", token.at, show(token.text), "a day of the calendar", todo) from None
        return Number(float((day - datetime.date(1970, 1, 1)).days), Kind.DATE, token.at)
    return Number(float(Decimal(digits) / 100), Kind.RATIO if token.kind == "ratio" else Kind.RATE, token.at)


def children(node: Node) -> Sequence[Node]:
    """The parts of a node, in order of the text."""
    match node:
        case Unary():
            return (node.operand,)
        case Binary() | Compare():
            return (node.left, node.right)
        case BoolOp():
            return node.operands
        case Call():
            return node.arguments
    return ()


def walk(node: Node) -> Iterator[Node]:
    """A node and all nodes below it, in order of the text."""
    yield node
    for child in children(node):
        yield from walk(child)


def names(node: Node) -> tuple[str, ...]:
    """Every name in a formula once, in order of appearance."""
    return tuple(dict.fromkeys(part.text for part in walk(node) if isinstance(part, Name)))


def render(node: Node) -> str:
    """Canonical text of a formula: single spaces, brackets only where needed; parses back to the same tree."""
    return _render(node, 0)


def _render(node: Node, strength: int) -> str:
    match node:
        case Number():
            return _render_number(node)
        case Name():
            return node.text
        case Call():
            return f"{node.function}({', '.join(_render(part, 0) for part in node.arguments)})"
        case Unary(op="-"):
            text, power = f"-{_render(node.operand, _MINUS)}", _MINUS
        case Unary():
            text, power = f"not {_render(node.operand, _NOT)}", _NOT
        case BoolOp():
            power = _STRENGTH[node.op]
            text = f" {node.op} ".join(_render(part, power) for part in node.operands)
        case Binary() | Compare():
            power = _STRENGTH[node.op]
            left = _render(node.left, power - (power != _COMPARE))
            text = f"{left} {node.op} {_render(node.right, power)}"
    return f"({text})" if power <= strength else text


def _render_number(node: Number) -> str:
    if node.kind is Kind.DATE:
        return (datetime.date(1970, 1, 1) + datetime.timedelta(days=node.value)).isoformat()
    if node.kind is Kind.FLAG:
        return "true" if node.value else "false"
    scale = 1 if node.kind is Kind.NUMBER else 100
    digits = f"{(Decimal(repr(node.value)) * scale).normalize():,f}".replace(",", "_")
    return digits + {Kind.RATIO: "%", Kind.RATE: "% per year"}.get(node.kind, "")
