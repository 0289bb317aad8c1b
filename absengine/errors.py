"""One small tree of errors, and the four parts every refusal speaks in.

    AbsError                  exit 1  a bug of ours
    ├── BudgetError           exit 1  money did not close on a path
    ├── UsageError            exit 2  the command line itself is wrong
    ├── InputError            exit 3  an input file is refused
    │   ├── TapeError
    │   ├── DealError
    │   └── ScenarioError
    ├── CheckFailed           exit 4  a check stated by the user failed
    └── IncompleteError       exit 5  stopped half-way, can be resumed

A refusal is a list of :class:`Problem`: where, what was found, what is allowed, what to do.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Where:
    """A place in an input. Lines, rows and columns count from 1, as an editor or a spreadsheet shows them."""

    file: str = ""
    line: int | None = None
    column: int | str | None = None
    sheet: str | None = None
    path: str = ""

    def __str__(self) -> str:
        parts = [self.file] if self.file else []
        if self.sheet:
            parts.append(f"[{self.sheet}]")
        parts += [str(part) for part in (self.line, self.column) if part is not None]
        place = ":".join(parts)
        return f"{place} ({self.path})" if self.path and place else place or self.path

    def at(self, path: str) -> Where:
        """The same place, named by another path inside the file."""
        return replace(self, path=path)


def unreadable(error: OSError) -> str:
    """Why a file cannot be read, in the words that follow "found"."""
    return "a folder" if isinstance(error, IsADirectoryError) else (error.strerror or type(error).__name__).lower()


@dataclass(frozen=True, slots=True)
class Problem:
    """One refusal in four parts. ``code`` is a stable slug, the name of its case under ``tests/bad/``."""

    code: str
    where: Where
    found: str
    allowed: str
    todo: str = ""

    def __str__(self) -> str:
        place = f"{self.where}: " if str(self.where) else ""
        text = f"{place}found {self.found}; allowed: {self.allowed}"
        return f"{text}; {self.todo}" if self.todo else text


class AbsError(Exception):
    """Root of the tree; carries every problem found, not only the first."""

    exit_code = 1

    def __init__(self, problems: Problem | Iterable[Problem] | str) -> None:
        self.problems: tuple[Problem, ...] = ()
        if isinstance(problems, str):
            super().__init__(problems)
            return
        self.problems = (problems,) if isinstance(problems, Problem) else tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class BudgetError(AbsError):
    """The cash budget of a path did not close: an error of the engine, never of the user."""


class UsageError(AbsError):
    """The command line names something that does not exist or contradicts itself."""

    exit_code = 2


class InputError(AbsError):
    """An input file is refused; nothing has been written."""

    exit_code = 3


class TapeError(InputError):
    """A tape (资产清单) is refused."""


class DealError(InputError):
    """A deal file is refused."""


class ScenarioError(InputError):
    """A scenario pack is refused."""


class CheckFailed(AbsError):
    """The run is complete, and a check the user stated is not met."""

    exit_code = 4


class IncompleteError(AbsError):
    """The run stopped before its end and can be resumed."""

    exit_code = 5


class Problems:
    """Collects refusals so that the user sees all of them at once."""

    def __init__(self) -> None:
        self._found: list[Problem] = []

    def add(self, code: str, where: Where, found: str, allowed: str, todo: str = "") -> None:
        self._found.append(Problem(code, where, found, allowed, todo))

    def extend(self, problems: Iterable[Problem]) -> None:
        self._found.extend(problems)

    def __len__(self) -> int:
        return len(self._found)

    def __iter__(self) -> Iterator[Problem]:
        return iter(self._found)

    def refuse(self, error: type[AbsError]) -> None:
        """Raise ``error`` with every problem collected, each told once; do nothing when there is none."""
        if self._found:
            raise error(list(dict.fromkeys(self._found)))
