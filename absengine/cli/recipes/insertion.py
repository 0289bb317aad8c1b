"""A recipe in a deal file: text is put in, nothing else changes by a byte, and the result is a deal that loads."""

from __future__ import annotations

import bisect
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path as File
from typing import Any

from absengine.cli.recipes.book import KeyText, Missing, Recipe, StepText
from absengine.cli.recipes.facts import facts
from absengine.cli.recipes.filling import Filling
from absengine.deal.aliases import ALIASES
from absengine.deal.load import Deal, assemble
from absengine.deal.nouns import DealFile
from absengine.errors import DealError, Problem, Problems, UsageError, Where
from absengine.language.format import fmt
from absengine.language.scanner import Path, Token, scan
from absengine.language.toml import Document, parse
from absengine.language.validation import did_you_mean, free_paths, one_of

Edit = tuple[int, str]
"""Where in the text (LF line ends), and what is put in there."""


@dataclass(frozen=True)
class Draft:
    """A deal file as it stands, or would stand: ``raw`` is its text with the line ends it has."""

    file: File
    raw: str

    @cached_property
    def deal(self) -> Deal:
        """The deal; DealError with every problem."""
        return assemble(self.file, parse(self.raw, str(self.file), DealError))

    @cached_property
    def document(self) -> Document:
        """Data under English keys, and places; nothing of it checked."""
        return parse(self.raw, str(self.file), DealError).translated(ALIASES, DealError, free_paths(DealFile))

    @cached_property
    def tokens(self) -> list[Token]:
        return scan(self.document.text)

    def end(self, path: Path) -> int:
        """Where the value at a path ends in the text."""
        start = self.document.values[path]
        index = next(index for index, token in enumerate(self.tokens) if token.start == start and token.kind != "key")
        opened = self.tokens[index]
        if opened.kind == "scalar":
            return opened.end
        return next(t.end for t in self.tokens[index + 1 :] if t.kind == "shut" and t.path == opened.path)

    def with_edits(self, edits: list[Edit]) -> Draft:
        """The same text with more in it; line ends as the file has them."""
        breaks = [match.start() - count for count, match in enumerate(re.finditer("\r\n", self.raw))]
        raw, edits = self.raw, sorted(edits, key=lambda edit: edit[0])
        for offset, text in reversed(edits):
            place = offset + bisect.bisect_left(breaks, offset)
            raw = raw[:place] + (text.replace("\n", "\r\n") if breaks else text) + raw[place:]
        return Draft(self.file, raw)


def insert(draft: Draft, name: str, recipe: Recipe, given: Mapping[str, str]) -> Draft:
    """The deal with one recipe in it, checked.

    UsageError where a placeholder is open, DealError where the deal lacks what the recipe needs, has its names already,
    or would be refused with it.
    """
    known = facts(draft.deal.file)
    place = Where(str(draft.file), path=f"--event {name}")
    lacking = [
        Problem("recipe-needs", place, f"a deal without {need.en}", need.en, need.todo)
        for need in recipe.need
        if not known.get(need.fact)
    ]
    if lacking:
        raise DealError(lacking)
    filling = Filling(name, recipe, given, known)
    if opened := filling.open_words():
        raise UsageError(opened)
    _refuse_taken(draft, filling)
    draft = draft.with_edits([edit for piece in recipe.missing for edit in _missing(draft, filling, piece)])
    edits = [edit for step in recipe.step for edit in _steps(draft, filling, step)]
    edits += [_key(draft, filling, key) for key in recipe.key]
    edits += _beside(draft, filling)
    edits.append((len(draft.document.text), _gap(draft.document.text) + _layout(filling, recipe.tables)))
    draft = draft.with_edits(edits)
    assemble(draft.file, parse(draft.raw, f"{draft.file} with {name}", DealError))
    return draft


def _refuse_taken(draft: Draft, filling: Filling) -> None:
    """A table of the recipe that the deal has already: named by the placeholder that can rename it."""
    problems = Problems()
    for top, entries in parse(filling.text(filling.recipe.tables), f"--event {filling.name}", DealError).data.items():
        for entry in entries:
            if entry in draft.document.data.get(top, {}):
                words = [word for word in filling.recipe.set if filling.one(word) == entry]
                todo = f"add --set {filling.name}.{words[0]}=another_name" if words else "rename the deal's own"
                problems.add("name-taken", draft.deal.where((top, entry)), f"[{top}.{entry}], which the recipe "
                             f"{filling.name} would add", "a name the deal does not use yet", todo)  # fmt: skip
    problems.refuse(DealError)


def _missing(draft: Draft, filling: Filling, piece: Missing) -> Iterator[Edit]:
    """A table the deal lacks, at the end, or ahead of stages that come later in the life of a plan."""
    path = tuple(filling.line(piece.path).split("."))
    held: Any = draft.document.data
    for part in path:
        held = held.get(part) if isinstance(held, dict) else None
    if held is not None:
        return
    if piece.needs is not None and not filling.one(piece.needs):
        stands = list(draft.document.data.get(path[0], {}))
        problem = filling.must_be_set(piece.needs, f"no [{'.'.join(path)}] in the deal")
        todo = did_you_mean(path[-1], stands, problem.todo)
        raise UsageError(Problem(problem.code, problem.where, problem.found, problem.allowed, todo))
    text = _layout(filling, piece.text)
    before = _stage_behind(draft, filling, piece) if path[0] == "stage" else None
    if before is None:
        yield len(draft.document.text), _gap(draft.document.text) + text
    else:
        yield _above(draft.document.text, draft.document.keys["stage", before]), f"{text}\n"


def _stage_behind(draft: Draft, filling: Filling, piece: Missing) -> str | None:
    """The first stage of the deal that comes later than the new one; UsageError for a stage it does not have."""
    stages = draft.deal.file.stage
    asked = filling.one("before")
    if asked and asked not in stages:
        problem = filling.must_be_set("before", f"no stage '{asked}'")
        raise UsageError(Problem("unknown-stage", problem.where, f"'{asked}'", one_of(stages),
                                 did_you_mean(asked, stages, "name a stage of the deal")))  # fmt: skip
    return asked or next((name for name in stages if name in piece.ahead_of), None)


def _above(text: str, offset: int) -> int:
    """Start of the line, and of the comment lines right above it."""
    start = text.rfind("\n", 0, offset) + 1
    while start and text[text.rfind("\n", 0, start - 1) + 1 : start].startswith("#"):
        start = text.rfind("\n", 0, start - 1) + 1
    return start


def _layout(filling: Filling, text: str) -> str:
    """Tables of the recipe, filled in; DealError where what the user set makes them no TOML."""
    filled = filling.text(text)
    parse(filled, f"--event {filling.name}", DealError)
    return fmt(filled)


def _gap(text: str) -> str:
    return "\n" if text.endswith("\n") else "\n\n"


def _steps(draft: Draft, filling: Filling, piece: StepText) -> Iterator[Edit]:
    """One more step in every stage, in the form the stage's list has."""
    step = filling.line(piece.text)
    for stage, terms in draft.document.data["stage"].items():
        path: Path = ("stage", stage, "step")
        index = _FIRST[piece.at](terms["step"])
        if (*path, 0) not in draft.document.values:
            yield _as_table(draft, path, index, step)
        elif index < len(terms["step"]):
            start = draft.document.values[*path, index]
            yield start, f"{step},{_indent(draft.document.text, start)}"
        else:
            last = (*path, index - 1)
            yield draft.end(last), f",{_indent(draft.document.text, draft.document.values[last])}{step}"


def _first_pay(steps: list[dict[str, Any]]) -> int:
    return next((index for index, step in enumerate(steps) if step["do"] == "pay"), len(steps))


def _first_after_notes(steps: list[dict[str, Any]]) -> int:
    """Where a provider is repaid: beside other repayments, else before what is left goes to residuals or purchases."""

    def last(step: dict[str, Any]) -> bool:
        return step["do"] in ("repay", "buy") or any(name.startswith("residual.") for name in step.get("what", ()))

    return next((index for index, step in enumerate(steps) if last(step)), len(steps))


_FIRST = {"pay": _first_pay, "repay": _first_after_notes}


def _indent(text: str, start: int) -> str:
    """Line break and indentation of the element at ``start``; a space where others stand before it on its line."""
    before = text[text.rfind("\n", 0, start) + 1 : start]
    return " " if before.strip() else f"\n{before}"


def _as_table(draft: Draft, path: Path, index: int, step: str) -> Edit:
    """The step as a ``[[stage.x.step]]`` of its own, under the header its neighbours have."""
    text, keys = draft.document.text, draft.document.keys
    found = tomllib.loads(f"step = {step}")["step"]
    some = keys[*path, min(index, len(draft.document.data["stage"][path[1]]["step"]) - 1)]
    header = text[text.rfind("[[", 0, some) : text.index("]]", some) + 2]
    lines = [f"{key} = {_value(value)}" for key, value in found.items()]
    block = "\n".join([header, *lines, ""])
    if (*path, index) in keys:
        return _above(text, keys[*path, index]), f"{block}\n"
    later = (token.start for token in draft.tokens if token.kind in ("table", "array_table") and token.start > some)
    start = next(later, None)
    return (len(text), _gap(text) + block) if start is None else (_above(text, start), f"{block}\n")


def _value(value: str | list[str]) -> str:
    return f'"{value}"' if isinstance(value, str) else "[" + ", ".join(f'"{item}"' for item in value) + "]"


def _key(draft: Draft, filling: Filling, piece: KeyText) -> Edit:
    """A key of a table right under its header, or one more element of the array it has."""
    document, value = draft.document, filling.line(piece.value)
    path: Path = (piece.table, piece.key)
    held = document.data[piece.table].get(piece.key)
    if held and piece.many:
        return draft.end((*path, len(held) - 1)), f", {value}"
    where = document.where(path if held is not None else (piece.table,))
    if held is not None:
        raise DealError(Problem("key-taken", where, f"'{piece.key}', which the recipe {filling.name} would add",
                                f"[{piece.table}] without it", "join both conditions by hand"))  # fmt: skip
    text = document.text
    line_end = text.find("\n", document.keys[piece.table,])
    start = text.rfind("\n", 0, line_end) + 1
    if not text[start:].lstrip().startswith("[") or line_end < 0:
        raise DealError(Problem("table-form", where, f"{piece.table} = {{ … }}", f"a table under [{piece.table}]",
                                "write it as a table of its own"))  # fmt: skip
    return line_end + 1, f"{piece.key} = {f'[{value}]' if piece.many else value}\n"


def _beside(draft: Draft, filling: Filling) -> Iterator[Edit]:
    """A helper more, right after the one named, wherever steps call that one."""
    if filling.recipe.beside is None:
        return
    one, other = filling.line(filling.recipe.beside), filling.line(filling.recipe.beside_text)
    for stage, terms in draft.document.data["stage"].items():
        for index, step in enumerate(terms["step"]):
            for part in ("then", *(["what"] if step["do"] == "draw" else [])):
                for place, helper in enumerate(step.get(part, ())):
                    if helper == one:
                        yield draft.end(("stage", stage, "step", index, part, place)), f', "{other}"'
