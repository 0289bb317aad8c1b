"""``absengine fmt FILE``: one layout for deal files and packs; comments stay byte for byte."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from absengine.errors import CheckFailed, InputError, Problem, UsageError, Where

if TYPE_CHECKING:
    from absengine.language.toml import Document, Vocabulary


def fmt(
    paths: Annotated[list[Path], typer.Argument(help="Deal files, packs, or deal folders.")],
    check: Annotated[bool, typer.Option("--check", help="Change nothing; exit 4 if a file would change.")] = False,
) -> None:
    """Lay out deal files and packs. English keys, even spacing, comments untouched."""
    from absengine.language.format import fmt as formatted
    from absengine.language.toml import read

    changed = []
    for path in map(_file, paths):
        document = read(path, InputError)
        wanted = formatted(document.text, _words(document))
        if wanted != document.text:
            changed.append(path)
            if not check:
                _replace(path, wanted)
                typer.echo(f"rewrote {path}")
    if check and changed:
        raise CheckFailed(_not_formatted(path) for path in changed)


def _file(path: Path) -> Path:
    file = path / "deal.toml" if path.is_dir() else path
    if not file.is_file():
        allowed = "a deal file, a pack, or a folder that holds deal.toml"
        raise UsageError(Problem("no-file", Where(str(path)), "no such file", allowed))
    return file


def _not_formatted(path: Path) -> Problem:
    allowed, todo = "the layout of absengine fmt", "run it without --check"
    return Problem("not-formatted", Where(str(path)), "another layout", allowed, todo)


def _words(document: Document) -> Vocabulary:
    """The Chinese keys this sort of file may use, by its ``schema`` key (格式)."""
    from absengine.language.toml import Vocabulary
    from absengine.language.validation import free_paths

    named = str(document.data.get("schema", document.data.get("格式", "")))
    if named.startswith("absengine.pack/"):
        from absengine.scenario.aliases import ALIASES
        from absengine.scenario.models import PackFile

        return Vocabulary(ALIASES, free_paths(PackFile))
    from absengine.deal.aliases import ALIASES as DEAL_ALIASES
    from absengine.deal.nouns import DealFile

    return Vocabulary(DEAL_ALIASES, free_paths(DealFile))


def _replace(path: Path, text: str) -> None:
    """Write beside the file and move it into place, so that no half-written file is ever there."""
    beside = path.with_name(path.name + ".part")
    beside.write_text(text, encoding="utf-8", newline="\n")
    shutil.copymode(path, beside)
    os.replace(beside, path)
