"""Tables of what clocks and named contracts pay beside the plain schedule: kinds, deposits, dilution, late payment.

Contracts of one clock survive together, so what they pay is summed here, once for each set of terms, contract by
contract with its own hold-back, penalty rate and fee on prepayment.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from absengine.kernels import book as lines
from absengine.kernels import streams as kernel
from absengine.kernels.overdue import outstanding
from absengine.projection.clocks import Clockwork, Pool
from absengine.projection.dates import Indices, later, rows_of, summed
from absengine.projection.paying import Paying
from absengine.schema import INTEREST_OF_KIND, OVERDUE_BUCKETS, POOL_CHANNELS, POOL_STREAMS, Dates, Floats

if TYPE_CHECKING:
    from absengine.projection.named import Schedule


@dataclass(frozen=True)
class Wanted:
    """Lines of a block's buffer that pool channels go to: ``channel`` by line of a book, −1 = not wanted.

    ``kinds`` are the asset kinds whose interest is asked for apart.
    """

    channel: NDArray[np.int32]
    kinds: tuple[str, ...]

    @classmethod
    def of(cls, names: Sequence[str]) -> Wanted:
        """Places of pool channels among the channels of a block."""
        kinds = tuple(name.removeprefix(INTEREST_OF_KIND) for name in names if name.startswith(INTEREST_OF_KIND))
        place = {name: line for line, name in enumerate(names)}
        book = (*POOL_CHANNELS, *POOL_STREAMS, *(f"{INTEREST_OF_KIND}{kind}" for kind in kinds))
        return cls(np.array([place.get(name, -1) for name in book], dtype=np.int32), kinds)

    @property
    def streams(self) -> bool:
        """Whether anything beyond the plain channels is asked for."""
        return bool((self.channel[lines.CHANNELS :] >= 0).any())

    @property
    def overdue(self) -> bool:
        """Whether amounts overdue are asked for."""
        return bool((self.channel[lines.OVERDUE : lines.OVERDUE + len(OVERDUE_BUCKETS)] >= 0).any())


@dataclass(frozen=True)
class Streams:
    """What the shapes of a run pay, over its clocks and by name."""

    pool: Pool
    wanted: Wanted
    paying: tuple[Paying, ...]

    @cached_property
    def used(self) -> bool:
        """Whether books need the lines of streams."""
        charges = bool((self._fee_rate > 0.0).any())
        return self.wanted.streams or charges or not all(paying.plain for paying in self.paying)

    @property
    def height(self) -> int:
        """Lines of a book."""
        return len(self.wanted.channel) if self.used else lines.CHANNELS

    @property
    def channel(self) -> NDArray[np.int32]:
        """Where each line of a book goes."""
        return self.wanted.channel[: self.height]

    @cached_property
    def calc(self) -> Indices:
        """Day numbers of calculation dates, none where nothing overdue is asked for."""
        days = self.pool.timeline.calc_date.astype("datetime64[D]").astype(np.int64)
        return days if self.wanted.overdue else days[:0]

    @cached_property
    def _fee_rate(self) -> Floats:
        """Fee on prepayment by contract, as a share of what is repaid early."""
        return np.asarray(np.nan_to_num(self.pool.table.contracts["prepay_fee"]))

    @cached_property
    def _kind(self) -> Indices:
        """Place of each contract's kind among those asked for, −1 = none of them."""
        place = {kind: number for number, kind in enumerate(self.wanted.kinds)}
        kinds = self.pool.table.contracts["asset_kind"].tolist()
        return np.array([place.get(kind, -1) for kind in kinds], dtype=np.int64)

    # -- clocks -------------------------------------------------------------------------------------------------------
    def tables(self, work: Clockwork, terms: Sequence[int]) -> kernel.Streams:
        """What the kernel reads; ``terms`` is the place of each layout's terms in ``paying``."""
        count, size = len(self.paying) if self.used else 0, len(work.due)
        paid, late = np.zeros((count, kernel.PAID, size)), np.zeros((count, kernel.LATER, size))
        kinds = np.zeros((count, 3, len(self.wanted.kinds), size))
        row = np.zeros((count, size), dtype=np.int32)
        for number in range(count):
            row[number] = self._fill(work, self.paying[number], paid[number], late[number], kinds[number])
        plain = np.array([paying.plain for paying in self.paying])[list(terms)]
        everywhere = self.wanted.streams or bool((self._fee_rate > 0.0).any())
        return kernel.Streams(
            used=np.asarray(~plain | everywhere),
            terms=np.array(terms, dtype=np.int32),
            paid=paid,
            later=late,
            kinds=kinds,
            row=row,
            deposit=self._deposits(work),
            day=work.due.astype(np.int64),
            calc=self.calc,
        )

    def _fill(self, work: Clockwork, paying: Paying, paid: Floats, late: Floats, kinds: Floats) -> Indices:
        """Sum one set of terms over the contracts of each clock; returns the rows in which what is late arrives."""
        flows, contract = self.pool.table.flows, self.pool.table.flows["contract"]
        names = ("interest_due", "principal_due", "fee_due", "opening_balance", "closing_balance")
        interest, principal, fee, opening, closing = (flows[name] * self.pool.scale for name in names)
        diluted, share = paying.diluted[contract], paying.late[contract]
        kept = 1.0 - diluted
        now, after = kept * (1.0 - share), kept * share
        when = _arrivals(work, paying)
        penalty = paying.penalty[contract] * work.by_flow((when - work.due).astype(np.float64))
        for column, money in (
            (kernel.OF_INTEREST, interest * now),
            (kernel.OF_PRINCIPAL, principal * now),
            (kernel.OF_FEE, fee * now),
            (kernel.DILUTED, principal * diluted),
        ):
            paid[column] = work.total(money)
        for side, balance in enumerate((opening, closing)):
            paid[kernel.EARLY + side] = work.total(balance * kept)
            paid[kernel.EARLY_FEE + side] = work.total(balance * kept * self._fee_rate[contract])
            paid[kernel.EARLY_DILUTED + side] = work.total(balance * diluted)
        delayed, on_principal = after * (interest + (interest + fee) * penalty), after * principal * penalty
        for column, money in (
            (kernel.OF_INTEREST, delayed),
            (kernel.OF_PRINCIPAL, after * principal),
            (kernel.OF_FEE, after * fee),
            (kernel.OF_PENALTY, on_principal),
            (kernel.OWED, after * (interest + fee)),
        ):
            late[column] = work.total(money)
        for place, money in enumerate((interest * now, delayed, on_principal)):
            for kind in range(kinds.shape[1]):
                kinds[place, kind] = work.total(money * (self._kind[contract] == kind))
        return rows_of(self.pool.timeline.calc_date, when)

    def _deposits(self, work: Clockwork) -> Floats:
        """Deposits given back on each event, and from it to the last one of its clock; (2, event)."""
        if not self.used:
            return np.zeros((2, 0))
        due = work.total(self.pool.table.flows["deposit_due"] * self.pool.scale)
        return np.stack([due, work.from_here(due)])

    # -- named contracts ----------------------------------------------------------------------------------------------
    def pay(self, paying: Paying, schedule: Schedule, stop: int, prepaid: int, values: Floats) -> None:
        """Add what one contract pays on its due dates up to ``stop``, and prepays on ``prepaid`` (−1 = never).

        ``values`` is a book (line, row) [counting unit]; balances of what has not fallen due yet are the caller's.
        """
        contract, due = schedule.contract, schedule.due[:stop]
        interest, principal, fee = (m[:stop] for m in (schedule.interest, schedule.principal, schedule.fee))
        rows, kept = rows_of(self.pool.timeline.calc_date, due), 1.0 - paying.diluted[contract]
        now, after = kept * (1.0 - paying.late[contract]), kept * paying.late[contract]
        size, early = values.shape[1], schedule.closing[prepaid] if prepaid >= 0 else 0.0
        for line, money in ((lines.INTEREST, interest), (lines.PRINCIPAL, principal), (lines.FEE, fee)):
            values[line] += summed(rows, money * now, size)
        if prepaid >= 0:
            values[lines.PREPAYMENT, rows[-1]] += early * kept
            values[lines.FEE, rows[-1]] += early * kept * self._fee_rate[contract]
        if not self.used:
            return
        kind = self._kind[contract]
        if kind >= 0:
            values[lines.KINDS + kind] += summed(rows, interest * now, size)
        values[lines.DEPOSIT] += summed(rows, schedule.deposit[:stop], size)
        values[lines.DILUTION] += summed(rows, principal * (1.0 - kept), size)
        if prepaid >= 0:
            values[lines.DEPOSIT, rows[-1]] += schedule.deposit[stop:].sum()
            values[lines.DILUTION, rows[-1]] += early * (1.0 - kept)
        if after > 0.0 and stop:
            when = later(due, paying.lags[paying.lag[contract]], schedule.due, schedule.previous)
            self._pay_later(paying, schedule, rows, when, after, values)

    def hand_over(self, schedule: Schedule, stop: int, row: int, values: Floats) -> None:
        """The deposit the plan still holds of a contract that is bought back goes with it to the buyer."""
        if self.used:
            values[lines.DEPOSIT, row] += schedule.deposit[stop:].sum()

    def _pay_later(
        self, paying: Paying, schedule: Schedule, rows: Indices, when: Dates, share: float, values: Floats
    ) -> None:
        """The late share of what one contract pays, with penalty; until then its principal stays in the pool."""
        stop, size = len(rows), values.shape[1]
        interest, principal, fee = (m[:stop] * share for m in (schedule.interest, schedule.principal, schedule.fee))
        then = rows_of(self.pool.timeline.calc_date, when)
        days = (when - schedule.due[:stop]).astype(np.float64)
        interest_paid = interest + (interest + principal + fee) * paying.penalty[schedule.contract] * days
        values[lines.INTEREST] += summed(then, interest_paid, size)
        values[lines.PRINCIPAL] += summed(then, principal, size)
        values[lines.FEE] += summed(then, fee, size)
        kind = self._kind[schedule.contract]
        if kind >= 0:
            values[lines.KINDS + kind] += summed(then, interest_paid, size)
        missed = schedule.due.astype(np.int64)
        for n in range(stop):
            values[lines.PERFORMING, rows[n] : then[n]] += principal[n]
            owed = float(interest[n] + principal[n] + fee[n])
            outstanding(owed, int(missed[n]), int(rows[n]), int(then[n]), self.calc, values)


def _arrivals(work: Clockwork, paying: Paying) -> Dates:
    """Date on which what is late of each event arrives; its own where its clock pays in time."""
    when = work.due.copy()
    contract = work.pool.rhythm.contract[work.member]
    lag = paying.lag[contract][work.events.clock]
    for number, steps in enumerate(paying.lags):
        if not steps:
            continue
        if any(unit == "payments" for unit, _ in steps):
            for clock in np.flatnonzero(paying.lag[contract] == number):
                events = work.dates(int(clock))
                previous = work.pool.rhythm.previous[work.member[clock]]
                when[events] = later(work.due[events], steps, work.due[events], previous)
        else:
            here = lag == number
            when[here] = later(work.due[here], steps, work.due, work.pool.timeline.cutoff)
    return when
