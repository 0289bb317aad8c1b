"""One registry per concept: verbs, formula names, fee kinds, trigger effects, asset kinds, tape fields.

A registry yields the words a parser accepts, their Chinese names, their documentation and the nearest spelling of
a wrong word. Rooms derive their own entry from :class:`Entry` to add what they need (an opcode, a handler, a kind)::

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Verb(Entry):
        templates: tuple[str, str]

    VERBS = Registry("verb", [Verb(key="pay", zh="支付", doc_en="…", doc_zh="…", templates=("…", "…"))])
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from absengine.errors import Problems, Where
from absengine.language.validation import did_you_mean, nearest, one_of, show


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One word of the language: its key, its Chinese name, and one line of documentation in each language."""

    key: str
    zh: str
    doc_en: str
    doc_zh: str


_Entry = TypeVar("_Entry", bound=Entry)


class Registry(Generic[_Entry]):
    """Entries of one concept, in the order given. Built once at import; a half-documented entry does not build."""

    def __init__(self, concept: str, entries: Iterable[_Entry]) -> None:
        self.concept = concept
        self._entries: dict[str, _Entry] = {}
        for entry in entries:
            self._add(entry)

    def _add(self, entry: _Entry) -> None:
        blank = [name for name in ("key", "zh", "doc_en", "doc_zh") if not getattr(entry, name).strip()]
        if blank:
            raise ValueError(f"{self.concept} '{entry.key}' lacks {', '.join(blank)}")
        if entry.key in self._entries or any(entry.zh == other.zh for other in self):
            raise ValueError(f"{self.concept} '{entry.key}' ({entry.zh}) is registered twice")
        self._entries[entry.key] = entry

    def __iter__(self) -> Iterator[_Entry]:
        return iter(self._entries.values())

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, key: object) -> bool:
        return key in self._entries

    def __getitem__(self, key: str) -> _Entry:
        """The entry of a key known to exist; KeyError is our own mistake."""
        return self._entries[key]

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(self._entries)

    @property
    def aliases(self) -> dict[str, str]:
        """Chinese name -> key, ready for ``Document.translated``."""
        return {entry.zh: entry.key for entry in self}

    def nearest(self, word: str) -> str | None:
        """The key closest to a word; a Chinese name leads to its key."""
        return self.aliases.get(word) or nearest(word, self._entries)

    def look_up(self, word: str, where: Where, problems: Problems) -> _Entry | None:
        """The entry of a word the user wrote; where there is none, add a problem and return None."""
        entry = self._entries.get(word)
        if entry is None:
            todo = f"write '{self.aliases[word]}'" if word in self.aliases else did_you_mean(word, self._entries)
            code = f"unknown-{self.concept.replace(' ', '-')}"
            problems.add(code, where, f"the unknown {self.concept} {show(word)}", one_of(self._entries), todo)
        return entry

    def table(self) -> tuple[tuple[str, str, str, str], ...]:
        """Rows of key, Chinese name, English and Chinese documentation, to print."""
        return tuple((entry.key, entry.zh, entry.doc_en, entry.doc_zh) for entry in self)
