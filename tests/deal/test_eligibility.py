"""A pool of five contracts against criteria of a deal: who fails, how much that is, what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from plain_deal import changed, loaded

from absengine.deal.eligibility import Verdict, failing, judge
from absengine.deal.load import Deal
from absengine.errors import DealError
from absengine.schema import CONTRACT_COLUMNS, Table

CODES = {"class_": {"normal": "normal", "正常": "normal", "watch": "watch"}}
IDS = ("L1", "L2", "L3", "L4", "S1")


def contracts(**columns: Any) -> Table:
    """Four contracts of 100, 200, 300 and 400; S1 of 5,000 is kept on standby and counts nowhere."""
    given_ = {
        "contract_id": np.array(IDS), "obligor": np.array(["甲", "乙", "甲", "丙", "丙"]),
        "industry": np.array(["IT", "IT", "医药", "", "采矿"]), "dpd": np.array([0.0, 31.0, np.nan, 90.0, 99.0]),
        "cutoff_balance": np.array([100.0, 200.0, 300.0, 400.0, 5000.0]),
        "standby": np.array(["", "", "", "", "yes"]), "class_": np.array(["normal", "normal", "watch", "normal", ""]),
        "score": np.array([1.0, 2.0, 3.0, 4.0, 5.0]),
    }  # fmt: skip
    return Table.build(CONTRACT_COLUMNS, 5, **(given_ | columns))


def deal(text: str) -> Deal:
    return loaded(changed(also=f"\n{text}"))


def verdict(terms: str) -> Verdict:
    (one,) = judge(deal(f"[criterion.x]\n{terms}\n"), contracts(), CODES)
    return one


def test_judge__a_bound_names_who_fails_and_counts_what_is_not_stated() -> None:
    """At most 30 days: L2 (31), L4 (90), and L3, which states none: 200 + 300 + 400 of 1,000."""
    one = verdict('field = "dpd"\nat_most = 30')
    assert (one.met, one.failing, one.unstated) == (False, ("L2", "L3", "L4"), 1)
    assert (one.balance, one.share) == (900.0, 0.9)
    assert one.where.line and "criterion.x" in str(one.where)


def test_judge__a_word_tells_what_the_failing_contracts_state() -> None:
    one = verdict('field = "class_"\none_of = ["normal"]')
    assert (one.failing, one.names) == (("L3",), (("watch", 0.3),))
    assert verdict('field = "industry"\nnone_of = ["医药"]').names == (("not stated", 0.4), ("医药", 0.3))


def test_judge__a_criterion_that_is_met_says_nothing_more() -> None:
    one = verdict('field = "score"\nat_most = 4')
    assert (one.met, one.failing, one.names, one.balance) == (True, (), (), 0.0)


def test_judge__shares_of_each_name() -> None:
    """甲 and 丙 have 400 of 1,000 each: 5 points above 35 %, together 100 too much."""
    one = verdict('share_at_most = "35%"\nby = "obligor"')
    assert (one.met, [name for name, _ in one.names], one.share) == (False, ["丙", "甲"], 0.4)
    assert one.balance == pytest.approx(100.0)
    assert verdict('share_at_most = "40%"\nby = "obligor"').met


def test_judge__shares_of_the_largest_together() -> None:
    """The two largest have 800: at most 80 % is met to the point, 79 % is 10 too much."""
    assert verdict('share_at_most = "80%"\nby = "obligor"\ntop = 2').met
    one = verdict('share_at_most = "79%"\nby = "obligor"\ntop = 2')
    assert (one.met, one.share) == (False, pytest.approx(0.8))
    assert one.balance == pytest.approx(10.0)


def test_failing__by_contract_alone_and_never_what_is_on_standby() -> None:
    text = '[criterion.dpd]\nfield = "dpd"\nat_most = 30\n[criterion.top]\nshare_at_most = "9%"\nby = "obligor"\n'
    found = failing(deal(text), contracts(), {})
    assert {name: flags.tolist() for name, flags in found.items()} == {"dpd": [False, True, True, True, False]}


def test_judge__fields_no_tape_has_are_refused_with_the_nearest() -> None:
    text = '[criterion.a]\nfield = "scoer"\nat_most = 30\n[criterion.b]\nshare_at_most = "9%"\nby = "sector"\n'
    for check in (judge, failing):
        with pytest.raises(DealError) as refused:
            check(deal(text), contracts(), {})
        first, second = refused.value.problems
        assert first.code == second.code == "criterion-field"
        assert first.todo == "did you mean 'score'?" and first.where.line
        assert "remaining_months" in first.allowed


def test_judge__words_outside_a_vocabulary_are_refused_with_the_word_kept() -> None:
    """Nobody is 正常 where tapes keep normal: none_of would exclude nothing."""
    for key in ("none_of", "one_of"):
        with pytest.raises(DealError) as refused:
            verdict(f'field = "class_"\n{key} = ["正常", "wacth"]')
        first, second = refused.value.problems
        assert first.code == second.code == "criterion-word" and first.where.line
        assert (first.todo, second.todo) == ("write 'normal'", "did you mean 'watch'?")


def test_judge__a_group_has_shares_and_is_no_field_of_a_contract() -> None:
    with pytest.raises(DealError) as refused:
        verdict('field = "group"\none_of = ["family"]')
    assert [problem.code for problem in refused.value.problems] == ["criterion-field"]
    assert verdict('share_at_most = "40%"\nby = "group"').met


@pytest.mark.parametrize("terms", ['field = "class_"\nat_most = 30', 'field = "score"\none_of = ["a"]'])
def test_judge__limits_that_do_not_fit_a_column_of_the_tape_are_refused(terms: str) -> None:
    with pytest.raises(DealError) as refused:
        verdict(terms)
    assert [problem.code for problem in refused.value.problems] == ["criterion-kind"]
    assert verdict('field = "score"\nat_most = "450%"').failing == ()
