"""A file → the tables in it, by what it holds rather than by what it is called."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from absengine.errors import Problems, TapeError, unreadable
from absengine.loaders.cells import RawTable, Source

MAX_FILE = 500_000_000
"""Bytes of one tape file; the largest public loan tapes of one deal are below a tenth of it (assumption)."""

_OTHER_KINDS = ((b"%PDF", "a PDF"), (b"<!DOCTYPE", "a web page"), (b"<html", "a web page"), (b"<?xml", "an XML text"))


def read_tables(path: Path, encoding: str | None = None, sheet: str | None = None) -> Sequence[RawTable]:
    """Candidate tables of a file: sheets of a workbook, or readings of a text under each separator."""
    source = Source(str(path), "")
    problems = Problems()
    try:
        size = path.stat().st_size
        if size > MAX_FILE:
            problems.add("file-too-large", source.where(), f"{size / 1e6:,.0f} MB", f"at most {MAX_FILE / 1e6:,.0f} MB")
            problems.refuse(TapeError)
        data = path.read_bytes()
    except OSError as error:
        problems.add("unreadable-file", source.where(), unreadable(error), "a file that can be read", "check the path")
        raise TapeError(list(problems)) from None
    for mark, what in _OTHER_KINDS:
        if data.lstrip()[:64].lower().startswith(mark.lower()):
            problems.add("not-a-table", source.where(), what, "a CSV text, an Excel workbook or a Parquet file")
            problems.refuse(TapeError)
    return _tables(data, str(path), encoding, sheet)


def _tables(data: bytes, file: str, encoding: str | None, sheet: str | None) -> Sequence[RawTable]:
    if data.startswith((b"PK\x03\x04", b"PK\x05\x06", b"\xd0\xcf\x11\xe0")):
        from absengine.loaders.workbook import read_workbook

        return read_workbook(data, file, sheet)
    if data.startswith(b"PAR1"):
        from absengine.loaders.parquet_file import ParquetTable

        return [ParquetTable(data, file)]
    from absengine.loaders.text_file import read_text

    return read_text(data, file, encoding)
