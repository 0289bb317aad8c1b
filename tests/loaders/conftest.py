"""Small tapes, written and read, for every test of this folder."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="session")
def tapes() -> ModuleType:
    """The module ``tapes.py``: rows of a sound tape, writers, and readers that return the tape or its problems."""
    spec = importlib.util.spec_from_file_location("small_tapes", Path(__file__).with_name("tapes.py"))
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
