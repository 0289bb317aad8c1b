"""Labels say of a deal what results need, and nothing of the machine it was read on."""

from pathlib import Path

from plain_deal import changed, loaded

from absengine.deal.labels import labels, place, senior_fees
from absengine.deal.load import load
from absengine.errors import Where

FULL = Path(__file__).parent / "full" / "deal.toml"


def told(deal):
    return labels(deal, deal.compile(1000.0))


def test_labels__names_in_file_order():
    one = told(load(FULL))
    assert [tranche.name for tranche in one.tranches] == ["A1", "A2", "B", "C", "SUB"]
    assert [tranche.label for tranche in one.tranches] == ["优先A1", "A2", "B", "中间C", "SUB"]
    assert one.accounts == ("main", "purse", "deposits", "principal", "reserve")
    assert one.account_openings == (0.0, 0.0, 1_250_000.0, 0.0, 2_000_000.0)
    assert one.stages == ("normal", "fast", "last") and len(one.pays) == 3
    assert one.fees == ("audit", "payout", "servicer", "flat", "month", "start", "success")
    assert one.texts["account.main"] == "收益账" and "account.nothing" not in one.texts


def test_labels__expected_maturity_is_the_last_planned_payment():
    by_name = {tranche.name: tranche for tranche in told(load(FULL)).tranches}
    assert by_name["A1"].expected_maturity == "2027-04-26" and by_name["A1"].amortisation == "plan"
    assert by_name["A2"].expected_maturity == "2027-10-26"
    assert by_name["SUB"].expected_maturity is None and by_name["SUB"].residual


def test_labels__rows_and_dates():
    deal = loaded(changed())
    one = told(deal)
    assert len(one.pay_dates) == len(one.calc_dates) == len(one.accruals) == deal.timeline.rows == len(one.pays[0])
    assert (one.cutoff, one.closing, one.legal_final) == ("2026-03-31", "2026-04-20", "2027-04-26")
    assert one.pay_dates[-1] == "2027-04-26"


def test_labels__steps_have_sources_and_places():
    one = told(load(FULL))
    step = next(step for step in one.steps if (step.stage, step.id) == ("normal", "int_A"))
    assert (step.verb, step.what) == ("pay", ("interest.senior",))
    assert step.sources == ("account.main", "account.reserve", "support.topup")
    lines = FULL.read_text(encoding="utf-8").split("\n")
    file, _, line = step.place.partition(":")
    assert file == "deal.toml" and 'id = "int_A"' in lines[int(line) - 1]


def test_senior_fees__those_paid_before_any_interest():
    assert senior_fees(load(FULL)) == ("servicer", "audit", "flat", "month", "start", "success")
    assert senior_fees(loaded(changed())) == ()


def test_place__never_names_a_folder():
    assert place(Where("/home/someone/deals/x/deal.toml", 7)) == "deal.toml:7"
    assert place(Where("C:\\deals\\x\\deal.toml")) == "deal.toml"
