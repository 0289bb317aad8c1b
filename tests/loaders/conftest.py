"""Small tapes, written and read, for every test of this folder."""

from __future__ import annotations

import importlib
from types import ModuleType

import pytest


@pytest.fixture(scope="session")
def tapes() -> ModuleType:
    """The module ``tapes.py``: rows of a sound tape, writers, and readers that return the tape or its problems."""
    return importlib.import_module("tapes")
