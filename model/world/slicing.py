"""How journeys are cut for a slice: what is done here of who belongs here, and of who does not."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from functools import partial
from math import inf

from model.world.abroad import backgrounds_of, paths_abroad
from model.world.cutting import Cut, is_timed
from model.world.journeys import Call, ForEach, Journey, Step, Steps, Visit
from model.world.laws import Constant
from model.world.parts import Parts
from model.world.passing import NO_TIME, goes_by_request, passing_unless
from model.world.slices import CLOCK, Slice, Thinned
from model.world.step_trees import Place, last_part, rewritten
from model.world.turns import part_here, path_passed
from model.world.ways import path_leaving, with_ways_before
from model.world.wide_forks import (
    branches_beside,
    fork_of,
    forks_around,
    never_meet,
    stations_of_legs,
)


def sliced(
    journeys: Sequence[Journey],
    parts: Parts,
    *,
    means: Mapping[str, float] | None = None,
    single: Collection[str] = (),
) -> Slice:
    """Return what a slice with these parts of all stations holds of these journeys.

    `means` are those of the attributes that probabilities go by.  Journeys that are `single` are
    taken by one request of the whole world, which is here.  Raises ScenarioError for a fork that
    is too wide, and cannot be completed from the legs that are here.
    """
    if parts.of == 1:
        return Slice(of=1, journeys=tuple(journeys))
    cut_of = partial(Cut, parts=parts, means=means or {}, single=single)
    cut = cut_of(with_ways_before(journeys, cut_of(journeys).wide))
    here = _Here(cut)
    return Slice(
        of=parts.of,
        journeys=tuple(replace(j, steps=rewritten(j.name, j.steps, here)) for j in cut.journeys),
        thinned=tuple(_thinned(cut, place) for place in cut.wide.values()),
        backgrounds=tuple(backgrounds_of(cut)),
        hot=parts.hot,
    )


class _Here:
    """The change to what is done here of who belongs here.

    Of a wide fork: it says that it begins; its legs here, and what its other legs ask of the
    request's own shard.
    """

    def __init__(self, cut: Cut) -> None:
        self._cut = cut

    def __call__(self, path: str, step: Step) -> Steps | None:
        cut = self._cut
        if not isinstance(step, ForEach):
            return None
        if path in cut.turns:
            body = rewritten(path, step.body, self)
            return replace(part_here(step, cut.parts.of), body=body, name=last_part(path))
        if path not in cut.wide:
            return None
        begin = Visit(station=CLOCK, work=NO_TIME, name=f"{last_part(path)}_begins")
        legs = cut.legs(path, step, step.body)
        whole = cut.with_others(path, step, legs, passing_unless(goes_by_request))
        return (begin, cut.in_time(path, step, whole))


def _thinned(cut: Cut, place: Place) -> Thinned:
    """Return what it takes to complete a wide fork."""
    fork, forks = fork_of(place), forks_around(place)
    return Thinned(
        path=cut.path_of_legs(place, place.path),
        abroad=tuple(paths_abroad(cut, place)),
        begin=f"{place.path}_begins",
        leaves=path_leaving(place.path),
        passed=path_passed(place.path) if cut.is_in_turn(place.path) else "",
        thinning=cut.thinning(place.path, fork),
        members_elsewhere=max(map(cut.parts.elsewhere, stations_of_legs(place))),
        never_meet=never_meet(place),
        is_timed=is_timed(fork.body),
        deadline_s=min((_deadline_s(outer.step) for outer in place.around), default=inf),
        around=tuple(map(cut.outer, forks[::-1])),
        beside=tuple(branches_beside(place)),
    )


def _deadline_s(step: Step) -> float:
    """Return the deadline of a call that always has the same; of all else, infinity."""
    if isinstance(step, Call) and isinstance(step.deadline, Constant):
        return step.deadline.value
    return inf
