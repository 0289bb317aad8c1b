"""Pictures of one path: balance by class, uses of cash. The title says the finding."""

from __future__ import annotations

import math
from typing import Any

import matplotlib.dates as mdates
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import StrMethodFormatter

from absengine.report.canvas import (
    ALARM,
    CLASS_COLOURS,
    INK,
    MUTED,
    RESIDUAL_COLOUR,
    Pen,
    drawing,
    key_above,
    sheet,
)
from absengine.report.words import money_unit
from absengine.results.books import Books, cash_budget, counting_factor
from absengine.results.loss_curves import principal_loss
from absengine.schema import Dates, Floats, Labels, TrancheLabel, TranchePaths

KEY_COLUMNS = 4
FEW_DATES = 8
THICKNESS = 1e-3
"""Share of the tallest stack below which nothing can be seen: dates with no more at the end are not shown."""
USE_COLOURS = {"tax": "#6b7280", "fees": "#a5abb5", "support_repaid": "#a35c8f", "hedges": "#c49c2f",
               "purchases": "#8c6d31", "deposits": "#bd9e39", "kept": "#dfe3e8"}  # fmt: skip
DASHED = (0, (4, 2))


def class_colours(labels: Labels) -> dict[str, str]:
    """One colour per class, dark for the most senior; a residual class stands apart."""
    notes = [one.name for one in labels.tranches if not one.residual]
    colours = {name: CLASS_COLOURS[index % len(CLASS_COLOURS)] for index, name in enumerate(notes)}
    return {one.name: colours.get(one.name, RESIDUAL_COLOUR) for one in labels.tranches}


def title_of(pen: Pen, label: TrancheLabel) -> str:
    """The class's printed label where a font can write it, else its name."""
    return pen.show(label.label, label.name)


def shown_line(pen: Pen, *parts: str) -> str:
    """The grey line below a title; parts that cannot be written are left out."""
    return " · ".join(part for part in parts if part and pen.can_write(part))


def date_axis(axes: Axes, dates: Dates, margin: float = 0.012) -> None:
    """Payment dates themselves where a few fit side by side, else readable months; ``margin`` is air on both sides."""
    first, last = dates[0], dates[-1]
    span = float((last - first).astype(int)) or 1.0
    gaps = np.diff(dates).astype(int)
    if len(dates) <= FEW_DATES and (gaps >= 0.1 * span).all():
        axes.set_xticks(dates)
        axes.xaxis.set_major_formatter(mdates.DateFormatter("%Y-%m-%d"))  # type: ignore[no-untyped-call]
    else:
        axes.xaxis.set_major_locator(mdates.AutoDateLocator(minticks=3, maxticks=9))  # type: ignore[no-untyped-call]
        axes.xaxis.set_major_formatter(mdates.DateFormatter("%Y-%m"))  # type: ignore[no-untyped-call]
    air = np.timedelta64(int(span * margin) + 1, "D")
    axes.set_xlim(first - air, last + air)


def balance_by_class(paths: TranchePaths, lane: int, pen: Pen) -> Figure:
    """Stacked balances from closing, the most senior class at the bottom, with the performing pool as a line.

    The residual class is shown with the face that residual cash has not yet returned. What is left after the last
    payment stays visible at the right edge.
    """
    books, labels = Books(paths), paths.labels
    dates = np.concatenate([np.array([labels.closing], dtype="datetime64[D]"), books.pay_dates])
    counted = {one.name: _balance(books, one, lane) for one in labels.tranches}
    pool = np.concatenate([books.channel("opening")[:1, lane], books.channel("performing")[:, lane]])
    rows = _lively(np.array([*counted.values(), pool]))
    dates = _with_tail(dates[:rows])
    counted, pool = {name: balance[:rows] for name, balance in counted.items()}, pool[:rows]
    largest = max(float(np.sum([balance[0] for balance in counted.values()])), float(pool[0]))
    money = money_unit(labels.currency, float(books.currency(largest)), pen.language)
    factor, colours = money.divisor * counting_factor(labels), class_colours(labels)
    shown = shown_line(pen, pen.say("balance.shown"), money.name, scenario_line(pen, paths, lane), labels.deal)
    with drawing(pen):
        figure, axes = sheet(pen, _balance_title(books, lane, pen), shown)
        base, handles = np.zeros(len(dates)), list[Any]()
        for one in labels.tranches:
            balance = counted[one.name] / factor
            top = base + np.append(balance, balance[-1])
            axes.fill_between(
                dates, base, top, step="post", facecolor=colours[one.name], edgecolor="white", linewidth=0.5
            )
            handles.append(Patch(facecolor=colours[one.name]))
            base = top
        axes.plot(dates[:-1], pool / factor, color=INK, linewidth=1.4, linestyle=DASHED, drawstyle="steps-post")
        handles.append(Line2D([], [], color=INK, linewidth=1.4, linestyle=DASHED))
        key_above(
            pen, figure, handles, [*(title_of(pen, one) for one in labels.tranches), pen.say("performing")], columns=8
        )
        axes.set_ylim(bottom=0)
        axes.yaxis.set_major_formatter(StrMethodFormatter("{x:,g}"))
        date_axis(axes, dates[:-1], 0.03)
    return figure


def scenario_line(pen: Pen, paths: TranchePaths, lane: int) -> str:
    return pen.say("scenario", name=pen.show(paths.scenarios[lane], f"#{lane + 1}"))


def _lively(series: Floats) -> int:
    """How many dates to show: up to the first on which everything has come to zero for good, at least two."""
    visible = np.abs(series) > THICKNESS * np.abs(series).max(initial=0.0)
    last = int(np.flatnonzero(np.any(visible, axis=0)).max(initial=0))
    return min(max(last + 2, 2), int(series.shape[1]))


def _with_tail(dates: Dates) -> Dates:
    """One more date a little after the last, so that a balance left over has a width."""
    tail = np.timedelta64(int((dates[-1] - dates[0]).astype(int) * 0.025) + 1, "D")
    return np.append(dates, dates[-1] + tail)


def _balance(books: Books, label: TrancheLabel, lane: int) -> Floats:
    """Balance at closing and after each row, in counting units."""
    face = books.face(label)[lane]
    if label.residual:
        return np.asarray(np.maximum(face - np.append(0.0, np.cumsum(books.cash_to(label)[:, lane])), 0.0))
    return np.append(face, books.tranche(label.name, "balance")[:, lane])


def _balance_title(books: Books, lane: int, pen: Pen) -> str:
    """What is left unpaid on the most senior class that loses, else when the last note is repaid."""
    labels = books.labels
    notes = [one for one in labels.tranches if not one.residual] or list(labels.tranches)
    for one in notes:
        lost, face = float(principal_loss(books, one)[lane]), float(books.face(one)[lane])
        if lost > 0:
            unit = money_unit(labels.currency, float(books.currency(lost)), pen.language)
            amount = unit.full(float(books.currency(lost)))
            return pen.say("balance.unpaid", name=title_of(pen, one), amount=amount, share=f"{lost / face:.1%}")
    paid = np.any([books.tranche(one.name, "principal_paid")[:, lane] > 0 for one in notes], axis=0)
    rows = np.flatnonzero(paid)
    return pen.say("balance.repaid", date=labels.pay_dates[rows[-1] if len(rows) else -1])


def uses_of_cash(paths: TranchePaths, lane: int, pen: Pen) -> Figure:
    """Stacked bars per payment date: tax, fees, each class's interest and principal, residual, reimbursed and kept.

    Below zero: cash drawn from the accounts. A mark on top shows that a support paid in.
    """
    books, labels = Books(paths), paths.labels
    budget = cash_budget(books)
    moved = np.array([flow[:, lane] for name, flow in budget.uses.items()])
    paying = books.paying[:, lane] & (np.arange(books.rows) < _lively(moved))
    if not paying.any():  # no cash moves before the first payment date, or ever
        paying = books.paying[:, lane]
    dates = books.pay_dates[paying]
    uses = {name: books.since_last_payment(flow)[paying, lane] for name, flow in budget.uses.items()}
    uses = {name: flow for name, flow in uses.items() if np.any(flow != 0.0)}
    drawn = books.since_last_payment(budget.sources["support"])[paying, lane] > 0
    tallest = np.sum([np.maximum(flow, 0.0) for flow in uses.values()] or [np.zeros(1)], axis=0).max(initial=0.0)
    money = money_unit(labels.currency, float(books.currency(tallest)), pen.language)
    factor = money.divisor * counting_factor(labels)
    shown = shown_line(pen, pen.say("cash.shown"), money.name, scenario_line(pen, paths, lane), labels.deal)
    rows = math.ceil((len(uses) + bool(drawn.any())) / KEY_COLUMNS)
    with drawing(pen):
        figure, axes = sheet(pen, _cash_title(books, lane, pen), shown, height=4.4 + 0.2 * rows, key_rows=rows)
        handles, names = _stack(axes, dates, {name: flow / factor for name, flow in uses.items()}, labels, pen)
        if drawn.any():
            tops = np.sum([np.maximum(flow, 0.0) for flow in uses.values()], axis=0) / factor
            mark: dict[str, Any] = {"linestyle": "", "marker": "v", "color": ALARM, "markersize": 6}
            axes.plot(dates[drawn], tops[drawn], clip_on=False, **mark)
            handles.append(Line2D([], [], **mark))
            names.append(pen.say("support_drawn"))
        axes.axhline(0.0, color=MUTED, linewidth=0.8)
        axes.spines["bottom"].set_visible(False)
        axes.yaxis.set_major_formatter(StrMethodFormatter("{x:,g}"))
        key_above(pen, figure, handles, names, columns=KEY_COLUMNS)
    return figure


def _stack(axes: Axes, dates: Dates, uses: dict[str, Floats], labels: Labels, pen: Pen) -> tuple[list[Any], list[str]]:
    """Draw the bars and return the key's entries."""
    gaps = np.diff(dates).astype(int)
    width = 0.7 * float(gaps.min()) if len(gaps) else 60.0
    up, down = np.zeros(len(dates)), np.zeros(len(dates))
    handles, names = list[Any](), list[str]()
    for name, amount in uses.items():
        colour, hatch, text = _use_style(labels, name, pen)
        style: dict[str, Any] = {"facecolor": colour, "hatch": hatch, "edgecolor": "white", "linewidth": 0.4}
        axes.bar(dates, amount, width, bottom=np.where(amount >= 0, up, down), **style)
        up, down = up + np.maximum(amount, 0.0), down + np.minimum(amount, 0.0)
        handles.append(Patch(**style))
        names.append(text)
    span = float((dates[-1] - dates[0]).astype(int)) or 1.0
    date_axis(axes, dates, 0.6 * width / span)
    return handles, names


def _use_style(labels: Labels, name: str, pen: Pen) -> tuple[str, str, str]:
    """Colour, hatch and label of one use of cash: interest is hatched in the colour of its class."""
    kind, _, klass = name.partition(".")
    if not klass:
        return USE_COLOURS[kind], "", pen.say(kind)
    label = next(one for one in labels.tranches if one.name == klass)
    hatch = {"interest": "////", "additional": "xxxx"}.get(kind, "")
    return class_colours(labels)[klass], hatch, pen.say(kind, name=title_of(pen, label))


def _cash_title(books: Books, lane: int, pen: Pen) -> str:
    """How everything paid out divides between notes, tax and fees, and the residual classes."""
    labels, uses = books.labels, cash_budget(books).uses
    paid = sum(float(flow[:, lane].sum()) for name, flow in uses.items() if name not in ("kept", "purchases"))
    to_notes, to_residual = (
        sum(float(books.cash_to(one)[:, lane].sum()) for one in labels.tranches if one.residual is residual)
        for residual in (False, True)
    )
    burden = float((uses["tax"] + uses["fees"])[:, lane].sum())
    notes, fees, rest = (f"{part / paid:.1%}" if paid > 0 else "0%" for part in (to_notes, burden, to_residual))
    key = "cash.title" if any(one.residual for one in labels.tranches) else "cash.title.notes"
    return pen.say(key, notes=notes, fees=fees, residual=rest)
