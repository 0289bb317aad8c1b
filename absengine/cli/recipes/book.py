"""The recipes that come with the package: one TOML file each, beside this module.

A recipe (domain §5.3) says what it is called and does, what may be set, and the text it inserts:

- ``tables``: appended to the deal; a name the deal has already is refused.
- ``[[missing]]``: a table written only where the deal lacks it, a stage ahead of the stages named in ``ahead_of``.
- ``[[step]]``: a step for every stage, before its first ``pay`` (``pay``) or where repayments stand (``repay``).
- ``[[key]]``: a key of a table the deal has; an array gets one element more.
- ``beside``: a support; ``beside_text`` is named after it wherever steps call it.

In texts ``<word>`` is a placeholder or a fact of the deal (``facts``). A line that begins with ``if word:`` is written
where the word is not empty, one that begins with ``each word:`` once for each of a list (``each junior in juniors:``).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Literal

from pydantic import Field

from absengine.errors import InputError, Problems
from absengine.language.toml import parse
from absengine.language.validation import Many, Table, validate


class Placeholder(Table):
    """What a user may set: ``default`` may hold facts and other placeholders.

    One that comes to nothing must be set, unless it is optional.
    """

    default: str = ""
    optional: bool = False
    en: str
    zh: str


class Missing(Table):
    """A table written only where the deal lacks it; ``needs`` is a placeholder without which it cannot be written."""

    path: str
    text: str
    needs: str | None = None
    ahead_of: Many[str] = ()


class StepText(Table):
    """A step for every stage of the deal."""

    at: Literal["pay", "repay"]
    text: str


class KeyText(Table):
    """A key for a table of the deal."""

    table: str
    key: str
    value: str
    many: bool = False


class Need(Table):
    """A fact that must not be empty, and what to do where it is."""

    fact: str
    en: str
    todo: str


class Recipe(Table):
    """One recipe; ``order`` is its place among several that are inserted at once."""

    schema_name: Literal["absengine.recipe/1"] = Field(alias="schema")
    order: int
    title: str
    zh: str
    en: str
    doc_zh: str
    source: str
    need: Many[Need] = ()
    set: dict[str, Placeholder]
    tables: str
    missing: Many[Missing] = ()
    step: Many[StepText] = ()
    key: Many[KeyText] = ()
    beside: str | None = None
    beside_text: str = ""


@cache
def recipes() -> Mapping[str, Recipe]:
    """Name → recipe, in the order of their files' ``order``."""
    folder = files("absengine.cli.recipes")
    found = {
        item.name.removesuffix(".toml"): _read(item.name, item.read_text(encoding="utf-8"))
        for item in folder.iterdir()
        if item.name.endswith(".toml")
    }
    return dict(sorted(found.items(), key=lambda pair: (pair[1].order, pair[0])))


def _read(name: str, text: str) -> Recipe:
    document = parse(text, name, InputError)
    problems = Problems()
    recipe = validate(Recipe, document.data, document.where, problems)
    problems.refuse(InputError)
    assert recipe is not None
    return recipe
