"""Every deal folder runs in every pack that is not about one deal, and its books close in every scenario of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from absengine.results.document import stress_document
from absengine.run import stress

SCENARIOS = Path(__file__).parents[2] / "scenarios"
DEALS = sorted(path.name for path in (SCENARIOS / "deals").iterdir() if path.is_dir())
GENERAL = sorted(path for path in (SCENARIOS / "packs").glob("*.toml") if path.stem not in DEALS)


def test_packs__some_are_about_one_deal_and_the_others_about_all() -> None:
    assert {path.stem for path in GENERAL} == {"base", "grid", "names", "standard"}
    assert {path.stem for path in (SCENARIOS / "packs").glob("*.toml")} >= set(DEALS)


@pytest.mark.parametrize("deal", DEALS)
@pytest.mark.parametrize("pack", GENERAL, ids=lambda path: path.stem)
def test_deal__closes_its_books_in_every_general_pack(deal: str, pack: Path) -> None:
    run = stress(SCENARIOS / "deals" / deal, [pack])
    document = stress_document(
        run.paths, twin=run.twin, pool_balance=run.pool.balance, contracts=len(run.pool.contracts), run=""
    )
    assert document["checks"] == dict.fromkeys(document["checks"], 0)
    assert np.isfinite(run.paths.values).all()


@pytest.mark.parametrize(("deal", "payers"), [("biopharma-royalty-trust", 1), ("guanggu-1", 9)])
def test_names__fewer_payers_all_fail_and_all_supporters_go(deal: str, payers: int) -> None:
    run = stress(SCENARIOS / "deals" / deal, [SCENARIOS / "packs" / "names.toml"])
    paths, supports = run.paths, list(run.deal.file.support)
    lost, gone = paths.channel("default").sum(axis=0), paths.scenarios.index("top_1_guarantor_gone")
    same = lost[paths.scenarios.index("top_1")] == lost[paths.scenarios.index("top_5")]
    assert same == (payers == 1)
    drawn = sum(paths.item(f"support.{name}.drawn").sum(axis=0) for name in supports)
    assert supports and drawn[gone] == 0 < drawn[paths.scenarios.index("top_5")]
