"""Which member of a station, or of a cache, a walk goes to in the SimPy engine."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from model.engine.codes import NONE, Balancing, Draw, Key, Replica
from model.engine.ledger import Totals
from model.engine.program import Program
from model.engine.simpy_standing import Standing
from model.engine.simpy_walks import Request, Station, Step, Walk, chance_of
from model.engine.stations import (
    member_apart,
    member_beside,
    member_of,
    member_of_lane,
    other_member_of,
    share_of_zone,
    tried_before,
)
from model.rules.regions import zone_of_copy
from model.world.chance import path_key, unit

_ZONE = path_key("zone")
_SHARDS = Draw.MEMBER, Draw.SHARD_BESIDE
_COPIES = Draw.REPLICA, Draw.REPLICA_BESIDE


class Choices:
    """Chooses members for all walks of one run."""

    def __init__(self, program: Program, standing: Standing, totals: Sequence[Totals]) -> None:
        self._standing = standing
        self._totals = totals  # tell how many are present
        self._zones, self._zone_attribute = program.zones, program.zone_attribute
        self._zone_ranks: list[list[int]] = program.zone_ranks.tolist()
        self._key_hashes = program.key_sets.key_hash.tolist()
        self._key_laws = [program.laws[law].quantile for law in program.key_sets.law.tolist()]
        self._turns: dict[int, int] = {}  # by the first of those who take turns

    def member(self, walk: Walk, step: Step) -> int:
        """Return the member, numbered through all stations, that a visit or hold goes to."""
        station = step.station
        assert station is not None
        if step.replica == Replica.FOLLOWER:
            return walk.member
        if station.members == 1:
            return station.first_member
        first = station.first_member + self._shard(walk, step, station) * station.replicas
        if station.replicas == 1:
            return first
        return first + step.replica if step.replica >= 0 else self._copy(walk, step, first)

    def _copy(self, walk: Walk, step: Step, first: int) -> int:
        """Return the copy, of those in use from the first of its shard on, that a step chooses."""
        station = step.station
        assert station is not None
        copies = range(first, first + self._standing.copies(station))
        if step.replica == Replica.PRIMARY:
            return next(filter(self._standing.may_lead, copies), first)
        seen_up = self._standing.seen_up(copies)
        candidates: Sequence[int] = [one for one in seen_up if one != walk.avoids]
        if step.replica == Replica.NEAREST:
            near = self._nearest(walk, station, candidates)
            is_retry = step.key == Key.REQUEST and walk.avoids == NONE
            if not is_retry or tried_before(walk.attempt) < len(near):
                candidates = near
        if step.key == Key.REQUEST and station.balancing == Balancing.RANDOM:
            return self._by_name(walk, step, candidates or seen_up or copies, copies)
        return self._balanced(walk, step, candidates or copies, turn=first, draws=_COPIES)

    @staticmethod
    def _by_name(walk: Walk, step: Step, candidates: Sequence[int], copies: range) -> int:
        """Return the candidate that a key of the request names.

        Each attempt's is the next, and that of a hedge the next after the one it avoids.
        """
        if walk.avoids in copies:
            return candidates[sum(one <= walk.avoids for one in candidates) % len(candidates)]
        chance = unit(walk.request.chance, step.key_hash, 0, 0, Draw.REPLICA)
        place = member_of(chance, len(candidates)) + tried_before(walk.attempt)
        return candidates[place % len(candidates)]

    def _nearest(self, walk: Walk, station: Station, copies: Sequence[int]) -> Sequence[int]:
        """Return those of the copies that are in the nearest zone of all, or equally near ones."""
        zone = self._zone(walk.request)
        ranks = [self._rank(zone, zone_of(copy, station, self._zones)) for copy in copies]
        nearest = min(ranks, default=0)
        return [copy for copy, rank in zip(copies, ranks, strict=True) if rank == nearest]

    def _rank(self, zone: int, other: int) -> int:
        if zone == other:
            return 0
        return self._zone_ranks[zone][other] if self._zone_ranks else 1

    def cache_member(self, walk: Walk, step: Step, members: int) -> int:
        """Return the member of a cache, from 0, that is asked."""
        if members == 1:
            return 0
        if step.key == Key.RANDOM:
            return member_of(chance_of(walk, step, Draw.MEMBER), members)
        return self._keyed(walk, step, members)

    def key(self, walk: Walk, keys: int) -> int:
        """Return the key of a set that the walk asks for in its leg."""
        chance = unit(walk.request.chance, self._key_hashes[keys], walk.leg, 0, Draw.KEY)
        return int(self._key_laws[keys](chance))

    def _shard(self, walk: Walk, step: Step, station: Station) -> int:
        if station.shards == 1:
            return 0
        count = self._standing.shards(station)
        if step.key != Key.RANDOM:
            return self._keyed(walk, step, count)
        if station.weights:
            return bisect_right(station.weights, chance_of(walk, step, Draw.MEMBER))
        if station.replicas > 1:
            return member_of(chance_of(walk, step, Draw.MEMBER), count)
        first = station.first_member
        shards = range(first, first + count)
        return self._balanced(walk, step, shards, turn=first, draws=_SHARDS) - first

    def _keyed(self, walk: Walk, step: Step, shards: int) -> int:
        if step.key == Key.ATTRIBUTE:
            return _named(walk.request, step, shards)
        if step.key == Key.KEYS:
            key_hash, key = self._key_hashes[step.keys], self.key(walk, step.keys)
            return member_of(unit(key_hash, 0, key, 0, Draw.MEMBER), shards)
        of_request, of_leg = (
            unit(walk.request.chance, step.key_hash, leg, 0, Draw.MEMBER) for leg in (0, walk.leg)
        )
        if step.key == Key.LANE:
            return member_of_lane(of_leg, walk.lane, walk.lanes, shards)
        if step.key == Key.APART:
            first = member_of(of_request, shards)
            return member_apart(of_leg, walk.lane, walk.lanes, first, shards)
        if step.key == Key.BESIDE:
            is_named = step.key_attribute != NONE
            first = (
                _named(walk.request, step, shards) if is_named else member_of(of_request, shards)
            )
            return member_beside(of_leg, walk.lane, walk.lanes, first, shards)
        return member_of(of_request if step.key == Key.REQUEST else of_leg, shards)

    def _zone(self, request: Request) -> int:
        if self._zone_attribute != NONE:
            return int(request.attributes[self._zone_attribute]) % self._zones
        return share_of_zone(unit(request.chance, _ZONE, 0, 0, Draw.ZONE), self._zones)

    def _balanced(
        self,
        walk: Walk,
        step: Step,
        members: Sequence[int],
        *,
        turn: int,
        draws: tuple[Draw, Draw],
    ) -> int:
        """Return one of the members, in order of number, that are seen up, or of all if none is."""
        assert step.station is not None
        balancing = step.station.balancing
        members = self._standing.seen_up(members) or members
        if balancing == Balancing.ROUND_ROBIN:
            return self._in_turn(members, turn)
        if len(members) == 1:
            return members[0]
        chosen = member_of(chance_of(walk, step, draws[0]), len(members))
        if balancing == Balancing.LEAST_OUTSTANDING:
            from_chosen = [*members[chosen:], *members[:chosen]]
            return min(from_chosen, key=self._present)
        if balancing == Balancing.POWER_OF_TWO:
            chance = chance_of(walk, step, draws[1])
            other = members[other_member_of(chance, chosen, len(members))]
            return min(members[chosen], other, key=self._present)
        return members[chosen]

    def _in_turn(self, members: Sequence[int], turn: int) -> int:
        """Return the first member at or after the turn; the turn is then the one after it."""
        due = self._turns.get(turn, turn)
        member = next((member for member in members if member >= due), members[0])
        self._turns[turn] = member + 1
        return member

    def _present(self, member: int) -> int:
        return self._totals[member].present


def zone_of(member: int, station: Station, zones: int) -> int:
    """Return the zone that a member of a station stands in."""
    shard, copy = divmod(member - station.first_member, station.replicas)
    return zone_of_copy(shard, copy, zones)


def _named(request: Request, step: Step, shards: int) -> int:
    return int(request.attributes[step.key_attribute]) % shards
