import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from absengine.errors import Problems, Where
from absengine.language.names import Identifier, is_identifier, refuse_twins


@pytest.mark.parametrize("text", ["A1", "优先A1", "SUB", "2026_1", "_x", "é", "x" * 64])
def test_identifier__good(text):
    assert TypeAdapter(Identifier).validate_python(text) == text


@pytest.mark.parametrize(
    ("text", "todo"),
    [
        ("A-1", 'name it A_1 and set label = "A-1"'),
        ("Ａ1", "name it A1"),
        ("a b", "name it a_b"),
        ("e\u0301", "name it é"),
        ("", "choose another name"),
        ("-", "choose another name"),
        ("x" * 65, "choose another name"),
        ("a.b", "name it a_b"),
        ("a\x1b", "choose another name"),
    ],
)
def test_identifier__refused_with_a_name_that_would_do(text, todo):
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(Identifier).validate_python(text)
    (error,) = caught.value.errors()
    assert error["type"] == "bad-name"
    assert todo in error["ctx"]["todo"]


@given(st.text(max_size=10))
def test_is_identifier__needs_no_quotes_in_a_dotted_name(text):
    if is_identifier(text):
        assert f"kind.{text}".split(".") == ["kind", text]


def test_refuse_twins__case_does_not_tell_names_apart():
    problems = Problems()
    refuse_twins([("A1", Where("f", 1)), ("B", Where("f", 2)), ("a1", Where("f", 3))], "tranche", problems)
    (problem,) = problems
    assert problem.where.line == 3
    assert "tranche 'a1' beside 'A1' (f:1)" in problem.found
