"""What is published of a deal is told by ``explain`` with its value, in English and in Chinese."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from absengine.deal.explain import explain
from absengine.deal.load import load
from absengine.loaders import kind_names

DEALS = Path(__file__).parents[2] / "scenarios" / "deals"
PUBLISHED = re.compile(r"\[[SK]\b")
VALUE = re.compile(r"\d{4}-\d\d-\d\d|\d[\d_]*\.?\d*%?")
MARKED = sorted(path.parent.name for path in DEALS.glob("*/deal.toml") if "# [S]" in path.read_text("utf-8"))


def published(deal: str) -> list[tuple[str, str]]:
    """(line, value) of every figure and date on a line that is marked as published [S] or known [K]."""
    found = []
    for line in (DEALS / deal / "deal.toml").read_text("utf-8").splitlines():
        term, _, remark = line.partition("#")
        if term.strip() and PUBLISHED.search(remark):
            found += [(term.strip(), value) for value in VALUE.findall(term)]
    return found


def spellings(value: str) -> set[str]:
    """How a value of a deal file may stand in a sentence."""
    if "-" in value:
        return {value}
    number = value.replace("_", "")
    if number.endswith("%"):
        return {f"{float(number[:-1]):g}%"}
    return {value, f"{float(number):,.0f}", f"{float(number):,.2f}", f"{float(number):g}", f"{float(number):.0%}"}


@pytest.mark.parametrize(
    "deal", [*(name for name in MARKED if name != "gaoxintou-5"), "single-debtor-factoring", "supporting-bill"]
)
def test_readme__says_what_the_terms_imply_and_what_happened(deal: str) -> None:
    text = (DEALS / deal / "README.md").read_text("utf-8")
    assert "**What the terms imply.**" in text and "**What happened" in text


def test_deals__mark_what_is_published() -> None:
    assert len(MARKED) >= 9
    assert all(published(deal) for deal in MARKED)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("deal", MARKED)
def test_explain__tells_every_published_value(deal: str, language: str) -> None:
    text = explain(load(DEALS / deal / "deal.toml"), kind_names(), language)
    missing = [(term, value) for term, value in published(deal) if not any(one in text for one in spellings(value))]
    assert missing == []
