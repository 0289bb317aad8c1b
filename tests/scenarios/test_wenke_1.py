"""wenke-1 with its deposits set off against the last rents instead of held by the plan: cash that never comes."""

import shutil
from pathlib import Path

import pytest

from absengine.run import StressRun, stress

SCENARIOS = Path(__file__).parents[2] / "scenarios"
DEAL = SCENARIOS / "deals" / "wenke-1"
DEPOSITS = 43_980_000.0


def _run(folder: Path) -> StressRun:
    return stress(folder, [SCENARIOS / "packs" / "wenke-1.toml"])


def _paid(run: StressRun, item: str) -> float:
    paths = run.paths
    return float(paths.item(item)[:, paths.scenarios.index("contract")].sum() * paths.labels.unit)


def test_deposits__set_off_take_their_amount_out_of_the_rents(tmp_path: Path) -> None:
    folder = tmp_path / "wenke-1"
    shutil.copytree(DEAL, folder)
    text = (folder / "deal.toml").read_text(encoding="utf-8")
    begin, end = text.index("[account.deposits]"), text.index("[collect]")
    text = (text[:begin] + text[end:]).replace('deposit = "deposits"\n', "").replace('"held"', '"offset"')
    (folder / "deal.toml").write_text(text, encoding="utf-8")
    held, offset = _run(DEAL), _run(folder)
    rents = [
        float(sum(run.pool.flows[name].sum() for name in ("principal_due", "interest_due"))) for run in (held, offset)
    ]
    assert rents[0] - rents[1] == pytest.approx(DEPOSITS, abs=0.01)
    assert held.pool.flows["deposit_due"].sum() == pytest.approx(DEPOSITS)
    assert offset.pool.flows["deposit_due"].sum() == 0.0
    # all principal reaches the notes either way; the subordinated class bears the deposits, less the tax on their
    # interest part and with the interest the notes earn for being repaid later
    assert _paid(held, "tranche.A.principal_paid") == _paid(offset, "tranche.A.principal_paid") == 696_000_000
    lost = _paid(held, "tranche.SUB.residual_paid") - _paid(offset, "tranche.SUB.residual_paid")
    assert lost == pytest.approx(DEPOSITS, rel=0.01)
