"""``absengine check DEAL``: everything a stress would refuse, found by a run in memory that writes nothing."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from absengine.cli.progress import bar
from absengine.cli.shipped import pack_files

if TYPE_CHECKING:
    from absengine.deal.eligibility import Verdict
    from absengine.run import StressRun

SCHEMA = "absengine.check/1"
SHOWN = 5
"""Contracts or names of a criterion that a line shows; ``--json`` lists all."""


def check(
    deal: Annotated[Path, typer.Argument(help="Deal folder, or its deal.toml (交易).")],
    pack: Annotated[list[str], typer.Option("--pack", help="Pack of scenarios: a file, or a shipped name.")] = [],  # noqa: B006  typer reads the default, nobody changes it
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Check a deal, its tape and its packs. Refuses with every problem of a file at once, or says that they fit.

    Criteria (合格标准) the pool does not meet are warnings: the originator has to buy back what fails.
    """
    from absengine.deal.eligibility import judge
    from absengine.loaders.fields import codes
    from absengine.run import stress

    with bar() as progress:
        run = stress(deal, pack_files(pack, deal), progress=progress)
    verdicts = judge(run.deal, run.pool.contracts, codes())
    if as_json:
        typer.echo(json.dumps(_document(run, verdicts), ensure_ascii=False, indent=1))
    else:
        _say(run, verdicts)
    for verdict in verdicts:
        if not verdict.met:
            warnings.warn(_advice(run, verdict), stacklevel=2)


def _say(run: StressRun, verdicts: list[Verdict]) -> None:
    file, scenarios = run.deal.file, [len(one.scenarios) for one in run.packs]
    steps = sum(len(stage.step) for stage in file.stage.values())
    typer.echo(f"deal: {file.deal.name}, {len(file.tranche)} classes, {len(file.stage)} stages, {steps} steps")
    typer.echo(f"pool: {run.pool.size} contracts, {run.pool.balance:,.2f} {file.deal.currency}")
    typer.echo(f"packs: {', '.join(one.title for one in run.packs)}; {sum(scenarios)} scenarios")
    typer.echo(f"rows: {run.deal.timeline.rows} up to {run.deal.timeline.legal_final}; every budget closes")
    if verdicts:
        failed = sum(not verdict.met for verdict in verdicts)
        typer.echo(f"criteria 合格标准: {len(verdicts)}, {f'{failed} not met' if failed else 'all met'}")
    for verdict in verdicts:
        typer.echo(f"  {_title(verdict)}: {_limit(verdict)}: {_outcome(verdict)}")


def _title(verdict: Verdict) -> str:
    label = verdict.criterion.label
    return f"{label} ({verdict.name})" if label else verdict.name


def _limit(verdict: Verdict) -> str:
    """The limit in words."""
    from absengine.language.toml import printable
    from absengine.language.units import percent

    terms = verdict.criterion
    (key,) = terms.limits
    if terms.share_at_most is not None:
        who = f"each {terms.by}" if terms.top is None else f"the {terms.top} largest by {terms.by}"
        return f"{who} at most {percent(terms.share_at_most)} of the pool"
    value = getattr(terms, key)
    said = ", ".join(printable(word) for word in value) if isinstance(value, tuple) else str(value)
    return f"{terms.field} {key.replace('_', ' ')} {said}"


def _outcome(verdict: Verdict) -> str:
    if verdict.criterion.of_shares:
        if verdict.met:
            return f"met, {verdict.share:.2%}"
        names = [f"{name} {share:.2%}" for name, share in verdict.names]
        return f"NOT met, {verdict.share:.2%}, {verdict.balance:,.2f} too much: {_first(names)}"
    if verdict.met:
        return "met"
    count = len(verdict.failing)
    unstated = f", {verdict.unstated} of them not stated" if verdict.unstated else ""
    part = f"{verdict.balance:,.2f} or {verdict.share:.2%} of the pool{unstated}"
    words = _first([f"{word} {share:.2%}" for word, share in verdict.names])
    they = f"{_first(verdict.failing)} ({words})" if words else _first(verdict.failing)
    return f"NOT met by {count} {'contract' if count == 1 else 'contracts'}, {part}: {they}"


def _first(names: list[str] | tuple[str, ...]) -> str:
    """The first few names, safe for a terminal, and how many more there are."""
    from absengine.language.toml import printable

    more = f" … and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(printable(name) for name in names[:SHOWN]) + more


def _event(run: StressRun, verdict: Verdict) -> str:
    """The event of a pack that buys back what a criterion does not admit."""
    who = 'who = ["…"]' if verdict.criterion.of_shares else f'failing = "{verdict.name}"'
    return f'{{ what = "repurchase", {who}, on = {run.deal.file.dates.closing} }}'


def _advice(run: StressRun, verdict: Verdict) -> str:
    buys = "the originator has to buy back 赎回 contracts until it is" if verdict.criterion.of_shares else (
        "the originator has to buy back 赎回 what fails"
    )  # fmt: skip
    text = f"{verdict.where}: criterion '{verdict.name}' is not met; {buys}"
    return f"{text}, as a pack does by {_event(run, verdict)}"


def _document(run: StressRun, verdicts: list[Verdict]) -> dict[str, Any]:
    file, line = run.deal.file, run.deal.timeline
    return {
        "schema": SCHEMA,
        "deal": file.deal.name,
        "currency": file.deal.currency,
        "contracts": run.pool.size,
        "balance": run.pool.balance,
        "packs": [{"title": one.title, "scenarios": len(one.scenarios)} for one in run.packs],
        "rows": line.rows,
        "legal_final": str(line.legal_final),
        "criteria": [_verdict(run, verdict) for verdict in verdicts],
    }


def _verdict(run: StressRun, verdict: Verdict) -> dict[str, Any]:
    return {
        "name": verdict.name,
        "label": verdict.criterion.label,
        "limit": _limit(verdict),
        "where": str(verdict.where),
        "met": verdict.met,
        "failing": list(verdict.failing),
        "names": [{"name": name, "share": share} for name, share in verdict.names],
        "not_stated": verdict.unstated,
        "balance": verdict.balance,
        "share": verdict.share,
        "remedy": None if verdict.met else _event(run, verdict),
    }
