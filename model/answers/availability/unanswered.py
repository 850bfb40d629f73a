"""Which share of requests fails, given what is the matter and how many are down of each thing."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.answers.availability.components import Component, Pool, Shards
from model.answers.availability.counts import Counted, Floats
from model.answers.availability.needs import Access, Need
from model.rules.regions import zone_of_copy

LEVELS_MAX = 1_000  # numbers down of one pool that are told apart beside a lost zone


def unanswered(
    component: Component, need: Need, zones_down: frozenset[int], counted: Counted
) -> Floats:
    """Return the share of requests with this need that fail, by how many are down beside zones."""
    if isinstance(component, Pool):
        failing = _beyond_instances(component, zones_down, counted)
    else:
        failing = _beyond_copies(component, need, zones_down, counted)
    return need.share * failing


def any_of(share: Floats | float, keys: int) -> Floats:
    """Return the probability that one of so many keys is on this share of the shards."""
    return np.asarray(1 - (1 - np.asarray(share)) ** keys)


def _beyond_copies(
    store: Shards, need: Need, zones_down: frozenset[int], counted: Counted
) -> Floats:
    """Return the share of requests one of whose keys has too few copies left.

    Where one server that is down loses its shard, the share of shards lost is all but known, and
    keys meet it one by one.  Where it takes several, shards are lost one at a time, and what
    counts is how many different shards the keys are on.
    """
    by_zones, by_chance = shards_lost(store, need.access, zones_down, counted)
    meetings = float(need.keys)
    if _spare(store, need.access) > 1:
        meetings = store.shards * float(any_of(1 / store.shards, need.keys))
    return np.asarray(1 - (1 - by_zones) ** need.keys * (1 - by_chance) ** meetings)


def shards_lost(
    store: Shards, access: Access, zones_down: frozenset[int], counted: Counted
) -> tuple[float, Floats]:
    """Return the share of shards lost with the zones, and that of the others lost besides.

    The second is by how many servers are down.  Which ones is pure chance, so that of a shard's
    copies outside of the lost zones a hypergeometric number is.  A read needs one that is up, a
    write as many as `acks`.
    """
    spare, servers = _spare(store, access), store.members.count
    gone_by_zones = Counter(_copies_gone(store, zones_down))
    with_zones = sum(zones for gone, zones in gone_by_zones.items() if gone >= spare)
    lost = np.zeros(len(counted.levels))
    for gone, zones in gone_by_zones.items():
        if gone < spare:
            likely = _at_least(spare - gone, store.copies - gone, counted, servers=servers)
            lost += zones / (store.zones - with_zones) * likely
    return with_zones / store.zones, lost


def _spare(store: Shards, access: Access) -> int:
    """Return how many copies must be down for a shard to be lost."""
    return store.copies if access is Access.READ else store.copies - store.acks + 1


def _copies_gone(store: Shards, zones_down: frozenset[int]) -> list[int]:
    """Return how many copies the lost zones took, of shards that begin in each of the zones."""
    copies = range(store.copies)
    return [
        sum(zone_of_copy(first, copy, store.zones) in zones_down for copy in copies)
        for first in range(store.zones)
    ]


def _at_least(down_min: int, copies: int, counted: Counted, *, servers: int) -> Floats:
    """Return the probability that so many of a shard's copies are down, by how many servers are.

    Hypergeometric; there are few copies, so that the sum over them is short and exact.
    """
    down = counted.levels.astype(np.float64)
    likely = np.zeros(len(down))
    for lost in range(down_min, copies + 1):
        ways = math.comb(copies, lost) * _falling(down, lost)
        likely += ways * _falling(servers - down, copies - lost)
    return np.asarray(likely / math.perm(servers, copies))


def _falling(base: Floats, factors: int) -> Floats:
    """Return base * (base - 1) * ..., so many factors; 0 once they are used up."""
    return np.asarray(np.prod([np.maximum(0.0, base - used) for used in range(factors)], axis=0))


def _beyond_instances(pool: Pool, zones_down: frozenset[int], counted: Counted) -> Floats:
    """Return the share of requests that the instances left cannot take.

    Of those that are down, a hypergeometric number stands outside of the lost zones; of more
    than LEVELS_MAX, about its mean does.
    """
    from scipy.stats import hypergeom

    count, levels = pool.members.count, counted.levels
    standing = sum(n for zone, n in enumerate(pool.per_zone) if zone not in zones_down)
    most_down = int(levels[-1])
    if standing - most_down >= pool.needed:
        return np.zeros(len(levels))
    if standing == count or most_down > LEVELS_MAX:
        return _refused(standing - levels * standing / count, pool.needed)
    down = np.arange(min(most_down, standing) + 1)
    happens = hypergeom.pmf(down, count, levels[:, None], standing)
    return np.asarray(happens @ _refused(standing - down, pool.needed))


def _refused(up: NDArray[Any], needed: float) -> Floats:
    return np.maximum(0.0, 1 - up / needed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Passing:
    """What is the matter for a moment after each failure: a share of time, and of requests then."""

    time_share: float
    failing_share: float


def unnoticed(pool: Pool, counted: Counted, noticed_after_s: float) -> Passing:
    """Return what fails until it is noticed that an instance is down.

    Requests go evenly to those not known to be down.  The last instance's are counted as what
    nobody is left for.
    """
    members = pool.members
    asked = members.count - counted.levels
    share = np.where(asked > 1, 1 / np.maximum(asked, 1), 0.0)
    return _passing(counted, share, _until(noticed_after_s, members.repair_s))


def moving(store: Shards, counted: Counted) -> Passing:
    """Return which share of writes meets a shard that waits for another copy to take them.

    The server that fails is any of those up; it took the writes of a shard with another copy up
    with the probability that there is such a shard for each of those.
    """
    members, down = store.members, counted.levels
    alone = _at_least(store.copies - 1, store.copies, counted, servers=members.count)
    servers_up = np.maximum(members.count - down, 1)
    took_writes = np.minimum(store.shards * (1 - alone) / servers_up, 1.0)
    return _passing(counted, took_writes / store.shards, _until(store.failover_s, members.repair_s))


def _passing(counted: Counted, share: Floats, lasts_s: float) -> Passing:
    """Return moments of `lasts_s` after each failure in which a share fails, by how many are down.

    Where they overlap, more fails in less time.
    """
    lost = float(counted.failures_per_s @ share) * lasts_s
    if not lost:
        return Passing(time_share=0.0, failing_share=0.0)
    time_share = min(1.0, float(counted.failures_per_s.sum()) * lasts_s)
    return Passing(time_share=time_share, failing_share=min(1.0, lost / time_share))


def _until(most_s: float, repair_s: float) -> float:
    """Return the mean of an exponential time, or of `most_s` if that is less."""
    return -repair_s * math.expm1(-most_s / repair_s)
