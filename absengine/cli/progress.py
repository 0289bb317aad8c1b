"""Progress on stderr: a bar on a terminal, a line per tenth elsewhere, silence for work that is done at once."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

SILENT = 1.0
"""Seconds a run may take before anything is said about it."""

Report = Callable[[int, int], None]


@contextmanager
def bar() -> Iterator[Report]:
    """Gives a function ``report(done, total)``; says once if kernels are compiled first."""
    from absengine.kernels._jit import is_kept

    if not is_kept():
        sys.stderr.write("compiling the kernels; this happens once and takes about half a minute …\n")
    if sys.stderr.isatty():
        with _terminal() as report:
            yield report
    else:
        yield _lines()


@contextmanager
def _terminal() -> Iterator[Report]:
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("paths", total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


def _lines() -> Report:
    started, said = time.monotonic(), 0

    def report(done: int, total: int) -> None:
        nonlocal said
        tenth = 10 * done // total
        if tenth > said and done < total and time.monotonic() - started > SILENT:
            said = tenth
            sys.stderr.write(f"{10 * tenth} % of the paths\n")

    return report
