"""The user's own map: every mistake in it is told with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from absengine.errors import TapeError
from absengine.loaders.cells import RawColumn
from absengine.loaders.tape_map import TapeMap, read_map

KNOWN = ("asset_id", "balance", "rate", "cutoff_date")


def _map(folder: Path, text: str) -> Path:
    path = folder / "map.toml"
    path.write_text(f'schema = "absengine.map/1"\n{text}', encoding="utf-8")
    return path


def test_read_map__none_is_an_empty_map() -> None:
    assert read_map(None, KNOWN) == TapeMap()


def test_read_map__every_part(tmp_path: Path) -> None:
    text = (
        'sheet = "表"\nencoding = "big5"\nheader_row = 3\n[columns]\n"余" = { field = "balance", unit = "万元" }\n'
        '"号" = "asset_id"\n[constants]\ncutoff_date = 2026-03-31\nrate = 0.05\n[rights.columns]\n"证" = "ip_no"\n'
    )
    found = read_map(_map(tmp_path, text), KNOWN)
    assert (found.sheet, found.encoding, found.header_row) == ("表", "big5", 3)
    assert found.columns == {"余": ("balance", "万元"), "号": ("asset_id", "")}
    assert found.constants == {"cutoff_date": "2026-03-31", "rate": "0.05"}
    assert found.places["号"].line == 7
    assert read_map(_map(tmp_path, text), ["ip_no"], "rights").columns == {"证": ("ip_no", "")}


def test_read_map__tells_every_mistake(tmp_path: Path) -> None:
    text = '[columns]\n"余" = "balanse"\n"额" = { field = "rate", unit = "万元" }\n[constants]\nrat = 1\n'
    with pytest.raises(TapeError) as refusal:
        read_map(_map(tmp_path, text), KNOWN)
    assert [(problem.code, problem.where.line) for problem in refusal.value.problems] == [
        ("map-unknown-field", 3), ("map-unknown-unit", 4), ("map-unknown-field", 6),
    ]  # fmt: skip
    assert "balance" in refusal.value.problems[0].todo


@pytest.mark.parametrize("text", ["columns = 3\n", "colums = {}\n", "header_row = 0\n", '[columns]\n"余" = 3\n'])
def test_read_map__refuses_what_is_no_map(tmp_path: Path, text: str) -> None:
    with pytest.raises(TapeError):
        read_map(_map(tmp_path, text), KNOWN)


def test_read_map__codes_days_and_words_for_no_data(tmp_path: Path) -> None:
    text = (
        'no_data = ["ND1", "ND4"]\n[columns]\n"余" = "balance"\n"日" = { field = "cutoff_date", days = 1 }\n'
        '[codes.amort_type]\nFRXX = "level"\nOTHR = ""\n'
    )
    found = read_map(_map(tmp_path, text), (*KNOWN, "amort_type"))
    assert found.days == {"cutoff_date": 1}
    columns = [RawColumn.of(["frxx", "OTHR", "nd4-2026-12-31", "等额本息"]), RawColumn.of(["ND1", "ND", "ND2", "1"])]
    (codes, texts), said = found.translated(columns, ["amort_type", ""])
    assert [codes[row] for row in range(4)] == ["level", "", "", "等额本息"]
    assert [texts[row] for row in range(4)] == ["", "ND", "ND2", "1"]
    assert said == ["amort_type: codes of the map read, frxx → level, OTHR → no value"]


def test_read_map__tells_wrong_words_and_days(tmp_path: Path) -> None:
    text = '[columns]\n"余" = { field = "balance", days = 1 }\n[codes.amort_type]\nX = "levle"\n'
    with pytest.raises(TapeError) as refusal:
        read_map(_map(tmp_path, text), (*KNOWN, "amort_type"))
    assert {(problem.code, problem.where.line) for problem in refusal.value.problems} == {
        ("map-unknown-word", 5), ("map-days-of-no-date", 3),
    }  # fmt: skip
