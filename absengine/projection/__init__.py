"""CashflowTable and cases in, pool channels out: what the waterfall reads.

Defaults and prepayments by rate run on clocks (contracts that fall due together, summed once); contracts named by
events leave their clock and are projected as they happen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from absengine.kernels import pool as kernel
from absengine.projection.binding import Arrays, Binder
from absengine.projection.channels import extra_channels
from absengine.projection.clocks import Pool
from absengine.projection.groups import with_members
from absengine.projection.names import Flags, Parties
from absengine.projection.streams import Wanted
from absengine.scenario import Case
from absengine.schema import SUPPORTERS, CashflowTable, Floats, PurchaseTerms, Timeline

__all__ = ["Bound", "Projection"]


@dataclass(frozen=True)
class Bound:
    """Cases laid out for one pool: lanes are cut from it in any blocks, by any number of threads.

    ``extras`` are (channel, row, case) values of the channels that are not the pool's. ``unplaced`` is written by
    ``fill``.
    """

    cases: tuple[Case, ...]
    arrays: Arrays
    lines: tuple[int, ...]
    extras: Floats

    @property
    def clocks(self) -> int:
        """Number of clocks the pool was summed into."""
        return len(self.arrays.work.member)

    @property
    def unplaced(self) -> Floats:
        """Defaults each case asked for that found no balance falling due [currency]; known once it is filled."""
        return self.arrays.plan.unplaced / self.arrays.work.pool.scale


class Projection:
    """A pool on a deal's timeline.

    Parameters
    ----------
    table : cash flows, contracts and rights [currency].
    timeline : rows of the deal.
    channels : names wanted, in the order of the block buffer: pool channels and streams, ``interest.<asset_kind>``,
        ``alive.<entity>``, ``late.<entity>``, ``index.<name>``, ``fee_factor``, ``forced.<trigger>``.
    scale : counting units per currency unit (100 for 分); 1 where the deal does not round.
    entities : entity key -> names on the tape it answers to.
    indexes : index name -> (row,) rate of each row before a scenario's shift [1/year].
    purchases : purchase name -> what scenarios ask of contracts bought later, for channels ``purchase.<name>.*``.
    groups : group name -> entity keys that a supporter ``group.<name>`` stands for; ``supporters`` holds those of the
        deal's supports, and whoever the contracts name joins them.
    failing : criterion name -> contracts that do not meet it, which a buy-back may name.

    Raises DealError where a name on the tape nearly is the name of an entity.
    """

    def __init__(
        self,
        table: CashflowTable,
        timeline: Timeline,
        channels: Sequence[str],
        scale: float,
        entities: Mapping[str, tuple[str, ...]],
        indexes: Mapping[str, Floats] | None = None,
        purchases: Mapping[str, PurchaseTerms] | None = None,
        groups: Mapping[str, tuple[str, ...]] | None = None,
        failing: Mapping[str, Flags] | None = None,
    ) -> None:
        self.channels = tuple(channels)
        self.indexes, self.purchases, self.groups = dict(indexes or {}), dict(purchases or {}), dict(groups or {})
        self.pool = Pool(table, timeline, scale, Parties(table.contracts, entities, failing))
        self._wanted = Wanted.of(self.channels)
        self._extra = tuple(line for line in range(len(self.channels)) if line not in self._wanted.channel)

    def bind(self, cases: Sequence[Case]) -> Bound:
        """Lay out cases; ScenarioError with every problem: unknown names, scopes of nothing, ties, wrong kinds."""
        helping = dict.fromkeys((*self.groups.get(SUPPORTERS, ()), *self.pool.parties.supporters))
        cases = with_members(cases, {**self.groups, SUPPORTERS: tuple(helping)})
        arrays = Binder(self.pool, cases).bind(self._wanted)
        names = [self.channels[line] for line in self._extra]
        extras = extra_channels(names, cases, arrays.payers, self.pool, self.indexes, self.purchases)
        return Bound(tuple(cases), arrays, self._extra, extras)

    def fill(self, bound: Bound, first: int, stop: int, out: Floats) -> None:
        """Write cases ``first`` to ``stop`` into lanes 0 to ``stop - first`` of ``out[channel, row + 1, lane]``.

        Safe to call from several threads on disjoint cases; a case gets the same bits whatever block it is in.
        """
        arrays = bound.arrays
        kernel.fill(arrays.work.events, arrays.work.clocks, arrays.plan, arrays.claims, arrays.terms, first, stop, out)
        for number, line in enumerate(bound.lines):
            out[line, :, : stop - first] = bound.extras[number, :, first:stop]
