"""How warm caches are: who finds a timeline gone after a wipe, and what an edge has not."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from model.world.scenario import Endpoint, Scenario
from model.world.scenario.events import CacheWipe

LOOKS = 12  # instants after a wipe at which it is looked anew how warm all is by now
FIRST_LOOK_S = 1.0


def wiped_at_s(scenario: Scenario, what: str) -> float | None:
    """Return when timelines or edges are wiped, in seconds of the run; None if they are not.

    Of several wipes the first counts.  Edges of which it is simulated what they hold do not count:
    how warm these are shows.
    """
    if what == "edges" and scenario.fleet.cdn.popular is not None:
        return None
    wipes = [
        scenario.simulation.warmup + event.at
        for event in scenario.events
        if isinstance(event, CacheWipe) and event.of == what
    ]
    return min(wipes, default=None)


def cold_share(scenario: Scenario, since_s: float) -> float:
    """Return the share of pages that are their reader's first, so many seconds after a wipe.

    A page begins a session, or follows on another after a pause for thought.  In the first case
    it is the reader's first unless there was a session since; in the second if the pause began
    before the wipe.  Pauses and the time between sessions are exponential.
    """
    if since_s < 0:
        return 0.0
    sessions = scenario.traffic.sessions
    begins = 1 / sessions.pages
    of_one_s = _pages_per_reader_s(scenario) / sessions.pages
    again = (1 - begins) * math.exp(-since_s / sessions.think)
    return begins * math.exp(-of_one_s * since_s) + again


def _pages_per_reader_s(scenario: Scenario) -> float:
    people = scenario.people
    share = scenario.traffic.mix.get(Endpoint.NEWSFEED, 0.0)
    return share * scenario.requests_per_s / (people.users * people.daily_active)


def edge_miss_share(scenario: Scenario, since_s: float | None) -> float:
    """Return the share of images that an edge has not, so long after it was empty (None: never)."""
    edges = scenario.fleet.cdn
    if since_s is None or since_s < 0:
        return 1 - edges.hit_share
    return 1 - edges.hit_share * -math.expm1(-since_s / edges.fills_in)


def looks_after_s(wipe_s: float, until_s: float) -> NDArray[np.float64]:
    """Return the instants, from the wipe on, at which to look how warm all is by then."""
    if wipe_s >= until_s:
        return np.empty(0)
    steps = np.geomspace(FIRST_LOOK_S, max(FIRST_LOOK_S * 2, until_s - wipe_s), LOOKS)
    return wipe_s + np.concatenate(([0.0], steps[:-1]))
