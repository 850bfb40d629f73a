"""Which forks are too wide for a slice of the shards that their legs go to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import inf, prod

from model.world.attributes import Attribute
from model.world.journeys import AllOf, Call, ForEach, Step
from model.world.keys import LEG, Beside, is_of_legs
from model.world.passing import AtStation
from model.world.scenario import ScenarioError
from model.world.step_trees import Place, places_in

WIDE_SHARE = 0.99  # of requests, which are narrower than what is taken for the widest
# Legs that meet another of their fork, where all are in the slice: more than in the world, for
# there are fewer shards to meet at.  One that meets another waits for about one service.
MEET_MAX = 0.01


def wide_among(
    places: Sequence[Place], members: Mapping[str, int], complaint: str, *, hot: str = ""
) -> dict[str, Place]:
    """Return the forks whose legs would meet too often among so many members, by their paths.

    Those over a station that is `hot` are too wide, however few legs they have: among all shards
    a leg meets the hot one more rarely.  Of forks inside one another the innermost: what others
    bring beside it, they bring leg by leg.  Raises ScenarioError, beginning with the complaint,
    for one that cannot be completed from the legs that are in the slice.

    Forks that are taken only when a call has failed stay whole: all their legs are in the slice,
    as many as people elsewhere would bring.
    """
    forks = [p for p in places if isinstance(p.step, ForEach) and not p.is_otherwise]
    wide = {p.path: p for p in forks if _is_wide(p, members) or _may_meet(hot, p)}
    outer = {around.path for place in wide.values() for around in place.around}
    innermost = {path: place for path, place in wide.items() if path not in outer}
    for place in innermost.values():
        _refuse(place, f"{complaint}: {place.path}")
    return innermost


def fork_of(place: Place) -> ForEach:
    """Return the step of a place that is known to be a fork."""
    assert isinstance(place.step, ForEach), "only places of forks are asked"
    return place.step


def forks_around(place: Place) -> tuple[Place, ...]:
    """Return the forks around a place, the outermost first."""
    return tuple(outer for outer in place.around if isinstance(outer.step, ForEach))


def branches_beside(place: Place) -> Iterator[str]:
    """Yield the paths of other branches that are waited for together with a fork.

    Of forks inside others none: each leg would have branches of its own.
    """
    if forks_around(place):
        return
    for outer in place.around:
        if isinstance(outer.step, AllOf) and outer.step.need is None:
            paths = (f"{outer.path}/{n + 1}" for n in range(len(outer.step.branches)))
            yield from (path for path in paths if not place.path.startswith(f"{path}/"))


def stations_of_legs(place: Place) -> list[str]:
    """Return over whose shards the legs of a fork go; those of forks inside it do not count."""
    return [step.station for step in _of_legs(place)]


def never_meet(place: Place) -> bool:
    """Say whether no two legs of a fork go to the same shard, while there are enough."""
    return all(step.key != LEG for step in _of_legs(place))


def is_beside(place: Place) -> bool:
    """Say whether the legs of a fork go to the shards beside that of their request."""
    return all(isinstance(step.key, Beside) for step in _of_legs(place))


def _of_legs(place: Place) -> Iterator[AtStation]:
    for inner in places_in(place.path, fork_of(place).body):
        step = inner.step
        if isinstance(step, AtStation) and is_of_legs(step.key) and not forks_around(inner):
            yield step


def _is_wide(place: Place, members: Mapping[str, int]) -> bool:
    """Say whether a fork is too wide; one whose legs go in turns is so beyond all members."""
    under_way = prod(_under_way(fork_of(fork)) for fork in (*forks_around(place), place))
    met = (under_way - 1) / min((members[s] for s in stations_of_legs(place)), default=inf)
    return met > (1 if fork_of(place).at_once else MEET_MAX)


def _may_meet(hot: str, place: Place) -> bool:
    """Say whether a leg may meet the hot shard."""
    count = fork_of(place).count
    has_legs = isinstance(count, Attribute) or count.mean > 0
    return has_legs and hot in stations_of_legs(place)


def _under_way(fork: ForEach) -> float:
    """Return how many legs of a wide request are under way at once."""
    most = inf if isinstance(fork.count, Attribute) else fork.count.quantile(WIDE_SHARE)
    return min(most, fork.at_once or inf)


def _refuse(place: Place, which: str) -> None:
    fork = fork_of(place)
    if isinstance(fork.count, Attribute):
        raise ScenarioError(f"{which} is as wide as the attribute {fork.count.name} says")
    if fork.need is not None:
        raise ScenarioError(f"{which} does not wait for all of its legs, need is {fork.need}")
    if fork.in_lanes or 0 < fork.at_once < fork.count.quantile(WIDE_SHARE):
        raise ScenarioError(f"{which} is too wide, and its legs go in turns of {fork.at_once}")
    hedged = [outer.path for outer in place.around if _is_hedged(outer.step)]
    if hedged:
        raise ScenarioError(f"{which} is too wide, and {hedged[-1]} around it is hedged")


def _is_hedged(step: Step) -> bool:
    return isinstance(step, Call) and step.hedge_after is not None
