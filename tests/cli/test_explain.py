"""``absengine explain`` tells a deal in both languages."""

from __future__ import annotations

from pathlib import Path

import pytest

from absengine.cli import main
from absengine.cli.new import STARTER

DEALS = Path(__file__).parents[2] / "scenarios" / "deals"


@pytest.mark.parametrize("language", ["en", "zh"])
def test_explain__names_classes_and_coupon(language: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", str(DEALS / "gaoxintou-5"), "--language", language]) == 0
    text = capsys.readouterr().out
    assert "优先级" in text
    assert "3.8" in text
    assert "195,700,000" in text


def test_explain__a_deal_from_new_explains_itself(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new", str(tmp_path)]) == 0
    assert (tmp_path / STARTER[0]).is_file()
    assert main(["explain", str(tmp_path)]) == 0
    assert "36,000,000" in capsys.readouterr().out


def test_explain__no_deal_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", str(tmp_path)]) == 3
    assert "deal.toml" in capsys.readouterr().err
