"""Which forks of all journeys are too wide for a slice, and which of their legs are here."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from model.world.attributes import Attribute
from model.world.counts import CountTable
from model.world.journeys import AllOf, ForEach, Journey, Step, Steps, Visit
from model.world.parts import Parts
from model.world.passing import NO_TIME, goes_by_request
from model.world.slices import BEGIN, CLOCK, END, Outer
from model.world.step_trees import Change, Place, last_part, places_in, rewritten
from model.world.thinning import Thinning, table_of_law
from model.world.turns import in_time, in_turns, part_here, path_in_time
from model.world.wide_forks import (
    fork_of,
    forks_around,
    is_beside,
    never_meet,
    stations_of_legs,
    wide_among,
)
from model.world.wiring import DOOR


class Cut:
    """The journeys of a world, and which of their forks are too wide for a slice."""

    def __init__(
        self,
        journeys: Sequence[Journey],
        parts: Parts,
        *,
        means: Mapping[str, float],
        single: Collection[str],
    ) -> None:
        self.journeys, self.parts, self.means, self.single = journeys, parts, means, single
        self.places = {j.name: list(places_in(j.name, j.steps)) for j in journeys}
        everywhere = [place for places in self.places.values() for place in places]
        once = [place for name in single for place in self.places[name]]
        complaint = f"simulation.slice: {parts.of}"
        # By their paths; of `turns` the legs go in turns, once in the whole world.
        self.wide = wide_among(everywhere, parts.members, complaint, hot=parts.hot_station)
        self.turns = in_turns(once, means, parts.of)
        # Who belongs elsewhere has to pass these, too, and names the hot shard in some journeys.
        self.doors = [place.step for place in everywhere if is_door(place.step)][:1]
        self.asking = {
            name
            for name, places in self.places.items()
            if any(parts.is_named(place.step) for place in places)
        }

    def roots(self) -> list[Place]:
        """Return the outermost forks around the wide ones, or these themselves."""
        roots = {root.path: root for root in map(root_of, self.wide.values())}
        return list(roots.values())

    def share(self, path: str) -> float:
        """Return the share of a wide fork's legs that touches the slice."""
        return self.parts.share(path, stations_of_legs(self.wide[path]))

    def thinning(self, path: str, fork: ForEach, *, is_foreign: bool = False) -> Thinning:
        """Return how many legs of a wide fork are here, of a request that belongs here or not."""
        place, width = self.wide[path], _width(fork)
        station = stations_of_legs(place)[0]
        members = self.parts.members[station]
        if not never_meet(place):
            return Thinning(width=width, share=self.share(path))
        if not is_beside(place):
            return Thinning(width=width, share=self.share(path), members=members)
        share = self.parts.share_beside(station, is_foreign=is_foreign)
        return Thinning(width=width, share=share, members=members if is_foreign else members - 1)

    def legs(self, path: str, fork: ForEach, body: Steps, *, is_foreign: bool = False) -> ForEach:
        """Return the legs that are here; unless each is one visit, they say begin and end."""
        if is_timed(fork.body):
            begin, end = (Visit(station=CLOCK, work=NO_TIME, name=name) for name in (BEGIN, END))
            body = (begin, *rewritten(path, body, lambda *_: None), end)
        count = self.thinning(path, fork, is_foreign=is_foreign).here()
        return replace(fork, count=count, body=body, at_once=0, name=last_part(path))

    def with_others(self, path: str, fork: ForEach, legs: ForEach, change: Change) -> Step:
        """Return the legs that are here, and beside them what others ask of the own shard."""
        if not _asks_own_shard(path, fork):
            return legs
        name = last_part(path)
        others = replace(
            fork,
            count=Thinning(width=_width(fork), share=1 - self.share(path)).here(),
            body=rewritten(path, fork.body, change),
            name=f"{name}_elsewhere",
        )
        return AllOf(branches=(legs, others), name=f"{name}_whole")

    def in_time(self, path: str, fork: ForEach, legs: Step) -> Step:
        """Return the legs that are here, beside the time of all if they are in a turn."""
        return in_time(path, fork, legs) if self.is_in_turn(path) else legs

    def is_in_turn(self, path: str) -> bool:
        """Say whether a fork is inside one whose legs go in turns."""
        return any(path.startswith(f"{turns}/") for turns in self.turns)

    def outer(self, place: Place) -> Outer:
        """Return a fork around another as it is here."""
        fork = fork_of(place)
        if place.path in self.turns:
            fork = part_here(fork, self.parts.of)
        return Outer(path=place.path, at_once=fork.at_once, in_lanes=fork.in_lanes)

    def path_of_legs(self, place: Place, path: str) -> str:
        """Return where the legs here of a fork are, which is itself at this path."""
        timed = self.path_in_time(place, path)
        asks = _asks_own_shard(place.path, fork_of(place))
        return f"{timed}_whole/1/{last_part(path)}" if asks else timed

    def path_in_time(self, place: Place, path: str) -> str:
        """Return where a fork at this path is once it is `in_time`."""
        return path_in_time(path) if self.is_in_turn(place.path) else path


def root_of(place: Place) -> Place:
    """Return the outermost fork around a fork, or itself."""
    return (*forks_around(place), place)[0]


def _width(fork: ForEach) -> CountTable:
    assert not isinstance(fork.count, Attribute), "such forks are refused"
    return table_of_law(fork.count)


def is_timed(body: Steps) -> bool:
    """Say whether legs have to say themselves when they begin and end: they are no single visit."""
    steps = body if isinstance(body, tuple) else (body,)
    return len(steps) > 1 or not isinstance(steps[0], Visit)


def is_door(step: Step) -> bool:
    """Say whether who belongs elsewhere has to pass here as well: nobody waits, some fail."""
    return isinstance(step, Visit) and step.station == DOOR


def _asks_own_shard(path: str, fork: ForEach) -> bool:
    return any(goes_by_request(place.step) for place in places_in(path, fork.body))
