"""Write the synthetic tape and table of rights of zhongguancun-2022-1 next to this file.

The real tape is not public. Published: 1.07 亿, licence fees of a lessor (中关村科技租赁), classes, coupons, expected
maturities. Everything else is an ASSUMPTION, stated beside its constant; names, numbers and dates are invented. The
result depends only on SEED and the options: running the script again writes the same bytes.

    python scenarios/deals/zhongguancun-2022-1/make_tape.py                 the tape of the example: 6 to 20 months left
    python scenarios/deals/zhongguancun-2022-1/make_tape.py FOLDER 9 24         the tape that comes too late
"""

from __future__ import annotations

import csv
import random
import sys
from datetime import date, timedelta
from pathlib import Path

SEED = 20220810  # the set-up date of the plan, for no better reason than that it is written down
FOLDER = Path(__file__).parent

CUTOFF = date(2022, 7, 31)  # assumption: the last month end before set-up (2022-08-10)
APPRAISED = date(2022, 6, 30)  # assumption: one month before the cut-off
TERM = 24  # months of each contract from its start; assumption
RATE = 6.2  # percent; assumption
# 万元; assumption, sums to the published 1.07 亿
BALANCES = (1800, 1500, 1300, 1150, 1000, 900, 800, 700, 550, 400, 350, 250)
SHORTEST, LONGEST = 6, 20  # months left; assumption
# Months left of each contract on the scale of 6 to 20. Assumption: spread evenly, and dealt out so that 77 % of the
# pool is repaid after 10 months (the last collection before 2023-06-20) and 97 % after 16 (before 2023-12-20). On the
# scale of 9 to 24 it is 63 and 90 %.
LEFT = (10, 15, 11, 14, 9, 6, 19, 8, 17, 12, 16, 20)
LICENSOR = "中关村科技租赁"  # published
REGION = "北京市中关村"  # published
GRADES = ("BB+", "BB", "BB-", "B+")  # assumption
INDUSTRIES = ("新一代信息技术", "医药健康", "智能装备", "节能环保")  # assumption
RIGHTS = (4, 3, 3, 3, 2, 2, 2, 2, 2, 2, 1, 1)  # assumption; the number of patents is not published
LTV = (0.30, 0.49)  # claim over appraised value; assumption

TAPE_HEADER = (
    "资产编号", "许可人", "被许可人", "行业", "地区", "影子评级", "许可方式", "许可期", "备案号", "许可费口径",
    "权利丧失后许可费", "合同起始日", "到期日", "合同金额(万元)", "未偿本金余额(万元)", "年利率", "还款方式",
    "还款频率", "封包日", "五级分类", "逾期天数",
)  # fmt: skip
RIGHT_HEADER = (
    "专利号", "知识产权类型", "权利人", "资产编号", "法律状态", "申请日", "授权日", "届满日", "下次年费日",
    "评估值(万元)", "评估基准日", "质押率", "质押登记号",
)  # fmt: skip


def months_after(day: date, months: int) -> date:
    """The same day of the month some months later; no day here is beyond the 28th."""
    month = day.month - 1 + months
    return day.replace(year=day.year + month // 12, month=month % 12 + 1)


def months_left(shortest: int, longest: int) -> list[int]:
    """Months left of each contract, from the scale of 6 to 20 to another one."""
    return [shortest + round((left - SHORTEST) * (longest - shortest) / (LONGEST - SHORTEST)) for left in LEFT]


def name(number: int) -> str:
    """An invented company."""
    return f"示例专精特新企业{chr(ord('A') + number)}"


def annuity(terms: int) -> float:
    """Value of one a quarter, so many times."""
    return (1 - (1 + RATE / 400) ** -terms) / (RATE / 400)


def contracts(rng: random.Random, lefts: list[int]) -> list[list[str]]:
    """Level fees each quarter up to the last one, so many months after the month of the cut-off."""
    rows = []
    for number, (balance, left) in enumerate(zip(BALANCES, lefts, strict=True)):
        last = months_after(CUTOFF.replace(day=5 + int(rng.random() * 21)), left)
        grade = GRADES[int(rng.random() * len(GRADES))]
        financed = balance * annuity(TERM // 3) / annuity(-(-left // 3))
        rows.append([
            f"ZGC-{number + 1:02d}", LICENSOR, name(number), INDUSTRIES[number % 4], REGION, grade, "独占", str(TERM),
            f"示例备案{number + 1:03d}", "不含税", "照付", months_after(last, -TERM).isoformat(), last.isoformat(),
            f"{financed:.2f}", str(balance), f"{RATE:.1f}%", "等额本息", "按季", CUTOFF.isoformat(), "正常", "0",
        ])  # fmt: skip
    return rows


def rights(rng: random.Random) -> list[list[str]]:
    """Each contract's appraised value is its claim over a drawn loan-to-value, divided evenly over its patents."""
    rows: list[list[str]] = []
    for number, (balance, count) in enumerate(zip(BALANCES, RIGHTS, strict=True)):
        ltv = round(LTV[0] + (LTV[1] - LTV[0]) * rng.random(), 3)
        for _ in range(count):
            filed = date(2015, 9, 1) + timedelta(days=int(rng.random() * 1400))
            filed = filed.replace(day=min(filed.day, 28))
            annuity_due = filed.replace(year=CUTOFF.year)
            if annuity_due < CUTOFF + timedelta(days=92):
                annuity_due = filed.replace(year=CUTOFF.year + 1)
            rows.append([
                f"示例{filed.year}{len(rows) + 1:04d}", "发明专利", name(number), f"ZGC-{number + 1:02d}", "有效",
                filed.isoformat(), (filed + timedelta(days=300 + int(rng.random() * 400))).isoformat(),
                filed.replace(year=filed.year + 20).isoformat(), annuity_due.isoformat(),
                f"{balance / ltv / count:.2f}", APPRAISED.isoformat(), f"{ltv:.1%}", f"示例质押{len(rows) + 1:03d}",
            ])  # fmt: skip
    return rows


def write(path: Path, header: tuple[str, ...], rows: list[list[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def main(folder: Path = FOLDER, shortest: int = SHORTEST, longest: int = LONGEST) -> None:
    rng = random.Random(SEED)
    write(folder / "tape.csv", TAPE_HEADER, contracts(rng, months_left(shortest, longest)))
    write(folder / "rights.csv", RIGHT_HEADER, rights(rng))


if __name__ == "__main__":
    given = sys.argv[1:]
    main(Path(given[0]) if given else FOLDER, *(int(word) for word in given[1:3]))
