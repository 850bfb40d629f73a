"""How busy stations are: the share of the time of their servers that is taken.

A server is taken while a request has it: working, however slowly, for somebody who waits or for
nobody any more; hanging; or held while the work is elsewhere, as a place among the requests that
a gateway has under way.  One that is down is not.  That is what a gauge of workers in use shows.
Who shares the cores of a host often has a request and no core: there it is the work of visits
that were done, as a clock of CPU time would show it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from model.answers.instances import in_use_of
from model.engine.codes import NONE
from model.engine.runs import SimulatedRun
from model.world.design.guards import semaphores
from model.world.slices import Slice, nobodys

Floats = NDArray[np.float64]


def of_stations(run: SimulatedRun, span_s: float) -> dict[str, float]:
    """Return the share of `span_s` for which all the servers of each station were taken.

    These are the servers that there are: of what scales by itself, the mean of the instances.
    """
    stations = run.program.stations
    taken = np.add.reduceat(of_members(run, span_s), stations.first_member)
    there_are = dict(zip(stations.names, stations.members.tolist(), strict=True))
    there_are |= {name: each.mean_between(0.0, span_s) for name, each in in_use_of(run).items()}
    busy = zip(stations.names, taken.tolist(), strict=True)
    return {name: share / there_are[name] for name, share in busy}


def busiest_of_stations(run: SimulatedRun, span_s: float) -> dict[str, float]:
    """Return the same of the busiest member of each station."""
    stations = run.program.stations
    busiest = np.maximum.reduceat(of_members(run, span_s), stations.first_member)
    return dict(zip(stations.names, busiest.tolist(), strict=True))


def of_members(run: SimulatedRun, span_s: float) -> Floats:
    """Return the same of each member, numbered through all stations."""
    stations, members = run.program.stations, run.members
    is_alone = stations.host[stations.of_member] == NONE
    taken_s = np.where(is_alone, members.busy_s, members.worked_s)
    share: Floats = taken_s / span_s / np.repeat(stations.servers, stations.members)
    return share


def left_out(stations: Iterable[str], cut: Slice) -> set[str]:
    """Return the stations whose business says nothing of the world.

    In a slice these are also semaphores: a request gives its place back when all its legs are
    done, and waits here for those that are here.
    """
    return nobodys(stations) | (set(semaphores()) if cut.of > 1 else set())


def in_world(busy: Mapping[str, float], run: SimulatedRun, cut: Slice) -> dict[str, float]:
    """Return how busy stations are in the world, given how busy they are in a slice of it.

    Only a store that has a hot shard differs: there is no more than one such shard in the world.
    """
    hot, stations = cut.hot, run.program.stations
    if hot is None or cut.of == 1:
        return dict(busy)
    number = stations.names.index(hot.station)
    first, count = int(stations.first_member[number]), int(stations.members[number])
    share = of_members(run, run.until_s)[first : first + count]
    if not share.any():
        return dict(busy)
    of_hot, others = share[: hot.copies].mean(), share[hot.copies :].mean()
    all_shards = (of_hot + (hot.shards - 1) * others) / hot.shards
    return {**busy, hot.station: busy[hot.station] * float(all_shards / share.mean())}
