"""Recorded paths read as books: amounts by class and by row, payment rows, and the cash budget of each row.

Every array is ``(row, lane)`` in the deal's counting unit; only :meth:`Books.currency` gives the main unit (元).
An item that was not recorded reads as zero, so the books of a deal without fees or supports need no special case.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from absengine.schema import CASH_CHANNELS, Dates, Floats, Labels, TrancheLabel, TranchePaths

Flags = NDArray[np.bool_]
PAID: tuple[str, ...] = ("interest_paid", "additional_paid", "principal_paid", "residual_paid")
"""Recorded items of a class that are cash to its holders."""


def counting_factor(labels: Labels) -> float:
    """Counting units in one main unit of the currency: 100 where the deal counts in fen, 1 where it does not count."""
    return float(round(1.0 / labels.unit)) if labels.unit > 0 else 1.0


@dataclass(frozen=True)
class Books:
    """A reading view of :class:`TranchePaths`; computes nothing that the run did not record."""

    paths: TranchePaths

    @property
    def labels(self) -> Labels:
        return self.paths.labels

    @property
    def lanes(self) -> int:
        return len(self.paths.scenarios)

    @property
    def rows(self) -> int:
        return len(self.labels.pay_dates)

    @cached_property
    def pay_dates(self) -> Dates:
        return np.array(self.labels.pay_dates, dtype="datetime64[D]")

    @cached_property
    def _index(self) -> dict[str, int]:
        return {name: index for index, name in enumerate(self.labels.items)}

    @cached_property
    def _channel_index(self) -> dict[str, int]:
        return {name: index for index, name in enumerate(self.paths.pool.channels)}

    def has(self, item: str) -> bool:
        return item in self._index

    def item(self, name: str) -> Floats:
        """One recorded item, or zeros."""
        index = self._index.get(name)
        return np.zeros((self.rows, self.lanes)) if index is None else np.asarray(self.paths.values[index])

    def channel(self, name: str) -> Floats:
        """One pool channel inside the timeline, or zeros; nothing once the pool is sold by a clean-up call."""
        sold = self.sold if name == "performing" else self.sold_before
        return np.where(sold, 0.0, self._pool(name)[:-1])

    @cached_property
    def sold(self) -> Flags:
        """``(row, lane)``: the pool is sold (清仓回购) by the close of the row."""
        return self.item("pool.called") > 0.5

    @cached_property
    def sold_before(self) -> Flags:
        """``(row, lane)``: the pool was sold on an earlier row, so that nothing is collected on this one."""
        return np.vstack([np.zeros((1, self.lanes), dtype=bool), self.sold[:-1]])

    def channel_after(self, name: str) -> Floats:
        """``(lane,)`` of one pool channel after legal final: reported, never paid to anybody; a pool that was sold by
        then brings its buyer's cash, not the plan's.
        """
        return np.where(self.sold[-1], 0.0, self._pool(name)[-1])

    def _pool(self, name: str) -> Floats:
        index = self._channel_index.get(name)
        return np.zeros((self.rows + 1, self.lanes)) if index is None else np.asarray(self.paths.pool.values[index])

    def currency(self, amount: Any) -> Any:
        """Counting units to the main unit of the currency."""
        return amount / counting_factor(self.labels)

    def total(self, names: Sequence[str]) -> Floats:
        """Sum of recorded items."""
        result = np.zeros((self.rows, self.lanes))
        for name in names:
            result = result + self.item(name)
        return result

    def like(self, first: str, last: str) -> list[str]:
        """Recorded items of the form ``first.<name>.last``, such as what every hedge paid."""
        return [name for name in self.labels.items if name.startswith(f"{first}.") and name.endswith(f".{last}")]

    # pool ------------------------------------------------------------------------------------------------------
    @cached_property
    def recovery_sources(self) -> tuple[str, ...]:
        names = self.paths.pool.channels
        return tuple(name.removeprefix("recovery.") for name in names if name.startswith("recovery."))

    @cached_property
    def cash_channels(self) -> tuple[str, ...]:
        return (*CASH_CHANNELS, *(f"recovery.{source}" for source in self.recovery_sources))

    @cached_property
    def pool_cash(self) -> Floats:
        """Everything the pool pays in: collections, recoveries, the price of what is sold; less what a failed servicer
        lost (混同). Deposits the plan holds count when they make good a default.
        """
        collected = np.sum([self.channel(name) for name in CASH_CHANNELS], axis=0) + self.recoveries
        prices = self.item("pool.call_price") + self.item("pool.sale_price")
        return np.asarray(collected + prices - self.item("servicing.lost"))

    def recovery(self, source: str) -> Floats:
        """Cash of one source of recoveries; of deposits the plan holds, what the account could pay."""
        if source == "deposit" and self.has("deposit.recovered"):
            return self.item("deposit.recovered")
        return self.channel(f"recovery.{source}")

    @cached_property
    def recoveries(self) -> Floats:
        """Recoveries of all sources."""
        none = np.zeros((self.rows, self.lanes))
        return np.asarray(np.sum([none, *(self.recovery(source) for source in self.recovery_sources)], axis=0))

    # classes ---------------------------------------------------------------------------------------------------
    def tranche(self, name: str, item: str) -> Floats:
        return self.item(f"tranche.{name}.{item}")

    def opening(self, label: TrancheLabel) -> Floats:
        """``(row, lane)``: balance before the row's payments and write-downs."""
        parts = (self.tranche(label.name, part) for part in ("balance", "principal_paid", "written_down"))
        return np.asarray(np.sum(list(parts), axis=0))

    def face(self, label: TrancheLabel) -> Floats:
        """``(lane,)``: face, which may differ between lanes; the label's face where no balance is recorded."""
        if self.has(f"tranche.{label.name}.balance"):
            return np.asarray(self.opening(label)[0])
        return np.full(self.lanes, label.face * counting_factor(self.labels))

    def cash_to(self, label: TrancheLabel) -> Floats:
        """Interest, additional interest, principal and residual paid to one class."""
        return self.total([f"tranche.{label.name}.{part}" for part in PAID])

    @cached_property
    def ranks(self) -> dict[str, int]:
        """Rank of each group of classes, 0 the most senior: the order in which the deal names them."""
        groups = dict.fromkeys(label.klass for label in self.labels.tranches)
        return {group: rank for rank, group in enumerate(groups)}

    @cached_property
    def dust(self) -> float:
        """Amounts up to this are no amounts: half a counting unit, or float noise where the deal does not count."""
        return 0.5 if self.labels.unit > 0 else 1e-12 * sum(label.face for label in self.labels.tranches) + 1e-6

    def owed(self, label: TrancheLabel, kind: str) -> Floats:
        """Stock of interest or principal of a class that is due and unpaid after all supports of the row."""
        stock = self.tranche(label.name, "interest_unpaid" if kind == "interest" else "principal_overdue")
        return np.where(stock > self.dust, stock, 0.0)

    def down_to(self, label: TrancheLabel) -> tuple[TrancheLabel, ...]:
        """Interest-bearing classes that rank with or ahead of this one."""
        rank = self.ranks[label.klass]
        return tuple(one for one in self.labels.tranches if self.ranks[one.klass] <= rank and not one.residual)

    # dates -----------------------------------------------------------------------------------------------------
    @cached_property
    def paying(self) -> Flags:
        """``(row, lane)``: rows on which the lane's list ran; rows some stage pays on where that was not recorded."""
        if self.has("ran"):
            return self.item("ran") > 0.5
        pays = np.array(self.labels.pays, dtype=bool).any(axis=0)
        return np.repeat(np.asarray(pays)[:, None], self.lanes, axis=1)

    def since_last_payment(self, flow: Floats) -> Floats:
        """Sum of a flow over the rows since the payment row before, on payment rows; 0 elsewhere."""
        running = np.vstack([np.zeros(self.lanes), np.cumsum(flow, axis=0)])
        return np.where(self.paying, running[1:] - np.take_along_axis(running, self.previous_payment + 1, axis=0), 0.0)

    @cached_property
    def previous_payment(self) -> NDArray[np.int64]:
        """``(row, lane)``: index of the payment row before, −1 where there is none."""
        at = np.where(self.paying, np.arange(self.rows)[:, None], -1)
        earlier = np.vstack([np.full(self.lanes, -1), at[:-1]])
        return np.asarray(np.maximum.accumulate(earlier, axis=0))

    def at_previous_payment(self, stock: Floats, opening: Floats) -> Floats:
        """A stock at the close of the payment row before; ``opening`` (lane) before the first."""
        padded = np.vstack([opening, stock])
        return np.take_along_axis(padded, self.previous_payment + 1, axis=0)

    # accounts --------------------------------------------------------------------------------------------------
    @cached_property
    def own_accounts(self) -> tuple[str, ...]:
        """Accounts whose cash is the plan's: not that of deposits (保证金分账户), which go back to who gave them."""
        return tuple(name for name in self.labels.accounts if name != self.labels.deposits)

    def account_opening(self, name: str) -> Floats:
        """``(lane,)``: what an account opened with, as recorded where cases may change it, else by the deal."""
        if self.has(f"account.{name}.opening"):
            return np.asarray(self.item(f"account.{name}.opening")[0])
        opening = self.labels.account_openings[self.labels.accounts.index(name)]
        return np.full(self.lanes, opening * counting_factor(self.labels))

    def opening_cash(self, names: Sequence[str]) -> Floats:
        """``(lane,)``: what several accounts opened with together."""
        return np.asarray(np.sum([np.zeros(self.lanes), *(self.account_opening(name) for name in names)], axis=0))

    @cached_property
    def reserves(self) -> tuple[str, ...]:
        """Accounts that a ``fill`` step tops up: held back for shortfalls, not carried for the next payment."""
        filled = {name for step in self.labels.steps if step.verb == "fill" for name in step.what}
        return tuple(name for name in self.labels.accounts if f"account.{name}" in filled)


@dataclass(frozen=True)
class CashBudget:
    """Sources and uses of cash, ``(row, lane)`` each; ``gap`` is sources − uses, zero where no cent is lost."""

    sources: dict[str, Floats]
    uses: dict[str, Floats]
    gap: Floats
    turnover: Floats


def cash_budget(books: Books) -> CashBudget:
    """Rebuild the budget of every row from recorded items alone, as a check that shares no code with the interpreter.

    Sources: pool cash with the price of what is sold, account interest, support draws, receipts from hedges. Uses:
    taxes, fees, classes, reimbursed supports, payments on hedges, contracts bought, deposits that left their account,
    and what the accounts grew by.
    """
    labels = books.labels
    sources = {
        "pool": books.pool_cash,
        "account_interest": books.total([f"account.{name}.interest" for name in labels.accounts]),
        "support": books.total([f"support.{name}.drawn" for name in labels.supports]),
    }
    received = books.like("hedge", "received")
    sources |= {"hedges": books.total(received)} if received else {}
    further = {
        "hedges": books.like("hedge", "paid"),
        "purchases": books.like("purchase", "paid"),
        "deposits": [name for name in labels.items if name.startswith("deposit.returned.")] + ["deposit.recovered"],
    }
    balances = books.total([f"account.{name}.balance" for name in labels.accounts])
    opening = books.opening_cash(labels.accounts)[None, :]
    uses = {
        "tax": books.total([f"tax.{name}.paid" for name in labels.taxes]),
        "fees": books.total([f"fee.{name}.{part}" for name in labels.fees for part in ("paid", "over_cap_paid")]),
        **{f"interest.{one.name}": books.tranche(one.name, "interest_paid") for one in labels.tranches},
        **{
            f"additional.{one.name}": books.tranche(one.name, "additional_paid")
            for one in labels.tranches
            if books.has(f"tranche.{one.name}.additional_paid")
        },
        **{f"principal.{one.name}": books.tranche(one.name, "principal_paid") for one in labels.tranches},
        **{f"residual.{one.name}": books.tranche(one.name, "residual_paid") for one in labels.tranches},
        "support_repaid": books.total([f"support.{name}.repaid" for name in labels.supports]),
        **{use: books.total(names) for use, names in further.items() if any(map(books.has, names))},
        "kept": np.diff(balances, axis=0, prepend=opening),
    }
    paid_in, paid_out = np.sum(list(sources.values()), axis=0), np.sum(list(uses.values()), axis=0)
    turnover = np.abs(paid_in) + np.abs(balances) + np.vstack([opening, np.abs(balances[:-1])])
    return CashBudget(sources, uses, paid_in - paid_out, turnover)
