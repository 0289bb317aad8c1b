"""``absengine check`` and ``warmup`` run everything and write nothing."""

from __future__ import annotations

import json
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


CRITERIA = """
[criterion.short]
label = "剩余期限"
field = "remaining_months"
at_most = 1
[criterion.top]
share_at_most = "20%"
by = "obligor"
[criterion.rate]
field = "rate"
at_least = "1%"
"""


def with_criteria(elsewhere: Path, more: str = "") -> None:
    assert main(["new", "mine"]) == 0
    deal = elsewhere / "mine" / "deal.toml"
    deal.write_text(deal.read_text(encoding="utf-8") + CRITERIA + more, encoding="utf-8")


@pytest.mark.filterwarnings("always:.*is not met")
def test_check__criteria_that_fail_are_warnings_with_their_remedy(
    elsewhere: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with_criteria(elsewhere)
    capsys.readouterr()
    assert main(["check", "mine"]) == 0
    text, said = capsys.readouterr()
    assert "criteria 合格标准: 3, 2 not met" in text
    assert "剩余期限 (short): remaining_months at most 1: NOT met by 5 contracts, 40,000,000.00 or 100.00%" in text
    assert "rate: rate at least 1%: met" in text
    assert "top: each obligor at most 20% of the pool: NOT met" in text
    short, top = (line for line in said.splitlines() if "criterion" in line)
    assert "deal.toml:" in short and '{ what = "repurchase", failing = "short", on = ' in short
    assert 'who = ["…"]' in top


@pytest.mark.filterwarnings("always:.*is not met")
def test_check__json_lists_every_contract_that_fails(elsewhere: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with_criteria(elsewhere)
    capsys.readouterr()
    assert main(["check", "mine", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["schema"] == "absengine.check/1" and document["contracts"] == 5
    short, top, rate = document["criteria"]
    assert (short["met"], len(short["failing"]), short["balance"]) == (False, 5, document["balance"])
    assert (top["met"], rate["met"], rate["remedy"]) == (False, True, None)
    assert all(one["share"] > 0.2 for one in top["names"])


def test_check__a_field_no_tape_has_is_refused(elsewhere: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with_criteria(elsewhere, '[criterion.odd]\nfield = "remaining_month"\nat_most = 30\n')
    assert main(["check", "mine"]) == 3
    (line,) = [one for one in capsys.readouterr().err.splitlines() if "error" in one]
    assert "deal.toml:" in line and "did you mean 'remaining_months'?" in line


@pytest.mark.filterwarnings("always:.*is not met")
def test_check__what_fails_is_bought_back_by_a_pack(elsewhere: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every contract fails: the whole pool is bought back, and a criterion the deal lacks is refused."""
    with_criteria(elsewhere)
    pack = elsewhere / "pack.toml"
    head = 'schema = "absengine.pack/1"\ntitle = "t"\nsource = "illustrative"\n[scenario.c]\n'
    event = '{{ what = "repurchase", failing = "{name}", on = 2026-06-30 }}'
    pack.write_text(f"{head}event = [{event.format(name='all')}]\n", encoding="utf-8")
    capsys.readouterr()
    assert main(["check", "mine", "--pack", str(pack)]) == 0
    pack.write_text(f"{head}event = [{event.format(name='top')}]\n", encoding="utf-8")
    assert main(["check", "mine", "--pack", str(pack)]) == 3
    assert "allowed: 'all', 'short', 'rate'" in capsys.readouterr().err


def test_warmup__says_where_kernels_are(elsewhere: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["warmup"]) == 0
    assert "kernels compiled" in capsys.readouterr().out
    assert list(elsewhere.iterdir()) == []
