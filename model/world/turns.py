"""Forks whose legs go in turns, of a journey that is taken only once in the whole world.

A slice has its part of the legs, in as many fewer turns at once: so each worker has as much of it
as in the world, for as long.  The rest of the legs is background.  A turn takes its time here, too,
though part of what it does is elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from model.world.attributes import Attribute
from model.world.counts import CountLaw, CountTable
from model.world.frequencies import times_at
from model.world.journeys import AllOf, ForEach, Step, Visit
from model.world.passing import NO_TIME, passing_unless
from model.world.scenario import ScenarioError
from model.world.slices import CLOCK
from model.world.step_trees import Place, last_part, rewritten
from model.world.thinning import table_of_law
from model.world.wide_forks import fork_of, forks_around


def in_turns(
    places: Sequence[Place], means: Mapping[str, float], slice_of: int
) -> dict[str, Place]:
    """Return the outermost forks in turns that are taken at all, by their paths.

    Raises ScenarioError for one that the slice cannot have its part of.
    """
    found = {
        place.path: place
        for place in places
        if isinstance(place.step, ForEach)
        and place.step.at_once
        and not forks_around(place)
        and times_at(place, means)
    }
    for path, place in found.items():
        at_once = fork_of(place).at_once
        if at_once % slice_of:
            raise ScenarioError(
                f"simulation.slice: {slice_of} does not divide the {at_once} legs at once of"
                f" {path}, which is taken once in all: they do not fit into a slice"
            )
    return found


def part_here(fork: ForEach, slice_of: int) -> ForEach:
    """Return the fork with the slice's part of its legs."""
    count = _part(_law(fork), lambda legs: legs // slice_of)
    return replace(fork, count=count, at_once=fork.at_once // slice_of)


def part_elsewhere(fork: ForEach, slice_of: int) -> ForEach:
    """Return the fork with all other legs."""
    count = _part(_law(fork), lambda legs: legs - legs // slice_of)
    return replace(fork, count=count, at_once=fork.at_once - fork.at_once // slice_of)


def in_time(path: str, fork: ForEach, legs: Step) -> AllOf:
    """Return the legs here of a wide fork in a turn, and beside them the time that all take.

    Otherwise turns would follow each other faster than in the world, and be a denser crowd.
    """
    name = last_part(path)
    body = rewritten(path, fork.body, passing_unless(lambda _: False))
    passing = replace(fork, body=body, name=f"{name}_passing")
    passed = Visit(station=CLOCK, work=NO_TIME, name=f"{name}_passed")
    return AllOf(branches=(legs, (passing, passed)), name=f"{name}_in_time")


def path_in_time(path: str) -> str:
    """Return where the legs are that are here of a fork at this path, once it is `in_time`."""
    return f"{path}_in_time/1/{last_part(path)}"


def path_passed(path: str) -> str:
    """Return where the visit is that says when all legs of such a fork would be done."""
    return f"{path}_in_time/2/{last_part(path)}_passed"


def _law(fork: ForEach) -> CountLaw:
    assert not isinstance(fork.count, Attribute), "nothing that comes once has such forks"
    return fork.count


def _part(law: CountLaw, part_of: Callable[[int], int]) -> CountTable:
    """Return the law of a part, which does not fall where the whole rises."""
    whole = table_of_law(law)
    cumulated = {
        part_of(count): upto for count, upto in zip(whole.counts, whole.cumulated, strict=True)
    }
    return CountTable(counts=tuple(cumulated), cumulated=tuple(cumulated.values()))
