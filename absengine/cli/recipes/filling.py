"""Words of a recipe's texts become what the user set, what the recipe proposes, or what the deal has."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from absengine.cli.recipes.book import Recipe
from absengine.cli.recipes.facts import Fact
from absengine.errors import Problem, UsageError, Where
from absengine.language.toml import printable
from absengine.language.validation import did_you_mean, one_of

_WORD = re.compile(r"<([\w.]+)>")
_IF = re.compile(r"\s*if ([\w.]+): ")
_EACH = re.compile(r"\s*each (\w+) in (\w+): ")
_NOTHING = re.compile(r", \w+ = (?:\[\])?(?= \}|, )")
_HEADER = re.compile(r"\[([^\[\]]+)\]")
_BARE = re.compile(r"[A-Za-z0-9_-]+")
DEEPEST = 8
"""How often a default may lead to another: recipes need three."""


class Filling:
    """The words of one recipe in one deal; UsageError where one is still open that must be set."""

    def __init__(self, name: str, recipe: Recipe, given: Mapping[str, str], facts: Mapping[str, Fact]) -> None:
        self.name, self.recipe = name, recipe
        defaults = {word: placeholder.default for word, placeholder in recipe.set.items()}
        self.words: dict[str, Fact] = {**facts, **defaults, **given}

    def one(self, word: str) -> str:
        """What a word comes to; empty where nothing is known of it."""
        found = self.words.get(word, "")
        return self.line(found) if isinstance(found, str) else ", ".join(found)

    def line(self, text: str) -> str:
        """A text with its words filled in, defaults of defaults too; a key that comes to nothing is left out."""
        for _ in range(DEEPEST):
            filled = _WORD.sub(self._replace, text)
            if filled == text:
                break
            text = filled
        return _NOTHING.sub("", text)

    def _replace(self, match: re.Match[str]) -> str:
        found = self.words.get(match[1])
        return found if isinstance(found, str) else match[0] if found is None else ", ".join(found)

    def text(self, text: str) -> str:
        """Lines filled in, those of ``each`` repeated, those of an ``if`` that does not hold left out."""
        return "\n".join(filled for line in text.split("\n") for filled in self._lines(line))

    def _lines(self, line: str) -> Iterator[str]:
        if match := _EACH.match(line):
            for value in self.words.get(match[2], ()):
                yield from self._lines(line[match.end() :].replace(f"<{match[1]}>", value))
        elif match := _IF.match(self.line(line)):
            if self.one(match[1]):
                yield from self._lines(self.line(line)[match.end() :])
        else:
            yield _HEADER.sub(_quoted_header, self.line(line), 1) if line.startswith("[") else self.line(line)

    def open_words(self) -> list[Problem]:
        """A problem for each placeholder that neither the user nor the deal gives a value."""
        found = []
        for word, placeholder in self.recipe.set.items():
            if not placeholder.optional and not self.one(word):
                found.append(self.must_be_set(word, "nothing in the deal to take it from"))
        return found

    def must_be_set(self, word: str, found: str) -> Problem:
        placeholder = self.recipe.set[word]
        return Problem("placeholder-open", Where(path=f"--event {self.name}"), f"{found}: '{word}'",
                       f"{placeholder.en} {placeholder.zh}", f"add --set {self.name}.{word}=…")  # fmt: skip


def _quoted_header(match: re.Match[str]) -> str:
    """A table's header as TOML 1.0 wants it: names that are not English letters in quotes."""
    parts = (part if _BARE.fullmatch(part) else f'"{part}"' for part in match[1].split("."))
    return f"[{'.'.join(parts)}]"


def settings(words: list[str], chosen: Mapping[str, Recipe]) -> dict[str, dict[str, str]]:
    """Event → placeholder → value, of words ``name=value`` and ``event.name=value``.

    UsageError names every word that is no setting, that no chosen event has, or that several have.
    """
    found: dict[str, dict[str, str]] = {name: {} for name in chosen}
    problems = []
    for word in words:
        key, equals, value = word.partition("=")
        key, value = key.strip(), value.strip()
        owners = [name for name, recipe in chosen.items() if key.removeprefix(f"{name}.") in recipe.set]
        problem = _misspelt(word, equals, value) or _unowned(key, owners, chosen)
        if problem is not None:
            problems.append(problem)
            continue
        name = owners[0]
        placeholder = key.removeprefix(f"{name}.")
        if placeholder in found[name]:
            problems.append(
                Problem("set-twice", Where(path="--set"), f"'{key}' a second time", "each once", "take one out")
            )
            continue
        found[name][placeholder] = value
    if problems:
        raise UsageError(problems)
    return found


def _misspelt(word: str, equals: str, value: str) -> Problem | None:
    if not equals or not value:
        return Problem(
            "bad-setting", Where(path="--set"), f"'{printable(word)}'", "name=value", "write --set threshold=5%"
        )
    if '"' in value or "\\" in value or not value.isprintable():
        return Problem("bad-setting", Where(path="--set"), f"'{printable(word)}'",
                       "one line of text without \" and \\", "give it plain: it is put in quotes for you")  # fmt: skip
    return None


def _unowned(key: str, owners: list[str], chosen: Mapping[str, Recipe]) -> Problem | None:
    if len(owners) == 1:
        return None
    choices = [word for recipe in chosen.values() for word in recipe.set]
    if not owners:
        return Problem("unknown-placeholder", Where(path="--set"), f"'{printable(key)}'", one_of(sorted(set(choices))),
                       did_you_mean(key.rpartition(".")[2], choices, "absengine new --events lists them"))  # fmt: skip
    return Problem("whose-placeholder", Where(path="--set"), f"'{key}', which {', '.join(owners)} have",
                   "the event's name before it", f"write --set {owners[0]}.{key}=…")  # fmt: skip
