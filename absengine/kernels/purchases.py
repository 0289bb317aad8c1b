"""Contracts bought while the deal runs (循环购买) and shares of the pool sold: both change what later rows collect.

A purchase is so many units of a model contract; ``growth`` says what one unit of principal pays on every later row. It
defaults and prepays at the rates its own channels hold for the lane, on the rows of its due dates; a recovery
rate is a share of the principal that defaults there. In loops: ``q`` a later row, ``i`` lane.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from absengine.kernels._jit import part

Floats = NDArray[np.float64]
Lines = NDArray[np.int32]

# columns of Program.purchases: rows of the inputs a purchase writes …
INTEREST, PRINCIPAL, PREPAYMENT, OPENING, PERFORMING, DEFAULT, RECOGNISED, OF_KIND, BALANCE = range(9)
# … and those it reads
DEFAULTS, PREPAYS, AT_END, LAST_ROW, OPTIONS = range(9, 14)
RECOVERIES = 14
"""From here on, per source in legal order: where it is paid, the rate paid at once and the row it is paid on, the rate
paid later and that row."""
PER_SOURCE = 5

PREPAY_LAST, FULL_INTEREST = 1.0, 2.0
"""Values of the option channel, added: scheduled principal before prepayments; interest on what is prepaid."""


@part
def _add(inputs: Floats, start: int, amount: Floats) -> None:
    for i in range(amount.size):
        inputs[start + i] += amount[i]


@part
def _add_at(inputs: Floats, line: int, item: int, step: int, rows: Floats, amount: Floats) -> None:
    """Add each lane's amount on the row the lane names."""
    for i in range(amount.size):
        inputs[line * item + int(rows[i]) * step + i] += amount[i]


@part
def buy(units: Floats, growth: Floats, lines: Lines, inputs: Floats, item: int, step: int, row: int) -> None:
    """Add the flows of ``units`` of principal bought on ``row`` to the rows after it.

    units : (lane,) principal; growth : (interest, principal or 1 where anything falls due, row) of one unit, one row
    more than the program has;
    lines : a row of ``Program.purchases``; inputs : flat block of the step lengths ``item`` and ``step``.
    """
    lanes, last = units.size, growth.shape[1] - 1
    share, alive, staying = np.ones(lanes), np.ones(lanes), np.ones(lanes)
    lost, gone, money = np.empty(lanes), np.empty(lanes), np.empty(lanes)
    left = 1.0
    for q in range(row, last + 1):
        interest, principal = growth[0, q], growth[1, q]
        opening, left = left, left - principal if left - principal > 1e-12 else 0.0
        if q > row:
            money[:] = units * share * opening
            _add(inputs, lines[OPENING] * item + q * step, money)
            _hazards(q, lines, inputs, item, step, alive, staying)
        if growth[2, q] != 0.0:
            at_end = inputs[lines[AT_END] * item + q * step : lines[AT_END] * item + q * step + lanes]
            options = inputs[lines[OPTIONS] * item + q * step : lines[OPTIONS] * item + q * step + lanes]
            for i in range(lanes):
                chance = 1.0 - alive[i]
                if left == 0.0:
                    chance = 1.0 - alive[i] * (1.0 - at_end[i])
                lost[i] = share[i] * chance
                gone[i] = (share[i] - lost[i]) * (1.0 - staying[i])
                alive[i], staying[i] = 1.0, 1.0
            _default(q, units * lost, units * lost * opening, lines, inputs, item, step)
            performing = share - lost
            share[:] = performing - gone
            for i in range(lanes):
                late = options[i] == PREPAY_LAST or options[i] == PREPAY_LAST + FULL_INTEREST
                inputs[lines[PRINCIPAL] * item + q * step + i] += (
                    units[i] * (performing[i] if late else share[i]) * principal
                )
                inputs[lines[PREPAYMENT] * item + q * step + i] += units[i] * gone[i] * (left if late else opening)
                money[i] = units[i] * (performing[i] if options[i] >= FULL_INTEREST else share[i]) * interest
            _add(inputs, lines[INTEREST] * item + q * step, money)
            if lines[OF_KIND] >= 0:
                _add(inputs, lines[OF_KIND] * item + q * step, money)
        if left > 0.0 and q < last:
            money[:] = units * share * left
            _add(inputs, lines[PERFORMING] * item + q * step, money)
            _add(inputs, lines[BALANCE] * item + q * step, money)


@part
def _hazards(q: int, lines: Lines, inputs: Floats, item: int, step: int, alive: Floats, staying: Floats) -> None:
    """Rates of default and prepayment gathered since the last row on which anything was due."""
    defaults, prepays = lines[DEFAULTS] * item + q * step, lines[PREPAYS] * item + q * step
    for i in range(alive.size):
        alive[i] *= 1.0 - inputs[defaults + i]
        staying[i] *= 1.0 - inputs[prepays + i]


@part
def _default(q: int, lost: Floats, principal: Floats, lines: Lines, inputs: Floats, item: int, step: int) -> None:
    """Book principal that defaults on row ``q``, its recognition and its recoveries."""
    lanes = principal.size
    _add(inputs, lines[DEFAULT] * item + q * step, principal)
    known = lines[LAST_ROW] * item + q * step
    _add_at(inputs, lines[RECOGNISED], item, step, inputs[known : known + lanes], principal)
    for source in range(RECOVERIES, lines.size, PER_SOURCE):
        for turn in range(2):
            rate = lines[source + 1 + 2 * turn] * item + q * step
            when = lines[source + 2 + 2 * turn] * item + q * step
            paid = principal * inputs[rate : rate + lanes]
            _add_at(inputs, lines[source], item, step, inputs[when : when + lanes], paid)


@part
def sell(share: Floats, lines: Lines, balances: int, inputs: Floats, item: int, step: int, row: int, rows: int) -> None:
    """Take a share of the pool out of every row after ``row``, and out of the balance at its close.

    ``lines`` : rows of the inputs that hold flows and balances of the pool, first ``balances`` that stand at the close:
    the performing balance and what is held of every purchase.
    """
    for number in range(lines.size):
        for q in range(row if number < balances else row + 1, rows + 1):
            start = lines[number] * item + q * step
            for i in range(share.size):
                inputs[start + i] *= 1.0 - share[i]
