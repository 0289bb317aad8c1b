"""What the checkout promises: pins without an index, a wheel with the demo deal, two commands in the README."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PINS = (ROOT / "constraints.txt").read_text(encoding="utf-8")
NEEDED = [
    *PROJECT["build-system"]["requires"],
    *PROJECT["project"]["dependencies"],
    *PROJECT["project"]["optional-dependencies"]["dev"],
]


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_pins__name_no_index() -> None:
    assert "://" not in PINS
    assert not re.search(r"^\s*--(index|extra-index|find-links|trusted-host)", PINS, re.MULTILINE)


@pytest.mark.parametrize("requirement", NEEDED)
def test_pins__hold_every_requirement_with_hashes(requirement: str) -> None:
    name = normal(re.split(r"[><=\[ ]", requirement)[0])
    found = re.findall(rf"^{re.escape(name)}==\S+.*\\\n\s+--hash=sha256:", PINS, re.MULTILINE)
    assert found, f"{name} is not pinned; run make pins"


def test_wheel__carries_the_demo_from_its_one_home() -> None:
    carried = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    for source, target in carried.items():
        assert (ROOT / source).is_dir(), source
        assert target == f"absengine/{source}"
    assert not (ROOT / "absengine" / "scenarios").exists(), "a second copy of the scenarios"


def test_readme__quickstart_is_two_commands() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    quickstart = readme.split("## Quickstart")[1].split("## ")[0]
    blocks = re.findall(r"```\n(.*?)```", quickstart, re.DOTALL)
    assert blocks == ["make demo\nmake test\n"]
    targets = re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert {"demo", "test"} <= set(targets)


HOME = {
    "numba-in-kernels": "kernels",
    "typer-in-cli": "cli",
    "pictures-in-report": "report",
    "frames-in-loaders": "loaders",
}


def is_built(room: str) -> bool:
    return (ROOT / "absengine" / room / "__init__.py").exists() or (ROOT / "absengine" / f"{room}.py").exists()


@pytest.mark.parametrize("contract", HOME)
def test_contracts__guard_every_room_but_the_home(contract: str) -> None:
    contracts = {entry["id"]: entry for entry in PROJECT["tool"]["importlinter"]["contracts"]}
    rooms = {room.strip(" ()") for layer in contracts["floors"]["layers"] for room in layer.split("|")}
    guarded = {module.removeprefix("absengine.") for module in contracts[contract]["source_modules"]}
    assert {room for room in rooms if is_built(room)} - guarded == {HOME[contract]}
