"""All pictures of a run, by file name, as bytes: what the run folder, the page and the workbook take."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from matplotlib.figure import Figure

from absengine.report.canvas import Pen, as_png, as_svg
from absengine.report.cash_pictures import balance_by_class, uses_of_cash
from absengine.report.risk_pictures import coverage_by_date, loss_by_layer
from absengine.results.folder import safe_part
from absengine.schema import TranchePaths

__all__ = [
    "balance_by_class", "coverage_by_date", "loss_by_layer", "pictured_lanes", "pictures", "png", "svg", "uses_of_cash",
]  # fmt: skip


def pictured_lanes(document: dict[str, Any]) -> tuple[int, ...]:
    """The first scenario, and the one whose classes lose most, where that is another."""
    losses = [sum(one["loss"] for one in scenario["tranches"]) for scenario in document["scenarios"]]
    worst = max(range(len(losses)), key=lambda lane: losses[lane])
    return (0, worst) if losses[worst] > losses[0] else (0,)


def pictures(
    paths: TranchePaths, document: dict[str, Any], pen: Pen, lanes: Sequence[int] | None = None
) -> dict[str, Figure]:
    """Figures by name: coverage and layers across scenarios, balance and cash for the chosen lanes."""
    made = {"coverage": coverage_by_date(paths, pen)}
    if any(one["layers"] for one in document["scenarios"]):
        made["loss-by-layer"] = loss_by_layer(document, pen)
    for lane in pictured_lanes(document) if lanes is None else lanes:
        name = safe_part(paths.scenarios[lane])
        if any(known.lower() == f"balance-{name}".lower() for known in made):
            name = f"{name}-{lane + 1}"  # two names that some file system takes for one
        made[f"balance-{name}"] = balance_by_class(paths, lane, pen)
        made[f"cash-{name}"] = uses_of_cash(paths, lane, pen)
    return made


def png(figures: dict[str, Figure], pen: Pen) -> dict[str, bytes]:
    """PNG bytes by file name."""
    return {f"{name}.png": as_png(figure, pen) for name, figure in figures.items()}


def svg(figures: dict[str, Figure], pen: Pen) -> dict[str, bytes]:
    """SVG bytes by file name."""
    return {f"{name}.svg": as_svg(figure, pen) for name, figure in figures.items()}
