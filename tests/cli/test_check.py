"""``absengine check`` and ``warmup`` run everything and write nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from absengine.cli import main

DEALS = Path(__file__).parents[2] / "scenarios" / "deals"


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_check__says_what_fits(elsewhere: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(DEALS / "gaoxintou-5")]) == 0
    text = capsys.readouterr().out
    assert "12 contracts, 206,000,000.00 CNY" in text
    assert list(elsewhere.iterdir()) == []


def test_check__a_new_deal_fits_the_standard_pack(elsewhere: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new", "mine"]) == 0
    assert main(["check", "mine"]) == 0
    assert "5 contracts, 40,000,000.00 CNY" in capsys.readouterr().out


def test_check__a_wrong_name_is_refused_with_its_line(elsewhere: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new", "mine"]) == 0
    deal = elsewhere / "mine" / "deal.toml"
    deal.write_text(deal.read_text(encoding="utf-8").replace('from = "main"', 'from = "mian"', 1), encoding="utf-8")
    assert main(["check", "mine"]) == 3
    text = capsys.readouterr().err
    assert "deal.toml:" in text
    assert "main" in text


def test_check__a_parameter_the_deal_lacks_is_told_once(elsewhere: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new", "mine"]) == 0
    pack = elsewhere / "pack.toml"
    head = 'schema = "absengine.pack/1"\ntitle = "t"\nsource = "illustrative"\n'
    pack.write_text(f'{head}[scenario.c]\nset = {{ "tranche.A.cupon" = "5%" }}\n', encoding="utf-8")
    assert main(["check", "mine", "--pack", str(pack)]) == 3
    (line,) = capsys.readouterr().err.splitlines()
    assert "pack.toml:4" in line and "did you mean 'tranche.A.coupon.rate'?" in line


def test_warmup__says_where_kernels_are(elsewhere: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["warmup"]) == 0
    assert "kernels compiled" in capsys.readouterr().out
    assert list(elsewhere.iterdir()) == []
