"""How costs are taken and told: CPU seconds, the best of some runs, and ratios that mean the same on any machine."""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Figure:
    """A measured cost. ``target`` is the most it should be on a quiet 2-core machine; it never fails a run."""

    name: str
    value: float
    unit: str
    target: float | None = None


@dataclass(frozen=True)
class Gate:
    """A ratio of two costs taken on the same machine in the same run, and the most it may be."""

    name: str
    value: float
    most: float


def cpu_seconds(call: Callable[[], object], repeat: int = 5) -> float:
    """CPU seconds of this process for one call: the least of ``repeat``, after one that is not counted."""
    call()
    best = float("inf")
    for _ in range(repeat):
        before = time.process_time()
        call()
        best = min(best, time.process_time() - before)
    return best


@cache
def folder(name: str) -> Path:
    """A new folder that goes when the process ends."""
    made = tempfile.mkdtemp(prefix=f"absengine-bench-{name}-")
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return Path(made)


@dataclass(frozen=True)
class Ran:
    """What a finished child process has used."""

    cpu_seconds: float
    peak_mib: float


def child(arguments: list[str], environment: Mapping[str, str] | None = None) -> Ran:
    """Run ``python arguments`` to its end and tell its CPU time and peak memory; RuntimeError if it fails."""
    told = {**os.environ, **(environment or {})}
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            [sys.executable, *arguments], env=told, stdout=subprocess.DEVNULL, stderr=errors, cwd=ROOT
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            errors.seek(0)
            raise RuntimeError(f"{' '.join(arguments)}: exit {process.returncode}\n{errors.read().decode()}")
    kib = usage.ru_maxrss / 1024 if sys.platform == "darwin" else usage.ru_maxrss
    return Ran(usage.ru_utime + usage.ru_stime, kib / 1024)
