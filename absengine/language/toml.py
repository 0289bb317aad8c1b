"""TOML files with places: ``tomllib`` reads the data, the scanner says on which line and column a key stands.

Refused before parsing: files over 1 MB, nesting over 64 levels, text that is not UTF-8 (a hostile file must not
make the parser recurse or run for minutes). Syntax errors carry line and column; ``tomllib`` stops at the first.
"""

from __future__ import annotations

import bisect
import pathlib
import re
import tomllib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from absengine.errors import InputError, Problem, Problems, Where, unreadable
from absengine.language.scanner import Path, ScanError, Token, scan

MAX_BYTES = 1_000_000
MAX_NESTING = 64
EVERY = "*"
"""Stands for any one part in a path pattern."""

_BARE = re.compile(r"\w+(?:-\w+)*")
_PLACE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
_LEXEMES = re.compile(
    r'"""(?:\\.|[^\\])*?(?:"""|\Z)|\'\'\'.*?(?:\'\'\'|\Z)'
    r'|"(?:\\.|[^"\\\n])*"?|\'[^\'\n]*\'?|#[^\n]*|(?P<mark>[\[\]{}=,.\n])',
    re.DOTALL,
)
_HINTS = (
    (re.compile("[“”‘’]"), 'use straight quotes " instead of “ ”'),
    (re.compile("[，＝：［］｛｝]"), "use half-width , = [ ] { } outside of texts"),
    (re.compile(r"[^\x00-\x7f]"), 'put keys that are not English letters in quotes: "名称" = …'),
)


def printable(text: str) -> str:
    """Text safe to show in a terminal: control characters become �."""
    return "".join(character if character.isprintable() else "�" for character in text)


def dotted(path: Iterable[str | int]) -> str:
    """A path as a reader writes it: ``stage.amortising.step[2].what``."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += ("." if text else "") + (part if _BARE.fullmatch(part) else f'"{printable(part)}"')
    return text


@dataclass(frozen=True)
class Document:
    """A TOML file: its data, and the place of every key and value in it.

    ``text`` has LF line ends and no byte order mark. Paths count array elements from 0.
    """

    file: str
    text: str
    data: dict[str, Any]
    keys: Mapping[Path, int]  # offset of the key (of the value, for an array element)
    values: Mapping[Path, int]  # offset of the first character of the value

    @cached_property
    def _lines(self) -> list[int]:
        return [0, *(match.end() for match in re.finditer("\n", self.text))]

    def _where(self, offset: int, path: Path) -> Where:
        line = bisect.bisect_right(self._lines, offset)
        return Where(self.file, line, offset - self._lines[line - 1] + 1, path=dotted(path))

    def where(self, path: Path) -> Where:
        """Place of a key or array element, or of the nearest table above it that the file does hold."""
        return self._where(self.keys[self._known(path, self.keys)], path)

    def value_where(self, path: Path) -> Where:
        """Place of the first character of a value; inside the quotes where the value is a text."""
        if path not in self.values:
            return self.where(path)
        offset = self.values[path]
        for quotes in ('"""', "'''", '"', "'"):
            if self.text.startswith(quotes, offset):
                offset += len(quotes)
                offset += len(quotes) == 3 and self.text.startswith("\n", offset)
                break
        return self._where(offset, path)

    @staticmethod
    def _known(path: Path, places: Mapping[Path, int]) -> Path:
        while path not in places:
            path = path[:-1]
        return path

    def translated(self, aliases: Mapping[str, str], error: type[InputError], free: Collection[Path] = ()) -> Document:
        """The same document with each Chinese key replaced by its English one.

        ``free`` are the (English) paths of tables whose keys are the user's own names, such as
        ``("tranche",)`` or ``("scenario", EVERY, "set")``: those keys are left alone (see
        ``validation.free_paths``). Both spellings of one key in one table are refused.
        """
        translation = _Translation(self, Vocabulary(aliases, free))
        data = translation.of(self.data, (), ())
        translation.problems.refuse(error)
        keys = {translation.renamed.get(path, path): offset for path, offset in self.keys.items()}
        values = {translation.renamed.get(path, path): offset for path, offset in self.values.items()}
        return Document(self.file, self.text, data, keys, values)


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Chinese keys and their English ones, and the tables (path patterns) whose keys are the user's own."""

    aliases: Mapping[str, str] = field(default_factory=dict)
    free: Collection[Path] = ()

    def english(self, table: Path, key: str) -> str:
        """The English key for a key that stands in ``table`` (an English path)."""
        own = any(_matches(table, pattern) for pattern in self.free)
        return key if own else self.aliases.get(key, key)


def _matches(path: Path, pattern: Path) -> bool:
    pairs = zip(path, pattern, strict=False)
    return len(path) == len(pattern) and all(word in (EVERY, part) for part, word in pairs)


class _Translation:
    """One walk over a document's data: the translated data, the new path of each old one, keys given twice."""

    def __init__(self, document: Document, words: Vocabulary) -> None:
        self.document, self.words = document, words
        self.renamed: dict[Path, Path] = {}
        self.problems = Problems()

    def of(self, value: Any, old: Path, new: Path) -> Any:
        self.renamed[old] = new
        if isinstance(value, list):
            return [self.of(item, (*old, row), (*new, row)) for row, item in enumerate(value)]
        return self._table(value, old, new) if isinstance(value, dict) else value

    def _table(self, table: dict[str, Any], old: Path, new: Path) -> dict[str, Any]:
        found: dict[str, Any] = {}
        spelled: dict[str, str] = {}
        for key, item in table.items():
            english = self.words.english(new, key)
            if english not in found:
                spelled[english] = key
                found[english] = self.of(item, (*old, key), (*new, english))
                continue
            self.problems.add(
                "repeated-key",
                self.document.where((*old, key)),
                f"both '{spelled[english]}' and '{key}'",
                f"'{english}' once",
                "remove one of them: they are two spellings of the same key",
            )
        return found


def read(path: pathlib.Path, error: type[InputError]) -> Document:
    """Read a TOML file, or raise ``error`` with the place of what is wrong."""
    file = str(path)
    try:
        with path.open("rb") as stream:
            raw = stream.read(MAX_BYTES + 1)
    except OSError as cause:
        problem = Problem("unreadable-file", Where(file), unreadable(cause), "a readable TOML file", "check the path")
        raise error(problem) from None
    if len(raw) > MAX_BYTES:
        todo = "put rows of numbers in a CSV file and name it here"
        raise error(Problem("file-too-large", Where(file), "more than 1 MB", "at most 1 MB of TOML", todo))
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as cause:
        where = Where(file, raw.count(b"\n", 0, cause.start) + 1)
        found, todo = f"the byte 0x{raw[cause.start]:02x}", "save the file as UTF-8 (not GBK, GB18030 or UTF-16)"
        raise error(Problem("not-utf8", where, found, "text in UTF-8", todo)) from None
    return parse(text, file, error)


def parse(text: str, file: str, error: type[InputError]) -> Document:
    """Parse TOML text; ``file`` is the name used in places."""
    text = text.replace("\r\n", "\n")
    _refuse_nesting(text, file, error)
    try:
        data = tomllib.loads(text + "\n")
        tokens = scan(text)
    except (ValueError, RecursionError, OverflowError) as cause:
        raise error(_syntax_problem(text, file, cause)) from None
    keys, values = _places(tokens)
    return Document(file, text, data, keys, values)


def _places(tokens: Iterable[Token]) -> tuple[dict[Path, int], dict[Path, int]]:
    """Offsets of keys and values; a key's own definition wins over its mention inside a longer dotted key."""
    keys: dict[Path, int] = {(): 0}
    values: dict[Path, int] = {}
    defined: set[Path] = set()
    for token in tokens:
        if token.kind == "key":
            if token.path not in keys or (token.defines and token.path not in defined):
                keys[token.path] = token.start
            if token.defines:
                defined.add(token.path)
        elif token.kind in ("scalar", "open"):
            values[token.path] = token.start
            keys.setdefault(token.path, token.start)
    return keys, values


def _refuse_nesting(text: str, file: str, error: type[InputError]) -> None:
    """Refuse brackets or dotted keys too deep for a parser that recurses; strings and comments do not count."""
    brackets = dots = 0
    for match in _LEXEMES.finditer(text):
        mark = match["mark"]
        if mark is None:
            continue
        brackets += (mark in "[{") - (mark in "]}")
        dots = dots + 1 if mark == "." else 0
        if max(brackets, dots) > MAX_NESTING:
            where = _at(text, file, match.start())
            allowed = f"at most {MAX_NESTING} levels of brackets or dots"
            raise error(
                Problem("nested-too-deep", where, f"more than {MAX_NESTING} levels", allowed, "flatten the file")
            )


def _at(text: str, file: str, offset: int) -> Where:
    return Where(file, text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset))


def _syntax_problem(text: str, file: str, cause: Exception) -> Problem:
    """The parser's message in four parts; "at end of document" becomes the place of the value left open."""
    message = str(cause) if isinstance(cause, tomllib.TOMLDecodeError) else "a number or structure out of bounds"
    match = _PLACE.search(message)
    where = Where(file, int(match[1]), int(match[2])) if match and match[1] else None
    if where is None or (where.line or 0) > text.count("\n") + 1:
        where = _at(text, file, _stop(text))
    message = message[: match.start()] if match else message
    if message.startswith(("Cannot ", "Duplicate ")):
        return _repeated(text, where)
    line = text.split("\n")[(where.line or 1) - 1]
    code = re.sub(r'"(?:\\.|[^"\\])*"|\'[^\']*\'|#.*', "", line)
    todo = next((hint for pattern, hint in _HINTS if pattern.search(code)), "correct this line")
    return Problem("syntax-error", where, f"`{printable(line.strip()[:60])}` ({message})", "TOML 1.0", todo)


def _stop(text: str) -> int:
    """Where the scanner stops in text the parser has refused, at the latest the last character."""
    try:
        scan(text)
    except ScanError as cause:
        return min(cause.offset, max(len(text) - 1, 0))
    return max(len(text.rstrip()) - 1, 0)


def _repeated(text: str, where: Where) -> Problem:
    """A key or table given twice: named with the line of its first appearance, where the scanner can tell."""
    allowed, todo = "each key and table once", "merge the two or remove one"
    first: dict[Path, int] = {}
    for token in _definitions(text):
        if token.path in first:
            again, before = (_at(text, where.file, offset) for offset in (token.start, first[token.path]))
            key = dotted(token.path)
            return Problem("repeated-key", again.at(key), f"'{key}' a second time (first on line {before.line})",
                           allowed, todo)  # fmt: skip
        first[token.path] = token.start
    return Problem("repeated-key", where, "a key or table given twice", allowed, todo)


def _definitions(text: str) -> list[Token]:
    try:
        return [token for token in scan(text) if token.kind == "key" and token.defines]
    except ScanError:
        return []
