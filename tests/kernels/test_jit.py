"""The cache folder follows everything compiled code depends on, and never stands in the way of an import."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numba
import numpy as np
import pytest

from absengine import kernels
from absengine.kernels import _jit

SOURCES = Path(kernels.__file__).parent


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """The kernel sources, free to be edited."""
    return Path(shutil.copytree(SOURCES, tmp_path / "kernels", ignore=shutil.ignore_patterns("__pycache__")))


@pytest.mark.parametrize("name", sorted(path.name for path in SOURCES.glob("*.py")))
def test_digest__changes_with_every_source(copied: Path, name: str) -> None:
    before = _jit.digest(copied)
    with (copied / name).open("a", encoding="utf-8") as source:
        source.write("\n# a later edit\n")
    assert _jit.digest(copied) != before


def test_digest__is_a_matter_of_content(copied: Path) -> None:
    assert _jit.digest(copied) == _jit.digest(SOURCES)
    (copied / "opcodes.py").rename(copied / "codes.py")
    assert _jit.digest(copied) != _jit.digest(SOURCES)


def test_place__a_second_checkout_and_a_touched_file_have_code_to_compile(copied: Path) -> None:
    """Numba would compile both again; were they one folder, nobody would be told of the half minute."""
    before = _jit.place(copied)
    assert before != _jit.place(SOURCES)
    os.utime(copied / "opcodes.py", ns=(1, 1))
    assert _jit.place(copied) != before


@pytest.mark.parametrize("package", ["numba", "llvmlite", "np"])
def test_digest__changes_with_every_version(package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before = _jit.digest(SOURCES)
    monkeypatch.setattr(getattr(_jit, package), "__version__", "0")
    assert _jit.digest(SOURCES) != before


def test_digest__changes_with_python_and_bounds_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = _jit.digest(SOURCES)
    monkeypatch.setattr(sys, "version", "4.0")
    other_python = _jit.digest(SOURCES)
    monkeypatch.setattr(numba.config, "BOUNDSCHECK", 7)
    assert len({plain, other_python, _jit.digest(SOURCES)}) == 3


def test_user_cache__the_users_wish_comes_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path / "numba"))
    assert _jit.user_cache() == tmp_path / "numba"
    monkeypatch.setattr(numba.config, "CACHE_DIR", "")
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert _jit.user_cache() == tmp_path / "xdg"


def test_cache_folder__carries_the_digest_and_numba_keeps_its_own(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(_jit, "cache_folder", _jit.cache_folder.__wrapped__)
    assert _jit.cache_folder() == str(tmp_path / "absengine" / _jit.digest(SOURCES) / _jit.place(SOURCES))
    _jit.kernel(_same)
    assert str(tmp_path) == numba.config.CACHE_DIR


def _same(value: float) -> float:
    return value


def test_kernel__divides_like_numpy() -> None:
    assert _jit.kernel(_inverse)(np.zeros(1)) == np.inf


def _inverse(values: np.ndarray) -> float:
    return 1.0 / values[0]


def test_import__without_a_writable_home_warns_once(tmp_path: Path) -> None:
    """A file stands where the cache should go: that stops the superuser too."""
    (tmp_path / "file").touch()
    drop = {"NUMBA_CACHE_DIR", "NUMBA_DISABLE_JIT"}
    environment = {name: value for name, value in os.environ.items() if name not in drop}
    environment |= {name: str(tmp_path / "file") for name in ("HOME", "XDG_CACHE_HOME", "LOCALAPPDATA")}
    environment |= {name: str(tmp_path) for name in ("TMPDIR", "TEMP")}
    code = "import absengine.kernels.waterfall as w; from absengine.kernels import _jit; print(_jit.cache_folder())"
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("compiled code cannot be kept") == 1
    folder = Path(done.stdout.strip())
    assert folder.parent == tmp_path
    assert not folder.exists()
