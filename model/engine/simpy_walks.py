"""Walks through the steps of journeys, in SimPy.

A request is a walk; a fork begins one walk per leg and goes on when the last has ended.  A walk
takes steps until one takes time; what it waits for then calls `go_on`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from model.engine.ledger import Ledger
from model.engine.program import NONE, At, Draw, Key, Kind, Program
from model.engine.simpy_stations import Clock, Member, Moment
from model.engine.stations import leg_of, member_of
from model.world.chance import child_uid, request_key, unit


@dataclass(slots=True, kw_only=True)
class Request:
    """What the walks of one request have in common."""

    row: int
    uid: int
    chance: int  # its `request_key`
    attributes: Sequence[float]


@dataclass(slots=True, kw_only=True)
class Walk:
    """Where a request, or one leg of it, has got to; the guest of stations."""

    request: Request
    at: int  # the step to take, or being taken
    end: int  # the one after the last
    leg: int
    fork: Fork | None = None  # that began this walk
    work_s: float = 0.0  # of the visit it is on
    visit_row: int = NONE


@dataclass(slots=True, kw_only=True)
class Fork:
    """Walks begun by a step of another walk, which goes on when all have ended."""

    parent: Walk
    legs: Iterator[Walk]  # not begun yet
    at_once: int
    running: int = 0
    beginning: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    """A row of `program.Steps`, for reading one by one."""

    take: Callable[[Walk, _Step], bool]
    end: int
    path_hash: int
    quantile: Callable[[float], float] | None  # of its law
    attribute: int
    at_once: int
    probability: float
    journey: int
    key: int
    key_hash: int
    first_member: int
    members: int


class Walks:
    """Takes the steps of all walks of one run."""

    def __init__(self, program: Program, clock: Clock, ledger: Ledger, run: int) -> None:
        self._clock, self._ledger, self._run = clock, ledger, run
        self._journeys = list(zip(program.begin.tolist(), program.end.tolist(), strict=True))
        self._steps = self._read(program)
        self.members: Sequence[Member] = ()

    def begin(
        self, journey: int, uid: int, attributes: Sequence[float], *, parent: int = NONE
    ) -> None:
        """Start a request, and take its first steps; `parent` is the row of who emitted it."""
        row = self._ledger.request_began(uid, journey, parent, self._clock.now, attributes)
        chance = request_key(self._run, uid)
        request = Request(row=row, uid=uid, chance=chance, attributes=attributes)
        begin, end = self._journeys[journey]
        self._proceed(Walk(request=request, at=begin, end=end, leg=0))

    def go_on(self, walk: Walk) -> None:
        """Leave the step that took time, and take those after it."""
        walk.at = self._steps[walk.at].end
        self._proceed(walk)

    def _proceed(self, walk: Walk) -> None:
        """Take steps until one takes time or the last is done."""
        while walk.at < walk.end:
            step = self._steps[walk.at]
            if not step.take(walk, step):
                return
        if walk.fork is None:
            self._ledger.request_done(walk.request.row, self._clock.now)
        else:
            self._leg_ended(walk.fork)

    # Each kind of step says whether the walk may proceed at once, from where it then is.

    def _visit(self, walk: Walk, step: _Step) -> bool:
        walk.work_s = self._value(walk, step)
        self.members[self._member(walk, step)].arrive(walk)
        return False

    def _delay(self, walk: Walk, step: _Step) -> bool:
        order = At.DELAY_END, 0, walk.request.uid, walk.at, walk.leg, 0
        self._clock.at(self._clock.now + self._value(walk, step), order, self._delay_ended, walk)
        return False

    def _delay_ended(self, moment: Moment) -> None:
        self.go_on(moment.subject)

    def _maybe(self, walk: Walk, step: _Step) -> bool:
        taken = self._unit(walk, step, Draw.VALUE) < step.probability
        walk.at = walk.at + 1 if taken else step.end
        return True

    def _emit(self, walk: Walk, step: _Step) -> bool:
        request = walk.request
        uid = child_uid(request.uid, step.path_hash, walk.leg)
        self.begin(step.journey, uid, request.attributes, parent=request.row)
        walk.at = step.end
        return True

    def _all_of(self, walk: Walk, step: _Step) -> bool:
        return self._fork(walk, step, self._branches(walk, step), at_once=step.end)

    def _for_each(self, walk: Walk, step: _Step) -> bool:
        count = int(self._value(walk, step))
        return self._fork(walk, step, self._legs(walk, step, count), at_once=step.at_once or count)

    def _branches(self, walk: Walk, step: _Step) -> Iterator[Walk]:
        branch = walk.at + 1
        while branch < step.end:
            end = self._steps[branch].end
            yield Walk(request=walk.request, at=branch + 1, end=end, leg=walk.leg)
            branch = end

    @staticmethod
    def _legs(walk: Walk, step: _Step, count: int) -> Iterator[Walk]:
        first = walk.at + 1
        for index in range(count):
            leg = leg_of(walk.leg, index)
            yield Walk(request=walk.request, at=first, end=step.end, leg=leg)

    def _fork(self, walk: Walk, step: _Step, legs: Iterator[Walk], *, at_once: int) -> bool:
        if not self._all_ended(Fork(parent=walk, legs=legs, at_once=at_once)):
            return False
        walk.at = step.end
        return True

    def _all_ended(self, fork: Fork) -> bool:
        """Begin as many legs as may run together; True if all legs there are have ended."""
        fork.beginning = True  # legs that take no time end in here, and must not begin others
        while fork.running < fork.at_once and (leg := next(fork.legs, None)) is not None:
            leg.fork = fork
            fork.running += 1
            self._proceed(leg)
        fork.beginning = False
        return fork.running == 0

    def _leg_ended(self, fork: Fork) -> None:
        fork.running -= 1
        if not fork.beginning and self._all_ended(fork):
            self.go_on(fork.parent)

    def _value(self, walk: Walk, step: _Step) -> float:
        if step.quantile is None:
            return walk.request.attributes[step.attribute]
        return step.quantile(self._unit(walk, step, Draw.VALUE))

    def _member(self, walk: Walk, step: _Step) -> int:
        if step.members == 1:
            return step.first_member
        if step.key == Key.RANDOM:
            chance = self._unit(walk, step, Draw.MEMBER)
        else:
            leg = walk.leg if step.key == Key.LEG else 0
            chance = unit(walk.request.chance, step.key_hash, leg, 0, Draw.MEMBER)
        return step.first_member + member_of(chance, step.members)

    @staticmethod
    def _unit(walk: Walk, step: _Step, draw: int) -> float:
        return unit(walk.request.chance, step.path_hash, walk.leg, 0, draw)

    def _read(self, program: Program) -> list[_Step]:
        """Return the program's steps as records, because single values of arrays are slow."""
        take: dict[int, Callable[[Walk, _Step], bool]] = {
            Kind.VISIT: self._visit,
            Kind.DELAY: self._delay,
            Kind.ALL_OF: self._all_of,
            Kind.BRANCH: self._maybe,  # never taken itself: a fork goes to what is inside
            Kind.FOR_EACH: self._for_each,
            Kind.MAYBE: self._maybe,
            Kind.EMIT: self._emit,
        }
        steps, stations = program.steps, program.stations
        return [
            _Step(
                take=take[int(steps.kind[row])],
                end=int(steps.end[row]),
                path_hash=int(steps.path_hash[row]),
                quantile=None if law == NONE else program.laws[law].quantile,
                attribute=int(steps.attribute[row]),
                at_once=int(steps.at_once[row]),
                probability=float(steps.probability[row]),
                journey=int(steps.journey[row]),
                key=int(steps.key[row]),
                key_hash=int(steps.key_hash[row]),
                first_member=int(stations.first_member[station]) if station != NONE else NONE,
                members=int(stations.members[station]) if station != NONE else 0,
            )
            for row, (law, station) in enumerate(
                zip(steps.law.tolist(), steps.station.tolist(), strict=True)
            )
        ]
