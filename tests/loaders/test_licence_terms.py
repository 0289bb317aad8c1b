"""Terms of licences as rows of a tape state them, in Chinese headers and words too."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from absengine.errors import Problems
from absengine.loaders import licensing, terms
from absengine.loaders.licence_terms import VAT_RATE, net_of_vat, read_terms
from absengine.loaders.tape import Tape, read_tape

HEADERS = (
    "资产编号,许可人,被许可人,许可方式,许可期（个月）,许可起始日,备案号,许可费口径,首付许可费（万元）,首付许可费支付日,"
    "权利丧失后许可费,提前终止日,提前终止结算,还款方式,未偿本金余额（万元）"
)
FIRST = "L1,甲租赁,乙科技,独占许可,60,2019-07-31,粤备001,含税,106,2019-08-15,按比例减少,2022-07-31,回售,等额本息,2300"
SECOND = "L2,甲租赁,丙医药,排他,,,未备案,不含税,,,照付,,,等额本金,1900"


@pytest.fixture
def tape(tmp_path: Path) -> Tape:
    path = tmp_path / "t.csv"
    path.write_text("\n".join([HEADERS, FIRST, SECOND]) + "\n", "utf-8")
    return read_tape(path, kind="licensing", fields=licensing.FIELDS)


def test_read_terms__words_and_days_of_each_licence(tape: Tape) -> None:
    problems = Problems()
    found = read_terms(tape, terms.Rows(tape, problems), np.array(["2019-07-31"] * 2, dtype="M8[D]"))
    assert len(problems) == 0
    assert found.end.astype(str).tolist() == ["2024-07-31", "NaT"]
    assert found.first_fee_due.astype(str).tolist() == ["2019-08-15", "NaT"]
    assert found.early_end.astype(str).tolist() == ["2022-07-31", "NaT"]
    assert found.settles.tolist() == [True, False]
    assert found.falls.tolist() == [True, False]
    assert tape.column("licence_kind").tolist() == ["exclusive", "sole"]
    assert tape.column("filing_no").tolist() == ["粤备001", ""]


def test_net_of_vat__divides_every_amount_of_gross_rows_only(tape: Tape) -> None:
    net = net_of_vat(tape)
    assert net.column("first_fee")[0] == 1_000_000.0
    assert net.column("balance").tolist() == [23_000_000 / (1 + VAT_RATE), 19_000_000.0]
    assert tape.column("balance")[0] == 23_000_000.0
