"""The promise of the house, held: a word of a registry is documented in both languages, handled, and worked by hand.

To add a verb: one registry row and one function; to add an asset kind: one loader module and its line. Whoever does is
told here what is still missing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest
from small_deals import Run

from absengine.cli.schema import ROWS, What
from absengine.deal.forms import FIELDS, claim_names
from absengine.deal.load import load
from absengine.deal.names import FAMILIES, known_names
from absengine.deal.payables import PAYABLES
from absengine.deal.sentences import CLAIMS, TIMES, WORDS
from absengine.deal.triggers import EFFECTS
from absengine.deal.verbs import VERBS, Verb
from absengine.kernels import pool, recovery
from absengine.kernels.opcodes import Op
from absengine.language.formula import FUNCTIONS
from absengine.language.units import AmountBase, Anchor, PeriodUnit, RateBase
from absengine.loaders import LOADERS
from absengine.loaders.rights_checks import CHECKS
from absengine.report.risk_pictures import LAYER_COLOURS
from absengine.report.words import PHRASES
from absengine.scenario.models import RecoveryTable
from absengine.schema import CASHFLOW_COLUMNS, CONTRACT_COLUMNS, POOL_CHANNELS, RECOVERY_SOURCES, RIGHT_COLUMNS

HERE = Path(__file__).parent
PACKAGE = HERE.parent / "absengine"
FULL = HERE / "deal" / "full" / "deal.toml"
CHINESE = re.compile("[一-鿿]")


def source(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def worked(file: str) -> set[str]:
    """What the tests of a file are about: the first part of ``test_<what>__<case>``."""
    return set(re.findall(r"^def test_(\w+?)__", source(HERE / file), re.MULTILINE))


def documented() -> Iterator[tuple[str, str, str]]:
    """(word, English, Chinese) of every documented word of ours."""
    for registry in (VERBS, EFFECTS):
        yield from ((entry.key, entry.doc_en, entry.zh + entry.doc_zh) for entry in registry)
    yield from ((family.spelling, family.doc_en, family.zh + family.doc_zh) for family in FAMILIES)
    yield from ((name, function.en, function.zh) for name, function in FUNCTIONS.items())
    yield from ((check.code, check.en, check.zh) for check in CHECKS)
    yield from ((column.name, column.en, column.zh) for column in CASHFLOW_COLUMNS + CONTRACT_COLUMNS + RIGHT_COLUMNS)


@pytest.mark.parametrize(("word", "english", "chinese"), list(documented()))
def test_words__speak_both_languages(word: str, english: str, chinese: str) -> None:
    assert english.strip() and not CHINESE.search(english), word
    assert CHINESE.search(chinese), word


def test_words__are_all_printed() -> None:
    printed = {row["key"] for rows in ROWS[What.WORDS]().values() for row in rows}
    assert {*VERBS.keys, *EFFECTS.keys, *FUNCTIONS, *(family.spelling for family in FAMILIES)} == printed


# the deal language ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.key)
def test_verbs__each_has_a_form_a_function_and_a_worked_case(verb: Verb) -> None:
    assert set(verb.needs + verb.may) <= set(FIELDS)
    assert callable(verb.compile) and verb.compile.__doc__
    cases = worked("deal/test_verbs.py") | worked("deal/test_purchases.py")
    assert verb.key in cases, "work a deal with it by hand; the slow twin then runs it too"


def test_claims__a_kind_is_named_served_and_told_everywhere() -> None:
    served = {kind for verb in VERBS for kind in verb.serves}
    deal = load(FULL).file
    assert served - {"purchase"} == set(PAYABLES) == set(CLAIMS) - {"over_cap", "purchase"}
    assert all(claim_names(deal, kind) for kind in served)


@pytest.mark.parametrize("effect", EFFECTS.keys)
def test_effects__each_has_a_worked_case(effect: str) -> None:
    effects = re.findall(r'"(?:once|while|effect)": "(\w+)', source(HERE / "deal/test_triggers.py"))
    assert effect in effects


def test_names__each_is_met_by_the_slow_twin() -> None:
    """The full deal records every name on every row; the twin must find the same numbers."""
    names = known_names(load(FULL).file)
    assert {family.prefix for family in FAMILIES} == {name.partition(".")[0] for name in names}
    looks = "\n".join(f'  {{ id = "look_{i}", do = "probe", value = "{name}" }},' for i, name in enumerate(names))
    text = source(FULL).replace('\n  { id = "tax",', f'\n{looks}\n  {{ id = "tax",', 1)
    run = Run(
        text, pool=100e6, interest=[1e6] * 9, principal=[2e6] * 9, performing=[9e7] * 9, opening=[9e7] * 9,
        recognised=[0, 3e6] * 3, default=[3e6, 0] * 3, recovery_ip=[0, 0, 1e5] * 3, index_LPR1Y=[0.03] * 24,
        dilution=[1e4] * 9, overdue_d30=[2e4] * 9, overdue_d60=[0, 1e4] * 4, overdue_d90=[5e3] * 9, overdue_older=[9.0],
    )  # fmt: skip
    probed = [item for item in run.values if ".look_" in item]
    assert len(probed) == len(names)
    assert sum(bool(run.values[item].any()) for item in probed) > len(names) / 2


@pytest.mark.parametrize("function", FUNCTIONS)
def test_functions__each_has_a_worked_case(function: str) -> None:
    assert f"{function}(" in source(HERE / "deal/test_formulas.py")


def test_times__every_fixed_word_of_a_period_can_be_told() -> None:
    wanted = {f"per {base}" for base in (*get_args(AmountBase), *get_args(RateBase))}
    wanted |= {f"every {unit}" for unit in get_args(PeriodUnit)} | {f"every 1 {unit}" for unit in get_args(PeriodUnit)}
    wanted |= {f"{side} {anchor}" for side in ("before", "after") for anchor in get_args(Anchor)}
    assert wanted | {"business days", "days"} == set(TIMES)


def test_opcodes__each_is_emitted_by_the_compiler() -> None:
    compiler = "".join(source(path) for path in sorted((PACKAGE / "deal").glob("*.py")))
    assert [op.name for op in Op if not re.search(rf"\bOp\.{op.name}\b", compiler)] == []


# asset kinds ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("kind", LOADERS)
def test_asset_kinds__each_has_a_module_a_name_a_worked_case_and_a_bad_tape(kind: str) -> None:
    loader = LOADERS[kind]
    assert loader.__name__ == f"absengine.loaders.{kind}" and kind == loader.KIND
    assert callable(loader.schedule) and loader.schedule.__doc__
    english, chinese = loader.NAMES
    assert english and CHINESE.search(chinese)
    assert (HERE / "loaders" / f"test_{kind}.py").is_file()
    others = set(re.findall(r"^(\w+) = ", source(HERE / "bad/tapes/index.toml"), re.MULTILINE))
    assert kind == "pledge_loan" or kind in others, "a bad tape of the kind, listed in tests/bad/tapes/index.toml"


@pytest.mark.parametrize("room", ["projection", "results", "report", "kernels", "scenario", "run.py", "waterfall.py"])
def test_asset_kinds__no_later_room_knows_one(room: str) -> None:
    place = PACKAGE / room
    text = "".join(source(path) for path in ([place] if place.is_file() else sorted(place.glob("*.py"))))
    assert [kind for kind in LOADERS if kind in text] == []


# pool cash ------------------------------------------------------------------------------------------------------------
def test_pool_channels__the_kernel_numbers_them_as_the_schema_does() -> None:
    numbered = {
        pool.INTEREST: "interest", pool.PRINCIPAL: "principal", pool.PREPAYMENT: "prepayment", pool.FEE: "fee",
        **{pool.RECOVERY + index: f"recovery.{name}" for index, name in enumerate(RECOVERY_SOURCES)},
        pool.OPENING: "opening", pool.PERFORMING: "performing", pool.DEFAULT: "default", pool.RECOGNISED: "recognised",
    }  # fmt: skip
    assert tuple(numbered[number] for number in range(pool.CHANNELS)) == POOL_CHANNELS
    assert len(RECOVERY_SOURCES) == recovery.SOURCES
    assert RECOVERY_SOURCES[: recovery.GRACE_SOURCES] == ("deposit", "cure", "guarantor")


@pytest.mark.parametrize("name", RECOVERY_SOURCES)
def test_recovery_sources__each_can_be_stressed_told_and_drawn(name: str) -> None:
    assert name in RecoveryTable.model_fields
    assert f"recovery.{name}" in WORDS and name in PHRASES
    assert len(LAYER_COLOURS["recovery"]) == len(RECOVERY_SOURCES)


def test_layers__each_has_colours_and_a_name() -> None:
    assert set(LAYER_COLOURS) <= set(PHRASES)
    assert all(english and CHINESE.search(chinese) for english, chinese in PHRASES.values())
