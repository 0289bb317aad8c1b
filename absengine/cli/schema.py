"""``absengine schema WHAT``: the data dictionary, or a JSON Schema for editors, from the declarations."""

from __future__ import annotations

import json
from collections.abc import Callable
from enum import StrEnum
from typing import Annotated, Any

import typer

Rows = dict[str, list[dict[str, str]]]
HELP = (
    "tables: columns of cash flows, contracts and rights. tape: headers a tape may have. "
    "deal, pack: JSON Schema of a deal file, of a stress pack. "
    "words: verbs, trigger effects, names and functions of formulas."
)


class What(StrEnum):
    """What can be printed."""

    TABLES = "tables"
    TAPE = "tape"
    DEAL = "deal"
    PACK = "pack"
    WORDS = "words"


def schema(
    what: Annotated[What, typer.Argument(help=HELP)] = What.TABLES,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document instead of text.")] = False,
) -> None:
    """Print a data dictionary. Tables, tape headers, words of the language, or a JSON Schema."""
    if what in (What.DEAL, What.PACK):
        typer.echo(json.dumps(_json_schema(what), ensure_ascii=False, indent=2))
        return
    rows = ROWS[what]()
    if as_json:
        document = {"schema": "absengine.dictionary/1", what.value: rows}
        typer.echo(json.dumps(document, ensure_ascii=False, indent=2))
        return
    for name, entries in rows.items():
        typer.echo(f"{name}")
        for entry in entries:
            typer.echo("  " + "  ".join(text for text in entry.values() if text))
        typer.echo("")


def _json_schema(what: What) -> dict[str, Any]:
    from absengine.deal.nouns import DealFile
    from absengine.scenario.models import PackFile

    model = DealFile if what is What.DEAL else PackFile
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **model.model_json_schema(by_alias=True)}


def _tables() -> Rows:
    from absengine.schema import dictionary

    return dictionary()


def _tape() -> Rows:
    from absengine.loaders.fields import field, tables

    return {table: [_tape_row(field(name)) for name in names] for table, names in tables().items()}


def _tape_row(item: Any) -> dict[str, str]:
    return {
        "name": item.name,
        "type": item.type,
        "zh": item.zh,
        "en": item.en,
        "doc": item.doc,
        "also": " ".join(item.also),
    }


def _words() -> Rows:
    from absengine.deal.names import FAMILIES
    from absengine.deal.triggers import EFFECTS
    from absengine.deal.verbs import VERBS
    from absengine.language.formula import FUNCTIONS

    return {
        "verbs": [_word(entry.key, entry) for entry in VERBS],
        "trigger effects": [_word(entry.key, entry) for entry in EFFECTS],
        "formula names": [_word(family.spelling, family) for family in FAMILIES],
        "formula functions": [{"key": name, "en": one.en, "doc": one.zh} for name, one in FUNCTIONS.items()],
    }


def _word(key: str, entry: Any) -> dict[str, str]:
    return {"key": key, "zh": entry.zh, "en": entry.doc_en, "doc": entry.doc_zh}


ROWS: dict[What, Callable[[], Rows]] = {What.TABLES: _tables, What.TAPE: _tape, What.WORDS: _words}
