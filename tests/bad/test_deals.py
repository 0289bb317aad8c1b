"""Every file under ``deals/`` is wrong in one way and refused with the one problem it is named after."""

from pathlib import Path

import pytest

from absengine.deal.load import load
from absengine.errors import DealError

CASES = sorted(Path(__file__).with_name("deals").glob("*.toml"))


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_load__refuses_a_bad_deal_by_name(path):
    with pytest.raises(DealError) as caught:
        load(path)
    (problem,) = caught.value.problems
    assert problem.code == path.stem.partition("--")[0]
    assert problem.where.file == str(path)
    assert problem.where.line
    assert problem.found and problem.allowed
    assert caught.value.exit_code == 3
