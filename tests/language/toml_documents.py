"""Random TOML documents: dotted keys, inline tables, arrays over lines, arrays of tables, odd keys, comments, CRLF."""

import tomllib

from hypothesis import strategies as st

BARE = st.sampled_from(["a", "b", "c", "1", "x-y", "_", "2026", "true", "inf"])
QUOTED = st.sampled_from(
    ['"a"', '"名称"', "'优先 A'", '"a.b"', '"\\u0041"', '""', "''", '"#"', '"=]"', "'[x]'", '"q\\"q"']
)
PART = st.one_of(BARE, QUOTED)
GAP = st.sampled_from(["", " ", "  ", "\t", " \t "])
BREAK = st.sampled_from(["", " ", "\n", "  \n ", ' # 注 [x] = "y"\n', "#\n", "\n\n"])
SCALARS = st.sampled_from(
    [
        "1", "-2_000", "0xDEAD_beef", "0o17", "0b11", "1.5", "-0.0", "6.02e+23", "inf", "-nan", "true", "false",
        "2026-03-31", "2026-03-31T10:15:00", "2026-03-31 10:15:00", "2026-03-31T10:15:00.5+08:00", "10:15:00",
        '""', '"x"', '"a # b, c = [d] {e}"', '"\\"\\\\"', "''", "'c:\\d'", '"中文，＝"', '"""x"""', '""""q""""',
        '"""\nline\n"more", # not a comment\n"""', '"""a \\\n   b"""', '"""\\""""""',
        "'''\nx ''y'' ]\n'''", "''''q''''",
        '""""""', "''''''", '"""""x"""""',
    ]
)  # fmt: skip


@st.composite
def keys(draw):
    parts = draw(st.lists(PART, min_size=1, max_size=3))
    return "".join(("" if not i else draw(GAP) + "." + draw(GAP)) + part for i, part in enumerate(parts))


@st.composite
def arrays(draw, inner):
    items = draw(st.lists(inner, max_size=3))
    text = "[" + draw(BREAK)
    for index, item in enumerate(items):
        last = index == len(items) - 1
        text += item + draw(BREAK) + ("," if not last or draw(st.booleans()) else "") + draw(BREAK)
    return text + "]"


@st.composite
def inline_tables(draw, inner):
    pairs = [
        f"{draw(GAP)}{draw(keys())}{draw(GAP)}={draw(GAP)}{draw(inner)}{draw(GAP)}"
        for _ in range(draw(st.integers(0, 3)))
    ]
    return "{" + ",".join(pairs) + draw(GAP) + "}"


VALUES = st.recursive(SCALARS, lambda inner: arrays(inner) | inline_tables(inner), max_leaves=6)


@st.composite
def statements(draw):
    shape = draw(st.sampled_from(["pair", "pair", "pair", "table", "rows", "blank"]))
    tail = draw(GAP) + draw(st.sampled_from(["", "", "# 注释 [a] = {b}", "#"]))
    if shape == "pair":
        return f"{draw(GAP)}{draw(keys())}{draw(GAP)}={draw(GAP)}{draw(VALUES)}{tail}\n"
    if shape == "table":
        return f"{draw(GAP)}[{draw(GAP)}{draw(keys())}{draw(GAP)}]{tail}\n"
    if shape == "rows":
        return f"{draw(GAP)}[[{draw(GAP)}{draw(keys())}{draw(GAP)}]]{tail}\n"
    return f"{tail}\n"


@st.composite
def documents(draw):
    """A valid document: statements that ``tomllib`` would refuse after the earlier ones are left out."""
    text = ""
    for statement in draw(st.lists(statements(), max_size=10)):
        try:
            tomllib.loads(text + statement)
        except tomllib.TOMLDecodeError:
            continue
        text += statement
    if draw(st.booleans()):
        text = text.removesuffix("\n")
    return text.replace("\n", "\r\n") if draw(st.booleans()) else text
