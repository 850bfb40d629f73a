"""How the parts of a network become the columns of a Program."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from math import inf

import numpy as np
from numpy.typing import ArrayLike

from model.engine.codes import NONE
from model.engine.disruptions import ActionKind, Disruption
from model.engine.parts import CachePart, KeysPart, LinkPart, StationPart
from model.engine.program import Caches, Indices, KeySets, Links, Stations
from model.engine.refusals import refuse_unless
from model.engine.rows import Tables
from model.world.chance import path_key

OF_MEMBERS = (ActionKind.CRASH, ActionKind.SPEED, ActionKind.SERVERS)


def first_members(parts: Sequence[StationPart]) -> list[int]:
    """Return the number of each station's first member."""
    members = [part.members * part.replicas for part in parts]
    return [sum(members[:station]) for station in range(len(members))]


def stations_of(
    parts: Sequence[StationPart], hosts: Sequence[str], tables: Tables, observed: Collection[int]
) -> Stations:
    """Return the stations; those `observed` are watched in more than their queue's length."""
    weights = tuple(
        np.empty(0) if isinstance(p.balancing, str) else _cumulated(p.balancing) for p in parts
    )
    return Stations(
        names=tuple(part.name for part in parts),
        first_member=np.array(first_members(parts), np.int32),
        shards=np.array([part.members for part in parts], np.int32),
        replicas=np.array([part.replicas for part in parts], np.int32),
        servers=np.array([part.servers for part in parts], np.int32),
        host=np.array([NONE if p.host is None else hosts.index(p.host) for p in parts], np.int32),
        queue_max=np.array([part.queue_max for part in parts], np.int32),
        discipline=np.array([part.discipline for part in parts], np.int8),
        lifo_above=np.array([part.queue.lifo_above for part in parts], np.int32),
        drop_expired=np.array([part.queue.drop_expired for part in parts], np.int8),
        balancing=np.array([part.balancer for part in parts], np.int8),
        on_crash=np.array([part.crash_policy for part in parts], np.int8),
        noticed_after_s=np.array([part.noticed_after_s for part in parts], np.float64),
        failover_s=np.array([part.failover_s for part in parts], np.float64),
        batch_max=np.array([part.batching.limit for part in parts], np.int32),
        overhead=np.array([tables.law(part.batching.overhead) for part in parts], np.int32),
        poll_s=np.array([part.batching.poll_s for part in parts], np.float64),
        plain=np.array(
            [part.is_simple and s not in observed for s, part in enumerate(parts)], np.int8
        ),
        weights=weights,
    )


def disrupted(parts: Sequence[StationPart], disruptions: Sequence[Disruption]) -> set[int]:
    """Return the stations that something happens to."""
    members = np.repeat(np.arange(len(parts)), [part.members * part.replicas for part in parts])
    return {
        int(members[target])
        for disruption in disruptions
        if disruption.kind in OF_MEMBERS
        for target in disruption.targets
    }


def key_sets_of(parts: Mapping[str, KeysPart], tables: Tables) -> KeySets:
    """Return the sets of keys."""
    return KeySets(
        names=tuple(parts),
        law=np.array([tables.law(part.law) for part in parts.values()], np.int32),
        size=np.array([part.size for part in parts.values()], np.int32),
        key_hash=np.array([path_key(f"keys {name}") for name in parts], np.uint64),
    )


def caches_of(parts: Mapping[str, CachePart], key_sets: Sequence[str]) -> Caches:
    """Return the caches."""
    caches = list(parts.values())
    return Caches(
        names=tuple(parts),
        keys=np.array([key_sets.index(cache.keys) for cache in caches], np.int32),
        members=np.array([cache.members for cache in caches], np.int32),
        capacity=np.array([cache.capacity for cache in caches], np.int32),
        ttl_s=np.array([cache.ttl_s for cache in caches], np.float64),
        single_flight=np.array([cache.single_flight for cache in caches], np.int8),
    )


def links_of(parts: Mapping[str, LinkPart], tables: Tables) -> Links:
    """Return the links."""
    links = list(parts.values())
    return Links(
        names=tuple(parts),
        rtt=np.array([tables.law(link.rtt) for link in links], np.int32),
        bytes_per_s=np.array([link.bytes_per_s for link in links], np.float64),
        loss=np.array([link.loss for link in links], np.float64),
    )


def zone_ranks(count: int, apart_s: ArrayLike | None) -> Indices:
    """Return how near each zone is to each, by rank: 0 is its own, and equals have equal ranks.

    The shape is (count, count), or (0, 0) without distances.
    """
    if apart_s is None:
        return np.empty((0, 0), np.int32)
    apart = np.array(apart_s, np.float64)
    shape = (count, count)
    refuse_unless(apart.shape == shape, f"zones: apart_s must be {shape}, got {apart.shape}")
    nearest, farthest = float(apart.min()), float(apart.max())
    for far_s in (nearest, farthest):
        refuse_unless(0 <= far_s < inf, f"zones: apart_s must be 0 or more, got {far_s}")
    np.fill_diagonal(apart, -1.0)
    return np.array([np.unique(row, return_inverse=True)[1] for row in apart], np.int32)


def _cumulated(weights: Sequence[float]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Return cumulated weights that end at 1 exactly, from the last that weighs anything on."""
    cumulated = np.cumsum(np.asarray(weights, dtype=np.float64))
    cumulated[cumulated >= cumulated[-1]] = 1.0
    return cumulated
