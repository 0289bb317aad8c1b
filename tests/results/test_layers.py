"""Layer absorption: the worked deal line by line, and the identity on random paths."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from absengine.results.layers import absorb


def test_absorb__worked_default_line_by_line(worked):
    base, default, lost = absorb(worked.two_class(), worked.two_class_twin())
    # pool without credit events 114.4, with them 79.2 of which 8 recovered: the gap is 114.4 - 71.2
    assert default.gap == pytest.approx(43.2)
    expected = {
        "recovery.guarantor": 5.0,
        "recovery.ip": 3.0,
        "tax": 0.0,
        "fees": 0.0,
        "support.topup": 5.0,
        "accounts": 0.0,
        "account_interest": 0.0,
        "excess_spread": 4.4,  # residual 26.4 = face 20 + reserve 2 + spread 4.4
        "reserve_release": 2.0,
        "residual_face": 20.0,
        "class.A": 3.8,  # 87.5 received without credit events, 83.7 with them
        "extra_carry": 0.0,
    }
    assert default.lines == pytest.approx(expected)
    assert default.closes and default.difference == pytest.approx(0.0, abs=1e-9)
    assert base.gap == 0.0 and set(base.lines.values()) == {0.0}
    # 66.4 of pool cash is gone; the trustee loses 1, the residual 26.4 and class A 87.5 - 48.5
    assert lost.lines["fees"] == pytest.approx(1.0) and lost.lines["class.A"] == pytest.approx(39.0)
    assert lost.gap == pytest.approx(66.4) and lost.closes


def test_absorb__a_missing_fen_is_seen(worked):
    paths = worked.two_class()
    broken = paths.labels.items.index("tranche.A.principal_paid")
    paths.values[broken, 1, 1] -= 1.0
    lines = absorb(paths, worked.two_class_twin())[1]
    assert not lines.closes and abs(lines.difference) == pytest.approx(0.01)


@given(seeds=st.tuples(st.integers(0, 10**9), st.integers(0, 10**9)), rows=st.integers(1, 5), lanes=st.integers(1, 3))
def test_absorb__lines_sum_to_the_gap_on_random_paths(worked, seeds, rows, lanes):
    """Any two cash books that each close give lines that sum to the gap, whatever moved between them."""
    paths, twin = (worked.random_books(seed, rows, lanes) for seed in seeds)
    for one in absorb(paths, twin):
        assert one.closes
        assert sum(one.lines.values()) == pytest.approx(one.gap, abs=1e-4)
        assert min(one.lines[name] for name in ("excess_spread", "reserve_release", "residual_face", "class.A")) >= 0.0
        assert one.lines["extra_carry"] <= 0.0


def test_absorb__deposits_are_no_reserve_to_release(worked):
    from dataclasses import replace

    paths, twin = worked.two_class(), worked.two_class_twin()
    labels = replace(paths.labels, deposits="reserve")
    _, default, _ = absorb(replace(paths, labels=labels), replace(twin, labels=labels))
    assert default.lines["reserve_release"] == 0.0
    assert default.lines["excess_spread"] == pytest.approx(6.4)  # residual 26.4 = face 20 + spread 6.4
    assert default.closes
