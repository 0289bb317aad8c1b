"""A run as a folder: tables, document, pictures, workbook, page; all of it or nothing."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from absengine.report.words import Language
from absengine.results.folder import RunFolder
from absengine.schema import TranchePaths


@dataclass(frozen=True)
class Publication:
    """What is published: recorded paths, the JSON document, verdicts of stated checks, the manifest's facts.

    ``assumptions`` are (term, value, source) lines of workbook and page.
    """

    paths: TranchePaths
    document: dict[str, Any]
    verdicts: list[dict[str, Any]]
    facts: dict[str, Any]
    assumptions: Sequence[tuple[str, str, str]] = ()


def publish(what: Publication, place: Path, *, force: bool, language: Language | None, font: Path | None) -> Path:
    """Write the run folder at ``place``. UsageError where one stands already and ``force`` is not given."""
    from absengine.report.canvas import NO_FONT, pen, readers_pen
    from absengine.report.page import page
    from absengine.report.pictures import pictures, png, svg
    from absengine.report.workbook import workbook

    writer = pen(language, font)
    named = (what.paths.labels.deal, *(one.label for one in what.paths.labels.tranches), *what.paths.scenarios)
    everything = writer.can_write("".join(named))
    complete, browser = everything and language in (None, writer.language), readers_pen(writer, language)
    if writer.unfit or not everything:
        warnings.warn(writer.unfit or NO_FONT, stacklevel=2)
    with RunFolder(place, force=force) as folder:
        left_out = folder.write_paths(what.paths)
        folder.write_json("stress.json", {**what.document, "run": "."})  # a folder can be moved, and compared
        folder.write_json("checks.json", {"checks": what.document["checks"], "stated": what.verdicts})
        figures = pictures(what.paths, what.document, writer)
        drawn = svg(figures, writer) if complete else svg(pictures(what.paths, what.document, browser), browser)
        for name, content in (drawn | png(figures, writer)).items():
            folder.write(f"pictures/{name}", content)
        given = what.assumptions
        folder.write("workbook.xlsx", workbook(what.paths, what.document, assumptions=given, log=_log(what.facts)))
        told = page(what.document, drawn, language=language or writer.language, facts=what.facts, assumptions=given)
        folder.write("report.html", told)
        return folder.complete({**what.facts, "without_csv": list(left_out)})


def _log(facts: Mapping[str, Any], before: str = "") -> list[str]:
    """The manifest as lines ``inputs.deal.sha256: …``, for the last sheet of the workbook."""
    lines = []
    for name, value in facts.items():
        lines += _log(value, f"{before}{name}.") if isinstance(value, Mapping) else [f"{before}{name}: {value}"]
    return lines
