"""Write the synthetic lease tape of zhongguancun-2021-1 next to this file.

The real tape is not public. Published: 78 contracts, 5.16 亿 of notes. Everything else is an ASSUMPTION, stated beside
its constant; no name, number or date belongs to a real company. The result depends only on SEED: running the script
again writes the same bytes.

    python scenarios/deals/zhongguancun-2021-1/make_tape.py
"""

from __future__ import annotations

import csv
import math
import random
from datetime import date
from pathlib import Path

SEED = 20210824  # the set-up date of the plan, for no better reason than that it is written down
FOLDER = Path(__file__).parent

CUTOFF = date(2021, 6, 30)  # assumption: the quarter end before set-up (2021-08-24)
CONTRACTS = 78  # published
LESSEES = 65  # assumption: about as many lessees to a contract as in a sister deal with 70 lessees of 83 contracts
POOL = 51_600  # 万元; assumption: the pool equals the published notes, mean 662 万
SPREAD = 0.65  # assumption: standard deviation of the logarithm of balances
LARGEST = 2_000  # 万元; assumption: the largest contract below 4 percent of the pool
LEFT = (6, 30)  # months to the last rent; assumption, the domain of what is eligible for purchase too
RATES = (
    6.2,
    6.3,
    6.4,
    6.5,
    6.6,
    6.7,
    6.8,
)  # percent; assumption, weighted mean 6.5 (filings of the lessor: 5.2 to 6.8)
MONTHLY = 0.3  # assumption: share of contracts with monthly rents, the others quarterly
ADVANCE = 0.15  # assumption: share paid in advance
EVEN = 0.15  # assumption: share with even principal
SMALL = 32  # assumption: lessees that may have more than one contract
DEPOSIT = 0.05  # assumption: of the balance, kept and returned by the lessor
RENT_DAY = 15  # assumption
GRADES = ("BBB-", "BB", "BB", "BB-", "B+")  # assumption
INDUSTRIES = (
    "人工智能",
    "集成电路",
    "生物医药",
    "新能源",
    "高端装备",
    "软件和信息服务",
)  # science and technology; assumed
REGIONS = ("海淀区", "昌平区", "大兴区", "朝阳区")  # assumption

HEADER = (
    "资产编号", "承租人", "行业", "地区", "影子评级", "租赁物", "起租日", "到期日", "合同金额(万元)",
    "未偿本金余额(万元)", "内含利率", "还款方式", "还款频率", "租金支付时点", "剩余期数", "保证金(万元)",
    "保证金用途", "留购价款(元)", "封包日", "五级分类", "逾期天数",
)  # fmt: skip


def normal(rng: random.Random) -> float:
    """A standard normal number, by ``random()`` alone: the only method whose sequence Python promises to keep."""
    return math.sqrt(-2.0 * math.log(1.0 - rng.random())) * math.cos(2.0 * math.pi * rng.random())


def draw_balances(rng: random.Random) -> list[int]:
    """Lognormal balances in whole 万元 that sum to the pool; the largest is cut to its limit."""
    drawn = [math.exp(SPREAD * normal(rng)) for _ in range(CONTRACTS)]
    scale = POOL / sum(drawn)
    for _ in range(50):
        scale *= POOL / sum(min(LARGEST, value * scale) for value in drawn)
    balances = [int(min(LARGEST, value * scale)) for value in drawn]
    lacking = POOL - sum(balances)
    for index in range(lacking):
        balances[index % CONTRACTS] += balances[index % CONTRACTS] < LARGEST
    balances[balances.index(min(balances))] += POOL - sum(balances)
    return balances


def draw_rates(rng: random.Random, balances: list[int]) -> list[float]:
    """Rates on the grid whose balance-weighted mean is 6.5 percent within 0.001 points."""
    while True:
        rates = [RATES[int(rng.random() * len(RATES))] for _ in balances]
        mean = sum(balance * rate for balance, rate in zip(balances, rates, strict=True)) / POOL
        if abs(mean - 6.5) < 0.001:
            return rates


def months_after(day: date, months: int) -> date:
    count = day.year * 12 + day.month - 1 + months
    return date(count // 12, count % 12 + 1, day.day)


def original(balance: float, per_period: float, left: int, paid: int, even: bool) -> float:
    """Principal before the rents already paid, of the same amount or principal as those left."""
    if even:
        return balance * (left + paid) / left
    rent = balance * per_period / (1 - (1 + per_period) ** -left)
    return rent * (1 - (1 + per_period) ** -(left + paid)) / per_period


def draw_contract(rng: random.Random, number: int, balances: list[int], rate: float) -> list[str]:
    """One row. The last contracts are further ones of lessees that owe little, so that no lessee is large."""
    balance = balances[number - 1]
    months = 1 if rng.random() < MONTHLY else 3
    advance, even = rng.random() < ADVANCE, rng.random() < EVEN
    first = months_after(date(2021, 7, RENT_DAY), int(rng.random() * months))
    term = LEFT[0] + int(rng.random() * (LEFT[1] - LEFT[0] + 1))
    left = max(1, round((term - (first.month - 7)) / months))
    paid = 1 + int(rng.random() * 6)
    small = sorted(range(1, LESSEES + 1), key=lambda other: balances[other - 1])[:SMALL]
    lessee = number if number <= LESSEES else small[int(rng.random() * SMALL)]
    start = months_after(first, -months * (paid + (not advance)))
    end = months_after(first, months * (left - (not advance)))
    industry, region = lessee % len(INDUSTRIES), lessee % len(REGIONS)
    return [
        f"ZGC-{number:02d}", f"示例科技承租人{lessee:02d}", INDUSTRIES[industry], REGIONS[region],
        GRADES[lessee % len(GRADES)], "研发及生产设备", start.isoformat(), end.isoformat(),
        f"{original(balance, rate * months / 1200, left, paid + advance, even):.0f}", str(balance), f"{rate:.1f}%",
        "等额本金" if even else "等额租金", "月" if months == 1 else "季", "先付" if advance else "后付", str(left),
        f"{balance * DEPOSIT:g}", "出租人退还", "100", CUTOFF.isoformat(), "正常", "0",
    ]  # fmt: skip


def main(folder: Path = FOLDER) -> None:
    rng = random.Random(SEED)
    balances = draw_balances(rng)
    rates = draw_rates(rng, balances)
    rows = [draw_contract(rng, number, balances, rates[number - 1]) for number in range(1, CONTRACTS + 1)]
    with (folder / "tape.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(HEADER)
        writer.writerows(rows)


if __name__ == "__main__":
    main()
