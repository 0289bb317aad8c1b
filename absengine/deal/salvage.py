"""The sound part of a deal file that has errors of form, so that its errors of sense are told in the same refusal.

Tables with an error of form are left out, and only what is wrong in itself is looked for: an unknown word, a formula
that mixes kinds. What would be missing only because a table was left out is not said.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any, get_args, get_origin

from absengine.deal.checks import check_deal
from absengine.deal.nouns import DealFile
from absengine.errors import Problem, Problems
from absengine.language.toml import Document
from absengine.language.validation import Table, validate

WRONG_IN_ITSELF = frozenset({
    "bad-formula", "mixed-kinds", "wrong-kind", "unknown-function", "wrong-arguments", "unknown-name", "unknown-verb",
    "unknown-account", "unknown-claim", "unknown-stage", "unknown-entity", "unknown-effect", "unknown-helper",
    "unknown-index", "unknown-channel", "step-field-not-for-verb", "step-field-missing", "step-id-twice",
})  # fmt: skip
"""Codes of problems that no table left out can cause, unless they name one."""


def errors_of_sense(document: Document) -> list[Problem]:
    """Problems of sense in the tables without an error of form; none where too little is left to judge."""
    data, left_out = dict(document.data), set[str]()
    for key, model in _named_tables():
        if isinstance(data.get(key), dict):
            data[key], bad = _sound(document, key, model)
            left_out |= bad
    problems = Problems()
    deal = validate(DealFile, data, document.where, Problems())
    if deal is None or not deal.tranche or not deal.stage:
        return []
    check_deal(deal, document, problems)
    return [problem for problem in problems if _stands(problem, left_out)]


def _named_tables() -> Iterator[tuple[str, type[Table]]]:
    """Tables whose keys are the user's names, with the model of an entry: tranche, fee, stage, …"""
    for name, field in DealFile.model_fields.items():
        if get_origin(field.annotation) is dict:
            model = get_args(field.annotation)[1]
            if isinstance(model, type) and issubclass(model, Table):
                yield field.alias or name, model


def _sound(document: Document, key: str, model: type[Table]) -> tuple[dict[str, Any], set[str]]:
    """Entries of one table without an error of form, and the names of the others and of their classes."""
    entries: dict[str, Any] = document.data[key]
    bad = {name for name in entries if validate(model, document.data, document.where, Problems(), (key, name)) is None}
    classes = {str(entries[name].get("class", name)) for name in bad if isinstance(entries[name], dict)}
    return {name: body for name, body in entries.items() if name not in bad}, bad | classes


def _stands(problem: Problem, left_out: Collection[str]) -> bool:
    return problem.code in WRONG_IN_ITSELF and not any(name in problem.found for name in left_out)
