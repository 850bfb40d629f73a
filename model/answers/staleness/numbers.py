"""The numbers of acknowledged writes that are lost, by name.

| name | what it is |
|---|---|
| `lost_writes.<store>.per_crash` | lost on average with the server that takes a shard's writes |
| `lost_writes.<store>.per_year` | the same of all shards, as often as `availability.server` fails |
| `lost_writes.<store>` | lost in this run, with the servers that its events take |

The first two are of servers lost one at a time, each with its disk, at the load of the run before
its first event; where that comes at once they are not known, and left out.  With acks of 2 or more
none is lost so: all the copies that have acknowledged a write must fail together.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from model.answers.readings import Reading
from model.answers.statistics import Interval, over_replications
from model.world.quantities import SECONDS_PER_UNIT
from model.world.routes import STORE_OF
from model.world.scenario import Scenario

LOST, PER_CRASH, PER_YEAR = "lost_writes", "per_crash", "per_year"


def lost_writes(scenario: Scenario, readings: Sequence[Reading]) -> Iterator[tuple[str, Interval]]:
    """Yield the numbers of each store that has copies."""
    for station in readings[0].unreplicated:
        at_risk = _counted([reading.unreplicated[station] for reading in readings])
        yield f"{LOST}.{station}.{PER_CRASH}", at_risk
        crashes = _crashes_per_year(scenario, station)
        yield f"{LOST}.{station}.{PER_YEAR}", _times(at_risk, crashes)
    for station in readings[0].lost:
        yield f"{LOST}.{station}", _counted([reading.lost[station] for reading in readings])


def _crashes_per_year(scenario: Scenario, station: str) -> float:
    """Return how often a year a server fails that takes the writes of one of all shards."""
    shards = int(getattr(scenario.fleet, STORE_OF[station]).shards)
    return shards * SECONDS_PER_UNIT["y"] / scenario.availability.server.every


def _counted(counts: Sequence[float]) -> Interval:
    """Return the interval of a mean count, which is not below 0."""
    found = over_replications(counts)
    return replace(found, low=max(0.0, found.low))


def _times(interval: Interval, often: float) -> Interval:
    ends = {name: often * getattr(interval, name) for name in ("value", "low", "high")}
    return replace(interval, **ends)
