"""Texts of a column → numbers, dates and words, with everything that was converted said.

Each distinct text is converted once. Powers of ten (万元, %) shift the decimal point of the text before it becomes a
float, so 0.07 万元 is exactly 700 and 4.35 % exactly the float 0.0435.
"""

from __future__ import annotations

import datetime
import re
import unicodedata
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from absengine import arrow
from absengine.language.validation import did_you_mean
from absengine.loaders.cells import RawColumn
from absengine.loaders.fields import TapeField, normal, units

NO_VALUE = frozenset({"-", "--", "—", "——", "/", "\\", "无", "暂无", "不适用", "n/a", "na", "nan", "null", "none", "#"})
"""Marks read as "no value" in columns of numbers, dates and words; a text column keeps them."""

LARGEST = 1e15
"""Amounts at or above it are refused: floats no longer hold every 分."""

_NO_DATA = re.compile(r"nd,?[1-5]")
_NUMBER = re.compile(r"[+-]?(?:\d{1,3}(?:,\d{3})+|\d+)?(?:\.\d*)?(?:[eE][+-]?\d{1,3})?")
_SUFFIXED = re.compile(r"([+-]?[\d.,]+(?:[eE][+-]?\d+)?)\s*([^\d\s.,]+)")
_DATE = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?")
_CLOCK = re.compile(r"[T\s]+00?:00(:00(\.0+)?)?(Z|\+00:00)?$")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})")
_DAY_FIRST = re.compile(r"\d{1,2}[-/.]\d{1,2}[-/.](\d{2}|\d{4})")
_SERIAL = re.compile(r"([2-7]\d{4})(\.0+)?")
_PLAIN = frozenset("0123456789.,-\n")
_GROUPED = re.compile(r"(?:-?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d*)?(?:\n|$)|\n)*")
_EXCEL_EPOCH = datetime.date(1899, 12, 30)
_FIRST_YEAR, _LAST_YEAR = 1900, 2200


class Unfit(Exception):
    """A text that is no value of its column: the code of the refusal and what is allowed."""

    def __init__(self, code: str, allowed: str, todo: str = "") -> None:
        super().__init__(code)
        self.code, self.allowed, self.todo = code, allowed, todo


@dataclass(frozen=True)
class Conversion:
    """One kind of rewriting done in a column: how many cells, and one example."""

    what: str
    cells: int
    example: str = ""


@dataclass
class Converted:
    """A typed column; ``unfit`` maps the index of a distinct text to its refusal."""

    values: NDArray[Any]
    done: list[Conversion] = field(default_factory=list)
    unfit: dict[int, Unfit] = field(default_factory=dict)


Reader = Callable[[str], tuple[Any, str]]
"""One stripped text that is not empty → value and, where the text was rewritten, what was done ('' if nothing)."""


def convert(column: RawColumn, item: TapeField, power: int | None) -> Converted:
    """Type a column as its field asks.

    Parameters
    ----------
    column : raw texts
    item : the field
    power : power of ten named by the header or the map (4 for 万元, -2 for %), None where none is named

    Returns
    -------
    values as float64, datetime64[D] or object text; missing is NaN, NaT or ''. Range rules are checked here too.
    """
    blank: Any = {"date": np.datetime64("NaT", "D"), "text": "", "code": ""}.get(item.type, np.nan)
    dtype = {"date": "datetime64[D]", "text": "object", "code": "object"}.get(item.type, "float64")
    fast = _plain_numbers(column, item, power) if dtype == "float64" else None
    if fast is not None:
        return fast
    read = _reader(item, power)
    table = np.full(max(len(column.texts), 1), blank, dtype=dtype)
    unfit: dict[int, Unfit] = {}
    notes: list[str] = [""] * len(column.texts)
    used = column.counts()
    for index, text in enumerate(column.texts):
        if not text or not used[index]:
            continue
        try:
            table[index], notes[index] = read(text)
        except Unfit as error:
            unfit[index] = error
    return Converted(table[column.codes], _summary(column, notes, table), unfit)


def _summary(column: RawColumn, notes: list[str], table: NDArray[Any]) -> list[Conversion]:
    counts: Counter[str] = Counter()
    examples: dict[str, str] = {}
    used = column.counts()
    for index, note in enumerate(notes):
        for part in filter(None, note.split("; ")):
            counts[part] += int(used[index])
            examples.setdefault(part, f"{column.texts[index]} → {_shown(table[index])}")
    return [Conversion(note, count, examples[note]) for note, count in counts.items()]


def _shown(value: Any) -> str:
    """A converted value as the report shows it."""
    if isinstance(value, float):
        return "no value" if np.isnan(value) else np.format_float_positional(value, trim="-")
    return "no value" if str(value) in ("", "NaT") else str(value)


def _plain_numbers(column: RawColumn, item: TapeField, power: int | None) -> Converted | None:
    """A column of plain numbers, with or without thousands separators, at once; None where a text needs a look."""
    if len(column.texts) < 256 or item.type == "count" or item.words:
        return None
    joined = "\n".join(column.texts)
    grouped = "," in joined
    if not _PLAIN.issuperset(joined) or (grouped and not _GROUPED.fullmatch(joined)):
        return None
    tail = f"e{power}" if power else ""
    texts = joined.replace(",", "").split("\n")
    try:
        table = arrow.texts([text + tail if text else "nan" for text in texts]).cast(pa.float64())
    except pa.ArrowInvalid:
        return None
    values: NDArray[Any] = arrow.numbers(table)
    low = -np.inf if item.minimum is None else item.minimum
    high = np.inf if item.maximum is None else item.maximum
    with np.errstate(invalid="ignore"):
        fits = np.isnan(values) | ((values >= low) & (values <= high) & (np.abs(values) < LARGEST))
    unclear = item.type in ("rate", "ratio") and power is None and np.nanmax(np.abs(values), initial=0.0) >= 1
    if not fits.all() or unclear:
        return None
    separators = ["thousands separators" if "," in text else "" for text in column.texts] if grouped else []
    notes = [_scaling(power) if text else "" for text in texts] if power else []
    done = [step for each in (separators, notes) if each for step in _summary(column, each, values)]
    return Converted(values[column.codes], done)


def _scaling(power: int | None) -> str:
    return {-2: "percent → decimal", -3: "per mille → decimal", -4: "basis points → decimal"}.get(
        power or 0, f"multiplied by {10 ** max(power or 0, 0):,}"
    )


def _reader(item: TapeField, power: int | None) -> Reader:
    readers: dict[str, Callable[[str], tuple[Any, str]]] = {
        "text": lambda text: _text(text, item),
        "code": lambda text: _code(text, item),
        "date": _date_or_none,
    }
    return readers.get(item.type) or (lambda text: _ranged(text, item, power))


def _text(text: str, item: TapeField) -> tuple[str, str]:
    if text in item.none:
        return "", "read as none"
    if text.isprintable():
        return text, ""
    cleaned = " ".join("".join(part if part.isprintable() else " " for part in text).split())
    return cleaned, "control characters → blanks"


def _no_value(text: str) -> bool:
    folded = text.casefold()
    return folded in NO_VALUE or _NO_DATA.fullmatch(folded) is not None


def _code(text: str, item: TapeField) -> tuple[str, str]:
    word = item.words.get(normal(text))
    if word is not None:
        return word, "" if word == text else "word → code"
    if _no_value(text):
        return "", "read as no value"
    if item.open:
        return text, ""
    kept = dict.fromkeys(item.words.values())
    met = {word: [spelling for spelling, code in item.words.items() if code == word] for word in kept}
    shown = ", ".join(f"{spellings[1] if len(spellings) > 1 else word} ({word})" for word, spellings in met.items())
    raise Unfit(f"unknown-{item.name.replace('_', '-')}", f"one of {shown}", did_you_mean(text, item.words))


def _date_or_none(text: str) -> tuple[Any, str]:
    plain = unicodedata.normalize("NFKC", text).strip()
    width = "" if plain == text else "full-width characters; "
    if _no_value(plain):
        return np.datetime64("NaT", "D"), "read as no value"
    if plain.startswith("#"):
        raise Unfit("formula-error", "a date", "mend the formula")
    bare = _CLOCK.sub("", plain)
    if match := _DATE.fullmatch(bare) or _COMPACT.fullmatch(bare):
        iso = _day(*match.groups())
        return np.datetime64(iso, "D"), "" if iso == text else f"{width}date rewritten"
    if match := _SERIAL.fullmatch(bare):
        return np.datetime64(_EXCEL_EPOCH + datetime.timedelta(int(match.group(1))), "D"), "Excel serial → date"
    if _DAY_FIRST.fullmatch(bare):
        raise Unfit("ambiguous-date", "year first, as 2024-07-05", "write the year in four digits, first")
    raise Unfit("bad-date", "a day such as 2024-07-05, 2024/7/5, 20240705, 2024年7月5日 or an Excel serial")


def _day(year: str, month: str, day: str) -> str:
    try:
        found = datetime.date(int(year), int(month), int(day))
    except ValueError:
        raise Unfit("bad-date", "a day that exists") from None
    if not _FIRST_YEAR <= found.year <= _LAST_YEAR:
        raise Unfit("date-out-of-range", f"a day from {_FIRST_YEAR} to {_LAST_YEAR}", "leave the cell empty if unknown")
    return found.isoformat()


def _ranged(text: str, item: TapeField, power: int | None) -> tuple[float, str]:
    """One number with its unit, within the range of the field."""
    value, note = _number(text, item, power)
    slug = item.name.replace("_", "-")
    if np.isnan(value):
        return value, note
    if item.minimum is not None and value < item.minimum:
        code = f"negative-{slug}" if item.minimum == 0 else f"{slug}-too-small"
        raise Unfit(code, f"{item.minimum:g} or more")
    if item.maximum is not None and value > item.maximum:
        shown = f"{item.maximum:.0%}" if item.unit_class == "rate" else f"{item.maximum:g}"
        raise Unfit(f"{slug}-too-large", f"at most {shown}")
    if abs(value) >= LARGEST:
        raise Unfit("number-too-large", f"less than {LARGEST:g}")
    if item.type == "count" and not value.is_integer():
        raise Unfit("not-a-whole-number", "a whole number")
    return value, note


def _number(text: str, item: TapeField, power: int | None) -> tuple[float, str]:
    plain = unicodedata.normalize("NFKC", text).strip()
    notes = [] if plain == text else ["full-width characters"]
    if item.words and (word := item.words.get(normal(plain))) is not None:
        return float(word), "" if word == text else "word → number"
    if _no_value(plain):
        return float("nan"), "read as no value"
    if plain.startswith("#"):
        raise Unfit("formula-error", "a number", "mend the formula")
    body, marks = _unmarked(plain)
    body, own = _own_unit(body, item)
    notes += marks
    if own is not None:
        power = own
    if not body or not _NUMBER.fullmatch(body) or not any(letter.isdigit() for letter in body):
        raise Unfit("bad-number", _allowed(item))
    if "," in body:
        notes.append("thousands separators")
        body = body.replace(",", "")
    value = float(body) if not power else _shifted(body, power)
    if item.type in ("rate", "ratio") and power is None and abs(value) > max(1.0, item.maximum or 1.0):
        raise Unfit(
            "rate-without-percent", "0.0435, 4.35% or a header with %", f"write {plain}%, or put % into the header"
        )
    if power:
        notes.append(_scaling(power))
    return value, "; ".join(notes)


def _allowed(item: TapeField) -> str:
    return {
        "money": "an amount such as 1234.50, 1,234.50 or 12.3万元",
        "rate": "a rate such as 0.0435, 4.35% or 40bp",
        "ratio": "a ratio such as 0.45 or 45%",
        "count": "a whole number such as 12 or 12个月",
    }.get(item.type, "a number")


def _unmarked(text: str) -> tuple[str, list[str]]:
    """The text without currency marks and accounting brackets."""
    if text[0] in "$€£" or text[:3].casefold() in ("usd", "eur", "hkd"):
        allowed = "amounts in the currency of the deal, unmarked or with ￥"
        raise Unfit("foreign-currency", allowed, "take the mark off if the deal is in this currency")
    bare = re.sub(r"^(人民币|RMB|CNY|[¥￥])\s*", "", text, flags=re.IGNORECASE)
    marks = [] if bare == text else ["currency mark"]
    if bare.startswith("(") and bare.endswith(")"):
        return f"-{bare[1:-1].strip()}", [*marks, "brackets → minus"]
    return bare, marks


def _own_unit(text: str, item: TapeField) -> tuple[str, int | None]:
    """The number and the power of ten of a unit written in the cell, as in 1,200万元, 4.35% or 36个月."""
    match = _SUFFIXED.fullmatch(text)
    if match is None or not item.unit_class:
        return text, None
    word = normal(match.group(2))
    table = units(item.unit_class)
    return (match.group(1), table[word]) if word in table else (text, None)


def _shifted(body: str, power: int) -> float:
    """The number times a power of ten, rounded once."""
    mantissa, _, exponent = body.lower().partition("e")
    return float(f"{mantissa}e{int(exponent or 0) + power}")


def convert_extra(column: RawColumn) -> NDArray[Any]:
    """A column no field claims: numbers if every text is a plain number without leading zeros, else text."""
    used = column.counts() > 0
    texts = [text for text, met in zip(column.texts, used, strict=True) if text and met]
    plain = re.compile(r"-?(0|[1-9]\d{0,14})(\.\d+)?")
    if texts and all(plain.fullmatch(text) for text in texts):
        table = [float(text) if text and met else np.nan for text, met in zip(column.texts, used, strict=True)]
        return np.array(table)[column.codes]
    kept: NDArray[Any] = np.array([*column.texts, ""], dtype=object)
    return kept[column.codes]
