"""What a slice of a fleet holds: some legs of every wide request, wherever the request belongs.

One of k of all requests belongs to the slice, and is measured.  Its visits are here, but of a
fork that is too wide (`wide_forks`) only those legs that touch the slice; `answers.completing`
puts the others beside them.  Requests that belong elsewhere bring the legs that touch the slice as
background.  So every shard is asked as often, and for as much at one instant, as in the world.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum

from model.world.hot_shards import Hot
from model.world.journeys import Journey
from model.world.thinning import Thinning
from model.world.wiring import DOOR

CLOCK = "clock"  # a station that takes no time: visits there say when forks and legs begin and end
_ELSEWHERE = " elsewhere"
BEGIN, END = "leg_begins", "leg_ends"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outer:
    """A fork around another: the legs inside it, at most `at_once` at a time (0: all)."""

    path: str
    at_once: int
    in_lanes: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Thinned:
    """A fork of which the slice holds the legs that touch it."""

    path: str  # of those legs, in the journey of who belongs here
    abroad: tuple[str, ...]  # the same in the journeys of who does not
    begin: str  # path of the visit at CLOCK that says when the fork begins
    leaves: str  # path of the visit there before the way that all legs have, if there is one
    passed: str  # path of the visit there when all legs would be done, if that is waited for
    thinning: Thinning
    members_elsewhere: int  # that its other legs go to
    never_meet: bool  # whether these go to different members, while there are enough
    is_timed: bool  # whether its legs say at CLOCK when they begin and end; else each is one visit
    deadline_s: float  # of the strictest call around it
    around: tuple[Outer, ...]  # the innermost first
    beside: tuple[str, ...]  # paths of what is done at the same time, and waited for as well


class OfWhom(Enum):
    """Whose background it is, of all who belong elsewhere (`hot_shards.from_elsewhere`)."""

    ALL = "all"
    ASKING = "asking"  # who asks for a shard here by its number
    OTHERS = "others"  # who does not, though others do
    SINGLE = "single"  # the one request that belongs here, of what it does elsewhere


@dataclass(frozen=True, slots=True, kw_only=True)
class Background:
    """What requests that belong elsewhere bring: so often per arrival of each journey."""

    journey: Journey
    per_arrival: Mapping[str, float]
    of_whom: OfWhom = OfWhom.ALL


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """One of `of` equal parts of a world, and what goes on there.

    Of a `hot` shard, number 0 of its store, there are no others elsewhere.
    """

    of: int
    journeys: tuple[Journey, ...]  # of who belongs here
    thinned: tuple[Thinned, ...] = ()
    backgrounds: tuple[Background, ...] = ()
    hot: Hot | None = None
    changes_s: tuple[float, ...] = ()  # instants of the run at which what legs meet changes

    def background_per_s(self, background: Background, rates_per_s: Mapping[str, float]) -> float:
        """Return how often a background comes, given the rates of arrival in the whole world.

        Where a shard is hot, while it is at its hottest.
        """
        times = background.per_arrival.items()
        in_world = sum(rates_per_s.get(journey, 0.0) * often for journey, often in times)
        hot = self.hot.share if self.hot else 0.0
        share = {OfWhom.ASKING: hot, OfWhom.OTHERS: 1 - hot}.get(background.of_whom, 1.0)
        return in_world * (1 - 1 / self.of) * share


def abroad(name: str) -> str:
    """Return what something is called that is the same for who belongs elsewhere."""
    return f"{name}{_ELSEWHERE}"


def nobodys(stations: Iterable[str]) -> set[str]:
    """Return those stations that are there for the simulation's sake only."""
    return {name for name in stations if name in (CLOCK, DOOR) or name.endswith(_ELSEWHERE)}
