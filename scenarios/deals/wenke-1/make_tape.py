"""Write the synthetic lease tape and IP-right table of wenke-1 next to this file.

The real tape is not public. Published: the size of the deal, 7.33 亿 in all. Recalled and not verified: ten leases
or so, with 51 rights (patents, trade marks, copyrights, film and television works) of lessees in culture and
technology. Everything else is an ASSUMPTION, stated beside its constant; no name, number or date belongs to a real
company. The result depends only on SEED: running the script again writes the same bytes.

    python scenarios/deals/wenke-1/make_tape.py
"""

from __future__ import annotations

import csv
import random
from datetime import date, timedelta
from pathlib import Path

SEED = 20190308  # the day of issue, for no better reason than that it is written down
FOLDER = Path(__file__).parent

CUTOFF = date(2019, 2, 28)  # assumption: the month end before issue (2019-03-08)
APPRAISED = date(2018, 12, 31)  # assumption
# 万元; assumption, sums to the published 7.33 亿
BALANCES = (12000, 11000, 9500, 8500, 7500, 6500, 5800, 5000, 4300, 3200)
LEFT = (12, 14, 12, 11, 13, 11, 10, 10, 9, 8)  # assumption: quarterly rents left, within leases of 24 to 48 months
PAID = (3, 2, 2, 3, 1, 1, 2, 1, 2, 1)  # assumption: rents paid before the cut-off
RATES = (6.4, 6.5, 6.6, 6.7, 6.8, 6.9, 7.0, 7.1, 7.2)  # percent; assumption, weighted mean 6.8
DEPOSIT = 0.06  # assumption: deposit over the balance
BUY_OUT = 100  # 元; assumption: the nominal price at the end
EARLY_FEE = 0.01  # assumption: fee on an early buy-out, share of the balance
RENT_DAY = 25  # assumption: rents on the 25th of February, May, August, November
RIGHTS = (8, 7, 7, 6, 5, 5, 4, 4, 3, 2)  # assumption, sums to the recalled 51
GRADES = ("BB", "BB", "BB-", "BB-", "B+")  # assumption
INDUSTRIES = ("影视制作", "数字内容", "出版发行", "演艺", "文化科技")  # culture and technology; the split is assumed
ITEMS = ("影视作品著作权", "计算机软件著作权及专利", "注册商标专用权", "演出剧目著作权", "发明专利权")
REGION = "北京市"
COVER = (0.60, 0.90)  # assumption: balance over appraised value
KINDS = ("著作权", "软件著作权", "商标", "发明专利")  # recalled kinds, film works under copyright; the mix is assumed
LIFE = {"著作权": 50, "软件著作权": 50, "商标": 10, "发明专利": 20}  # years

LEASE_HEADER = (
    "资产编号", "承租人", "行业", "地区", "影子评级", "租赁物", "起租日", "到期日", "合同金额(万元)",
    "未偿本金余额(万元)", "内含利率", "还款方式", "还款频率", "租金支付时点", "剩余期数", "保证金(万元)",
    "留购价款(元)", "提前留购违约金比例", "封包日", "五级分类", "逾期天数",
)  # fmt: skip
RIGHT_HEADER = (
    "登记号", "知识产权类型", "权利人", "资产编号", "法律状态", "申请日", "届满日", "下次年费日", "评估值(万元)",
    "评估基准日", "质押登记号",
)  # fmt: skip


def draw(rng: random.Random, options: tuple[str, ...] | tuple[float, ...]) -> str | float:
    """One option, by ``random()`` alone: the only method whose sequence Python promises to keep."""
    return options[int(rng.random() * len(options))]


def draw_rates(rng: random.Random) -> list[float]:
    """Rates on the grid whose balance-weighted mean is exactly 6.8 percent."""
    while True:
        rates = [float(draw(rng, RATES)) for _ in BALANCES]
        if sum(balance * round(10 * rate - 68) for balance, rate in zip(BALANCES, rates, strict=True)) == 0:
            return rates


def months_after(day: date, months: int) -> date:
    count = day.year * 12 + day.month - 1 + months
    return date(count // 12, count % 12 + 1, day.day)


def before_rents(balance: float, rate: float, left: int, paid: int) -> float:
    """Principal before the rents already paid, level rents going on unchanged; the tape rounds it to 万元."""
    quarter = rate / 400
    rent = balance * quarter / (1 - (1 + quarter) ** -left)
    return rent * (1 - (1 + quarter) ** -(left + paid)) / quarter


def draw_leases(rng: random.Random) -> list[list[str]]:
    rows = []
    last_rent = date(2019, 2, RENT_DAY)
    for number, (balance, rate) in enumerate(zip(BALANCES, draw_rates(rng), strict=True), start=1):
        left, paid = LEFT[number - 1], PAID[number - 1]
        kind = (number - 1) % 5
        start, end = months_after(last_rent, -3 * paid), months_after(last_rent, 3 * left)
        original = before_rents(balance, rate, left, paid)
        rows.append([
            f"WK1-{number:02d}", f"示例文化公司{chr(ord('A') + number - 1)}", INDUSTRIES[kind], REGION,
            str(draw(rng, GRADES)), ITEMS[kind], start.isoformat(), end.isoformat(), f"{original:.0f}", str(balance),
            f"{rate:.1f}%", "等额租金", "季", "后付", str(left), f"{balance * DEPOSIT:g}", str(BUY_OUT),
            f"{EARLY_FEE:.0%}", CUTOFF.isoformat(), "正常", "0",
        ])  # fmt: skip
    return rows


def next_annuity(kind: str, filed: date) -> str:
    """First anniversary of the filing of a patent a quarter or more after the cut-off; other rights owe none."""
    if kind != "发明专利":
        return ""
    years = CUTOFF.year - filed.year
    while filed.replace(year=filed.year + years) < CUTOFF + timedelta(days=92):
        years += 1
    return filed.replace(year=filed.year + years).isoformat()


def draw_rights(rng: random.Random, leases: list[list[str]]) -> list[list[str]]:
    """Each lease's appraised value is its balance over a drawn share, divided evenly over its rights."""
    rows: list[list[str]] = []
    for lease, balance, count in zip(leases, BALANCES, RIGHTS, strict=True):
        cover = round(COVER[0] + (COVER[1] - COVER[0]) * rng.random(), 3)
        for _ in range(count):
            number, kind = len(rows) + 1, str(draw(rng, KINDS))
            filed = date(2013, 1, 1) + timedelta(days=int(rng.random() * 1600))
            filed = filed.replace(day=min(filed.day, 28))
            rows.append([
                f"示例{filed.year}{number:04d}", kind, lease[1], lease[0], "有效", filed.isoformat(),
                filed.replace(year=filed.year + LIFE[kind]).isoformat(), next_annuity(kind, filed),
                f"{balance / cover / count:.2f}", APPRAISED.isoformat(), f"示例质押{number:03d}",
            ])  # fmt: skip
    return rows


def write(path: Path, header: tuple[str, ...], rows: list[list[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def main(folder: Path = FOLDER) -> None:
    rng = random.Random(SEED)
    leases = draw_leases(rng)
    write(folder / "tape.csv", LEASE_HEADER, leases)
    write(folder / "rights.csv", RIGHT_HEADER, draw_rights(rng, leases))


if __name__ == "__main__":
    main()
