"""What a slice of a fleet holds: some legs of every wide request, wherever the request belongs.

One of k of all requests belongs to the slice, and is measured.  Its visits are here, but of a
fork that is too wide (`wide_forks`) only those legs that touch the slice; `answers.completing`
puts the others beside them.  Requests that belong elsewhere bring the legs that touch the slice as
background.  So every shard is asked as often, and for as much at one instant, as in the world.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import inf

from model.world.frequencies import begun_by, times_at
from model.world.journeys import AllOf, Attribute, Call, ForEach, Journey, Step, Steps, Visit
from model.world.laws import Constant
from model.world.passing import NO_TIME, goes_by_request, passing_unless
from model.world.step_trees import Place, last_part, places_in, rewritten
from model.world.thinning import Thinning, table_of_law
from model.world.wide_forks import fork_of, forks_around, stations_of_legs, wide_among

CLOCK = "clock"  # a station that takes no time: visits there say when forks and legs begin and end
BEGIN, END = "leg_begins", "leg_ends"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outer:
    """A fork around another: the legs inside it, at most `at_once` at a time (0: all)."""

    path: str
    at_once: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Thinned:
    """A fork of which the slice holds the legs that touch it."""

    path: str  # of those legs, in the journey of who belongs here
    abroad: str  # the same in the journey of who does not
    begin: str  # path of the visit at CLOCK that says when the fork begins
    thinning: Thinning
    members_elsewhere: int  # that its other legs go to
    is_timed: bool  # whether its legs say at CLOCK when they begin and end; else each is one visit
    deadline_s: float  # of the strictest call around it
    around: tuple[Outer, ...]  # the innermost first


@dataclass(frozen=True, slots=True, kw_only=True)
class Background:
    """What requests that belong elsewhere bring: so often per arrival of each journey."""

    journey: Journey
    per_arrival: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """One of `of` equal parts of a world, and what goes on there.

    Of `singled_out` members, by station, there are no others elsewhere: a hot shard, say.
    """

    of: int
    journeys: tuple[Journey, ...]  # of who belongs here
    thinned: tuple[Thinned, ...] = ()
    backgrounds: tuple[Background, ...] = ()
    singled_out: Mapping[str, Sequence[int]] = field(default_factory=dict)

    def background_per_s(self, background: Background, rates_per_s: Mapping[str, float]) -> float:
        """Return how often a background comes, given the rates of arrival in the whole world."""
        times = background.per_arrival.items()
        in_world = sum(rates_per_s.get(journey, 0.0) * often for journey, often in times)
        return in_world * (1 - 1 / self.of)


def sliced(
    journeys: Sequence[Journey],
    members: Mapping[str, int],
    slice_of: int,
    *,
    means: Mapping[str, float] | None = None,
    singled_out: Mapping[str, Sequence[int]] | None = None,
) -> Slice:
    """Return what a slice with so many members of each station holds of these journeys.

    `means` are those of the attributes that probabilities go by.  Raises ScenarioError for a fork
    that is too wide, and cannot be completed from the legs that are here.
    """
    if slice_of == 1:
        return Slice(of=1, journeys=tuple(journeys))
    world = _World(journeys, members, slice_of, means or {})
    return Slice(
        of=slice_of,
        journeys=tuple(
            Journey(name=j.name, steps=rewritten(j.name, j.steps, world.here)) for j in journeys
        ),
        thinned=tuple(map(world.thinned, world.wide.values())),
        backgrounds=tuple(map(world.background, world.roots())),
        singled_out=singled_out or {},
    )


class _World:
    """The journeys of a world, and which of their forks are too wide for the slice."""

    def __init__(
        self,
        journeys: Sequence[Journey],
        members: Mapping[str, int],
        slice_of: int,
        means: Mapping[str, float],
    ) -> None:
        self._slice_of, self._members, self._means = slice_of, members, means
        self._places = {j.name: list(places_in(j.name, j.steps)) for j in journeys}
        everywhere = [place for places in self._places.values() for place in places]
        self.wide = wide_among(everywhere, members, f"simulation.slice: {slice_of}")

    def here(self, path: str, step: Step) -> Steps | None:
        """Return a wide fork as who belongs here takes it: it says that it begins; its legs here.

        What its other legs ask of the request's own shard is asked here, too.
        """
        if path not in self.wide or not isinstance(step, ForEach):
            return None
        name = last_part(path)
        begin = Visit(station=CLOCK, work=NO_TIME, name=f"{name}_begins")
        legs = self._legs(path, step, step.body)
        if not _asks_own_shard(path, step):
            return (begin, legs)
        others = replace(
            step,
            count=_thinning(step, 1 - 1 / self._slice_of).here(),
            body=rewritten(path, step.body, passing_unless(goes_by_request)),
            name=f"{name}_elsewhere",
        )
        return (begin, AllOf(branches=(legs, others), name=f"{name}_whole"))

    def thinned(self, place: Place) -> Thinned:
        """Return what it takes to complete a wide fork."""
        fork, name, forks = fork_of(place), last_part(place.path), forks_around(place)
        root = (*forks, place)[0]
        own = f"{place.path}_whole/1/{name}" if _asks_own_shard(place.path, fork) else place.path
        here = max(self._members[station] for station in stations_of_legs(place))
        return Thinned(
            path=own,
            abroad=f"{_abroad(root)}/{last_part(root.path)}{place.path[len(root.path) :]}",
            begin=f"{place.path}_begins",
            thinning=_thinning(fork, 1 / self._slice_of),
            members_elsewhere=here * (self._slice_of - 1),
            is_timed=_is_timed(fork.body),
            deadline_s=min((_deadline_s(outer.step) for outer in place.around), default=inf),
            around=tuple(Outer(path=p.path, at_once=fork_of(p).at_once) for p in forks[::-1]),
        )

    def roots(self) -> list[Place]:
        """Return the wide forks, each as part of the outermost fork around it."""
        outermost = [(*forks_around(place), place)[0] for place in self.wide.values()]
        return list({root.path: root for root in outermost}.values())

    def background(self, root: Place) -> Background:
        """Return what who belongs elsewhere does here, from the beginning of an outermost fork.

        Who brings no leg at all is left out, if that is known at once.
        """
        fork, times = fork_of(root), times_at(root, self._means)
        if root.path in self.wide:
            thinning = _thinning(fork, 1 / self._slice_of)
            times *= thinning.any_share
            steps = replace(self._foreign(root.path, fork), count=thinning.here_if_any())
        else:
            body = rewritten(root.path, fork.body, self._passing)
            steps = replace(fork, body=body, name=last_part(root.path))
        of = root.path.partition("/")[0]
        begun = {name: begun_by(name, self._places, self._means) for name in self._places}
        per_arrival = {name: times * began[of] for name, began in begun.items() if of in began}
        return Background(journey=Journey(name=_abroad(root), steps=steps), per_arrival=per_arrival)

    def _passing(self, path: str, step: Step) -> Steps | None:
        """Return the legs here of wide forks; all else is done elsewhere."""
        if path in self.wide and isinstance(step, ForEach):
            return self._foreign(path, step)
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
        count = _thinning(fork, 1 / self._slice_of).here()
        return replace(fork, count=count, body=body, at_once=0, name=last_part(path))


def _thinning(fork: ForEach, share: float) -> Thinning:
    assert not isinstance(fork.count, Attribute), "such forks are refused"
    return Thinning(width=table_of_law(fork.count), share=share)


def _asks_own_shard(path: str, fork: ForEach) -> bool:
    return any(goes_by_request(place.step) for place in places_in(path, fork.body))


def _abroad(root: Place) -> str:
    return f"{root.path} elsewhere"


def _deadline_s(step: Step) -> float:
    """Return the deadline of a call that always has the same; of all else, infinity."""
    if isinstance(step, Call) and isinstance(step.deadline, Constant):
        return step.deadline.value
    return inf


def _is_timed(body: Steps) -> bool:
    """Say whether legs have to say themselves when they begin and end: they are no single visit."""
    steps = body if isinstance(body, tuple) else (body,)
    return len(steps) > 1 or not isinstance(steps[0], Visit)
