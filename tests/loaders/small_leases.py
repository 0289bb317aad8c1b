"""Small lease tapes for the tests of this folder."""

import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from absengine.calendars.fixings import IndexPath
from absengine.errors import TapeError
from absengine.loaders import PoolSource, load_pool
from absengine.schema import CashflowTable

CUTOFF = np.datetime64("2026-03-31")
RATES = {"LPR1Y": IndexPath("LPR1Y", np.array(["2024-01-01", "2026-09-01"], "M8[D]"), np.array([0.03, 0.035]))}
# Half-yearly rents of 108.16 at 8 %: 108.16 / 1.04 = 104, 104 / 1.04 = 100: the first repays 100, the second 104
ROW = {
    "asset_id": "a1", "承租人": "示例影视公司", "租赁物": "影视著作权", "起租日": "2026-03-31", "到期日": "2027-03-31",
    "未偿本金余额": "204", "内含利率": "8%", "还款方式": "等额租金", "还款频率": "半年", "租金支付时点": "后付",
}  # fmt: skip
Row = Mapping[str, str]


def load(*rows: Row, plan: str = "", cutoff: np.datetime64 = CUTOFF) -> CashflowTable:
    """Rows (each a change of ROW) as a tape, and a plan if given."""
    full = [ROW | {"asset_id": f"a{number}"} | dict(row) for number, row in enumerate(rows, 1)]
    names = list(dict.fromkeys(name for row in full for name in row))
    lines = [",".join(names), *(",".join(row.get(name, "") for name in names) for row in full)]
    with tempfile.TemporaryDirectory() as folder:
        tape, plan_file = Path(folder) / "tape.csv", Path(folder) / "plan.csv" if plan else None
        tape.write_text("\n".join(lines) + "\n", "utf-8")
        if plan_file:
            plan_file.write_text(plan, "utf-8")
        return load_pool([PoolSource(tape, "lease_back", plan=plan_file)], cutoff, RATES)


def rents(pool: CashflowTable, contract: int = 0, *more: str) -> list[tuple[object, ...]]:
    """(due date, principal, interest, then the columns asked for) of one contract."""
    flows = pool.flows.take(pool.flows["contract"] == contract)
    amounts = [flows[name].round(6).tolist() for name in ("principal_due", "interest_due", *more)]
    return list(zip(flows["due_date"].astype(str).tolist(), *amounts, strict=True))


def codes(refusal: pytest.ExceptionInfo[TapeError]) -> list[str]:
    return [problem.code for problem in refusal.value.problems]
