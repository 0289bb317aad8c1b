"""The base of registries of words: verbs, trigger effects.

A registry yields the words a parser accepts, their Chinese names and their documentation. Rooms derive their own entry
from :class:`Entry` to add what they need (a form, a handler)::

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Verb(Entry):
        compile: Callable[[StepContext], None]

    VERBS = Registry("verb", [Verb(key="pay", zh="支付", doc_en="…", doc_zh="…", compile=_pay)])
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar


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
        """The words a parser accepts, in order."""
        return tuple(self._entries)
