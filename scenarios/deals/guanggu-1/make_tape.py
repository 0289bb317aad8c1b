"""Write the synthetic loan tape and IP-right table of guanggu-1 next to this file.

The real tape is not public. Published: nine firms, entrusted loans, 0.68 亿 in all, two years. Everything else is an
ASSUMPTION, stated beside its constant; no name, number or date belongs to a real company. The result depends only on
SEED: running the script again writes the same bytes.

    python scenarios/deals/guanggu-1/make_tape.py
"""

from __future__ import annotations

import csv
import random
from datetime import date, timedelta
from pathlib import Path

SEED = 20240918  # the set-up date of the plan, for no better reason than that it is written down
FOLDER = Path(__file__).parent

CUTOFF = date(2024, 8, 31)  # assumption: the month end before set-up (2024-09-18)
LENT = date(2024, 8, 21)  # assumption: all loans drawn on one day; two years, so that they end before the notes
ENDS = date(2026, 8, 21)
FIRST_INTEREST = date(2024, 11, 21)
APPRAISED = date(2024, 7, 31)  # assumption
BALANCES = (1100, 1000, 900, 800, 750, 700, 600, 500, 450)  # 万元; assumption, sums to the published 0.68 亿
RATE = 4.2  # percent; assumption
REPAID = 0.05  # of the loan every half-year, the rest at the end; assumption
BANK_FEE = "0.05%"  # a year of the balance, taken by the entrusted bank; assumption
TRANSFER_DAYS = 3  # natural days from the due date until the bank has passed the cash on; assumption
GRADES = ("BB", "BB-", "B+")  # assumption
INDUSTRIES = ("光电子信息", "生命健康", "智能制造", "软件")  # assumption
REGION = "武汉市东湖高新区"  # the district of the sponsor; assumption for the borrowers
GUARANTOR = "示例融资担保公司"  # invented: guarantor of the loans and payer of the shortfall
ENTRUSTER = "示例委托人"  # invented
BANK = "示例银行"  # invented
LTV = (0.30, 0.50)  # assumption: loan balance over appraised value

LOAN_HEADER = (
    "资产编号", "借款人", "行业", "地区", "影子评级", "保证人", "放款日", "到期日", "合同金额(万元)",
    "未偿本金余额(万元)", "年利率", "利率类型", "还款方式", "还款频率", "还本频率", "每期还款额(万元)", "还款日",
    "首次还款日", "计息基准", "封包日", "五级分类", "逾期天数", "是否展期", "是否穿透", "委托人", "贷款行",
    "委托贷款手续费率", "划转天数", "信托分配顺延规则", "信托分配日历",
)  # fmt: skip
RIGHT_HEADER = (
    "专利号", "知识产权类型", "权利人", "资产编号", "法律状态", "申请日", "授权日", "届满日", "下次年费日",
    "评估值(万元)", "评估基准日", "质押率", "质押登记号",
)  # fmt: skip


def draw(rng: random.Random, options: tuple[str, ...]) -> str:
    """One option, by ``random()`` alone: the only method whose sequence Python promises to keep."""
    return options[int(rng.random() * len(options))]


def next_annuity(filed: date) -> date:
    """First anniversary of the filing a quarter or more after the cut-off: no annuity is open at the cut-off."""
    years = CUTOFF.year - filed.year
    while filed.replace(year=filed.year + years) < CUTOFF + timedelta(days=92):
        years += 1
    return filed.replace(year=filed.year + years)


def loans(rng: random.Random) -> list[list[str]]:
    """Interest on the 21st of each third month, 5 % of the loan every half-year, the rest on the last day."""
    return [
        [
            f"GG1-{number:02d}", f"示例光谷企业{chr(ord('A') + number - 1)}", INDUSTRIES[(number - 1) % 4], REGION,
            draw(rng, GRADES), GUARANTOR, LENT.isoformat(), ENDS.isoformat(), str(balance), str(balance), f"{RATE}%",
            "固定", "等额本金", "季", "半年", f"{balance * REPAID:g}", "21", FIRST_INTEREST.isoformat(), "ACT/365F",
            CUTOFF.isoformat(), "正常", "0", "否", "是", ENTRUSTER, BANK, BANK_FEE, str(TRANSFER_DAYS), "顺延",
            "银行间",
        ]
        for number, balance in enumerate(BALANCES, start=1)
    ]  # fmt: skip


def rights(rng: random.Random) -> list[list[str]]:
    """Two inventions per loan (assumption), of equal value; filed on the first of a month."""
    rows: list[list[str]] = []
    for loan, balance in enumerate(BALANCES, start=1):
        ltv = round(LTV[0] + (LTV[1] - LTV[0]) * rng.random(), 3)
        for _ in range(2):
            number = len(rows) + 1
            filed = date(2016 + int(rng.random() * 5), 1 + int(rng.random() * 12), 1)
            granted = filed + timedelta(days=400 + int(rng.random() * 500))
            rows.append([
                f"示例{filed.year}{number:04d}", "发明专利", f"示例光谷企业{chr(ord('A') + loan - 1)}",
                f"GG1-{loan:02d}",
                "有效", filed.isoformat(), granted.isoformat(), filed.replace(year=filed.year + 20).isoformat(),
                next_annuity(filed).isoformat(), f"{balance / ltv / 2:.2f}", APPRAISED.isoformat(), f"{ltv:.1%}",
                f"示例质押{number:03d}",
            ])  # fmt: skip
    return rows


def write(path: Path, header: tuple[str, ...], rows: list[list[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def main(folder: Path = FOLDER) -> None:
    rng = random.Random(SEED)
    write(folder / "tape.csv", LOAN_HEADER, loans(rng))
    write(folder / "rights.csv", RIGHT_HEADER, rights(rng))


if __name__ == "__main__":
    main()
