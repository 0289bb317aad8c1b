"""``python -m benchmarks [name …]``: one JSON document on stdout; exit 4 when a gate is not met."""

from __future__ import annotations

import importlib
import json
import os
import platform
import sys
from typing import Any

import llvmlite
import numba
import numpy as np

from benchmarks.measure import Figure, Gate

NAMES = ("interpreter", "job", "command_line", "tape")


def document(names: list[str]) -> dict[str, Any]:
    """Run the benchmarks named and put their figures and gates together."""
    found: list[Figure | Gate] = []
    for name in names:
        found += importlib.import_module(f"benchmarks.{name}").run()
    figures = [part for part in found if isinstance(part, Figure)]
    gates = [part for part in found if isinstance(part, Gate)]
    return {
        "schema": "absengine.bench/1",
        "machine": _machine(),
        "benchmarks": names,
        "figures": [_figure(part) for part in figures],
        "gates": [
            {"name": part.name, "value": _short(part.value), "most": part.most, "met": part.value <= part.most}
            for part in gates
        ],
    }


def _figure(part: Figure) -> dict[str, Any]:
    told = {"name": part.name, "value": _short(part.value), "unit": part.unit}
    return told if part.target is None else {**told, "target": part.target, "met": part.value <= part.target}


def _short(value: float) -> float:
    return float(f"{value:.4g}")


def _machine() -> dict[str, Any]:
    """What a figure depends on; a load above zero means that it is too high."""
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    versions = {"python": platform.python_version(), "numpy": np.__version__, "numba": numba.__version__}
    system = {"system": platform.system(), "processor": platform.machine(), "cores": os.cpu_count(), "load": load}
    return system | versions | {"llvmlite": llvmlite.__version__}


def main(names: list[str]) -> int:
    unknown = [name for name in names if name not in NAMES]
    if unknown:
        sys.stderr.write(f"found {', '.join(unknown)}; allowed: {', '.join(NAMES)}\n")
        return 2
    told = document(names or list(NAMES))
    sys.stdout.write(json.dumps(told, indent=1) + "\n")
    return 0 if all(gate["met"] for gate in told["gates"]) else 4


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
