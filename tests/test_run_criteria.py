"""What fails criteria of a deal, bought back by a pack: from the tape to the cash, worked by hand."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import absengine
from absengine.deal.eligibility import judge
from absengine.run import StressRun, stress

STARTER = Path(absengine.__file__).parent / "cli" / "starter"
CRITERIA = """
[index.LPR1Y]
path = [[2025-12-20, "3.00%"]]
[criterion.rate]
field = "rate"
at_most = "5.2%"
[criterion.grade]
field = "grade"
none_of = ["B+"]
[criterion.first_class]
field = "grade"
none_of = ["C"]
"""


def run(folder: Path, *events: str) -> StressRun:
    """The starter deal with L01 floating at LPR + 2 %; rates are 1 % higher in every scenario."""
    deal = folder / "deal"
    shutil.copytree(STARTER, deal)
    head, *rows = (deal / "tape.csv").read_text(encoding="utf-8").splitlines()
    more = [row.replace(",5.2%,", ",,") + (",浮动,LPR1Y,2%,按季" if row.startswith("L01") else ",,,,") for row in rows]
    (deal / "tape.csv").write_text(
        "\n".join([f"{head},利率类型,基准利率,利差,重定价周期", *more]) + "\n", encoding="utf-8"
    )
    text = (deal / "deal.toml").read_text(encoding="utf-8")
    (deal / "deal.toml").write_text(text + CRITERIA, encoding="utf-8")
    pack = ['schema = "absengine.pack/1"', 'title = "t"', 'source = "illustrative"']
    for number, event in enumerate(events):
        pack += [f"[scenario.s{number}]", 'rate_shift = { LPR1Y = "1%" }']
        pack += [f'event = [{{ what = "repurchase", {event}, on = 2026-06-30 }}]']
    (folder / "pack.toml").write_text("\n".join(pack) + "\n", encoding="utf-8")
    return stress(deal, [folder / "pack.toml"])


def test_run_cases__what_fails_is_bought_back_at_balance_and_interest(tmp_path: Path) -> None:
    """L03 and L05 are B+ and above 5.2 %. On 30 June they owe 875 万 since the 5th at 5.4 %, 350 万 since the 25th at
    5.5 %: 12,250,000 + 32,363.01 + 2,636.99 = 12,285,000. L01 pays 5 % as sold and 6 % in the scenarios: it stays.
    """
    found = run(tmp_path, 'who = ["L03", "L05"]', 'failing = "rate"', 'failing = "grade"', 'failing = "all"',
                'failing = "first_class"')  # fmt: skip
    paid = found.paths.channel("recovery.repurchase").sum(axis=0) / 100
    assert paid == pytest.approx([12_285_000.0] * 4 + [0.0])
    assert not found.twin.channel("recovery.repurchase").any()
    values = found.paths.values
    assert all((values[..., lane] == values[..., 0]).all() for lane in (1, 2, 3))
    verdicts = {one.name: one.failing for one in judge(found.deal, found.pool.contracts, {})}
    assert verdicts == {"rate": ("L03", "L05"), "grade": ("L03", "L05"), "first_class": ()}
