"""One place where an error becomes lines on stderr and an exit code.

A refusal prints ``error: <where>: found …; allowed: …`` once per problem, the first twenty and then a count.
Exit codes: 0 done, 1 our bug, 2 usage, 3 input refused, 4 a stated check failed, 5 incomplete but resumable,
130 interrupted.
"""

from __future__ import annotations

import platform
import sys
import traceback
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version

from absengine import __version__
from absengine.errors import AbsError, IncompleteError

SHOWN = 20
INTERRUPTED = 130
OUR_BUG = 1
VERSIONS_OF = ("numpy", "numba", "pyarrow", "pydantic", "typer")


def report_refusal(error: AbsError) -> int:
    """Print every problem on its own line, up to twenty, and return the exit code of the error's class."""
    texts = [str(problem) for problem in error.problems] or [str(error)]
    for text in texts[:SHOWN]:
        _say(f"error: {text}")
    if len(texts) > SHOWN:
        _say(f"error: … and {len(texts) - SHOWN} more problems of {len(texts)}")
    return error.exit_code


def report_bug(error: BaseException, *, debug: bool) -> int:
    """Print a short request for a report with versions; the traceback only where ``--debug`` asked for it."""
    if debug:
        _say("".join(traceback.format_exception(error)).rstrip())
    _say(f"error: unexpected {type(error).__name__}: {error}")
    hint = "" if debug else "; run again with `absengine --debug …` and add the traceback"
    _say(f"This is a fault of absengine, not of your input. Please report it{hint}.")
    _say(f"versions: {_versions()}")
    return OUR_BUG


def report_system(error: OSError) -> int:
    """A full disk, a folder that may not be written: no fault of ours and none of the input; it can be tried again."""
    place = f"{error.filename}: " if error.filename else ""
    _say(f"error: {place}{error.strerror or error}")
    return IncompleteError.exit_code


def report_interrupt() -> int:
    """Say that the run was stopped by the user."""
    _say("interrupted")
    return INTERRUPTED


@contextmanager
def warnings_as_lines() -> Iterator[None]:
    """While it lasts a warning is one line, ``warning: …``, without the code that gave it."""
    with warnings.catch_warnings():
        warnings.showwarning = lambda message, *_: _say(f"warning: {message}")
        yield


def _versions() -> str:
    system = f"{platform.system()} {platform.machine()}"
    parts = [f"absengine {__version__}", f"Python {platform.python_version()}", system]
    for package in VERSIONS_OF:
        try:
            parts.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            parts.append(f"{package} missing")
    return ", ".join(parts)


def _say(line: str) -> None:
    encoding = sys.stderr.encoding or "utf-8"
    sys.stderr.write(line.encode(encoding, "backslashreplace").decode(encoding) + "\n")
