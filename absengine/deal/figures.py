"""Figures (指标): named formulas, taken once a row and recorded, that every other formula may name.

A figure is taken after collection and accrual, before any test or payment of the row; or, ``at = "after payment"``,
when the row's list has run, and until then it is what it was. With dates it is taken on them only and held between.
"""

from __future__ import annotations

import numpy as np

from absengine.calendars.date_rules import Period, regular_dates
from absengine.deal.builder import Builder
from absengine.deal.formulas import emit_formula
from absengine.deal.nouns import Figure
from absengine.deal.timeline import day
from absengine.kernels.opcodes import Op
from absengine.schema import Dates, Floats, Timeline


def emit_figure(b: Builder, name: str) -> None:
    """Take one figure on this row."""
    figure, slot, kind = b.deal.figure[name], b.figure(name), b.names[f"figure.{name}"].kind
    with b.asm.scope(b.locate(("figure", name))):
        value = emit_formula(b, figure.value, kind, ("figure", name, "value"))
        if not is_sampled(figure):
            b.asm.emit(Op.SET, slot, value)
            return
        first = np.zeros(b.timeline.rows)
        first[0] = 1.0
        start = value if figure.start is None else emit_formula(b, figure.start, kind, ("figure", name, "start"))
        b.asm.emit(Op.SET, slot, start, mask=b.asm.table(first))
        b.asm.emit(Op.SET, slot, value, mask=b.asm.table(sampled_rows(figure, b.timeline)))


def is_sampled(figure: Figure) -> bool:
    """Whether a figure is taken on dates of its own only (估值日), not on every row."""
    return figure.every is not None or figure.dates is not None


def sample_dates(figure: Figure, final: np.datetime64) -> Dates:
    """Dates of a sampled figure up to ``final``, as listed or by rule."""
    if figure.dates is not None:
        return np.array([day(date) for date in figure.dates], dtype="datetime64[D]")
    assert figure.every is not None and figure.first is not None
    return regular_dates(day(figure.first), Period(str(figure.every)), figure.on, final)


def sampled_rows(figure: Figure, timeline: Timeline) -> Floats:
    """1 on the first row whose calculation date is on or after a sample date."""
    rows = np.searchsorted(timeline.calc_date, sample_dates(figure, timeline.calc_date[-1]), side="left")
    flags = np.zeros(timeline.rows + 1)
    flags[rows] = 1.0
    return flags[:-1]
