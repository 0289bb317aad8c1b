"""Several tapes, rights and rate paths become one table."""

from pathlib import Path

import numpy as np
import pytest

from absengine.calendars.fixings import IndexPath
from absengine.errors import TapeError
from absengine.loaders import LOADERS, Loaded, PoolSource, load_pool, loader, read_pool

HEADER = "asset_id,obligor,start_date,maturity_date,balance,rate,amort_type,frequency"
CUTOFF = np.datetime64("2026-03-31")


def _tape(folder: Path, name: str, *rows: str, header: str = HEADER) -> PoolSource:
    (folder / name).write_text("\n".join([header, *rows]) + "\n", "utf-8")
    return PoolSource(folder / name, "pledge_loan")


def _row(name: str, obligor: str = "debtor") -> str:
    return f"{name},{obligor},2026-01-10,2027-01-10,1200,6%,level,monthly"


def test_load_pool__order_of_rows_and_tapes_does_not_matter(tmp_path: Path) -> None:
    one = _tape(tmp_path, "one.csv", _row("b", "z"), _row("a", "y"))
    two = _tape(tmp_path, "two.csv", _row("c", "x"), header=HEADER)
    swapped = _tape(tmp_path, "swapped.csv", _row("a", "y"), _row("b", "z"))
    first, second = load_pool([one, two], CUTOFF, {}), load_pool([two, swapped], CUTOFF, {})
    assert first.contracts["contract_id"].tolist() == ["a", "b", "c"]
    assert first.obligors == second.obligors == ("x", "y", "z")
    for name, values in first.flows.columns.items():
        np.testing.assert_array_equal(values, second.flows[name])
    assert first.flows["contract"].tolist() == sorted(first.flows["contract"])
    assert [first.obligors[code] for code in first.flows["obligor"][::10][:2]] == ["y", "z"]


def test_load_pool__columns_one_tape_lacks_are_missing_there(tmp_path: Path) -> None:
    one = _tape(tmp_path, "one.csv", _row("a") + ",7", header=HEADER + ",score")
    two = _tape(tmp_path, "two.csv", _row("b"))
    pool = load_pool([one, two], CUTOFF, {})
    assert pool.contracts["score"][0] == 7.0
    assert np.isnan(pool.contracts["score"][1])
    text = _tape(tmp_path, "text.csv", _row("c") + ",good", header=HEADER + ",score")
    mixed = load_pool([one, text], CUTOFF, {})
    assert mixed.contracts["score"].tolist() == ["7.0", "good"]


def test_load_pool__rights_are_linked(tmp_path: Path) -> None:
    source = _tape(tmp_path, "tape.csv", _row("a"), _row("b"))
    rights = tmp_path / "rights.csv"
    rights.write_text("ip_no,ip_type,asset_id,appraisal_value\nP1,发明,a,100\nP2,商标,a,50\n", "utf-8")
    pool = load_pool([PoolSource(source.tape, "pledge_loan", rights=rights)], CUTOFF, {})
    assert pool.contracts["ip_ids"].tolist() == ["P1;P2", ""]
    assert pool.rights["contract_id"].tolist() == ["a", "a"]


def test_load_pool__defaults_fill_what_the_tape_leaves_out(tmp_path: Path) -> None:
    source = _tape(tmp_path, "tape.csv", _row("a"))
    filled = PoolSource(source.tape, "pledge_loan", defaults={"day_count": "ACT/360"})
    pool = load_pool([filled], CUTOFF, {})
    assert pool.flows["interest_due"][0] == pytest.approx(1200 * 0.06 * 31 / 360)


def test_load_pool__refuses_one_identifier_on_two_tapes(tmp_path: Path) -> None:
    sources = [_tape(tmp_path, "one.csv", _row("a")), _tape(tmp_path, "two.csv", _row("a"))]
    with pytest.raises(TapeError, match=r"two\.csv.*already in.*one\.csv") as refusal:
        load_pool(sources, CUTOFF, {})
    assert refusal.value.problems[0].code == "asset-id-twice"


def test_load_pool__collects_problems_of_all_tapes(tmp_path: Path) -> None:
    sources = [_tape(tmp_path, f"{name}.csv", _row(name).replace("6%", "")) for name in ("one", "two")]
    with pytest.raises(TapeError) as refusal:
        load_pool(sources, CUTOFF, {})
    assert [Path(problem.where.file).name for problem in refusal.value.problems] == ["one.csv", "two.csv"]


def test_pool_table__one_reading_serves_every_rate_path(tmp_path: Path) -> None:
    header = HEADER + ",rate_type,rate_index,spread,reset"
    source = _tape(tmp_path, "tape.csv", _row("a") + ",floating,LPR1Y,1%,quarterly", header=header)
    tapes = read_pool([source])
    path = IndexPath("LPR1Y", np.array(["2025-01-01"], "M8[D]"), np.array([0.03]))
    plain, up = (tapes.table(CUTOFF, {"LPR1Y": rates}) for rates in (path, path.shifted(0.01)))
    # the tape's own 6 % holds until the reset of 10 April, then LPR + 1 %
    assert [pool.flows["interest_due"][0] for pool in (plain, up)] == pytest.approx([6.0, 6.0])
    second = plain.flows["opening_balance"][1]
    assert plain.flows["interest_due"][1] == pytest.approx(second * 0.04 / 12)
    assert up.flows["interest_due"][1] == pytest.approx(second * 0.05 / 12)
    assert plain.flows["principal_due"].sum() == pytest.approx(up.flows["principal_due"].sum())


def test_load_pool__refuses_flows_that_do_not_close(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A loader that loses principal is caught, whatever its module."""
    honest = LOADERS["pledge_loan"]

    class Lossy:
        KIND, FIELDS = honest.KIND, honest.FIELDS

        def schedule(self, tape, context) -> Loaded:
            loaded = honest.schedule(tape, context)
            return Loaded(loaded.contracts, loaded.flows.take(np.arange(1, len(loaded.flows))))

    monkeypatch.setitem(LOADERS, "pledge_loan", Lossy())
    with pytest.raises(TapeError) as refusal:
        load_pool([_tape(tmp_path, "tape.csv", _row("a"))], CUTOFF, {})
    assert refusal.value.problems[0].code == "principal-does-not-close"


def test_loader__unknown_kind_names_the_nearest() -> None:
    with pytest.raises(TapeError, match="did you mean 'pledge_loan'"):
        loader("pledge_loans")


@pytest.mark.parametrize("kind", LOADERS)
def test_loaders__each_kind_says_what_it_reads(kind: str) -> None:
    entry = LOADERS[kind]
    assert kind == entry.KIND
    assert any(item.required for item in entry.FIELDS)
    assert (entry.__doc__ or "").strip()
