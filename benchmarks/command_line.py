"""What a user waits for: help, the demo, and the first call of the kernels on a machine that never compiled them."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.measure import Figure, Gate, Ran, child, folder

HELP_LIBRARIES = "import typer"
DEMO_LIBRARIES = "import numba, pyarrow.parquet, pydantic, matplotlib.backends.backend_svg, xlsxwriter, typer"
KERNEL = """
import numpy as np
from absengine.kernels.opcodes import Program
from absengine.kernels.waterfall import run_block
none = np.zeros(0, np.int32)
code, rows = (none.reshape(0, 7), none.reshape(0, 3)), (np.ones((1, 1), np.uint8), np.zeros((0, 1)))
block, program = np.zeros((1, 1, 1)), Program(*code, *rows, 0, none, none, none, none, 0)
run_block(program, block[0], block, block[0], block[:0], block[:0])
"""


def _least(arguments: list[str], repeat: int = 3) -> float:
    """CPU seconds of a child process, the least of some."""
    return min(child(arguments).cpu_seconds for _ in range(repeat))


def time_help() -> float:
    return _least(["-m", "absengine", "--help"])


def time_demo() -> float:
    """The demo with kernels compiled: run folder, pictures, workbook and page included."""
    child(["-m", "absengine", "warmup"])
    return _least(["-m", "absengine", "demo", "--out", str(folder("demo"))])


def time_first_call() -> tuple[Ran, Ran]:
    """The interpreter's first call with an empty cache, then in a new process that finds it compiled."""
    cache = {"XDG_CACHE_HOME": str(folder("cache")), "NUMBA_CACHE_DIR": str(folder("cache"))}
    return child(["-c", KERNEL], cache), child(["-c", KERNEL], cache)


def run() -> Iterator[Figure | Gate]:
    """CPU seconds, and how many times the mere import of the libraries they are."""
    shown, imports = time_help(), _least(["-c", HELP_LIBRARIES])
    yield Figure("help", shown, "s of CPU", 0.4)
    yield Gate("help / import of its libraries", shown / imports, 2.0)
    demo, imports = time_demo(), _least(["-c", DEMO_LIBRARIES])
    yield Figure("demo", demo, "s of CPU, kernels cached", 3.0)
    yield Gate("demo / import of its libraries", demo / imports, 4.0)
    cold, warm = time_first_call()
    yield Figure("first_call_compiling", cold.cpu_seconds, "s of CPU, import included")
    yield Figure("first_call_cached", warm.cpu_seconds, "s of CPU, import included")
    yield Gate("first call cached / compiling", warm.cpu_seconds / cold.cpu_seconds, 0.3)
