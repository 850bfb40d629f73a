"""Which of several equal members is chosen, of those that can be: see README.md of the engine.

Of the members that stand together, `among` says which come into question: those as near to a zone
as a rank says, and not one that is avoided.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from model.engine.codes import NONE, Balancing, Draw, Key
from model.engine.compiled.chance import luck, unit
from model.engine.compiled.jit import Record, compiled
from model.engine.compiled.layout import member_at, request_at, station_at, zone_ranks
from model.engine.stations import member_of, other_member_of, seen_up, tried_before

ANYWHERE = -1

_REQUEST = int(Key.REQUEST)
_EVENLY, _ROUND = int(Balancing.RANDOM), int(Balancing.ROUND_ROBIN)
_LEAST, _TWO = int(Balancing.LEAST_OUTSTANDING), int(Balancing.POWER_OF_TWO)
_MEMBER, _SHARD_BESIDE = int(Draw.MEMBER), int(Draw.SHARD_BESIDE)
_REPLICA, _REPLICA_BESIDE = int(Draw.REPLICA), int(Draw.REPLICA_BESIDE)


class Among(NamedTuple):
    """Some members of one station."""

    first: int
    size: int
    zone: int  # or ANYWHERE
    rank: int  # how near to it
    avoided: int  # a member, or NONE


@compiled
def balanced(s: Record, walk: Record, step: Record, among: Among, of_copies: bool) -> int:
    """Return which of some members their station's balancing chooses."""
    station = station_at(s, step.station)
    found = candidates(s, station, among)
    none_up = found == 0
    if none_up:
        found = among.size
    how = station.balancing
    if found == 1 and how != _ROUND:
        return _nth(s, station, among, none_up, 0)
    if how == _ROUND:
        return _next_in_turn(s, station, among, none_up, of_copies)
    if of_copies and how == _EVENLY and step.key == _REQUEST:
        place = _by_name(s, walk, step, among, found)
        return _nth(s, station, among, none_up, place)
    u = luck(s, walk, step, _REPLICA if of_copies else _MEMBER)
    place = member_of(u, found)
    if how == _LEAST:
        return _least_busy(s, station, among, none_up, place)
    one = _nth(s, station, among, none_up, place)
    if how != _TWO:
        return one
    beside = luck(s, walk, step, _REPLICA_BESIDE if of_copies else _SHARD_BESIDE)
    other = _nth(s, station, among, none_up, other_member_of(beside, place, found))
    return other if member_at(s, other).present < member_at(s, one).present else one


@compiled
def _by_name(s: Record, walk: Record, step: Record, among: Among, found: int) -> int:
    """Return the place, among so many candidates, of the one that a key of the request names.

    Each attempt's is the next, and that of a hedge the next after the one it avoids.
    """
    if among.first <= walk.avoids < among.first + among.size:
        return _up_to(s, among, walk.avoids + 0) % found
    u = unit(request_at(s, walk.request).chance, step.key_hash, 0, 0, _REPLICA)
    return (member_of(u, found) + tried_before(walk.attempt)) % found


@compiled
def _up_to(s: Record, among: Among, last: int) -> int:
    """Return how many candidates are not above a member: of all, if none is seen up."""
    any_up, count = False, 0
    for number in range(among.first, among.first + among.size):
        if _may_take(s, number, among):
            any_up = True
            count += number <= last
    return count if any_up else last - among.first + 1


@compiled
def _next_in_turn(s: Record, station: Record, among: Among, none_up: bool, of_copies: bool) -> int:
    """Return the first candidate at or after the turn, and move the turn on."""
    first, count = among.first, among.size
    turn = member_at(s, first).turn if of_copies else station.turn
    if turn >= count:
        turn = 0
    chosen = turn
    for ahead in range(count):
        chosen = (turn + ahead) % count
        if none_up or _may_take(s, first + chosen, among):
            break
    if of_copies:
        member_at(s, first).turn = chosen + 1
    else:
        station.turn = chosen + 1
    return first + chosen


@compiled
def _least_busy(s: Record, station: Record, among: Among, none_up: bool, place: int) -> int:
    """Return the candidate with the fewest present; of equals the first from a place on."""
    first, count = among.first, among.size
    best = _nth(s, station, among, none_up, place)
    fewest = member_at(s, best).present
    number = best
    for _ in range(count - 1):
        number = number + 1 if number + 1 < first + count else first
        may = none_up or _may_take(s, number, among)
        if may and member_at(s, number).present < fewest:
            best, fewest = number, member_at(s, number).present
    return best


@compiled
def candidates(s: Record, station: Record, among: Among) -> int:
    """Return how many of these members are seen up, and come into question."""
    if station.down == 0 and _is_all(among):
        return among.size
    found = 0
    for number in range(among.first, among.first + among.size):
        if _may_take(s, number, among):
            found += 1
    return found


@compiled
def _nth(s: Record, station: Record, among: Among, none_up: bool, place: int) -> int:
    """Return the candidate at a place among the candidates: all, if none is seen up."""
    if none_up or (station.down == 0 and _is_all(among)):
        return among.first + place
    for number in range(among.first, among.first + among.size):
        if _may_take(s, number, among):
            if place == 0:
                return number
            place -= 1
    return among.first


@compiled
def _is_all(among: Among) -> bool:
    """Return whether all of these members come into question, if they are up."""
    return among.zone == ANYWHERE and among.avoided == NONE


@compiled
def _may_take(s: Record, number: int, among: Among) -> bool:
    member = member_at(s, number)
    if number == among.avoided or not is_seen_up(s, member):
        return False
    return among.zone == ANYWHERE or _rank(s, among.zone, member.zone) == among.rank


@compiled
def nearest_of(s: Record, zone: int, among: Among) -> Among:
    """Return which of some members, anywhere, are nearest to a zone; all if none can be chosen."""
    nearest = NONE
    for number in range(among.first, among.first + among.size):
        rank = _rank(s, zone, member_at(s, number).zone)
        if (nearest == NONE or rank < nearest) and _may_take(s, number, among):
            nearest = rank
    if nearest == NONE:
        return among
    return Among(among.first, among.size, zone, nearest, among.avoided)


@compiled
def _rank(s: Record, zone: int, other: int) -> int:
    if zone == other:
        return 0
    return int(zone_ranks(s)[np.uint64(zone * s.zones + other)]) if s.zone_ranks_max > 0 else 1


@compiled
def is_seen_up(s: Record, member: Record) -> bool:
    """Return whether a member is up, or its crash is not noticed yet."""
    if member.up != 0:
        return True
    return seen_up(s.now_s, member.down_s, station_at(s, member.station).noticed_after_s)
