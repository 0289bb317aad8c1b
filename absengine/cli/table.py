"""The stress document as a table: colours and lines on a terminal, plain text with tabs in a pipe."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

WIDEST = 400
"""Columns a terminal is thought to have at most when the table is measured."""


SHOWN = 100
"""Scenarios the table holds at most: more cannot be read, and the run folder and ``--json`` hold them all."""


def show(document: dict[str, Any], place: Path | None) -> None:
    """Print classes × scenarios, then where the run folder is."""
    from absengine.report.table import stress_table, stress_unit

    columns, rows = stress_table({**document, "scenarios": document["scenarios"][:SHOWN]})
    head = document["deal"]
    pool = document["pool"]
    unit = stress_unit(document)
    title = f"{head['name']}: {pool['contracts']} contracts, {unit.full(pool['balance'])}"
    if sys.stdout.isatty():
        _rich(title, columns, rows)
    else:
        sys.stdout.write(f"{title}\n")
        for cells in ([column.title for column in columns], *rows):
            sys.stdout.write("\t".join(cells) + "\n")
    left_out = len(document["scenarios"]) - SHOWN
    if left_out > 0:
        where = "the run folder has them all" if place is not None else "--json has them all"
        sys.stdout.write(f"… and {left_out} more scenarios; {where}\n")
    breaks = sum(document["checks"].values())
    sys.stdout.write("checks: every budget closes\n" if not breaks else f"checks: {document['checks']}\n")
    if place is not None:
        sys.stdout.write(f"run folder: {place}\n")


def _rich(title: str, columns: Any, rows: Any) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1))
    for number, column in enumerate(columns):
        last = number + 1 == len(columns)  # events may fold; names, dates and amounts stay whole
        heading, least = "\n".join(column.title.split(" ")), 12 if last else None
        table.add_column(heading, justify=column.align, no_wrap=not last, overflow="fold", min_width=least)
    for number, cells in enumerate(rows):
        table.add_row(*cells, end_section=number + 1 < len(rows) and bool(rows[number + 1][0]))
    console = Console()
    needed = console.measure(table, options=console.options.update(max_width=WIDEST)).minimum
    if needed > console.width:  # a line that wraps can be read; an amount cut short is a wrong amount
        console = Console(width=needed)
    console.print(table)
