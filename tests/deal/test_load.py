"""A deal file is read, or refused with every problem and its place; no other exception leaves ``load``."""

import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plain_deal import PLAIN, changed, loaded, refused

from absengine.deal.explain import explain
from absengine.deal.labels import labels
from absengine.deal.load import deal_path, load
from absengine.deal.plans import MAX_BYTES
from absengine.errors import DealError
from absengine.loaders import kind_names

ROOT = Path(__file__).parents[2]
GOOD = sorted([*ROOT.glob("scenarios/deals/*/deal.toml"), *ROOT.glob("tests/peer_cases/*/deal.toml"),
               Path(__file__).parent / "full" / "deal.toml"])  # fmt: skip
PLAN = 'principal = { kind = "plan", file = "plan.csv" }'


def planned(terms=PLAN, face=900):
    return changed(('principal = { kind = "pass_through" }', terms), ("face = 900", f"face = {face}"))


# The file ------------------------------------------------------------------------------------------------------------


def test_deal_path__a_folder_without_a_deal(tmp_path):
    with pytest.raises(DealError) as caught:
        deal_path(tmp_path)
    (problem,) = caught.value.problems
    assert (problem.code, problem.where.file) == ("no-deal", str(tmp_path))


def test_load__a_file_of_any_name(tmp_path):
    path = tmp_path / "交易.toml"
    path.write_text(PLAIN, encoding="utf-8")
    deal = load(path)
    assert (deal.file.deal.name, deal.name, deal.path) == ("plain", tmp_path.name, path)


def test_load__chinese_keys_mean_the_english_ones():
    chinese = PLAIN.replace("[deal]\nname", '["项目"]\n"名称"').replace("[account.main]", '["账户".main]')
    assert loaded(chinese).file == loaded(PLAIN).file


def test_pool_files__no_pool():
    with pytest.raises(DealError) as caught:
        loaded(PLAIN).pool_files()
    (problem,) = caught.value.problems
    assert problem.code == "no-pool" and problem.where.line == 1


def test_pool_files__beside_the_deal():
    deal = loaded(
        changed(also='[pool]\ntape = "t.csv"\nkind = "pledge_loan"\nplan = "p.csv"\ndefaults = { grace_days = 7 }\n')
    )
    (files,) = deal.pool_files()
    assert files["tape"] == deal.folder / "t.csv" and files["plan"] == deal.folder / "p.csv"
    assert files["rights"] is None and files["defaults"] == {"grace_days": "7"}


def test_load__all_problems_at_once():
    text = changed(("face = 900", "face = -900"), ("legal_final = 2027-04-26", "legal_final = 2026-04-01"),
                   ('interest = "main"', 'interest = "mian"'), ('do = "pay"', 'do = "pai"'))  # fmt: skip
    codes = [code for code, _ in refused(text)]
    assert sorted(codes) == ["face-not-positive", "final-before-closing", "unknown-account", "unknown-verb"]


# Plans ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "plan",
    [
        "date,amount\n2026-10-26,400\n2027-04-26,500\n",
        "2026-10-26,400\n2027-04-26,500",
        "\ufeff兑付日,金额\r\n2026-10-26,400\r\n\r\n2027-04-26,\"5,00\"\r\n",
        "date,amount,\n2027-04-26,500,\n2026-10-26,400,\n",
        "date,amount\n2026-10-26,100\n2026-10-26,300\n2027-04-26,500\n",
    ],
)  # fmt: skip
def test_read_plans__amounts_by_row(plan):
    deal = loaded(planned(), plan=plan)
    by_date = {
        str(date): amount for date, amount in zip(deal.timeline.pay_date, deal.plans["A"], strict=True) if amount
    }
    assert by_date == {"2026-10-26": 400, "2027-04-26": 500}


def test_read_plans__amounts_in_the_deal():
    deal = loaded(planned('principal = { kind = "plan", amounts = [[2026-10-26, 400], [2027-04-26, "500"]] }'))
    assert deal.plans["A"].sum() == 900


def test_read_plans__a_planned_date_moves_as_payments_do():
    """26 July 2026 is a Sunday: the payment is on Monday 27 July, and a plan may name either day."""
    for date in ("2026-07-26", "2026-07-27"):
        deal = loaded(planned(), plan=f"{date},900")
        (row,) = deal.plans["A"].nonzero()[0]
        assert str(deal.timeline.pay_date[row]) == "2026-07-27"


@pytest.mark.parametrize(
    ("plan", "code", "said"),
    [
        ("2026-10-26,400\n2027-04-26,499", "plan-not-face", "899.00"),
        ("2026-10-26,900,really", "plan-row", "really"),
        ("2026-10-26", "plan-row", "2026-10-26"),
        ("date,amount\n2026-10,900", "plan-row", "2026-10,900"),
        ("2026-13-26,900", "plan-row", "2026-13-26"),
        ("2026-10-26,nan", "plan-row", "nan"),
        ("2026-10-26,1e999", "plan-row", "1e999"),
        ("2026-10-26,九百", "plan-row", "九百"),
        ("", "plan-row", "no rows"),
        ('2026-10-26,"' + "9" * 140_000 + '"', "plan-row", "field larger"),
        ("2026-10-27,900", "plan-date", "2026-10-27"),
        ("1999-10-26,900", "plan-date", "1999-10-26"),
        ("2036-10-26,900", "plan-date", "2036-10-26"),
        ("2026-10-26,1000\n2027-01-26,-100", "plan-amount-negative", "-100"),
        (b"2026-10-26,\xff\xfe", "plan-not-utf8", "0xff"),
        ("2026-10-26,900\n" + "\n" * MAX_BYTES, "plan-file-too-large", "1 MB"),
    ],
)
def test_read_plans__refused(plan, code, said):
    ((found, text),) = refused(planned(), plan=plan)
    assert found == code and said in text


def test_read_plans__bad_rows_are_placed_in_the_file():
    with pytest.raises(DealError) as caught:
        loaded(planned(), plan="date,amount\n2026-10-26,x\n2027-04-26,500\n2027-04-31,1\n")
    assert [(Path(p.where.file).name, p.where.line) for p in caught.value.problems] == [
        ("plan.csv", 2),
        ("plan.csv", 4),
    ]


@pytest.mark.parametrize("name", ["x" * 400, "a\\u0000b", "."])
def test_read_plans__a_name_that_is_no_file(name):
    ((code, _),) = refused(planned(PLAN.replace("plan.csv", name)))
    assert code in ("plan-file-unreadable", "plan-file-missing")


# Fuzz ----------------------------------------------------------------------------------------------------------------

LINES = {path: path.read_text(encoding="utf-8").split("\n") for path in GOOD}
WORDS = sorted(
    {word for lines in LINES.values() for line in lines for word in re.findall(r'"[^"]*"|[\w.]+|[{}=,\[\]]', line)}
)
ODD = ["0", "-1", "1e308", "nan", "inf", '""', "[]", "{}", "true", "2026-02-29", "9999-12-31", "0001-01-01", '"0001%"',
       '"\\u0000"', '"Ａ"', "[[]]", '"pool.performing"', '"1/0"', '"max()"', '"((((("', '"principal.A"', "\x00", "𝄞",
       '"-5%"', '"999999 days after payment"', '"1 day"', "99999999999999999999"]  # fmt: skip


@st.composite
def mutants(draw):
    """A good deal file, wrong in one to three places: a line gone or twice, a word swapped, odd text, a cut."""
    path = draw(st.sampled_from(GOOD))
    lines = list(LINES[path])
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(lines) - 1))
        match draw(st.sampled_from(["drop", "twice", "word", "odd", "value", "cut", "swap", "text"])):
            case "drop":
                lines[at] = ""
            case "twice":
                lines.insert(at, lines[draw(st.integers(0, len(lines) - 1))])
            case "swap":
                other = draw(st.integers(0, len(lines) - 1))
                lines[at], lines[other] = lines[other], lines[at]
            case "cut":
                lines[at] = lines[at][: draw(st.integers(0, len(lines[at])))]
            case "text":
                lines[at] += draw(st.text(max_size=8).filter(lambda text: "\n" not in text and text.isprintable()))
            case "value":
                key, equals, _ = lines[at].partition("=")
                lines[at] = f"{key}{equals} {draw(st.sampled_from(ODD))}" if equals else lines[at]
            case kind:
                words = list(re.finditer(r'"[^"]*"|[\w.]+', lines[at]))
                if words:
                    word = draw(st.sampled_from(words))
                    new = draw(st.sampled_from(WORDS if kind == "word" else ODD))
                    lines[at] = lines[at][: word.start()] + new + lines[at][word.end() :]
    return "\n".join(lines)


@given(mutants())
@settings(max_examples=200)
def test_load__works_or_is_refused_with_places(text):
    """Whatever loads also compiles, has labels and can be explained."""
    try:
        deal = loaded(text)
    except DealError as refusal:
        assert refusal.problems
        for problem in refusal.problems:
            assert problem.where.file and problem.where.line
            assert problem.found and problem.allowed
            assert "\n" not in str(problem)
        return
    assert labels(deal, deal.compile(1000.0)).pay_dates
    assert explain(deal, kind_names(), "en") and explain(deal, kind_names(), "zh")


@given(st.text(max_size=200))
@settings(max_examples=50)
def test_load__any_text(text):
    with pytest.raises(DealError):
        loaded(text)


def test_load__every_good_deal_compiles():
    for path in GOOD:
        deal = load(path)
        assert deal.timeline.pay_date[-1] >= np.datetime64(deal.file.dates.legal_final, "D")
        assert labels(deal, deal.compile(1000.0)).deal == deal.file.deal.name
