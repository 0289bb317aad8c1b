"""Tapes of the ESMA templates by the shipped maps: codes are words, ND is missing, losses are not taken off again."""

from __future__ import annotations

import tomllib
from pathlib import Path

import numpy as np
import pytest

from absengine.errors import TapeError
from absengine.loaders import LOADERS, PoolSource, load_pool
from absengine.loaders.fields import field, fields_of
from absengine.loaders.tape import Tape, read_tape
from absengine.loaders.tape_map import read_map, shipped_maps
from absengine.schema import CashflowTable

FOLDER = Path(__file__).with_name("esma")
ANNEXES = (4, 8, 9)
ROWS = {4: 5, 8: 2, 9: 2}


def _load(annex: int, kind: str = "pledge_loan", **defaults: str) -> CashflowTable:
    source = PoolSource(FOLDER / f"annex{annex}.csv", kind, map=FOLDER / f"esma-annex-{annex}", defaults=defaults)
    return load_pool([source], np.datetime64("2026-03-31"), {})


def _read(annex: int) -> Tape:
    return read_tape(
        FOLDER / f"annex{annex}.csv", kind="pledge_loan", fields=fields_of("contract", ["asset_id", "balance"]),
        map_file=Path(f"esma-annex-{annex}"),
    )  # fmt: skip


def _flows(pool: CashflowTable, row: int) -> list[tuple[str, float, float]]:
    flows = pool.flows.take(pool.flows["contract"] == row)
    names = ("due_date", "principal_due", "interest_due")
    return [(str(due), round(float(paid), 2), round(float(earned), 2))
            for due, paid, earned in zip(*(flows[name] for name in names), strict=True)]  # fmt: skip


@pytest.mark.parametrize("annex", ANNEXES)
def test_shipped_maps__name_their_version_and_only_known_fields(annex: int) -> None:
    path = shipped_maps()[f"esma-annex-{annex}"]
    data = tomllib.loads(path.read_text(encoding="utf-8"))
    assert data["version"] and data["title"].startswith(f"ESMA Annex {annex}") and "2020/1224" in data["source"]
    named = [item if isinstance(item, str) else item["field"] for item in data["columns"].values()]
    assert len(set(named)) == len(named)
    assert set(named) <= {item.name for item in fields_of("contract")}
    for name, words in data["codes"].items():
        assert set(words.values()) - {""} <= set(field(name).words.values()), name
    prefix = {4: "CRPL", 8: "LESL", 9: "ESTL"}[annex]
    assert all(code.startswith(prefix) for code in data["columns"])


def test_load_pool__annex_4_repays_by_its_codes() -> None:
    """A: 800,000 evenly in four quarters at 4.8 %. B: 500,000 at the end, 6 % a month. D: defaulted, nothing before the
    end. The cut-off of an ESMA tape is the end of a day, so that the payment of 31 March is not due once more.
    """
    pool = _load(4)
    assert pool.balance == 1_730_000.0
    assert _flows(pool, 0) == [
        ("2026-06-30", 200000.0, 9600.0), ("2026-09-30", 200000.0, 7200.0), ("2026-12-31", 200000.0, 4800.0),
        ("2027-03-31", 200000.0, 2400.0),
    ]  # fmt: skip
    assert _flows(pool, 1)[-1] == ("2026-09-30", 500000.0, 2500.0) and len(_flows(pool, 1)) == 6
    interest_only = [due for due, paid, _ in _flows(pool, 2) if paid == 0]
    assert interest_only[-1] == "2026-09-30" and len(interest_only) == 6
    assert _flows(pool, 3) == [("2027-06-30", 180000.0, 0.0)]
    assert _flows(pool, 4) == []
    assert pool.contracts["cutoff_date"][0] == np.datetime64("2026-04-01")


def test_load_pool__annex_4_losses_and_recoveries_are_kept_and_take_nothing_off() -> None:
    contracts = _load(4).contracts
    assert contracts["cutoff_balance"][3] == 180_000.0
    assert contracts["CRPL83"][3] == 60_000.0 and contracts["CRPL84"][3] == 90_000.0


def test_read_tape__no_data_is_missing_in_every_sort_of_column_and_never_zero() -> None:
    tape = _read(4)
    assert tape.column("region")[0] == "" and tape.column("industry")[2] == ""
    assert np.isnan(tape.column("balloon")).all() and np.isnan(tape.column("spread")).all()
    assert np.isnat(tape.column("grace_end_date")[0])
    assert np.isnan(tape.extras["CRPC10"][[1, 2, 4]]).all() and tape.extras["CRPC10"][0] == 900_000
    other = _read(9)
    assert np.isnan(other.column("dpd")[1])


def test_read_tape__says_what_it_translated() -> None:
    notes = "\n".join(_read(4).report.notes)
    assert "ESMA Annex 4" in notes and "FIXE → even" in notes and "DFLT → defaulted" in notes
    moved = next(column for column in _read(4).report.recognised if column.field == "cutoff_date")
    assert "moved by 1 day" in moved.done[-1].what


@pytest.mark.parametrize("annex", (8, 9))
def test_load_pool__leases_and_esoteric_exposures_close(annex: int) -> None:
    pool = _load(annex)
    sums = np.bincount(pool.flows["contract"], pool.flows["principal_due"], minlength=ROWS[annex])
    np.testing.assert_allclose(sums, pool.contracts["cutoff_balance"])
    if annex == 9:
        assert _flows(pool, 0)[-1][1] > 100_000
        assert _flows(pool, 1) == [("2026-12-31", 50000.0, 4500.0)]


def test_load_pool__a_template_of_leases_serves_the_lease_loader() -> None:
    pool = _load(8, "lease_back", rent_timing="arrears")
    assert pool.asset_kinds == ("lease_back",) and pool.balance == 170_000.0


@pytest.mark.parametrize("kind", [kind for kind, module in LOADERS.items() if kind != "cashflow_table"])
def test_read_map__a_shipped_map_leaves_out_what_a_kind_does_not_know(kind: str) -> None:
    known = [item.name for item in LOADERS[kind].FIELDS]
    found = read_map(Path("esma-annex-4"), known)
    assert {name for name, _ in found.columns.values()} <= set(known)


def test_read_map__an_unknown_name_tells_those_that_are_shipped() -> None:
    with pytest.raises(TapeError, match="esma-annex-9"):
        read_map(Path("esma-anex-9"), ["asset_id"])


def test_read_tape__a_code_outside_the_list_is_refused(tmp_path: Path) -> None:
    text = (FOLDER / "annex4.csv").read_text(encoding="utf-8").replace("FIXE", "BALN")
    (tmp_path / "t.csv").write_text(text, "utf-8")
    with pytest.raises(TapeError) as refusal:
        load_pool([PoolSource(tmp_path / "t.csv", "pledge_loan", map=Path("esma-annex-4"))], np.datetime64("NaT"), {})
    assert [(problem.code, problem.where.line) for problem in refusal.value.problems] == [("unknown-amort-type", 2)]


def test_load_pool__amounts_in_another_currency_than_the_deals(tmp_path: Path) -> None:
    source = PoolSource(FOLDER / "annex4.csv", "pledge_loan", map=Path("esma-annex-4"), currency="CNY")
    with pytest.raises(TapeError) as refusal:
        load_pool([source], np.datetime64("2026-03-31"), {})
    assert {problem.code for problem in refusal.value.problems} == {"mixed-currency"}
