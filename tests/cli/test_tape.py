"""``absengine tape``: what was understood on stdout, what was refused on stderr, one document for ``--json``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from absengine.cli import main

TAPE = (
    "某某资产清单,,,,,,,\n资产编号,借款人,余额（万元）,年利率,还款方式,专利号,下次年费日,封包日\n"
    "001,[red]=1+1甲,3000,4.35%,利随本清,P1,2026-01-31,2026-03-31\n002,乙,1800,5%,等额本金,P1,,2026-03-31\n合计,,4800,,,,,\n"
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "t.csv"
    path.write_text(TAPE, encoding="utf-8")
    return path


def test_tape__shows_reading_pool_and_rights(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tape", str(file)]) == 0
    shown = capsys.readouterr().out
    for text in ("balance", "万元", "multiplied by 10,000 ×2", "合计", "48,000,000.00", "top 1", "pledged-twice"):
        assert text in shown
    assert "[red]=1+1甲" in shown and "– no maturity date" in shown


def test_tape__json_is_one_document(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tape", str(file), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["schema"] == "absengine.tape/1"
    assert (document["encoding"], document["header_line"], document["rows"]) == ("utf-8", 2, 2)
    assert document["pool"]["balance"] == 48_000_000.0
    assert document["pool"]["concentration"]["top"] == {"1": 0.625}
    assert document["pool"]["remaining_months"] is None and document["pool"]["remaining_months_reason"]
    assert [row["why"] for row in document["dropped"]] == ["total"]
    assert document["as_of"] == "2026-03-31"
    assert {item["check"] for item in document["rights"]["findings"]} == {"annuity-unpaid", "pledged-twice"}
    assert document["refused"] == []


def test_tape__a_refused_tape(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text(TAPE.replace("3000", "-3000"), encoding="utf-8")
    assert main(["tape", str(file), "--json"]) == 3
    out, err = capsys.readouterr()
    (problem,) = json.loads(out)["refused"]
    assert (problem["code"], problem["line"], problem["column"]) == ("negative-balance", 3, "余额（万元）")
    assert "t.csv:3:余额（万元）: found '-3000'" in err
    assert "Traceback" not in err


def test_tape__collections_have_no_contracts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "c.csv"
    path.write_text("归集日期,期初剩余本金,回收本金,回收利息,期末剩余本金\n2026-04-30,100,100,1,0\n", encoding="utf-8")
    assert main(["tape", str(path), "--kind", "cashflow_table", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["pool"] is None and document["pool_reason"]


def test_tape__the_nearest_kind_is_offered(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tape", str(tmp_path / "tape.csv"), "--kind", "lease_bak"]) == 2
    assert "did you mean 'lease_back'?" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["--kind", "spaceship"], ["--as-of", "tomorrow"]])
def test_tape__wrong_options_are_usage(file: Path, words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tape", str(file), *words]) == 2
    assert words[1] in capsys.readouterr().err


def test_tape__another_encoding(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_bytes(TAPE.encode("utf-16-le"))
    assert main(["tape", str(file)]) == 3
    assert "--encoding" in capsys.readouterr().err
    assert main(["tape", str(file), "--encoding", "utf-16-le"]) == 0


def test_tape__overdue_contracts_are_bucketed_and_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "o.csv"
    path.write_text(
        "资产编号,余额,还款方式,逾期天数,五级分类\n1,60,利随本清,0,正常\n2,40,利随本清,45,关注\n", encoding="utf-8"
    )
    assert main(["tape", str(path), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    table = next(table for table in document["pool"]["strata"] if table["by"] == "overdue")
    assert [(row["name"], row["balance"]) for row in table["rows"]] == [
        ("current", 60.0), ("1–30 days", 0.0), ("31–60 days", 40.0), ("61–90 days", 0.0), ("90+ days", 0.0),
    ]  # fmt: skip
    assert "1 contracts are overdue (40.00% of the balance)" in document["warnings"][0]
    assert main(["tape", str(path)]) == 0
    shown = capsys.readouterr().out
    assert "By days past due 逾期分桶" in shown and "逾期金额按最后一期计入且不计息" in shown


def test_tape__a_shipped_map_by_name(capsys: pytest.CaptureFixture[str]) -> None:
    path = Path(__file__).parents[1] / "loaders" / "esma" / "annex4.csv"
    assert main(["tape", str(path), "--map", "esma-annex-4", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["pool"]["balance"] == 1_730_000.0
    assert "CRPL83" in document["extra"] and any("ESMA Annex 4" in note for note in document["notes"])
    assert {"overdue", "account_status"} <= {table["by"] for table in document["pool"]["strata"]}
    assert main(["tape", str(path), "--map", "esma-annex-5"]) == 3
    assert "esma-annex-4" in capsys.readouterr().err


def test_tape__a_bank_between_loan_and_plan(capsys: pytest.CaptureFixture[str]) -> None:
    deal = Path(__file__).parents[2] / "scenarios" / "deals" / "guanggu-1"
    words = ["tape", str(deal / "tape.csv"), "--kind", "trust_loan", "--deal", str(deal)]
    assert main([*words, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    (bank,) = document["trusts"]
    assert bank["bank_fee"] == pytest.approx(62_913.97, abs=0.01) and bank["wait_days_longest"] == 5
    assert document["warnings"] == []
    assert main(words) == 0
    assert "Trusts and entrusted banks" in capsys.readouterr().out


@pytest.mark.parametrize("deal", ["single-debtor-factoring", "supporting-bill", "wenke-1", "hifi-music-2022-1"])
def test_tape__every_kind_of_receivable_has_a_report(deal: str, capsys: pytest.CaptureFixture[str]) -> None:
    folder = Path(__file__).parents[2] / "scenarios" / "deals" / deal
    kind = next(line.split('"')[1] for line in (folder / "deal.toml").read_text("utf-8").splitlines()
                if line.startswith("kind = "))  # fmt: skip
    assert main(["tape", str(folder / "tape.csv"), "--kind", kind, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["kind"] == kind


def test_tape__a_pool_whose_balance_a_run_works_out(capsys: pytest.CaptureFixture[str]) -> None:
    tape = Path(__file__).parents[2] / "scenarios" / "deals" / "hifi-music-2022-1" / "tape.csv"
    assert main(["tape", str(tape), "--kind", "royalty"]) == 0
    shown = capsys.readouterr().out
    assert "none on the tape: a run works it out" in shown and "nan" not in shown
