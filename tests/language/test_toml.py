import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from absengine.errors import DealError, ScenarioError, Where
from absengine.language.toml import EVERY, MAX_BYTES, MAX_NESTING, dotted, parse, read

DEAL = '''schema = "x"
[deal]
"名称" = "某ABS"
[stage.am]
pays = "payment"
step = [
  { id = "vat", do = "pay" },
  { id = "int", what = ["tax.vat",
                        "x"] },   # 注
]
[[a.b]]
x.y = 1
[[a.b]]
note = """
two
lines"""
'''


def line_and_column(where: Where) -> tuple:
    return where.line, where.column


def refused(text: str):
    with pytest.raises(DealError) as caught:
        parse(text, "f.toml", DealError)
    (problem,) = caught.value.problems
    return problem


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ((), (1, 1)),
        (("deal",), (2, 2)),
        (("deal", "名称"), (3, 1)),
        (("stage",), (4, 2)),
        (("stage", "am"), (4, 8)),
        (("stage", "am", "step"), (6, 1)),
        (("stage", "am", "step", 0), (7, 3)),
        (("stage", "am", "step", 0, "do"), (7, 17)),
        (("stage", "am", "step", 1, "id"), (8, 5)),
        (("stage", "am", "step", 1, "what", 1), (9, 25)),
        (("a",), (11, 3)),
        (("a", "b", 0), (11, 5)),
        (("a", "b", 0, "x", "y"), (12, 3)),
        (("a", "b", 1), (13, 5)),
    ],
)
def test_where__of_each_kind_of_key(path, place):
    assert line_and_column(parse(DEAL, "f.toml", DealError).where(path)) == place


def test_where__of_an_absent_key_is_the_table_it_belongs_to():
    where = parse(DEAL, "f.toml", DealError).where(("stage", "am", "step", 1, "share"))
    assert str(where) == "f.toml:8:3 (stage.am.step[1].share)"


def test_where__a_definition_wins_over_an_earlier_mention():
    document = parse("[a.b]\nx = 1\n[a]\ny = 2\n", "f.toml", DealError)
    assert document.where(("a",)).line == 3


@pytest.mark.parametrize(
    ("path", "place"),
    [
        (("schema",), (1, 11)),
        (("deal", "名称"), (3, 9)),
        (("a", "b", 1, "note"), (15, 1)),
        (("a", "b", 0, "x", "y"), (12, 7)),
        (("stage", "am", "nothing"), (4, 8)),
    ],
)
def test_value_where__is_the_first_character_inside_the_quotes(path, place):
    assert line_and_column(parse(DEAL, "f.toml", DealError).value_where(path)) == place


def test_translated__renames_keys_and_keeps_places():
    text = '["交易"]\n"名称" = 1\n[tranche."优先"]\n"面值" = 2\n'
    aliases = {"交易": "deal", "名称": "name", "面值": "face", "优先": "senior"}
    document = parse(text, "f.toml", DealError).translated(aliases, DealError, free=[("tranche",)])
    assert document.data == {"deal": {"name": 1}, "tranche": {"优先": {"face": 2}}}
    assert str(document.where(("deal", "name"))) == "f.toml:2:1 (deal.name)"
    assert document.where(("tranche", "优先", "face")).line == 4


def test_translated__pattern_with_every():
    text = '[s.one.set]\n"名称" = 1\n[[s.one.row]]\n"名称" = 2\n'
    document = parse(text, "f.toml", DealError).translated({"名称": "name"}, DealError, free=[("s", EVERY, "set")])
    assert document.data == {"s": {"one": {"set": {"名称": 1}, "row": [{"name": 2}]}}}


def test_translated__two_spellings_of_one_key_are_refused():
    document = parse('name = 1\n"名称" = 2\nx = {"名称" = 1, name = 2}\n', "f.toml", DealError)
    with pytest.raises(ScenarioError) as caught:
        document.translated({"名称": "name"}, ScenarioError)
    assert [(p.code, p.where.line) for p in caught.value.problems] == [("repeated-key", 2), ("repeated-key", 3)]
    assert "both 'name' and '名称'" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "code", "place"),
    [
        ("a = 1\na = 2", "repeated-key", (2, 1)),
        ("[a]\nx=1\n[a]\n", "repeated-key", (3, 2)),
        ("[[a]]\n[[a]]\n[a]\n", "repeated-key", (3, 2)),
        ("a = { b = 1, b = 2 }\n", "repeated-key", (1, 14)),
        ("a.b = 1\n[a]\n", "repeated-key", (2, 3)),
        ("名称 = 1\n", "syntax-error", (1, 1)),
        ("x = 1\na = “x”\n", "syntax-error", (2, 5)),
        ("a = 2026-02-30\n", "syntax-error", (1, 5)),
        ("a = [\n  1,\n", "syntax-error", (2, 5)),
        ('x = 1\na = """x\nb = 2\n', "syntax-error", (2, 5)),
        ("a = 1 b = 2\n", "syntax-error", (1, 7)),
        ("x = 1\na = " + "9" * 5000 + "\n", "syntax-error", None),
        ("a = " + "[" * (MAX_NESTING + 1), "nested-too-deep", (1, 5 + MAX_NESTING)),
        ("a" + ".a" * (MAX_NESTING + 1) + " = 1", "nested-too-deep", (1, 2 + 2 * MAX_NESTING)),
    ],
)
def test_parse__refuses_with_a_place(text, code, place):
    problem = refused(text)
    assert problem.code == code
    assert place is None or line_and_column(problem.where) == place
    assert problem.found and problem.allowed and problem.todo


def test_parse__a_repeated_key_is_named_with_its_first_line():
    assert "'deal.name' a second time (first on line 2)" in refused("[deal]\nname = 1\nx = 2\nname = 3\n").found


@pytest.mark.parametrize(
    ("text", "hint"), [("a = “x”", "straight quotes"), ("名称 = 1", "in quotes"), ("a ＝ 1", "half-width")]
)
def test_parse__hints_at_chinese_punctuation(text, hint):
    assert hint in refused(text).todo


def test_parse__brackets_in_texts_and_comments_do_not_nest():
    deep = "[" * 100
    text = f"a = \"{deep}\" # {deep}\nb = \"\"\"\n{deep}\"\"\"\nc = '''{deep}'''\nd = '{deep}'\n"
    assert set(parse(text, "f.toml", DealError).data) == {"a", "b", "c", "d"}


def test_parse__nesting_at_the_limit_is_read():
    text = "a = " + "[" * MAX_NESTING + "]" * MAX_NESTING
    assert len(parse(text, "f.toml", DealError).keys) == MAX_NESTING + 1


@given(st.binary(max_size=60))
@settings(max_examples=300)
def test_read__any_bytes_are_read_or_refused(tmp_path_factory, raw):
    path = tmp_path_factory.mktemp("toml") / "f.toml"
    path.write_bytes(raw)
    try:
        document = read(path, DealError)
    except DealError as error:
        (problem,) = error.problems
        assert problem.code in ("not-utf8", "syntax-error", "repeated-key")
        assert problem.where.line
    else:
        assert document.file == str(path)


@given(st.text(alphabet="a=[]{}\"'#.,\\ \n1-é“=名", max_size=40))
def test_parse__any_text_is_read_or_refused_inside_itself(text):
    try:
        parse(text, "f.toml", DealError)
    except DealError as error:
        (problem,) = error.problems
        assert 1 <= problem.where.line <= text.count("\n") + 1


def test_read__byte_order_mark_and_crlf(tmp_path):
    path = tmp_path / "f.toml"
    path.write_bytes("\ufeffa = 1\r\nb = '中'\r\n".encode())
    document = read(path, DealError)
    assert document.data == {"a": 1, "b": "中"}
    assert line_and_column(document.where(("b",))) == (2, 1)


@pytest.mark.parametrize(
    ("raw", "code", "line"),
    [
        ('a = 1\nb = "某公司"\n'.encode("gb18030"), "not-utf8", 2),
        (b"a = 1\n" + b"#" * MAX_BYTES, "file-too-large", None),
    ],
)
def test_read__refuses_before_parsing(tmp_path, raw, code, line):
    path = tmp_path / "f.toml"
    path.write_bytes(raw)
    with pytest.raises(DealError) as caught:
        read(path, DealError)
    assert [(p.code, p.where.file, p.where.line) for p in caught.value.problems] == [(code, str(path), line)]


@pytest.mark.parametrize("name", ["absent.toml", "."])
def test_read__a_file_that_cannot_be_opened(tmp_path, name):
    with pytest.raises(DealError) as caught:
        read(tmp_path / name, DealError)
    assert caught.value.problems[0].code == "unreadable-file"


def test_dotted__quotes_odd_keys_and_hides_control_characters():
    assert dotted(("a", 0, "x.y", "名称", "\x1b[31m")) == 'a[0]."x.y".名称."�[31m"'
