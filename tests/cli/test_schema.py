"""``absengine schema`` prints what the code declares."""

from __future__ import annotations

import json

import pytest
from pydantic import BaseModel

from absengine.cli import main
from absengine.deal.nouns import DealFile
from absengine.deal.verbs import VERBS
from absengine.scenario.models import PackFile
from absengine.schema import CASHFLOW_COLUMNS


def test_schema__tables(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema", "tables", "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert [row["name"] for row in printed["tables"]["cashflows"]] == [column.name for column in CASHFLOW_COLUMNS]


@pytest.mark.parametrize(("what", "model"), [("deal", DealFile), ("pack", PackFile)])
def test_schema__json_schema_of_every_table(
    what: str, model: type[BaseModel], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["schema", what]) == 0
    printed = json.loads(capsys.readouterr().out)
    wanted = {field.alias or name for name, field in model.model_fields.items()}
    assert set(printed["properties"]) == wanted


def test_schema__words_hold_every_verb(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema", "words"]) == 0
    text = capsys.readouterr().out
    assert [verb.key for verb in VERBS if f"  {verb.key}  {verb.zh}" not in text] == []


def test_schema__words_spell_out_the_names_of_formulas(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema", "words"]) == 0
    text = capsys.readouterr().out
    wanted = ["pool.cum_default_rate", "collected.total", "period.last", "fee.NAME.over_cap", "support.NAME.owed"]
    assert [name for name in wanted if name not in text] == []
    assert "…" not in text


def test_schema__tape_names_synonyms(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema", "tape"]) == 0
    assert "未偿本金余额" in capsys.readouterr().out
