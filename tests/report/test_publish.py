"""A whole run folder: every part there, the same bytes twice, one warning where Chinese cannot be written."""

from __future__ import annotations

import warnings
from dataclasses import replace

import pytest

from absengine.errors import UsageError
from absengine.report.canvas import pen
from absengine.report.publish import Publication, publish
from absengine.results.document import stress_document
from absengine.results.folder import MANIFEST, manifest, read_run


@pytest.fixture
def publication(worked, document):
    facts = manifest("stress", {}, {}, calendars={})
    return Publication(worked.two_class(), document, [], facts, assumptions=[("coupon", "5%", "illustrative")])


def published(what, place, **given):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return publish(what, place, **{"force": False, "language": "en", "font": None, **given})


def test_publish__writes_every_part_and_reads_back(publication, tmp_path):
    run = published(publication, tmp_path / "run")
    parts = {file.relative_to(run).as_posix() for file in run.rglob("*") if file.is_file()}
    assert {"manifest.json", "stress.json", "checks.json", "tranches.parquet", "csv/tranches.csv", "workbook.xlsx",
            "report.html", "pictures/coverage.svg", "pictures/balance-base.png"} <= parts  # fmt: skip
    assert read_run(run).document == {**publication.document, "run": "."}


def test_publish__equal_runs_give_one_digest(publication, tmp_path):
    one, two = (published(publication, tmp_path / name) for name in ("one", "two"))
    assert (one / MANIFEST).read_bytes() == (two / MANIFEST).read_bytes()


def test_publish__says_once_that_chinese_cannot_be_written(publication, tmp_path, monkeypatch):
    monkeypatch.setattr("absengine.report.canvas._system_cjk", lambda: None)
    with pytest.warns(UserWarning, match="no Chinese font") as told:
        publish(publication, tmp_path / "run", force=False, language=None, font=None)
    assert len(told) == 1


@pytest.mark.parametrize("content", [None, b"no font"])
def test_pen__refuses_what_is_no_font(tmp_path, content):
    file = tmp_path / "x.ttf"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(UsageError) as raised:
        pen("zh", file)
    assert raised.value.problems[0].code == "font-unreadable"


def test_publish__scenario_names_of_any_kind_make_files(worked, tmp_path):
    names = ("a b", "x" * 200, "A-B")
    paths = replace(worked.two_class(), scenarios=names)
    document = stress_document(paths, twin=worked.two_class_twin(), pool_balance=100.0, contracts=12)
    what = Publication(paths, document, [], manifest("stress", {}, {}, calendars={}))
    run = published(what, tmp_path / "run")
    made = sorted(file.name for file in (run / "pictures").glob("balance-*.png"))
    assert made == ["balance-A-B-3.png", "balance-a-b.png"]
    assert read_run(run).paths.scenarios == names
