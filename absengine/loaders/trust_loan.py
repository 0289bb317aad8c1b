"""Entrusted loans (委托贷款) and trust-beneficiary rights (信托受益权), with or without look-through (穿透).

A row with look-through is an underlying loan: it is repaid as a pledge loan is, and its cash reaches the plan by way of
the trust (dates, fee, tax, cash in its account) or of the entrusted bank (fee, days to pass it on); see
:mod:`absengine.loaders.trust_tier`. Days between due date and distribution, when the money lies with others (混同), are
the columns ``wait_days`` and ``wait_days_longest``. A row without look-through is the certificate itself: one contract
with its own terms or plan, and no second tier. Which tax a deal pays on either is the deal's to say, by asset kind;
income of certificates held to maturity is not taxed (财税〔2016〕140号). The entrusted bank has no credit duty.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from absengine.errors import Problems, TapeError
from absengine.loaders import distribution, pledge_loan, terms, trust_tier
from absengine.loaders.due_dates import Flags
from absengine.loaders.fields import fields_of
from absengine.loaders.schedule import last_dates
from absengine.loaders.source import Context, Loaded
from absengine.loaders.tape import Tape
from absengine.schema import Dates

KIND: Final = "trust_loan"
NAMES: Final = ("trust-beneficiary rights and entrusted loans", "信托受益权与委托贷款")
FIELDS: Final = (
    *fields_of("contract", required=("asset_id", "balance", "amort_type")),
    *fields_of("trust", required=("look_through",)),
)

_TIER: Final = (
    "distribution_frequency", "first_distribution_date", "distribution_day", "distribution_dates", "transfer_days",
    "trust_fee", "bank_fee", "trust_tax", "trust_principal", "trust_interest",
)  # fmt: skip
"""Terms of the second tier, which a certificate with its own plan has none of."""


def schedule(tape: Tape, context: Context) -> Loaded:
    """Contracts and the cash of each that reaches the plan, from the cut-off date on, in the order of the tape.

    Raises TapeError with every row whose terms are missing or contradict each other.
    """
    loans, passed = passed_on(tape, context)
    return Loaded(_contracts(tape, loans, passed), passed.flows)


def passed_on(tape: Tape, context: Context) -> tuple[Loaded, trust_tier.Passed]:
    """The underlying loans, and what of their cash reaches the plan; TapeError as :func:`schedule`."""
    problems = Problems()
    rows = terms.Rows(tape, problems)
    _refuse_terms(rows)
    try:
        loans = pledge_loan.schedule(tape, context)
    except TapeError as error:
        problems.extend(error.problems)
    problems.refuse(TapeError)
    flows = loans.flows.in_order()
    passed = trust_tier.pass_on(tape, flows, _begins(loans), loans.contracts["cutoff_date"])
    trust_tier.refuse_uncovered(rows, passed)
    problems.refuse(TapeError)
    return loans, passed


def _refuse_terms(rows: terms.Rows) -> None:
    """Refuse certificates with terms of a second tier, and tiers that lack what they need."""
    tape = rows.tape
    through, trust = tape.column("look_through") == "yes", tape.column("trust_plan") != ""
    for name in _TIER:
        stated = _stated(tape, name)
        rows.refuse(
            ~through & stated, name, "tier-without-look-through",
            lambda row, name=name: f"{name} {tape.column(name)[row]} of a certificate with its own plan",  # type: ignore[misc]
            "nothing there: its plan is what the certificate pays",
            "or look_through (是否穿透) yes, with the underlying loans",
        )  # fmt: skip
    rows.refuse(
        ~through & ~trust, "trust_plan", "certificate-without-trust", lambda row: "a certificate of no trust",
        "the trust it is a right in (信托计划)",
    )  # fmt: skip
    bank = tape.column("lending_bank") != ""
    rows.refuse(
        through & ~trust & ~bank, "lending_bank", "lender-missing", lambda row: "neither a trust nor an entrusted bank",
        "the trust (信托计划) of a trust-beneficiary right, or the bank (贷款行) of an entrusted loan",
    )  # fmt: skip
    for name in ("trust_fee", "trust_tax", "trust_principal", "trust_interest"):
        rows.refuse(
            through & ~trust & _stated(tape, name), name, "trust-term-without-trust",
            lambda row, name=name: f"{name} {tape.column(name)[row]} of a loan in no trust",  # type: ignore[misc]
            "terms of a trust beside the trust (信托计划)",
            "the fee of an entrusted bank is bank_fee (委托贷款手续费率)",
        )  # fmt: skip
    distribution.refuse(rows, np.asarray(through & trust))


def _stated(tape: Tape, name: str) -> Flags:
    values = tape.column(name)
    if values.dtype.kind == "M":
        return np.asarray(~np.isnat(values))
    return np.asarray(values != "") if values.dtype == object else np.nan_to_num(values) > 0


def _begins(loans: Loaded) -> Dates:
    """Where interest of each contract's first period begins: due date before, origination, or cut-off."""
    contracts = loans.contracts
    begin = contracts["previous_due_date"]
    begin = np.where(np.isnat(begin), contracts["start_date"], begin)
    return np.where(np.isnat(begin), contracts["cutoff_date"], begin)


def _contracts(tape: Tape, loans: Loaded, passed: trust_tier.Passed) -> dict[str, np.ndarray]:
    contracts = dict(loans.contracts)
    count = len(tape)
    contracts["asset_kind"] = np.full(count, KIND, dtype=object)
    contracts["cutoff_balance"] = contracts["cutoff_balance"] + trust_tier.in_account(tape)
    contracts["maturity_date"] = last_dates(passed.flows, contracts["maturity_date"])
    tiered = passed.longest > 0
    contracts["previous_due_date"] = np.where(tiered, np.datetime64("NaT", "D"), contracts["previous_due_date"])
    contracts |= {
        "bank_fee_total": passed.bank_fee, "trust_fee_total": passed.trust_fee, "trust_tax_total": passed.tax,
        "wait_days": passed.wait, "wait_days_longest": passed.longest,
    }  # fmt: skip
    return contracts
