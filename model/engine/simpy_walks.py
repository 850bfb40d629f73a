"""Walks through the steps of journeys, in SimPy: how they begin, go on, end and fail.

A request is a walk, and forks, holds, calls and caches begin others for the steps inside them.
A walk takes steps until one takes time; what it waits for then calls `go_on` or `end`.  Whoever
began a walk is told how it ended.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf
from typing import Protocol

from model.engine.codes import NONE, Draw, Outcome
from model.engine.ledger import Ledger
from model.engine.simpy_clock import Clock, Moment
from model.world.chance import request_key, unit


@dataclass(slots=True, kw_only=True)
class Request:
    """What the walks of one request have in common."""

    row: int
    uid: int
    chance: int  # its `request_key`
    stream: int
    attribute_row: int
    attributes: Sequence[float]
    ended: Callable[[Request], None] | None  # the user who sent it waits for its end


class Boss(Protocol):
    """Who began a walk, and waits for its end."""

    def told(self, walk: Walk, outcome: Outcome) -> None:
        """Hear how a walk ended; what follows from it is left to `Clock.next`."""


@dataclass(slots=True, kw_only=True, eq=False)
class Walk:
    """Where a request, or a part of it, has got to."""

    request: Request
    at: int  # the step to take, or being taken
    end: int  # the one after the last
    leg: int = 0
    lane: int = 0  # among as many as the forks around it have together
    lanes: int = 1
    attempt: int = 0
    expires_s: float = inf  # the earliest deadline of the calls around it
    stops_s: float = inf  # and of those that cancel: after that it takes no step
    member: int = NONE  # of a station: where its last visit went, or its first has to go
    avoids: int = NONE  # the member that it is a hedge for: of other copies it chooses first
    boss: Boss | None = None  # None: it is the request itself


@dataclass(frozen=True, slots=True, kw_only=True)
class Station:
    """A row of `program.Stations`, as far as choosing a member goes."""

    number: int
    first_member: int
    members: int
    shards: int
    replicas: int
    balancing: int
    weights: Sequence[float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A row of `program.Steps`, because single values of arrays are slow."""

    take: Callable[[Walk, Step], bool]  # says whether the walk may proceed, from where it then is
    end: int
    path_hash: int
    quantile: Callable[[float], float] | None  # of its law
    attribute: int
    base: Callable[[float], float] | None
    count: Callable[[float], int] | None
    count_attribute: int
    at_once: int
    in_lanes: bool
    need: int
    probability: float
    journey: int
    link: int
    cache: int
    call: int
    otherwise: int
    key: int
    key_hash: int
    keys: int
    key_attribute: int
    replica: int
    priority: int
    station: Station | None


def chance_of(walk: Walk, step: Step, draw: int) -> float:
    """Return the chance of one draw at the step that the walk takes."""
    return unit(walk.request.chance, step.path_hash, walk.leg, walk.attempt, draw)


def value_of(walk: Walk, step: Step) -> float:
    """Return the step's work, time, size or count."""
    if step.quantile is not None:
        return step.quantile(chance_of(walk, step, Draw.VALUE))
    return walk.request.attributes[step.attribute] if step.attribute != NONE else 0.0


class Walks:
    """Takes the steps of all walks of one run."""

    def __init__(
        self, journeys: Sequence[tuple[int, int]], clock: Clock, ledger: Ledger, *, run: int
    ) -> None:
        self.clock, self.ledger, self.run = clock, ledger, run
        self.steps: Sequence[Step] = ()
        self._journeys = journeys  # the first step of each, and the one after the last

    def begin(
        self,
        journey: int,
        uid: int,
        *,
        stream: int,
        attribute_row: int,
        attributes: Sequence[float],
        parent: int = NONE,
        ended: Callable[[Request], None] | None = None,
    ) -> None:
        """Start a request, and take its first steps; `parent` is the row of who emitted it."""
        now_s = self.clock.now
        row = self.ledger.request_began(uid, journey, parent, stream, attribute_row, now_s)
        request = Request(
            row=row,
            uid=uid,
            chance=request_key(self.run, uid),
            stream=stream,
            attribute_row=attribute_row,
            attributes=attributes,
            ended=ended,
        )
        begin, end = self._journeys[journey]
        self.proceed(Walk(request=request, at=begin, end=end))

    def inside(self, walk: Walk, boss: Boss) -> Walk:
        """Return a child walk for the steps inside the one that the walk is at."""
        return Walk(
            request=walk.request,
            at=walk.at + 1,
            end=self.steps[walk.at].end,
            leg=walk.leg,
            lane=walk.lane,
            lanes=walk.lanes,
            attempt=walk.attempt,
            expires_s=walk.expires_s,
            stops_s=walk.stops_s,
            boss=boss,
        )

    def proceed(self, walk: Walk) -> None:
        """Take steps until one takes time, the last is done, or the walk has to stop."""
        steps, now_s = self.steps, self.clock.now
        while walk.stops_s >= now_s:
            if walk.at >= walk.end:
                self.end(walk, Outcome.DONE)
                return
            step = steps[walk.at]
            if not step.take(walk, step):
                return
        self.end(walk, Outcome.EXPIRED)

    def go_on(self, walk: Walk) -> None:
        """Leave the step that took time, and take those after it."""
        walk.at = self.steps[walk.at].end
        self.proceed(walk)

    def time_passed(self, moment: Moment) -> None:
        """Go on with the walk that the moment is about."""
        walk: Walk = moment.subject
        walk.at = self.steps[walk.at].end
        self.proceed(walk)

    def leave(self, walk: Walk, outcome: Outcome) -> None:
        """Go on if the step that took time has succeeded; else the walk fails alike."""
        if outcome == Outcome.DONE:
            self.go_on(walk)
        else:
            self.end(walk, outcome)

    def end(self, walk: Walk, outcome: Outcome) -> None:
        """End a walk, well or not, and tell who began it."""
        if walk.boss is not None:
            walk.boss.told(walk, outcome)
            return
        request = walk.request
        self.ledger.request_ended(request.row, self.clock.now, outcome)
        if request.ended is not None:
            request.ended(request)
