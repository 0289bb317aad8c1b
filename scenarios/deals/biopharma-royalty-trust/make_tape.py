"""Write the royalty stream of biopharma-royalty-trust, its sales by quarter and the level plans of both classes.

Public: sales of the drug of 1998 (551), 1999 (605), 1Q 2000 (151) and 2Q 2000 (165), in millions of dollars; the three
sizes; which quarters broke which covenant. Every later quarter below is an ASSUMPTION, calibrated to that course of
events; the licensee's reported figures are in its public filings and were not used. Nothing is drawn at random, so
there is no seed: running the script again writes the same bytes.

    python scenarios/deals/biopharma-royalty-trust/make_tape.py
"""

from __future__ import annotations

import csv
from pathlib import Path

FOLDER = Path(__file__).parent

# 40 / 605: royalties of 1999 over sales of 1999; arithmetic on published figures
ROYALTY_RATE = "6.6116%"
SHARE = "70%"  # published: 30 % goes to the inventors first
DISCOUNT = "10%"  # assumption: the rate at which the stream is valued; published nowhere
LAG = 2  # months from the quarter's end to the licensee's payment; assumption
SALES = {  # millions of dollars by quarter
    2000: (151, 165, 152, 150),  # first two published, then assumed
    2001: (133, 135, 127, 120),  # assumption: wholesalers sell off their stock late in the year
    2002: (95, 105, 108, 110),  # assumption: three quarters that break the senior covenant
    2003: (104, 102, 100, 98),  # assumption, as all that follow: decline until the senior class is out
    2004: (94, 90, 86, 82),
    2005: (66, 62, 58, 54),
    2006: (50,),
}
ENDS = ("03-31", "06-30", "09-30", "12-31")
PAYMENTS = 23  # quarters from December 2000 to June 2006
COUPON = 0.08  # assumption: the coupon that gives the debt service of domain guide §10
FACES = {"senior_plan.csv": 57_150_000, "mezzanine_plan.csv": 22_000_000}  # published


def tape() -> list[list[str]]:
    row = {
        "资产编号": "ZERIT", "被许可人": "Bristol-Myers Squibb", "产品": "Zerit", "地域": "worldwide",
        "收入来源": "net sales", "币种": "USD", "预测起始日": "2000-01-01", "到期日": "2006-03-31", "还款频率": "季",
        "许可费率": ROYALTY_RATE, "归属比例": SHARE, "结算滞后": str(LAG), "年利率": DISCOUNT,
    }  # fmt: skip
    return [list(row), list(row.values())]


def forecast() -> list[list[str]]:
    rows = [["资产编号", "计费期末日", "年销售额(百万元)"]]
    for year, quarters in SALES.items():
        rows += [["ZERIT", f"{year}-{end}", str(sales)] for end, sales in zip(ENDS, quarters, strict=False)]
    return rows


def rights() -> list[list[str]]:
    """Assumption: neither the licensor nor the term of the licensed patent is in our sources; it outlasts the notes."""
    row = {
        "专利号": "示例US-STAVUDINE", "知识产权类型": "发明专利", "知识产权名称": "stavudine, method of use",
        "权利人": "licensor", "资产编号": "ZERIT", "法律状态": "有效", "届满日": "2008-06-24",
    }  # fmt: skip
    return [list(row), list(row.values())]


def level_plan(face: int) -> list[list[str]]:
    """Principal of level payments of principal and interest, in whole cents; the last takes what is left."""
    per = COUPON / 4
    payment = face * per / (1 - (1 + per) ** -PAYMENTS)
    left, rows = float(face), [["date", "amount"]]
    for number in range(PAYMENTS):
        month = 12 + 3 * number
        amount = round(payment - left * per, 2) if number < PAYMENTS - 1 else round(left, 2)
        rows.append([f"{2000 + (month - 1) // 12}-{(month - 1) % 12 + 1:02d}-15", f"{amount:.2f}"])
        left = round(left - amount, 2)
    return rows


def write(path: Path, rows: list[list[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)


def main(folder: Path = FOLDER) -> None:
    write(folder / "tape.csv", tape())
    write(folder / "forecast.csv", forecast())
    write(folder / "rights.csv", rights())
    for name, face in FACES.items():
        write(folder / name, level_plan(face))


if __name__ == "__main__":
    main()
