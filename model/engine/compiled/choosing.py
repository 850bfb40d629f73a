"""Which shard, and which copy of it: see README.md of the engine."""

from __future__ import annotations

import numpy as np

from model.engine.codes import NONE, Draw, Key, Replica
from model.engine.compiled.balancing import (
    ANYWHERE,
    Among,
    balanced,
    candidates,
    is_seen_up,
    nearest_of,
)
from model.engine.compiled.chance import attribute_of, luck, quantile, unit
from model.engine.compiled.jit import Record, compiled, inlined
from model.engine.compiled.layout import key_set_at, member_at, numbers, request_at, station_at
from model.engine.compiled.scaling import copies_in_use
from model.engine.stations import (
    copy_after,
    member_apart,
    member_beside,
    member_of,
    member_of_lane,
    seen_up,
    share_of_zone,
    tried_before,
)

_RANDOM, _REQUEST, _LEG = int(Key.RANDOM), int(Key.REQUEST), int(Key.LEG)
_ATTRIBUTE, _LANE, _BESIDE = int(Key.ATTRIBUTE), int(Key.LANE), int(Key.BESIDE)
_APART = int(Key.APART)
_NEAREST, _PRIMARY = int(Replica.NEAREST), int(Replica.PRIMARY)
_FOLLOWER = int(Replica.FOLLOWER)
_MEMBER = int(Draw.MEMBER)
_KEY, _ZONE = int(Draw.KEY), int(Draw.ZONE)


@compiled
def member_for(s: Record, walk: Record, step: Record) -> int:
    """Return the member that a visit goes to."""
    station = station_at(s, step.station)
    first, shards = station.first_member + 0, station.shards_in_use + 0
    if station.replicas == 1:
        if step.key == _RANDOM and station.weights == NONE:
            every = Among(first, shards, ANYWHERE, 0, NONE)
            return balanced(s, walk, step, every, False)
        return first + shard_for(s, walk, step, shards, station.weights)
    if step.replica == _FOLLOWER:
        return walk.member + 0
    first += shard_for(s, walk, step, shards, station.weights) * station.replicas
    if step.replica >= 0:
        return first + step.replica
    copies = copies_in_use(s, step.station)
    if step.replica == _PRIMARY:
        return _primary(s, station, first, copies)
    among = Among(first, copies, ANYWHERE, 0, walk.avoids + 0)
    if candidates(s, station, among) == 0:
        among = Among(first, copies, ANYWHERE, 0, NONE)  # of the others none is seen up
    if step.replica == _NEAREST:
        near = nearest_of(s, zone_of(s, walk), among)
        if not _have_been_tried(s, station, walk, step, near):
            among = near
    return balanced(s, walk, step, among, True)


@compiled
def _have_been_tried(s: Record, station: Record, walk: Record, step: Record, near: Among) -> bool:
    """Say whether earlier attempts have asked all of the nearest copies by this name."""
    if walk.attempt == 0 or step.key != _REQUEST or walk.avoids != NONE:
        return False
    return tried_before(walk.attempt) >= candidates(s, station, near)


@inlined
def simple_member_for(s: Record, walk: Record, step: Record) -> int:
    """Return the member that a simple visit goes to: the same as `member_for`, sooner."""
    if step.shards == 1:
        return step.first_member
    if step.key == _RANDOM:
        return step.first_member + member_of(luck(s, walk, step, _MEMBER), step.shards)
    return step.first_member + shard_for(s, walk, step, step.shards, NONE)


@compiled
def shard_for(s: Record, walk: Record, step: Record, shards: int, weights: int) -> int:
    """Return the shard by the key of a step; without a key by weights, or evenly."""
    if step.key == _RANDOM:
        u = luck(s, walk, step, _MEMBER)
        return _weighted(s, u, shards, weights) if weights != NONE else member_of(u, shards)
    request = request_at(s, walk.request)
    if step.key == _ATTRIBUTE:
        return shard_of_attribute(request, step, shards)
    if step.key == _REQUEST:
        return member_of(unit(request.chance, step.key_hash, 0, 0, _MEMBER), shards)
    if step.key == _LEG:
        return member_of(unit(request.chance, step.key_hash, walk.leg, 0, _MEMBER), shards)
    if step.key == _LANE:
        u = unit(request.chance, step.key_hash, walk.leg, 0, _MEMBER)
        return member_of_lane(u, walk.lane, walk.lanes, shards)
    if step.key == _APART:
        first = member_of(unit(request.chance, step.key_hash, 0, 0, _MEMBER), shards)
        u = unit(request.chance, step.key_hash, walk.leg, 0, _MEMBER)
        return member_apart(u, walk.lane, walk.lanes, first, shards)
    if step.key == _BESIDE:
        return _shard_beside(walk, request, step, shards)
    key = key_of(s, walk, step.keys)
    zero = np.uint64(0)
    return member_of(unit(key_set_at(s, step.keys).hash, zero, key, 0, _MEMBER), shards)


@inlined
def _shard_beside(walk: Record, request: Record, step: Record, shards: int) -> int:
    """Return one of the shards beside that of an attribute, or of a key of the request."""
    if step.key_attribute != NONE:
        first = shard_of_attribute(request, step, shards)
    else:
        first = member_of(unit(request.chance, step.key_hash, 0, 0, _MEMBER), shards)
    u = unit(request.chance, step.key_hash, walk.leg, 0, _MEMBER)
    return member_beside(u, walk.lane, walk.lanes, first, shards)


@inlined
def shard_of_attribute(request: Record, step: Record, shards: int) -> int:
    """Return the shard whose number an attribute is, modulo the shards there are."""
    number = int(attribute_of(request, step.key_attribute))
    return number if number < shards else number % shards


@compiled
def key_of(s: Record, walk: Record, keys: int) -> int:
    """Return the key of a set that is asked for in a walk's leg."""
    key_set = key_set_at(s, keys)
    chance = request_at(s, walk.request).chance
    return int(quantile(s, key_set.law, unit(chance, key_set.hash, walk.leg, 0, _KEY)))


@compiled
def zone_of(s: Record, walk: Record) -> int:
    """Return the zone that a request is in."""
    request = request_at(s, walk.request)
    if s.zone_attribute != NONE:
        return int(attribute_of(request, s.zone_attribute)) % s.zones
    return share_of_zone(unit(request.chance, s.zone_hash, 0, 0, _ZONE), s.zones)


@compiled
def follower_of(s: Record, station_number: int, primary: int, ahead: int) -> int:
    """Return the member so many copies after a primary; NONE if it cannot be chosen."""
    station = station_at(s, station_number)
    first, replicas = station.first_member + 0, station.replicas + 0
    member = copy_after(primary, first, replicas, ahead)
    if (member - first) % replicas >= copies_in_use(s, station_number):
        return NONE
    return member if is_seen_up(s, member_at(s, member)) else NONE


@compiled
def _primary(s: Record, station: Record, first: int, copies: int) -> int:
    """Return the first copy that another has not taken over from, or the first of all."""
    if station.down == 0:
        return first
    for number in range(first, first + copies):
        member = member_at(s, number)
        if member.up != 0 or seen_up(s.now_s, member.down_s, station.failover_s):
            return number
    return first


@compiled
def _weighted(s: Record, u: float, shards: int, weights: int) -> int:
    """Return the first shard whose cumulated weight is above `u`."""
    cumulated = numbers(s)
    low, high = 0, shards - 1
    while low < high:
        middle = (low + high) >> 1
        if cumulated[weights + middle] > u:
            high = middle
        else:
            low = middle + 1
    return low
