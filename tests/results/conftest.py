"""The worked deal as fixtures."""

from __future__ import annotations

import importlib
from types import ModuleType

import pytest


@pytest.fixture(scope="session")
def worked() -> ModuleType:
    """The builder module: hand-worked lanes and the functions that stack them."""
    return importlib.import_module("builder")
