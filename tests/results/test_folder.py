"""Run folders: complete or absent, read back bit for bit, damage noticed, writes stay home."""

from __future__ import annotations

import json
import random
from dataclasses import MISSING, fields, replace
from datetime import datetime

import numpy as np
import pyarrow.parquet as pq
import pytest

from absengine.errors import IncompleteError, InputError, UsageError
from absengine.results.document import stress_document
from absengine.results.folder import (
    MANIFEST,
    RunFolder,
    _labels,
    digest_of,
    file_digest,
    manifest,
    read_run,
    run_name,
    safe_part,
    verify,
)
from absengine.results.tables import cell
from absengine.schema import Labels

STAMP = datetime(2026, 3, 31, 10, 15, 0)
FACTS = {"schema": "absengine.run/1", "command": "stress", "options": {}, "inputs": {}, "seed": None}


def write_run(path, paths, *, force=False):
    with RunFolder(path, force=force) as folder:
        folder.write_paths(paths)
        folder.write_json("stress.json", stress_document(paths, pool_balance=100.0, contracts=12))
        folder.write_json("checks.json", {"stated": []})
        return folder.complete(FACTS)


@pytest.fixture
def run(worked, tmp_path):
    return write_run(tmp_path / "runs" / "two-class", worked.two_class())


def test_read_run__gives_back_the_same_paths_and_document(worked, run):
    back, paths = read_run(run), worked.two_class()
    assert back.paths.labels == paths.labels and back.paths.scenarios == paths.scenarios
    assert np.array_equal(back.paths.values, paths.values)
    assert back.paths.pool.channels == paths.pool.channels
    assert np.array_equal(back.paths.pool.values, paths.pool.values)
    assert stress_document(back.paths, pool_balance=100.0, contracts=12) == back.document


def test_labels__a_folder_from_before_a_label_was_known_can_still_be_read():
    given = {one.name: [] for one in fields(Labels) if one.default is MISSING and one.default_factory is MISSING}
    labels, scenarios = _labels({**given, "scenarios": ["one"]})
    assert scenarios == ("one",) and labels.deposits == "" and labels.wal_day_count == "ACT/365F"


def test_read_run__labels_of_another_version_are_refused(run):
    path = run / "labels.json"
    facts = json.loads((run / MANIFEST).read_text("utf-8"))
    content = json.loads(path.read_text("utf-8"))
    for other in ({**content, "tranches": [{"strange": 1}]}, {k: v for k, v in content.items() if k != "steps"}):
        path.write_text(json.dumps(other), "utf-8")
        facts["files"]["labels.json"] = {"bytes": path.stat().st_size, "sha256": file_digest(path)}
        facts = {name: value for name, value in facts.items() if name != "digest"}
        facts["digest"] = digest_of(facts)
        (run / MANIFEST).write_text(json.dumps(facts), "utf-8")
        with pytest.raises(InputError, match="labels of another version"):
            read_run(run)


def test_read_run__fractions_of_a_fen_survive_to_the_last_bits(worked, tmp_path):
    paths = worked.two_class()
    paths.pool.values[0] += np.random.default_rng(1).random(paths.pool.values[0].shape)
    back = read_run(write_run(tmp_path / "x", paths))
    assert np.allclose(back.paths.pool.values, paths.pool.values, rtol=1e-15, atol=0)


def test_run_folder__same_run_gives_the_same_bytes(worked, tmp_path):
    one, two = (write_run(tmp_path / name, worked.two_class()) for name in ("one", "two"))
    left, right = ({file.name: file.read_bytes() for file in run.rglob("*") if file.is_file()} for run in (one, two))
    assert [name for name in left if left[name] != right[name]] == []


def test_run_folder__tables_are_tidy_and_in_yuan(run):
    table = pq.read_table(run / "tranches.parquet").to_pylist()
    row = next(one for one in table if (one["scenario"], one["tranche"], one["row"]) == ("default", "A", 1))
    assert row["principal_paid"] == 18.6 and row["coupon"] == 0.05 and str(row["pay_date"]) == "2028-01-01"
    sources = pq.read_table(run / "sources.parquet").to_pylist()
    drawn = [one["amount"] for one in sources if one["scenario"] == "default" and one["source"] == "support.topup"]
    assert drawn == [0.0, 5.0, 0.0]
    last = pq.read_table(run / "pool.parquet").to_pylist()[7]
    assert last["pay_date"] is None and last["recovery.ip"] == 1.0


def test_cell__every_item_has_its_table():
    items = ("tranche.A.balance", "tax.vat.due", "step.a.b.due", "step.a.b.from.support.x", "ran", "pool.called",
             "pool.collected", "elsewhere")  # fmt: skip
    assert [(one.table, one.keys, one.measure) for one in map(cell, items)] == [
        ("tranches", ("A",), "balance"), ("taxes", ("vat",), "due"), ("steps", ("a", "b"), "due"),
        ("sources", ("a", "b", "support.x"), "amount"), ("stages", (), "ran"), ("stages", (), "pool_called"),
        ("collected", (), "collected"), ("others", ("elsewhere",), "value"),
    ]  # fmt: skip


def test_run_folder__a_flipped_byte_is_noticed_anywhere(run):
    dice = random.Random(20260331)
    files = sorted(path for path in run.rglob("*") if path.is_file())
    for _ in range(60):
        file = dice.choice(files)
        sound = file.read_bytes()
        at = dice.randrange(len(sound))
        file.write_bytes(sound[:at] + bytes([sound[at] ^ (1 << dice.randrange(8))]) + sound[at + 1 :])
        with pytest.raises(InputError) as raised:
            verify(run)
        assert raised.value.problems[0].code == "run-damaged" and file.name in str(raised.value)
        file.write_bytes(sound)
    verify(run)


def test_run_folder__parquet_pages_carry_checksums(run, worked):
    table = pq.read_table(run / "steps.parquet")
    plain = run.parent / "plain.parquet"
    pq.write_table(table, plain, compression="none", use_dictionary=False, write_page_checksum=True)
    content = bytearray(plain.read_bytes())
    content[len(content) // 3] ^= 1
    plain.write_bytes(bytes(content))
    with pytest.raises(OSError, match=r"(?i)crc"):
        pq.read_table(plain, page_checksum_verification=True)


def test_run_folder__a_missing_file_is_noticed(run):
    (run / "csv" / "fees.csv").unlink()
    with pytest.raises(InputError, match="no such file"):
        verify(run)


def test_run_folder__an_error_leaves_nothing_behind(worked, tmp_path):
    with pytest.raises(ZeroDivisionError), RunFolder(tmp_path / "x") as folder:
        folder.write_paths(worked.two_class())
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []


def test_run_folder__is_never_overwritten_without_force(worked, run):
    with pytest.raises(UsageError, match="--force"):
        write_run(run, worked.two_class())
    assert write_run(run, worked.two_class(), force=True) == run
    assert [path.name for path in run.parent.iterdir()] == [run.name]
    verify(run)


def test_run_folder__force_does_not_delete_what_is_no_run_folder(worked, tmp_path):
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.txt").write_text("x", encoding="utf-8")
    with pytest.raises(UsageError) as raised:
        write_run(tmp_path / "thesis", worked.two_class(), force=True)
    assert raised.value.problems[0].code == "run-not-ours"
    assert (tmp_path / "thesis" / "chapter.txt").exists()


@pytest.mark.parametrize(
    "name",
    [
        "../x.txt",
        "/etc/x",
        "a/../../x",
        "",
        "a\0b.txt",
        "con.txt",
        "x" * 300,
        "a\u202eb.txt",
        "manifest.json",
        ".",
        "c:x",
    ],
)
def test_file__refuses_hostile_names(tmp_path, name):
    with RunFolder(tmp_path / "x") as folder, pytest.raises(UsageError):
        folder.write(name, b"x")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("deal", "part"),
    [
        ("gaoxintou-5", "gaoxintou-5"),
        ("南山-高新投5号", "南山-高新投5号"),
        ("../../etc/passwd", "etc-passwd"),
        ("a\u202eb\0c", "a-b-c"),
        ("CON", "run-CON"),
        ("…", "run-"),
        ("x" * 300, "x" * 60),
    ],
)
def test_safe_part__keeps_letters_of_any_script(deal, part):
    assert safe_part(deal) == part
    assert run_name(deal, STAMP, "ab12cdef") == f"{part}-20260331T101500-ab12cd"


def test_csv__text_is_never_a_formula(worked, tmp_path):
    paths = replace(worked.two_class(), scenarios=("=1+1", "@x", "-2"))
    run = write_run(tmp_path / "x", paths)
    text = (run / "csv" / "tranches.csv").read_text("utf-8-sig")
    starts = {line.split(",")[0] for line in text.splitlines()[1:]}
    assert starts == {'"\'=1+1"', '"\'@x"', '"\'-2"'}
    assert read_run(run).paths.scenarios == ("=1+1", "@x", "-2")


def test_csv__what_has_no_value_is_an_empty_cell(worked, tmp_path):
    run = write_run(tmp_path / "x", worked.two_class())
    text = "".join(path.read_text("utf-8-sig") for path in (run / "csv").iterdir())
    assert "nan" not in text.lower() and ",," in text


def test_verify__tells_incomplete_from_missing(tmp_path):
    with pytest.raises(InputError, match=MANIFEST):
        verify(tmp_path)
    half = tmp_path / ".x.ab12.tmp"
    half.mkdir()
    with pytest.raises(IncompleteError):
        verify(half)


def test_manifest__names_digests_and_no_machine(tmp_path):
    (tmp_path / "deal.toml").write_text("x", encoding="utf-8")
    facts = manifest(
        "stress", {"packs": ["base"]}, {"deal": tmp_path / "deal.toml"}, calendars={"SSE": {"rule_from": "2027-01-01"}}
    )
    assert facts["inputs"]["deal"] == {
        "file": "deal.toml",
        "sha256": "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881",
    }
    assert str(tmp_path) not in json.dumps(facts) and facts["seed"] is None and "absengine" in facts["versions"]
