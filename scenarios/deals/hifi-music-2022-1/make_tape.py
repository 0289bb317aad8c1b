"""Write the royalty streams of hifi-music-2022-1.

Public: 65,000 songs valued at 1.127 billion dollars, notes of 732.5 million. Streams, volumes, prices, growth and the
discount rate are ASSUMPTIONS to the targets of the domain guide: net cash flow of 56 to 63 million dollars a year, and
a value of 1.127 billion at the discount rate. Payers are invented. Nothing is drawn at random, so there is no seed:
running the script again writes the same bytes.

    python scenarios/deals/hifi-music-2022-1/make_tape.py
"""

from __future__ import annotations

import csv
from pathlib import Path

FOLDER = Path(__file__).parent

DISCOUNT = "7.00%"  # assumption: the rate published for a sister deal of the same year (domain guide §3)
FIRST, LAST = "2021-07-01", "2081-12-31"  # assumption: sixty years of copyright
HEADER = (
    "asset_id", "licensee", "product", "territory", "income type", "currency", "forecast start", "到期日", "frequency",
    "units per year", "price per unit", "annual sales", "growth", "seasonal weights", "royalty rates", "share",
    "reporting lag", "rate",
)  # fmt: skip

RISING = "8%; 7%; 7%; 6%; 5%; 5%; 4%; 3%; 2%; 1%; 0%; -1%"  # assumption: streaming grows, ever slower, then fades
STEADY = "1%; 1%; 1%; 0.5%; 0%"  # assumption
FALLING = "-4%; -4%; -3%; -2%"  # assumption: records
EVEN, WINTER = "1; 1; 1; 1", "0.9; 0.9; 0.9; 1.3"

# streams a year, dollars of licensed income per stream, royalty on it; all assumed
STREAMED = (
    ("HF-01", "Label group A (invented)", "recordings", "US", "7_300_000_000", "0.0050", "40%", "100%", 3),
    ("HF-02", "Label group A (invented)", "recordings", "Europe", "5_000_000_000", "0.0040", "40%", "100%", 3),
    ("HF-03", "Label group B (invented)", "recordings", "rest of world", "8_000_000_000", "0.0015", "40%", "100%", 6),
    ("HF-04", "Publisher C (invented)", "songs", "US", "10_000_000_000", "0.0050", "15%", "100%", 3),
    ("HF-05", "Publisher C (invented)", "songs", "Europe", "10_000_000_000", "0.0040", "15%", "100%", 3),
    ("HF-06", "Publisher D (invented)", "songs", "rest of world", "12_000_000_000", "0.0015", "15%", "100%", 6),
)
# licensed income a year, growth, weights, royalty on it, share, months of lag; all assumed
OTHER = (
    ("HF-07", "Society E (invented)", "songs", "US", "performance", "8_000_000", STEADY, EVEN, "50%", 6),
    ("HF-08", "Society F (invented)", "songs", "Europe", "performance", "9_000_000", STEADY, EVEN, "50%", 6),
    ("HF-09", "Publisher C (invented)", "songs", "worldwide", "synchronisation", "9_000_000", STEADY, EVEN, "50%", 3),
    ("HF-10", "Label group A (invented)", "recordings", "worldwide", "synchronisation", "4_000_000", STEADY, EVEN,
     "50%", 3),
    ("HF-11", "Label group A (invented)", "recordings", "worldwide", "records", "12_000_000", FALLING, WINTER,
     "25%", 3),
    ("HF-12", "Label group B (invented)", "recordings", "rest of world", "records", "4_000_000", FALLING, WINTER,
     "25%", 6),
)  # fmt: skip


def streams() -> list[list[str]]:
    rows = [list(HEADER)]
    for number, payer, work, territory, units, price, rate, share, lag in STREAMED:
        rows.append([number, payer, work, territory, "streaming", "USD", FIRST, LAST, "quarterly",
                     units.replace("_", ""), price, "", RISING, EVEN, rate, share, str(lag), DISCOUNT])  # fmt: skip
    for number, payer, work, territory, kind, income, growth, weights, rate, lag in OTHER:
        rows.append([number, payer, work, territory, kind, "USD", FIRST, LAST, "quarterly", "", "",
                     income.replace("_", ""), growth, weights, rate, "100%", str(lag), DISCOUNT])  # fmt: skip
    return rows


def main(folder: Path = FOLDER) -> None:
    with (folder / "tape.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(streams())


if __name__ == "__main__":
    main()
