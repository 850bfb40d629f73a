"""The acknowledged writes of a run: when each was acknowledged, and when each copy had it.

The primary has a write first and sends it to the other copies at once.  It is on its way to each
for half of a round trip between their zones: the run lets it arrive at once, so that much is added
here to all times of other copies.  That shifts what they are asked for by the same time for every
write of two zones, and so leaves queues there as they are.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from model.answers.legs import visits_kept
from model.engine.codes import NONE, Kind, Outcome
from model.engine.program import Program
from model.engine.runs import SimulatedRun
from model.rules.regions import zone_of_copy

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

TIMES = ["write", "request", "leg", "attempt"]  # what tells apart the times that a write was made


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Writes:
    """One row per acknowledged write of a store, in the order of their acknowledgements.

    `has_s` has a column per copy of the shard.  NaN: the copy was known to be down, and was not
    told; infinite: it was told, and did not have it by the end of the run, when `is_coming` says
    whether it was still at it.
    """

    acked_s: Floats
    shard: Indices
    first: Indices  # the copy that took it
    has_s: Floats
    is_coming: NDArray[np.bool_]  # as `has_s`

    @property
    def others_s(self) -> Floats:
        """`has_s` without the copy that took the write, which is NaN as if not told."""
        others_s = self.has_s.copy()
        others_s[np.arange(len(self.first)), self.first] = np.nan
        return others_s


def writes_of(run: SimulatedRun, station: str, ways_s: Floats) -> Writes:
    """Return the acknowledged writes of a store; `ways_s` is one way between any two zones.

    With more than one ack, the primary has heard of them when it acknowledges: they are on their
    way back for as long.  Raises ValueError if the run kept no visits.
    """
    program = run.program
    number = program.stations.names.index(station)
    replicas = int(program.stations.replicas[number])
    told = _visits(run, number)
    is_first = told.step == told.write - 1
    firsts = told[is_first & told.is_done].reset_index(drop=True)
    shard, first = np.divmod(firsts.member.to_numpy(), replicas)
    others = told[~is_first].merge(firsts[TIMES].reset_index(names="row"), on=TIMES)
    row, copy = others.row.to_numpy(), others.member.to_numpy() % replicas
    way_s = _ways_s(program, ways_s, shard, first, replicas)
    has_s = np.full((len(firsts), replicas), np.nan)
    has_s[row, copy] = np.where(others.is_done, others.done_s, np.inf) + way_s[row, copy]
    is_coming = np.zeros(has_s.shape, dtype=np.bool_)
    is_coming[row, copy] = others.is_under_way
    acked_s = _acked_s(firsts, has_s + way_s, program)
    has_s[np.arange(len(firsts)), first] = firsts.done_s
    order = np.argsort(acked_s, kind="stable")[: np.count_nonzero(np.isfinite(acked_s))]
    return Writes(
        acked_s=acked_s[order],
        shard=shard[order],
        first=first[order],
        has_s=has_s[order],
        is_coming=is_coming[order],
    )


def write_forks(program: Program) -> Indices:
    """Return the steps that send a write on to other copies; the step before took it."""
    steps = program.steps
    return np.flatnonzero((steps.kind == Kind.ALL_OF) & (steps.station != NONE))


def _visits(run: SimulatedRun, station: int) -> pd.DataFrame:
    """Return the visits that are part of writes to a store; members are numbered in the store."""
    program, visits = run.program, visits_kept(run)
    write_of = np.full(len(program.steps.kind), NONE)
    for fork in write_forks(program):
        if program.steps.station[fork] == station:
            write_of[fork - 1 : program.steps.end[fork]] = fork
    rows = np.flatnonzero(write_of[visits.step] != NONE)
    return pd.DataFrame(
        {
            "write": write_of[visits.step[rows]],
            "request": visits.request[rows],
            "leg": visits.leg[rows],
            "attempt": visits.attempt[rows],
            "step": visits.step[rows],
            "member": visits.member[rows] - program.stations.first_member[station],
            "is_done": visits.outcome[rows] == Outcome.DONE,
            "is_under_way": visits.outcome[rows] == Outcome.UNDER_WAY,
            "done_s": visits.done_s[rows],
        }
    )


def _ways_s(
    program: Program, ways_s: Floats, shard: Indices, first: Indices, replicas: int
) -> Floats:
    """Return how far each copy is from the one that took the write; shape (writes, copies)."""
    zones = zone_of_copy(shard[:, None], np.arange(replicas), program.zones)
    way_s: Floats = ways_s[zone_of_copy(shard, first, program.zones)[:, None], zones]
    return way_s


def _acked_s(firsts: pd.DataFrame, heard_s: Floats, program: Program) -> Floats:
    """Return when so many copies were heard to have each write; infinite if that never was.

    Copies that were not told are not waited for.
    """
    wanted = program.steps.need[firsts.write.to_numpy(dtype=np.int64)]
    told = np.count_nonzero(~np.isnan(heard_s), axis=1)
    rank = np.minimum(wanted, told) - 1  # among other copies; below 0: nobody is waited for
    in_order = np.sort(heard_s, axis=1)  # NaN last
    others_s = in_order[np.arange(len(firsts)), np.maximum(rank, 0)]
    done_s = firsts.done_s.to_numpy()
    acked_s: Floats = np.where(rank < 0, done_s, np.maximum(done_s, others_s))
    return acked_s
