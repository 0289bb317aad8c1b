"""Factoring (保理): receivables of sellers against a debtor or core enterprise, bought at a discount.

Each row is paid once, on its due date: face less what may be set off and what is held back. The debtor owes it, so rows
of one debtor fail together; with recourse the seller must buy back what the debtor does not pay. The discount is
simple and by ACT/365F where the tape says nothing else (assumption: the usual quotation of factors).
"""

from __future__ import annotations

from collections import defaultdict
from typing import Final

import numpy as np
from numpy.typing import NDArray

from absengine.errors import Problems, TapeError
from absengine.loaders import terms
from absengine.loaders.discount import Claims, Habit, bullets, chains, due_after, names_in
from absengine.loaders.fields import fields_of
from absengine.loaders.source import Context, Loaded
from absengine.loaders.tape import Tape
from absengine.schema import Dates, Floats

KIND = "factoring"
NAMES = ("factored receivables", "保理应收账款")
FIELDS = fields_of("receivable", required=("asset_id", "face", "has_recourse"))
HABIT: Final = Habit("simple", "ACT/365F")
TERM_WITHIN: Final = 31
"""Days by which invoice date and term may miss the due date: terms counted from the month end (月结; assumption)."""
_DAY = np.timedelta64(1, "D")


def schedule(tape: Tape, context: Context) -> Loaded:
    """Contracts and their single payments, in the order of the tape.

    Raises TapeError with every row whose dates, amounts or parties are missing or contradict each other, and with every
    invoice assigned twice (domain §6.2).
    """
    problems = Problems()
    rows = terms.Rows(tape, problems)
    cutoff = terms.cutoffs(tape, context)
    obligor, debtor = _debtors(tape, rows)
    recourse = _recourse(tape, rows, debtor)
    due = due_after(tape, rows, _due(tape, rows, cutoff), cutoff)
    cash = _cash(tape, rows)
    _refuse_assigned_twice(tape, rows)
    problems.refuse(TapeError)
    loaded = bullets(tape, rows, KIND, Claims(cash, due, cutoff), HABIT)
    problems.refuse(TapeError)
    loaded.contracts.update(obligor=obligor, debtor=debtor, recourse=recourse)
    return loaded


def _debtors(tape: Tape, rows: terms.Rows) -> tuple[NDArray[np.object_], NDArray[np.object_]]:
    """Debtor as invoiced, and who finally owes; the seller where no debtor is named and there is recourse to it."""
    seller, invoiced, named = tape.column("seller"), tape.column("obligor"), tape.column("debtor")
    owes = np.where(named == "", invoiced, named)
    unnamed, confirmed = owes == "", tape.column("confirmed") == "yes"
    rows.refuse(
        unnamed & confirmed, "confirmed", "confirmed-without-debtor", lambda row: "confirmed, and nobody who has",
        "the debtor (买方) that has confirmed",
    )  # fmt: skip
    covered = (tape.column("has_recourse") == "yes") & (seller != "")
    rows.refuse(
        unnamed & ~confirmed & ~covered, "debtor", "debtor-missing", lambda row: "neither a debtor nor recourse",
        "the debtor (买方), or recourse to a named seller",
    )  # fmt: skip
    rows.refuse(
        (seller != "") & (seller == owes), "debtor", "seller-is-debtor", lambda row: f"{seller[row]} as both",
        "a seller and a debtor that are two parties",
    )  # fmt: skip
    owes = np.where(unnamed, seller, owes)
    return np.where(invoiced == "", owes, invoiced), owes


def _recourse(tape: Tape, rows: terms.Rows, debtor: NDArray[np.object_]) -> NDArray[np.object_]:
    """Who must buy back: the seller, then any further names of the tape; nobody without recourse."""
    seller, has = tape.column("seller"), tape.column("has_recourse") == "yes"
    written = [names_in(text) for text in tape.column("recourse")]
    some = np.array([bool(names) for names in written], dtype=bool)
    rows.refuse(
        ~has & some, "recourse", "recourse-contradiction", lambda row: f"no recourse, and {'; '.join(written[row])}",
        "has_recourse (追索权) yes with those who must buy back, or no and nobody",
    )  # fmt: skip
    rows.refuse(
        has & ~some & (seller == ""), "seller", "recourse-without-seller", lambda row: "recourse, and no seller",
        "the seller (卖方) who must buy back",
    )  # fmt: skip
    chain = []
    for own, names, wanted, owes in zip(seller, written, has, debtor, strict=True):
        first = [own] if own and own != owes and own not in names else []
        chain.append([*first, *names] if wanted else [])
    return chains(rows, chain, debtor)


def _due(tape: Tape, rows: terms.Rows, cutoff: Dates) -> Dates:
    """Due date of each row, before any extension: as stated, else invoice date and term of payment."""
    stated, invoiced, days = tape.column("maturity_date"), tape.column("invoice_date"), tape.column("term_days")
    header = tape.headers.get("term_days", "")
    rows.refuse(
        ~np.isnan(days) & ("月" in header.replace("月结", "")), "term_days", "term-in-months",
        lambda row: f"a term under the header {header}", "a term in days (天), or the due date",
    )  # fmt: skip
    counted = invoiced + np.nan_to_num(days).astype("timedelta64[D]")
    known = ~np.isnat(invoiced) & ~np.isnan(days)
    rows.refuse(
        np.isnat(stated) & ~known, "maturity_date", "maturity-missing", lambda row: "no due date",
        "the due date (应付日), or invoice date (开票日) and term (账期)",
    )  # fmt: skip
    apart = np.abs(counted - stated) > TERM_WITHIN * _DAY
    rows.refuse(
        known & ~np.isnat(stated) & apart, "maturity_date", "term-contradiction",
        lambda row: f"due on {stated[row]} where invoice and term give {counted[row]}",
        f"dates within {TERM_WITHIN} days of each other", "leave one of the columns out, or check the term",
    )  # fmt: skip
    due = np.where(np.isnat(stated), counted, stated)
    return np.where(np.isnat(due), cutoff, due)


def _cash(tape: Tape, rows: terms.Rows) -> Floats:
    """What the debtor pays to the plan: face less set-off, less the share held back."""
    face, set_off = tape.column("face"), np.nan_to_num(tape.column("set_off"))
    kept = np.nan_to_num(tape.column("holdback"))
    rows.refuse(
        set_off > face, "set_off", "set-off-above-face", lambda row: f"{set_off[row]:,.2f} of {face[row]:,.2f}",
        "at most the face",
    )  # fmt: skip
    rows.refuse(
        (set_off > 0) & (tape.column("confirmed") == "yes"), "set_off", "confirmed-with-set-off",
        lambda row: f"a confirmed claim of which {set_off[row]:,.2f} may be set off",
        "no set-off of a confirmed claim", "state as face what the debtor has confirmed",
    )  # fmt: skip
    cash = (face - set_off) * (1.0 - kept)
    rows.refuse(
        (cash <= 0) & (set_off <= face), "face", "receivable-of-nothing", lambda row: "nothing is left to be paid",
        "a face above set-off and holdback",
    )  # fmt: skip
    return np.asarray(cash)


def _refuse_assigned_twice(tape: Tape, rows: terms.Rows) -> None:
    """Refuse an invoice on two rows, unless both state its amount and their faces fit into it."""
    seller, face, amount = tape.column("seller"), tape.column("face"), tape.column("invoice_amount")
    users: dict[tuple[str, str], list[int]] = defaultdict(list)
    for row, text in enumerate(tape.column("invoice_no")):
        for number in dict.fromkeys(names_in(text)):
            users[str(seller[row]), number].append(row)
    twice = np.zeros(len(tape), dtype=bool)
    first: dict[int, str] = {}
    for (_, number), found in users.items():
        parts = np.array(found)
        fits = bool(np.all(amount[parts] == amount[found[0]])) and float(face[parts].sum()) <= amount[found[0]] + 0.005
        if len(found) > 1 and not fits:
            twice[parts[1:]] = True
            first |= {row: f"invoice {number} again, already on {tape.where(found[0])}" for row in found[1:]}
    rows.refuse(
        twice, "invoice_no", "invoice-assigned-twice", lambda row: first[row], "an invoice assigned once",
        "for parts of one invoice state its amount (发票金额) on each row",
    )  # fmt: skip
