"""What one replication shows of the copies of its stores: lags, and writes at risk or lost."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from model.answers.readings import Reading, Timed
from model.answers.staleness.losses import Outage, lost_with, unreplicated
from model.answers.staleness.writes import Writes, write_forks, writes_of
from model.engine.disruptions import ActionKind
from model.engine.program import Program
from model.engine.runs import SimulatedRun
from model.world.failures import Once
from model.world.hot_shards import Hot, hot_of
from model.world.places import rtts_s
from model.world.scenario import Scenario
from model.world.scenario.events import Crash

ALL_COPIES, A_COPY = "replication", "replica"  # of lags: until the last has it, and each by itself

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Copies:
    """What a run does not say of its copies, and the part of it that is as usual."""

    ways_s: Floats  # one way between any two zones
    since_s: float
    until_s: float  # when anything happens, or the end; `since_s` if it happens from the first
    slice_of: int
    hot: Hot | None
    crashes: tuple[tuple[str, float, int], ...]  # station, when, and how many members in the world

    def stand_for(self, station: str, shards: int) -> Floats:
        """Return how many shards of the world each of those here stands for; a hot one for one."""
        if self.hot is None or self.hot.station != station or self.slice_of == 1:
            return np.full(shards, float(self.slice_of))
        others = (self.hot.shards - 1) / (shards - 1)
        return np.array([1.0, *[others] * (shards - 1)])


def copies_of(scenario: Scenario) -> Copies:
    """Return what has to be known of a scenario's copies."""
    runs = scenario.simulation
    crashes = (event for event in scenario.events if isinstance(event, Crash))
    return Copies(
        ways_s=rtts_s(scenario.fleet) / 2,
        since_s=runs.warmup,
        until_s=_until_s(scenario),
        slice_of=runs.slice,
        hot=hot_of(scenario),
        crashes=tuple((one.station, runs.warmup + one.at, one.members) for one in crashes),
    )


def _until_s(scenario: Scenario) -> float:
    """Return how long the run is as usual: until the first event."""
    runs = scenario.simulation
    first = min((event.at for event in scenario.events), default=runs.duration)
    return runs.warmup + min(first, runs.duration)


def is_replicated(program: Program) -> bool:
    """Say whether any write goes on to other copies."""
    return len(write_forks(program)) > 0


def with_staleness(reading: Reading, run: SimulatedRun, copies: Copies) -> Reading:
    """Return the reading with what the run's visits show of copies; as it is if it kept none.

    The run is to be whole: of a slice, with the writes of who belongs elsewhere.
    """
    if run.visits is None:
        return reading
    lags, unended = dict(reading.lags), dict(reading.unended)
    alone, lost = dict[str, float](), dict[str, float]()
    for number in np.unique(run.program.steps.station[write_forks(run.program)]):
        station = run.program.stations.names[number]
        writes = writes_of(run, station, copies.ways_s)
        outages = list(outages_of(run.program, station, copies))
        lags[f"{ALL_COPIES}.{station}"] = _last(writes)
        lags[f"{A_COPY}.{station}"] = _each(writes)
        coming = writes.is_coming.nonzero()[0]
        unended[f"{ALL_COPIES}.{station}"] = _left(writes.acked_s[np.unique(coming)], run)
        unended[f"{A_COPY}.{station}"] = _left(writes.acked_s[coming], run)
        if copies.since_s < copies.until_s:
            alone[station] = unreplicated(
                writes,
                outages,
                stand_for=copies.stand_for(station, int(run.program.stations.shards[number])),
                since_s=copies.since_s,
                until_s=copies.until_s,
            )
        if outages:
            failover_s = float(run.program.stations.failover_s[number])
            lost[station] = lost_with(writes, outages, failover_s=failover_s)
    return replace(reading, lags=lags, unended=unended, unreplicated=alone, lost=lost)


def outages_of(program: Program, station: str, copies: Copies) -> Iterator[Outage]:
    """Yield when which copies of a store are down."""
    number = program.stations.names.index(station)
    first, replicas = program.stations.first_member[number], program.stations.replicas[number]
    members = range(first, first + program.stations.members[number])
    stand_for = copies.stand_for(station, int(program.stations.shards[number]))
    for one in program.disruptions:
        if one.kind is not ActionKind.CRASH or not isinstance(one.when, Once):
            continue
        mine = [target - first for target in one.targets if target in members]
        for member in mine:
            yield Outage(
                shard=int(member // replicas),
                copy=int(member % replicas),
                since_s=one.when.at_s,
                until_s=one.when.at_s + one.when.for_s,
                stands_for=_said(station, one.when.at_s, len(mine), copies)
                or float(stand_for[member // replicas]),
            )


def _said(station: str, at_s: float, here: int, copies: Copies) -> float | None:
    """Return how many members of the world a crash takes for each of those `here`, if one does.

    A zone takes as large a share of the slice as of the world.
    """
    said = [
        members for name, when_s, members in copies.crashes if (name, when_s) == (station, at_s)
    ]
    return max(said) / here if said and copies.slice_of > 1 else None


def _last(writes: Writes) -> Timed:
    """Return how long after its acknowledgement the last of the copies told of a write had it."""
    others_s = writes.others_s
    told = ~np.isnan(others_s).all(axis=1)
    began_s = writes.acked_s[told]
    took_s = np.nanmax(others_s[told], axis=1, initial=-np.inf) - began_s
    return Timed(began_s=began_s, took_s=np.maximum(0.0, took_s))


def _each(writes: Writes) -> Timed:
    """Return the same of each copy told of a write."""
    others_s = writes.others_s
    write, copy = np.nonzero(~np.isnan(others_s))
    began_s = writes.acked_s[write]
    return Timed(began_s=began_s, took_s=np.maximum(0.0, others_s[write, copy] - began_s))


def _left(acked_s: Floats, run: SimulatedRun) -> Timed:
    """Return how long writes had been acknowledged at the end that were still on their way."""
    return Timed(began_s=acked_s, took_s=run.until_s - acked_s)
