"""Supporting bills (支持票据): bills of exchange bought at a discount, owed by the acceptor 承兑人.

Each row is paid once, at maturity. If the acceptor fails, those who endorsed it must buy back, nearest first, and the
drawer last (票据法: the holder may turn to all of them; that they pay in the order written is an assumption). The
discount is a bank discount by ACT/360 where the tape says nothing else, as bills are quoted in China [K].
"""

from __future__ import annotations

import re
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

KIND = "supporting_bill"
NAMES = ("bills of exchange", "支持票据")
FIELDS = fields_of("bill", required=("asset_id", "face", "maturity_date"))
HABIT: Final = Habit("bank", "ACT/360")
_RANGE = re.compile(r"^\s*(\d+)\s*(?:-|–|—|~|～|至|,|，)\s*(\d+)\s*$")
_WHOLE: Final = (0, 10**18)


def schedule(tape: Tape, context: Context) -> Loaded:
    """Contracts and their single payments, in the order of the tape.

    Raises TapeError with every bill that stands twice, has no acceptor, or whose amounts, dates or chain contradict
    each other (domain §6.2).
    """
    problems = Problems()
    rows = terms.Rows(tape, problems)
    cutoff = terms.cutoffs(tape, context)
    acceptor = _acceptors(tape, rows)
    recourse = _recourse(tape, rows, acceptor)
    due = due_after(tape, rows, tape.column("maturity_date"), cutoff)
    cash = tape.column("face") * (1.0 - np.nan_to_num(tape.column("holdback")))
    rows.refuse(cash <= 0, "face", "receivable-of-nothing", lambda row: "nothing is left to be paid", "a face above 0")
    _refuse_twice(tape, rows)
    problems.refuse(TapeError)
    loaded = bullets(tape, rows, KIND, Claims(np.asarray(cash), due, cutoff), HABIT)
    problems.refuse(TapeError)
    obligor = np.where(tape.column("obligor") == "", acceptor, tape.column("obligor"))
    loaded.contracts.update(obligor=obligor, debtor=acceptor, recourse=recourse)
    return loaded


def _acceptors(tape: Tape, rows: terms.Rows) -> NDArray[np.object_]:
    """Who owes each bill: the acceptor, under this or a general header."""
    acceptor = tape.column("acceptor")
    for name in ("debtor", "obligor"):
        acceptor = np.where(acceptor == "", tape.column(name), acceptor)
    rows.refuse(
        acceptor == "", "acceptor", "acceptor-missing", lambda row: "no acceptor", "the acceptor (承兑人) of the bill"
    )
    return acceptor


def _recourse(tape: Tape, rows: terms.Rows, acceptor: NDArray[np.object_]) -> NDArray[np.object_]:
    """Endorsers as written, then the drawer; a drawer that accepted its own bill stands once, as acceptor."""
    chain = []
    for text, drawer, owes in zip(tape.column("recourse"), tape.column("drawer"), acceptor, strict=True):
        names = names_in(text)
        chain.append([*names, drawer] if drawer and drawer != owes and drawer not in names else names)
    return chains(rows, chain, acceptor)


def _refuse_twice(tape: Tape, rows: terms.Rows) -> None:
    """Refuse a bill on two rows; parts of a split bill must have ranges that do not overlap."""
    number, text = tape.column("bill_no"), tape.column("bill_range")
    matched = [_RANGE.match(part) for part in text]
    odd = np.array([bool(part) and not found for part, found in zip(text, matched, strict=True)], dtype=bool)
    spans = [(int(found[1]), int(found[2])) if found else _WHOLE for found in matched]
    odd |= np.array([low > high for low, high in spans], dtype=bool)
    rows.refuse(odd, "bill_range", "bill-range", lambda row: repr(str(text[row])), "a range such as 1-5000")
    held: dict[str, list[int]] = defaultdict(list)
    first: dict[int, int] = {}
    for row in np.flatnonzero((number != "") & ~odd).tolist():
        own = spans[row]
        clash = [other for other in held[number[row]] if spans[other][0] <= own[1] and own[0] <= spans[other][1]]
        if clash:
            first[row] = clash[0]
        held[number[row]].append(row)
    twice = np.isin(np.arange(len(tape)), list(first))
    rows.refuse(
        twice, "bill_no", "bill-endorsed-twice",
        lambda row: f"bill {number[row]} again, already on {tape.where(first[row])}", "a bill once",
        "parts of a split bill have ranges (子票区间) that do not overlap",
    )  # fmt: skip
