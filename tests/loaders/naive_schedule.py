"""One loan, one date after the other, in plain Python: the slow twin of the schedule maths.

The level payment is found by bisection on what is left at the end, not by annuity factors.
"""

from __future__ import annotations

from collections.abc import Sequence


def walk(
    balance: float, growth: Sequence[float], weight: Sequence[float], payment: float, balloon: float
) -> list[tuple[float, float]]:
    """(principal, interest) per date when each payment of a level loan is ``payment`` times its weight."""
    flows = []
    for number, (grows, share) in enumerate(zip(growth, weight, strict=True)):
        interest = balance * grows
        principal = payment * share - interest if share > 0 else 0.0
        if number == len(growth) - 1:
            principal += balloon
        flows.append((principal, interest))
        balance -= principal
    return flows


def level(
    balance: float, growth: Sequence[float], weight: Sequence[float], balloon: float
) -> list[tuple[float, float]]:
    """Level payments that leave nothing, by bisection."""
    low, high = -balance, 100.0 * balance
    for _ in range(300):
        middle = (low + high) / 2
        left = balance - sum(principal for principal, _ in walk(balance, growth, weight, middle, balloon))
        low, high = (middle, high) if left > 0 else (low, middle)
    return walk(balance, growth, weight, low, balloon)


def even(balance: float, growth: Sequence[float], weight: Sequence[float], balloon: float) -> list[tuple[float, float]]:
    """Principal in proportion to the weights, the balloon on the last date."""
    held, flows = balance, []
    for number, (grows, share) in enumerate(zip(growth, weight, strict=True)):
        principal = (balance - balloon) * share / sum(weight)
        if number == len(growth) - 1:
            principal += balloon
        flows.append((principal, held * grows))
        held -= principal
    return flows
