"""Which members can be chosen in SimPy: those of shards and copies in use that are seen up."""

from __future__ import annotations

from collections.abc import Sequence

from model.engine.program import Program
from model.engine.simpy_clock import Clock
from model.engine.simpy_scaling import ScaledCopies
from model.engine.simpy_walks import Station
from model.engine.stations import seen_up


class Standing:
    """How the members of all stations stand at this instant."""

    def __init__(self, program: Program, clock: Clock, scaled: Sequence[ScaledCopies]) -> None:
        self._clock, self.scaled = clock, scaled  # in the order of `Program.scalings`
        scaled_stations = [scaling.station for scaling in program.scalings]
        self._scaled_of = dict(zip(scaled_stations, scaled, strict=True))
        stations = program.stations
        self._noticed_after_s = stations.noticed_after_s[stations.of_member].tolist()
        self._failover_s = stations.failover_s[stations.of_member].tolist()
        self.shards_in_use: list[int] = stations.shards.tolist()  # of each station
        self.down_s: dict[int, float] = {}  # since when members are down

    def shards(self, station: Station) -> int:
        """Return how many shards of a station are in use: the first."""
        return self.shards_in_use[station.number]

    def copies(self, station: Station) -> int:
        """Return how many copies of each shard are in use: the first."""
        scaled = self._scaled_of.get(station.number)
        return station.replicas if scaled is None else scaled.in_use()

    def is_seen_up(self, member: int) -> bool:
        """Return whether a member is up, or its crash is not noticed yet."""
        return self._is_taken_to_be_up(member, self._noticed_after_s)

    def may_lead(self, member: int) -> bool:
        """Return whether a member is up, or another has not taken over from it yet."""
        return self._is_taken_to_be_up(member, self._failover_s)

    def _is_taken_to_be_up(self, member: int, late_s: Sequence[float]) -> bool:
        if member not in self.down_s:
            return True
        return seen_up(self._clock.now, self.down_s[member], late_s[member])

    def seen_up(self, members: Sequence[int]) -> Sequence[int]:
        """Return those of the members that are seen up."""
        return [one for one in members if self.is_seen_up(one)] if self.down_s else members

    def can_be_chosen(self, member: int, station: Station) -> bool:
        """Return whether a copy is in use and seen up."""
        copy = (member - station.first_member) % station.replicas
        return copy < self.copies(station) and self.is_seen_up(member)

    def changes_of_copies(self) -> list[tuple[float, int, int]]:
        """Return from when on, of which station, how many copies were in use, until now."""
        return [
            (at_s, station, count)
            for station, scaled in self._scaled_of.items()
            for at_s, count in scaled.changes_until_now()
        ]
