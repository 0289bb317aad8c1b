"""The scanner against ``tomllib``: over random documents both must see the same keys, values and nothing else."""

import importlib.util
import tomllib
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from absengine.errors import DealError
from absengine.language.scanner import ScanError, key_text, scan
from absengine.language.toml import parse

_spec = importlib.util.spec_from_file_location("toml_documents", Path(__file__).with_name("toml_documents.py"))
toml_documents = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(toml_documents)


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


@given(toml_documents.documents())
@example("a.b.c=1\n[[x]]\n[[x]]\n[x.y]\nz=[{p=1,q.r=2},\n{s=[[],[1]]}]\n")
def test_parse__finds_every_path_of_the_data(text):
    document = parse(text, "f.toml", DealError)
    assert same(document.data, tomllib.loads(text))
    assert set(document.keys) == set(paths_of(document.data))


@given(toml_documents.documents())
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


@given(toml_documents.documents())
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
