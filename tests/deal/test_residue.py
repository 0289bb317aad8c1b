"""Payments per note of 100 (每百元): what cannot be cut into whole notes stays in its account, ahead of later steps."""

from __future__ import annotations

from typing import Any

from small_deals import Run, note, pay, rest, small, stage

NOTES = {"name": "notes", "money": {"unit": 0.01, "per": "note of 100"}}
FEE = {"fee.late": {"amount": "3 per payment"}}


def run(months: int, *steps: dict[str, Any], per: dict[str, Any] = NOTES, **given: Any) -> Run:
    """Class A: 1,000 in ten notes, paid in multiples of 10 fen; interest 10 a month. A fee is paid by the fen."""
    tables = {name: table for name, table in given.items() if isinstance(table, dict)}
    feed = {name: values for name, values in given.items() if name not in tables}
    nouns = {"deal": per, "tranche.A": note(1000), "tranche.SUB": rest(), "stage.normal": stage(*steps), **tables}
    return Run(small(months, nouns), **feed)


REST = pay("residual.SUB", when="balance.A == 0")


def test_hold__a_later_step_does_not_take_what_a_class_lacks() -> None:
    got = run(3, pay("interest.A"), pay("fee.late"), pay("principal.A", upto="0"), REST, interest=[7.77, 20, 20], **FEE)
    # 7.77 pay 7.70; the 7 fen are A's though they cannot be cut in ten, and wait for month 2: 12.30 due
    assert got["tranche.A.interest_paid"] == [7.7, 12.3, 10]
    assert got["account.main.residue"] == [0.07, 0, 0]
    assert got["fee.late.paid"] == [0, 6, 3]
    assert got["account.main.balance"] == [0.07, 1.77, 8.77]


def test_hold__counted_by_class_nothing_is_left() -> None:
    by_class = {"name": "class", "money": {"unit": 0.01}}
    got = run(1, pay("interest.A"), pay("fee.late"), pay("principal.A"), REST, per=by_class, interest=[7.77], **FEE)
    assert got["tranche.A.interest_paid"] == [7.77]
    assert "account.main.residue" not in got.values


def test_hold__what_a_cap_loses_by_cutting_is_not_for_the_next_class() -> None:
    """过手摊还 out of collected principal: 55.55 repay 55.50 of A; the 5 fen wait, though B could take them."""
    small_b = {"tranche.B": note(100, "junior", coupon=None)}
    steps = (pay("principal.A", upto="collected.principal"), pay("principal.B"), pay("interest.A"), REST)
    got = run(2, *steps, principal=[55.55, 55.55], interest=[0, 0], **small_b)
    assert got["tranche.A.principal_paid"] == [55.5, 55.5]
    assert got["tranche.B.principal_paid"] == [0, 0.05]  # of month 1; in month 2 the cap is 55.55 again
    assert got["account.main.residue"] == [0.05, 0.05]


def test_hold__a_sweep_moves_only_what_is_free() -> None:
    steps = (pay("interest.A"), {"do": "move", "from": "main", "to": "other"}, pay("principal.A", source="other"), REST)
    got = run(2, *steps, interest=[7.77, 20], **{"account.other": {}})
    assert got["account.main.balance"] == [0.07, 0]
    assert got["account.other.balance"] == [0, 0.07]  # 7.77 of month 2 pay 7.70 of principal


def test_hold__helpers_that_fill_the_gap_leave_nothing_to_hold() -> None:
    reserve = {"account.reserve": {"opening": 2.35}}
    steps = (pay("interest.A", then=["account.reserve"]), pay("fee.late"), pay("principal.A", upto="0"), REST)
    got = run(1, *steps, interest=[7.77], **reserve, **FEE)
    # 7.70 and 2.30 pay the 10 due: the class lacks nothing, the fee takes the 7 fen
    assert got["tranche.A.interest_paid"] == [10]
    assert got["fee.late.paid"] == [0.07]
    assert got["account.reserve.balance"] == [0.05]


def test_hold__both_accounts_wait_where_the_class_stays_short() -> None:
    steps = (pay("interest.A", then=["account.reserve"]), pay("fee.late", then=["account.reserve"]),
             pay("principal.A", upto="0"), REST)  # fmt: skip
    got = run(1, *steps, interest=[7.77], **{"account.reserve": {"opening": 1.15}}, **FEE)
    assert got["tranche.A.interest_paid"] == [8.8]
    assert got["fee.late.paid"] == [0]
    assert (got["account.main.balance"], got["account.reserve.balance"]) == ([0.07], [0.05])


def test_write_down__in_whole_notes() -> None:
    steps = (pay("interest.A"), {"do": "write_down", "what": ["principal.A"], "upto": "collected.default"},
             pay("principal.A", upto="0"), REST)  # fmt: skip
    got = run(2, *steps, default=[123.45, 0.05], interest=[10, 10])
    assert got["tranche.A.written_down"] == [123.4, 0]
    assert got["step.normal.s2.short"] == [0.05, 0.05]
    assert got["tranche.A.balance"] == [876.6, 876.6]


def test_allot__in_order_within_one_step_as_in_two() -> None:
    """55.55 are 55.50 for A; the 5 fen wait for A, though B behind it in the same step could take them."""
    small_b = {"tranche.B": note(100, "junior", coupon=None)}
    for cap in ({}, {"upto": "collected.principal"}):
        steps = (pay("principal.A", "principal.B", share="in order", **cap), pay("interest.A"), REST)
        got = run(2, *steps, principal=[55.55, 55.55], interest=[0, 0], **small_b)
        assert got["tranche.A.principal_paid"] == ([55.5, 55.5] if cap else [55.5, 55.6])
        assert got["tranche.B.principal_paid"] == [0, 0]
        assert got["account.main.residue"] == ([0.05, 0.1] if cap else [0.05, 0])
