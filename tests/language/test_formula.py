import pytest
from hypothesis import given
from hypothesis import strategies as st

from absengine.errors import Problems, Where
from absengine.language.formula import (
    FUNCTIONS,
    MAX_CHARACTERS,
    MAX_NESTING,
    MAX_TOKENS,
    Binary,
    BoolOp,
    Call,
    Compare,
    Kind,
    Name,
    Number,
    Unary,
    names,
    parse,
    place,
    render,
    walk,
)

HERE = Where("f.toml", 7, 10)


def tree(text):
    problems = Problems()
    node = parse(text, HERE, problems)
    assert not list(problems)
    return node


def problem(text):
    problems = Problems()
    assert parse(text, HERE, problems) is None
    (found,) = problems
    return found


A, B, C, D = Name("p.a"), Name("p.b"), Name("p.c"), Name("p.d")


@pytest.mark.parametrize(
    ("text", "node"),
    [
        ("2_000_000", Number(2e6, Kind.NUMBER)),
        ("1.5", Number(1.5, Kind.NUMBER)),
        ("3.26%", Number(0.0326, Kind.RATIO)),
        ("8% per year", Number(0.08, Kind.RATE)),
        ("1970-01-11", Number(10.0, Kind.DATE)),
        ("true", Number(1.0, Kind.FLAG)),
        ("false", Number(0.0, Kind.FLAG)),
        ("balance.优先A1", Name("balance.优先A1")),
        ("fee.servicer.over_cap", Name("fee.servicer.over_cap")),
        ("p.a + p.b * p.c", Binary("+", A, Binary("*", B, C))),
        ("(p.a + p.b) * p.c", Binary("*", Binary("+", A, B), C)),
        ("p.a - p.b - p.c", Binary("-", Binary("-", A, B), C)),
        ("p.a / p.b / p.c", Binary("/", Binary("/", A, B), C)),
        ("-p.a * p.b", Binary("*", Unary("-", A), B)),
        ("p.a - -p.b", Binary("-", A, Unary("-", B))),
        ("p.a < p.b + p.c", Compare("<", A, Binary("+", B, C))),
        ("not p.a == p.b", Unary("not", Compare("==", A, B))),
        ("p.a and p.b and p.c", BoolOp("and", (A, B, C))),
        ("p.a or p.b and p.c or p.d", BoolOp("or", (A, BoolOp("and", (B, C)), D))),
        ("p.a and (p.b or p.c)", BoolOp("and", (A, BoolOp("or", (B, C))))),
        ("max(p.a, 1% * p.b)", Call("max", (A, Binary("*", Number(0.01, Kind.RATIO), B)))),
        ("if(p.a > 0, p.b, p.c)", Call("if", (Compare(">", A, Number(0, Kind.NUMBER)), B, C))),
        ("p.a\n  >= p.b", Compare(">=", A, B)),
    ],
)
def test_parse__trees(text, node):
    assert tree(text) == node


@pytest.mark.parametrize(
    ("text", "code", "column", "words"),
    [
        ("", "bad-formula", 10, "nothing"),
        ("1 +", "bad-formula", 13, "end of the formula"),
        ("(1", "bad-formula", 12, "to close the bracket"),
        ("1 2", "bad-formula", 12, "an operator"),
        ("a.b = 1", "bad-formula", 14, "write =="),
        ("a.b && c.d", "bad-formula", 14, "write and"),
        ("a.b ≥ 1", "bad-formula", 14, "write >="),
        ("max（1, 2）", "bad-formula", 13, "write ("),
        ("a.b 且 c.d", "bad-formula", 14, "write and"),
        ("1 < 2 < 3", "bad-formula", 16, "join two comparisons"),
        ("max(2,000,000, a.b)", "bad-formula", 15, "write 2_000_000"),
        ("2000元", "bad-formula", 10, "'2000元'"),
        ("1__0", "bad-formula", 10, "'1__0'"),
        ("5 %", "bad-formula", 12, "8% without a space"),
        ("8% per month", "bad-formula", 13, "8% per year"),
        ("2026-02-30", "bad-formula", 10, "a day of the calendar"),
        ("1" + "0" * 15, "bad-formula", 10, "numbers below 10^15"),
        ("mx(1, 2)", "unknown-function", 10, "did you mean 'max'?"),
        ("abs(1, 2)", "wrong-arguments", 10, "2 argument(s) of abs"),
        ("min(1)", "wrong-arguments", 10, "at least 2"),
        ("floor(1, 2, 3)", "wrong-arguments", 10, "1 to 2"),
        ("if", "bad-formula", 12, "'(' after if"),
        ("and", "bad-formula", 10, "'and'"),
        ("(" * (MAX_NESTING + 1) + "1", "formula-too-deep", 10 + MAX_NESTING, "deeper nesting"),
        ("1 " * (MAX_TOKENS + 1), "formula-too-long", 10 + 2 * MAX_TOKENS, "words and signs"),
        ("1" * (MAX_CHARACTERS + 1), "formula-too-long", 10, "4001 characters"),
    ],
)
def test_parse__refuses_at_the_character(text, code, column, words):
    found = problem(text)
    assert (found.code, found.where.line, found.where.column) == (code, 7, column)
    assert words in str(found)
    assert found.found and found.allowed and found.todo


def test_parse__a_problem_on_a_later_line_of_the_text():
    found = problem("a.b +\n  * 2")
    assert (found.where.line, found.where.column) == (8, 3)


def test_place__without_a_line_stays_as_it_is():
    assert place(Where("tape.csv"), "a + b", 4) == Where("tape.csv")


def test_parse__the_longest_formula_is_read():
    text = " + ".join(["a.b"] * (MAX_TOKENS // 2))
    assert render(tree(text)) == text
    assert len(list(walk(tree(text)))) == MAX_TOKENS - 1


def test_names__once_in_order():
    assert names(tree("b.x + a.y * b.x > max(c.z, a.y)")) == ("b.x", "a.y", "c.z")


LITERALS = st.one_of(
    st.integers(0, 10**14).map(lambda n: Number(float(n), Kind.NUMBER)),
    st.integers(0, 10**6).map(lambda n: Number(n / 10**6, Kind.RATIO)),
    st.integers(0, 10**6).map(lambda n: Number(n / 10**6, Kind.RATE)),
    st.integers(0, 40_000).map(lambda n: Number(float(n), Kind.DATE)),
    st.booleans().map(lambda flag: Number(float(flag), Kind.FLAG)),
    st.sampled_from(["pool.performing", "balance.优先_1", "fee.a.over_cap", "stage"]).map(Name),
)


def bool_op(op, operands):
    """As the parser builds it: a leading operand of the same sort is opened."""
    first = operands[0]
    opened = first.operands if isinstance(first, BoolOp) and first.op == op else (first,)
    return BoolOp(op, (*opened, *operands[1:]))


def calls(inner):
    def of(function):
        least, most, *_ = FUNCTIONS[function]
        arguments = st.lists(inner, min_size=least, max_size=most or least + 2)
        return arguments.map(lambda given: Call(function, tuple(given)))

    return st.sampled_from(sorted(FUNCTIONS)).flatmap(of)


TREES = st.recursive(
    LITERALS,
    lambda inner: st.one_of(
        st.builds(Unary, st.sampled_from(["-", "not"]), inner),
        st.builds(Binary, st.sampled_from("+-*/"), inner, inner),
        st.builds(Compare, st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), inner, inner),
        st.builds(bool_op, st.sampled_from(["and", "or"]), st.lists(inner, min_size=2, max_size=3)),
        calls(inner),
    ),
    max_leaves=20,
)


@given(TREES)
def test_render__parses_back_to_the_same_tree(node):
    text = render(node)
    assert tree(text) == node
    assert render(tree(text)) == text


@given(st.text(alphabet="ab1.,%()+-*/<>=!_ \n且notandorperyear2026", max_size=40))
def test_parse__any_text_is_read_or_refused_inside_itself(text):
    problems = Problems()
    node = parse(text, Where("f", 1, 1), problems)
    assert (node is None) == bool(problems)
    for found in problems:
        assert 1 <= found.where.line <= text.count("\n") + 1
        assert 1 <= found.where.column <= len(text) + 1


@given(TREES)
def test_walk__places_lie_on_the_word_or_sign(node):
    text = render(node)
    for part in walk(tree(text)):
        at = text[part.at :]
        match part:
            case Name():
                assert at.startswith(part.text)
            case Unary() | Binary() | Compare() | BoolOp():
                assert at.startswith(part.op)
            case Call():
                assert at.startswith(part.function)
