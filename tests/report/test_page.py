"""The page: self-contained, inert, and saying what was found."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape

import pytest

from absengine.report.page import findings, page
from absengine.report.pictures import pictures, svg
from absengine.results.document import stress_document

FACTS = {
    "command": "stress",
    "options": {"packs": ["base.toml"]},
    "inputs": {"deal": {"file": "deal.toml", "sha256": "ab" * 32}},
    "calendars": {"SSE": {"rule_from": "2027-01-01"}},
    "versions": {"absengine": "0.1"},
}


@pytest.fixture
def html(worked, document, latin):
    figures = svg(pictures(worked.two_class(), document, latin), latin)
    return page(document, figures, facts=FACTS, assumptions=[("coupon", "5%", "illustrative")]).decode("utf-8")


def test_page__holds_table_pictures_events_and_facts(html):
    assert html.count("<svg") == 6 and "Losses reach A in 2 of 2" in html
    assert "deal.toml:40" in html and "illustrative" in html and "ab" * 32 in html and "rule_from 2027-01-01" in html
    assert "all zero 全部为零" in html


def test_page__asks_for_nothing_and_runs_nothing(html):
    assert "default-src 'none'" in html
    assert not re.search(r"<script|<iframe|<object|<link|<img|\son\w+=|javascript:", html, re.IGNORECASE)
    fetched = re.findall(r"""(?:src|href)\s*=\s*["']([^"']*)""", html)
    assert all(address.startswith("#") for address in fetched)
    assert not re.findall(r"url\((?!#)", html) and "@import" not in html


@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>", '"><img src=x onerror=y>', "</svg><b>", "{{ 7*7 }}", "&lt;b&gt;"]
)
def test_page__whatever_a_user_wrote_is_escaped(worked, latin, name):
    paths = worked.two_class()
    hostile = replace(paths, scenarios=(name, "x", "y"), labels=replace(paths.labels, deal=name))
    document = stress_document(hostile, twin=worked.two_class_twin(), pool_balance=100.0, contracts=12)
    figures = svg(pictures(hostile, document, latin), latin)
    html = page(document, figures, assumptions=[(name, name, name)]).decode("utf-8")
    title = html.split("<h1>")[1].split("</h1>")[0]
    assert unescape(title) == name and "<" not in title
    assert not re.search(r"<script|<img|<b>", html)


def test_page__broken_checks_stand_out(document, worked):
    document["checks"]["cash_breaks"] = 2
    assert "cash_breaks = 2" in page(document, {}).decode("utf-8")


def test_findings__one_line_per_class_with_the_worst_scenario(document):
    first, second = findings(document)
    assert first.startswith("优先A: loss in 2 of 3 scenarios, at most 39.90 元 in “all lost”.")
    assert second.startswith("次级: loss in 2 of 3 scenarios")
