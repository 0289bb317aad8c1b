"""``absengine warmup``: compile the kernels now, so that the first run of an image does not."""

from __future__ import annotations

import typer

from absengine.cli.demo import DEMO
from absengine.cli.shipped import pack_files, scenarios_folder


def warmup() -> None:
    """Compile the kernels ahead of time. Says where they are kept."""
    from absengine.kernels._jit import cache_folder
    from absengine.run import stress

    deal = scenarios_folder() / "deals" / DEMO
    stress(deal, pack_files([], deal))
    typer.echo(f"kernels compiled, kept in {cache_folder()}")
