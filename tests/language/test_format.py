import importlib.util
import tomllib
from pathlib import Path

import pytest
from hypothesis import given

from absengine.errors import DealError
from absengine.language.format import fmt
from absengine.language.scanner import scan
from absengine.language.toml import Vocabulary, parse

_spec = importlib.util.spec_from_file_location("toml_documents", Path(__file__).with_name("toml_documents.py"))
toml_documents = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(toml_documents)

WORDS = Vocabulary({"名称": "name", "交易": "deal", "优先 A": "senior"}, free=(("a",), ("b", "c")))


def comments(text):
    text = text.replace("\r\n", "\n")
    return [text[token.start : token.end] for token in scan(text) if token.kind == "comment"]


@given(toml_documents.documents())
def test_fmt__keeps_data_and_comments_and_settles_at_once(text):
    once = fmt(text)
    assert repr(tomllib.loads(once)) == repr(tomllib.loads(text))
    assert comments(once) == comments(text)
    assert fmt(once) == once


@given(toml_documents.documents())
def test_fmt__translates_as_the_document_does(text):
    try:
        translated = parse(text, "f.toml", DealError).translated(WORDS.aliases, DealError, WORDS.free)
    except DealError:
        return  # both spellings of one key in one table
    once = fmt(text, WORDS)
    assert repr(tomllib.loads(once)) == repr(translated.data)
    assert fmt(once, WORDS) == once


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", ""),
        ("\n\n", ""),
        ("\ufeffa=1", "a = 1\n"),
        ("a=1\r\nb=2\r\n", "a = 1\nb = 2\n"),
        ("  a  .  b=1   \n", "a.b = 1\n"),
        ("[ a . 'b' ]\n", "[a.b]\n"),
        ("[[ a ]]#x\n", "[[a]]  #x\n"),
        ("'a b'=1\n", "'a b' = 1\n"),
        ('"a"=1     # wide gap stays\n', "a = 1     # wide gap stays\n"),
        ("a=[1,2 ,3,]\n", "a = [1, 2, 3]\n"),
        ("a=[ ]\nb={ }\n", "a = []\nb = {}\n"),
        ("a={b=1,c={d=2}}\n", "a = { b = 1, c = { d = 2 } }\n"),
        ("a=1\n\n\n\nb=2\n\n", "a = 1\n\nb = 2\n"),
        ("a=[1,2,\n3,4]\n", "a = [\n  1, 2,\n  3, 4\n]\n"),
        ("a=[ # x\n\n1 # y\n,\n# z\n]\n", "a = [ # x\n  1, # y\n\n  # z\n]\n"),
        ("a=[[1,\n2],\n[]]\n", "a = [\n  [\n    1,\n    2\n  ],\n  []\n]\n"),
        ('a="""\n x \n"""\n', 'a = """\n x \n"""\n'),
        (
            'step=[\n{id="a",do="pay",from="main"},\n# 注\n{id="long",do="move"},\n{id="b",do="x",from="m"}\n]\n',
            "step = [\n"
            '  { id = "a",    do = "pay", from = "main" },\n'
            "  # 注\n"
            '  { id = "long", do = "move" },\n'
            '  { id = "b",    do = "x",   from = "m" }\n'
            "]\n",
        ),
        (
            'step=[\n{id="优先",do="pay"},\n{id="abcd",do="x"},\n]\n',
            'step = [\n  { id = "优先", do = "pay" },\n  { id = "abcd", do = "x" },\n]\n',
        ),
    ],
)
def test_fmt__layout(before, after):
    assert fmt(before) == after


def test_fmt__rows_with_other_keys_line_up_as_far_as_they_agree():
    text = "a = [\n  { x = 1, y = 22 },\n  { x = 111, z = 2 },\n]\n"
    assert fmt(text) == text


def test_fmt__keys_are_translated_but_not_the_users_own():
    words = Vocabulary({"档": "tranche", "面值": "face", "甲": "a"}, free=(("tranche",),))
    assert fmt('["档"."甲"]\n"面值"=1 # 面值\n', words) == '[tranche."甲"]\nface = 1 # 面值\n'
