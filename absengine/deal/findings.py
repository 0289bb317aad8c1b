"""Problems of a deal, added by path: what every check of the deal room writes with."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from itertools import pairwise

from absengine.errors import InputError, Problems
from absengine.language.scanner import Path
from absengine.language.toml import Document
from absengine.language.validation import did_you_mean, one_of


class Findings:
    """Adds problems at the place a path has in the file."""

    def __init__(self, document: Document, problems: Problems) -> None:
        self.document, self.problems = document, problems

    def add(self, code: str, path: Path, found: str, allowed: str, todo: str = "") -> None:
        self.problems.add(code, self.document.where(path), found, allowed, todo)

    def known(self, code: str, path: Path, name: str, choices: Iterable[str], what: str) -> bool:
        """``name`` is one of ``choices``, or a problem with the nearest spelling."""
        options = list(choices)
        if name in options:
            return True
        otherwise = suggestion(name, options, "correct it" if options else f"define it, as [{what}.…]")
        self.add(code, path, f"the unknown {what} '{name}'", one_of(options), otherwise)
        return False

    def rising(self, code: str, path: Path, days: Sequence[dt.date]) -> bool:
        """Dates that rise, or a problem with the first that does not."""
        wrong = next((after for before, after in pairwise(days) if after <= before), None)
        if wrong is not None:
            self.add(code, path, f"{wrong} out of order or twice", "dates that rise", "put them in order")
        return wrong is None

    def passed(self, path: Path, refused: InputError) -> None:
        """Problems found in a room below, which knows no file, at the place they come from."""
        for problem in refused.problems:
            self.add(problem.code, path, problem.found, problem.allowed, problem.todo)


def suggestion(name: str, choices: Iterable[str], otherwise: str) -> str:
    """The nearest spelling; ``account.main`` for ``main`` and the other way round: only claims have dotted names."""
    options = list(choices)
    tail = name.rpartition(".")[2]
    related = [option for option in options if option == tail or option.rpartition(".")[2] == name]
    return f"write '{related[0]}'" if related else did_you_mean(name, options, otherwise)
