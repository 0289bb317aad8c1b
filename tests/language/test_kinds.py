import pytest
from hypothesis import given
from hypothesis import strategies as st

from absengine.errors import Problems, Where
from absengine.language.formula import Kind, parse, render
from absengine.language.kinds import check

NAMES = {
    "m.a": Kind.MONEY, "m.b": Kind.MONEY, "r.a": Kind.RATIO, "r.b": Kind.RATIO, "y.a": Kind.RATE, "y.b": Kind.RATE,
    "c.a": Kind.COUNT, "c.b": Kind.COUNT, "d.a": Kind.DATE, "d.b": Kind.DATE, "f.a": Kind.FLAG, "f.b": Kind.FLAG,
}  # fmt: skip
HERE = Where("f.toml", 3, 11)


def kind_of(text, expected=None):
    problems = Problems()
    node = parse(text, HERE, problems)
    kind = check(node, NAMES.get, HERE, problems, text=text, known=NAMES, expected=expected)
    assert (kind is None) == bool(problems)
    return kind, list(problems)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("5", "number"), ("2 * 3 + 1", "number"), ("m.a + m.b", "money"), ("m.a - 5", "money"), ("5 + m.a", "money"),
        ("m.a * r.a", "money"), ("3% * m.a", "money"), ("m.a * c.a", "money"), ("m.a * 2", "money"),
        ("m.a / m.b", "ratio"), ("m.a / 4", "money"), ("m.a / r.a", "money"), ("m.a / c.a", "money"), ("-m.a", "money"),
        ("r.a + r.b", "ratio"), ("r.a * r.b", "ratio"), ("1 - r.a", "ratio"), ("1 / r.a", "ratio"),
        ("1 / c.a", "ratio"),
        ("y.a * r.a", "rate"), ("y.a * 2", "rate"), ("y.a / 2", "rate"), ("y.a / y.b", "ratio"), ("y.a - y.b", "rate"),
        ("y.a + 0", "rate"), ("c.a + 1", "count"), ("c.a / c.b", "ratio"), ("c.a * c.b", "count"),
        ("10% * c.a", "count"),
        ("d.a - d.b", "count"), ("d.a + 30", "date"), ("d.a - c.a", "date"), ("min(d.a, 2026-12-31)", "date"),
        ("m.a > 0", "flag"), ("m.a < 2_000", "flag"), ("r.a >= 8%", "flag"), ("r.a >= 1", "flag"), ("y.a > 0", "flag"),
        ("y.a > 8% per year", "flag"), ("d.a >= 2026-12-31", "flag"), ("c.a == 3", "flag"), ("5 < 6", "flag"),
        ("f.a and not f.b or m.a == 0", "flag"), ("not f.a", "flag"), ("min(m.a, m.b, 5)", "money"),
        ("max(1, 2)", "number"), ("abs(r.a - r.b)", "ratio"), ("floor(m.a)", "money"), ("floor(m.a, 100)", "money"),
        ("if(f.a, m.a, 0)", "money"), ("if(f.a, f.b, true)", "flag"), ("if(m.a > 0, 1, 2) * m.b", "money"),
    ],
)  # fmt: skip
def test_check__kinds(text, kind):
    assert kind_of(text) == (Kind(kind), [])


@pytest.mark.parametrize(
    ("text", "column", "words"),
    [
        ("m.a > r.a", 15, "an amount of money ('m.a') and a ratio ('r.a')"),
        ("m.a + 5%", 15, "a ratio ('5%')"),
        ("y.a > 8%", 15, "a rate ('y.a') and a ratio ('8%')"),
        ("y.a > 5", 15, "a plain number ('5')"),
        ("m.a * m.b", 15, "an amount of money times an amount of money"),
        ("m.a * y.a", 15, "interest accrues by itself"),
        ("r.a / m.a", 15, "a ratio over an amount of money"),
        ("5 / m.a", 13, "over an amount of money"),
        ("y.a / c.a", 15, "a rate over a count"),
        ("d.a > 5", 15, "a date ('d.a')"),
        ("d.a + d.b", 15, "under '+'"),
        ("d.a * 2", 15, "a date times a plain number"),
        ("5 + d.a", 13, "under '+'"),
        ("f.a + 1", 15, "a condition ('f.a')"),
        ("f.a == f.b", 15, "under '=='"),
        ("-f.a", 11, "under '-'"),
        ("-d.a", 11, "under '-'"),
        ("abs(d.a)", 11, "under 'abs'"),
        ("not m.a", 15, "a condition beside 'not'"),
        ("f.a and m.a", 19, "a condition beside 'and'"),
        ("if(m.a, 1, 2)", 14, "a condition beside 'if'"),
        ("if(f.a, m.a, r.a)", 11, "one kind around 'if'"),
        ("max(m.a, c.a)", 11, "one kind around 'max'"),
    ],
)
def test_check__refuses_mixed_kinds(text, column, words):
    kind, (problem,) = kind_of(text)
    assert kind is None
    assert (problem.code, problem.where.line, problem.where.column) == ("mixed-kinds", 3, column)
    assert words in str(problem)
    assert problem.todo


def test_check__unknown_names_are_all_found():
    kind, problems = kind_of("m.aa + x.y > m.b and q.z")
    assert kind is None
    assert [(p.code, p.where.column) for p in problems] == [
        ("unknown-name", 11), ("unknown-name", 18), ("unknown-name", 32),
    ]  # fmt: skip
    assert "'m.a', 'm.b'" in problems[0].allowed and "did you mean 'm.a'?" in problems[0].todo


@pytest.mark.parametrize("expected", ["money", "ratio", "count"])
def test_check__a_plain_number_takes_the_expected_kind(expected):
    assert kind_of("2 * 3", Kind(expected)) == (Kind(expected), [])


@pytest.mark.parametrize(
    ("text", "expected", "todo"),
    [
        ("m.a", "flag", "compare it"),
        ("5%", "rate", "8% per year"),
        ("5", "rate", "8% per year"),
        ("m.a", "ratio", "bring"),
        ("5", "date", "bring"),
    ],
)
def test_check__another_kind_than_expected(text, expected, todo):
    kind, (problem,) = kind_of(text, Kind(expected))
    assert kind is None and problem.code == "wrong-kind" and todo in problem.todo


def test_check__zero_is_a_rate():
    assert kind_of("0", Kind.RATE) == (Kind.RATE, [])


# The same rules written another way: each kind as exponents of (money, 1/year, date, flag); None is a plain number.
UNITS = {Kind.MONEY: "m", Kind.RATE: "y", Kind.RATIO: "", Kind.COUNT: "", Kind.NUMBER: ""}


@given(st.sampled_from(sorted(NAMES)), st.sampled_from("+-*/"), st.sampled_from(sorted(NAMES)))
def test_check__units_of_the_result_follow_from_the_parts(left, op, right):
    kind, _ = kind_of(f"{left} {op} {right}")
    sides = NAMES[left], NAMES[right]
    if kind is None or Kind.DATE in sides:
        return
    one, two = (UNITS[side] for side in sides)
    if op in "+-":
        assert one == two == UNITS[kind]
    elif op == "*":
        assert UNITS[kind] == one + two
    else:
        assert UNITS[kind] + two == one


@given(
    st.recursive(
        st.sampled_from([*NAMES, "5", "8%", "0", "2026-12-31", "nothing.here"]),
        lambda inner: st.one_of(
            st.tuples(inner, st.sampled_from(["+", "-", "*", "/", "<", "==", "and", "or"]), inner).map(
                lambda parts: f"({' '.join(parts)})"
            ),
            inner.map(lambda part: f"not {part}"),
            st.tuples(inner, inner, inner).map(lambda parts: f"if({', '.join(parts)})"),
        ),
        max_leaves=12,
    )
)
def test_check__gives_a_kind_or_a_place_and_never_both(text):
    kind, problems = kind_of(text)
    assert all(11 <= problem.where.column < 11 + len(text) for problem in problems)
    if kind is not None:
        assert kind_of(render(parse(text, HERE, Problems()))) == (kind, [])
