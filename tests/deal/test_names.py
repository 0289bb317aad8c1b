"""Names of formulas: one family each, documented in both languages, known where a deal has what they name."""

import re

import pytest
from plain_deal import changed, loaded, refused

from absengine.deal.names import FAMILIES, known_names

PRIN = 'what = ["principal.A"], from = "main"'


def probed(formula):
    """The plain deal with one value recorded."""
    step = f'  {{ id = "look", do = "probe", value = "{formula}" }},\n]'
    return changed(("\n]", f"\n{step}"))


def test_known_names__each_has_one_family():
    deal = loaded(changed()).file
    names = [name for family in FAMILIES for name in family.names(deal)]
    assert len(names) == len(set(names)) == len(known_names(deal))
    assert {"balance.A", "balance.senior", "face.SUB", "account.main", "stage.first", "pool.performing"} <= set(names)


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: f"{family.prefix}-{family.doc_en[:20]}")
def test_families__are_documented_in_both_languages(family):
    assert re.search("[一-鿿]", family.zh) and re.search("[一-鿿]", family.doc_zh)
    assert family.doc_en and not re.search("[一-鿿]", family.doc_en)


@pytest.mark.parametrize("name", sorted(known_names(loaded(changed()).file)))
def test_known_names__each_compiles(name):
    compiled = loaded(probed(name)).compile(1000.0)
    assert "step.first.look.value" in compiled.items


@pytest.mark.parametrize(
    ("name", "near"), [("balance.B", ""), ("pool.performin", "pool.performing"), ("account.mian", "account.main")]
)
def test_known_names__an_unknown_one_is_refused(name, near):
    ((code, found),) = refused(probed(name))
    assert code == "unknown-name" and name in found
