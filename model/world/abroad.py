"""What requests that belong elsewhere do in a slice: the background of who belongs there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from model.world.cutting import Cut, is_door, root_of
from model.world.frequencies import begun_by, times_at
from model.world.journeys import Call, ForEach, Hold, Journey, Step, Steps, sequence
from model.world.keys import LANE, Beside
from model.world.passing import AtStation, goes_by_request, passing_unless
from model.world.slices import Background, OfWhom, abroad
from model.world.step_trees import Change, Place, last_part, rewritten
from model.world.turns import part_elsewhere
from model.world.ways import ways_to
from model.world.wide_forks import fork_of


def backgrounds_of(cut: Cut) -> Iterator[Background]:
    """Yield what who belongs elsewhere brings into the slice."""
    for root in cut.roots():
        if _is_elsewhere(cut, root.path):
            yield _background(cut, root)
    yield from _whole_journeys(cut)


def paths_abroad(cut: Cut, place: Place) -> Iterator[str]:
    """Yield the paths of the legs here of a wide fork, in the journeys of who belongs elsewhere."""
    root = root_of(place)
    inside_calls = "/".join((abroad(root.path), *(name for name, _ in _calls_around(root))))
    inside = place.path[len(root.path) :]
    yield cut.path_in_time(place, f"{inside_calls}/{last_part(root.path)}{inside}")
    of = _journey_of(place.path)
    if of in cut.asking:
        yield cut.path_of_legs(place, f"{abroad(of)}{place.path[len(of) :]}")


def _is_elsewhere(cut: Cut, root: str) -> bool:
    """Say whether a fork is taken elsewhere as well, or has a part of its legs there."""
    return _journey_of(root) not in cut.single or root in cut.turns


def _background(cut: Cut, root: Place) -> Background:
    """Return what who belongs elsewhere does here, from the beginning of an outermost fork.

    Who brings no leg at all is left out, if that is known at once.
    """
    fork, times = fork_of(root), times_at(root, cut.means)
    if root.path in cut.wide:
        thinning = cut.thinning(root.path, fork, is_foreign=True)
        times *= thinning.any_share
        steps = replace(_foreign(cut, root.path, fork), count=thinning.here_if_any())
    else:
        body = rewritten(root.path, fork.body, _Passing(cut))
        if root.path in cut.turns:
            fork = part_elsewhere(fork, cut.parts.of)
        steps = replace(fork, body=body, name=last_part(root.path))
    return Background(
        journey=Journey(name=abroad(root.path), steps=_steps(cut, root, steps)),
        per_arrival=_per_arrival(cut, _journey_of(root.path), times),
        of_whom=_of_whom(cut, root.path),
    )


def _steps(cut: Cut, root: Place, fork: Step) -> Steps:
    """Return a fork with door and way before it, inside the calls that are around each.

    So it is tried again when a leg here fails, and given up when it is late, as in its journey.
    What is done otherwise is not thinned: who belongs here does here all that all would do here.
    """
    steps: Steps = (*ways_to(root, cut.places[_journey_of(root.path)]), fork)
    calls, before_door = _calls_around(root), _calls_before_door(cut, root)
    for name, call in reversed(calls[before_door:]):
        steps = replace(call, steps=steps, otherwise=(), name=name)
    steps = (*cut.doors, *sequence(steps))
    for name, call in reversed(calls[:before_door]):
        steps = replace(call, steps=steps, otherwise=(), name=name)
    return steps


def _calls_around(place: Place) -> list[tuple[str, Call]]:
    around = ((last_part(outer.path), outer.step) for outer in place.around)
    return [(name, step) for name, step in around if isinstance(step, Call)]


def _calls_before_door(cut: Cut, root: Place) -> int:
    """Return how many of the calls around a fork are around its journey's door, too."""
    doors = [place for place in cut.places[_journey_of(root.path)] if is_door(place.step)]
    return len(_calls_around(doors[0])) if doors else 0


def _of_whom(cut: Cut, root: str) -> OfWhom:
    if root in cut.turns:
        return OfWhom.SINGLE
    return OfWhom.OTHERS if _journey_of(root) in cut.asking else OfWhom.ALL


def _whole_journeys(cut: Cut) -> Iterator[Background]:
    """Yield what who belongs elsewhere does here who asks for the hot shard by its number.

    They take their whole journey: whoever waits there comes later, or not at all, to the rest.
    """
    for journey in cut.journeys:
        if journey.name in cut.asking and journey.name not in cut.single:
            steps = rewritten(journey.name, journey.steps, _Asked(cut))
            has_door = any(is_door(place.step) for place in cut.places[journey.name])
            before = () if has_door else cut.doors
            yield Background(
                journey=Journey(name=abroad(journey.name), steps=(*before, *steps)),
                per_arrival=_per_arrival(cut, journey.name, 1.0),
                of_whom=OfWhom.ASKING,
            )


class _Asked:
    """The change to what is asked of shards by their number, and the legs here of wide forks."""

    def __init__(self, cut: Cut) -> None:
        self._cut = cut

    def __call__(self, path: str, step: Step) -> Steps | None:
        cut, is_named = self._cut, self._cut.parts.is_named
        if step in cut.doors:
            return None
        if isinstance(step, Hold) and not is_named(step):
            held = rewritten(path, step.steps, self)
            return replace(step, station=abroad(step.station), steps=held, name=last_part(path))
        if path not in cut.wide or not isinstance(step, ForEach):
            return passing_unless(is_named, inside=self)(path, step)
        is_here = passing_unless(lambda inner: is_named(inner) or not goes_by_request(inner))
        legs = cut.legs(path, step, _anywhere(path, step.body, is_here), is_foreign=True)
        return (cut.with_others(path, step, legs, passing_unless(is_named)),)


class _Passing:
    """The change to the legs here of wide forks; all else is done elsewhere."""

    def __init__(self, cut: Cut) -> None:
        self._cut = cut

    def __call__(self, path: str, step: Step) -> Steps | None:
        if path in self._cut.wide and isinstance(step, ForEach):
            return (self._cut.in_time(path, step, _foreign(self._cut, path, step)),)
        return passing_unless(lambda _: False, inside=self)(path, step)


def _foreign(cut: Cut, path: str, fork: ForEach) -> ForEach:
    """Return the legs here of a request whose own shard is elsewhere."""
    is_here = passing_unless(lambda inner: not goes_by_request(inner))
    return cut.legs(path, fork, _anywhere(path, fork.body, is_here), is_foreign=True)


def _anywhere(path: str, body: Steps, is_here: Change) -> Steps:
    """Return what is here of a leg, at any shard here: the own one that it is beside is not."""
    return rewritten(path, rewritten(path, body, is_here), _at_any_shard)


def _at_any_shard(path: str, step: Step) -> Steps | None:
    if isinstance(step, AtStation) and isinstance(step.key, Beside):
        return replace(step, key=LANE, name=last_part(path))
    return None


def _per_arrival(cut: Cut, journey: str, times: float) -> dict[str, float]:
    """Return what happens so often in one journey, per arrival of each that begins it."""
    begun = {name: begun_by(name, cut.places, cut.means) for name in cut.places}
    return {name: times * began[journey] for name, began in begun.items() if journey in began}


def _journey_of(path: str) -> str:
    return path.partition("/")[0]
