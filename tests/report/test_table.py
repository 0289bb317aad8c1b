"""The terminal table of the worked deal."""

from __future__ import annotations

from absengine.report.table import stress_table, stress_unit


def test_stress_table__one_row_per_class_and_scenario(document):
    columns, rows = stress_table(document)
    assert len(rows) == 6 and all(len(row) == len(columns) for row in rows)
    assert [row[0] for row in rows] == ["base", "", "default", "", "all lost", ""]
    named = {column.title.split(" ")[0]: cell for column, cell in zip(columns, rows[0], strict=True)}
    assert (named["yield"], named["coverage"]) == ("5.00%", "0.98×")
    assert rows[2][1:9] == ("A", "8.07", "75.63", "", "0.00", "11.40", "4.37", "1.96")
    assert rows[2][-2:] == ("2028-01-01", "lost 2027-12-15, topup 2028-01-01")
    assert stress_unit(document).name == "元"


def test_stress_table__residual_rows_leave_blank_what_they_do_not_owe(document):
    columns, rows = stress_table(document)
    residual = dict(zip((column.title.split(" ")[0] for column in columns), rows[1], strict=True))
    assert residual["residual"] == "26.40" and residual["first"] == "–"
    assert rows[1][5:7] == ("", "")


def test_stress_table__no_residual_column_without_a_residual_class(document):
    for scenario in document["scenarios"]:
        scenario["tranches"] = [one for one in scenario["tranches"] if not one["residual"]]
    columns, rows = stress_table(document)
    assert not any(column.title.startswith("residual") for column in columns)
    assert len(rows[0]) == len(columns)
