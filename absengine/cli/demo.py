"""``absengine demo``: the deal that comes with the package, stressed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from absengine.cli.shipped import scenarios_folder
from absengine.cli.stress import stress

DEMO = "gaoxintou-5"


def demo(out: Annotated[Path, typer.Option(help="Folder the run folder is made in.")] = Path("runs")) -> None:
    """Stress the deal that comes with the package. Twelve pledge loans, one guarantor in two roles, synthetic tape."""
    deal = scenarios_folder() / "deals" / DEMO
    typer.echo(f"absengine stress {deal}", err=True)
    stress(deal, out=out)
