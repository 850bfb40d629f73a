"""Which shard of the index a search asks first: any that is not known to be away.

Each has a part of all and no second copy, so it is no pool of equals; but any of them will do to
ask the others.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import inf

import numpy as np
from numpy.typing import NDArray

from model.rules.regions import zone_of_copy
from model.world.outages import outages_of
from model.world.scenario import Scenario
from model.world.scenario.events import Crash

INDEX = ("search", "search_index")  # a process for each shard, and where its searches are done
Away = tuple[float, float, frozenset[int]]  # known since, until (s of the run): which shards


def are_index_shards_away(scenario: Scenario) -> bool:
    """Say whether some, of several, are away for a while."""
    return _shards(scenario) > 1 and any(shards for *_, shards in _away(scenario))


def known_away_s(scenario: Scenario) -> tuple[float, ...]:
    """Return the instants at which others are known to be away than before."""
    return tuple(at_s for *span, _ in _away(scenario) for at_s in span if at_s < inf)


def shards_asked(scenario: Scenario, at_s: float) -> NDArray[np.float64]:
    """Return the shards that are asked first at an instant, each as often as any other.

    Those are all if all are away.
    """
    away = {
        shard
        for since_s, until_s, shards in _away(scenario)
        if since_s <= at_s < until_s
        for shard in shards
    }
    everyone = np.arange(_shards(scenario), dtype=np.float64)
    left = everyone[~np.isin(everyone, [*away])]
    return left if len(left) else everyone


def _away(scenario: Scenario) -> Iterator[Away]:
    late_s, zones = scenario.fleet.links.noticed_after, scenario.fleet.zones
    shards = range(_shards(scenario))
    for outage in outages_of(scenario):
        lost = frozenset(at for at in shards if zone_of_copy(at, 0, zones) in outage.zones)
        yield outage.since_s + late_s, outage.until_s + late_s, lost
    for event in scenario.events:
        if isinstance(event, Crash) and event.station in INDEX:
            since_s = scenario.simulation.warmup + event.at + late_s
            lasts_s = inf if event.lasts is None else event.lasts
            crashed = event.members // scenario.simulation.slice
            yield since_s, since_s + lasts_s, frozenset(shards[:crashed])


def _shards(scenario: Scenario) -> int:
    return scenario.fleet.search.shards // scenario.simulation.slice
