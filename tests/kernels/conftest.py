"""The twin of the interpreter as a fixture."""

from __future__ import annotations

import importlib
from types import ModuleType

import pytest


@pytest.fixture(scope="session")
def naive() -> ModuleType:
    """The plain Python interpreter."""
    return importlib.import_module("naive_waterfall")
