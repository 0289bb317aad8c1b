"""The front door: every command helps, is documented and refuses politely."""

from __future__ import annotations

import subprocess
import sys
import warnings
from pathlib import Path

import pytest
import typer

from absengine import __version__
from absengine.cli import app, main
from absengine.cli import errors as handler
from absengine.errors import BudgetError, CheckFailed, IncompleteError, Problem, TapeError, UsageError, Where

README = Path(__file__).parents[2] / "README.md"
COMMANDS = sorted(typer.main.get_group(app).commands)


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> typer.Typer:
    """A command line with one command that raises what the test puts into ``box``."""
    small = typer.Typer(pretty_exceptions_enable=False, rich_markup_mode=None)
    small.callback()(app.registered_callback.callback)
    monkeypatch.setattr("absengine.cli.app", small)
    return small


def raising(small: typer.Typer, error: BaseException) -> None:
    @small.command()
    def fail() -> None:
        raise error


def test_main__version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"absengine {__version__}\n"


def test_main__no_command_is_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert "Commands:" in "".join(capsys.readouterr())


def test_main__unknown_command_is_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["stres"]) == 2
    assert "stres" in capsys.readouterr().err


@pytest.mark.parametrize("command", COMMANDS)
def test_command__helps_and_is_in_the_readme(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command, "--help"]) == 0
    text = capsys.readouterr().out
    described = [line for line in text.splitlines() if line.strip() and not line.startswith("Usage")]
    assert described[0].strip() not in ("Options:", "Arguments:"), f"{command} has no help text"
    assert f"`absengine {command}" in README.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (UsageError("no such pack"), 2),
        (TapeError("unreadable"), 3),
        (CheckFailed("A.principal_loss > 0"), 4),
        (IncompleteError("stopped"), 5),
        (PermissionError(13, "Permission denied", "runs"), 5),
        (KeyboardInterrupt(), 130),
        (BudgetError("cash does not close"), 1),
        (ZeroDivisionError("division by zero"), 1),
    ],
)
def test_main__exit_codes(
    failing: typer.Typer, error: BaseException, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    raising(failing, error)
    assert main(["fail"]) == code
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "Traceback" not in printed.err


def test_main__debug_shows_the_traceback(failing: typer.Typer, capsys: pytest.CaptureFixture[str]) -> None:
    raising(failing, ZeroDivisionError("division by zero"))

    @failing.command()
    def other() -> None:
        """A second command, so that the first keeps its name."""

    assert main(["--debug", "fail"]) == 1
    assert "Traceback" in capsys.readouterr().err


def test_warnings_as_lines__say_one_line_without_code(capsys: pytest.CaptureFixture[str]) -> None:
    with handler.warnings_as_lines():
        warnings.simplefilter("always")
        warnings.warn("no font", stacklevel=1)
    assert capsys.readouterr().err == "warning: no font\n"


def test_report_refusal__shows_twenty_and_counts_the_rest(capsys: pytest.CaptureFixture[str]) -> None:
    problems = [Problem("bad-number", Where("tape.csv", row, "余额"), "'x'", "a number") for row in range(2, 27)]
    assert handler.report_refusal(TapeError(problems)) == 3
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "error: tape.csv:2:余额: found 'x'; allowed: a number"
    assert len(lines) == handler.SHOWN + 1
    assert "5 more problems of 25" in lines[-1]


def test_import__front_door_loads_no_engine() -> None:
    heavy = ("numpy", "numba", "pandas", "pyarrow", "matplotlib", "pydantic", "jinja2", "xlsxwriter")
    code = f"import sys, absengine.cli; sys.exit(','.join(m for m in {heavy!r} if m in sys.modules) or 0)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr.strip() == ""
    assert done.returncode == 0
