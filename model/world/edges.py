"""What edges hold, where it is known how often each image is asked for.

An edge has room for so many images, and what was asked for least recently goes first.  Images are
as popular everywhere.  Runs begin with edges that are warm: before anybody comes, each edge is
asked as often as it takes to have forgotten what it held when it was empty.
"""

from __future__ import annotations

from functools import lru_cache
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from model.world.attributes import Attribute
from model.world.counts import ConstantCount, CountTable, zipf
from model.world.journeys import Cached, Delay, ForEach, Journey, Step
from model.world.keys import RANDOM, Key
from model.world.laws import Constant
from model.world.routes import ZONE
from model.world.scenario import Scenario, ScenarioError
from model.world.scenario.fleet import Popular

EDGE, IMAGES = "edge", "images"  # a cache in every zone, and the keys it is asked for
FILLING = "edge_filling"  # the journey that warms an edge
FILLING_MAX = 1_000_000  # of requests that warm one edge
_DEVIATIONS = 6  # by which requests may ask for fewer different images than on average


def edge_asked(*steps: Step, zones: int) -> Step:
    """Return how an edge is asked for an image, and the steps by which it gets what it has not."""
    member: Key = Attribute(name=ZONE) if zones > 1 else RANDOM
    return Cached(cache=EDGE, miss=steps, member=member)


def room_of(scenario: Scenario, popular: Popular) -> int:
    """Return how many images one edge holds, each as large as a feed shows it.

    Raises ScenarioError if it holds none, or all of them.
    """
    room = popular.cache // scenario.people.post_types.view_size
    if not 1 <= room < popular.images:
        raise ScenarioError(
            "fleet.cdn.popular: an edge must have room for an image and not for all of them; cache"
            f" over people.post_types.view_size is {room:,} images, of {popular.images:,}"
        )
    return room


def filling_of(scenario: Scenario, popular: Popular) -> Journey:
    """Return how one edge is warmed, in no time; ScenarioError if that takes too many requests."""
    room = room_of(scenario, popular)
    asked = requests_to_fill(popular, room)
    if asked > FILLING_MAX:
        raise ScenarioError(
            f"fleet.cdn.popular: an edge with room for {room:,} images is warm only after more than"
            f" {FILLING_MAX:,} requests: make cache smaller"
        )
    instantly = Delay(time=Constant(value=0.0))
    once = edge_asked(instantly, zones=scenario.fleet.zones)
    return Journey(
        name=FILLING, steps=ForEach(count=ConstantCount(count=asked), body=once, at_once=1)
    )


@lru_cache(maxsize=2)
def popularity_of(popular: Popular) -> CountTable:
    """Return which image is asked for, the most popular being number 0."""
    return zipf(size=popular.images, exponent=popular.exponent)


@lru_cache(maxsize=2)
def requests_to_fill(popular: Popular, room: int) -> int:
    """Return after how many requests a cache has been asked for more images than it holds.

    From then on what it holds no longer depends on what it held before: the images that were asked
    for last.  Beyond FILLING_MAX any number that is.
    """
    shares = np.diff(popularity_of(popular).cumulated, prepend=0.0)
    low, high = 0, 1
    while _different(shares, high) < room and high <= FILLING_MAX:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _different(shares, middle) < room else (low, middle)
    return high


def _different(shares: NDArray[np.float64], requests: int) -> float:
    """Return for how many different images so many requests ask at least, all but surely.

    Whether one image is among them goes against whether another is, so that their number varies
    less than if images were independent.
    """
    asked = -np.expm1(requests * np.log1p(-shares))
    return float(asked.sum() - _DEVIATIONS * sqrt((asked * (1 - asked)).sum()))
