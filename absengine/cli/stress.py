"""``absengine stress DEAL``: every scenario of the packs through the deal; table, run folder, checks."""

from __future__ import annotations

import json
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from absengine.cli.progress import bar as _progress
from absengine.cli.shipped import pack_files
from absengine.cli.table import show
from absengine.errors import Problem, UsageError, Where

if TYPE_CHECKING:
    from absengine.run import StressRun

Deal = Annotated[Path, typer.Argument(help="Deal folder, or its deal.toml (交易).")]
Packs = Annotated[list[str], typer.Option("--pack", help="Pack of scenarios: a file, or a shipped name. May repeat.")]
Chosen = Annotated[list[str], typer.Option("--scenario", help="Run only this scenario. May repeat.")]
Conditions = Annotated[
    list[str], typer.Option("--fail-on", help='Exit 4 if this holds, as "A1.principal_loss > 0". May repeat.')
]
Out = Annotated[Path, typer.Option(help="Folder the run folder is made in.")]
Force = Annotated[bool, typer.Option("--force", help="Replace a run folder of the same name.")]
Threads = Annotated[int, typer.Option(min=1, help="Threads; results do not depend on it.")]
Language = Annotated[
    Literal["en", "zh"] | None, typer.Option(help="Language of pictures and page; Chinese needs a font that has it.")
]
Font = Annotated[Path | None, typer.Option(help="Font file with Chinese characters for pictures.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document; everything else goes to stderr.")]
Bare = Annotated[bool, typer.Option("--no-folder", help="Write nothing: only the table or the JSON.")]


def stress(
    deal: Deal,
    pack: Packs = [],  # noqa: B006  typer reads the default, nobody changes it
    scenario: Chosen = [],  # noqa: B006
    fail_on: Conditions = [],  # noqa: B006
    out: Out = Path("runs"),
    force: Force = False,
    threads: Threads = 1,
    language: Language = None,
    font: Font = None,
    as_json: AsJson = False,
    no_folder: Bare = False,
) -> None:
    """Run stresses through a deal: classes × scenarios, run folder with workbook, pictures and page.

    Example: absengine stress scenarios/deals/gaoxintou-5 --pack standard --fail-on "A.principal_loss > 0"
    """
    files = pack_files(pack, deal)
    options = {"packs": [file.name for file in files], "scenarios": list(scenario), "fail_on": list(fail_on)}
    run = _run(deal, files, scenario, fail_on, threads)
    facts = _facts(run, files, options)
    place = None if no_folder else out / _name(run, facts)
    document, verdicts = _judged(run, fail_on, "" if place is None else str(place))
    if place is not None:
        _write(run, files, document, verdicts, facts, place, force, language, font)
    if as_json:
        sys.stdout.write(json.dumps(document, ensure_ascii=False, indent=1) + "\n")
    else:
        show(document, place)
    _enforce(verdicts)


def _run(
    deal: Path,
    packs: list[Path],
    chosen: list[str],
    conditions: list[str],
    threads: int,
) -> StressRun:
    """Load, pick scenarios, refuse checks that name nothing, then run."""
    from absengine.deal.load import load
    from absengine.language.validation import did_you_mean
    from absengine.results.checks import parse, resolve
    from absengine.run import run_cases
    from absengine.scenario import load_pack

    loaded = load(deal)
    read = tuple(load_pack(path) for path in packs)
    cases = tuple(case for pack in read for case in pack.cases())
    known = [case.name for case in cases]
    missing = [name for name in chosen if name not in known]
    if missing:
        found = ", ".join(f"'{name}'" for name in missing)
        todo = did_you_mean(missing[0], known, "check the name")
        raise UsageError(Problem("unknown-scenario", Where(path="--scenario"), found, ", ".join(known), todo))
    cases = tuple(case for case in cases if not chosen or case.name in chosen)
    classes = [(name, tranche.klass) for name, tranche in loaded.file.tranche.items()]
    resolve([parse(text) for text in conditions], tranches=classes, scenarios=[case.name for case in cases])
    with _progress() as progress:  # only now: a mistyped name must not be told that kernels are compiled
        return run_cases(loaded, read, cases, threads=threads, progress=progress)


def _judged(run: StressRun, conditions: list[str], folder: str) -> tuple[dict[str, Any], list[Any]]:
    """The JSON document, and the verdict on every stated check."""
    from absengine.results.checks import evaluate, parse
    from absengine.results.document import stress_document

    document = stress_document(
        run.paths,
        twin=run.twin,
        pool_balance=run.pool.balance,
        contracts=run.pool.size,
        run=folder,
        unplaced=run.unplaced.tolist(),
    )
    _warn_of_unplaced(document)
    return document, [evaluate(parse(text), document) for text in conditions]


def _warn_of_unplaced(document: dict[str, Any]) -> None:
    """A "10 % default" that found only 3 % still falling due must not pass as a 10 % default."""
    pools = {one["name"]: one["pool"]["default_unplaced"] for one in document["scenarios"]}
    missed = [f"{name} {amount:,.2f}" for name, amount in pools.items() if amount]
    if missed:
        text = "defaults asked for after the last balance fell due are not in the figures"
        warnings.warn(f"{text} ({document['deal']['currency']}): {', '.join(missed)}", stacklevel=2)


def _facts(run: StressRun, packs: list[Path], options: dict[str, Any]) -> dict[str, Any]:
    """The manifest: inputs by digest, calendars, options, versions."""
    from absengine.calendars.business_days import calendar
    from absengine.loaders.tape_map import map_file
    from absengine.results.folder import manifest

    pools, market = run.deal.file.pools, run.deal.file.dates.payment.calendar
    beside = {
        key if len(pools) == 1 else f"{key}.{number}": getattr(pool, key)
        for number, pool in enumerate(pools, 1)
        for key in ("tape", "rights", "plan", "map")
    }
    beside |= {
        f"plan.{name}": getattr(tranche.principal, "file", None) for name, tranche in run.deal.file.tranche.items()
    }
    inputs = {key: run.deal.folder / file for key, file in beside.items() if file is not None}
    inputs |= {key: map_file(file) for key, file in inputs.items() if key.partition(".")[0] == "map"}
    inputs |= {"deal": run.deal.path} | {f"pack.{file.stem}": file for file in packs}
    used = calendar(market)
    ruled = {} if used.table_end is None else {"rule_from": str(used.table_end)}
    calendars = {market: {"digest": used.digest, **ruled}}
    return manifest("stress", options, inputs, calendars=calendars)


def _name(run: StressRun, facts: dict[str, Any]) -> str:
    from datetime import datetime

    from absengine.results.folder import digest_of, run_name

    return run_name(run.deal.name, datetime.now(), digest_of(facts))


def _write(
    run: StressRun,
    packs: list[Path],
    document: dict[str, Any],
    verdicts: list[Any],
    facts: dict[str, Any],
    place: Path,
    force: bool,
    language: Literal["en", "zh"] | None,
    font: Path | None,
) -> None:
    from absengine.report.publish import Publication, publish

    checks = [verdict.as_json() for verdict in verdicts]
    what = Publication(run.paths, document, checks, facts, _register(run, packs))
    publish(what, place, force=force, language=language, font=font)


def _register(run: StressRun, packs: list[Path]) -> list[tuple[str, str, str]]:
    """Every term of the deal and its packs with the mark or source beside it; steps are told by ``explain``."""
    from absengine.errors import ScenarioError
    from absengine.language.remarks import terms
    from absengine.language.toml import read

    rows = [(term.name, term.value, term.remark) for term in terms(run.deal.document) if term.path[0] != "stage"]
    for file in packs:
        document = read(file, ScenarioError)
        source = str(document.data.get("source", ""))
        rows += [(f"{file.stem}: {term.name}", term.value, term.remark or source) for term in terms(document)]
    return rows


def _enforce(verdicts: list[Any]) -> None:
    from absengine.results.checks import enforce

    enforce(verdicts)
