from dataclasses import dataclass

import pytest

from absengine.language.registry import Entry, Registry


@dataclass(frozen=True, slots=True, kw_only=True)
class Verb(Entry):
    opcode: int


def verb(key, zh, doc_en="does", doc_zh="做", opcode=1):
    return Verb(key=key, zh=zh, doc_en=doc_en, doc_zh=doc_zh, opcode=opcode)


VERBS = Registry("verb", [verb("pay", "支付"), verb("move", "划转", opcode=2)])


def test_registry__keeps_the_order_and_gives_entries_back():
    assert VERBS.keys == ("pay", "move")
    assert [entry.opcode for entry in VERBS] == [1, 2]
    assert VERBS["move"].opcode == 2
    assert "pay" in VERBS and "支付" not in VERBS and len(VERBS) == 2


@pytest.mark.parametrize("blank", ["key", "zh", "doc_en", "doc_zh"])
def test_registry__an_undocumented_entry_does_not_build(blank):
    with pytest.raises(ValueError, match=blank):
        Registry("verb", [verb(**({"key": "pay", "zh": "支付"} | {blank: " "}))])


@pytest.mark.parametrize("twin", [("pay", "付款"), ("spend", "支付")])
def test_registry__a_word_twice_does_not_build(twin):
    with pytest.raises(ValueError, match="twice"):
        Registry("verb", [verb("pay", "支付"), verb(*twin)])
