"""A pool given only as its projected collections (现金流归集表): date, opening, principal, interest, closing.

The whole table becomes one contract; its obligor is the table itself. Named obligors, IP rights and contract terms do
not exist here, so scenarios can only take fractions of it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from absengine.errors import Problems, TapeError
from absengine.loaders import terms
from absengine.loaders.due_dates import Counts
from absengine.loaders.fields import fields_of
from absengine.loaders.schedule import Flows
from absengine.loaders.source import Context, Loaded
from absengine.loaders.tape import Tape
from absengine.schema import CONTRACT_COLUMNS, Dates, Floats, Table

KIND = "cashflow_table"
NAMES = ("cash-flow table", "现金流归集表")
FIELDS = fields_of("collections", required=("date", "principal", "interest"))
ROLLS_WITHIN = 1e-6
"""Share of the opening balance by which printed balances may miss: 万元 with two decimals (assumption)."""


def schedule(tape: Tape, context: Context) -> Loaded:
    """The table as one contract; rows before the cut-off date are left out.

    The balance is the sum of the principal from the cut-off date on. Raises TapeError where printed
    balances do not roll forward, or the last one is not zero.
    """
    problems = Problems()
    rows = terms.Rows(tape, problems)
    order = np.argsort(tape.column("date"), kind="stable")
    date, principal, interest = (tape.column(name)[order] for name in ("date", "principal", "interest"))
    balance = float(np.sum(principal))
    _refuse_rows(rows, order, principal, balance)
    kept = date >= context.cutoff
    if not np.any(kept):
        found = f"last date {date[-1]}, cut-off {context.cutoff}"
        problems.add("collections-before-cutoff", tape.where(int(order[-1]), "date"), found, "dates after the cut-off")
    problems.refuse(TapeError)
    date, principal, interest = date[kept], principal[kept], interest[kept]
    return Loaded(_contract(tape, context, date, principal), _flows(date, principal, interest))


def _refuse_rows(rows: terms.Rows, order: Counts, principal: Floats, balance: float) -> None:
    tape = rows.tape
    opening, closing = tape.column("opening")[order], tape.column("closing")[order]
    back = np.argsort(order)
    near = ROLLS_WITHIN * balance + 0.005
    rows.refuse(
        (np.abs(opening - principal - closing) > near)[back], "closing", "collections-row-does-not-close",
        lambda row: f"closing {tape.column('closing')[row]:,.2f}", "opening less principal",
    )  # fmt: skip
    jumps = np.append(False, np.abs(closing[:-1] - opening[1:]) > near)
    rows.refuse(
        jumps[back], "opening", "collections-balance-jumps", lambda row: f"opening {tape.column('opening')[row]:,.2f}",
        "the closing balance of the row before",
    )  # fmt: skip
    ends_open = np.append(np.zeros(len(order) - 1, dtype=bool), closing[-1] > near)
    rows.refuse(
        ends_open[back], "closing", "collections-not-repaid", lambda row: f"{tape.column('closing')[row]:,.2f} left",
        "a last closing balance of 0", "add the dates on which the rest is collected",
    )  # fmt: skip


def _flows(date: Dates, principal: Floats, interest: Floats) -> Flows:
    opening = np.cumsum(principal[::-1])[::-1]
    contract = np.zeros(len(date), dtype=np.int64)
    return Flows.build(contract, date, opening, principal, interest, closing=np.append(opening[1:], 0.0))


def _contract(tape: Tape, context: Context, date: Dates, principal: Floats) -> dict[str, NDArray[Any]]:
    name = np.array([Path(tape.file).stem], dtype=object)
    table = Table.build(
        CONTRACT_COLUMNS, 1, contract_id=name, obligor=name, asset_kind=np.array([KIND], dtype=object),
        cutoff_date=np.array([context.cutoff], dtype="datetime64[D]"), cutoff_balance=np.array([np.sum(principal)]),
        maturity_date=date[-1:],
    )  # fmt: skip
    return table.columns
