"""Text files: encodings, separators, lines that do not fit, and one reading for quoted and plain text."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from absengine.errors import TapeError
from absengine.loaders.cells import Body, Source
from absengine.loaders.text_file import TextTable, decode, read_text

TEXT = "资产编号,余额\n0001,喆\n"


def _cells(body: Body) -> list[list[str]]:
    return [[column[row] for column in body.columns] for row in range(len(body.lines))]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "gb18030"])
def test_decode__the_ladder(encoding: str) -> None:
    data = TEXT.encode(encoding)
    if encoding == "utf-16-le":
        data = b"\xff\xfe" + data
    assert decode(data, Source("t", "csv"))[0] == TEXT


def test_decode__a_named_encoding_is_used_and_an_unknown_one_refused() -> None:
    assert decode("資產".encode("big5"), Source("t", "csv"), "big5") == ("資產", "big5")
    with pytest.raises(TapeError) as refusal:
        decode(b"a", Source("t", "csv"), "klingon")
    assert refusal.value.problems[0].code == "unknown-encoding"


def test_decode__line_ends_become_one() -> None:
    assert decode(b"a\r\nb\rc\n", Source("t", "csv"))[0] == "a\nb\nc\n"


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_read_text__one_reading_per_separator(mark: str) -> None:
    tables = read_text(f"资产编号{mark}余额\n1{mark}2\n".encode(), "t")
    assert [table.head[0] for table in tables] == [["资产编号", "余额"]]


def test_body__blank_lines_remarks_and_cells_beyond_the_header() -> None:
    table = TextTable(Source("t", "csv"), "a,b\n1,2\n\n注：说明\n3,4,,\n5,6\n", ",")
    body = table.body(1, 2)
    assert _cells(body) == [["1", "2"], ["3", "4"], ["5", "6"]]
    assert body.lines.tolist() == [2, 5, 6]
    assert body.left_out == [(3, ""), (4, "注：说明")]


def test_body__a_cell_of_two_lines_keeps_the_lines_of_the_others_right() -> None:
    table = TextTable(Source("t", "csv"), 'a,b\n1,"x\ny"\n3,4\n', ",")
    body = table.body(1, 2)
    assert _cells(body) == [["1", "x\ny"], ["3", "4"]]
    assert body.lines.tolist() == [3, 4]


def test_body__nothing_below_the_header() -> None:
    assert len(TextTable(Source("t", "csv"), "a,b\n", ",").body(1, 2).lines) == 0


_CELL = st.text(st.characters(exclude_characters='\n\r\0,"\ufeff', exclude_categories=["Cs"]), max_size=6)


@given(st.lists(st.tuples(_CELL, _CELL, _CELL), min_size=1, max_size=12))
def test_body__quoted_and_plain_text_are_read_alike(rows: list[tuple[str, str, str]]) -> None:
    plain, quoted = io.StringIO(), io.StringIO()
    csv.writer(plain, quoting=csv.QUOTE_NONE, escapechar=None, lineterminator="\n").writerows([("a", "b", "c"), *rows])
    csv.writer(quoted, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows([("a", "b", "c"), *rows])
    one = TextTable(Source("t", "csv"), plain.getvalue(), ",").body(1, 3)
    other = TextTable(Source("t", "csv"), quoted.getvalue(), ",").body(1, 3)
    assert _cells(one) == _cells(other)
    assert one.lines.tolist() == other.lines.tolist()


@given(st.text(st.sampled_from('a,"\n'), max_size=24))
def test_body__any_quoting_is_read_as_the_csv_module_reads_it_or_refused(text: str) -> None:
    text = f"a,b\n{text}"
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        rows = [row for row in list(reader)[1:] if len([cell for cell in row if cell.strip()]) > 1 or len(row) >= 2]
    except csv.Error:
        rows = []
        expected = {"broken-quotes"}
    else:
        short = [row for row in rows if len(row) < 2 or any(cell.strip() for cell in row[2:])]
        wrong = [row for row in short if len([cell for cell in row if cell.strip()]) > 1]
        expected = {"long-row"} if wrong else set()
        rows = [[cell.strip() for cell in row[:2]] for row in rows if row not in short]
    try:
        body = TextTable(Source("t", "csv"), text, ",").body(1, 2)
    except TapeError as error:
        assert {problem.code for problem in error.problems} == expected
    else:
        assert not expected
        assert [row for row in _cells(body) if any(row)] == [row for row in rows if any(row)]
