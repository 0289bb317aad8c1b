"""Each feature of the deal language in a deal of a few lines: it is accepted, compiles and can be told.

The list follows the design's section on the deal language; a feature missing here is not promised.
"""

import pytest
from plain_deal import changed, loaded

from absengine.deal.aliases import ALIASES
from absengine.deal.explain import explain
from absengine.deal.forms import claim_members, claim_names, coverable
from absengine.deal.labels import labels
from absengine.deal.triggers import EFFECTS
from absengine.deal.verbs import VERBS
from absengine.loaders import kind_names

INT = '{ id = "int", do = "pay", what = ["interest.A"], from = "main" },'
PRIN = '{ id = "prin", do = "pay", what = ["principal.A"], from = "main" },'
REST = '{ id = "residual", do = "pay", what = ["residual.SUB"], from = "main", when = "balance.A == 0" },'
PASS = 'principal = { kind = "pass_through" }'
COUPON = 'coupon = { kind = "fixed", rate = "3.2%" }'
PAYER = '[entity.payer]\nname = "payer"\n'
FLOATING = 'coupon = { kind = "floating", index = "LPR1Y", spread = "-0.5%", reset = "yearly" }'
LPR = '[index.LPR1Y]\npath = [[2026-01-20, "3%"], [2026-06-20, "2.9%"]]\n'
RESERVE = ("[account.main]", '[account.main]\n[account.reserve]\ntarget = "max(1% * pool.performing, 20)"')
LATE = '[stage.late]\npays = "collection"\nstep = [' + "\n".join((INT, PRIN, REST)) + "]\n"
TRIGGER = '[trigger.t]\ntest = "after collection"\nwhen = "pool.cum_default_rate > 8%"\n'


def before(line, *more):
    return (line, "\n".join((*more, line)))


FEATURES = {
    # accounts
    "account with opening balance": [("[account.main]", "[account.main]\nopening = 10")],
    "account with a yield": [
        ("[account.main]", '[account.main]\ninterest = { rate = "0.35%", day_count = "ACT/360" }')
    ],
    "account with a target, filled and drawn": [
        RESERVE,
        before(PRIN, '{ id = "fill", do = "fill", what = ["account.reserve"], from = "main" },'),
        (INT, INT.replace(" },", ', then = ["account.reserve"] },')),
    ],
    "principal and income accounts": [
        ("[account.main]", "[account.main]\n[account.principal]"),
        ('principal = "main"', 'principal = "principal"'),
        (PRIN, PRIN.replace('"main"', '"principal"')),
    ],
    "recoveries of one source elsewhere": [('recovery = "main"', 'recovery = "main"\n"recovery.ip" = "main"')],
    "fees the pool pays": [('recovery = "main"', 'recovery = "main"\nfee = "main"')],
    # classes
    "plan in the deal": [(PASS, 'principal = { kind = "plan", amounts = [[2026-07-26, 400], [2027-04-26, 500]] }')],
    "pass-through with an expected maturity": [(PASS, 'principal = { kind = "pass_through", expected = 2026-10-26 }')],
    "bullet": [(PASS, 'principal = { kind = "bullet", expected = 2027-01-26 }')],
    "coupon stepping up": [(COUPON, 'coupon = { kind = "fixed", rate = "3%", steps = [[2026-10-26, "4%"]] }')],
    "floating coupon": [(COUPON, FLOATING), LPR],
    "interest deferred, simple interest on it": [
        ("face = 900", 'face = 900\ntimely = false\ninterest_on_unpaid = "simple"')
    ],
    "compound interest on unpaid interest": [("face = 900", 'face = 900\ninterest_on_unpaid = "compound"')],
    "residual with an interim return by coupon": [
        ("face = 100", 'face = 100\ncoupon = { kind = "fixed", rate = "8%" }'),
        before(REST, '{ id = "interim", do = "pay", what = ["interest.SUB"], from = "main", when = "due.A == 0" },'),
    ],
    "residual with a capped interim return": [
        before(
            INT,
            '{ id = "interim", do = "pay", what = ["residual.SUB"], from = "main", '
            'upto = "8% * face.SUB * period.years" },',
        ),
    ],
    "two tranches of a class, pro rata": [
        ("[tranche.SUB]", f'[tranche.A2]\nclass = "senior"\nface = 100\n{PASS}\n[tranche.SUB]'),
        (PRIN, PRIN.replace('"principal.A"]', '"principal.senior"]').replace(" },", ', share = "pro rata" },')),
    ],
    "two claims in order": [
        (INT, ""),
        (
            PRIN,
            PRIN.replace('["principal.A"]', '["interest.A", "principal.A"]').replace(" },", ', share = "in order" },'),
        ),
    ],
    "notes of 100": [('name = "plain"', 'name = "plain"\nmoney = { unit = "0.01", per = "note of 100" }')],
    "no rounding": [('name = "plain"', 'name = "plain"\nmoney = { unit = 0 }')],
    # taxes and fees
    "tax": [
        before(INT, '{ id = "vat", do = "pay", what = ["tax.vat"], from = "main" },'),
        '[tax.vat]\nbase = "collected.interest"\nrate = "3.26%"\n',
    ],
    "fee with cap and overflow": [
        before(INT, '{ id = "fee", do = "pay", what = ["fee.s"], from = "main" },'),
        before(REST, '{ id = "over", do = "pay", what = ["fee.s.over_cap"], from = "main" },'),
        '[fee.s]\nbase = "pool.opening"\nrate = "0.3% per year"\ncap = "4 per year"\nover = "collection"\n',
    ],
    **{
        f"fee of {terms}": [
            before(INT, '{ id = "fee", do = "pay", what = ["fee.s"], from = "main" },'),
            f"[fee.s]\n{terms}\n",
        ]
        for terms in (
            'amount = "5 per year"',
            'amount = "5 per month"',
            'amount = "5 per payment"',
            'amount = "5 per collection"',
            'amount = "5 once"',
            'rate = "1%"\nbase = "collected.recovery"',
            'rate = "1% per payment"\nbase = "balance.A"',
            'rate = "1% per month"\nbase = "balance.A"',
            'rate = "1% per collection"\nbase = "pool.opening"',
        )
    },
    # supports
    **{
        f"{kind} support": [
            (INT, INT.replace(" },", ', then = ["support.s"] },')),
            before(REST, '{ id = "repay", do = "repay", what = ["support.s"], from = "main" },'),
            f'{PAYER}[support.s]\nkind = "{kind}"\nprovider = "payer"\nlimit = {limit}\ncovers = ["interest.senior"]\n'
            'call = "5 business days before payment"\n',
        ]
        for kind, limit in (("shortfall", '"covered"'), ("liquidity", "50"), ("guarantee", "50"))
    },
    "support without reimbursement": [
        (INT, INT.replace(" },", ', then = ["support.s"] },')),
        f'{PAYER}[support.s]\nprovider = "payer"\nlimit = 5\nreimbursed = false\n',
    ],
    "support drawn into an account": [
        before(INT, '{ id = "call", do = "draw", what = ["support.s"], to = "main", upto = "due.A - account.main" },'),
        f'{PAYER}[support.s]\nprovider = "payer"\nlimit = 5\nreimbursed = false\n',
    ],
    # ledgers
    "principal deficiency ledgers": [
        ("[account.main]", "[account.main]\n[account.principal]"),
        ('principal = "main"', 'principal = "principal"'),
        before(
            PRIN,
            '{ id = "book", do = "book", what = ["ledger.sub", "ledger.A"], upto = "collected.default" },',
            '{ id = "cure", do = "pay", what = ["ledger.A", "ledger.sub"], from = "main", to = "principal", '
            'share = "in order" },',
        ),
        (PRIN, PRIN.replace('"main"', '"principal"')),
        '[ledger.sub]\nlimit = "balance.SUB"\n[ledger.A]\n',
    ],
    "loss written down": [
        before(
            REST,
            '{ id = "loss", do = "write_down", what = ["principal.SUB", "principal.A"], '
            'upto = "balance.A + balance.SUB - pool.performing" },',
        )
    ],
    "value recorded": [before(REST, '{ id = "oc", do = "probe", value = "pool.performing / balance.A" },')],
    "cash moved up to an amount": [
        ("[account.main]", "[account.main]\n[account.reserve]"),
        before(
            REST,
            '{ id = "aside", do = "move", from = "main", to = "reserve", upto = "10" },',
            '{ id = "back", do = "move", from = "reserve", to = "main", when = "period.last" },',
        ),
    ],
    "contracts bought": [
        before(
            PRIN, '{ id = "buy", do = "buy", what = ["purchase.new"], from = "main", upto = "collected.principal" },'
        ),
        '[purchase.new]\nkind = "pledge_loan"\nrate = "6%"\nterm = "1 year"\nevery = "3 months"\n',
    ],
    "contracts sold": [
        before(
            REST,
            '{ id = "sale", do = "sell", to = "main", upto = "pool.performing", value = "90%", when = "period.last" },',
        )
    ],
    # triggers and stages
    "latch to a stage": [TRIGGER + 'once = "go late"\n' + LATE],
    "sustained, tested in a stage, cured": [
        TRIGGER + 'once = "go late"\nsustained = 2\nin = ["first"]\n'
        'cure = { when = "pool.cum_default_rate < 5%", sustained = 3, effect = "go first" }\n' + LATE
    ],
    "as long as it holds": [TRIGGER + 'while = "flag"\n', (PRIN, PRIN.replace(" },", ', when = "not trigger.t" },'))],
    "clean-up call": [TRIGGER + 'once = "call"\ncall = { price = "pool.performing", to = "main" }\n'],
    "test of the gap before help": [
        TRIGGER.replace("after collection", "before payment").replace(
            "pool.cum_default_rate > 8%", "account.main < due.senior"
        )
        + 'once = "flag"\n'
    ],
    "shortfall after payment": [
        TRIGGER.replace("after collection", "after payment").replace("pool.cum_default_rate > 8%", "due.senior > 0")
        + 'once = "go late"\n'
        + LATE
    ],
    "date and count in a condition": [
        (PRIN, PRIN.replace(" },", ', when = "date.payment >= 2026-10-01 and period.number > 2" },')),
        (REST, REST.replace('when = "balance.A == 0"', 'upto = "if(stage.first, 0, account.main)"')),
    ],
    # dates
    "listed payment dates": [('every = "3 months", on = 26, first = 2026-07-26', "dates = [2026-07-26, 2027-01-26]")],
    "no calendar": [(', calendar = "SSE", roll = "following"', "")],
    "interest for a moved payment": [('roll = "following"', 'roll = "following", extra_interest = true')],
    "collections every two weeks": [('every = "1 month", on = "last day"', 'every = "2 weeks", first = 2026-04-10')],
}


def with_feature(parts):
    changes = [part for part in parts if isinstance(part, tuple)]
    return changed(*changes, also="".join(part for part in parts if isinstance(part, str)))


@pytest.mark.parametrize("feature", FEATURES)
def test_language__a_feature_in_a_small_deal(feature):
    deal = loaded(with_feature(FEATURES[feature]))
    compiled = deal.compile(1000.0)
    assert labels(deal, compiled).steps and compiled.program.code.size
    assert explain(deal, kind_names(), "en") != explain(deal, kind_names(), "zh")


def test_language__every_verb_and_effect_is_among_the_features():
    text = "".join(with_feature(parts) for parts in FEATURES.values())
    assert not [verb.key for verb in VERBS if f'do = "{verb.key}"' not in text]
    assert not [effect.key for effect in EFFECTS if f'= "{effect.key}' not in text]


def test_language__every_key_has_one_chinese_alias():
    assert len(set(ALIASES.values())) == len(ALIASES)


# Claims ---------------------------------------------------------------------------------------------------------------


def test_claim_names__classes_with_something_to_pay():
    deal = loaded(changed()).file
    assert claim_names(deal, "interest") == ["interest.A", "interest.senior"]
    assert claim_names(deal, "principal") == ["principal.A", "principal.SUB", "principal.senior"]
    assert claim_names(deal, "residual") == ["residual.A", "residual.SUB"]
    assert coverable(deal) == claim_names(deal, "interest") + claim_names(deal, "principal")


def test_claim_members__a_class_opened_up():
    deal = loaded(with_feature(FEATURES["two tranches of a class, pro rata"])).file
    assert claim_members(deal, "principal.senior") == ["principal.A", "principal.A2"]
    assert claim_members(deal, "interest.senior") == ["interest.A"]  # A2 bears none
    assert claim_members(deal, "fee.x") == ["fee.x"]
