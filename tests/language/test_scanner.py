"""The scanner against ``tomllib``: over random documents both must see the same keys, values and nothing else."""

import tomllib

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from absengine.errors import DealError
from absengine.language.scanner import ScanError, key_text, scan
from absengine.language.toml import parse

BARE = st.sampled_from(["a", "b", "c", "1", "x-y", "_", "2026", "true", "inf"])
QUOTED = st.sampled_from(
    ['"a"', '"名称"', "'优先 A'", '"a.b"', '"\\u0041"', '""', "''", '"#"', '"=]"', "'[x]'", '"q\\"q"']
)
PART = st.one_of(BARE, QUOTED)
GAP = st.sampled_from(["", " ", "  ", "\t", " \t "])
BREAK = st.sampled_from(["", " ", "\n", "  \n ", ' # 注 [x] = "y"\n', "#\n", "\n\n"])
SCALARS = st.sampled_from(
    [
        "1", "-2_000", "0xDEAD_beef", "0o17", "0b11", "1.5", "-0.0", "6.02e+23", "inf", "-nan", "true", "false",
        "2026-03-31", "2026-03-31T10:15:00", "2026-03-31 10:15:00", "2026-03-31T10:15:00.5+08:00", "10:15:00",
        '""', '"x"', '"a # b, c = [d] {e}"', '"\\"\\\\"', "''", "'c:\\d'", '"中文，＝"', '"""x"""', '""""q""""',
        '"""\nline\n"more", # not a comment\n"""', '"""a \\\n   b"""', '"""\\""""""',
        "'''\nx ''y'' ]\n'''", "''''q''''",
        '""""""', "''''''", '"""""x"""""',
    ]
)  # fmt: skip


@st.composite
def keys(draw):
    parts = draw(st.lists(PART, min_size=1, max_size=3))
    return "".join(("" if not i else draw(GAP) + "." + draw(GAP)) + part for i, part in enumerate(parts))


@st.composite
def arrays(draw, inner):
    items = draw(st.lists(inner, max_size=3))
    text = "[" + draw(BREAK)
    for index, item in enumerate(items):
        last = index == len(items) - 1
        text += item + draw(BREAK) + ("," if not last or draw(st.booleans()) else "") + draw(BREAK)
    return text + "]"


@st.composite
def inline_tables(draw, inner):
    pairs = [
        f"{draw(GAP)}{draw(keys())}{draw(GAP)}={draw(GAP)}{draw(inner)}{draw(GAP)}"
        for _ in range(draw(st.integers(0, 3)))
    ]
    return "{" + ",".join(pairs) + draw(GAP) + "}"


VALUES = st.recursive(SCALARS, lambda inner: arrays(inner) | inline_tables(inner), max_leaves=6)


@st.composite
def statements(draw):
    shape = draw(st.sampled_from(["pair", "pair", "pair", "table", "rows", "blank"]))
    tail = draw(GAP) + draw(st.sampled_from(["", "", "# 注释 [a] = {b}", "#"]))
    if shape == "pair":
        return f"{draw(GAP)}{draw(keys())}{draw(GAP)}={draw(GAP)}{draw(VALUES)}{tail}\n"
    if shape == "table":
        return f"{draw(GAP)}[{draw(GAP)}{draw(keys())}{draw(GAP)}]{tail}\n"
    if shape == "rows":
        return f"{draw(GAP)}[[{draw(GAP)}{draw(keys())}{draw(GAP)}]]{tail}\n"
    return f"{tail}\n"


@st.composite
def documents(draw):
    """A valid document: statements that ``tomllib`` would refuse after the earlier ones are left out."""
    text = ""
    for statement in draw(st.lists(statements(), max_size=10)):
        try:
            tomllib.loads(text + statement)
        except tomllib.TOMLDecodeError:
            continue
        text += statement
    if draw(st.booleans()):
        text = text.removesuffix("\n")
    return text.replace("\n", "\r\n") if draw(st.booleans()) else text


def paths_of(value, path=()):
    yield path
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for part, child in children:
        yield from paths_of(child, (*path, part))


def at(data, path):
    for part in path:
        data = data[part]
    return data


def same(left, right):
    return repr(left) == repr(right)  # nan is equal to itself here, and -0.0 differs from 0.0


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(documents())
@example("a.b.c=1\n[[x]]\n[[x]]\n[x.y]\nz=[{p=1,q.r=2},\n{s=[[],[1]]}]\n")
def test_parse__finds_every_path_of_the_data(text):
    document = parse(text, "f.toml", DealError)
    assert same(document.data, tomllib.loads(text))
    assert set(document.keys) == set(paths_of(document.data))


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(documents())
def test_scan__every_value_stands_where_it_says(text):
    text = text.replace("\r\n", "\n")
    data, tokens = tomllib.loads(text), scan(text)
    for token in tokens:
        source = text[token.start : token.end]
        if token.kind == "scalar":
            assert same(tomllib.loads(f"x = {source}")["x"], at(data, token.path))
        if token.kind == "open":
            end = next(t.end for t in tokens if t.kind == "shut" and t.path == token.path and t.start >= token.start)
            assert same(tomllib.loads(f"x = {text[token.start : end]}")["x"], at(data, token.path))
        if token.kind == "key":
            name = next(part for part in reversed(token.path) if isinstance(part, str))
            assert key_text(source) == name


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(documents())
def test_scan__only_spaces_lie_between_tokens(text):
    text = text.replace("\r\n", "\n")
    tokens = [token for token in scan(text) if not (token.kind == "key" and isinstance(token.path[-1], int))]
    ends = [0, *(token.end for token in tokens)]
    starts = [*(token.start for token in tokens), len(text)]
    assert all(not text[end:start].strip(" \t") for end, start in zip(ends, starts, strict=True))


@given(st.text(alphabet="a=[]{}\"'#.,\\ \n1-é", max_size=30))
@example('"\\1" = 1')
def test_scan__any_text_ends_in_tokens_or_a_scan_error(text):
    try:
        tokens = scan(text)
    except ScanError as error:
        assert 0 <= error.offset <= len(text)
    else:
        assert all(0 <= token.start < token.end <= len(text) for token in tokens)


@given(st.text(alphabet="a=[]{}\"'#.,\\ \n1-", max_size=30))
def test_scan__accepts_whatever_tomllib_accepts(text):
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    assert {token.path for token in scan(text) if token.kind in ("key", "scalar")} == {
        p for p in paths_of(data) if p
    } - {p for p in paths_of(data) if p and isinstance(p[-1], int) and isinstance(at(data, p), (list, dict))}


@pytest.mark.parametrize("text", ["a", "a =", "[a", "a = [1", "a = {b", '"a', "a = ,", "a b = 1"])
def test_scan__refuses_what_is_not_toml(text):
    with pytest.raises(ScanError):
        scan(text)
