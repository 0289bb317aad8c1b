"""Formulas become instructions whose values are those of ordinary arithmetic; their numbers are parameters."""

import datetime as dt

import numpy as np
import pytest
from plain_deal import changed, loaded

from absengine.deal.labels import labels
from absengine.errors import Where
from absengine.waterfall import Buffers, run_waterfall, settable, start_values


def values(formula, unit="0.01", changes=None, also=""):
    """A formula's recorded value on every row of the plain deal, in main units where it is money."""
    step = f'  {{ id = "look", do = "probe", value = "{formula}" }},\n]'
    money = f'name = "plain"\nmoney = {{ unit = "{unit}" }}'
    deal = loaded(changed(("\n]", f"\n{step}"), ('name = "plain"', money), also=also))
    compiled = deal.compile(1000.0)
    start = start_values(compiled, [changes or {}], [Where()])
    inputs = np.zeros((len(compiled.channels), deal.timeline.rows + 1, 1))
    inputs[compiled.channels.index("performing")] = 500.0 * compiled.scale
    out = np.empty((len(compiled.items), deal.timeline.rows, 1))
    run_waterfall(compiled, labels(deal, compiled), ["only"], start, inputs, out, Buffers(compiled))
    paying = deal.timeline.pays[0]
    return out[compiled.items.index("step.first.look.value"), :, 0][paying], compiled


MONEY = {
    "2_000_000": 2e6,
    "balance.A": 900,
    "2 * balance.A + 1": 1801,
    "balance.A - face.SUB / 4": 875,
    "min(balance.A, 400, pool.performing)": 400,
    "max(0 - balance.A, -5)": -5,
    "abs(face.SUB - balance.A)": 800,
    "if(balance.A > 100, face.SUB, 7)": 100,
    "if(stage.first and not pool.called, balance.A, 4)": 900,
    "floor(balance.A, 70)": 840,
    "8% * balance.A": 72,
    "balance.A * (face.SUB / face.A)": 100,
    "-balance.A": -900,
    "floor(12.7 + 0 * balance.A)": 12,
}
OTHERS = {
    "8%": 0.08, "balance.A / face.SUB": 9, "period.number / 2": 1.5,
    "balance.A == 900": 1, "balance.A != 900": 0, "balance.A >= 900.01": 0, "100 < balance.A and balance.A <= 900": 1,
    "not (balance.A > 1 or period.last)": 0, "date.payment == 2026-07-27": 1, "date.payment - 2026-07-20 == 7": 1,
    "date.calculation < 2026-07-27": 1, "0 / 5": 0,
}  # fmt: skip


@pytest.mark.parametrize("unit", ["0.01", "0", "1"])
@pytest.mark.parametrize("formula", MONEY)
def test_emit_formula__money_in_counting_units(formula, unit):
    found, compiled = values(formula, unit)
    if formula == "2_000_000":  # a plain number recorded by itself is a number, not an amount
        assert found[0] == 2e6
    else:
        assert found[0] / compiled.scale == pytest.approx(MONEY[formula], rel=1e-12)


@pytest.mark.parametrize("formula", OTHERS)
def test_emit_formula__ratios_counts_flags_and_dates(formula):
    found, _ = values(formula)
    assert found[0] == pytest.approx(OTHERS[formula], rel=1e-12)


def test_emit_formula__a_date_is_days_since_1970():
    found, _ = values("if(period.last, date.payment, 2026-01-01)")
    assert found[0] == (dt.date(2026, 1, 1) - dt.date(1970, 1, 1)).days
    assert found[-1] == (dt.date(2027, 4, 26) - dt.date(1970, 1, 1)).days


def test_emit_formula__its_numbers_can_be_changed():
    """Literals are parameters, named by their place; amounts are given in main units."""
    _, compiled = values("max(2% * balance.A, 50)")
    literals = [name for name in settable(compiled) if "#" in name]
    assert len(literals) == 3  # 2 %, 50, and the 0 of the residual's condition
    ratio, amount = (name for name in literals if name.startswith("stage.first.step.3"))
    found, _ = values("max(2% * balance.A, 50)", changes={ratio: 0.1, amount: 70})
    assert found[0] == 9000.0 and compiled.scale == 100.0
    found, _ = values("max(2% * balance.A, 50)", changes={amount: 70})
    assert found[0] == 7000.0


SEEN = """
[figure.seen]
value = "trailing(period.number, 2) - 3 * previous(period.number)"
"""


def test_emit_formula__memory_is_for_figures():
    """previous(x) and trailing(x, n) look back over payment dates: worked by hand in test_figures."""
    found, _ = values("figure.seen", also=SEEN)
    assert list(found) == [3, 0, -3, -6]  # rows 3, 6, 9, 12 pay: 3; 6 + 3 - 9; 9 + 6 - 18; 12 + 9 - 27
