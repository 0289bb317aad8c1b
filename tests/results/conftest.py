"""The worked deal as fixtures."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="session")
def worked() -> ModuleType:
    """The builder module: hand-worked lanes and the functions that stack them."""
    spec = importlib.util.spec_from_file_location("worked_deal", Path(__file__).with_name("builder.py"))
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
