"""``absengine check DEAL``: everything a stress would refuse, found by a run in memory that writes nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from absengine.cli.progress import bar
from absengine.cli.shipped import pack_files


def check(
    deal: Annotated[Path, typer.Argument(help="Deal folder, or its deal.toml (交易).")],
    pack: Annotated[list[str], typer.Option("--pack", help="Pack of scenarios: a file, or a shipped name.")] = [],  # noqa: B006  typer reads the default, nobody changes it
) -> None:
    """Check a deal, its tape and its packs. Refuses with every problem of a file at once, or says that they fit."""
    from absengine.run import stress

    with bar() as progress:
        run = stress(deal, pack_files(pack, deal), progress=progress)
    file, scenarios = run.deal.file, [len(one.scenarios) for one in run.packs]
    steps = sum(len(stage.step) for stage in file.stage.values())
    typer.echo(f"deal: {file.deal.name}, {len(file.tranche)} classes, {len(file.stage)} stages, {steps} steps")
    typer.echo(f"pool: {run.pool.size} contracts, {run.pool.balance:,.2f} {file.deal.currency}")
    typer.echo(f"packs: {', '.join(one.title for one in run.packs)}; {sum(scenarios)} scenarios")
    typer.echo(f"rows: {run.deal.timeline.rows} up to {run.deal.timeline.legal_final}; every budget closes")
