import datetime
from typing import Annotated, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field, model_validator

from absengine.errors import DealError, Problems
from absengine.language.toml import EVERY, parse
from absengine.language.validation import (
    Many,
    Table,
    Word,
    did_you_mean,
    free_paths,
    nearest,
    one_of,
    refusal,
    show,
    validate,
)


class Fixed(Table):
    kind: Literal["fixed"]
    rate: float = Field(ge=0, description="annual rate")


class Floating(Table):
    kind: Literal["floating"]
    index: str
    fixed: str = ""


class Tranche(Table):
    face: float
    coupon: Annotated[Fixed | Floating, Field(discriminator="kind")]
    group: Literal["senior", "junior", "residual"] = "senior"

    @model_validator(mode="after")
    def face_is_positive(self):
        if self.face <= 0:
            raise refusal("face-not-positive", show(self.face), "more than 0", "give the amount issued", at=("face",))
        return self


class Deal(Table):
    name: str
    cutoff: datetime.date = datetime.date(2026, 1, 1)
    tranche: dict[str, Tranche] = Field(default_factory=dict)
    steps: Many[dict[str, Many[str]]] = ()
    when: int | str = 0


def problems_of(text, model=Deal, at=()):
    document, problems = parse(text, "f.toml", DealError), Problems()
    assert validate(model, document.data, document.where, problems, at) is None
    return list(problems)


def one(text, model=Deal, at=()):
    (problem,) = problems_of(text, model, at)
    return problem


GOOD = 'name = "x"\n[tranche.A1]\nface = 3\n'


def test_validate__builds_the_noun_from_a_part_of_the_document():
    document, problems = parse('[x]\nname = "某"\nsteps = [{ a = ["b"] }]\n', "f.toml", DealError), Problems()
    deal = validate(Deal, document.data, document.where, problems, at=("x",))
    assert deal == Deal(name="某", steps=({"a": ("b",)},))
    assert not problems


@pytest.mark.parametrize(
    ("text", "code", "place", "found", "allowed", "todo"),
    [
        ('nam = "x"', "unknown-key", "f.toml:1:1 (nam)", "'nam'", "'cutoff', 'name'", "did you mean 'name'?"),
        ("[tranche]", "missing-key", "f.toml:1:1 (name)", "no 'name'", "'name'", "add name = …"),
        ("name = 3", "wrong-type", "f.toml:1:1 (name)", "3", "a text in quotes", ""),
        ('name = "x"\ncutoff = "2026-01-01"', "wrong-type", "f.toml:2:1", "'2026-01-01'", "a date such as", ""),
        ('name = "x"\ntranche = 3', "wrong-type", "f.toml:2:1 (tranche)", "3", "a table", ""),
        ('name = "x"\nwhen = []', "wrong-type", "f.toml:2:1 (when)", "an array", "whole number or a text", ""),
        ('name = "x"\nsteps = [{ a = ["b", 1] }]', "wrong-type", "f.toml:2:22 (steps[0].a[1])", "1", "a text", ""),
        (GOOD, "missing-key", "f.toml:2:10 (tranche.A1.coupon)", "no 'coupon'", "'coupon'", "add coupon"),
        (GOOD + "coupon = {}", "missing-key", "f.toml:4:1 (tranche.A1.coupon.kind)", "no 'kind'", "'kind'", "add kind"),
        (
            GOOD + 'coupon = { kind = "fixd" }', "unknown-word", "f.toml:4:12 (tranche.A1.coupon.kind)",
            "'fixd'", "'fixed', 'floating'", "did you mean 'fixed'?",
        ),
        (
            GOOD + 'coupon = { kind = "fixed" }', "missing-key", "f.toml:4:1 (tranche.A1.coupon.rate)",
            "no 'rate'", "'rate' (annual rate) must be given", "add rate",
        ),
        (
            GOOD + 'coupon = { kind = "fixed", rate = -1 }', "out-of-range", "f.toml:4:28 (tranche.A1.coupon.rate)",
            "-1", "at least 0", "",
        ),
        (
            GOOD + 'coupon = { kind = "fixed", rate = nan }', "wrong-type", "f.toml:4:28", "nan", "a finite number", "",
        ),
        (
            GOOD + 'coupon = { kind = "floating", index = "L", fixed = 1 }', "wrong-type",
            "f.toml:4:44 (tranche.A1.coupon.fixed)", "1", "a text", "",
        ),
        (
            GOOD + 'coupon = { kind = "floating", index = "L", rate = 1 }', "unknown-key",
            "f.toml:4:44 (tranche.A1.coupon.rate)", "'rate'", "'fixed', 'index', 'kind'", "",
        ),
        (
            GOOD + 'coupon = { kind = "fixed", rate = 1 }\ngroup = "Senoir"', "unknown-word",
            "f.toml:5:1 (tranche.A1.group)", "'Senoir'", "'senior', 'junior', 'residual'", "did you mean 'senior'?",
        ),
        (
            'name = "x"\n[tranche.A1]\nface = 0\ncoupon = { kind = "fixed", rate = 1 }', "face-not-positive",
            "f.toml:3:1 (tranche.A1.face)", "0", "more than 0", "give the amount issued",
        ),
    ],
)  # fmt: skip
def test_validate__refuses_in_four_parts(text, code, place, found, allowed, todo):
    problem = one(text)
    assert problem.code == code
    assert str(problem.where).startswith(place)
    assert found in problem.found
    assert allowed in problem.allowed
    assert todo in problem.todo


def test_validate__collects_all_in_order_of_the_file():
    found = problems_of("whn = 1\ncutoff = 1\n[tranche.A]\nfase = 1\n[tranche.B]\ncoupon = 3\n")
    assert [(problem.code, problem.where.line) for problem in found] == [
        ("missing-key", 1),  # name
        ("unknown-key", 1),
        ("wrong-type", 2),
        ("missing-key", 3),  # A.coupon; A.face is explained by its misspelling
        ("unknown-key", 4),
        ("missing-key", 5),  # B.face
        ("wrong-type", 6),
    ]


def test_validate__long_and_hostile_values_are_cut():
    problem = one(
        'name = "x"\nwhen = 1\n[tranche."\\u001b[2J"]\nface = "'
        + "y" * 500
        + '"\ncoupon = { kind = "fixed", rate = 1 }'
    )
    assert len(problem.found) < 70
    assert "\x1b" not in str(problem)


def test_free_paths__leave_out_a_dict_keyed_by_words():
    class Collect(Table):
        collect: dict[Word, str]
        own: dict[str, dict[Word, int]]

    assert free_paths(Collect) == (("own",),)


def test_free_paths__are_the_dicts():
    assert free_paths(Deal) == (("steps", EVERY), ("tranche",))


@pytest.mark.parametrize(
    ("word", "close"),
    [
        ("fase", "face"),
        ("FACE", "face"),
        ("legal-final", "legal_final"),
        ("qqq", None),
        ("", None),
        ("优先挡", "优先档"),
    ],
)
def test_nearest__spelling(word, close):
    assert nearest(word, ["face", "legal_final", "优先档", "rate"]) == close


@pytest.mark.parametrize(
    ("word", "close"),
    [
        ("balance.B", None),
        ("balance.senoir", "balance.senior"),
        ("blance.senior", "balance.senior"),
        ("fee.servicer.overcap", "fee.servicer.over_cap"),
        ("fee.servcer.over_cap", "fee.servicer.over_cap"),
        ("zzz.zzz", None),
    ],
)
def test_nearest__a_dotted_name_is_compared_by_what_follows_its_first_word(word, close):
    assert nearest(word, ["balance.SUB", "balance.senior", "fee.servicer", "fee.servicer.over_cap"]) == close


@given(st.lists(st.text(st.characters(exclude_characters="."), min_size=1, max_size=8), min_size=1, max_size=5))
def test_nearest__a_candidate_is_nearest_to_itself_up_to_case_and_separators(words):
    def plain(text):
        return "".join(c for c in text.casefold() if c not in "_-. ")

    for word in words:
        close = nearest(word, words)
        assert close is None or close in words
        if plain(word):
            assert plain(close) == plain(word)


def test_did_you_mean__says_otherwise_where_nothing_is_close():
    assert did_you_mean("zzz", ["face"], "look it up") == "look it up"


def test_one_of__cuts_long_lists():
    assert one_of(["a", "b"]) == "'a', 'b'"
    assert one_of(str(n) for n in range(100)).endswith("(100 in all)")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "true"), ("a", "'a'"), (1.5, "1.5"), ({}, "an empty table"), ({"a": 1}, "a table"),
        ([1, 2], "an array of 2"), (datetime.date(2026, 1, 2), "2026-01-02"), (datetime.time(1, 2), "01:02:00"),
    ],
)  # fmt: skip
def test_show__as_a_reader_would_write_it(value, text):
    assert show(value) == text
