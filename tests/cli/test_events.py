"""``absengine new --event``: events in the deals that come with the package, through the command itself."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from absengine.cli import main
from absengine.cli.recipes.book import recipes
from absengine.deal.explain import explain
from absengine.deal.load import load
from absengine.loaders import kind_names
from absengine.results.document import stress_document
from absengine.run import stress

SCENARIOS = Path(__file__).parents[2] / "scenarios"
NAMES = SCENARIOS / "packs" / "names.toml"
APPLY = [name for name in recipes() if name != "end-of-revolving"]
"""Neither the starter nor gaoxintou-5 buys."""
SECOND = ["--set", "guarantee-call.provider=second", "--set", "guarantee-call.provider_name=示例第二担保"]


@pytest.fixture(params=["starter", "gaoxintou-5"])
def deal(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    folder = tmp_path / "mine"
    if request.param == "starter":
        assert main(["new", str(folder)]) == 0
    else:
        shutil.copytree(SCENARIOS / "deals" / request.param, folder)
    return folder


def asked(*events: str) -> list[str]:
    words = [word for name in events for word in ("--event", name)]
    return [*words, *SECOND] if "guarantee-call" in events else words


def closes(folder: Path) -> None:
    """The deal runs in the pack of names, and every budget closes."""
    run = stress(folder, [NAMES])
    document = stress_document(
        run.paths, twin=run.twin, pool_balance=run.pool.balance, contracts=len(run.pool.contracts), run=""
    )
    assert document["checks"]["cash_breaks"] == 0
    assert not any(document["checks"].values())


@pytest.mark.parametrize("name", APPLY)
def test_insert__each_event_gives_a_deal_that_loads_runs_and_is_told(name: str, deal: Path) -> None:
    before = load(deal)
    assert main(["new", str(deal), *asked(name)]) == 0
    after = load(deal)
    (added,) = [trigger for trigger in after.file.trigger if trigger not in before.file.trigger]
    assert added in explain(after, kind_names(), "en")
    assert recipes()[name].zh in explain(after, kind_names(), "zh")
    closes(deal)


def test_insert__all_events_at_once(deal: Path) -> None:
    assert main(["new", str(deal), *asked(*reversed(APPLY)), "--set", "perfection.servicer=guarantor"]) == 0
    after = load(deal)
    stages = [name for name in after.file.stage if name != "amortising"]
    assert stages == ["accelerated", "defaulted", "liquidation"]
    assert {"shortfall", "guarantee"} <= set(after.file.support)
    closes(deal)
    text = (deal / "deal.toml").read_bytes()
    assert main(["new", str(deal), *asked("acceleration")]) == 3
    assert (deal / "deal.toml").read_bytes() == text


def test_insert__a_scenario_forces_what_no_formula_sees(deal: Path) -> None:
    """Holders resolve to end the plan: the deal goes to liquidation on that day, and to no other end before it."""
    year = load(deal).timeline.closing.astype("datetime64[Y]").astype(int) + 1971
    pack = deal / "pack.toml"
    head = 'schema = "absengine.pack/1"\ntitle = "t"\nsource = "illustrative"\n'
    pack.write_text(
        f"{head}[scenario.plain]\n[scenario.ends]\nforced = {{ early_termination = {year}-01-01 }}\n", "utf-8"
    )
    assert main(["new", str(deal), "--event", "early-termination"]) == 0
    run = stress(deal, [pack])
    stages, ends = run.paths.item("stage"), list(run.deal.file.stage).index("liquidation")
    assert stages[-1, 0] == 0
    fired = run.deal.timeline.calc_date[stages[:, 1] == ends]
    assert str(fired[0]) == f"{year}-01-31"
    assert run.paths.item("step.liquidation.sell.paid")[:, 1].sum() > 0


def test_insert__end_of_revolving_needs_a_deal_that_buys(deal: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = (deal / "deal.toml").read_bytes()
    assert main(["new", str(deal), *asked("clean-up-call", "end-of-revolving")]) == 3
    assert "found a deal without a stage that buys" in capsys.readouterr().err
    assert (deal / "deal.toml").read_bytes() == text
    assert sorted(path.name for path in deal.glob("*.new")) == []


def test_dry_run__shows_the_text_and_writes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new", str(tmp_path)]) == 0
    text = (tmp_path / "deal.toml").read_bytes()
    capsys.readouterr()
    assert main(["new", str(tmp_path), "--event", "clean-up-call", "--set", "share=5%", "--dry-run"]) == 0
    shown = capsys.readouterr().out
    assert "+[trigger.clean_up]" in shown and "5% * pool.initial" in shown
    assert not [line for line in shown.splitlines() if line.startswith("-") and not line.startswith("---")]
    assert (tmp_path / "deal.toml").read_bytes() == text


def test_insert__keeps_mark_and_line_ends(tmp_path: Path) -> None:
    assert main(["new", str(tmp_path)]) == 0
    file = tmp_path / "deal.toml"
    old = b"\xef\xbb\xbf" + file.read_bytes().replace(b"\n", b"\r\n")
    file.write_bytes(old)
    assert main(["new", str(file), "--event", "clean-up-call"]) == 0
    new = file.read_bytes()
    assert new.startswith(old)
    assert new.count(b"\r\n") == new.count(b"\n")


def test_events__lists_titles_and_placeholders(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new", "--events"]) == 0
    plain = capsys.readouterr().out
    assert main(["new", "--events", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["schema"] == "absengine.recipes/1"
    assert [entry["name"] for entry in document["events"]] == list(recipes())
    for entry in document["events"]:
        assert f"{entry['name']}\t{entry['title']}\t{entry['zh']}" in plain
        assert all(f"\t{word}=" in plain for word in entry["set"])


def test_events__a_table_on_a_terminal(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "160")
    assert main(["new", "--events"]) == 0
    shown = capsys.readouterr().out
    assert "early-termination" in shown and "提前终止" in shown and "provider_name" in shown


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["--event", "acceleraton"], 2, "did you mean 'acceleration'"),
        (["--event", "clean-up-call", "--event", "clean-up-call"], 2, "twice"),
        (["--event", "acceleration", "--set", "thresold=3%"], 2, "did you mean 'threshold'"),
        (["--event", "acceleration", "--set", "threshold"], 2, "name=value"),
        (["--event", "acceleration", "--set", "name=cum_default"], 3, "--set acceleration.name="),
        (["--event", "acceleration", "--set", "when=pool.performing > 5%"], 3, "trigger.acceleration"),
        (["--event", "guarantee-call", "--set", "provider=second"], 2, "provider_name"),
        (["--event", "acceleration", "--events"], 2, "--events alone"),
        (["--set", "threshold=3%"], 2, "with --event"),
        (["--dry-run"], 2, "with --event"),
        (["--json"], 2, "with --events"),
    ],
)
def test_new__refuses_and_writes_nothing(
    words: list[str], code: int, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["new", str(tmp_path)]) == 0
    text = (tmp_path / "deal.toml").read_bytes()
    assert main(["new", str(tmp_path), *words]) == code
    line = capsys.readouterr().err.splitlines()[0]
    assert line.startswith("error: ") and "found " in line and "; allowed: " in line
    assert told in line
    assert (tmp_path / "deal.toml").read_bytes() == text


def test_new__no_folder_and_no_deal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new"]) == 2
    assert main(["new", str(tmp_path / "nowhere"), "--event", "acceleration"]) == 3
    assert "no deal file here" in capsys.readouterr().err
    (tmp_path / "deal.toml").write_bytes(b"schema = \xff")
    assert main(["new", str(tmp_path), "--event", "acceleration"]) == 3
    assert "UTF-8" in capsys.readouterr().err
