"""The look shared by all pictures, fonts that can write Chinese, and bytes that repeat.

Figures are made without pyplot: no global state, no window, safe in threads.
"""

from __future__ import annotations

import io
import logging
import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, fontManager
from matplotlib.ft2font import FT2Font

from absengine.errors import Problem, UsageError, Where
from absengine.report.words import Language, phrase

CJK_FAMILIES: Final = (
    "Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "Source Han Sans CN", "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei", "Microsoft YaHei", "PingFang SC", "Hiragino Sans GB", "Heiti SC", "SimHei", "Sarasa Gothic SC",
    "Droid Sans Fallback", "Arial Unicode MS",
)  # fmt: skip
LATIN: Final = "DejaVu Sans"
WIDTH, MARGIN = 8.6, 0.17
WIDE: Final = 0x2E80
"""Characters from here on (Chinese, Japanese, Korean, full-width) are as wide as the font is high."""
INK, MUTED, RULE, ALARM = "#1a1a1a", "#5f6368", "#d9dce1", "#b3261e"
CLASS_COLOURS: Final = ("#0b3c6f", "#2f78b7", "#7fb2dc", "#bcd6ec", "#5b8c85", "#9cc3b5")
RESIDUAL_COLOUR: Final = "#e8a33d"
LINE_COLOURS: Final = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
"""Line colours of Okabe and Ito's palette, told apart by readers with any common colour blindness."""
NO_FONT: Final = "no Chinese font was found: pictures are labelled in English; give one with --font"


@dataclass(frozen=True)
class Pen:
    """Language and fonts of a picture. ``unfit`` says why Chinese was wanted and cannot be had.

    ``by_reader``: the text is set by whoever opens the picture (SVG in a browser), so any character may be written.
    """

    language: Language
    families: tuple[str, ...]
    unfit: str = ""
    by_reader: bool = False

    def say(self, key: str, **values: Any) -> str:
        return phrase(self.language, key, **values)

    def can_write(self, text: str) -> bool:
        """Can every character be written: by a font of this pen, or by the reader's?"""
        if self.by_reader:
            return True
        known = _characters(self.families)
        return all(ord(one) in known for one in text)

    def show(self, text: str, otherwise: str) -> str:
        """A text of the user's where it can be drawn, else ``otherwise``."""
        return text if text and self.can_write(text) else otherwise

    def spaced(self, text: str) -> str:
        """A text with room for characters that are wider in the reader's font than the box measured here."""
        wide = sum(ord(one) > WIDE for one in text) if self.by_reader else 0
        return text + "\u00a0" * round(1.3 * wide)


def pen(language: Language | None = None, font: Path | None = None) -> Pen:
    """A pen for ``language`` (Chinese where a font allows it and nothing is asked), with ``font`` tried first."""
    family = _add_font(font) if font else _system_cjk()
    families = (LATIN, family) if family else (LATIN,)
    if language == "en" or family is None:
        return Pen("en", families, NO_FONT if language == "zh" else "")
    return Pen("zh", families)


def readers_pen(writer: Pen, language: Language | None) -> Pen:
    """A pen for pictures whose text a browser will set: the language asked for, whatever fonts are here."""
    return Pen(language or writer.language, writer.families, by_reader=True)


def _add_font(path: Path) -> str:
    try:
        fontManager.addfont(path)
        return FontProperties(fname=path).get_name()
    except (OSError, RuntimeError):
        problem = Problem(
            "font-unreadable", Where(str(path)), "no font that can be read", "a TrueType or OpenType file"
        )
        raise UsageError(problem) from None


@cache
def _system_cjk() -> str | None:
    known = {entry.name for entry in fontManager.ttflist}
    return next((family for family in CJK_FAMILIES if family in known), None)


@cache
def _characters(families: tuple[str, ...]) -> frozenset[int]:
    return frozenset(code for family in families for code in FT2Font(findfont(family)).get_charmap())


@contextmanager
def drawing(with_pen: Pen) -> Iterator[None]:
    """Settings that hold while a figure is made or saved; nothing outside is changed."""
    look = {
        "font.family": [*with_pen.families, "sans-serif"],
        "font.size": 9.5,
        "axes.edgecolor": RULE,
        "axes.labelcolor": MUTED,
        "xtick.color": MUTED,
        "ytick.color": MUTED,
        "text.color": INK,
        "svg.fonttype": "none",
        "svg.hashsalt": "absengine",
        "axes.unicode_minus": True,
        "text.parse_math": False,  # a name may hold a dollar sign
        "hatch.linewidth": 0.6,
    }
    log = logging.getLogger("matplotlib.font_manager")
    level = log.level
    log.setLevel(logging.ERROR)  # it reports every Chinese font without a bold cut
    try:
        with matplotlib.rc_context(look):  # type: ignore[arg-type]
            yield
    finally:
        log.setLevel(level)


def sheet(pen: Pen, title: str, shown: str, *, height: float = 4.4, key_rows: int = 1) -> tuple[Figure, Axes]:
    """A figure with the finding as its title, what is shown below it in grey, and one quiet pair of axes.

    Distances are in inches, so that a taller figure gives its height to the axes; ``key_rows`` leaves room for the key.
    """
    figure = Figure(figsize=(WIDTH, height), dpi=150, facecolor="white")
    top = 0.76 + 0.2 * key_rows
    axes = figure.add_axes((0.62 / WIDTH, 0.42 / height, 1.0 - 0.87 / WIDTH, 1.0 - (top + 0.42) / height))
    # few Chinese fonts on a system have a bold cut, and half a bold title is worse than none
    weight, size = ("bold", 13.0) if pen.language == "en" else ("normal", 14.0)
    title, size = _fitted(title, size, 10.0)
    figure.text(MARGIN / WIDTH, 1.0 - 0.16 / height, title, fontsize=size, fontweight=weight, va="top")
    shown, size = _fitted(shown, 9.0, 8.0)
    figure.text(MARGIN / WIDTH, 1.0 - 0.48 / height, shown, fontsize=size, color=MUTED, va="top")
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.grid(axis="y", color=RULE, linewidth=0.7)
    axes.set_axisbelow(True)
    axes.tick_params(length=0)
    axes.tick_params(axis="x", pad=6)
    return figure, axes


def _fitted(text: str, size: float, smallest: float) -> tuple[str, float]:
    """Text and size that fit the sheet: smaller down to ``smallest``, then cut short."""
    room = (WIDTH - 2 * MARGIN) * 72.0
    width = _ems(text)
    if width * smallest > room:
        kept = text
        while _ems(kept) * smallest > room:
            kept = kept[:-1]
        return f"{kept[:-1]}…", smallest
    return text, min(size, room / width) if width else size


def _ems(text: str) -> float:
    """Width in units of the font size: a Latin letter takes about 0.6, a Chinese one all of it."""
    return sum(1.0 if ord(one) > WIDE else 0.6 for one in text)


def key_above(with_pen: Pen, figure: Figure, handles: list[Any], labels: list[str], *, columns: int) -> None:
    """A key between what is shown and the axes, in as many rows as ``columns`` needs, filled evenly."""
    rows = max(1, math.ceil(len(labels) / columns))
    figure.legend(
        handles, [with_pen.spaced(label) for label in labels], loc="upper left",
        bbox_to_anchor=(MARGIN / WIDTH, 1.0 - 0.72 / figure.get_figheight()), ncols=math.ceil(len(labels) / rows),
        frameon=False, fontsize=8.5, handlelength=1.5, handleheight=0.9, columnspacing=1.4, handletextpad=0.5,
        borderaxespad=0.0, borderpad=0.0,
    )  # fmt: skip


def as_svg(figure: Figure, with_pen: Pen) -> bytes:
    """SVG with its text as text; equal figures give equal bytes."""
    return _saved(figure, with_pen, "svg", {"Date": None, "Creator": None})


def as_png(figure: Figure, with_pen: Pen) -> bytes:
    """PNG; equal figures give equal bytes on one platform."""
    # flat colours compress well at the fastest level; the default costs a fifth of drawing the picture
    return _saved(figure, with_pen, "png", {"Software": None}, pil_kwargs={"compress_level": 1})


def _saved(figure: Figure, with_pen: Pen, form: str, metadata: dict[str, None], **further: Any) -> bytes:
    buffer = io.BytesIO()
    with drawing(with_pen), warnings.catch_warnings():
        # a name with a character no font holds is drawn as a box; it must not end a run
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        figure.savefig(buffer, format=form, metadata=metadata, **further)
    return buffer.getvalue()
