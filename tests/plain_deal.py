"""A plain deal that is right, as text; tests change one thing of it and read what becomes of it."""

import tempfile
from pathlib import Path

import pytest

from absengine.deal.load import load
from absengine.errors import DealError

PLAIN = """\
schema = "absengine.deal/1"

[deal]
name = "plain"

[dates]
cutoff = 2026-03-31
closing = 2026-04-20
legal_final = 2027-04-26
collection = { every = "1 month", on = "last day" }
payment = { every = "3 months", on = 26, first = 2026-07-26, calendar = "SSE", roll = "following" }

[account.main]

[collect]
interest = "main"
principal = "main"
prepayment = "main"
recovery = "main"

[tranche.A]
class = "senior"
face = 900
coupon = { kind = "fixed", rate = "3.2%" }
principal = { kind = "pass_through" }

[tranche.SUB]
class = "residual"
face = 100

[stage.first]
pays = "payment"
step = [
  { id = "int", do = "pay", what = ["interest.A"], from = "main" },
  { id = "prin", do = "pay", what = ["principal.A"], from = "main" },
  { id = "residual", do = "pay", what = ["residual.SUB"], from = "main", when = "balance.A == 0" },
]
"""


def changed(*changes, also=""):
    """The plain deal with texts replaced, and tables added at its end."""
    text = PLAIN
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    return text + also


def loaded(text, **files):
    """The deal of a text, with CSV files beside it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "deal.toml"
        path.write_text(text, encoding="utf-8")
        for name, content in files.items():
            data = content.encode() if isinstance(content, str) else content
            (path.parent / f"{name}.csv").write_bytes(data)
        return load(path)


def refused(text, **files):
    """(code, found) of every problem a text is refused for."""
    with pytest.raises(DealError) as caught:
        loaded(text, **files)
    return [(problem.code, problem.found) for problem in caught.value.problems]
