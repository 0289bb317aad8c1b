"""``absengine new FOLDER``: a small deal that runs, to be changed into a real one."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Annotated

import typer

from absengine.errors import Problem, UsageError, Where

STARTER = ("deal.toml", "tape.csv")


def new(
    folder: Annotated[Path, typer.Argument(help="Folder to make; what already stands there is never replaced.")],
) -> None:
    """Write a small deal that runs, to start from. Two files: deal.toml and tape.csv."""
    taken = [folder / name for name in STARTER if (folder / name).exists()]
    if folder.is_file():
        taken = [folder]
    if taken:
        found = ", ".join(str(path) for path in taken)
        allowed = "a folder that holds none of these files yet"
        raise UsageError(Problem("would-overwrite", Where(), found, allowed, "choose another folder"))
    folder.mkdir(parents=True, exist_ok=True)
    for name in STARTER:
        (folder / name).write_bytes(files("absengine.cli").joinpath("starter", name).read_bytes())
    typer.echo(f"wrote {', '.join(str(folder / name) for name in STARTER)}")
    typer.echo(f"next: absengine explain {folder}    absengine stress {folder}")
