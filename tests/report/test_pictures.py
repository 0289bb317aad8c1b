"""Pictures: the finding in the title, figures that match the books, bytes that repeat."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from absengine.report.canvas import Pen, as_png, as_svg, drawing, pen, readers_pen
from absengine.report.pictures import (
    balance_by_class,
    coverage_by_date,
    loss_by_layer,
    pictured_lanes,
    pictures,
    png,
    svg,
    uses_of_cash,
)
from absengine.results.document import stress_document

CHINESE = Pen("zh", ("DejaVu Sans",))


def texts(figure):
    return [text.get_text() for text in figure.texts]


def bar_total(axes):
    """Net height of all bars at each position."""
    totals = {}
    for patch in axes.patches:
        if hasattr(patch, "get_height") and patch.get_width() > 0:
            key = round(patch.get_x(), 6)
            totals[key] = totals.get(key, 0.0) + patch.get_height()
    return totals


def test_balance_by_class__title_says_what_is_left(worked, latin):
    figure = balance_by_class(worked.two_class(), 1, latin)
    assert texts(figure)[0] == "A is left with CNY 4.37 unpaid, 5.5% of its face"
    assert texts(balance_by_class(worked.two_class(), 0, latin))[0] == "All notes are repaid by 2028-12-31"
    assert texts(balance_by_class(worked.two_class(), 1, CHINESE))[0] == "A 未兑付 4.37 元，占面值 5.5%"


def test_balance_by_class__stack_starts_at_all_faces(worked, latin):
    axes = balance_by_class(worked.two_class(), 0, latin).axes[0]
    assert max(collection.get_paths()[0].vertices[:, 1].max() for collection in axes.collections) == pytest.approx(
        100.0
    )


def test_uses_of_cash__bars_add_up_to_what_came_in(worked, latin):
    figure = uses_of_cash(worked.two_class(), 1, latin)
    # in: 48, then 1.6 + 0.5 and 5 from the payer, then 29.6; each date's uses are that, drawn accounts below zero
    assert sorted(bar_total(figure.axes[0]).values()) == pytest.approx(sorted([48.0, 7.1, 29.6]))
    # 83.7 to class A, 3 of fees, nothing to the residual
    told = "Of the cash paid out 96.5% reaches the notes, 3.5% tax and fees, 0.0% the residual class"
    assert texts(figure)[0] == told


def test_coverage_by_date__title_counts_scenarios_below_one(worked, latin):
    figure = coverage_by_date(worked.two_class(), latin)
    assert texts(figure)[0] == "Coverage falls below 1 in 3 of 3 scenarios, to -0.03× at the lowest"
    lines = [line for line in figure.axes[0].lines if len(line.get_xdata()) == 3]
    assert any(np.allclose(line.get_ydata(), [47 / 34, 44.3 / 32.5, 20.6 / 21]) for line in lines)


def test_coverage_by_date__many_scenarios_leave_six_in_colour(worked, latin):
    lanes = {f"s{index}": (worked.DEFAULT, worked.DEFAULT_POOL) for index in range(20)}
    figure = coverage_by_date(worked.paths_of(lanes), latin)
    key = [text.get_text() for text in figure.legends[0].get_texts()]
    assert len(key) == 7 and key[-1] == "14 others"


def test_loss_by_layer__bars_end_at_the_gap(document, latin):
    figure = loss_by_layer(document, latin)
    assert texts(figure)[0] == "Losses reach A in 2 of 2 scenarios with losses"
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["all lost", "default"]
    widths = {}
    for patch in figure.axes[0].patches:
        row = round(patch.get_y() + patch.get_height() / 2)
        widths[row] = widths.get(row, 0.0) + patch.get_width()
    assert widths == pytest.approx({0: 66.4, 1: 43.2})


def test_loss_by_layer__the_title_counts_also_what_is_not_shown(worked, document, latin):
    lost = document["scenarios"][1]
    document["scenarios"] = [{**lost, "name": f"s{index}"} for index in range(20)]
    figure = loss_by_layer(document, latin)
    assert texts(figure)[0] == "Losses reach A in 20 of 20 scenarios with losses"
    assert "the 12 largest of 20" in texts(figure)[1] and len(figure.axes[0].get_yticklabels()) == 12


def test_loss_by_layer__a_class_that_is_repaid_sooner_has_lost_nothing(document, latin):
    case = document["scenarios"][1]
    for one in case["tranches"]:
        one["loss"] = 0.0
    document["scenarios"] = [case]
    assert texts(loss_by_layer(document, latin))[0].startswith("Losses stop at the layer")
    case["layers"]["lines"] = {"excess_spread": 0.0, "class.A": 2.0, "extra_carry": 0.0}
    sooner = "No class is left short; notes are repaid sooner and earn less interest"
    assert texts(loss_by_layer(document, latin))[0] == sooner


def test_loss_by_layer__nothing_lost_is_said_plainly(document, latin):
    document["scenarios"] = document["scenarios"][:1]
    assert texts(loss_by_layer(document, latin))[0] == "No scenario loses cash to credit events"


def test_pictures__first_and_worst_scenario_by_safe_names(worked, document, latin):
    assert pictured_lanes(document) == (0, 2)
    made = pictures(worked.two_class(), document, latin)
    assert list(made) == ["coverage", "loss-by-layer", "balance-base", "cash-base", "balance-all-lost", "cash-all-lost"]


def test_pictures__equal_runs_give_equal_bytes(worked, document, latin):
    def drawn():
        made = pictures(worked.two_class(), document, latin)
        return {**svg(made, latin), **png(made, latin)}

    assert drawn() == drawn()


def test_as_svg__keeps_text_as_text_and_no_date(worked, latin):
    picture = as_svg(balance_by_class(worked.two_class(), 0, latin), latin)
    assert b"performing pool</text>" in picture and b"<dc:date>" not in picture


@pytest.mark.parametrize("name", ["cost $5 to $6", "a & b <i>", "情景一", "\u202eabc", "x" * 200, "a\\frac$", "%d {x}"])
def test_pictures__any_scenario_name_can_be_drawn(worked, latin, name):
    paths = replace(worked.two_class(), scenarios=(name, "default", "all lost"))
    for figure in (balance_by_class(paths, 0, latin), uses_of_cash(paths, 0, latin), coverage_by_date(paths, latin)):
        assert as_png(figure, latin).startswith(b"\x89PNG") and b"<i>" not in as_svg(figure, latin)


def test_pictures__a_deal_of_one_residual_class_can_be_drawn(worked, latin):
    """Pool notes without a promise: nothing falls due, nothing is senior."""
    paths = worked.two_class()
    only = replace(paths, labels=replace(paths.labels, tranches=paths.labels.tranches[1:]))
    document = stress_document(only, twin=only, pool_balance=100.0, contracts=12)
    made = pictures(only, document, latin)
    assert texts(made["coverage"])[0] == "Nothing falls due on any date"
    assert all(png(made, latin).values())


def test_pen__falls_back_to_english_with_one_reason(monkeypatch):
    monkeypatch.setattr("absengine.report.canvas._system_cjk", lambda: None)
    without = pen("zh")
    assert without.language == "en" and "Chinese font" in without.unfit
    assert pen().unfit == "" and pen().language == "en"
    assert without.show("优先A", "A") == "A" and without.show("Class A", "A") == "Class A"


def test_readers_pen__writes_chinese_whatever_fonts_are_here(worked):
    browser = readers_pen(Pen("en", ("DejaVu Sans",)), "zh")
    picture = as_svg(balance_by_class(worked.two_class(), 1, browser), browser).decode("utf-8")
    assert "优先A 未兑付 4.37 元，占面值 5.5%" in picture and "正常资产余额" in picture and "sans-serif" in picture


def test_drawing__leaves_global_settings_alone(latin):
    import matplotlib

    before = dict(matplotlib.rcParams)
    with drawing(latin):
        assert matplotlib.rcParams["svg.fonttype"] == "none"
    assert dict(matplotlib.rcParams) == before
