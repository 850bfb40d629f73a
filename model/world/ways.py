"""The way that a request has to all legs of a fork alike, before the fork instead of in each leg.

It is an attribute of the request.  A slice draws legs from those of other requests, which have
other ways; without them legs are alike.  Who takes no leg has no way.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from model.world.attributes import Attribute
from model.world.counts import CountTable
from model.world.journeys import (
    Delay,
    ForEach,
    Journey,
    Step,
    Steps,
    Visit,
    WithProbability,
    sequence,
)
from model.world.passing import NO_TIME
from model.world.slices import CLOCK
from model.world.step_trees import Place, last_part, rewritten
from model.world.thinning import table_of_law
from model.world.wide_forks import fork_of


def with_ways_before(journeys: Sequence[Journey], forks: Mapping[str, Place]) -> list[Journey]:
    """Return the journeys with the way of all legs before each of these forks that has one.

    Of forks that may have no legs, those are taken that have.
    """
    ways = {path: _way(fork_of(place).body) for path, place in forks.items()}

    def change(path: str, step: Step) -> Steps | None:
        way = ways.get(path)
        if way is None or not isinstance(step, ForEach):
            return None
        leaves = Visit(station=CLOCK, work=NO_TIME, name=last_part(path_leaving(path)))
        name = last_part(path)
        any_share, count = _if_any(step)
        legs = replace(step, count=count, body=_without_way(step.body), name=name)
        steps = (leaves, replace(way, name=last_part(_path_of_way(path))), legs)
        return (WithProbability(p=any_share, then=steps, name=f"{name}_any"),)

    far = {path.partition("/")[0] for path, way in ways.items() if way}
    return [
        replace(j, steps=rewritten(j.name, j.steps, change)) if j.name in far else j
        for j in journeys
    ]


def path_leaving(path: str) -> str:
    """Return where the visit at CLOCK is that says when requests leave for a fork at this path."""
    return f"{path}_leaves"


def ways_to(fork: Place, places: Iterable[Place]) -> Iterator[Delay]:
    """Yield the way before a fork, if there is one among all places of its journey."""
    for place in places:
        if place.path == _path_of_way(fork.path) and isinstance(place.step, Delay):
            yield replace(place.step, name=last_part(place.path))


def _if_any(fork: ForEach) -> tuple[float, CountTable]:
    """Return the share of times at which a fork has legs, and how many it has then."""
    assert not isinstance(fork.count, Attribute), "such forks are refused"
    law = table_of_law(fork.count)
    none = law.cumulated[0] if law.counts[0] == 0 else 0.0
    counts = law.counts[1:] if none else law.counts
    cumulated = law.cumulated[1:] if none else law.cumulated
    upto = tuple((share - none) / (1 - none) for share in cumulated)
    return 1 - none, CountTable(counts=counts, cumulated=upto)


def _path_of_way(path: str) -> str:
    return f"{path}_way"


def _way(body: Steps) -> Delay | None:
    """Return the way that a leg begins with, if it has one."""
    first = next(iter(sequence(body)), None)
    if isinstance(first, WithProbability) and first.p == 1.0:
        return _way(first.then)
    return first if isinstance(first, Delay) and isinstance(first.time, Attribute) else None


def _without_way(body: Steps) -> Steps:
    """Return a leg whose way takes no time."""
    first, *others = sequence(body)
    if isinstance(first, WithProbability):
        return (replace(first, then=_without_way(first.then)), *others)
    assert isinstance(first, Delay), "only legs with a way are asked"
    return (replace(first, time=NO_TIME), *others)
