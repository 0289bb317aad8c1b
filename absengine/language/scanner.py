"""Where things stand in a TOML text: a second, position-keeping pass over text that ``tomllib`` accepted.

``tomllib`` gives the data and no places; this scanner gives the places and no data. It is fuzzed against
``tomllib``: for every document the paths it finds are the paths of the data. Offsets count characters of the
text with LF line ends.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from typing import Literal

Path = tuple[str | int, ...]
HeaderKind = Literal["table", "array_table"]
TokenKind = (
    HeaderKind | Literal["close", "key", "dot", "equals", "scalar", "open", "shut", "comma", "comment", "newline"]
)

_SPACE = re.compile(r"[ \t]*")
_COMMENT = re.compile(r"#[^\n]*")
_KEY = re.compile(r'[A-Za-z0-9_-]+|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\'')
_SCALAR = re.compile(
    r'"""(?:\\.|[^\\])*?"{3,5}|\'\'\'.*?\'{3,5}'  # a closing run may hold two quotes of the text itself
    r'|(?!""")"(?:\\.|[^"\\\n])*"|(?!\'\'\')\'[^\'\n]*\''
    r"|[^\s,\[\]{}#=\"'][^,\]}#\n]*",
    re.DOTALL,
)


class ScanError(ValueError):
    """The text is not TOML; ``offset`` is where the scanner could not go on."""

    def __init__(self, offset: int) -> None:
        super().__init__(f"not TOML at character {offset}")
        self.offset = offset


@dataclass(frozen=True, slots=True)
class Token:
    """One piece of the text and the path it belongs to; ``defines`` marks the last part of a key."""

    kind: TokenKind
    start: int
    end: int
    path: Path = ()
    defines: bool = False


def scan(text: str) -> list[Token]:
    """Every token but spaces, in order; for text that ``tomllib`` refuses, :class:`ScanError` or nonsense."""
    return _Scanner(text).document()


def key_text(source: str) -> str:
    """The name a key token stands for: quotes taken off, escapes read."""
    if source[0] == "'":
        return source[1:-1]
    if source[0] != '"':
        return source
    return source[1:-1] if "\\" not in source else str(tomllib.loads(f"key = {source}")["key"])


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.tokens: list[Token] = []
        self.rows: dict[Path, int] = {}  # array of tables -> number of its tables so far

    def document(self) -> list[Token]:
        table: Path = ()
        while True:
            self._blank(table)
            if self.at >= len(self.text):
                return self.tokens
            if self.text.startswith("[", self.at):
                table = self._header()
            else:
                self._pair(table)

    def _take(self, kind: TokenKind, length: int, path: Path, defines: bool = False) -> None:
        self.tokens.append(Token(kind, self.at, self.at + length, path, defines))
        self.at += length

    def _space(self) -> None:
        match = _SPACE.match(self.text, self.at)
        self.at = match.end() if match else self.at

    def _blank(self, path: Path) -> None:
        """Pass over spaces, comments and line ends."""
        while True:
            self._space()
            comment = _COMMENT.match(self.text, self.at)
            if comment:
                self._take("comment", len(comment[0]), path)
            elif self.text.startswith("\n", self.at):
                self._take("newline", 1, path)
            else:
                return

    def _symbol(self, kind: TokenKind, symbol: str, path: Path) -> None:
        self._space()
        if not self.text.startswith(symbol, self.at):
            raise ScanError(self.at)
        self._take(kind, len(symbol), path)

    def _dotted(self) -> list[tuple[int, int]]:
        """Spans of the parts of a key; the tokens follow once the path of the table is known."""
        spans = []
        while True:
            self._space()
            match = _KEY.match(self.text, self.at)
            if not match:
                raise ScanError(self.at)
            spans.append(match.span())
            self.at = match.end()
            self._space()
            if not self.text.startswith(".", self.at):
                return spans
            self.at += 1

    def _name(self, spans: list[tuple[int, int]], base: Path, kind: HeaderKind | None) -> Path:
        """Add the key tokens below ``base``; headers step into the last table of an array of tables."""
        path = base
        for index, (start, end) in enumerate(spans):
            last = index == len(spans) - 1
            if index:
                dot = self.text.index(".", spans[index - 1][1])
                self.tokens.append(Token("dot", dot, dot + 1, path))
            path += (self._read_key(start, end),)
            again = kind == "array_table" and path in self.rows
            self.tokens.append(Token("key", start, end, path, defines=last and not again))
            if kind and not last and path in self.rows:
                path += (self.rows[path] - 1,)
        return path

    def _read_key(self, start: int, end: int) -> str:
        try:
            return key_text(self.text[start:end])
        except tomllib.TOMLDecodeError:
            raise ScanError(start) from None

    def _header(self) -> Path:
        array = self.text.startswith("[[", self.at)
        kind: HeaderKind = "array_table" if array else "table"
        self._take(kind, 2 if array else 1, ())
        spans = self._dotted()
        path = self._name(spans, (), kind)
        if array:  # the same words also define the new row
            self.rows[path] = self.rows.get(path, 0) + 1
            path += (self.rows[path] - 1,)
            self.tokens.append(Token("key", *spans[-1], path, defines=True))
        self._symbol("close", "]]" if array else "]", path)
        return path

    def _pair(self, table: Path) -> None:
        spans = self._dotted()
        path = self._name(spans, table, None)
        self._symbol("equals", "=", path)
        self._space()
        self._value(path)

    def _value(self, path: Path) -> None:
        if self.text.startswith("[", self.at):
            self._array(path)
        elif self.text.startswith("{", self.at):
            self._inline_table(path)
        else:
            match = _SCALAR.match(self.text, self.at)
            if not match:
                raise ScanError(self.at)
            self._take("scalar", len(match[0].rstrip()), path)

    def _array(self, path: Path) -> None:
        self._take("open", 1, path)
        index = 0
        while True:
            self._blank(path)
            if self.text.startswith("]", self.at):
                return self._take("shut", 1, path)
            self._value((*path, index))
            index += 1
            self._blank(path)
            if not self.text.startswith("]", self.at):
                self._symbol("comma", ",", path)

    def _inline_table(self, path: Path) -> None:
        self._take("open", 1, path)
        while True:
            self._blank(path)
            if self.text.startswith("}", self.at):
                return self._take("shut", 1, path)
            self._pair(path)
            self._blank(path)
            if not self.text.startswith("}", self.at):
                self._symbol("comma", ",", path)
