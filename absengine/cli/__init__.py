"""The command line: words in, exit code out. One module per command; heavy imports live inside the commands."""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, NoReturn

import typer

from absengine import __version__
from absengine.cli.check import check
from absengine.cli.demo import demo
from absengine.cli.errors import report_bug, report_interrupt, report_refusal, report_system, warnings_as_lines
from absengine.cli.explain import explain
from absengine.cli.fmt import fmt
from absengine.cli.new import new
from absengine.cli.schema import schema
from absengine.cli.stress import stress
from absengine.cli.tape import tape
from absengine.cli.trace import trace
from absengine.cli.warmup import warmup
from absengine.errors import AbsError

app = typer.Typer(
    name="absengine",
    help="Open engine for IP-securitization ABS (知识产权证券化): tapes, deals, stresses.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@dataclass
class Options:
    """Options that stand before the command."""

    debug: bool = False


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"absengine {__version__}")
        raise typer.Exit


@app.callback()
def _before_command(
    context: typer.Context,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an unexpected error.")] = False,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and stop.", is_eager=True, callback=_print_version)
    ] = False,
) -> None:
    context.ensure_object(Options).debug = debug


COMMANDS = (demo, new, tape, check, explain, fmt, schema, stress, trace, warmup)
"""Every command, in the order the help lists them; a command's name is its function's name."""

for _command in COMMANDS:
    app.command()(_command)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line; returns the exit code and never lets a traceback through unless ``--debug`` is set."""
    options = Options()
    gc.disable()  # a command makes few cycles; walking the objects of every import again costs a tenth of a demo
    try:
        with warnings_as_lines():
            app(args=None if arguments is None else list(arguments), prog_name="absengine", obj=options)
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else int(stop.code is not None)
    except KeyboardInterrupt:
        return report_interrupt()
    except AbsError as error:
        return report_refusal(error) if error.exit_code != 1 else report_bug(error, debug=options.debug)
    except OSError as error:
        return report_system(error)
    except Exception as error:
        return report_bug(error, debug=options.debug)
    finally:
        gc.enable()
    return 0


def entry() -> NoReturn:
    """The ``absengine`` command: run, then leave at once."""
    code = main()
    gc.freeze()  # Python looks for cycles once more on its way out, among the objects of every import: half a second
    sys.exit(code)
