"""``absengine new``: a small deal that runs, to be changed into a real one; or events put into a deal there is."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Annotated

import typer

from absengine.errors import Problem, UsageError, Where

STARTER = ("deal.toml", "tape.csv")


def new(
    folder: Annotated[
        Path | None,
        typer.Argument(help="Folder to make; what stands there is never replaced. With --event: the deal to change."),
    ] = None,
    event: Annotated[
        list[str], typer.Option("--event", help="Insert an event into the deal (触发事件), by name.")
    ] = [],  # noqa: B006  typer reads the default, nobody changes it
    setting: Annotated[
        list[str], typer.Option("--set", help="Set a placeholder of an event: threshold=5%, acceleration.name=fast.")
    ] = [],  # noqa: B006
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be inserted, and write nothing.")] = False,
    events: Annotated[bool, typer.Option("--events", help="List the events and their placeholders.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The list as one JSON document.")] = False,
) -> None:
    """Write a small deal that runs, to start from; or insert events (差额支付, 加速清偿 …) into a deal there is."""
    if (setting or dry_run) and not event:
        raise _misused("--set or --dry-run", "with --event", "name the event to insert: absengine new --events")
    if as_json and not events:
        raise _misused("--json", "with --events", "add --events")
    if events:
        if folder is not None or event:
            raise _misused("--events beside a deal or --event", "--events alone", "list first, then insert")
        from absengine.cli.events import show_events

        show_events(as_json=as_json)
        return
    if folder is None:
        raise _misused("no folder", "a folder to make, or a deal with --event", "write absengine new mydeal")
    if event:
        from absengine.cli.events import insert_events

        insert_events(folder, event, setting, dry_run=dry_run)
        return
    _start(folder)


def _misused(found: str, allowed: str, todo: str) -> UsageError:
    return UsageError(Problem("option-misused", Where(path="absengine new"), found, allowed, todo))


def _start(folder: Path) -> None:
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
