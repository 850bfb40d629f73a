"""How journeys are cut for a slice: what is done here of who belongs here, and of who does not."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from math import inf

from model.world.frequencies import begun_by, times_at
from model.world.journeys import (
    AllOf,
    Attribute,
    Call,
    ForEach,
    Hold,
    Journey,
    Step,
    Steps,
    Visit,
    sequence,
)
from model.world.laws import Constant
from model.world.parts import Parts
from model.world.passing import NO_TIME, goes_by_request, passing_unless
from model.world.slices import BEGIN, CLOCK, END, Background, OfWhom, Outer, Slice, Thinned, abroad
from model.world.step_trees import Change, Place, last_part, places_in, rewritten
from model.world.thinning import Thinning, table_of_law
from model.world.turns import (
    in_time,
    in_turns,
    part_elsewhere,
    part_here,
    path_in_time,
    path_passed,
)
from model.world.wide_forks import (
    branches_beside,
    fork_of,
    forks_around,
    stations_of_legs,
    wide_among,
)
from model.world.wiring import DOOR


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
    world = _World(journeys, parts, means or {}, single)
    return Slice(
        of=parts.of,
        journeys=tuple(
            Journey(name=j.name, steps=rewritten(j.name, j.steps, world.here)) for j in journeys
        ),
        thinned=tuple(map(world.thinned, world.wide.values())),
        backgrounds=(*map(world.background, world.roots()), *world.asking()),
        hot=parts.hot,
    )


class _World:
    """The journeys of a world, and which of their forks are too wide for the slice."""

    def __init__(
        self,
        journeys: Sequence[Journey],
        parts: Parts,
        means: Mapping[str, float],
        single: Collection[str],
    ) -> None:
        self._parts, self._means, self._journeys = parts, means, journeys
        self._single = single
        self._places = {j.name: list(places_in(j.name, j.steps)) for j in journeys}
        self._asking = {
            name
            for name, places in self._places.items()
            if any(parts.is_named(place.step) for place in places)
        }
        once = [place for name in single for place in self._places[name]]
        self._in_turns = in_turns(once, means, parts.of)
        everywhere = [place for places in self._places.values() for place in places]
        self._doors = [p.step for p in everywhere if _is_door(p.step)][:1]
        complaint = f"simulation.slice: {parts.of}"
        self.wide = wide_among(everywhere, parts.members, complaint, hot=parts.hot_station)

    def here(self, path: str, step: Step) -> Steps | None:
        """Return a wide fork as who belongs here takes it: it says that it begins; its legs here.

        What its other legs ask of the request's own shard is asked here, too.
        """
        if not isinstance(step, ForEach):
            return None
        if path in self._in_turns:
            body = rewritten(path, step.body, self.here)
            return replace(part_here(step, self._parts.of), body=body, name=last_part(path))
        if path not in self.wide:
            return None
        name = last_part(path)
        begin = Visit(station=CLOCK, work=NO_TIME, name=f"{name}_begins")
        legs = self._legs(path, step, step.body)
        with_others = self._with_others(path, step, legs, passing_unless(goes_by_request))
        return (begin, self._in_time(path, step, with_others))

    def _in_time(self, path: str, fork: ForEach, legs: Step) -> Step:
        return in_time(path, fork, legs) if self._is_in_turn(path) else legs

    def _is_in_turn(self, path: str) -> bool:
        return any(path.startswith(f"{turns}/") for turns in self._in_turns)

    def _with_others(self, path: str, fork: ForEach, legs: ForEach, change: Change) -> Step:
        """Return the legs that are here, and beside them what others ask of the own shard."""
        if not _asks_own_shard(path, fork):
            return legs
        name = last_part(path)
        others = replace(
            fork,
            count=_thinning(fork, 1 - self._share(path)).here(),
            body=rewritten(path, fork.body, change),
            name=f"{name}_elsewhere",
        )
        return AllOf(branches=(legs, others), name=f"{name}_whole")

    def _path_of_legs(self, place: Place, path: str) -> str:
        """Return where the legs here of a fork are, which is itself at this path."""
        timed = self._path_in_time(place, path)
        asks = _asks_own_shard(place.path, fork_of(place))
        return f"{timed}_whole/1/{last_part(path)}" if asks else timed

    def _path_in_time(self, place: Place, path: str) -> str:
        return path_in_time(path) if self._is_in_turn(place.path) else path

    def thinned(self, place: Place) -> Thinned:
        """Return what it takes to complete a wide fork."""
        fork, forks = fork_of(place), forks_around(place)
        root = (*forks, place)[0]
        elsewhere = max(map(self._parts.elsewhere, stations_of_legs(place)))
        return Thinned(
            path=self._path_of_legs(place, place.path),
            abroad=tuple(self._paths_abroad(place, root)),
            begin=f"{place.path}_begins",
            passed=path_passed(place.path) if self._is_in_turn(place.path) else "",
            thinning=_thinning(fork, self._share(place.path)),
            members_elsewhere=elsewhere,
            is_timed=_is_timed(fork.body),
            deadline_s=min((_deadline_s(outer.step) for outer in place.around), default=inf),
            around=tuple(Outer(path=p.path, at_once=self._at_once(p)) for p in forks[::-1]),
            beside=tuple(branches_beside(place)),
        )

    def _at_once(self, place: Place) -> int:
        fork = fork_of(place)
        is_divided = place.path in self._in_turns
        return part_here(fork, self._parts.of).at_once if is_divided else fork.at_once

    def roots(self) -> list[Place]:
        """Return the wide forks, each as part of the outermost fork around it."""
        outermost = [(*forks_around(place), place)[0] for place in self.wide.values()]
        roots = {root.path: root for root in outermost}
        return [root for root in roots.values() if self._is_elsewhere(root.path)]

    def _is_elsewhere(self, root: str) -> bool:
        """Say whether a fork is taken elsewhere as well, or has a part of its legs there."""
        return _journey_of(root) not in self._single or root in self._in_turns

    def background(self, root: Place) -> Background:
        """Return what who belongs elsewhere does here, from the beginning of an outermost fork.

        Who brings no leg at all is left out, if that is known at once.
        """
        fork, times = fork_of(root), times_at(root, self._means)
        if root.path in self.wide:
            thinning = _thinning(fork, self._share(root.path))
            times *= thinning.any_share
            steps = replace(self._foreign(root.path, fork), count=thinning.here_if_any())
        else:
            body = rewritten(root.path, fork.body, self._passing)
            if root.path in self._in_turns:
                fork = part_elsewhere(fork, self._parts.of)
            steps = replace(fork, body=body, name=last_part(root.path))
        of = _journey_of(root.path)
        return Background(
            journey=Journey(name=abroad(root.path), steps=(*self._doors, *sequence(steps))),
            per_arrival=self._per_arrival(of, times),
            of_whom=self._of_whom(root.path),
        )

    def _of_whom(self, root: str) -> OfWhom:
        if root in self._in_turns:
            return OfWhom.SINGLE
        return OfWhom.OTHERS if _journey_of(root) in self._asking else OfWhom.ALL

    def asking(self) -> Iterator[Background]:
        """Yield what who belongs elsewhere does here who asks for the hot shard by its number.

        They take their whole journey: whoever waits there comes later, or not at all, to the rest.
        """
        for journey in self._journeys:
            if journey.name in self._asking and journey.name not in self._single:
                steps = rewritten(journey.name, journey.steps, self._asked)
                has_door = any(_is_door(place.step) for place in self._places[journey.name])
                before = () if has_door else self._doors
                yield Background(
                    journey=Journey(name=abroad(journey.name), steps=(*before, *steps)),
                    per_arrival=self._per_arrival(journey.name, 1.0),
                    of_whom=OfWhom.ASKING,
                )

    def _asked(self, path: str, step: Step) -> Steps | None:
        """Return what is asked of shards by their number, and the legs here of wide forks."""
        is_named = self._parts.is_named
        if step in self._doors:
            return None
        if isinstance(step, Hold) and not is_named(step):
            held = rewritten(path, step.steps, self._asked)
            return replace(step, station=abroad(step.station), steps=held, name=last_part(path))
        if path not in self.wide or not isinstance(step, ForEach):
            return passing_unless(is_named, inside=self._asked)(path, step)
        is_here = passing_unless(lambda inner: is_named(inner) or not goes_by_request(inner))
        legs = self._legs(path, step, rewritten(path, step.body, is_here))
        return (self._with_others(path, step, legs, passing_unless(is_named)),)

    def _paths_abroad(self, place: Place, root: Place) -> Iterator[str]:
        """Yield the paths of the legs here of a wide fork of who belongs elsewhere."""
        path = f"{abroad(root.path)}/{last_part(root.path)}{place.path[len(root.path) :]}"
        yield self._path_in_time(place, path)
        of = _journey_of(place.path)
        if of in self._asking:
            yield self._path_of_legs(place, f"{abroad(of)}{place.path[len(of) :]}")

    def _per_arrival(self, journey: str, times: float) -> dict[str, float]:
        """Return what happens so often in one journey, per arrival of each that begins it."""
        begun = {name: begun_by(name, self._places, self._means) for name in self._places}
        return {name: times * began[journey] for name, began in begun.items() if journey in began}

    def _share(self, path: str) -> float:
        """Return the share of its legs that touches the slice."""
        return self._parts.share(path, stations_of_legs(self.wide[path]))

    def _passing(self, path: str, step: Step) -> Steps | None:
        """Return the legs here of wide forks; all else is done elsewhere."""
        if path in self.wide and isinstance(step, ForEach):
            return (self._in_time(path, step, self._foreign(path, step)),)
        return passing_unless(lambda _: False, inside=self._passing)(path, step)

    def _foreign(self, path: str, fork: ForEach) -> ForEach:
        """Return the legs here of a request whose own shard is elsewhere."""
        is_here = passing_unless(lambda inner: not goes_by_request(inner))
        return self._legs(path, fork, rewritten(path, fork.body, is_here))

    def _legs(self, path: str, fork: ForEach, body: Steps) -> ForEach:
        """Return the legs that are here; unless each is one visit, they say begin and end."""
        if _is_timed(fork.body):
            begin, end = (Visit(station=CLOCK, work=NO_TIME, name=name) for name in (BEGIN, END))
            body = (begin, *rewritten(path, body, lambda *_: None), end)
        count = _thinning(fork, self._share(path)).here()
        return replace(fork, count=count, body=body, at_once=0, name=last_part(path))


def _thinning(fork: ForEach, share: float) -> Thinning:
    assert not isinstance(fork.count, Attribute), "such forks are refused"
    return Thinning(width=table_of_law(fork.count), share=share)


def _asks_own_shard(path: str, fork: ForEach) -> bool:
    return any(goes_by_request(place.step) for place in places_in(path, fork.body))


def _is_door(step: Step) -> bool:
    """Say whether who belongs elsewhere has to pass here as well: nobody waits, some fail."""
    return isinstance(step, Visit) and step.station == DOOR


def _journey_of(path: str) -> str:
    return path.partition("/")[0]


def _deadline_s(step: Step) -> float:
    """Return the deadline of a call that always has the same; of all else, infinity."""
    if isinstance(step, Call) and isinstance(step.deadline, Constant):
        return step.deadline.value
    return inf


def _is_timed(body: Steps) -> bool:
    """Say whether legs have to say themselves when they begin and end: they are no single visit."""
    steps = body if isinstance(body, tuple) else (body,)
    return len(steps) > 1 or not isinstance(steps[0], Visit)
