"""Where in the world zones and clients are, which copies stand where, and which zone is nearest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import asin, cos, inf, radians, sin, sqrt
from typing import Any, Protocol, Self, TypeVar

FIBRE_KM_PER_S = 200_000.0  # light in glass: that in vacuum over a refractive index of 1.5
EARTH_RADIUS_KM = 6_371.0  # mean; IUGG, "Resolutions of the XVII General Assembly", 1980


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A point on the globe, in degrees; north and east are positive."""

    latitude: float
    longitude: float


class _Numbers(Protocol):
    """A whole number, or an array of them."""

    def __add__(self, other: Any, /) -> Self: ...

    def __mod__(self, other: Any, /) -> Self: ...


N = TypeVar("N", bound=_Numbers)

REGIONS: Mapping[str, Place] = {  # each at the city that clouds build it near
    "eu-north": Place(latitude=59.3, longitude=18.1),  # Stockholm
    "eu-west": Place(latitude=53.3, longitude=-6.3),  # Dublin
    "eu-central": Place(latitude=50.1, longitude=8.7),  # Frankfurt
    "us-east": Place(latitude=39.0, longitude=-77.5),  # Ashburn
    "us-west": Place(latitude=45.6, longitude=-121.2),  # The Dalles
    "sa-east": Place(latitude=-23.5, longitude=-46.6),  # São Paulo
    "af-south": Place(latitude=-33.9, longitude=18.4),  # Cape Town
    "me-central": Place(latitude=25.2, longitude=55.3),  # Dubai
    "ap-south": Place(latitude=19.1, longitude=72.9),  # Mumbai
    "ap-southeast": Place(latitude=1.3, longitude=103.8),  # Singapore
    "ap-east": Place(latitude=22.3, longitude=114.2),  # Hong Kong
    "ap-northeast": Place(latitude=35.7, longitude=139.7),  # Tokyo
    "au-southeast": Place(latitude=-33.9, longitude=151.2),  # Sydney
}


def distance_km(one: Place, other: Place) -> float:
    """Return the length of the shortest way over the globe, taken as a sphere.

    The haversine formula, which is exact for near places too (R. W. Sinnott, "Virtues of the
    Haversine", Sky and Telescope 68, 1984).
    """
    latitudes = radians(one.latitude), radians(other.latitude)
    half_north = (latitudes[1] - latitudes[0]) / 2
    half_east = radians(other.longitude - one.longitude) / 2
    chord = sin(half_north) ** 2 + cos(latitudes[0]) * cos(latitudes[1]) * sin(half_east) ** 2
    return 2 * EARTH_RADIUS_KM * asin(sqrt(min(1.0, chord)))


def rtt_s(one: str, other: str, *, stretch: float) -> float:
    """Return the time that light takes between two regions and back, through cables.

    These are `stretch` times as long as the shortest way over the globe.

    >>> round(rtt_s("us-east", "eu-west", stretch=1.0), 3)
    0.055
    """
    return 2 * stretch * distance_km(REGIONS[one], REGIONS[other]) / FIBRE_KM_PER_S


def zone_of_copy(shard: N, copy: N, zones: int) -> N:
    """Return the zone, in `range(zones)`, in which a copy of a shard stands, all from 0.

    >>> [zone_of_copy(shard=4, copy=copy, zones=3) for copy in range(3)]
    [1, 2, 0]
    """
    return (shard + copy) % zones


def nearest_first(client_region: str, zone_regions: Mapping[str, str]) -> list[str]:
    """Return every zone, those nearest to the client's region first, ties by name.

    `zone_regions` says in which region each zone is.  Zones in a region that is not in the table
    come last; a client in one is as far from all, so that it gets them by name.

    >>> nearest_first("us-west", {"zone-1": "eu-west", "zone-2": "us-east", "zone-3": "sa-east"})
    ['zone-2', 'zone-1', 'zone-3']
    >>> nearest_first("the moon", {"zone-2": "us-east", "zone-1": "eu-west"})
    ['zone-1', 'zone-2']
    """
    here = REGIONS.get(client_region)

    def far_and_name(zone: str) -> tuple[float, str]:
        there = REGIONS.get(zone_regions[zone])
        return (distance_km(here, there) if here and there else inf), zone

    return sorted(zone_regions, key=far_and_name)
