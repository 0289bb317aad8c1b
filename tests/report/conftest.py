"""The worked deal of tests/results as fixtures for pictures, workbook and page."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from absengine.report.canvas import LATIN, Pen
from absengine.results.document import stress_document


@pytest.fixture(scope="session")
def worked() -> ModuleType:
    """The builder module of tests/results: hand-worked lanes and the functions that stack them."""
    file = Path(__file__).parents[1] / "results" / "builder.py"
    spec = importlib.util.spec_from_file_location("worked_deal_for_reports", file)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def document(worked):
    return stress_document(worked.two_class(), twin=worked.two_class_twin(), pool_balance=100.0, contracts=12)


@pytest.fixture
def latin() -> Pen:
    """English labels on a machine without a Chinese font, whatever this one has."""
    return Pen("en", (LATIN,))
