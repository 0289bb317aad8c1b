"""A run as a folder: tables, document, pictures, workbook, page; all of it or nothing."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from absengine.report.words import Language
from absengine.results.folder import RunFolder
from absengine.schema import TranchePaths


@dataclass(frozen=True)
class Publication:
    """What is published: recorded paths, the JSON document, verdicts of stated checks, the manifest's facts."""

    paths: TranchePaths
    document: dict[str, Any]
    verdicts: list[dict[str, Any]]
    facts: dict[str, Any]


def publish(what: Publication, place: Path, *, force: bool, language: Language | None, font: Path | None) -> Path:
    """Write the run folder at ``place``. UsageError where one stands already and ``force`` is not given."""
    from absengine.report.canvas import pen
    from absengine.report.pictures import pictures, png, svg

    writer = pen(language, font)
    if writer.unfit:
        warnings.warn(writer.unfit, stacklevel=2)
    with RunFolder(place, force=force) as folder:
        left_out = folder.write_paths(what.paths)
        folder.write_json("stress.json", what.document)
        folder.write_json("checks.json", {"checks": what.document["checks"], "stated": what.verdicts})
        figures = pictures(what.paths, what.document, writer)
        for made in (svg(figures, writer), png(figures, writer)):
            for name, content in made.items():
                folder.write(f"pictures/{name}", content)
        return folder.complete({**what.facts, "without_csv": list(left_out)})
