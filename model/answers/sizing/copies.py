"""How much of a shard's reads and writes its copies do: the one that is busiest, and all of them.

A write is done by every copy.  A read is served by the nearest copy, or by any of several that are
as near; where nobody chooses a copy, by the first (`world.journeys.Visit`, `Wiring.copy`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.answers.sizing.figures import Figure, given
from model.answers.sizing.resources import STORES
from model.rules.regions import zone_of_copy
from model.world.places import rtts_s, serving_zones
from model.world.scenario import Fleet, Scenario
from model.world.topology import chooses_copies, instances_differ
from model.world.traffic.demand import people_by_region

Shares = NDArray[np.float64]
SERVED = "of reads at the busiest copy"
PLACES = 9  # of a share; what is smaller is a rounding error
HERE = -1.0  # nearer than a zone that is no way off


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """By which factors the work of a shard's visits counts; without any, all of it does, once."""

    reads: tuple[Figure, ...] = ()
    writes: tuple[Figure, ...] = ()


def done_at_busiest(scenario: Scenario, *, zone_is_lost: bool = False) -> dict[str, Done]:
    """Return what the busiest copy of any shard does, by store; those of one copy are left out.

    That is the whole of its writes, and its share of the reads; with a zone lost, whichever makes
    that share largest.
    """
    return {
        station: Done(reads=_at_busiest(scenario, station, replicas, zone_is_lost=zone_is_lost))
        for station, replicas in _copied(scenario.fleet).items()
    }


def done_in_all(scenario: Scenario) -> dict[str, Done]:
    """Return what all copies of a shard do together, by store; those of one copy are left out."""
    return {
        station: Done(writes=(given(replicas, "copies", f"fleet.{STORES[station]}.replicas"),))
        for station, replicas in _copied(scenario.fleet).items()
    }


def read_shares(scenario: Scenario, replicas: int, *, lost: Collection[int] = ()) -> Shares:
    """Return the share of a shard's reads that each copy serves while some zones are lost.

    Shape (zones, replicas): by the zone of the first copy.  A shard without any copy left serves
    none.
    """
    fleet, apart_s = scenario.fleet, rtts_s(scenario.fleet)
    np.fill_diagonal(apart_s, HERE)
    shares = np.zeros((fleet.zones, replicas))
    if not _are_shared(scenario):
        shares[:, 0] = 1.0
        return shares
    for zone, asked in _served_in(scenario, lost).items():
        for first in range(fleet.zones):
            standing = [zone_of_copy(first, copy, fleet.zones) for copy in range(replicas)]
            far_s = np.where(np.isin(standing, list(lost)), np.inf, apart_s[zone, standing])
            nearest = (far_s == far_s.min()) & np.isfinite(far_s)
            shares[first] += asked * nearest / max(1, nearest.sum())
    return shares


def _copied(fleet: Fleet) -> Mapping[str, int]:
    replicas = {station: getattr(fleet, table).replicas for station, table in STORES.items()}
    return {station: copies for station, copies in replicas.items() if copies > 1}


def _at_busiest(
    scenario: Scenario, station: str, replicas: int, *, zone_is_lost: bool
) -> tuple[Figure, ...]:
    zones = range(scenario.fleet.zones)
    lost = [(zone,) for zone in zones] if zone_is_lost else [()]
    largest = max(float(read_shares(scenario, replicas, lost=each).max()) for each in lost)
    share = round(largest, PLACES)
    where = f"fleet.zones, fleet.{STORES[station]}.replicas"
    return (given(share, SERVED, where),) if share < 1 else ()


def _are_shared(scenario: Scenario) -> bool:
    """Say whether reads are not all served by the first copy."""
    hedged = scenario.policy.protections.hedge_after > 0
    return hedged or chooses_copies(scenario.fleet, differ=instances_differ(scenario))


def _served_in(scenario: Scenario, lost: Collection[int]) -> dict[int, float]:
    """Return the share of all requests that each zone serves, over the whole day."""
    served: dict[int, float] = {}
    for region, share in people_by_region(scenario).items():
        zones = serving_zones(scenario.fleet, region, lost)
        for zone in zones:
            served[zone] = served.get(zone, 0.0) + share / len(zones)
    return served
