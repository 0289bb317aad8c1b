"""Where checks draw their lines: what is just refused, what is just accepted. Each refusal alone: tests/bad/deals."""

import pytest
from plain_deal import changed, loaded, refused

from absengine.deal.findings import suggestion
from absengine.errors import DealError

PASS = 'principal = { kind = "pass_through" }'
LATE = """
[stage.late]
pays = "payment"
step = [
  { id = "int", do = "pay", what = ["interest.A"], from = "main" },
  { id = "prin", do = "pay", what = ["principal.A"], from = "main" },
]
"""


def trigger(name, *lines):
    return f'[trigger.{name}]\ntest = "after payment"\nwhen = "due.A > 0"\n' + "\n".join(lines) + "\n"


def codes(text):
    try:
        loaded(text)
    except DealError as refusal:
        return [problem.code for problem in refusal.problems]
    return []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (("closing = 2026-04-20", "closing = 2026-03-31"), None),
        (("closing = 2026-04-20", "closing = 2026-03-30"), "closing-before-cutoff"),
        (("legal_final = 2027-04-26", "legal_final = 2027-04-27"), "payments-between-collections"),
        (("legal_final = 2027-04-26", "legal_final = 2027-05-26"), None),
        (("first = 2026-07-26", "first = 2026-04-26"), "payment-before-collection"),
        (("first = 2026-07-26", "first = 2026-05-26"), None),
        (("on = 26", "on = 31"), None),
        (("on = 26", "on = 32"), "wrong-day-of-month"),
        (("face = 900", "face = 900.01"), None),
        (("face = 900", "face = 900.001"), "face-not-whole-units"),
        (("face = 900", "face = 90_071_992_547_409"), None),
        (("face = 900", "face = 90_071_992_547_411"), "amount-too-large"),
        (('"3.2%"', '"100%"'), None),
        (('"3.2%"', '"100.1%"'), "rate-out-of-range"),
        (('"3.2%"', '"0%"'), None),
        ((PASS, 'principal = { kind = "bullet", expected = 2027-04-26 }'), None),
        ((PASS, 'principal = { kind = "bullet", expected = 2027-04-27 }'), "expected-maturity"),
        (('class = "residual"', 'class = "sub"'), None),
        (('class = "residual"', 'class = "Senior"'), "repeated-name"),
        (('calendar = "SSE", ', ""), "roll-without-calendar"),
        (("2027-04-26", "2099-10-26"), None),
        (("2027-04-26", "2100-01-26"), "date-outside-calendar"),
    ],
)
def test_check_deal__lines(change, code):
    assert codes(changed(change)) == ([code] if code else [])


@pytest.mark.parametrize(
    ("when", "code"),
    [
        ("balance.senior == 0", None),
        ("balance.A <= 0", None),
        ("0 == balance.A", None),
        ("0 >= balance.A", None),
        ("balance.SUB + balance.A == 0", None),
        ("period.last and balance.A == 0", None),
        ("balance.SUB == 0", "residual-before-senior"),
        ("balance.A >= 0", "residual-before-senior"),
        ("0 <= balance.A", "residual-before-senior"),
        ("balance.A - balance.SUB == 0", "residual-before-senior"),
        ("balance.A == 0 or period.last", "residual-before-senior"),
        ("not balance.A == 0", "residual-before-senior"),
        ("balance.A == 1", "residual-before-senior"),
    ],
)
def test_check_stages__residual_waits_for_seniors(when, code):
    text = changed(("balance.A == 0", when), ('what = ["principal.A"]', 'what = ["principal.A"], upto = "due"'))
    assert codes(text) == ([code] if code else [])


def test_check_stages__residual_after_a_sweep_needs_no_condition():
    assert codes(changed((', when = "balance.A == 0"', ""))) == []


def test_reachable_stages__through_a_stage_that_is_reached_itself():
    late, last = LATE, LATE.replace("late", "last")
    on = trigger("t", 'once = "go late"')
    further = trigger("u", 'once = "go last"', 'in = ["late"]')
    assert codes(changed(also=late + last + on + further)) == []
    assert codes(changed(also=late + last + further)) == ["unreachable-stage", "unreachable-stage"]


def test_check_trigger__forward_from_the_stages_it_is_tested_in():
    stages = LATE + LATE.replace("late", "last") + trigger("all", 'once = "go last"')
    assert codes(changed(also=stages + trigger("t", 'once = "go late"', 'in = ["first", "last"]'))) == []
    assert codes(changed(also=stages + trigger("t", 'once = "go late"', 'in = ["last"]'))) == ["goes-nowhere"]


@pytest.mark.parametrize(
    ("formulas", "found"),
    [
        ({"a": "target.b", "b": "1"}, []),
        ({"a": "account.b", "b": "account.a"}, []),
        ({"a": "target.a", "b": "1"}, ["'target.a', which leads back to target.a"]),
        ({"a": "target.b", "b": "2 * target.a"}, ["'target.b', which leads back to target.a"]),
    ],
)  # fmt: skip
def test_check_formulas__circles_of_targets(formulas, found):
    accounts = "".join(f'\n[account.{name}]\ntarget = "{target}"' for name, target in formulas.items())
    text = changed(
        ("[account.main]", "[account.main]" + accounts),
        ('from = "main" },', 'from = "main", then = ["account.a", "account.b"] },'),
    )
    expected = [("formula-circle", said) for said in found]
    assert (refused(text) if found else codes(text)) == expected


def test_check_rows__a_call_day_needs_no_calendar_where_days_are_plain():
    support = '[entity.p]\nname = "p"\n[support.s]\nprovider = "p"\nlimit = 5\nreimbursed = false\n'
    no_calendar = (', calendar = "SSE", roll = "following"', "")
    helped = ('from = "main" },', 'from = "main", then = ["support.s"] },')
    for call, expected in (("3 days", []), ("3 business days", ["call-without-calendar"])):
        assert codes(changed(no_calendar, helped, also=f'{support}call = "{call} before payment"\n')) == expected


@pytest.mark.parametrize(
    ("name", "choices", "said"),
    [
        ("account.reserv", ["account.reserve", "support.x"], "did you mean 'account.reserve'"),
        ("reserve", ["account.reserve", "support.x"], "write 'account.reserve'"),
        ("account.main", ["main", "reserve"], "write 'main'"),
        ("zzz", ["main"], "define it"),
    ],
)
def test_suggestion__dots_too_many_and_too_few(name, choices, said):
    text = suggestion(name, choices, "define it")
    assert text.startswith(said) or (said == "did you mean" and text == "define it")
