"""Texts of a royalty tape: tiers of rates, growth by year, seasonal weights. None where a text does not read."""

from __future__ import annotations

import re
import unicodedata
from itertools import pairwise

_NUMBER = re.compile(r"([+-]?\d[\d_,]*(?:\.\d+)?|[+-]?\.\d+)\s*(%|万|亿)?")
_SCALE = {"": 1.0, "%": 0.01, "万": 1e4, "亿": 1e8}
_MOST_LISTED = 120
"""Entries of one list: ten years of months are the longest a tape may spell out (assumption)."""


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip()


def _number(text: str) -> tuple[float, str] | None:
    match = _NUMBER.fullmatch(text.strip())
    if match is None:
        return None
    unit = match[2] or ""
    return float(match[1].replace("_", "").replace(",", "")) * _SCALE[unit], unit


def _rate(text: str) -> float | None:
    """A percentage, or a decimal below 1; 6 without a % sign is neither."""
    read = _number(text)
    if read is None or read[1] in ("万", "亿") or (read[1] == "" and abs(read[0]) > 1):
        return None
    return read[0]


def _parts(text: str) -> list[str]:
    parts = [part for part in _plain(text).split(";") if part.strip()]
    return parts if len(parts) <= _MOST_LISTED else []


def tiers(text: str) -> list[tuple[float, float]] | None:
    """``6.6%`` → [(0, 0.066)]; ``0: 4%; 1_000_000: 6%`` → slices as (from, rate).

    None where a rate is below 0 or above 100 %.
    """
    parts = _parts(text)
    if len(parts) == 1 and ":" not in parts[0]:
        parts = [f"0:{parts[0]}"]
    found: list[tuple[float, float]] = []
    for part in parts:
        begin, colon, asked = part.partition(":")
        low, rate = _number(begin), _rate(asked)
        if not colon or low is None or low[1] == "%" or rate is None or not 0.0 <= rate <= 1.0:
            return None
        found.append((low[0], rate))
    return found or None


def in_order(slices: list[tuple[float, float]]) -> bool:
    """Slices begin at 0 and rise."""
    return slices[0][0] == 0.0 and all(low < high for (low, _), (high, _) in pairwise(slices))


def growth(text: str) -> list[float] | None:
    """``5%; 0%; -10%`` → growth by forecast year; None below −100 % or above 1000 %."""
    parts = _parts(text)
    found = [_rate(part) if "%" not in part else (_number(part) or (None, ""))[0] for part in parts]
    if not found or any(rate is None or not -1.0 <= rate <= 10.0 for rate in found):
        return None
    return [rate for rate in found if rate is not None]


def season(text: str) -> list[float] | None:
    """4 weights of the calendar quarters or 12 of the months → 12 of mean 1; None where they are not such a list."""
    read = [_number(part) for part in _parts(text)]
    weights = [number[0] for number in read if number is not None]
    if len(weights) != len(read) or len(weights) not in (4, 12) or min(weights) < 0 or sum(weights) <= 0:
        return None
    months = [weight for weight in weights for _ in range(12 // len(weights))]
    mean = sum(months) / 12
    return [weight / mean for weight in months]
