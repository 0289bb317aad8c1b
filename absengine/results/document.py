"""The JSON document ``absengine.stress/1``: what ``--json`` prints and ``stress.json`` holds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from absengine.results.books import Books, cash_budget
from absengine.results.layers import LayerLines, absorb
from absengine.results.measures import measure
from absengine.schema import Labels, TranchePaths

SCHEMA = "absengine.stress/1"
NO_TWIN = "the scenario was not run again without credit events"
UNROUNDED = 6
"""Decimals printed where the deal does not count money in units."""


def decimals(labels: Labels) -> int:
    """Decimals that show the deal's unit exactly: 2 for 0.01."""
    return max(0, round(-math.log10(labels.unit))) if labels.unit > 0 else UNROUNDED


def stress_document(
    paths: TranchePaths,
    *,
    twin: TranchePaths | None = None,
    pool_balance: float,
    contracts: int,
    run: str = "",
    unplaced: Sequence[float] = (),
) -> dict[str, Any]:
    """The whole document, ready for ``json.dumps``: no NaN, no infinity, no NumPy number.

    ``pool_balance`` and ``unplaced`` (by scenario, empty if not counted) are in the main unit. ``twin`` is the same
    paths with credit events off; without it there are no layer lines.
    """
    measures = measure(paths, pool_balance)
    layers = None if twin is None else absorb(paths, twin)
    places = decimals(paths.labels)
    return {
        "schema": SCHEMA,
        "deal": _deal(paths.labels, places),
        "run": run,
        "checks": run_checks(paths, layers),
        "pool": {"balance": round(pool_balance, places), "contracts": contracts},
        "scenarios": [
            {
                "name": one.name,
                "pool": one.pool.as_json(places) | _unplaced(unplaced, lane, places),
                "events": [event.as_json() for event in one.events],
                "tranches": [tranche.as_json(places) for tranche in one.tranches],
                **_layers(layers[lane] if layers is not None else None, places),
            }
            for lane, one in enumerate(measures)
        ],
    }


def _unplaced(unplaced: Sequence[float], lane: int, places: int) -> dict[str, Any]:
    """Principal a scenario wanted to default where no balance fell due any more; None where nobody counted."""
    if not len(unplaced):
        return {"default_unplaced": None, "default_unplaced_reason": "not counted for this run"}
    return {"default_unplaced": round(float(unplaced[lane]), places) + 0.0}


def _deal(labels: Labels, places: int) -> dict[str, Any]:
    return {
        "name": labels.deal,
        "currency": labels.currency,
        "unit": labels.unit,
        "cutoff": labels.cutoff,
        "closing": labels.closing,
        "legal_final": labels.legal_final,
        "wal_day_count": labels.wal_day_count,
        "tranches": [
            {"name": one.name, "label": one.label, "class": one.klass, "face": round(one.face, places)}
            for one in labels.tranches
        ],
    }


def _layers(lines: LayerLines | None, places: int) -> dict[str, Any]:
    if lines is None:
        return {"layers": None, "layers_reason": NO_TWIN}
    return {
        "layers": {
            "gap": round(lines.gap, places) + 0.0,
            "lines": {name: round(amount, places) + 0.0 for name, amount in lines.lines.items()},
            "difference": round(lines.difference, places) + 0.0,
        }
    }


def run_checks(paths: TranchePaths, layers: tuple[LayerLines, ...] | None = None) -> dict[str, int]:
    """Counts that are all zero in a sound run, recomputed from recorded items alone.

    ``cash_breaks``: rows whose sources and uses of cash differ; ``balance_breaks``: rows where a class does not roll
    forward; ``negative_accounts``: rows with an account below zero; ``layer_breaks``: scenarios whose layer lines do
    not add up to the gap.
    """
    books = Books(paths)
    budget = cash_budget(books)
    breaks = 0
    for label in paths.labels.tranches:
        rolled = books.opening(label)[1:]
        before = books.tranche(label.name, "balance")[:-1]
        breaks += int(np.count_nonzero(np.abs(rolled - before) > _tolerance(before)))
    accounts = [books.item(f"account.{name}.balance") for name in paths.labels.accounts]
    # what a payment leaves behind carries the float noise of the largest sums that went through the account
    largest = _tolerance(budget.turnover).max(axis=0)
    return {
        "cash_breaks": int(np.count_nonzero(~(np.abs(budget.gap) <= _tolerance(budget.turnover)))),
        "balance_breaks": breaks,
        "negative_accounts": sum(int(np.count_nonzero(balance < -largest)) for balance in accounts),
        "layer_breaks": sum(not one.closes for one in layers or ()),
    }


def _tolerance(amount: Any) -> Any:
    """Rounding of float sums only: relative 1e-9 of what moved, in counting units."""
    return 1e-9 * np.abs(amount) + 1e-6
