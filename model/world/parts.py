"""How many members of each station a slice has, and how many of them are elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from model.world.attributes import Attribute
from model.world.hot_shards import Hot
from model.world.journeys import Step
from model.world.passing import AtStation
from model.world.scenario import ScenarioError


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The members of a slice: one of `of` parts of all, and the hot shard beside its part."""

    members: Mapping[str, int]
    of: int
    hot: Hot | None

    @property
    def hot_station(self) -> str:
        """The store that has a hot shard, which is here whole; empty if there is none."""
        return self.hot.station if self.hot else ""

    def elsewhere(self, station: str) -> int:
        """Return how many members a station has outside the slice."""
        here = self.members[station]
        if station == self.hot_station:
            return (here - 1) * self.of - here
        return here * (self.of - 1)

    def share(self, fork: str, stations: Sequence[str]) -> float:
        """Return the share of a fork's legs that touches the slice, given where they go.

        Raises ScenarioError for legs that go to shards of which one is hot and to others.
        """
        if self.hot_station in stations and len(set(stations)) > 1:
            raise ScenarioError(
                f"simulation.slice: {self.of}: legs of {fork} go to {', '.join(set(stations))},"
                f" and one shard of {self.hot_station} is hot"
            )
        here = self.members[stations[0]]
        return here / (here + self.elsewhere(stations[0]))

    def share_beside(self, station: str, *, is_foreign: bool) -> float:
        """Return the same of a fork whose legs go to all shards but the request's own.

        That one is here, or elsewhere for who `is_foreign`.
        """
        here = self.members[station]
        beside = here if is_foreign else here - 1
        return beside / (here + self.elsewhere(station) - 1)

    def is_named(self, step: Step) -> bool:
        """Say whether a step is done at a shard that the request names itself."""
        if not isinstance(step, AtStation) or step.station != self.hot_station:
            return False
        return isinstance(step.key, Attribute)
