"""Errors of form and of sense are told together; what only follows from an error of form is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from absengine.deal.load import load
from absengine.errors import DealError

DEAL = Path(__file__).parents[2] / "scenarios" / "deals" / "gaoxintou-5" / "deal.toml"


def problems(tmp_path: Path, *changes: tuple[str, str]) -> list[tuple[str, str]]:
    text = DEAL.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    (tmp_path / "deal.toml").write_text(text, encoding="utf-8")
    with pytest.raises(DealError) as refused:
        load(tmp_path)
    return [(problem.code, problem.where.path) for problem in refused.value.problems]


def test_errors_of_sense__beside_an_error_of_form(tmp_path: Path) -> None:
    found = problems(
        tmp_path,
        ('rate = "3.26%"', "rate = 5"),
        ("pool.cum_default_rate > 10%", "pool.cum_default_rate > 10_000_000 * pool.initial"),
        ('provider = "guarantor"', 'provider = "garantor"'),
    )
    assert ("bare-ratio-above-one", "tax.vat.rate") in found
    assert ("mixed-kinds", "trigger.cum_default.when") in found
    assert ("unknown-entity", "support.topup.provider") in found


def test_errors_of_sense__nothing_that_only_follows(tmp_path: Path) -> None:
    assert problems(tmp_path, ("face = 195_700_000", 'face = "lots"')) == [("wrong-amount", "tranche.A.face")]
    assert problems(tmp_path, ('rate = "3.26%"', "rate = 5")) == [("bare-ratio-above-one", "tax.vat.rate")]


def test_errors_of_sense__too_little_left_to_judge(tmp_path: Path) -> None:
    found = problems(tmp_path, ("cutoff = 2022-03-31", 'cutoff = "soon"'), ('provider = "guarantor"', 'provider = "x"'))
    assert found == [("wrong-date", "dates.cutoff")]
