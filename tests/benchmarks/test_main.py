"""What ``python -m benchmarks`` prints and how it ends; nothing is timed here."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

main = pytest.importorskip("benchmarks.__main__", reason="benchmarks are run from a checkout")
measure = pytest.importorskip("benchmarks.measure")


@pytest.fixture
def pretended(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """One benchmark named 'pretended' that tells what the list holds."""
    told: list[object] = []
    monkeypatch.setattr(main, "NAMES", ("pretended",))
    monkeypatch.setattr(main.importlib, "import_module", lambda name: SimpleNamespace(run=lambda: told))
    return told


def test_main__prints_one_document(pretended: list[object], capsys: pytest.CaptureFixture[str]) -> None:
    pretended += [
        measure.Figure("a", 1.23456, "ns", 1.0),
        measure.Figure("b", 2.0, "s"),
        measure.Gate("a / b", 0.5, 4.0),
    ]
    assert main.main([]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["schema"] == "absengine.bench/1"
    assert document["figures"] == [
        {"name": "a", "value": 1.235, "unit": "ns", "target": 1.0, "met": False},
        {"name": "b", "value": 2.0, "unit": "s"},
    ]
    assert document["gates"] == [{"name": "a / b", "value": 0.5, "most": 4.0, "met": True}]


def test_main__a_gate_not_met_ends_with_4(pretended: list[object], capsys: pytest.CaptureFixture[str]) -> None:
    pretended.append(measure.Gate("a / b", 4.5, 4.0))
    assert main.main(["pretended"]) == 4
    assert json.loads(capsys.readouterr().out)["gates"][0]["met"] is False


def test_main__an_unknown_name_is_refused(pretended: list[object], capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["nothing"]) == 2
    assert "allowed: pretended" in capsys.readouterr().err


def test_child__tells_why_it_failed() -> None:
    with pytest.raises(RuntimeError, match="no such luck"):
        measure.child(["-c", "raise SystemExit('no such luck')"])
