"""Every file under ``deals/`` is wrong in one way and refused with the one problem it is named after."""

import ast
import re
from pathlib import Path

import pytest

import absengine
from absengine.deal.load import load
from absengine.errors import DealError

CASES = sorted(Path(__file__).with_name("deals").glob("*.toml"))
SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)+")
ROOM = Path(absengine.__file__).with_name("deal")
ELSEWHERE = {
    "criterion-field": "asked of a tape: tests/deal/test_eligibility.py",
    "criterion-word": "asked of a tape: tests/deal/test_eligibility.py",
    "no-deal": "a folder without a deal: tests/deal/test_load.py",
    "no-pool": "asked only by a run: tests/deal/test_load.py",
    "plan-file-too-large": "a file of 1 MB is not kept: tests/deal/test_load.py",
    "plan-file-unreadable": "a matter of the disk: tests/deal/test_load.py",
}
"""Problems of the deal room that no small deal file alone can show, and where they are shown."""


def code_of(path):
    return path.stem.partition("--")[0]


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_load__refuses_a_bad_deal_by_name(path):
    with pytest.raises(DealError) as caught:
        load(path)
    (problem,) = caught.value.problems
    assert problem.code == code_of(path)
    where = problem.where
    if where.file == str(path):
        assert where.line and (where.column or problem.code == "not-utf8")
    else:  # a file beside the deal, named after the case
        assert where.file == str(path.with_suffix(".csv"))
        assert where.line or path.stem == "plan-row--empty"
    assert problem.found and problem.allowed
    assert "\n" not in str(problem)
    assert caught.value.exit_code == 3


def test_deal_room__every_problem_has_its_bad_deal():
    """Texts of the form ``words-with-hyphens`` in the deal room are problem codes."""
    codes = set()
    for module in ROOM.rglob("*.py"):
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and SLUG.fullmatch(node.value):
                codes.add(node.value)
    codes -= {"utf-8", "utf-8-sig"}
    assert len(codes) > 80
    assert codes - set(ELSEWHERE) <= {code_of(path) for path in CASES}
    assert set(ELSEWHERE) <= codes
