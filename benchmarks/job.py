"""The whole job: 1,000 loans × 60 months × 1,000 scenarios through three classes with a reserve, two deficiency ledgers
and two triggers. A stress runs each scenario twice, once without credit events, so 2,000 paths.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

import numpy as np

from absengine.deal.labels import labels as label
from absengine.deal.load import Deal, load
from absengine.deal.program import Compiled
from absengine.projection import Bound, Projection
from absengine.run import BLOCK, StressRun, run_cases
from absengine.scenario import Case, Pack, load_pack
from absengine.schema import Floats, Labels
from absengine.waterfall import Buffers, run_waterfall, start_values
from benchmarks.floor import plan_of, stream
from benchmarks.job_files import write_job
from benchmarks.measure import Figure, Gate, cpu_seconds, folder


class Files(NamedTuple):
    deal: Deal
    pack: Pack
    cases: tuple[Case, ...]


class Block(NamedTuple):
    """Lanes ``first`` to ``stop`` with arrays of their own; ``runs[segment, row]`` is what their lists do."""

    first: int
    stop: int
    start: Floats
    inputs: Floats
    out: Floats
    runs: np.ndarray


class Parts(NamedTuple):
    """The rooms of the job, ready to be timed one by one."""

    compiled: Compiled
    labels: Labels
    names: tuple[str, ...]
    projection: Projection
    bound: Bound
    buffers: Buffers
    blocks: tuple[Block, ...]


@cache
def files() -> Files:
    """Read once: what deal and pack cost is no part of the job; the tape is."""
    deal_file, pack_file = write_job(folder("job"))
    pack = load_pack(pack_file)
    return Files(load(deal_file), pack, tuple(pack.cases()))


@cache
def parts() -> Parts:
    """Rooms and arrays of the job, and which lists ran in each block."""
    deal, _, cases = files()
    result = time_job()
    everything = (*cases, *(case.without_credit() for case in cases))
    compiled = deal.compile(result.pool.balance)
    projection = Projection(result.pool, deal.timeline, compiled.channels, compiled.scale, deal.entities, {})
    start = start_values(
        compiled, [case.parameters for case in everything], [case.scenario.where for case in everything]
    )
    stage = np.concatenate([result.paths.item("stage"), result.twin.item("stage")], axis=1)
    rows, blocks = deal.timeline.rows, []
    for first in range(0, len(everything), BLOCK):
        stop = min(first + BLOCK, len(everything))
        inputs = np.zeros((len(compiled.channels), rows + 1, stop - first))
        out = np.empty((len(compiled.items), rows, stop - first))
        runs = _lists(compiled, stage[:, first:stop])
        blocks.append(Block(first, stop, np.ascontiguousarray(start[:, first:stop]), inputs, out, runs))
    names = tuple(case.name for case in everything)
    bound = projection.bind(everything)
    return Parts(compiled, label(deal, compiled), names, projection, bound, Buffers(compiled), tuple(blocks))


def _lists(compiled: Compiled, stage: Floats) -> np.ndarray:
    """``(segment, row)``: 1 where some lane of the block is in the segment's stage and the stage pays."""
    runs = np.ones((len(compiled.program.segments), len(stage)), dtype=np.uint8)
    for number, (_, _, own) in enumerate(compiled.program.segments):
        if own >= 0:
            runs[number] = compiled.program.pays[own].astype(bool) & np.any(stage == own, axis=1)
    return runs


def time_job() -> StressRun:
    """From the tape to recorded paths of all scenarios and their twins, on one thread."""
    deal, pack, cases = files()
    return run_cases(deal, (pack,), cases, threads=1)


def time_projection() -> None:
    """Pool cash flows of every path."""
    job = parts()
    for block in job.blocks:
        job.projection.fill(job.bound, block.first, block.stop, block.inputs)


def time_waterfall() -> None:
    """The waterfall of every path, everything recorded that a stress records."""
    job = parts()
    for block in job.blocks:
        names = job.names[block.first : block.stop]
        run_waterfall(job.compiled, job.labels, names, block.start, block.inputs, block.out, job.buffers)


def time_floor() -> None:
    """The same lists of the same blocks, only streamed."""
    program, plan = parts().compiled.program, plan_of_job()
    for block in parts().blocks:
        state, _ = parts().buffers.of(block.stop - block.first)
        state[...] = block.start
        stream(plan, program.segments, block.runs, state, block.inputs, program.record, block.out)


@cache
def plan_of_job() -> np.ndarray:
    return plan_of(parts().compiled.program)


def run() -> Iterator[Figure | Gate]:
    """Cost per scenario, of the whole and of its two great parts, and the waterfall's multiple of the floor."""
    scenarios, paths = len(files().cases), len(parts().names)
    job = cpu_seconds(time_job, 3)
    projection, waterfall, floor = (cpu_seconds(part, 5) for part in (time_projection, time_waterfall, time_floor))
    yield Figure("job", job / scenarios * 1e3, "ms per scenario, with its twin without credit events", 0.5)
    yield Figure("job_projection", projection / paths * 1e3, "ms per path", 0.15)
    yield Figure("job_waterfall", waterfall / paths * 1e3, "ms per path")
    yield Figure("job_floor", floor / paths * 1e3, "ms per path")
    yield Gate("job waterfall / floor", waterfall / floor, 4.0)
