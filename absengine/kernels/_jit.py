"""The one home of compilation: options, and a cache folder that cannot serve stale machine code.

``kernel`` marks a routine called from Python, ``part`` a routine called from kernels only (it is compiled into them and
needs no cache file of its own). Both follow NumPy's error model (x/0 is inf, never an exception), release the GIL and
keep IEEE arithmetic: no fast-math, so comparisons with NaN and the order of additions mean what they say.

Numba checks only the file of the cached routine itself, so an edited callee in another file, or a renumbered opcode,
would run old machine code. The cache folder is therefore named by a digest of everything the code depends on.
With ``NUMBA_DISABLE_JIT=1`` nothing is compiled; a kernel then silences NumPy's warnings, to mean the same arithmetic.
"""

from __future__ import annotations

import atexit
import functools
import hashlib
import os
import platform
import shutil
import sys
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import llvmlite
import numba
import numpy as np

P = ParamSpec("P")
R = TypeVar("R")

_config: Any = numba.config  # its attributes are made at import, unknown to a type checker
_OPTIONS: dict[str, Any] = {"nogil": True, "error_model": "numpy", "fastmath": False}
_SETTINGS = ("BOUNDSCHECK", "OPT", "LOOP_VECTORIZE", "SLP_VECTORIZE", "ENABLE_AVX")
"""Numba settings that change machine code without changing Numba's own cache key."""


def digest(sources: Path) -> str:
    """Name of everything compiled code depends on: kernel sources, versions, interpreter, code generation settings.

    Parameters
    ----------
    sources : folder whose ``*.py`` files are hashed, by name and content, in name order.
    """
    state = hashlib.sha256()
    for path in sorted(sources.glob("*.py")):
        content = path.read_bytes()
        state.update(f"{path.name}\0{len(content)}\0".encode())
        state.update(content)
    versions = (numba.__version__, llvmlite.__version__, np.__version__, sys.version, platform.machine())
    settings = [f"{name}={getattr(_config, name, None)}" for name in _SETTINGS]
    state.update("\0".join([*versions, *settings]).encode())
    return state.hexdigest()[:20]


def place(sources: Path) -> str:
    """Name of where the sources lie and when they were written: Numba compiles again what was moved or touched."""
    files = [(path.name, path.stat().st_mtime_ns) for path in sorted(sources.glob("*.py"))]
    return hashlib.sha256(f"{sources.resolve()}{files}".encode()).hexdigest()[:8]


def user_cache() -> Path:
    """Folder for caches of this user: Numba's own choice where it is set, else the system's custom."""
    if _config.CACHE_DIR:
        return Path(_config.CACHE_DIR)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")


@functools.cache
def cache_folder() -> str:
    """Folder of this build's compiled code, made on first use.

    Where none can be written, a private folder that lives as long as the process, and one warning: a guessable shared
    name would let others plant machine code.
    """
    try:
        sources = Path(__file__).parent
        folder = user_cache() / "absengine" / digest(sources) / place(sources)
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return str(folder)
    except (OSError, RuntimeError) as problem:  # RuntimeError: a user without a home
        temporary = tempfile.mkdtemp(prefix="absengine-")
        atexit.register(shutil.rmtree, temporary, ignore_errors=True)
        text = f"compiled code cannot be kept ({problem}); it is compiled again for each process, about 10 s"
        warnings.warn(f"{text}; set XDG_CACHE_HOME or NUMBA_CACHE_DIR to a writable folder", stacklevel=2)
        return temporary


def is_kept() -> bool:
    """Whether compiled code is already there; if not, the first call of a kernel takes some seconds."""
    return bool(_config.DISABLE_JIT) or any(Path(cache_folder()).rglob("*.nbc"))


def kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Compile on first call and keep the machine code in :func:`cache_folder`; for routines called from Python."""
    if _config.DISABLE_JIT:
        return np.errstate(all="ignore")(function)
    before = _config.CACHE_DIR
    folder = cache_folder()
    try:
        _config.CACHE_DIR = folder
        return _compiled(function, cache=True)
    finally:
        _config.CACHE_DIR = before


def part(function: Callable[P, R]) -> Callable[P, R]:
    """Compile into the kernels that call it."""
    return function if _config.DISABLE_JIT else _compiled(function, cache=False)


def _compiled(function: Callable[P, R], cache: bool) -> Callable[P, R]:
    compiled: Callable[P, R] = numba.njit(cache=cache, **_OPTIONS)(function)
    return compiled
