"""Requests that come at given instants, each once: recorded ones, celebrities' posts, warming."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product

import numpy as np
from numpy.typing import NDArray

from model.engine.network import Network
from model.world.celebrities import celebrity_posts
from model.world.edges import FILLING
from model.world.incoming import Part, parts_of
from model.world.routes import GOLDEN, ZONE
from model.world.scenario import Endpoint, Scenario
from model.world.slices import OfWhom, Slice
from model.world.traffic.demand import people_by_region

Arrivals = Mapping[str, NDArray[np.float64]]  # endpoint -> instants in seconds, rising


def recorded_in(network: Network, scenario: Scenario, arrivals: Arrivals) -> set[str]:
    """Add these very requests, from where most people are; return the journeys asked for."""
    home = _home(scenario)
    asked = set[str]()
    for name, endpoint in ((endpoint.value, endpoint) for endpoint in scenario.traffic.mix):
        for part in parts_of(scenario, endpoint, home):
            if arrive_at(network, name, arrivals.get(name, np.empty(0)), part):
                asked.add(name)
    return asked


def celebrities_in(network: Network, scenario: Scenario, cut_out: Slice) -> set[str]:
    """Add each celebrity's post, whole in any slice, and what it does here of what is elsewhere.

    They post from where most people are.  Returns the journeys asked for.
    """
    asked, parts = set[str](), list(parts_of(scenario, Endpoint.POST, _home(scenario)))
    for celebrity, event in celebrity_posts(scenario):
        at_s = np.asarray([scenario.simulation.warmup + event.at])
        for part, name in product(parts, (celebrity, *_beside(celebrity, cut_out))):
            if arrive_at(network, name, at_s, part):
                asked.add(name)
    return asked


def warm_edges(network: Network, scenario: Scenario) -> set[str]:
    """Ask every edge before anybody else does, if it shows what they hold; return the journeys."""
    if scenario.fleet.cdn.popular is None:
        return set()
    zones = np.arange(scenario.fleet.zones, dtype=np.float64)
    network.recorded(FILLING, at_s=np.zeros_like(zones), attributes={ZONE: zones})
    return {FILLING}


def arrive_at(network: Network, name: str, at_s: NDArray[np.float64], part: Part) -> bool:
    """Add those of these instants that are in a part of the run; return whether there are any."""
    inside = at_s[(at_s >= part.since_s) & (at_s < part.until_s)]
    if len(inside):
        network.recorded(name, at_s=inside, attributes=_dealt(part, len(inside)))
    return len(inside) > 0


def _beside(celebrity: str, cut_out: Slice) -> Iterator[str]:
    """Yield the journeys that bring what a celebrity's post does here of what it does elsewhere."""
    for background in cut_out.backgrounds:
        if background.of_whom is OfWhom.SINGLE and background.per_arrival.get(celebrity):
            yield background.journey.name


def _home(scenario: Scenario) -> str:
    """Return the region where most people are."""
    shares = people_by_region(scenario)
    return max(shares, key=shares.__getitem__)


def _dealt(part: Part, count: int) -> dict[str, NDArray[np.float64]] | None:
    """Return rows for so many requests one by one: all as often, in an order without a pattern."""
    if not part.columns:
        return None
    rows = len(next(iter(part.columns.values())))
    chosen = (np.arange(count) * GOLDEN % 1.0 * rows).astype(np.int64)
    return {name: column[chosen] for name, column in part.columns.items()}
