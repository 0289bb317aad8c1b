"""Terms with the remark of their line."""

from __future__ import annotations

from pathlib import Path

from absengine.errors import DealError
from absengine.language.remarks import Term, terms
from absengine.language.toml import parse

TEXT = """\
# about the whole file
title = "a # in a text"        # [S] the filing
[tranche.A]
face = 195_700_000             # [A] 95 % of the total
coupon = { kind = "fixed", rate = "3.80%" }   # rate [S]
dates = [2026-01-20, 2026-04-20]
[[step]]
id = "vat"
[[step]]
id = "fees"                    # order [K]
"""


def test_terms__each_value_with_the_remark_of_its_line() -> None:
    assert terms(parse(TEXT, "deal.toml", DealError)) == [
        Term(("title",), "a # in a text", "[S] the filing"),
        Term(("tranche", "A", "face"), "195_700_000", "[A] 95 % of the total"),
        Term(("tranche", "A", "coupon", "kind"), "fixed", "rate [S]"),
        Term(("tranche", "A", "coupon", "rate"), "3.80%", "rate [S]"),
        Term(("tranche", "A", "dates"), "2026-01-20, 2026-04-20", ""),
        Term(("step", 0, "id"), "vat", ""),
        Term(("step", 1, "id"), "fees", "order [K]"),
    ]


def test_terms__the_example_deal_marks_its_assumptions() -> None:
    file = Path(__file__).parents[2] / "scenarios" / "deals" / "gaoxintou-5" / "deal.toml"
    remarks = {term.name: term.remark for term in terms(parse(file.read_text(encoding="utf-8"), file.name, DealError))}
    assert remarks["dates.legal_final"].startswith("[A]")
    assert remarks["dates.closing"].startswith("[S]")
