"""``explain`` lists every term a deal file states, with its value, in both languages."""

import datetime as dt
import re
from pathlib import Path

import pytest
from plain_deal import PLAIN, changed, loaded

from absengine.deal.explain import explain
from absengine.deal.load import load
from absengine.deal.sentences import CLAIMS, NOUNS, SECTIONS, TIMES, WORDS
from absengine.deal.telling import money
from absengine.language.units import percent
from absengine.loaders import kind_names

ROOT = Path(__file__).parents[2]
FULL = Path(__file__).parent / "full" / "deal.toml"
DEALS = sorted([*ROOT.glob("scenarios/deals/*/deal.toml"), *ROOT.glob("tests/peer_cases/*/deal.toml"),
                FULL, ROOT / "absengine/cli/starter/deal.toml"])  # fmt: skip
CHINESE = re.compile(r"[一-鿿]")
FORMULAS = {"base", "target", "when", "upto", "value", "price", "limit", "direct", "while", "start", "notional", "most",
            "eligible"}  # fmt: skip
AS_WRITTEN = {"name", "label", "source", "uscc", "aliases", "tape", "rights", "file", "id", "one_of", "none_of"}
"""Keys whose text is printed as it is written."""


def leaves(data, path=()):
    """(path, value) of every value of a document."""
    if isinstance(data, dict):
        for key, value in data.items():
            yield from leaves(value, (*path, key))
    elif isinstance(data, list):
        for value in data:
            yield from leaves(value, path)
    else:
        yield path, data


def printed(path, value):
    """The forms in which a number, a date or a text of a deal file may be printed; empty where it is no term."""
    key = path[-1]
    if path == ("schema",) or isinstance(value, bool):
        return []
    if isinstance(value, dt.date):
        return [value.isoformat()]
    if isinstance(value, (int, float)):
        return [money(float(value)), f"{value:g}", percent(value)]
    if path[0] != "deal" and key in FORMULAS and value not in ("due", "covered", "flag"):
        return [value]
    if key in AS_WRITTEN or not re.search(r"\d", value):
        return [value] if key in AS_WRITTEN else []
    if key in ("what", "then", "covers", "once", "effect", "from", "to", "provider", "class", "day_count", "in"):
        return []
    number = re.search(r"-?[\d_.]+%?", value)[0].replace("_", "")
    if number.endswith("%"):
        return [percent(float(number[:-1]) / 100).lstrip("-"), f"{float(number[:-1]):g}%".lstrip("-")]
    return [money(float(number)), f"{float(number):g}", "every month", "每月", "every year", "每年"]


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("path", DEALS, ids=lambda path: path.parent.name)
def test_explain__every_number_date_and_text_of_the_file(path, language):
    deal = load(path)
    text = explain(deal, kind_names(), language)
    terms = [(at, value, printed(at, value)) for at, value in leaves(deal.document.data)]
    lost = [(at, value) for at, value, forms in terms if forms and not any(form in text for form in forms)]
    assert not lost
    assert sum(bool(forms) for _, _, forms in terms) > 15


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("path", DEALS, ids=lambda path: path.parent.name)
def test_explain__every_step_in_its_order(path, language):
    deal = load(path)
    lines = explain(deal, kind_names(), language).splitlines()
    for stage in deal.file.stage.values():
        for number, step in enumerate(stage.step, start=1):
            assert any(line.strip().startswith(f"{number}. ") and step.id in line for line in lines)


def test_explain__chinese_has_no_english_words():
    """Left are names the user chose, formulas, day counts, files: no word of the language itself."""
    deal = load(FULL)
    nouns = ("account", "tranche", "fee", "tax", "ledger", "index", "entity", "support", "trigger", "stage", "figure",
             "hedge", "group", "purchase", "criterion")  # fmt: skip
    kept = {"CNY", *(name for noun in nouns for name in deal.document.data[noun]), *deal.file.dates.further}
    for path, value in leaves(deal.document.data):
        if path[-1] in FORMULAS | AS_WRITTEN | {"class", "index", "day_count", "calendar"} or path[:2] == (
            "pool",
            "defaults",
        ):
            kept |= set(re.findall(r"[A-Za-z_]\w*", f"{path[-1]} {value}", re.ASCII))
    kept |= set(re.findall(r"[A-Za-z_]\w*", deal.file.deal.wal_day_count))
    text = explain(deal, kind_names(), "zh")
    words = set(re.findall(r"[A-Za-z_]\w*", text, re.ASCII))
    assert not words - kept
    assert len(words) > 20
    for said in ("每3个月的26日", "每月的最后一日", "每年0.3%", "每年400,000", "一次性160,000", "每次兑付5,000",
                 "每月100.50", "兑付日前5个工作日", "归集日后2日", "进入加速期", "返回正常期", "清仓回购", "按比例",
                 "不设限额", "保证人代偿款归入账户收益账", "按每张面值100计"):  # fmt: skip
        assert said in text


@pytest.mark.parametrize(
    ("change", "en", "zh"),
    [
        (('every = "1 month", on = "last day"', 'every = "2 weeks", first = 2026-04-10'),
         "every 2 weeks, first on 2026-04-10", "每2周归集计算，首个计算日2026-04-10"),
        (('every = "3 months", on = 26, first = 2026-07-26', "dates = [2026-07-26, 2027-01-26]"),
         "Payments: 2026-07-26, 2027-01-26;", "兑付：2026-07-26、2027-01-26；"),
        ((', calendar = "SSE", roll = "following"', ""), "2026-07-26; not moved by holidays;", "；不因节假日调整；"),
        (('name = "plain"', 'name = "plain"\nmoney = { unit = 0 }'), "payments are not rounded", "支付金额不取整"),
        (("face = 900", 'face = 900\ninterest_on_unpaid = "simple"'),
         "unpaid interest bears simple interest", "欠付利息计单利"),
    ],
)  # fmt: skip
def test_explain__a_term(change, en, zh):
    deal = loaded(changed(change))
    assert en in explain(deal, kind_names(), "en")
    assert zh in explain(deal, kind_names(), "zh")


def test_sentences__both_languages_take_the_same_terms():
    for table in (SECTIONS, NOUNS, CLAIMS, TIMES, WORDS):
        for key, both in table.items():
            fields = {language: set(re.findall(r"\{(\w+)\}", text)) for language, text in both.items()}
            assert fields["en"] == fields["zh"], key
            assert CHINESE.search(both["zh"]) or not re.search(r"[a-z]{2}", re.sub(r"\{\w+\}", "", both["zh"])), key
            assert not CHINESE.search(both["en"]), key


def test_explain__plain_deal_in_full():
    text = explain(loaded(PLAIN), kind_names())
    head = "plain. Currency CNY; payments are cut down to whole multiples of 0.01, per class."
    assert text.splitlines()[0] == f"{head} Average lives are measured ACT/365F."
    assert text.splitlines()[-1] == "    3. residual: pay residual of SUB from account main, when balance.A == 0"
