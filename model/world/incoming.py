"""What comes in, and with which attributes: streams of requests, cut where circumstances change.

A stream is cut when zones, or shards of the index, begin or cease to be avoided, when a shard
begins or ceases to be hot, and while caches get warm again, and each part has rows of its own
(`routes`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from math import inf

import numpy as np

from model.world.attributes import Attribute
from model.world.hot_shards import hot_span_s, shards_named
from model.world.index_shards import known_away_s, names_index_shards, with_shards_asked
from model.world.outages import Stretch, stretches_of
from model.world.places import serving_zones
from model.world.reach import Reach
from model.world.routes import (
    COLD,
    EDGE_MISS,
    LUCKS,
    SHARD,
    Columns,
    columns_of,
    with_column,
    with_share,
)
from model.world.scenario import Endpoint, Scenario, ScenarioError
from model.world.traffic.streams import Pieces
from model.world.warmth import cold_share, edge_miss_share, looks_after_s, wiped_at_s

ROWS_MAX = 1_000_000  # of one part
MOMENTS = 100  # of a run, to average over


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A stretch of time, and the rows of the requests that come in it."""

    since_s: float
    until_s: float
    columns: Columns


def parts_of(scenario: Scenario, endpoint: Endpoint, region: str) -> Iterator[Part]:
    """Yield the parts of one stream of requests, in order, with their rows; the last has no end.

    Raises ScenarioError if there are more than ROWS_MAX.
    """
    end_s = scenario.simulation.warmup + scenario.simulation.duration
    for stretch in stretches_of(scenario):
        if stretch.since_s >= end_s:
            return
        until_s = min(stretch.until_s, end_s)
        inside = (
            *_looks(scenario, endpoint, stretch.since_s, end_s),
            *hot_span_s(scenario),
            *(known_away_s(scenario) if endpoint is Endpoint.SEARCH else ()),
        )
        edges = {stretch.since_s, until_s}
        edges |= {float(at_s) for at_s in inside if stretch.since_s < at_s < until_s}
        for since_s, next_s in pairwise(sorted(edges)):
            columns = _rows(scenario, endpoint, region, stretch, since_s)
            yield Part(since_s=since_s, until_s=inf if next_s >= end_s else next_s, columns=columns)


def cut(pieces: Pieces, since_s: float, until_s: float) -> Pieces:
    """Return a rate over time, as pairs (from when on, rate), that is 0 outside of a part.

    >>> cut(((0.0, 5.0), (10.0, 7.0)), 8.0, 12.0)
    ((8.0, 5.0), (10.0, 7.0), (12.0, 0.0))
    """
    inside = [(at_s, rate) for at_s, rate in pieces if since_s < at_s < until_s]
    before = [rate for at_s, rate in pieces if at_s <= since_s]
    begin = [(since_s, before[-1])] if before else []
    end = [] if until_s == inf else [(until_s, 0.0)]
    return (*begin, *inside, *end)


def with_moments(scenario: Scenario, reach: Reach) -> Reach:
    """Return the widths with what depends on the moment left to the rows of each request."""
    if wiped_at_s(scenario, "timelines") is not None:
        reach = replace(reach, cold_share=Attribute(name=COLD))
    if _edges_may_be_empty(scenario):
        reach = replace(reach, image_miss_share=Attribute(name=EDGE_MISS))
    return reach


def means_of(scenario: Scenario) -> dict[str, float]:
    """Return the mean over the run of the columns that probabilities go by."""
    end_s = scenario.simulation.warmup + scenario.simulation.duration
    instants_s = np.linspace(0.0, end_s, MOMENTS)
    since_s = {
        what: instants_s - (inf if at_s is None else at_s)
        for what in ("timelines", "edges")
        for at_s in [wiped_at_s(scenario, what)]
    }
    colds = [cold_share(scenario, each) for each in since_s["timelines"]]
    misses = [edge_miss_share(scenario, each) for each in since_s["edges"]]
    return {COLD: float(np.mean(colds)), EDGE_MISS: float(np.mean(misses))}


def _looks(scenario: Scenario, endpoint: Endpoint, since_s: float, end_s: float) -> Iterator[float]:
    """Yield the instants at which caches are looked at anew in a stretch that begins then."""
    what = {Endpoint.NEWSFEED: "timelines", Endpoint.IMAGE: "edges"}.get(endpoint, "")
    wipe_s = wiped_at_s(scenario, what)
    empty = [] if wipe_s is None else [wipe_s]
    if endpoint is Endpoint.IMAGE and since_s > 0 and scenario.fleet.zones > 1:
        empty.append(since_s)  # who is sent elsewhere finds edges that do not know them
    for at_s in empty:
        yield from looks_after_s(at_s, end_s)


def _rows(
    scenario: Scenario, endpoint: Endpoint, region: str, stretch: Stretch, at_s: float
) -> Columns:
    columns = columns_of(scenario, endpoint, region, stretch.avoided)
    if endpoint is not Endpoint.IMAGE and (shards := shards_named(scenario, at_s)) is not None:
        columns = with_column(_few(columns), SHARD, shards)
    if endpoint is Endpoint.SEARCH and names_index_shards(scenario):
        few = _few(columns, times=scenario.fleet.search.shards)
        columns = with_shards_asked(few, scenario, at_s)
    wipe_s = wiped_at_s(scenario, "timelines")
    if endpoint is Endpoint.NEWSFEED and wipe_s is not None:
        columns = with_share(_few(columns), COLD, cold_share(scenario, at_s - wipe_s))
    if endpoint is Endpoint.IMAGE and _edges_may_be_empty(scenario):
        since_s = _empty_since_s(scenario, region, stretch, at_s)
        columns = with_share(_few(columns), EDGE_MISS, edge_miss_share(scenario, since_s))
    return columns


def _few(columns: Columns, *, times: int = LUCKS) -> Columns:
    """Return the rows if there will not be too many of them with one more column."""
    rows = times * len(next(iter(columns.values()), (0,)))
    if rows > ROWS_MAX:
        raise ScenarioError(
            f"events: at most {ROWS_MAX:,} kinds of one request, these make {rows:,}: leave out"
            " the hot-shard or the cache-wipe, have fewer search.shards or measure at the gateway"
        )
    return columns


def _edges_may_be_empty(scenario: Scenario) -> bool:
    return wiped_at_s(scenario, "edges") is not None or len(stretches_of(scenario)) > 1


def _empty_since_s(scenario: Scenario, region: str, stretch: Stretch, at_s: float) -> float | None:
    """Return for how long the edges that serve a region have been filling; None: long enough."""
    wipe_s = wiped_at_s(scenario, "edges")
    fleet = scenario.fleet
    usual = serving_zones(fleet, region)
    moved = set(serving_zones(fleet, region, stretch.avoided)).isdisjoint(usual)
    begun = [stretch.since_s] if moved else []
    begun += [wipe_s] if wipe_s is not None and wipe_s <= at_s else []
    return at_s - max(begun) if begun else None
