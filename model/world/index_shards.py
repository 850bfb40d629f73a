"""Which shard of the index a search asks first, and how far that one and the others are.

Each has a part of all and no second copy, so it is no pool of equals; but any of them that is not
known to be away will do to ask the others.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import inf

import numpy as np
from numpy.typing import NDArray

from model.rules.regions import zone_of_copy
from model.world.outages import outages_of
from model.world.places import rtts_s
from model.world.routes import (
    FIRST_OF_INDEX,
    INDEX_SHARD,
    OTHERS_OF_INDEX,
    ZONE,
    Columns,
    with_column,
)
from model.world.scenario import Scenario
from model.world.scenario.events import Crash

INDEX = ("search", "search_index")  # a process for each shard, and where its searches are done
Away = tuple[float, float, frozenset[int]]  # known since, until (s of the run): which shards


def names_index_shards(scenario: Scenario) -> bool:
    """Say whether searches name the shard they ask first: some are away for a while, or far."""
    of, fleet = scenario.simulation.slice, scenario.fleet
    are_away = fleet.search.shards // of > 1 and any(lost for *_, lost in _away(scenario, of))
    return are_away or fleet.zones > 1


def known_away_s(scenario: Scenario) -> tuple[float, ...]:
    """Return the instants at which others are known to be away than before."""
    spans = (span for *span, _ in _away(scenario))
    return tuple(at_s for span in spans for at_s in span if at_s < inf)


def with_shards_asked(columns: Columns, scenario: Scenario, at_s: float) -> Columns:
    """Return the rows of searches at an instant with the shard that each asks first.

    Each is asked as often as any other.  Of several zones they bring how far it is, and how far
    the farthest of the others is from there.  A slice, which may have shards in one zone only, goes
    the ways of all the fleet's, and so not always that to the shard it names.
    """
    here, everywhere = (_asked(scenario, at_s, of) for of in (scenario.simulation.slice, 1))
    rounds = -(-len(everywhere) // len(here))
    rows = with_column(columns, INDEX_SHARD, np.arange(rounds * len(here), dtype=np.float64))
    turn = rows[INDEX_SHARD].astype(np.int64)
    rows[INDEX_SHARD] = here[turn % len(here)].astype(np.float64)
    if scenario.fleet.zones > 1:
        between = rtts_s(scenario.fleet)
        zones = zone_of_copy(everywhere, np.zeros_like(everywhere), scenario.fleet.zones)
        first = zones[turn % len(everywhere)]
        rows[FIRST_OF_INDEX] = between[rows[ZONE].astype(np.int64), first]
        rows[OTHERS_OF_INDEX] = between[:, zones].max(axis=1)[first]
    return rows


def _asked(scenario: Scenario, at_s: float, of: int) -> NDArray[np.int64]:
    """Return which shards of one of so many parts are asked at an instant.

    Those are all if all are known to be away.
    """
    away = {
        shard
        for since_s, until_s, lost in _away(scenario, of)
        if since_s <= at_s < until_s
        for shard in lost
    }
    everyone = np.arange(scenario.fleet.search.shards // of)
    left = everyone[~np.isin(everyone, [*away])]
    return left if len(left) else everyone


def _away(scenario: Scenario, of: int = 1) -> Iterator[Away]:
    """Yield which shards of one of so many parts each event takes away."""
    late_s, zones = scenario.fleet.links.noticed_after, scenario.fleet.zones
    shards = range(scenario.fleet.search.shards // of)
    for outage in outages_of(scenario):
        lost = frozenset(at for at in shards if zone_of_copy(at, 0, zones) in outage.zones)
        yield outage.since_s + late_s, outage.until_s + late_s, lost
    for event in scenario.events:
        if isinstance(event, Crash) and event.station in INDEX:
            since_s = scenario.simulation.warmup + event.at + late_s
            lasts_s = inf if event.lasts is None else event.lasts
            yield since_s, since_s + lasts_s, frozenset(shards[: event.members // of])
