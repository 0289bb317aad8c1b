"""Packs: what the shipped ones hold, inheritance, cross products, both languages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from absengine.language.validation import free_paths
from absengine.scenario import Curve, Lag, Late, RecoveryTerm, Scenario, Scope, load_pack
from absengine.scenario.aliases import ALIASES
from absengine.scenario.models import PackFile
from absengine.scenario.pack import moved

PACKS = sorted((Path(__file__).parents[2] / "scenarios" / "packs").glob("*.toml"))
HEAD = 'schema = "absengine.pack/1"\ntitle = "small"\nsource = "a test"\n'


def read(tmp_path: Path, body: str, head: str = HEAD) -> dict[str, Scenario]:
    path = tmp_path / "pack.toml"
    path.write_text(head + body, encoding="utf-8")
    return {scenario.name: scenario for scenario in load_pack(path).scenarios}


@pytest.mark.parametrize("path", PACKS, ids=lambda path: path.stem)
def test_shipped_pack__loads_and_every_scenario_names_its_source(path: Path) -> None:
    pack = load_pack(path)
    assert pack.title and pack.scenarios
    assert len({scenario.name for scenario in pack.scenarios}) == len(pack.scenarios)
    for scenario, case in zip(pack.scenarios, pack.cases(), strict=True):
        assert scenario.label and scenario.source
        assert case.name == scenario.name and case.scenario is scenario


def test_shipped_packs__are_all_there() -> None:
    names = {path.stem for path in PACKS}
    assert {"base", "standard", "names", "grid"} <= names
    grid = load_pack(next(path for path in PACKS if path.stem == "grid"))
    assert len(grid.scenarios) == 27
    assert {len(scenario.assumptions) for scenario in grid.scenarios} == {3}


def test_event__counts_names_or_as_many_as_there_are(tmp_path: Path) -> None:
    exact = '{ what = "default", top = 5, on = 2026-06-30 }'
    fewer = '{ what = "repurchase", smallest = "up to 3", on = 2026-06-30 }'
    events = read(tmp_path, f"[scenario.one]\nevent = [{exact}, {fewer}]")["one"].events
    assert [(one.top, one.smallest, one.or_fewer) for one in events] == [(5, 0, False), (0, 3, True)]


def test_extends__later_blocks_rule_and_single_figures_are_inherited(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        """
[scenario.one]
fee_factor = "150%"
order = "prepay on performing"
rate_shift = { LPR1Y = "1%" }
assume = [{ prepay = { kind = "cpr", rate = "5%" } }]

[scenario.two]
extends = "one"
rate_shift = { LPR5Y = "-0.5%" }
assume = [{ prepay = { kind = "cpr", rate = "9%" } }]

[scenario.three]
extends = "two"
fee_factor = 2
""",
    )
    assert [a.layer for a in found["two"].assumptions] == [0, 1]
    assert found["two"].fee_factor == 1.5 and found["three"].fee_factor == 2.0
    assert found["three"].order == "prepay on performing"
    assert found["three"].rate_shift == {"LPR1Y": 0.01, "LPR5Y": -0.005}
    assert [a.prepay and a.prepay.values for a in found["three"].assumptions] == [(0.05,), (0.09,)]


def test_cross__combines_parts_and_keeps_what_they_inherit(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        """
[part.dear]
label = "dear"
source = "first"
fee_factor = 2

[part.dearer]
extends = "dear"
label = "dearer"
source = "second"

[scenario.fast]
label = "fast"
assume = [{ prepay = { kind = "cpr", rate = "40%" } }]

[cross.all]
label = "grid"
axes = [["fast"], ["dear", "dearer"]]
""",
    )
    assert set(found) == {"fast", "fast+dear", "fast+dearer"}
    assert found["fast+dearer"].fee_factor == 2.0 and found["fast"].fee_factor == 1.0
    assert found["fast+dear"].label == "grid: fast + dear"
    assert found["fast+dearer"].source == "a test; first; second"


def test_pack__every_figure_arrives(tmp_path: Path) -> None:
    one = read(
        tmp_path,
        """
[scenario.one]
set = { "tranche.A1.coupon.rate" = "4%", "tranche.A1.face" = 1_000 }
forced = { cum = 2026-12-31 }
supporter = [{ entity = "g", gone = 2026-06-30 }, { entity = "f", late = { months = 2 } }]
event = [
  { what = "default", who = ["x"], on = 2026-09-30, cross_default = false, recognition = "2 weeks" },
  { what = "extend", who = "all", on = 2026-09-30, by = { months = 6 } },
]

[[scenario.one.assume]]
scope = { field = { industry = ["a", "b"], region = "c" } }
prepay = { kind = "vector", rates = ["1%", "2%"], per = "month", every = "3 months", from = "origination" }

[scenario.one.assume.default]
kind = "cumulative"
rate = "8%"
timing = ["50%", "50%"]
front = "50%"
every = "1 year"
recognition = "90 days"

[scenario.one.assume.recovery]
deposit = {}
fund = { rate = "40%", lag = { months = 9 }, cap = 5_000_000 }
cure = { rate = "5%", lag = { days = 30 } }
ip = { rate = "10%", base = "lower", start = "default", lag = { payments = 4 }, payer = "g" }
delayed = { share = "50%", by = { months = 6 } }
""",
    )["one"]
    block = one.assumptions[0]
    assert block.scope == Scope("field", (("industry", ("a", "b")), ("region", ("c",))))
    assert block.default == Curve("cumulative", (0.08,), every=12, timing=(0.75, 0.25), recognition=90)
    assert block.prepay == Curve("rate", (0.01, 0.02), per="month", every=3, origin="origination")
    assert block.recovery == {
        "deposit": RecoveryTerm(1.0),
        "cure": RecoveryTerm(0.05, lag=Lag(days=30)),
        "fund": RecoveryTerm(0.4, lag=Lag(months=9), start="recognition", cap=5e6),
        "ip": RecoveryTerm(0.1, base="lower", lag=Lag(payments=4), payer="g"),
    }
    assert block.delayed is not None and (block.delayed.share, block.delayed.by) == (0.5, Lag(months=6))
    assert one.overrides == {"tranche.A1.coupon.rate": 0.04, "tranche.A1.face": 1000.0}
    assert one.forced == {"cum": np.datetime64("2026-12-31")}
    assert [(s.entity, str(s.gone), s.late) for s in one.supporters] == [("g", "2026-06-30", 0), ("f", "NaT", 2)]
    first, second = one.events
    assert (first.who, first.cross_default, first.recognition) == (("x",), False, 14)
    assert (second.scope, second.by, second.where.line) == (Scope(), 6, 11)


def test_pack__reads_the_same_in_chinese(tmp_path: Path) -> None:
    english = read(
        tmp_path,
        '[scenario.one]\nassume = [{ default = { kind = "cdr", rate = "2%" }, recovery = { ip = { rate = "5%" } } }]\n',
    )
    head = '"格式" = "absengine.pack/1"\n"标题" = "small"\n"来源" = "a test"\n'
    body = """
[["情景".one."假设"]]
"违约" = { "类型" = "cdr", "利率" = "2%" }
"回收" = { "知识产权" = { "利率" = "5%" } }
"""
    chinese = read(tmp_path, body, head)
    assert chinese["one"].assumptions[0].default == english["one"].assumptions[0].default
    assert chinese["one"].assumptions[0].recovery == english["one"].assumptions[0].recovery


def keys(schema: dict[str, Any]) -> set[str]:
    """Every key a pack may hold."""
    tables = [schema, *schema["$defs"].values()]
    return {key for table in tables for key in table.get("properties", {})}


PAYING = """
[scenario.one]
assume = [
  { dilution = "2%", late = { share = "10%", by = { days = 45 }, penalty = "tape" } },
  { scope = { id = "L1" }, late = { share = "5%", by = { payments = 1 }, penalty = "18% per year" } },
  { scope = { id = "L2" }, recovery = { guarantor = { rate = "100%", base = "claim with penalty" } } },
]
"""
支付 = """
["情景".one]
"假设" = [
  { "稀释" = "2%", "迟付" = { "份额" = "10%", "按" = { "天" = 45 }, "罚息" = "tape" } },
  { "范围" = { "编号" = "L1" }, "迟付" = { "份额" = "5%", "按" = { "期" = 1 }, "罚息" = "18% per year" } },
  { "范围" = { "编号" = "L2" }, "回收" = { "保证人" = { "利率" = "100%", "基数" = "claim with penalty" } } },
]
"""


@pytest.mark.parametrize("body", [PAYING, 支付], ids=["English", "中文"])
def test_paying__dilution_late_payment_and_penalty_in_both_spellings(tmp_path: Path, body: str) -> None:
    wide, first, second = read(tmp_path, body)["one"].assumptions
    assert wide.dilution == 0.02 and wide.late == Late(0.1, Lag(days=45), None)
    assert wide.aspects == ("dilution", "late")
    assert first.late == Late(0.05, Lag(payments=1), 0.18) and first.dilution is None
    assert second.recovery["guarantor"] == RecoveryTerm(1.0, base="claim with penalty")


def test_aliases__one_chinese_name_for_every_key() -> None:
    assert set(ALIASES.values()) == keys(PackFile.model_json_schema(by_alias=True))
    assert len(set(ALIASES.values())) == len(ALIASES)
    assert ("scenario",) in free_paths(PackFile)


@pytest.mark.parametrize(("front", "back"), [(0.0, 0.0), (0.2, 0.0), (0.1, 0.3), (0.5, 0.5)])
def test_moved__keeps_the_whole(front: float, back: float) -> None:
    curve = moved((0.2, 0.3, 0.5), front, back)
    assert sum(curve) == pytest.approx(1.0)
    assert curve[1] == pytest.approx(0.3 * (1 - front - back))
