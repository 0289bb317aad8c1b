"""``absengine trace RUN``: why a date paid what it paid, step by step, from a run folder alone."""

from __future__ import annotations

import datetime
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from absengine.results.trace import StepLine, Trace, TriggerLine


def trace(
    run: Annotated[Path, typer.Argument(help="Run folder of a stress.")],
    scenario: Annotated[str | None, typer.Option(help="Scenario; the first of the run if none is given.")] = None,
    date: Annotated[str | None, typer.Option(help="Payment date, as 2023-04-14; all of them if none is given.")] = None,
    step: Annotated[str | None, typer.Option(help="Only the step of this id.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Show each step's due, paid, short and sources on a date (逐步追溯), and each trigger's value.

    Example: absengine trace runs/gaoxintou-5-… --scenario top_1+gone --date 2023-04-14
    """
    from absengine.results.folder import read_run
    from absengine.results.trace import trace as traced

    paths = read_run(run).paths
    found = traced(paths, scenario or paths.scenarios[0], date, step)
    if as_json:
        sys.stdout.write(json.dumps(found.as_json(), ensure_ascii=False, indent=1) + "\n")
    else:
        sys.stdout.write("\n".join(_lines(found)) + "\n")


def _lines(found: Trace) -> list[str]:
    """Plain text: one block per date, steps in the order they ran, then the triggers."""
    dates = list(dict.fromkeys([*(line.date for line in found.steps), *(line.date for line in found.triggers)]))
    out = [f"scenario {found.scenario}"]
    for date in dates:
        steps = [line for line in found.steps if line.date == date]
        out += ["", f"{date}  {steps[0].stage if steps else ''}"]
        out += [_step(line) for line in steps]
        out += [_trigger(line) for line in found.triggers if line.date == date]
    return out


def _step(line: StepLine) -> str:
    sources = ", ".join(f"{name} {amount:,.2f}" for name, amount in line.sources.items())
    amounts = f"due {line.due:>18,.2f}  paid {line.paid:>18,.2f}  short {line.short:>16,.2f}"
    what = " ".join(line.what)
    return f"  {line.step:<14} {line.verb:<10} {amounts}  {f'from {sources}' if sources else ''}  [{what}] {line.place}"


def _trigger(line: TriggerLine) -> str:
    state = "active" if line.active else "not active"
    value = f"{line.value:.4%}" if line.unit in ("ratio", "rate") else f"{line.value:,.2f}"
    if line.unit == "date":
        value = str(datetime.date(1970, 1, 1) + datetime.timedelta(days=line.value))
    return f"  trigger {line.trigger}: {state}, value {value} ({line.when}) {line.place}"
