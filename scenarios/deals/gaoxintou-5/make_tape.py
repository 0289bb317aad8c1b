"""Write the synthetic loan tape and IP-right table of gaoxintou-5 next to this file.

The real tape is not public. Published: 12 borrowers, 26 rights of three kinds, 2.06 亿 in all, four industries.
Everything else is an ASSUMPTION, stated beside its constant; no name, number or date belongs to a real company.
The result depends only on SEED: running the script again writes the same bytes.

    python scenarios/deals/gaoxintou-5/make_tape.py
"""

from __future__ import annotations

import csv
import random
from datetime import date, timedelta
from pathlib import Path

SEED = 20220414  # the set-up date of the plan, for no better reason than that it is written down
FOLDER = Path(__file__).parent

CUTOFF = date(2022, 3, 31)  # assumption: the quarter end before set-up (2022-04-14)
APPRAISED = date(2022, 2, 28)  # assumption: one month before the cut-off
# 万元; assumption, sums to the published 2.06 亿
BALANCES = (3000, 2800, 2400, 2200, 2000, 1800, 1600, 1400, 1200, 1000, 700, 500)
RIGHTS = (4, 3, 3, 2, 2, 2, 2, 2, 2, 2, 1, 1)  # assumption, sums to the published 26
RATES = (4.6, 4.7, 4.8, 4.9, 5.0, 5.1, 5.2, 5.3, 5.4)  # percent; assumption, weighted mean 5.0
GRADES = ("BB", "BB", "BB-", "BB-", "B+")  # assumption: BB to B+
INDUSTRIES = ("新一代信息技术", "生物医药", "高端装备制造", "新材料")  # four are published, their names are assumed
REGION = "深圳市南山区"
GUARANTOR = "高新投融资担保"  # published: guarantor of the loans and payer of the shortfall
GUARANTOR_GRADE = "AAA"
LTV = (0.30, 0.50)  # assumption: loan balance over appraised value
KINDS = ("发明专利", "实用新型", "外观设计")  # published kinds; the mix is assumed
LIFE = {"发明专利": 20, "实用新型": 10, "外观设计": 10}  # years from filing; designs here are filed before 2021-06-01

LOAN_HEADER = (
    "资产编号", "借款人", "行业", "地区", "影子评级", "保证人", "保证人评级", "放款日", "到期日", "合同金额(万元)",
    "未偿本金余额(万元)", "年利率", "利率类型", "还款方式", "还款频率", "还款日", "首次还款日", "计息基准",
    "封包日", "五级分类", "逾期天数",
)  # fmt: skip
RIGHT_HEADER = (
    "专利号", "知识产权类型", "权利人", "资产编号", "法律状态", "申请日", "授权日", "届满日", "下次年费日",
    "评估值(万元)", "评估基准日", "质押率", "质押登记号",
)  # fmt: skip


def draw(rng: random.Random, options: tuple[str, ...] | tuple[float, ...]) -> str | float:
    """One option, by ``random()`` alone: the only method whose sequence Python promises to keep."""
    return options[int(rng.random() * len(options))]


def draw_rates(rng: random.Random) -> list[float]:
    """Rates on the grid whose balance-weighted mean is exactly 5.0 percent."""
    while True:
        rates = [float(draw(rng, RATES)) for _ in BALANCES]
        tenths = sum(balance * round(10 * rate - 50) for balance, rate in zip(BALANCES, rates, strict=True))
        if tenths == 0:
            return rates


def years_after(day: date, years: int) -> date:
    """The same day some years later; 29 February becomes 28 February."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)


def next_annuity(filed: date) -> date:
    """First anniversary of the filing a quarter or more after the cut-off: no annuity is open at the cut-off."""
    years = CUTOFF.year - filed.year
    while years_after(filed, years) < CUTOFF + timedelta(days=92):
        years += 1
    return years_after(filed, years)


def draw_loans(rng: random.Random) -> list[list[str]]:
    """Interest on the 21st of each quarter's last month, principal at least ten days before the notes (2023-04-14)."""
    rows = []
    for number, (balance, rate) in enumerate(zip(BALANCES, draw_rates(rng), strict=True), start=1):
        start = date(2022, 3, 22) + timedelta(days=int(rng.random() * 9))
        rows.append([
            f"GX5-{number:02d}", f"示例科技公司{chr(ord('A') + number - 1)}", INDUSTRIES[(number - 1) % 4],
            REGION, str(draw(rng, GRADES)), GUARANTOR, GUARANTOR_GRADE, start.isoformat(),
            years_after(start, 1).isoformat(), str(balance), str(balance), f"{rate:.1f}%", "固定",
            "按季付息到期还本", "季", "21", "2022-06-21", "ACT/365F", CUTOFF.isoformat(), "正常", "0",
        ])  # fmt: skip
    return rows


def draw_rights(rng: random.Random, loans: list[list[str]]) -> list[list[str]]:
    """Each loan's appraised value is its balance over a drawn loan-to-value, divided evenly over its rights."""
    rows: list[list[str]] = []
    for loan, balance, count in zip(loans, BALANCES, RIGHTS, strict=True):
        ltv = round(LTV[0] + (LTV[1] - LTV[0]) * rng.random(), 3)
        for position in range(count):
            number = len(rows) + 1
            kind = KINDS[0] if position == 0 else str(draw(rng, KINDS))
            filed = date(2015, 6, 1) + timedelta(days=int(rng.random() * 1800))
            granted = filed + timedelta(days=300 + int(rng.random() * 500))
            rows.append([
                f"示例{filed.year}{number:04d}", kind, loan[1], loan[0], "有效", filed.isoformat(), granted.isoformat(),
                years_after(filed, LIFE[kind]).isoformat(), next_annuity(filed).isoformat(),
                f"{balance / ltv / count:.2f}", APPRAISED.isoformat(), f"{ltv:.1%}", f"示例质押{number:03d}",
            ])  # fmt: skip
    return rows


def write(path: Path, header: tuple[str, ...], rows: list[list[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def main(folder: Path = FOLDER) -> None:
    rng = random.Random(SEED)
    loans = draw_loans(rng)
    write(folder / "tape.csv", LOAN_HEADER, loans)
    write(folder / "rights.csv", RIGHT_HEADER, draw_rights(rng, loans))


if __name__ == "__main__":
    main()
