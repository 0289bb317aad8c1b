"""Contracts that should not be in the pool: bought back (赎回), or exchanged for standby contracts (置换).

The price is balance and accrued interest of the day. Against a standby contract, which enters with what falls due after
that day, its own balance and accrued interest are set, and what is missing is paid in cash; what it is worth more stays
in the pool. A deposit the plan holds goes with its contract, and comes with one that enters. Whoever must pay has to
live on the pay date, or the contract stays. No default is counted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from absengine.calendars.date_rules import add_months
from absengine.errors import Problems
from absengine.language.toml import printable
from absengine.projection.clocks import Pool
from absengine.projection.names import Flags
from absengine.projection.payers import Payers, day_number
from absengine.scenario import Event

if TYPE_CHECKING:
    from absengine.projection.named import Schedule

Fate = tuple[np.datetime64, int, int]
"""Missed date (NaT = never), days to recognition, and the due date on which a contract is prepaid (-1 = never)."""


@dataclass(frozen=True)
class Exit:
    """A contract leaves on ``on``; ``cash`` arrives on ``paid_on`` [counting unit], and ``enters`` takes its place."""

    on: np.datetime64
    paid_on: np.datetime64
    cash: float
    enters: Schedule | None = None


@dataclass
class Market:
    """Settles the buy-backs of one shape: what leaves, for what, and which standby contracts are taken."""

    pool: Pool
    payers: Payers
    problems: Problems
    standby: Mapping[int, Schedule]
    exits: dict[int, Exit] = field(default_factory=dict)
    taken: set[int] = field(default_factory=set)

    def settle(self, event: Event, chosen: Flags, schedules: Sequence[Schedule], fates: Sequence[Fate]) -> bool:
        """Let the chosen contracts go that are still owed then; whether any was still to fall due."""
        assert event.on is not None, "a buy-back has a date"
        reached = False
        for schedule, (missed, _, prepaid) in zip(schedules, fates, strict=True):
            at = schedule.next_due(event.on)
            if not chosen[schedule.contract] or at >= len(schedule.due):
                continue
            reached = True
            on = event.on if event.what == "repurchase" else schedule.due[at]
            ended = (not np.isnat(missed) and missed < on) or 0 <= prepaid < at
            earlier = self.exits.get(schedule.contract)
            if ended or (earlier is not None and earlier.on <= on):
                continue
            paid_on = self._paid_on(event, schedule.contract, on)
            if paid_on is not None:
                self._leave(event, schedule, on, paid_on)
        return reached

    def _leave(self, event: Event, schedule: Schedule, on: np.datetime64, paid_on: np.datetime64) -> None:
        price = sum(schedule.owed(on))
        if event.what == "repurchase":
            self.exits[schedule.contract] = Exit(on, paid_on, price)
            return
        enters = self._next(event, schedule, on)
        if enters is not None:
            self.taken.add(enters.contract)
            brings = sum(enters.owed(on))
            cash = max(price - brings, 0.0) + float(enters.deposit.sum())
            self.exits[schedule.contract] = Exit(on, paid_on, cash, enters)

    def _next(self, event: Event, leaves: Schedule, on: np.datetime64) -> Schedule | None:
        """The next standby contract that is free and owes something after ``on``; a problem where there is none."""
        contracts = self.pool.table.contracts
        ids, pools = contracts["contract_id"], contracts["pool"]
        for contract, schedule in self.standby.items():
            named = str(ids[contract]) in event.standby or not event.standby
            if named and contract not in self.taken and pools[contract] == pools[leaves.contract]:
                later = schedule.after(on)
                if later is not None:
                    return later
        found = f"no standby contract left for '{printable(str(ids[leaves.contract]))}' on {on}"
        allowed = "a contract marked standby (备选) in the same sub-pool that falls due later"
        self.problems.add("no-standby", event.where, found, allowed)
        return None

    def _paid_on(self, event: Event, contract: int, on: np.datetime64) -> np.datetime64 | None:
        """When the first living payer pays; None if nobody lives to."""
        parties = self.pool.parties
        chain = (parties.codes[event.payer],) if event.payer else parties.recourse[contract] or (-1,)
        for code in chain:
            months = int(self.payers.late[code]) if code >= 0 else 0
            day = np.datetime64(add_months(on, months).item(), "D") if months else on
            if code < 0 or day_number(day) < self.payers.gone[code]:
                return day
        return None


def refuse_unknown(event: Event, pool: Pool, standby: Mapping[int, Schedule], problems: Problems) -> bool:
    """Whether some name among ``event.standby`` is no standby contract; each is a problem."""
    known = [str(pool.table.contracts["contract_id"][contract]) for contract in standby]
    unknown = [name for name in event.standby if name not in known]
    for name in unknown:
        found = f"'{printable(name)}', which is no standby contract"
        problems.add("not-standby", event.where, found, ", ".join(known) or "a tape with standby (备选) contracts")
    return bool(unknown)
