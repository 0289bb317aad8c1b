"""``absengine new`` writes a deal that runs and never replaces anything."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from absengine.cli import main
from absengine.cli.new import STARTER


def test_new__writes_the_starter(tmp_path: Path) -> None:
    assert main(["new", str(tmp_path / "mine")]) == 0
    assert sorted(path.name for path in (tmp_path / "mine").iterdir()) == sorted(STARTER)


def test_new__never_replaces(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "tape.csv").write_text("mine", encoding="utf-8")
    assert main(["new", str(tmp_path)]) == 2
    assert "tape.csv" in capsys.readouterr().err
    assert (tmp_path / "tape.csv").read_text(encoding="utf-8") == "mine"
    assert not (tmp_path / "deal.toml").exists()


def test_new__a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine", encoding="utf-8")
    assert main(["new", str(tmp_path / "mine")]) == 2


@pytest.mark.filterwarnings("default::UserWarning")
def test_readme__the_tables_it_prints_fit_the_new_deal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    printed = re.findall(r"```toml\n(.*?)```", readme, re.DOTALL)
    parts = [text for text in printed if "schema =" not in text]
    assert len(printed) == 2 + len(parts)
    for name in ("map", "pack"):
        (written,) = (text for text in printed if f"absengine.{name}/1" in text)
        (tmp_path / f"{name}.toml").write_text(written, encoding="utf-8")
    assert main(["new", str(tmp_path / "mine")]) == 0
    tape, deal = tmp_path / "mine" / "tape.csv", tmp_path / "mine" / "deal.toml"
    text = tape.read_text(encoding="utf-8")
    text = text.replace("未偿本金余额(万元)", "贷余(万)").replace("合同金额(万元)", "放款额")
    tape.write_text(text.replace(",封包日", ",其他"), encoding="utf-8")
    assert main(["tape", str(tape)]) == 3
    assert main(["tape", str(tape), "--map", str(tmp_path / "map.toml")]) == 0
    text = deal.read_text(encoding="utf-8")
    text = text.replace("[pool]\n", '[pool]\nmap = "../map.toml"\n')
    deal.write_text("\n".join([text, *parts]), encoding="utf-8")
    assert main(["check", str(tmp_path / "mine"), "--pack", str(tmp_path / "pack.toml")]) == 0
    assert "five_largest" in capsys.readouterr().err  # five loans are the whole of the starter pool
