"""One self-contained HTML page of a run: no script, no request, everything a user wrote escaped."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any, Final

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from absengine import __version__
from absengine.report.table import stress_table, stress_unit
from absengine.report.words import Language

DETAILED: Final = 24
"""Scenarios whose events are listed one by one."""

DEFINITIONS: Final = (
    (
        "principal loss 本金损失",
        "face never paid by legal final; a residual class first gets its face back from residual cash",
    ),
    ("loss 损失", "principal loss plus interest unpaid at legal final"),
    ("shortfall 短缺", "due and unpaid on a date after every support of that date"),
    ("WAL 加权平均期限", "Σ t × principal paid / Σ principal paid, from closing; loss does not enter"),
    ("yield 收益率", "yearly compounded rate (ACT/365F) of buying at par at closing"),
    (
        "coverage 覆盖倍数",
        "(pool cash of the period + account interest − tax − senior fees) / (interest + principal due of the classes "
        "down to this one); no support, reserve or carried cash; pass-through principal is not due on a date",
    ),
    ("first breach 首次短缺", "first date with a shortfall after supports"),
    (
        "loss by layer 损失分层",
        "the same path without credit events is the base; what the pool lost is followed through both cash budgets to "
        "the layer that gave it up; the lines add up to the loss",
    ),
)
"""The measures of the page in one sentence each."""


def page(
    document: dict[str, Any],
    figures: Mapping[str, bytes],
    *,
    language: Language = "en",
    facts: Mapping[str, Any] | None = None,
    assumptions: Sequence[tuple[str, str, str]] = (),
) -> bytes:
    """The page. ``figures`` maps a name to SVG bytes made by :mod:`absengine.report.pictures`."""
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=False)
    template = environment.from_string(files("absengine.report").joinpath("page.html").read_text("utf-8"))
    columns, rows = stress_table(document)
    unit = stress_unit(document)
    scenarios = document["scenarios"]
    text = template.render(
        language="zh-CN" if language == "zh" else "en",
        version=__version__,
        deal=document["deal"],
        pool=document["pool"],
        pool_balance=unit.full(document["pool"]["balance"]),
        checks=document["checks"],
        sound=not any(document["checks"].values()),
        findings=findings(document),
        unit=unit.name,
        columns=columns,
        rows=rows,
        figures={name: _inline(svg) for name, svg in figures.items()},
        scenarios=scenarios[:DETAILED],
        further=max(len(scenarios) - DETAILED, 0),
        assumptions=assumptions,
        definitions=DEFINITIONS,
        facts=dict(facts) if facts else None,
    )
    return text.encode("utf-8")


def _inline(svg: bytes) -> Markup:
    """A picture of ours inside the page: the drawing alone, without prologue and metadata."""
    text = svg.decode("utf-8")
    return Markup(re.sub(r"<metadata>.*?</metadata>", "", text[text.index("<svg") :], flags=re.DOTALL))


def findings(document: dict[str, Any]) -> list[str]:
    """One line per class: in how many scenarios it loses, the worst of them, and where coverage is thinnest."""
    unit, scenarios = stress_unit(document), document["scenarios"]
    lines = []
    for index, one in enumerate(document["deal"]["tranches"]):
        results = [(scenario["name"], scenario["tranches"][index]) for scenario in scenarios]
        lost = [pair for pair in results if pair[1]["loss"] > 0]
        if not lost:
            lines.append(f"{one['label'] or one['name']}: no loss in any of {len(results)} scenarios. 各情景均无损失。")
            continue
        name, worst = max(lost, key=lambda pair: pair[1]["loss"])
        amount = unit.full(worst["loss"])
        title = one["label"] or one["name"]
        lines.append(
            f"{title}: loss in {len(lost)} of {len(results)} scenarios, at most {amount} in “{name}”. "
            f"{len(results)} 个情景中 {len(lost)} 个有损失，最多 {amount}。"
        )
    return lines
