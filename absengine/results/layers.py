"""Which layer took the loss: the exact, additive split of domain guide §9, path by path.

A twin path has the same lane with every credit event off. The gap between the two pools is followed through both cash
budgets to the layers that absorbed it; the lines add up to the gap, and ``difference`` shows by how little they do not.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from absengine.results.books import Books, CashBudget, cash_budget
from absengine.schema import Floats, TranchePaths


@dataclass(frozen=True)
class LayerLines:
    """Layer absorption of one scenario [currency]: ``gap`` = Σ ``lines`` + ``difference``.

    Keys in legal order: ``recovery.<source>``, ``tax``, ``fees``, ``support.<name>``, ``hedges``, ``purchases`` and
    ``deposits`` where the deal has them, ``accounts``, ``account_interest``, ``excess_spread``, ``reserve_release``,
    ``residual_face``, ``class.<name>``, ``extra_carry``.
    A negative line is cash that a layer gained.
    """

    scenario: str
    gap: float
    lines: dict[str, float]
    difference: float
    closes: bool


def absorb(paths: TranchePaths, twin: TranchePaths) -> tuple[LayerLines, ...]:
    """Layer lines of every lane of ``paths`` against the same lane of ``twin`` (credit events off)."""
    books, calm = Books(paths), Books(twin)
    gap, lines = _lines(books, calm)
    result = []
    tolerance = _tolerance(books, calm)
    for lane, name in enumerate(paths.scenarios):
        amounts = {line: float(values[lane]) for line, values in lines.items()}
        difference = float(gap[lane]) - sum(amounts.values())
        result.append(
            LayerLines(
                scenario=name,
                gap=float(books.currency(gap[lane])),
                lines={line: float(books.currency(amount)) for line, amount in amounts.items()},
                difference=float(books.currency(difference)),
                closes=abs(difference) <= float(tolerance[lane]),
            )
        )
    return tuple(result)


def _tolerance(books: Books, calm: Books) -> Floats:
    """Rounding of float sums only: a relative 1e-9 of what moved on both paths, in counting units."""
    return np.asarray(1e-9 * (np.abs(books.pool_cash).sum(axis=0) + np.abs(calm.pool_cash).sum(axis=0)) + 1e-6)


def _lines(books: Books, calm: Books) -> tuple[Floats, dict[str, Floats]]:
    stressed, base = cash_budget(books), cash_budget(calm)
    recoveries = {f"recovery.{source}": books.recovery(source).sum(axis=0) for source in books.recovery_sources}
    recovered = books.recoveries.sum(axis=0)
    gap = calm.pool_cash.sum(axis=0) - (books.pool_cash.sum(axis=0) - recovered)
    residual_loss, residual_base = _residual_cash(calm) - _residual_cash(books), _residual_cash(calm)
    split = _split_residual(calm, residual_loss, residual_base)
    classes = {
        label.name: (calm.cash_to(label) - books.cash_to(label)).sum(axis=0)
        for label in books.labels.tranches
        if not label.residual
    }
    gained = sum((np.minimum(lost, 0.0) for lost in classes.values()), start=np.minimum(residual_loss, 0.0))
    return gap, {
        **recoveries,
        "tax": _delta(base, stressed, "tax"),
        "fees": _delta(base, stressed, "fees"),
        **{f"support.{name}": _net_support(books, name) - _net_support(calm, name) for name in books.labels.supports},
        **{use: _net(base, stressed, use) for use in ("hedges", "purchases", "deposits") if use in base.uses},
        "accounts": _delta(base, stressed, "kept"),
        "account_interest": -(base.sources["account_interest"] - stressed.sources["account_interest"]).sum(axis=0),
        **split,
        **{f"class.{name}": np.maximum(lost, 0.0) for name, lost in classes.items()},
        "extra_carry": gained,
    }


def _delta(base: CashBudget, stressed: CashBudget, use: str) -> Floats:
    return np.asarray((base.uses[use] - stressed.uses[use]).sum(axis=0))


def _net(base: CashBudget, stressed: CashBudget, use: str) -> Floats:
    """What went out less what came in by the same name."""
    net = _delta(base, stressed, use)
    if use in base.sources:
        net = net - (base.sources[use] - stressed.sources[use]).sum(axis=0)
    return np.asarray(net)


def _net_support(books: Books, name: str) -> Floats:
    """Drawn less reimbursed over the whole path."""
    return np.asarray((books.item(f"support.{name}.drawn") - books.item(f"support.{name}.repaid")).sum(axis=0))


def _residual_cash(books: Books) -> Floats:
    total = np.zeros(books.lanes)
    for label in books.labels.tranches:
        if label.residual:
            total = total + books.cash_to(label).sum(axis=0)
    return total


def _split_residual(calm: Books, lost: Floats, received: Floats) -> dict[str, Floats]:
    """Residual cash lost, in fixed order: excess spread, then released reserve, then the face of the residual class.

    Without credit events the residual holder received face first, then opening cash of the plan, then spread.
    """
    face = np.zeros(calm.lanes)
    for label in calm.labels.tranches:
        if label.residual:
            face = face + calm.face(label)
    face = np.minimum(face, received)
    reserve = np.minimum(received - face, calm.opening_cash(calm.own_accounts))
    lost = np.maximum(lost, 0.0)
    spread_lost = np.minimum(lost, received - face - reserve)
    reserve_lost = np.minimum(lost - spread_lost, reserve)
    return {
        "excess_spread": spread_lost,
        "reserve_release": reserve_lost,
        "residual_face": lost - spread_lost - reserve_lost,
    }
