"""A trace tells, from recorded paths alone, what each step needed, paid and missed, and how triggers stood."""

from __future__ import annotations

from pathlib import Path

import pytest

from absengine.errors import UsageError
from absengine.results.trace import trace
from absengine.run import StressRun, stress

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def run() -> StressRun:
    return stress(ROOT / "scenarios" / "deals" / "gaoxintou-5", [ROOT / "scenarios" / "packs" / "gaoxintou-5.toml"])


def test_trace__a_step_adds_up_and_names_its_sources(run: StressRun) -> None:
    found = trace(run.paths, "top_1+guaranteed", "2023-04-14", "prin_A")
    (line,) = found.steps
    # 195.7 m falls due; what the account lacks, the payer of the shortfall brings
    assert (line.stage, line.verb, line.what) == ("amortising", "pay", ("principal.senior",))
    assert line.due == 195_700_000 and line.short == 0
    assert sum(line.sources.values()) == pytest.approx(line.paid, abs=0.005)
    assert set(line.sources) == {"account.main", "support.topup"}
    assert line.place.startswith("deal.toml:")


def test_trace__the_list_that_ran_not_the_stage_that_follows(run: StressRun) -> None:
    found = trace(run.paths, "top_1+gone", "2023-04-14")
    assert {line.stage for line in found.steps} == {"amortising"}  # the unpaid senior accelerates only after payment
    (unpaid,) = [line for line in found.triggers if line.trigger == "unpaid_senior"]
    short = [line.short for line in found.steps if line.step == "prin_A"]
    assert unpaid.active and unpaid.unit == "money" and [unpaid.value] == pytest.approx(short)
    after = trace(run.paths, "top_1+gone", "2023-07-14")
    assert {line.stage for line in after.steps} == {"accelerated"}


def test_trace__every_date_on_which_a_list_ran(run: StressRun) -> None:
    dates = {line.date for line in trace(run.paths, "contract").steps}
    assert {"2022-07-14", "2022-10-14", "2023-01-16", "2023-04-14"} <= dates
    assert trace(run.paths, "contract").as_json()["schema"] == "absengine.trace/1"


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("contrct", None, None), "unknown-scenario"),
        (("contract", "2023-04-15", None), "unknown-date"),
        (("contract", None, "prin_B"), "unknown-step"),
    ],
)
def test_trace__a_word_the_run_does_not_have(
    run: StressRun, words: tuple[str, str | None, str | None], code: str
) -> None:
    with pytest.raises(UsageError) as refused:
        trace(run.paths, *words)
    assert [problem.code for problem in refused.value.problems] == [code]
    assert "did you mean" in refused.value.problems[0].todo
