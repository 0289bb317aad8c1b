"""Write the synthetic tape, table of rights and senior plan of guangzhou-patent-licence next to this file.

The real tape is not public. Published: 3.01 亿, 11 companies, 103 inventions and 37 utility models, one contract of
2,300 万 over five years, the end of the deal within 35 months. Everything else is an ASSUMPTION, stated beside its
constant; names, numbers and dates are invented. The result depends only on SEED and the options: running the script
again writes the same bytes.

    python scenarios/deals/guangzhou-patent-licence/make_tape.py              the tape of the example: fees over 3 years
    python scenarios/deals/guangzhou-patent-licence/make_tape.py FOLDER 60        fees over 5 years
    python scenarios/deals/guangzhou-patent-licence/make_tape.py FOLDER 60 put    … with a put after 3 years
"""

from __future__ import annotations

import csv
import random
import sys
from datetime import date, timedelta
from pathlib import Path

SEED = 20190911  # the set-up date of the plan, for no better reason than that it is written down
FOLDER = Path(__file__).parent

CUTOFF = date(2019, 7, 31)  # assumption: the month end after the contracts began, six weeks before set-up (2019-09-11)
APPRAISED = date(2019, 6, 30)  # assumption: one month before the cut-off
MONTHS = 36  # assumption: fee plan of three years; the deal is known to have ended within 35 months
PUT_MONTHS = 36  # assumption of the variant: put 回售 three years after the contract began
LICENCE_MONTHS = 60  # published for the contract of 2,300 万, assumed for the others
RATE = 6.0  # percent; assumption
# 万元; assumption, sums to the published 3.01 亿 and holds the published 2,300
BALANCES = (4500, 4000, 3600, 3200, 3000, 2600, 2300, 2200, 1900, 1600, 1200)
INVENTIONS = (15, 13, 12, 11, 10, 10, 8, 8, 7, 5, 4)  # assumption, sums to the published 103
UTILITY_MODELS = (5, 5, 4, 4, 3, 3, 3, 3, 3, 2, 2)  # assumption, sums to the published 37
FIRST_FEE = 0.01  # share of the claim paid as first fee when the contract began; assumption
LICENSOR = "凯得租赁"  # published
REGION = "广州开发区"  # published
GRADES = ("BB+", "BB", "BB-", "B+")  # assumption
INDUSTRIES = ("生物医药", "新一代信息技术", "高端装备制造", "新材料")  # assumption
LTV = (0.30, 0.49)  # claim over appraised value; assumption
LIFE = {"发明专利": 20, "实用新型": 10}  # years from filing

# The senior class as deal.toml has it: amounts in 元. Its plan follows the principal of the pool, date by date.
FACE = 285_000_000
FIRST_PAYMENT = date(2019, 11, 11)

TAPE_HEADER = (
    "资产编号", "许可人", "被许可人", "行业", "地区", "影子评级", "许可方式", "许可期", "备案号", "许可费口径",
    "首付许可费(万元)", "首付许可费支付日", "权利丧失后许可费", "合同起始日", "到期日", "合同金额(万元)",
    "未偿本金余额(万元)", "年利率", "还款方式", "还款频率", "首次还款日", "提前终止日", "提前终止结算", "封包日",
    "五级分类", "逾期天数",
)  # fmt: skip
RIGHT_HEADER = (
    "专利号", "知识产权类型", "权利人", "资产编号", "法律状态", "申请日", "授权日", "届满日", "下次年费日",
    "评估值(万元)", "评估基准日", "质押率", "质押登记号",
)  # fmt: skip


def months_after(day: date, months: int) -> date:
    """The same day of the month some months later; no day here is beyond the 28th."""
    month = day.month - 1 + months
    return day.replace(year=day.year + month // 12, month=month % 12 + 1)


def name(number: int) -> str:
    """An invented company."""
    return f"示例专利企业{chr(ord('A') + number)}"


def contracts(rng: random.Random, months: int, put: bool) -> list[list[str]]:
    """Level fees each quarter from three months after the contract began, in the second half of July 2019."""
    rows = []
    for number, balance in enumerate(BALANCES):
        start = date(2019, 7, 15) + timedelta(days=int(rng.random() * 12))
        grade = GRADES[int(rng.random() * len(GRADES))]
        early = (months_after(start, PUT_MONTHS).isoformat(), "回售") if put else ("", "")
        rows.append([
            f"GZ-{number + 1:02d}", LICENSOR, name(number), INDUSTRIES[number % 4], REGION, grade, "独占",
            str(LICENCE_MONTHS), f"示例备案{number + 1:03d}", "不含税", f"{balance * FIRST_FEE:.2f}", start.isoformat(),
            "照付", start.isoformat(), months_after(start, months).isoformat(), str(balance), str(balance),
            f"{RATE:.1f}%", "等额本息", "按季", months_after(start, 3).isoformat(), *early, CUTOFF.isoformat(), "正常",
            "0",
        ])  # fmt: skip
    return rows


def rights(rng: random.Random) -> list[list[str]]:
    """Each contract's appraised value is its claim over a drawn loan-to-value, divided evenly over its rights."""
    rows: list[list[str]] = []
    for number, balance in enumerate(BALANCES):
        kinds = ["发明专利"] * INVENTIONS[number] + ["实用新型"] * UTILITY_MODELS[number]
        ltv = round(LTV[0] + (LTV[1] - LTV[0]) * rng.random(), 3)
        for kind in kinds:
            filed = date(2014, 9, 1) + timedelta(days=int(rng.random() * 1200))
            filed = filed.replace(day=min(filed.day, 28))
            granted = filed + timedelta(days=300 + int(rng.random() * 400))
            annuity = next_annuity(filed)
            rows.append([
                f"示例{filed.year}{len(rows) + 1:04d}", kind, name(number), f"GZ-{number + 1:02d}", "有效",
                filed.isoformat(), granted.isoformat(), filed.replace(year=filed.year + LIFE[kind]).isoformat(),
                annuity.isoformat(), f"{balance / ltv / len(kinds):.2f}", APPRAISED.isoformat(), f"{ltv:.1%}",
                f"示例质押{len(rows) + 1:03d}",
            ])  # fmt: skip
    return rows


def next_annuity(filed: date) -> date:
    """First anniversary of the filing a quarter or more after the cut-off: no annuity is open at the cut-off."""
    this_year = filed.replace(year=CUTOFF.year)
    return this_year if this_year >= CUTOFF + timedelta(days=92) else filed.replace(year=CUTOFF.year + 1)


def senior_plan() -> list[list[str]]:
    """The senior share of the pool's principal on each payment date, the last one what is left, in 元 and 分."""
    growth, left = 1 + RATE / 400, FACE * 100
    terms = MONTHS // 3
    first = FACE * 100 * (growth - 1) / (growth**terms - 1)
    rows = []
    for term in range(terms):
        amount = left if term == terms - 1 else round(first * growth**term)
        left -= amount
        rows.append([months_after(FIRST_PAYMENT, 3 * term).isoformat(), f"{amount // 100}.{amount % 100:02d}"])
    return rows


def write(path: Path, header: tuple[str, ...], rows: list[list[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def main(folder: Path = FOLDER, months: int = MONTHS, *, put: bool = False) -> None:
    rng = random.Random(SEED)
    write(folder / "tape.csv", TAPE_HEADER, contracts(rng, months, put))
    write(folder / "rights.csv", RIGHT_HEADER, rights(rng))
    write(folder / "senior_plan.csv", ("date", "amount"), senior_plan())


if __name__ == "__main__":
    given = sys.argv[1:]
    main(Path(given[0]) if given else FOLDER, int(given[1]) if len(given) > 1 else MONTHS, put="put" in given)
