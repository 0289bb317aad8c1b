"""The JSON document: its shape word for word, and checks that can fail."""

from __future__ import annotations

import json

import pytest

from absengine.results.document import run_checks, stress_document


@pytest.fixture
def document(worked):
    return stress_document(
        worked.two_class(), twin=worked.two_class_twin(), pool_balance=100.0, contracts=12, run="runs/x"
    )


def test_stress_document__has_the_promised_keys(document):
    assert document["schema"] == "absengine.stress/1" and document["run"] == "runs/x"
    assert document["pool"] == {"balance": 100.0, "contracts": 12}
    assert document["checks"] == {"cash_breaks": 0, "balance_breaks": 0, "negative_accounts": 0, "layer_breaks": 0}
    scenario = document["scenarios"][1]
    assert {"name", "pool", "events", "tranches", "layers"} <= set(scenario)
    assert {"defaulted", "recovered", "loss"} <= set(scenario["pool"])
    promised = {
        "name", "face", "interest_paid", "principal_paid", "interest_shortfall", "interest_shortfall_max",
        "principal_loss", "wal_years", "irr", "coverage_min", "first_breach", "first_support_call",
    }  # fmt: skip
    assert promised <= set(scenario["tranches"][0])


def test_stress_document__money_is_in_yuan_to_the_fen(document):
    a = document["scenarios"][1]["tranches"][0]
    assert (a["face"], a["principal_paid"], a["principal_loss"]) == (80.0, 75.63, 4.37)


def test_stress_document__is_strict_json(document):
    text = json.dumps(document, allow_nan=False, ensure_ascii=False)
    assert json.loads(text) == document


def test_stress_document__without_twin_says_why_there_are_no_layers(worked):
    scenario = stress_document(worked.two_class(), pool_balance=100.0, contracts=1)["scenarios"][0]
    assert scenario["layers"] is None and scenario["layers_reason"]


@pytest.mark.parametrize(
    ("item", "row", "check"),
    [
        ("fee.trustee.paid", 0, "cash_breaks"),
        ("tranche.A.balance", 2, "balance_breaks"),
        ("account.reserve.balance", 1, "negative_accounts"),
    ],
)
def test_run_checks__sees_one_wrong_fen(worked, item, row, check):
    paths = worked.two_class()
    index = paths.labels.items.index(item)
    paths.values[index, row, 0] = -1.0 if check == "negative_accounts" else paths.values[index, row, 0] - 1.0
    assert run_checks(paths)[check] == 1


def test_run_checks__counts_values_that_are_not_numbers(worked):
    paths = worked.two_class()
    paths.values[paths.labels.items.index("fee.trustee.paid"), 0, 0] = float("nan")
    assert run_checks(paths)["cash_breaks"] >= 1
