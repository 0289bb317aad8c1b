"""What a TOML file states, term by term, with the remark its author wrote at the end of the line.

Deal files mark each term there: published, derived, assumed. The assumption register is these lines, no second list.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from absengine.language.scanner import Path, scan
from absengine.language.toml import Document, dotted


@dataclass(frozen=True, slots=True)
class Term:
    """One stated value: its path, the value as text, the remark on its line ('' if none)."""

    path: Path
    value: str
    remark: str

    @property
    def name(self) -> str:
        return dotted(self.path)


def terms(document: Document) -> list[Term]:
    """Every value of the file in its order; an array of plain values is one term."""
    remarks = _remarks(document.text)
    return [
        Term(path, _text(value), remarks.get(document.where(path).line or 0, ""))
        for path, value in _leaves(document.data, ())
    ]


def _leaves(value: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    if isinstance(value, dict):
        for key, part in value.items():
            yield from _leaves(part, (*path, key))
    elif isinstance(value, list) and any(isinstance(part, dict) for part in value):
        for index, part in enumerate(value):
            yield from _leaves(part, (*path, index))
    else:
        yield path, value


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(_text(part) for part in value)
    if isinstance(value, float | int) and not isinstance(value, bool):
        return f"{value:_}"
    return str(value)


def _remarks(text: str) -> dict[int, str]:
    """Line → the comment that ends it; a comment on a line of its own belongs to no term."""
    found = {}
    for token in scan(text):
        before = text.rfind("\n", 0, token.start) + 1
        if token.kind == "comment" and text[before : token.start].strip():
            found[text.count("\n", 0, token.start) + 1] = text[token.start : token.end].lstrip("# ").rstrip()
    return found
