"""Write the synthetic tape of single-debtor-factoring next to this file.

No tape of such a deal is public, and no published deal is meant: debtor, suppliers, invoices, amounts and dates are
INVENTED. Targets: 12 suppliers, 24 payments by one debtor, face 5.15 亿, half of it due 11 months after the notes are
set up and half after 23; price in all 4.70 亿. Two further receivables are kept on standby for a substitution.
The result depends only on SEED: running the script again writes the same bytes.

    python scenarios/deals/single-debtor-factoring/make_tape.py
"""

from __future__ import annotations

import csv
import random
from datetime import date, timedelta
from pathlib import Path

SEED = 20231220  # the assumed set-up date, for no better reason than that it is written down
FOLDER = Path(__file__).parent

CUTOFF = date(2023, 11, 30)  # assumption: the month end before set-up
DEBTOR = "示例视频平台"  # invented
SUPPLIERS = tuple(f"示例内容供应商{mark}" for mark in "甲乙丙丁戊己庚辛壬癸子丑")  # invented
WITH_RECOURSE = SUPPLIERS[:4]  # assumption: these have not had their claims confirmed by the debtor, and stand for them
HALF = 25_750  # 万元: half of the face of 5.15 亿 (assumption)
WEIGHTS = (16, 13, 11, 10, 9, 8, 8, 7, 6, 5, 4, 3)  # assumption: share of each supplier in each half, percent
FIRST_DUE = (date(2024, 11, 8), date(2025, 11, 10))  # assumption: due in the weeks around month 11 and month 23
SPAN = 20  # days over which the due dates of one half spread (assumption)
PRICE = 470_000_000_00  # 分: what the plan pays for all of them, its issuance (assumption)
SPARE = (900, 1_400)  # 万元: receivables on standby (assumption)
PENALTY = "18%"  # assumption: charged on what the debtor pays late

HEADER = (
    "资产编号", "卖方", "买方", "发票号", "开票日", "应收账款金额(万元)", "受让价款(元)", "应付日", "确权", "追索权",
    "罚息率", "封包日", "备选资产",
)  # fmt: skip


def amounts(rng: random.Random) -> list[int]:
    """Faces of one half in 万元: the weights, a little moved, summing to HALF."""
    faces = [HALF * weight // 100 + int(rng.random() * 60) - 30 for weight in WEIGHTS]
    return [*faces[:-1], HALF - sum(faces[:-1])]


def worth(face: int, due: date, rate: float) -> float:
    """Value at the cut-off date in 分, at a simple annual rate by actual days over 365."""
    return face * 1_000_000 / (1 + rate * (due - CUTOFF).days / 365)


def rate_of(claims: list[tuple[int, date]]) -> float:
    """The one rate at which all claims together are worth PRICE."""
    low, high = 0.0, 0.5
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if sum(worth(*claim, middle) for claim in claims) > PRICE else (low, middle)
    return low


def main(folder: Path = FOLDER) -> None:
    rng = random.Random(SEED)
    claims: list[tuple[str, int, date]] = []
    for first in FIRST_DUE:
        for supplier, face in zip(SUPPLIERS, amounts(rng), strict=True):
            claims.append((supplier, face, first + timedelta(days=int(rng.random() * SPAN))))
    rate = rate_of([claim[1:] for claim in claims])
    prices = [round(worth(face, due, rate)) for _, face, due in claims]
    prices[-1] += PRICE - sum(prices)
    spare = [(SUPPLIERS[-1 - n], face, FIRST_DUE[1] + timedelta(days=n)) for n, face in enumerate(SPARE)]
    prices += [round(worth(face, due, rate)) for _, face, due in spare]
    rows = []
    for number, ((supplier, face, due), price) in enumerate(zip([*claims, *spare], prices, strict=True), start=1):
        standby = number > len(claims)
        recourse = supplier in WITH_RECOURSE
        rows.append([
            f"SF-S{number - len(claims)}" if standby else f"SF-{number:02d}", supplier, DEBTOR, f"9023{number:08d}",
            (CUTOFF - timedelta(days=20 + int(rng.random() * 60))).isoformat(), str(face), f"{price / 100:.2f}",
            due.isoformat(), "N" if recourse else "Y", "Y" if recourse else "N", PENALTY, CUTOFF.isoformat(),
            "Y" if standby else "N",
        ])  # fmt: skip
    with (folder / "tape.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(HEADER)
        writer.writerows(rows)


if __name__ == "__main__":
    main()
