"""The corridor: rooms in order, blocks of paths, threads, progress, faults → errors. Nothing else."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from absengine.deal.eligibility import failing
from absengine.deal.labels import labels as label
from absengine.deal.load import Deal, load
from absengine.deal.program import Compiled
from absengine.errors import DealError, Problem
from absengine.loaders import PoolSource, read_pool
from absengine.loaders.fields import codes
from absengine.projection import Bound, Projection
from absengine.scenario import Case, Pack, RightEvent, load_pack, refuse_same_names
from absengine.schema import CashflowTable, Floats, Labels, PathInputs, TranchePaths
from absengine.waterfall import Buffers, run_waterfall, start_values

BLOCK = 256
"""Lanes of one block (design §3.2); results do not depend on it."""

Progress = Callable[[int, int], None]
World = tuple[tuple[tuple[str, float], ...], tuple[RightEvent, ...]]
"""What schedules depend on: moves of index rates by name, and rights that end early."""


@dataclass(frozen=True)
class StressRun:
    """Recorded paths of every case, and of the same cases with credit events off (the twin of domain §9).

    ``unplaced`` is, by case, the principal a scenario wanted to default where no balance fell due any more [currency].
    """

    deal: Deal
    pool: CashflowTable
    packs: tuple[Pack, ...]
    cases: tuple[Case, ...]
    paths: TranchePaths
    twin: TranchePaths
    unplaced: Floats


def stress(
    deal_file: Path,
    pack_files: Sequence[Path],
    *,
    threads: int = 1,
    block: int = BLOCK,
    progress: Progress | None = None,
) -> StressRun:
    """Run every scenario of the packs through a deal.

    Raises DealError, TapeError or ScenarioError with every problem of the file concerned, BudgetError if money does not
    close on some path.
    """
    deal = load(deal_file)
    packs = tuple(load_pack(path) for path in pack_files)
    cases = tuple(case for pack in packs for case in pack.cases())
    return run_cases(deal, packs, cases, threads=threads, block=block, progress=progress)


def run_cases(
    deal: Deal,
    packs: tuple[Pack, ...],
    cases: tuple[Case, ...],
    *,
    threads: int = 1,
    block: int = BLOCK,
    progress: Progress | None = None,
) -> StressRun:
    """Cases and their credit-free twins, as lanes of the same arrays through the same kernel."""
    refuse_same_names(cases)
    everything = (*cases, *(case.without_credit() for case in cases))
    pools = _Pools(deal)
    base = pools.table(((), ()))
    _check_fees(deal, base)
    compiled = deal.compile(base.balance)
    groups = pools.bind(compiled, everything)
    order = np.array([lane for group in groups for lane in group.lanes])
    ordered = [everything[lane] for lane in order]
    start = start_values(compiled, [case.parameters for case in ordered], [case.scenario.where for case in ordered])
    rows, lanes = deal.timeline.rows, len(ordered)
    job = _Job(
        compiled,
        label(deal, compiled),
        tuple(case.name for case in ordered),
        start,
        np.zeros((len(compiled.channels), rows + 1, lanes)),
        np.empty((len(compiled.items), rows, lanes)),
    )
    _run_blocks(job, list(_blocks(groups, block)), threads, progress)
    place, half = np.argsort(order), len(cases)
    unplaced = np.concatenate([group.bound.unplaced for group in groups])[place[:half]]
    return StressRun(deal, base, packs, cases, job.paths(place[:half]), job.paths(place[half:]), unplaced)


@dataclass(frozen=True)
class _Group:
    """Lanes that share a world, and so a cash-flow table: their case numbers, and who fills their inputs."""

    lanes: tuple[int, ...]
    projection: Projection
    bound: Bound


@dataclass(frozen=True)
class _Job:
    """What all blocks share: the program, and arrays whose lanes stand in the order of the groups."""

    compiled: Compiled
    labels: Labels
    names: tuple[str, ...]
    start: Floats
    inputs: Floats
    values: Floats

    def paths(self, lanes: NDArray[np.intp]) -> TranchePaths:
        """Recorded paths of some lanes; a view where they stand side by side."""
        side_by_side = np.all(np.diff(lanes) == 1)
        chosen = slice(int(lanes[0]), int(lanes[-1]) + 1) if len(lanes) and side_by_side else lanes
        inputs = PathInputs(self.compiled.channels, self.inputs[:, :, chosen])
        return TranchePaths(self.labels, tuple(self.names[lane] for lane in lanes), self.values[:, :, chosen], inputs)


Block = tuple[_Group, int, slice]
"""A group, the first of its cases in the block, and the lanes of the block."""


def _blocks(groups: Sequence[_Group], size: int) -> Iterator[Block]:
    before = 0
    for group in groups:
        for first in range(0, len(group.lanes), size):
            yield group, first, slice(before + first, before + min(first + size, len(group.lanes)))
        before += len(group.lanes)


def _run_blocks(job: _Job, blocks: list[Block], threads: int, progress: Progress | None) -> None:
    """Blocks over threads, each thread with its own work space; the first fault in lane order is raised."""
    local = threading.local()
    done = iter(range(1, len(blocks) + 1))

    def work(block: Block) -> None:
        group, first, lanes = block
        if not hasattr(local, "buffers"):
            local.buffers = Buffers(job.compiled)
        inputs, values = job.inputs[:, :, lanes], job.values[:, :, lanes]
        group.projection.fill(group.bound, first, first + inputs.shape[2], inputs)
        run_waterfall(job.compiled, job.labels, job.names[lanes], job.start[:, lanes], inputs, values, local.buffers)
        if progress is not None:
            progress(next(done), len(blocks))

    with ThreadPoolExecutor(threads) as pool:
        try:
            for future in [pool.submit(work, block) for block in blocks]:
                future.result()
        except BaseException:  # Ctrl-C or a fault: blocks not yet begun are dropped, not waited for
            pool.shutdown(wait=False, cancel_futures=True)
            raise


class _Pools:
    """One cash-flow table for each distinct world: rates move floating schedules, lost rights what hangs on them."""

    def __init__(self, deal: Deal) -> None:
        self.deal = deal
        self.pool = read_pool([PoolSource(**files) for files in deal.pool_files()])
        self.tables: dict[World, CashflowTable] = {}

    def table(self, world: World) -> CashflowTable:
        if world not in self.tables:
            moves, line = dict(world[0]), self.deal.timeline
            rates = {name: path.shifted(moves.get(name, 0.0)) for name, path in self.deal.indexes.items()}
            self.tables[world] = self.pool.table(line.cutoff, rates, closing=line.closing, events=world[1])
        return self.tables[world]

    def bind(self, compiled: Compiled, cases: Sequence[Case]) -> list[_Group]:
        """Cases grouped by world, bound to its table; ScenarioError for what the pool does not hold."""
        line, names, bought = self.deal.timeline, self.deal.entities, self.deal.purchases
        levels = {name: path.at(line.accrual_start) for name, path in self.deal.indexes.items()}
        members: dict[World, list[int]] = {}
        for lane, case in enumerate(cases):
            members.setdefault((tuple(sorted(case.scenario.rate_shift.items())), case.scenario.rights), []).append(lane)
        sold = self.table(((), ())).contracts  # criteria judge what was sold, whatever rates and rights do later
        unfit = failing(self.deal, sold, codes())
        groups = []
        for world, lanes in members.items():
            table, groups_of = self.table(world), self.deal.groups
            projection = Projection(
                table, line, compiled.channels, compiled.scale, names, levels, bought, groups_of, unfit
            )
            groups.append(_Group(tuple(lanes), projection, projection.bind([cases[lane] for lane in lanes])))
        return groups


def _check_fees(deal: Deal, pool: CashflowTable) -> None:
    """Fees the pool pays to the plan, on schedule or on prepayment, must be collected somewhere."""
    charges = float(np.sum(pool.flows["fee_due"])) > 0 or bool(np.any(pool.contracts["prepay_fee"] > 0))
    if "fee" not in deal.file.collect and charges:
        found, allowed = "a pool that pays fees, no account for them", "an account for each kind of pool cash"
        raise DealError(Problem("unmapped-cash-source", deal.where(("collect",)), found, allowed, 'add fee = "…"'))
    _check_deposits(deal, float(np.sum(pool.flows["deposit_due"])))


def _check_deposits(deal: Deal, held: float) -> None:
    """Deposits that the plan gives back lie in an account of it, which opens with all of them."""
    box = deal.file.collect.get("deposit")
    opening = 0.0 if box is None else deal.file.account[box].opening
    if abs(opening - held) <= max(0.005, 1e-9 * held):
        return
    where = deal.where(("collect",) if box is None else ("account", box))
    found, allowed = f"deposits of {held:,.2f} on the tape, {opening:,.2f} in their account", "an opening of the same"
    todo = f'add deposit = "…" to [collect] and opening = {held:.2f}' if box is None else f"write opening = {held:.2f}"
    raise DealError(Problem("deposits-elsewhere", where, found, allowed, todo))
