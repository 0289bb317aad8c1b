"""``fmt``: one layout for every deal and pack. Keys become English, spacing even, steps line up; nothing else changes.

Comments stay byte for byte, values too, and so do the user's line breaks in arrays (a vector of twelve numbers a line
stays one). Formatting twice changes nothing more, and the data stays the same but for translated keys.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field

from absengine.language.scanner import Path, Token, key_text, scan
from absengine.language.toml import Vocabulary

INDENT = "  "
MAX_PADDING = 60
_BARE = re.compile(r"[A-Za-z0-9_-]+")


def fmt(text: str, words: Vocabulary | None = None) -> str:
    """The formatted text of a file that has been read without a problem; ``words`` translates Chinese keys."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    return _Writer(text, words or Vocabulary()).document()


@dataclass(slots=True)
class _Piece:
    """A formatted value; an inline table also keeps its cells, so that rows of tables can line up."""

    text: str
    keys: tuple[str, ...] = ()
    cells: tuple[str, ...] = ()
    comma: bool = False


@dataclass(slots=True)
class _Line:
    """One line inside an array: values, then perhaps a comment with the gap before it."""

    pieces: list[_Piece] = field(default_factory=list)
    comment: str = ""


class _Writer:
    def __init__(self, text: str, words: Vocabulary) -> None:
        self.text, self.words = text, words
        self.tokens = scan(text)
        self.index = 0
        self.english: dict[Path, Path] = {(): ()}

    def more(self) -> bool:
        return self.index < len(self.tokens)

    @property
    def next(self) -> Token:
        return self.tokens[self.index]

    def take(self) -> Token:
        self.index += 1
        return self.tokens[self.index - 1]

    def source(self, token: Token) -> str:
        return self.text[token.start : token.end]

    def document(self) -> str:
        lines = [""]
        while self.more():
            token = self.next
            if token.kind == "newline":
                self.take()
                lines.append("")
            elif token.kind == "comment":
                lines[-1] += self.comment(bool(lines[-1]))
            elif token.kind in ("table", "array_table"):
                lines[-1] += self.header()
            else:
                lines[-1] += self.pair(0)[1]
        return "".join(f"{line}\n" for line in _few_blanks(lines))

    def comment(self, after: bool) -> str:
        """A comment; behind something on its line the gap the user left stays (two spaces where there was none)."""
        token = self.take()
        gap = self.text[self.tokens[self.index - 2].end : token.start] if after else ""
        return (gap or "  " if after else "") + self.source(token)

    def header(self) -> str:
        opening = self.source(self.take())
        key = self.key()
        if self.next.kind == "key":
            self.take()  # the scanner marks the new row of an array of tables once more
        closing = self.source(self.take())
        return f"{opening}{key}{closing}"

    def key(self) -> str:
        parts = [self.word(self.take())]
        while self.next.kind == "dot":
            self.take()
            parts.append(self.word(self.take()))
        return ".".join(parts)

    def word(self, token: Token) -> str:
        """A part of a key: translated where it stands for a fixed word, without quotes where it needs none."""
        source = self.source(token)
        english = str(self.translated(token.path)[-1])
        return english if _BARE.fullmatch(english) or english != key_text(source) else source

    def translated(self, path: Path) -> Path:
        if path not in self.english:
            table, last = self.translated(path[:-1]), path[-1]
            self.english[path] = (*table, last if isinstance(last, int) else self.words.english(table, last))
        return self.english[path]

    def pair(self, depth: int) -> tuple[str, str]:
        key = self.key()
        self.take()
        return key, f"{key} = {self.value(depth).text}"

    def value(self, depth: int) -> _Piece:
        token = self.next
        if token.kind == "scalar":
            return _Piece(self.source(self.take()))
        if self.text[token.start] == "[":
            return _Piece(self.array(depth))
        return self.table(depth)

    def table(self, depth: int) -> _Piece:
        start = self.take()
        cells: list[tuple[str, str]] = []
        plain = True
        while self.next.kind != "shut":
            if self.next.kind == "key":
                cells.append(self.pair(depth))
            else:
                plain &= self.take().kind == "comma"
        end = self.take()
        if not plain:  # line breaks inside an inline table (TOML 1.1): leave it as the user wrote it
            return _Piece(self.text[start.start : end.end])
        texts = tuple(text for _, text in cells)
        return _Piece(_braced(texts), tuple(key for key, _ in cells), texts)

    def array(self, depth: int) -> str:
        self.take()
        lines = [_Line()]
        while self.next.kind != "shut":
            match self.next.kind:
                case "newline":
                    self.take()
                    lines.append(_Line())
                case "comment":
                    lines[-1].comment = self.comment(bool(lines[-1].pieces) or len(lines) == 1)
                case "comma":
                    self.take()
                    next(line for line in reversed(lines) if line.pieces).pieces[-1].comma = True
                case _:
                    lines[-1].pieces.append(self.value(depth + 1))
        self.take()
        if len(lines) == 1:
            return f"[{', '.join(piece.text for piece in lines[0].pieces)}]"
        return self.rows(lines, depth)

    def rows(self, lines: list[_Line], depth: int) -> str:
        """An array over several lines; what follows ``[`` on its line is a comment or moves to the next line."""
        head = "["
        if not lines[0].pieces:
            head += lines.pop(0).comment
        _line_up([line.pieces[0] for line in lines if len(line.pieces) == 1 and line.pieces[0].cells])
        shown = [_joined(line) for line in lines]
        body = [f"{INDENT * (depth + 1)}{text}" if text else "" for text in _few_blanks(shown)]
        return "\n".join([head, *body, f"{INDENT * depth}]"])


def _joined(line: _Line) -> str:
    text = " ".join(piece.text + ("," if piece.comma else "") for piece in line.pieces)
    return text + line.comment


def _braced(cells: tuple[str, ...]) -> str:
    return "{ " + ", ".join(cells) + " }" if cells else "{}"


def _width(text: str) -> int:
    """Columns a text takes where Chinese characters are twice as wide as Latin ones."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def _line_up(rows: list[_Piece]) -> None:
    """Pad the cells of tables under each other, as far as all rows have the same keys in the same order."""
    if len(rows) < 2 or any("\n" in row.text for row in rows):
        return
    padded = [list(row.cells) for row in rows]
    for column in range(1, max(len(row.cells) for row in rows)):
        reaching = [index for index, row in enumerate(rows) if len(row.cells) > column]
        if len({rows[index].keys[: column + 1] for index in reaching}) > 1:
            break
        widths = [_width(rows[index].cells[column - 1]) for index in reaching]
        if max(widths) - min(widths) > MAX_PADDING:
            break
        for index, width in zip(reaching, widths, strict=True):
            padded[index][column] = " " * (max(widths) - width) + padded[index][column]
    for row, cells in zip(rows, padded, strict=True):
        row.text = _braced(tuple(cells))


def _few_blanks(lines: list[str]) -> list[str]:
    """No blank lines at the ends, and at most one between others."""
    kept: list[str] = []
    for line in lines:
        if line or (kept and kept[-1]):
            kept.append(line)
    while kept and not kept[-1]:
        kept.pop()
    return kept
