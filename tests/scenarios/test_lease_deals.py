"""The tapes of lease deals are what their scripts write, to their targets; what is bought carries expected dates."""

import importlib.util
import shutil
from pathlib import Path

import numpy as np
import pytest

from absengine.loaders import PoolSource, load_pool
from absengine.run import StressRun, stress
from absengine.schema import CashflowTable

SCENARIOS = Path(__file__).parents[2] / "scenarios"
DEALS = SCENARIOS / "deals"
ZGC = DEALS / "zhongguancun-2021-1"


def _pool(deal: str, cutoff: str, **defaults: str) -> CashflowTable:
    return load_pool(
        [PoolSource(DEALS / deal / "tape.csv", "lease_back", defaults=defaults)], np.datetime64(cutoff), {}
    )


def _drawn(run: StressRun) -> float:
    paths = run.paths
    lane = paths.scenarios.index("contract")
    return float(paths.item("support.first.drawn")[:, lane].sum() * paths.labels.unit)


@pytest.mark.parametrize("deal", ["wenke-1", "zhongguancun-2021-1"])
def test_make_tape__writes_the_same_bytes(deal: str, tmp_path: Path) -> None:
    spec = importlib.util.spec_from_file_location(f"make_tape_{deal}", DEALS / deal / "make_tape.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.main(tmp_path)
    written = sorted(tmp_path.iterdir())
    assert [path.name for path in written] == sorted(path.name for path in (DEALS / deal).glob("*.csv"))
    assert all(path.read_bytes() == (DEALS / deal / path.name).read_bytes() for path in written)


def test_wenke_1__meets_its_targets() -> None:
    pool = _pool("wenke-1", "2019-02-28", deposit_use="held")
    balance = pool.contracts["cutoff_balance"]
    assert sorted((balance / 1e4).tolist(), reverse=True) == [
        12000, 11000, 9500, 8500, 7500, 6500, 5800, 5000, 4300, 3200
    ]  # fmt: skip
    assert float(balance @ pool.contracts["rate"]) / balance.sum() == pytest.approx(0.068, abs=1e-12)
    assert pool.contracts["deposit"] == pytest.approx(0.06 * balance)
    assert pool.flows["fee_due"].sum() == 10 * 100


def test_zhongguancun_2021_1__meets_its_targets() -> None:
    pool = _pool("zhongguancun-2021-1", "2021-06-30")
    balance, flows = pool.contracts["cutoff_balance"], pool.flows
    assert len(balance) == 78 and len(pool.obligors) == 65
    assert balance.sum() == 516_000_000 and balance.max() <= 0.04 * balance.sum()
    assert float(balance @ pool.contracts["rate"]) / balance.sum() == pytest.approx(0.065, abs=1e-5)
    ends = ("2022-06-30", "2022-12-31", "2023-06-30")
    repaid = [flows["principal_due"][flows["due_date"] <= np.datetime64(end)].sum() / balance.sum() for end in ends]
    assert repaid == pytest.approx([0.70, 0.88, 0.97], abs=0.02)  # domain §10, contracts of 6 to 30 months
    assert all(share > wanted for share, wanted in zip(repaid, (0.62, 0.736, 0.95), strict=True))


def test_zhongguancun_2021_1__longer_contracts_miss_the_expected_dates(tmp_path: Path) -> None:
    pack = [SCENARIOS / "packs" / "zhongguancun-2021-1.toml"]
    assert _drawn(stress(ZGC, pack)) == 0.0
    folder = tmp_path / "longer"
    shutil.copytree(ZGC, folder)
    lines = (folder / "deal.toml").read_text(encoding="utf-8").splitlines()
    kept = [line.replace('"24 months"', '"36 months"') for line in lines if not line.startswith("matures_by")]
    text = "\n".join(kept).replace('"30_000_000 per payment"', '"0 per payment"').replace("120_000_000", "150_000_000")
    text = text.replace("at_most = 30", "at_most = 36")  # else the purchase is refused
    (folder / "deal.toml").write_text(text, encoding="utf-8")
    # 48 % instead of 62 % come in by the date of A1, 77 % instead of 95 % by that of B: the shortfall payer is called
    assert _drawn(stress(folder, pack)) == pytest.approx(67.1e6, rel=0.01)
