"""Pictures across scenarios: coverage by date, loss by layer. The title says the finding."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import StrMethodFormatter

from absengine.report.canvas import (
    ALARM,
    INK,
    LINE_COLOURS,
    MUTED,
    RESIDUAL_COLOUR,
    RULE,
    WIDTH,
    Pen,
    drawing,
    key_above,
    sheet,
)
from absengine.report.cash_pictures import date_axis, shown_line
from absengine.report.words import MoneyUnit, money_unit
from absengine.results.books import Books
from absengine.results.coverage import coverage
from absengine.results.events import COVERED
from absengine.schema import Dates, Floats, TranchePaths

SHOWN_LINES = 6
SHOWN_BARS = 12
FEW_POINTS = 30
KEY_COLUMNS = 3
LAYER_KEY_COLUMNS = 5
VISIBLE = 0.01
"""A layer below this share of every bar is shown with the others of its size."""
SHORT = 0.005
"""What a class may lack [currency] and still be called paid: half a fen."""

LAYER_COLOURS: dict[str, tuple[str, ...]] = {
    "recovery": ("#08519c", "#3182bd", "#6baed6", "#9ecae1", "#c6dbef", "#deebf7", "#eff3ff"),
    "tax": ("#6b7280",),
    "fees": ("#8d949e",),
    "support": ("#7b3294", "#a35c8f", "#c994c7"),
    "hedges": ("#c49c2f",),
    "purchases": ("#8c6d31",),
    "deposits": ("#bd9e39",),
    "accounts": ("#b9c0c9",),
    "account_interest": ("#d3d8de",),
    "excess_spread": ("#1b7837",),
    "reserve_release": ("#7fbf7b",),
    "residual_face": (RESIDUAL_COLOUR,),
    "class": ("#b3261e", "#d6604d", "#f4a582", "#fddbc7"),
    "extra_carry": ("#444444",),
    "other": ("#e6e8eb",),
}


def coverage_by_date(paths: TranchePaths, pen: Pen) -> Figure:
    """Coverage of the most senior group on each payment date, one line per scenario; the shaded band is below 1.

    More than six scenarios: the first and the five lowest are drawn in colour, the others in grey. Values far above 1
    late in a deal are cut at the upper edge and marked there.
    """
    books, labels = Books(paths), paths.labels
    senior = next((one for one in labels.tranches if not one.residual), labels.tranches[0])
    ratios = coverage(books, senior).by_date
    lowest = np.where(np.isnan(ratios), np.inf, ratios).min(axis=0)
    chosen = _chosen_lanes(lowest)
    others = books.lanes - len(chosen)
    shown = shown_line(pen, pen.say("coverage.shown", name=pen.show(senior.klass, senior.name)), labels.deal)
    names = [_line_name(pen, paths, lane, lowest[lane]) for lane in chosen]
    entries = [Line2D([], [], color=colour, linewidth=1.8) for colour in LINE_COLOURS[: len(chosen)]]
    if others:
        entries.append(Line2D([], [], color=RULE, linewidth=1.8))
        names.append(pen.say("coverage.others", count=others))
    rows = math.ceil(len(names) / KEY_COLUMNS)
    with drawing(pen):
        figure, axes = sheet(pen, _coverage_title(lowest, pen), shown, height=4.2 + 0.2 * rows, key_rows=rows)
        bottom, top = _coverage_range(ratios, lowest)
        due = ~np.isnan(ratios).all(axis=1)
        few = int(due.sum()) <= FEW_POINTS
        _crowd(axes, books.pay_dates, np.delete(ratios, chosen, axis=1), top)
        for colour, lane in reversed(list(zip(LINE_COLOURS, chosen, strict=False))):
            _line(axes, books.pay_dates, ratios[:, lane], top, few, colour)
        axes.axhline(1.0, color=ALARM, linewidth=1.0, zorder=1)
        axes.axhspan(bottom, 1.0, color=ALARM, alpha=0.05, linewidth=0)
        axes.set_ylim(bottom, top)
        date_axis(axes, books.pay_dates[due] if due.any() else books.pay_dates, 0.03)
        axes.yaxis.set_major_formatter(StrMethodFormatter("{x:.2f}×" if top < 10 else "{x:.0f}×"))
        key_above(pen, figure, entries, names, columns=KEY_COLUMNS)
        if np.nanmax(ratios, initial=0.0) > top:
            axes.text(
                1.0, 0.925, pen.say("coverage.clipped"), transform=axes.transAxes, ha="right", fontsize=8, color=MUTED
            )
    return figure


def _chosen_lanes(lowest: Floats) -> list[int]:
    """Lanes drawn in colour: all of a few, else the first and the lowest."""
    if len(lowest) <= SHOWN_LINES:
        return list(range(len(lowest)))
    worst = [int(lane) for lane in np.argsort(lowest, kind="stable") if lane != 0]
    return [0, *worst[: SHOWN_LINES - 1]]


def _line_name(pen: Pen, paths: TranchePaths, lane: int, lowest: float) -> str:
    name = pen.show(paths.scenarios[lane], f"#{lane + 1}")
    short = name if len(name) <= 28 else f"{name[:27]}…"
    return pen.say("coverage.lowest", name=short, ratio=f"{lowest:.2f}×") if np.isfinite(lowest) else short


def _coverage_range(ratios: Floats, lowest: Floats) -> tuple[float, float]:
    """Axis limits: coverage of interest alone, once principal is paid, must not flatten what happens around 1."""
    known, finite = ratios[~np.isnan(ratios)], lowest[np.isfinite(lowest)]
    if not len(known):
        return 0.0, 2.0
    top = max(1.4, min(float(known.max()), max(2.0, 1.5 * float(finite.max()))) * 1.06)
    return min(0.0, float(known.min()) * 1.06), top


def _line(axes: Axes, dates: Dates, values: Floats, top: float, few: bool, colour: str) -> None:
    """One scenario; where it leaves the axis a triangle at the edge says so."""
    known = ~np.isnan(values)
    dates, values = dates[known], values[known]
    inside = np.where(values <= top, values, np.nan)
    axes.plot(dates, inside, color=colour, linewidth=1.8, marker="o", markersize=3.5 if few else 0.0)
    over = values > top
    if over.any():
        axes.plot(
            dates[over], np.full(over.sum(), top), linestyle="", marker="^", color=colour, markersize=4, clip_on=False
        )


def _crowd(axes: Axes, dates: Dates, ratios: Floats, top: float) -> None:
    """All other scenarios as one pale line with gaps: thousands cost no more than one."""
    gap = np.full((1, ratios.shape[1]), np.nan)
    inside = np.where(ratios <= top, ratios, np.nan)
    values = np.vstack([inside, gap]).T.ravel()
    axes.plot(np.tile(np.append(dates, dates[-1]), ratios.shape[1]), values, color=RULE, linewidth=0.9)


def _coverage_title(lowest: Floats, pen: Pen) -> str:
    if not np.isfinite(lowest).any():
        return pen.say("coverage.none")
    ratio = f"{lowest.min():.2f}×"
    below = int(np.count_nonzero(lowest < COVERED))
    return (
        pen.say("coverage.below", count=below, all=len(lowest), ratio=ratio)
        if below
        else pen.say("coverage.above", ratio=ratio)
    )


def loss_by_layer(document: dict[str, Any], pen: Pen) -> Figure:
    """One bar per scenario, split by the layer that took the loss; at most the twelve largest losses are shown."""
    lost = [one for one in document["scenarios"] if one["layers"] and _reach(one["layers"]["lines"]) > 0]
    shown = sorted(lost, key=lambda one: -float(one["layers"]["gap"]))[:SHOWN_BARS]
    bars = _gathered([one["layers"]["lines"] for one in shown])
    currency, deal = document["deal"]["currency"], document["deal"]["name"]
    money = money_unit(currency, max((_reach(bar) for bar in bars), default=0.0), pen.language)
    used = list(dict.fromkeys(line for bar in bars for line in bar))
    rows = max(1, math.ceil(len(used) / LAYER_KEY_COLUMNS))
    with drawing(pen):
        height = 1.5 + 0.2 * rows + 0.45 * max(len(shown), 1)
        part = pen.say("layers.largest", count=len(shown), all=len(lost)) if len(shown) < len(lost) else ""
        words = shown_line(pen, pen.say("layers.shown"), money.name, part, deal)
        figure, axes = sheet(pen, _layers_title(lost, pen), words, height=height, key_rows=rows)
        box = axes.get_position()
        axes.set_position((1.75 / WIDTH, box.y0, 1.0 - 2.45 / WIDTH, box.height))
        names = [pen.show(one["name"], f"#{index + 1}") for index, one in enumerate(shown)]
        axes.set_yticks(range(len(shown)), [name if len(name) <= 22 else f"{name[:21]}…" for name in names])
        axes.tick_params(axis="y", labelcolor=INK)
        axes.set_ylim(max(len(shown), 1) - 0.4, -0.6)
        axes.grid(axis="y", visible=False)
        axes.grid(axis="x", color=RULE, linewidth=0.7)
        axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,g}"))
        axes.axvline(0.0, color=MUTED, linewidth=0.8)
        _layer_bars(figure, axes, bars, used, money, pen)
        for index, one in enumerate(shown):
            end = (_reach(bars[index]) / money.divisor, index)
            total = money.show(one["layers"]["gap"])
            axes.annotate(total, end, xytext=(5, 0), textcoords="offset points", va="center", fontweight="bold")
    return figure


def _reach(lines: dict[str, float]) -> float:
    """Right end of a bar."""
    return sum(max(amount, 0.0) for amount in lines.values())


def _gathered(bars: list[dict[str, float]]) -> list[dict[str, float]]:
    """Lines too small to be seen in any bar are added up as one; a class never is."""
    names = list(dict.fromkeys(line for bar in bars for line in bar))
    small = {
        line
        for line in names
        if not line.startswith("class.") and all(abs(bar[line]) < VISIBLE * _reach(bar) for bar in bars)
    }
    result = []
    for bar in bars:
        other = sum(bar[line] for line in small)
        kept = {line: amount for line, amount in bar.items() if line not in small and _is_used(line, bars)}
        result.append({**kept, "other": other} if other else kept)
    return result


def _is_used(line: str, bars: list[dict[str, float]]) -> bool:
    return any(bar[line] != 0.0 for bar in bars)


def _layer_bars(
    figure: Figure, axes: Axes, bars: list[dict[str, float]], used: list[str], money: MoneyUnit, pen: Pen
) -> None:
    """Draw the parts of every bar from the left, gains to the left of zero, and the key."""
    right, left = np.zeros(len(bars)), np.zeros(len(bars))
    taken: dict[str, int] = {}
    handles, names = [], []
    for line in used:
        kind = line.partition(".")[0]
        palette = LAYER_COLOURS[kind]
        colour = palette[taken.get(kind, 0) % len(palette)]
        taken[kind] = taken.get(kind, 0) + 1
        amount = np.array([bar.get(line, 0.0) for bar in bars]) / money.divisor
        start = np.where(amount >= 0, right, left)
        axes.barh(np.arange(len(bars)), amount, 0.62, left=start, color=colour, edgecolor="white", linewidth=0.6)
        right, left = right + np.maximum(amount, 0.0), left + np.minimum(amount, 0.0)
        handles.append(Patch(color=colour))
        names.append(layer_name(line, pen))
    if handles:
        key_above(pen, figure, handles, names, columns=LAYER_KEY_COLUMNS)


def layer_name(line: str, pen: Pen) -> str:
    """A layer line in words: ``recovery.ip`` is "recovery: IP sale"."""
    kind, _, name = line.partition(".")
    if not name:
        return pen.say(kind)
    return pen.say(kind, name=pen.say(name) if kind == "recovery" else name)


def _layers_title(lost: list[dict[str, Any]], pen: Pen) -> str:
    """Which classes are left short, else the last layer that took any loss.

    A class that is repaid sooner earns less interest: its line is above zero, but it has lost nothing.
    """
    if not lost:
        return pen.say("layers.none")
    lines = [one["layers"]["lines"] for one in lost]
    classes = [line.removeprefix("class.") for line in lines[0] if line.startswith("class.")]
    short = [
        {name for one in case["tranches"] if (name := one["name"]) in classes and one["loss"] > SHORT} for case in lost
    ]
    if any(short):
        names = ", ".join(name for name in classes if any(name in one for one in short))
        return pen.say("layers.classes", names=names, count=sum(map(bool, short)), all=len(lost))
    took = [line for line in lines[0] if not line.startswith("class.") and any(one[line] > 0 for one in lines)]
    return pen.say("layers.absorbed", layer=layer_name(took[-1], pen)) if took else pen.say("layers.sooner")
