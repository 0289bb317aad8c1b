"""Write the royalty streams of bowie-1997 and the level plan of its notes.

Public: 25 albums and 287 songs, 55 million dollars at 7.9 %, about ten years of average life, self-amortising, EMI as
guarantor. Streams, volumes, prices, rates and decline are ASSUMPTIONS to the targets of the domain guide: 8.5 to 9
million dollars in the first year, falling by 2 to 3 % a year. Nothing is drawn at random, so there is no seed: running
the script again writes the same bytes.

    python scenarios/deals/bowie-1997/make_tape.py
"""

from __future__ import annotations

import csv
from pathlib import Path

FOLDER = Path(__file__).parent

FACE, COUPON, YEARS = 55_000_000, 0.079, 16  # published, published, and the years that fit the published average life
FIRST_SALES, LAST_SALES = "1997-01-01", "2012-12-31"  # assumption: sixteen years of sales serve the notes
RECORD = "EMI Records"

HEADER = (
    "asset_id", "licensee", "product", "territory", "income type", "currency", "forecast start", "到期日", "frequency",
    "units per year", "price per unit", "annual sales", "growth", "seasonal weights", "royalty rates",
    "tiers counted by", "share", "reporting lag", "rate",
)  # fmt: skip

# assumption, all of it: units, wholesale price, royalty; in the largest market more on the best-sold units of a year
RECORDED = (
    ("BOW-01", RECORD, "US", "1_000_000", "9.00", "0: 24%; 900_000: 28%", "volume_per_year"),
    ("BOW-02", RECORD, "UK and Europe", "1_100_000", "9.00", "25%", ""),
    ("BOW-03", "Label D (invented)", "Japan", "250_000", "10.00", "25%", ""),
    ("BOW-04", RECORD, "rest of world", "300_000", "7.00", "20%", ""),
)
# assumption: licensed income a year and its decline; half of it is the writer's
PUBLISHING = (
    ("BOW-05", "Publisher A (invented)", "US", "mechanical", "1_800_000", "-2%"),
    ("BOW-06", "Publisher B (invented)", "rest of world", "mechanical", "1_600_000", "-2%"),
    ("BOW-07", "Society C (invented)", "worldwide", "performance", "1_800_000", "-1.5%"),
    ("BOW-08", "Publisher A (invented)", "worldwide", "synchronisation", "900_000", "0%"),
)
SEASON = "0.9; 0.9; 0.9; 1.3"  # assumption: records sell before Christmas
DECLINE = "-3%"  # assumption: records
DISCOUNT = "9%"  # assumption: a point above the coupon


def streams() -> list[list[str]]:
    rows = [list(HEADER)]
    for number, payer, territory, units, price, rates, by in RECORDED:
        rows.append([number, payer, "25 albums", territory, "records", "USD", FIRST_SALES, LAST_SALES, "half_yearly",
                     units.replace("_", ""), price, "", DECLINE, SEASON, rates, by, "100%", "3", DISCOUNT])  # fmt: skip
    for number, payer, territory, kind, income, decline in PUBLISHING:
        rows.append([number, payer, "287 songs", territory, kind, "USD", FIRST_SALES, LAST_SALES, "half_yearly",
                     "", "", income.replace("_", ""), decline, "", "50%", "", "100%", "3", DISCOUNT])  # fmt: skip
    return rows


def level_plan() -> list[list[str]]:
    """Principal of sixteen level yearly payments, in whole cents; the last takes what is left."""
    payment = FACE * COUPON / (1 - (1 + COUPON) ** -YEARS)
    left, rows = float(FACE), [["date", "amount"]]
    for year in range(1, YEARS + 1):
        amount = round(payment - left * COUPON, 2) if year < YEARS else round(left, 2)
        rows.append([f"{1997 + year}-04-15", f"{amount:.2f}"])
        left = round(left - amount, 2)
    return rows


def write(path: Path, rows: list[list[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)


def main(folder: Path = FOLDER) -> None:
    write(folder / "tape.csv", streams())
    write(folder / "plan.csv", level_plan())


if __name__ == "__main__":
    main()
