"""Run folders: written under a temporary name, complete or absent, every byte checked when read back.

A folder holds ``manifest.json`` (what was run, on what, with which versions, and a digest of every other file),
``stress.json``, ``labels.json``, ``checks.json``, Parquet tables with page checksums, their CSV twins, and whatever the
report adds. Nothing inside names a machine, a user or a time, so equal runs give equal bytes.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import platform
import re
import secrets
import shutil
import unicodedata
from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, fields
from datetime import datetime
from importlib.metadata import version
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import Any, Final, Self

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from absengine import __version__
from absengine.errors import IncompleteError, InputError, Problem, UsageError, Where
from absengine.results.tables import harmless_columns, paths_from, tables
from absengine.schema import Labels, StepLabel, TrancheLabel, TranchePaths, TriggerLabel

SCHEMA: Final = "absengine.run/1"
MANIFEST: Final = "manifest.json"
VERSIONS_OF: Final = ("numpy", "numba", "llvmlite", "pyarrow", "pyxirr")
CSV_ROWS: Final = 200_000
"""A table with more rows gets no CSV twin: spreadsheets stop far below it, and Parquet holds it all."""
NAME_LENGTH: Final = 60
_RESERVED: Final = re.compile(r"^(con|prn|aux|nul|com\d|lpt\d)(\..*)?$", re.IGNORECASE)


def run_name(deal: str, stamp: datetime, digest: str) -> str:
    """``<deal>-<time>-<first six of the digest>``, safe on every file system whatever the deal is called."""
    return f"{safe_part(deal)}-{stamp:%Y%m%dT%H%M%S}-{digest[:6]}"


def safe_part(text: str, longest: int = NAME_LENGTH) -> str:
    """Letters, digits, ``-`` and ``_`` of a text in any script, cut short; never empty and never a reserved word."""
    plain = unicodedata.normalize("NFKC", text)
    kept = "".join(one if one.isalnum() or one in "-_" else "-" for one in plain)
    name = re.sub("-+", "-", kept).strip("-")[:longest].strip("-")
    return f"run-{name}" if not name or _RESERVED.match(name) else name


def manifest(
    command: str,
    options: Mapping[str, Any],
    inputs: Mapping[str, Path],
    *,
    calendars: Mapping[str, Mapping[str, str]],
    seed: int | None = None,
) -> dict[str, Any]:
    """What is needed to run it again: command, options, digests of the inputs, calendars, seed, versions.

    ``inputs`` maps a name such as ``deal`` or ``tape`` to its file; only the file's own name and digest are kept.
    ``calendars`` maps a calendar to its ``digest`` and ``rule_from``, the day from which a rule and not the published
    table decides.
    """
    return {
        "schema": SCHEMA,
        "command": command,
        "options": dict(options),
        "inputs": {name: {"file": path.name, "sha256": file_digest(path)} for name, path in sorted(inputs.items())},
        "calendars": {name: dict(facts) for name, facts in sorted(calendars.items())},
        "seed": seed,
        "versions": {
            "absengine": __version__,
            "python": platform.python_version(),
            **{name: version(name) for name in VERSIONS_OF},
        },
    }


def file_digest(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def digest_of(document: Mapping[str, Any]) -> str:
    """SHA-256 of a document in canonical JSON."""
    text = json.dumps(document, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


class RunFolder:
    """A run folder being written. Nothing stands under its final name before :meth:`complete`.

    Use as a context manager: leaving it without :meth:`complete` removes every trace.
    """

    def __init__(self, path: Path, *, force: bool = False) -> None:
        self.path = path
        self._force = force
        self._work = path.parent / f".{path.name}.{secrets.token_hex(4)}.tmp"

    def __enter__(self) -> Self:
        refuse_to_overwrite(self.path, force=self._force)
        self._work.mkdir(parents=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        shutil.rmtree(self._work, ignore_errors=True)

    def file(self, name: str) -> Path:
        """Where to write a file of the folder; UsageError for a name that would leave it or that a system refuses."""
        path = PurePosixPath(name)
        stems = [part.rsplit(".", 1)[0] for part in path.parts]
        parts_safe = all(safe_part(stem, 2 * NAME_LENGTH) == stem for stem in stems)
        if path.is_absolute() or not path.parts or ".." in path.parts or not parts_safe or name == MANIFEST:
            allowed = "a relative path of letters, digits, - and _"
            raise UsageError(Problem("run-file-name", Where(), f"file name {name!r}", allowed))
        target = self._work.joinpath(*path.parts)
        target.parent.mkdir(parents=True, exist_ok=True)
        return target

    def write(self, name: str, content: bytes) -> None:
        self.file(name).write_bytes(content)

    def write_json(self, name: str, document: Mapping[str, Any]) -> None:
        self.write(name, _json(document))

    def write_paths(self, paths: TranchePaths) -> tuple[str, ...]:
        """Labels, Parquet tables and CSV twins; returns the tables too long for a CSV twin."""
        self.write_json("labels.json", {"scenarios": list(paths.scenarios), **asdict(paths.labels)})
        left_out = []
        for name, table in tables(paths).items():
            pq.write_table(table, self.file(f"{name}.parquet"), compression="zstd", write_page_checksum=True)
            if table.num_rows > CSV_ROWS:
                left_out.append(name)
            else:
                self.write(f"csv/{name}.csv", _csv(table))
        return tuple(left_out)

    def complete(self, facts: Mapping[str, Any]) -> Path:
        """Write the manifest with a digest of every file, then give the folder its name, all at once."""
        files = sorted(path for path in self._work.rglob("*") if path.is_file())
        listed = {
            path.relative_to(self._work).as_posix(): {"bytes": path.stat().st_size, "sha256": _settle(path)}
            for path in files
        }
        content = {**facts, "complete": True, "files": listed}
        target = self._work / MANIFEST
        target.write_bytes(_json({**content, "digest": digest_of(content)}))
        _settle(target)
        _take_place(self._work, self.path, force=self._force)
        return self.path


def refuse_to_overwrite(path: Path, *, force: bool) -> None:
    """UsageError where something stands at ``path``; with ``force`` only a run folder may be replaced."""
    if not path.exists():
        return
    if not force:
        todo = "give another name, or --force to replace it"
        raise UsageError(
            Problem("run-exists", Where(str(path)), "a run folder of that name", "a name not yet used", todo)
        )
    if not (path / MANIFEST).is_file():
        allowed = f"a folder with a {MANIFEST}"
        raise UsageError(Problem("run-not-ours", Where(str(path)), "something that is no run folder", allowed))


def _take_place(work: Path, path: Path, *, force: bool) -> None:
    refuse_to_overwrite(path, force=force)
    if path.exists():
        old = work.with_suffix(".old")
        os.rename(path, old)
        os.rename(work, path)
        shutil.rmtree(old, ignore_errors=True)
    else:
        os.rename(work, path)


def _settle(path: Path) -> str:
    """Push a file to the disk and return its digest."""
    with open(path, "r+b") as file:
        os.fsync(file.fileno())
        return hashlib.file_digest(file, "sha256").hexdigest()


def _json(document: Mapping[str, Any]) -> bytes:
    return (json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False) + "\n").encode("utf-8")


def _csv(table: pa.Table) -> bytes:
    """UTF-8 with a byte-order mark, which is what spreadsheets need to show Chinese; no value is an empty cell."""
    buffer = io.BytesIO()
    buffer.write(b"\xef\xbb\xbf")
    pa_csv.write_csv(_without_nan(harmless_columns(table)), buffer)
    return buffer.getvalue()


def _without_nan(table: pa.Table) -> pa.Table:
    for index, field in enumerate(table.schema):
        if pa.types.is_floating(field.type):
            column = table.column(index)
            known = pc.invert(pc.is_nan(column))
            table = table.set_column(index, field.name, pc.if_else(known, column, pa.NULL))
    return table


@dataclass(frozen=True)
class Run:
    """A run folder read back, every byte verified."""

    path: Path
    manifest: dict[str, Any]
    paths: TranchePaths
    document: dict[str, Any]
    checks: dict[str, Any]


def read_run(path: Path) -> Run:
    """Read a run folder; InputError where it is none or damaged, IncompleteError where the run did not finish."""
    facts = verify(path)
    try:
        labels, scenarios = _labels(json.loads((path / "labels.json").read_text("utf-8")))
    except (KeyError, TypeError):  # its digest is right, so its labels are those of another version
        raise _damaged(path / "labels.json", "labels of another version", "labels of this version") from None

    def table(name: str) -> pa.Table:
        return pq.read_table(path / f"{name}.parquet", page_checksum_verification=True)

    def document(name: str) -> dict[str, Any]:
        content: dict[str, Any] = json.loads((path / name).read_text("utf-8"))
        return content

    paths = paths_from(labels, scenarios, table)
    return Run(path, facts, paths, document("stress.json"), document("checks.json"))


def verify(path: Path) -> dict[str, Any]:
    """Check every file against the manifest, and the manifest against its own digest; returns the manifest."""
    if not (path / MANIFEST).is_file():
        if path.name.endswith(".tmp"):
            problem = Problem("run-incomplete", Where(str(path)), "a run that did not finish", "a complete run folder")
            raise IncompleteError([problem])
        raise InputError(Problem("run-missing", Where(str(path)), f"no {MANIFEST}", "a run folder"))
    facts = _manifest(path)
    for name, known in facts["files"].items():
        file = path.joinpath(*PurePosixPath(name).parts)
        if not file.is_file():
            raise _damaged(file, "no such file", "the file the manifest lists")
        if file.stat().st_size != known["bytes"] or file_digest(file) != known["sha256"]:
            raise _damaged(file, "other bytes than were written", f"sha256 {known['sha256'][:12]}…")
    return facts


def _manifest(path: Path) -> dict[str, Any]:
    try:
        facts: dict[str, Any] = json.loads((path / MANIFEST).read_text("utf-8"))
        content = {name: value for name, value in facts.items() if name != "digest"}
        sound = facts["digest"] == digest_of(content) and facts["schema"] == SCHEMA
    except (ValueError, KeyError, TypeError, AttributeError):
        sound = False
    if not sound:
        raise _damaged(path / MANIFEST, "other bytes than were written", "a manifest that matches its own digest")
    return facts


def _damaged(file: Path, found: str, allowed: str) -> InputError:
    return InputError(Problem("run-damaged", Where(str(file)), found, allowed, "run it again"))


def _labels(content: dict[str, Any]) -> tuple[Labels, tuple[str, ...]]:
    """Labels and scenario names from their JSON: lists become tuples again, records their own type."""
    records = {"tranches": TrancheLabel, "steps": StepLabel, "triggers": TriggerLabel}
    given: dict[str, Any] = {}
    for one in fields(Labels):
        if one.name not in content and not (one.default is MISSING and one.default_factory is MISSING):
            continue  # a folder written before the label was known
        value = content[one.name]
        if one.name in records:
            value = tuple(records[one.name](**{key: _tuples(part) for key, part in record.items()}) for record in value)
        given[one.name] = _tuples(value)
    return Labels(**given), tuple(content["scenarios"])


def _tuples(value: Any) -> Any:
    return tuple(_tuples(part) for part in value) if isinstance(value, list) else value
