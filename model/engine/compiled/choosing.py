"""Which shard, which copy of it, which of several equal members: see README.md of the engine."""

from __future__ import annotations

import numpy as np

from model.engine.compiled.chance import attribute_of, luck, quantile, unit
from model.engine.compiled.jit import Record, compiled, inlined
from model.engine.compiled.layout import key_set_at, member_at, numbers, request_at, station_at
from model.engine.compiled.scaling import copies_in_use
from model.engine.program import NONE, Balancing, Draw, Key, Replica
from model.engine.stations import copy_after, member_of, other_member_of, seen_up, share_of_zone

_RANDOM, _REQUEST, _LEG = int(Key.RANDOM), int(Key.REQUEST), int(Key.LEG)
_ATTRIBUTE = int(Key.ATTRIBUTE)
_NEAREST, _PRIMARY = int(Replica.NEAREST), int(Replica.PRIMARY)
_FOLLOWER = int(Replica.FOLLOWER)
_EVENLY, _ROUND = int(Balancing.RANDOM), int(Balancing.ROUND_ROBIN)
_LEAST, _TWO = int(Balancing.LEAST_OUTSTANDING), int(Balancing.POWER_OF_TWO)
_MEMBER, _SHARD_BESIDE = int(Draw.MEMBER), int(Draw.SHARD_BESIDE)
_REPLICA, _REPLICA_BESIDE = int(Draw.REPLICA), int(Draw.REPLICA_BESIDE)
_KEY, _ZONE = int(Draw.KEY), int(Draw.ZONE)
_ANYWHERE = -1


@compiled
def member_for(s: Record, walk: Record, step: Record) -> int:
    """Return the member that a visit goes to."""
    station = station_at(s, step.station)
    first, shards = station.first_member + 0, station.shards_in_use + 0
    if station.replicas == 1:
        if step.key == _RANDOM and station.weights == NONE:
            return _balanced(s, walk, step, station, first, shards, _ANYWHERE, False)
        return first + shard_for(s, walk, step, shards, station.weights)
    if step.replica == _FOLLOWER:
        return walk.member + 0
    first += shard_for(s, walk, step, shards, station.weights) * station.replicas
    if step.replica >= 0:
        return first + step.replica
    copies = copies_in_use(s, step.station)
    if step.replica == _PRIMARY:
        return _primary(s, station, first, copies)
    zone = zone_of(s, walk) if step.replica == _NEAREST else _ANYWHERE
    if zone != _ANYWHERE and _candidates(s, station, first, copies, zone) == 0:
        zone = _ANYWHERE
    return _balanced(s, walk, step, station, first, copies, zone, True)


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
    key = key_of(s, walk, step.keys)
    zero = np.uint64(0)
    return member_of(unit(key_set_at(s, step.keys).hash, zero, key, 0, _MEMBER), shards)


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
    return member if _is_seen_up(s, member_at(s, member)) else NONE


@compiled
def _primary(s: Record, station: Record, first: int, copies: int) -> int:
    """Return the first copy that is seen up, or the first of all."""
    if station.down == 0:
        return first
    for number in range(first, first + copies):
        if _is_seen_up(s, member_at(s, number)):
            return number
    return first


@compiled
def _is_seen_up(s: Record, member: Record) -> bool:
    if member.up != 0:
        return True
    return seen_up(s.now_s, member.down_s, station_at(s, member.station).noticed_after_s)


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


@compiled
def _may_take(s: Record, number: int, zone: int, any_will_do: bool) -> bool:
    member = member_at(s, number)
    return (any_will_do or _is_seen_up(s, member)) and (zone == _ANYWHERE or member.zone == zone)


@compiled
def _candidates(s: Record, station: Record, first: int, count: int, zone: int) -> int:
    """Return how many of these members are seen up, in the zone."""
    if station.down == 0 and zone == _ANYWHERE:
        return count
    found = 0
    for number in range(first, first + count):
        if _may_take(s, number, zone, False):
            found += 1
    return found


@compiled
def _candidate(s: Record, first: int, count: int, zone: int, all_will_do: bool, place: int) -> int:
    """Return the candidate at a place among the candidates."""
    for number in range(first, first + count):
        if _may_take(s, number, zone, all_will_do):
            if place == 0:
                return number
            place -= 1
    return first


@compiled
def _nth(
    s: Record, station: Record, first: int, count: int, zone: int, none_up: bool, place: int
) -> int:
    if zone == _ANYWHERE and (station.down == 0 or none_up):
        return first + place
    return _candidate(s, first, count, zone, none_up, place)


@compiled
def _balanced(
    s: Record,
    walk: Record,
    step: Record,
    station: Record,
    first: int,
    count: int,
    zone: int,
    of_copies: bool,
) -> int:
    """Return which of `count` members from `first` on the station's balancing chooses."""
    found = _candidates(s, station, first, count, zone)
    none_up = found == 0
    if none_up:
        found = count
    how = station.balancing
    if found == 1 and how != _ROUND:
        return _nth(s, station, first, count, zone, none_up, 0)
    if how == _ROUND:
        return _next_in_turn(s, station, first, count, zone, none_up, of_copies)
    if of_copies and how == _EVENLY and step.key == _REQUEST:
        u = unit(request_at(s, walk.request).chance, step.key_hash, 0, 0, _REPLICA)
    else:
        u = luck(s, walk, step, _REPLICA if of_copies else _MEMBER)
    place = member_of(u, found)
    if how == _LEAST:
        return _least_busy(s, station, first, count, zone, none_up, place)
    one = _nth(s, station, first, count, zone, none_up, place)
    if how != _TWO:
        return one
    beside = luck(s, walk, step, _REPLICA_BESIDE if of_copies else _SHARD_BESIDE)
    other = _nth(s, station, first, count, zone, none_up, other_member_of(beside, place, found))
    return other if member_at(s, other).present < member_at(s, one).present else one


@compiled
def _next_in_turn(
    s: Record, station: Record, first: int, count: int, zone: int, none_up: bool, of_copies: bool
) -> int:
    """Return the first candidate at or after the turn, and move the turn on."""
    turn = member_at(s, first).turn if of_copies else station.turn
    if turn >= count:
        turn = 0
    chosen = turn
    for ahead in range(count):
        chosen = (turn + ahead) % count
        if _may_take(s, first + chosen, zone, none_up):
            break
    if of_copies:
        member_at(s, first).turn = chosen + 1
    else:
        station.turn = chosen + 1
    return first + chosen


@compiled
def _least_busy(
    s: Record,
    station: Record,
    first: int,
    count: int,
    zone: int,
    none_up: bool,
    place: int,
) -> int:
    """Return the candidate with the fewest present; of equals the first from a place on."""
    best = _nth(s, station, first, count, zone, none_up, place)
    fewest = member_at(s, best).present
    number = best
    for _ in range(count - 1):
        number = number + 1 if number + 1 < first + count else first
        if _may_take(s, number, zone, none_up) and member_at(s, number).present < fewest:
            best, fewest = number, member_at(s, number).present
    return best
