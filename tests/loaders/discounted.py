"""Slow twin of the discount loaders: one claim at a time, by dates and in exact fractions where it can."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path

import numpy as np

from absengine.loaders import PoolSource, load_pool
from absengine.schema import CashflowTable

CUTOFF = date(2026, 3, 31)
YEAR = {"ACT/365F": 365, "ACT/360": 360}


def write(path: Path, rows: list[dict[str, str]]) -> Path:
    """A tape with a column for every key of some row."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    lines = [",".join(names), *(",".join(row.get(name, "") for name in names) for row in rows)]
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


def loaded(path: Path, kind: str, rows: list[dict[str, str]]) -> CashflowTable:
    """Rows written as a tape of a kind, and loaded."""
    return load_pool([PoolSource(write(path / "tape.csv", rows), kind)], np.datetime64(CUTOFF, "D"), {})


def claim(row: dict[str, str]) -> Fraction:
    """What the debtor pays to the plan."""
    face = Fraction(row["face"]) - Fraction(row.get("set_off") or "0")
    return face * (1 - Fraction(row.get("holdback") or "0"))


def due(row: dict[str, str]) -> date:
    """The day it is paid."""
    if row.get("maturity_date"):
        day = date.fromisoformat(row["maturity_date"])
    else:
        day = date.fromisoformat(row["invoice_date"]) + timedelta(days=int(row["term_days"]))
    return day + timedelta(days=int(row.get("extension_days") or "0"))


def price(row: dict[str, str], method: str, basis: str) -> float:
    """Stated, or the claim discounted from the day it is paid to the cut-off date; the claim itself without a rate."""
    if row.get("price"):
        return float(row["price"])
    rate = Fraction(row.get("discount_rate") or "0")
    basis, method = row.get("day_count") or basis, row.get("discount_method") or method
    time = Fraction((due(row) - CUTOFF).days, YEAR[basis])
    if method == "simple":
        return float(claim(row) / (1 + rate * time))
    if method == "bank":
        return float(claim(row) * (1 - rate * time))
    return float(claim(row)) / float(1 + rate) ** float(time)
