"""Where people and zones are: who is served where, and how far it is from there to the data.

Copies of a store stand where `rules.regions.zone_of_copy` says; the first one takes the writes.
A request is served in the nearest region that has a zone nobody avoids, in any of its
zones; what it reads lies at the nearest copy, and what it writes at the first.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from model.rules.regions import nearest_first, rtt_s, zone_of_copy
from model.world.scenario import Fleet, ScenarioError, Store

Matrix = NDArray[np.float64]


def zone_regions(fleet: Fleet) -> tuple[str, ...]:
    """Return the region of each zone: zones are dealt over the regions in turn."""
    return tuple(fleet.regions[zone % len(fleet.regions)] for zone in range(fleet.zones))


def zones_in(fleet: Fleet, region: str) -> tuple[int, ...]:
    """Return the zones of a region, numbered from 0."""
    return tuple(zone for zone, where in enumerate(zone_regions(fleet)) if where == region)


def rtts_s(fleet: Fleet) -> Matrix:
    """Return the seconds there and back between any two zones; shape (zones, zones)."""
    where, links = zone_regions(fleet), fleet.links
    between = np.empty((fleet.zones, fleet.zones))
    for one, other in np.ndindex(between.shape):
        if one == other:
            between[one, other] = 0.0
        elif where[one] == where[other]:
            between[one, other] = links.zone_rtt
        else:
            between[one, other] = rtt_s(where[one], where[other], stretch=links.stretch)
    return between


def serving_zones(fleet: Fleet, client_region: str, avoided: Iterable[int] = ()) -> tuple[int, ...]:
    """Return the zones that serve people of a region: those of the nearest region that has any.

    Raises ScenarioError if every zone is avoided.
    """
    where = zone_regions(fleet)
    left = {str(zone): where[zone] for zone in range(fleet.zones) if zone not in set(avoided)}
    if not left:
        raise ScenarioError("events: no zone is left to serve anybody")
    nearest = left[nearest_first(client_region, left)[0]]
    return tuple(int(zone) for zone, region in left.items() if region == nearest)


def read_rtts_s(fleet: Fleet, replicas: int, avoided: Iterable[int] = ()) -> Matrix:
    """Return how far the nearest copy is, by (serving zone, zone of the first copy), in seconds.

    A shard all of whose copies are in zones that are avoided is as far as it was.
    """
    between = rtts_s(fleet)
    far = np.empty_like(between)
    for zone, first in np.ndindex(far.shape):
        far[zone, first] = min(between[zone, at] for at in _copies(fleet, first, replicas, avoided))
    return far


def write_rtts_s(fleet: Fleet, replicas: int, avoided: Iterable[int] = ()) -> Matrix:
    """Return how far the copy that takes the writes is, by the same two zones, in seconds."""
    between = rtts_s(fleet)
    primaries = [_copies(fleet, first, replicas, avoided)[0] for first in range(fleet.zones)]
    far: Matrix = between[:, primaries]
    return far


def acks_rtts_s(fleet: Fleet, store: Store, avoided: Iterable[int] = ()) -> Matrix:
    """Return how far the copies are that a write waits for, from the one that takes it, in seconds.

    By zone of the first copy.  The nearest are taken to acknowledge first; who is in a zone that
    is avoided is not waited for.
    """
    between, lost = rtts_s(fleet), set(avoided)
    far = np.zeros(fleet.zones)
    for first in range(fleet.zones):
        standing = [zone_of_copy(first, copy, fleet.zones) for copy in range(store.replicas)]
        primary, *others = [zone for zone in standing if zone not in lost] or standing
        waited_for = sorted(between[primary, zone] for zone in others)[: store.acks - 1]
        far[first] = max(waited_for, default=0.0)
    return far


def _copies(fleet: Fleet, first: int, replicas: int, avoided: Iterable[int]) -> Sequence[int]:
    standing = range(min(replicas, fleet.zones))
    zones = [zone_of_copy(first, copy, fleet.zones) for copy in standing]
    lost = set(avoided)
    return [zone for zone in zones if zone not in lost] or zones


@lru_cache(maxsize=64)
def client_rtt_s(client_region: str, zone_region: str, *, stretch: float) -> float:
    """Return the seconds there and back between two regions, without the client's last mile."""
    return (
        0.0 if client_region == zone_region else rtt_s(client_region, zone_region, stretch=stretch)
    )
