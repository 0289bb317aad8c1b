"""The events of ``absengine new``: their list, and how they get into a deal file, which is written only if it loads."""

from __future__ import annotations

import difflib
import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

import typer

from absengine.cli.recipes.book import Recipe, recipes
from absengine.cli.recipes.filling import settings
from absengine.cli.recipes.insertion import Draft, insert
from absengine.deal.load import deal_path
from absengine.errors import DealError, Problem, UsageError, Where
from absengine.language.toml import printable, read
from absengine.language.validation import did_you_mean, one_of

BOM = b"\xef\xbb\xbf"


def show_events(*, as_json: bool) -> None:
    """Print every recipe with its titles in both languages and its placeholders."""
    if as_json:
        document = {"schema": "absengine.recipes/1", "events": [_entry(name, one) for name, one in recipes().items()]}
        typer.echo(json.dumps(document, ensure_ascii=False, indent=2))
    elif sys.stdout.isatty():
        _table()
    else:
        for name, recipe in recipes().items():
            needs = "".join(f"; the deal must have {need.en}" for need in recipe.need)
            typer.echo(f"{name}\t{recipe.title}\t{recipe.zh}\t{recipe.en}{needs}\t{recipe.doc_zh}")
            for word, one in recipe.set.items():
                typer.echo(f"\t{word}={one.default}\t{one.en}\t{one.zh}")


def _entry(name: str, recipe: Recipe) -> dict[str, Any]:
    told = recipe.model_dump(include={"title", "zh", "en", "doc_zh", "source", "set"})
    return {"name": name, **told, "needs": [need.en for need in recipe.need]}


def _table() -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1))
    for title in ("event 事件", "--set", "proposed 默认", "meaning 含义"):
        table.add_column(title, overflow="fold", no_wrap=title == "--set")
    for name, recipe in recipes().items():
        table.add_row(f"[bold]{name}[/bold]", "", "", f"{recipe.title} {recipe.zh}: {recipe.en}\n{recipe.doc_zh}")
        for word, one in recipe.set.items():
            table.add_row("", word, one.default.replace("[", "\\["), f"{one.en} {one.zh}".replace("[", "\\["))
        table.add_section()
    Console().print(table)


def insert_events(place: Path, names: list[str], words: list[str], *, dry_run: bool) -> None:
    """Put recipes into a deal file, each in the order a plan's life has them; nothing is written if one is refused.

    Raises UsageError for an unknown event or setting, DealError where the deal, or the deal with the event, is refused.
    """
    book = recipes()
    unknown = [name for name in names if name not in book]
    if unknown:
        raise UsageError([
            Problem("unknown-event", Where(path="--event"), f"'{printable(name)}'", one_of(book),
                    did_you_mean(name, book, "absengine new --events lists them")) for name in unknown
        ])  # fmt: skip
    if repeated := [name for name in dict.fromkeys(names) if names.count(name) > 1]:
        todo = "insert it again under other names in a second command"
        raise UsageError(Problem("event-twice", Where(path="--event"), f"{repeated[0]} twice", "each event once", todo))
    chosen = {name: recipe for name, recipe in book.items() if name in names}
    given = settings(words, chosen)
    file = deal_path(place)
    read(file, DealError)  # size and encoding are refused here, before the text is touched
    raw = file.read_bytes()
    mark = BOM if raw.startswith(BOM) else b""
    draft = before = Draft(file, raw.removeprefix(BOM).decode("utf-8"))
    for name, recipe in chosen.items():
        draft = insert(draft, name, recipe, given[name])
    if dry_run:
        typer.echo(_difference(before, draft), nl=False)
        return
    _replace(file, mark + draft.raw.encode("utf-8"))
    for name, recipe in chosen.items():
        typer.echo(f"inserted {name} ({recipe.title} {recipe.zh}) into {file}")
    typer.echo(f"next: absengine explain {place}    absengine check {place}")


def _difference(before: Draft, after: Draft) -> str:
    """What would be inserted, as a unified diff."""
    lines = (before.document.text.splitlines(keepends=True), after.document.text.splitlines(keepends=True))
    shown = difflib.unified_diff(*lines, str(before.file), f"{before.file} (as it would be)", n=1)
    return "".join(line if line.endswith("\n") else f"{line}\n" for line in shown)


def _replace(file: Path, content: bytes) -> None:
    """The file is the old one or the new one, never half of it."""
    beside = file.with_name(f".{file.name}.new")
    beside.write_bytes(content)
    shutil.copymode(file, beside)
    os.replace(beside, file)
