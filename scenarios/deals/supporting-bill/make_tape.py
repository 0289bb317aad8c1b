"""Write the synthetic bill list of supporting-bill next to this file.

No term sheet or list of such a deal is public: all names, numbers, amounts and dates are INVENTED. Targets: ten bills
accepted by one company, face 2.00 亿, 180 to 360 days left, two who endorsed or drew them to turn to.
The result depends only on SEED: running the script again writes the same bytes.

    python scenarios/deals/supporting-bill/make_tape.py
"""

from __future__ import annotations

import csv
import random
from datetime import date, timedelta
from pathlib import Path

SEED = 20240320  # the assumed set-up date, for no better reason than that it is written down
FOLDER = Path(__file__).parent

CUTOFF = date(2024, 2, 29)  # assumption: the month end before set-up
ACCEPTOR, ENDORSER, DRAWER = "示例装备股份", "示例供应链服务", "示例控股集团"  # invented
FACES = (3_000, 2_800, 2_500, 2_200, 2_000, 1_900, 1_700, 1_500, 1_400, 1_000)  # 万元; assumption, sums to 2.00 亿
LEFT = (180, 200, 220, 240, 260, 280, 300, 320, 340, 360)  # days left at the cut-off date (assumption)
RATES = (4.2, 4.3, 4.4, 4.5, 4.6, 4.7, 4.8)  # percent; assumption: paper of a company, not of a bank
HEADER = (
    "资产编号", "票据号", "子票区间", "票据类型", "出票人", "承兑人", "背书人", "票据金额(万元)", "贴现率", "出票日",
    "票据到期日", "封包日",
)  # fmt: skip


def main(folder: Path = FOLDER) -> None:
    rng = random.Random(SEED)
    days = sorted(LEFT, key=lambda _: rng.random())
    rows = []
    for number, (face, left) in enumerate(zip(FACES, days, strict=True), start=1):
        due = CUTOFF + timedelta(days=left)
        drawn = CUTOFF - timedelta(days=int(rng.random() * 5))
        package = f"69000000000020240229{min(number, 9):08d}"
        parts = {9: "1-1400000000", 10: "1400000001-2400000000"}  # one bill split in two, counted in 分
        rows.append([
            f"SB-{number:02d}", package, parts.get(number, ""), "商业承兑汇票", DRAWER, ACCEPTOR, ENDORSER, str(face),
            f"{RATES[int(rng.random() * len(RATES))]}%", drawn.isoformat(), due.isoformat(), CUTOFF.isoformat(),
        ])  # fmt: skip
    rows[9][9:11] = rows[8][9:11]  # parts of one bill were drawn and fall due together
    with (folder / "tape.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(HEADER)
        writer.writerows(rows)


if __name__ == "__main__":
    main()
