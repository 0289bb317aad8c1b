"""Amounts in the unit a reader expects, phrases in two languages."""

from __future__ import annotations

import string

import pytest

from absengine.report.words import PHRASES, money_unit, phrase


@pytest.mark.parametrize(
    ("currency", "largest", "language", "amount", "expected"),
    [
        ("CNY", 2.06e8, "zh", 22_740_000, "2,274 万元"),
        ("CNY", 3e10, "zh", 1.5e8, "1.50 亿元"),
        ("CNY", 80.0, "zh", 4.37, "4.37 元"),
        ("CNY", 2.06e8, "en", 22_740_000, "CNY 22.74 m"),
        ("USD", 5e4, "en", 1234.0, "USD 1.23 k"),
        ("USD", 80.0, "zh", -0.001, "USD 0.00"),
        ("USD", 2e9, "en", 1.1634e9, "USD 1,163 m"),
    ],
)
def test_money_unit__keeps_figures_short(currency, largest, language, amount, expected):
    assert money_unit(currency, largest, language).full(amount) == expected


@pytest.mark.parametrize("key", sorted(PHRASES))
def test_phrase__both_languages_use_the_same_values(key):
    named = [{part[1] for part in string.Formatter().parse(text) if part[1]} for text in PHRASES[key]]
    assert named[0] == named[1]
    values = dict.fromkeys(named[0], "x")
    assert all(phrase(language, key, **values) for language in ("en", "zh"))
