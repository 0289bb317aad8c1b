import datetime
from typing import Annotated

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field, TypeAdapter

from absengine.errors import DealError, Problems
from absengine.language.toml import parse
from absengine.language.units import (
    AmountPer,
    Date,
    DayOffset,
    HowMany,
    Money,
    PeriodText,
    Rate,
    RatePer,
    Ratio,
    percent,
)
from absengine.language.validation import Table, validate


class Noun(Table):
    money: Annotated[Money, Field(ge=0)] = 0.0
    ratio: Ratio = 0.0
    rate: Rate = 0.0
    amount: AmountPer | None = None
    charge: RatePer | None = None
    every: PeriodText | None = None
    call: DayOffset | None = None
    names: HowMany | None = None
    on: Date | None = None


def read(line):
    document, problems = parse(line, "f.toml", DealError), Problems()
    return validate(Noun, document.data, document.where, problems), list(problems)


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("money = 2_000_000", 2e6),
        ("money = 0.5", 0.5),
        ('money = "2_000_000.25"', 2000000.25),
        ('ratio = "8%"', 0.08),
        ("ratio = 0.08", 0.08),
        ('ratio = "150%"', 1.5),
        ("ratio = 1", 1.0),
        ('ratio = "-0.5%"', -0.005),
        ('rate = "3.2%"', 0.032),
        ('rate = "3.2% per year"', 0.032),
        ("rate = 0.032", 0.032),
        ('amount = "400_000 per year"', AmountPer(400000.0, "year")),
        ('amount = "5 per month"', AmountPer(5.0, "month")),
        ('amount = "5.5 per payment"', AmountPer(5.5, "payment")),
        ('amount = "5 per collection"', AmountPer(5.0, "collection")),
        ('amount = "5 once"', AmountPer(5.0, "once")),
        ('charge = "0.02% per year"', RatePer(0.0002, "year")),
        ('charge = "0.1% per payment"', RatePer(0.001, "payment")),
        ('charge = "3.26%"', RatePer(0.0326, "flow")),
        ('every = "3 months"', PeriodText(3, "month")),
        ('every = "1 year"', PeriodText(1, "year")),
        ('every = "90 days"', PeriodText(90, "day")),
        ('call = "5 business days before payment"', DayOffset(5, True, "before", "payment")),
        ('call = "1 day after collection"', DayOffset(1, False, "after", "collection")),
        ("names = 3", HowMany(3)),
        ('names = "up to 3"', HowMany(3, or_fewer=True)),
        ("on = 2026-03-31", datetime.date(2026, 3, 31)),
    ],
)
def test_types__good_spellings(line, value):
    noun, problems = read(line)
    assert not problems
    assert getattr(noun, line.split(" ")[0]) == value


@pytest.mark.parametrize(
    ("line", "code", "todo"),
    [
        ('money = "2,000,000"', "wrong-amount", 'write "2_000_000"'),
        ('money = "200万"', "wrong-amount", 'write "2_000_000"'),
        ('money = "2.06亿元"', "wrong-amount", 'write "206_000_000"'),
        ('money = "200 元"', "wrong-amount", ""),
        ('money = "1.2.3万"', "wrong-amount", ""),
        ('amount = "40万元 per year"', "wrong-amount-per", 'write "400_000 per year"'),
        ("money = inf", "wrong-amount", ""),
        ("money = true", "wrong-amount", ""),
        ("money = -1", "out-of-range", ""),
        (f"money = 1{'0' * 400}", "wrong-amount", ""),
        ("ratio = 8", "bare-ratio-above-one", '"8%" or "800%"'),
        ('ratio = "８％"', "wrong-ratio", 'write "8%"'),
        ('ratio = "8 %"', "wrong-ratio", 'write "8%"'),
        ('ratio = "8"', "wrong-ratio", 'write "8%"'),
        ('ratio = "8% per year"', "wrong-ratio", ""),
        ("rate = 3.2", "bare-rate-above-one", '"3.2%" or "320%"'),
        ('rate = "3.2% p.a."', "wrong-rate", 'write "3.2% per year"'),
        ('rate = "3.2% per month"', "wrong-rate", ""),
        ("rate = nan", "wrong-rate", ""),
        ("amount = 400_000", "wrong-amount-per", 'write "400000 per year"'),
        ('amount = "400,000/year"', "wrong-amount-per", 'write "400_000 per year"'),
        ('amount = "5 per week"', "wrong-amount-per", ""),
        ("charge = 0.0002", "wrong-rate-per", 'write "0.02% per year"'),
        ('charge = "0.02% once"', "wrong-rate-per", ""),
        ('every = "3 month"', "wrong-period", 'write "3 months"'),
        ('every = "1 months"', "wrong-period", 'write "1 month"'),
        ("every = 3", "wrong-period", 'write "3 months"'),
        ('every = "0 months"', "wrong-period", ""),
        ('every = "-1 months"', "wrong-period", ""),
        ('call = "5 Business Days before payment"', "wrong-day-offset", 'write "5 business days before payment"'),
        ('call = "5 days before closing"', "wrong-day-offset", ""),
        ('on = "2026-03-31"', "wrong-date", "take the quotes off: 2026-03-31"),
        ("on = 2026-03-31T10:00:00", "wrong-date", "write 2026-03-31"),
        ("on = 20260331", "wrong-date", ""),
    ],
)
def test_types__refuse_with_the_spelling_that_would_do(line, code, todo):
    noun, problems = read(line)
    assert noun is None
    assert [(problem.code, problem.where.line) for problem in problems] == [(code, 1)]
    assert todo in problems[0].todo
    assert problems[0].found and problems[0].allowed


@given(st.decimals(-1000, 1000, places=6))
def test_ratio__percentages_are_the_nearest_float(number):
    assert TypeAdapter(Ratio).validate_python(f"{number:f}%") == float(number / 100)


@given(st.floats(-10, 10, allow_subnormal=False).map(lambda x: round(x, 9)))
def test_percent__reads_back(value):
    assert TypeAdapter(Ratio).validate_python(percent(value)) == value


@given(
    st.one_of(
        st.builds(
            AmountPer, st.integers(0, 10**12).map(float), st.sampled_from(["year", "month", "once", "collection"])
        ),
        st.builds(RatePer, st.integers(0, 9999).map(lambda n: n / 10000), st.sampled_from(["year", "payment", "flow"])),
        st.builds(PeriodText, st.integers(1, 9999), st.sampled_from(["day", "week", "month", "year"])),
        st.builds(
            DayOffset,
            st.integers(0, 99),
            st.booleans(),
            st.sampled_from(["before", "after"]),
            st.sampled_from(["payment", "collection"]),
        ),
    )
)
def test_str__reads_back(value):
    assert type(value).parse(str(value)) == value


def test_signed__counts_back_before_the_anchor():
    assert DayOffset(5, True, "before", "payment").signed == -5
    assert DayOffset(5, True, "after", "payment").signed == 5


@given(st.text(max_size=20))
def test_parse__any_text_is_read_or_refused(text):
    for kind in (AmountPer, RatePer, PeriodText, DayOffset, Money, Ratio, Rate, Date):
        try:
            TypeAdapter(kind).validate_python(text)
        except ValueError as error:
            assert "allowed" in error.errors()[0]["ctx"]


def test_json_schema__says_each_spelling():
    schema = Noun.model_json_schema()["properties"]
    assert [part["type"] for part in schema["rate"]["anyOf"]] == ["number", "string"]
    assert schema["on"]["anyOf"][0]["format"] == "date"
    assert "per (year|month" in schema["amount"]["anyOf"][0]["pattern"]
    assert all(part.get("description") or part["anyOf"][0]["description"] for part in schema.values())


def test_dump__values_are_written_as_text():
    noun, _ = read('amount = "5 once"\nevery = "3 months"')
    assert '"amount":"5 once"' in noun.model_dump_json() and '"every":"3 months"' in noun.model_dump_json()
