"""The corridor: rooms in order, blocks of paths, threads, progress, faults → errors. Nothing else."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from absengine.deal.labels import labels as label
from absengine.deal.load import Deal, load
from absengine.deal.program import Compiled
from absengine.errors import DealError, Problem, Problems, ScenarioError, Where
from absengine.loaders import PoolSource, read_pool
from absengine.projection import Bound, Projection
from absengine.scenario import Case, Pack, load_pack
from absengine.schema import CashflowTable, Floats, Labels, PathInputs, TranchePaths
from absengine.waterfall import Buffers, run_waterfall, start_values

BLOCK = 256
"""Lanes of one block (design §3.2); results do not depend on it."""

Progress = Callable[[int, int], None]
Shift = tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class StressRun:
    """Recorded paths of every case, and of the same cases with credit events off (the twin of domain §9)."""

    deal: Deal
    pool: CashflowTable
    packs: tuple[Pack, ...]
    cases: tuple[Case, ...]
    paths: TranchePaths
    twin: TranchePaths


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
    _check_names(cases)
    everything = (*cases, *(case.without_credit() for case in cases))
    pools = _Pools(deal)
    base = pools.table(())
    _check_fees(deal, base)
    compiled = deal.compile(base.balance)
    labels = label(deal, compiled)
    start = start_values(
        compiled, [case.parameters for case in everything], [case.scenario.where for case in everything]
    )
    rows, lanes = deal.timeline.rows, len(everything)
    result = _Result(np.empty((len(compiled.items), rows, lanes)), np.empty((len(compiled.channels), rows + 1, lanes)))
    blocks = list(_blocks(pools.bind(compiled, everything), block))
    _run_blocks(_Job(compiled, labels, start, result), blocks, threads, progress)
    names, half = tuple(case.name for case in cases), len(cases)

    def part(chosen: slice) -> TranchePaths:
        inputs = PathInputs(compiled.channels, result.inputs[:, :, chosen])
        return TranchePaths(labels, names, result.values[:, :, chosen], inputs)

    return StressRun(deal, base, packs, cases, part(slice(0, half)), part(slice(half, None)))


@dataclass(frozen=True)
class _Group:
    """Lanes that share a rate path, and so a cash-flow table: their numbers, and who fills their inputs."""

    lanes: NDArray[np.intp]
    projection: Projection
    bound: Bound


@dataclass(frozen=True)
class _Result:
    values: Floats
    inputs: Floats


@dataclass(frozen=True)
class _Job:
    compiled: Compiled
    labels: Labels
    start: Floats
    result: _Result


Block = tuple[_Group, int, int]


def _blocks(groups: Sequence[_Group], size: int) -> Iterator[Block]:
    for group in groups:
        for first in range(0, len(group.lanes), size):
            yield group, first, min(first + size, len(group.lanes))


def _run_blocks(job: _Job, blocks: list[Block], threads: int, progress: Progress | None) -> None:
    """Blocks over threads, each thread with its own buffers; the first fault in lane order is raised."""
    widest = max((stop - first for _, first, stop in blocks), default=0)
    local = threading.local()
    done = iter(range(1, len(blocks) + 1))

    def work(block: Block) -> None:
        if not hasattr(local, "buffers"):
            local.buffers = Buffers.make(job.compiled, widest)
        group, first, stop = block
        lanes = group.lanes[first:stop]
        inputs = np.zeros((*job.result.inputs.shape[:2], len(lanes)))
        group.projection.fill(group.bound, first, stop, inputs)
        out = run_waterfall(job.compiled, job.labels, job.start[:, lanes], inputs, local.buffers)
        job.result.values[:, :, lanes] = out
        job.result.inputs[:, :, lanes] = inputs
        if progress is not None:
            progress(next(done), len(blocks))

    if threads <= 1 or len(blocks) <= 1:
        for block in blocks:
            work(block)
        return
    with ThreadPoolExecutor(threads) as pool:
        for future in [pool.submit(work, block) for block in blocks]:
            future.result()


class _Pools:
    """One cash-flow table for each distinct rate path: a rate shift changes the schedules of floating contracts."""

    def __init__(self, deal: Deal) -> None:
        self.deal = deal
        self.pool = read_pool([PoolSource(**deal.pool_files())])
        self.tables: dict[Shift, CashflowTable] = {}

    def table(self, shift: Shift) -> CashflowTable:
        if shift not in self.tables:
            moves = dict(shift)
            rates = {name: path.shifted(moves.get(name, 0.0)) for name, path in self.deal.indexes.items()}
            self.tables[shift] = self.pool.table(self.deal.timeline.cutoff, rates)
        return self.tables[shift]

    def bind(self, compiled: Compiled, cases: Sequence[Case]) -> list[_Group]:
        """Cases grouped by rate path, bound to that path's table; ScenarioError for what the pool does not hold."""
        line = self.deal.timeline
        levels = {name: path.at(line.accrual_start) for name, path in self.deal.indexes.items()}
        members: dict[Shift, list[int]] = {}
        for lane, case in enumerate(cases):
            members.setdefault(tuple(sorted(case.scenario.rate_shift.items())), []).append(lane)
        groups = []
        for shift, lanes in members.items():
            projection = Projection(
                self.table(shift), line, compiled.channels, compiled.scale, self.deal.entities, levels
            )
            groups.append(_Group(np.array(lanes), projection, projection.bind([cases[lane] for lane in lanes])))
        return groups


def _check_fees(deal: Deal, pool: CashflowTable) -> None:
    """Fees the pool pays to the plan must be collected somewhere."""
    if "fee" not in deal.file.collect and float(np.sum(pool.flows["fee_due"])) > 0:
        found, allowed = "a pool that pays fees, no account for them", "an account for each kind of pool cash"
        raise DealError(Problem("unmapped-cash-source", deal.where(("collect",)), found, allowed, 'add fee = "…"'))


def _check_names(cases: Sequence[Case]) -> None:
    """Two scenarios of one name could not be told apart in a table."""
    seen: dict[str, Where] = {}
    problems = Problems()
    for case in cases:
        if case.name in seen:
            found = f"the scenario '{case.name}' again (first: {seen[case.name]})"
            allowed = "a name used once over all packs of a run"
            problems.add("scenario-twice", case.scenario.where, found, allowed, "rename one of them")
        seen.setdefault(case.name, case.scenario.where)
    problems.refuse(ScenarioError)
