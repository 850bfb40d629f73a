"""A shard that gets more than its share: which shard each request asks for, here and elsewhere.

A slice keeps the hot shard whole, as its number 0, beside its part of all shards; these others
stand for all that are not hot.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import inf

import numpy as np
from numpy.typing import NDArray

from model.world.routes import LUCKS, SHARD, STORE_OF, Columns, hot_shard, places, shards_among
from model.world.scenario import Scenario, ScenarioError
from model.world.scenario.events import HotShard

HOT_SHARDS_MAX = LUCKS // 4  # of more, each would have too few rows to be asked evenly


@dataclass(frozen=True, slots=True, kw_only=True)
class Hot:
    """The store that has a hot shard, and how large a share of what it is asked for is the most."""

    station: str
    shards: int  # in the whole world
    copies: int
    share: float


def hot_of(scenario: Scenario) -> Hot | None:
    """Return the hot shard of a scenario, if it has one; ScenarioError if it has several."""
    hot = hot_shard(scenario)
    if hot is None:
        return None
    store = getattr(scenario.fleet, hot.store)
    share = max(hot.share, 1 / store.shards)
    return Hot(station=hot_station(hot), shards=store.shards, copies=store.replicas, share=share)


def hot_station(hot: HotShard) -> str:
    """Return the station that one of whose shards is hot."""
    return next(station for station, table in STORE_OF.items() if table == hot.store)


def hot_span_s(scenario: Scenario) -> tuple[float, ...]:
    """Return from when until when a shard is hot, in seconds of the run; nothing if none is."""
    hot = hot_shard(scenario)
    if hot is None:
        return ()
    since_s = scenario.simulation.warmup + hot.at
    return since_s, since_s + (inf if hot.lasts is None else hot.lasts)


def shards_named(scenario: Scenario, at_s: float) -> NDArray[np.float64] | None:
    """Return the shards that rows ask for: evenly spread, unless one is hot just then.

    None if none ever is.  Raises ScenarioError for a store of one shard, and of too many.
    """
    hot = hot_shard(scenario)
    if hot is None:
        return None
    here = _shards_here(scenario, hot)
    if not 1 < here <= HOT_SHARDS_MAX:
        of_slice = scenario.simulation.slice
        shards = getattr(scenario.fleet, hot.store).shards
        raise ScenarioError(
            f"fleet.{hot.store}.shards: must be 2 to {HOT_SHARDS_MAX} where one is hot,"
            f" got {shards}" + (f", of which a slice has {here}" if of_slice > 1 else "")
        )
    return shards_among(_luck(scenario, at_s), _share_at(scenario, hot, at_s), here)


def from_elsewhere(
    scenario: Scenario, columns: Columns, at_s: float
) -> Iterator[tuple[float, Columns]]:
    """Yield which rows requests bring that are elsewhere and ask for shards here, and how often.

    That is per request of the whole world.  The hot shard is asked for all that it is asked for
    in the world, and each other for as much as one of the others.
    """
    hot = hot_shard(scenario)
    if hot is None:
        return
    slice_of = scenario.simulation.slice
    is_hot = columns[SHARD] == 0
    hot_share = float(is_hot.mean())
    to_hot = _share_at(scenario, hot, at_s) - hot_share / slice_of
    others = getattr(scenario.fleet, hot.store).shards - 1
    yield to_hot, {**columns, SHARD: np.zeros(len(is_hot))}
    rest = {name: column[~is_hot] for name, column in columns.items()}
    yield (1 - hot_share) / (slice_of * others), rest


def _shards_here(scenario: Scenario, hot: HotShard) -> int:
    shards, slice_of = getattr(scenario.fleet, hot.store).shards, scenario.simulation.slice
    return int(shards // slice_of + (slice_of > 1))


def _share_at(scenario: Scenario, hot: HotShard, at_s: float) -> float:
    if _is_hot(scenario, at_s):
        return hot.share
    return float(1 / getattr(scenario.fleet, hot.store).shards)


def _luck(scenario: Scenario, at_s: float) -> NDArray[np.float64]:
    """Return the place of each row among all, by which it asks for a shard."""
    return places() if _is_hot(scenario, at_s) else (np.arange(LUCKS) + 0.5) / LUCKS


def _is_hot(scenario: Scenario, at_s: float) -> bool:
    since_s, until_s = hot_span_s(scenario)
    return since_s <= at_s < until_s
