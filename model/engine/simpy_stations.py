"""Stations and hosts in SimPy: a walk arrives, and is told when its work is done."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from heapq import heappop, heappush, heapreplace
from typing import TYPE_CHECKING, Any, Protocol

import simpy

from model.engine.ledger import Ledger
from model.engine.program import At
from model.engine.stations import advance, end_of_service, host_rate, start_of_service

if TYPE_CHECKING:  # walks visit stations; stations only let them go on
    from model.engine.simpy_walks import Walk

Order = tuple[int, ...]  # who goes first at one instant: an At, then as its docstring says


class Moment(simpy.Event):
    """An instant at which something happens to `subject`."""

    def __init__(self, clock: Clock, happen: Callable[[Moment], None], subject: Any) -> None:
        # All that simpy.Event and `succeed` would set, at half of the price.
        self.env, self.callbacks, self._ok, self._value = clock, [happen], True, None
        self.subject = subject


class Clock(simpy.Environment):
    """A SimPy environment that takes absolute instants, and an order for what ties there.

    SimPy adds a delay to the present, which loses ties to rounding, and lets what was scheduled
    first go first, which depends on how an engine works.
    """

    def at(
        self, at_s: float, order: Order, happen: Callable[[Moment], None], subject: Any
    ) -> Moment:
        """Schedule `happen`, called with the moment, at the instant `at_s`."""
        moment = Moment(self, happen, subject)
        heappush(self._queue, (at_s, order[0], order, moment))  # type: ignore[misc]  # SimPy: a count
        return moment


class Member(Protocol):
    """One member of a station."""

    def arrive(self, walk: Walk) -> None:
        """Take the walk in, and let it go on when its work is done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hall:
    """What the members of a run have in common."""

    clock: Clock
    ledger: Ledger
    go_on: Callable[[Walk], None]

    def arrive(self, walk: Walk, member: int) -> None:
        """Record the arrival."""
        walk.visit_row = self.ledger.visit_arrived(
            walk.request.row, member, walk.at, walk.leg, self.clock.now, walk.work_s
        )

    def leave(self, walk: Walk, member: int) -> None:
        """Record that the work is done."""
        self.ledger.visit_done(walk.visit_row, member, self.clock.now, walk.work_s)


class DedicatedServers:
    """Servers of their own behind one first-come queue.

    Nothing can come between an arrival and its end, so the end is known on arrival, and a visit
    costs one event however long it queues.
    """

    def __init__(self, hall: Hall, *, member: int, servers: int) -> None:
        self._hall, self._member = hall, member
        self._free_s = [0.0] * servers  # a heap: when each server is next free

    def arrive(self, walk: Walk) -> None:
        """Take the walk in."""
        hall = self._hall
        hall.arrive(walk, self._member)
        start_s = start_of_service(hall.clock.now, self._free_s[0])
        end_s = end_of_service(start_s, walk.work_s, 1.0)
        heapreplace(self._free_s, end_s)
        hall.ledger.visit_started(walk.visit_row, start_s)
        hall.clock.at(end_s, order_of(walk, self._member), self._end, walk)

    def _end(self, moment: Moment) -> None:
        hall, walk = self._hall, moment.subject
        hall.leave(walk, self._member)
        hall.go_on(walk)


class HostedServers:
    """Servers behind one first-come queue, that work as fast as their host lets them."""

    def __init__(self, hall: Hall, *, member: int, servers: int, host: Host) -> None:
        self._hall, self._member, self._host = hall, member, host
        self._idle = servers
        self._queue: deque[Walk] = deque()

    def arrive(self, walk: Walk) -> None:
        """Take the walk in."""
        self._hall.arrive(walk, self._member)
        self._queue.append(walk)
        self._serve()

    def _serve(self) -> None:
        if self._idle and self._queue:
            self._idle -= 1
            walk = self._queue.popleft()
            self._hall.ledger.visit_started(walk.visit_row, self._hall.clock.now)
            self._host.begin(walk, order_of(walk, self._member), self._end)

    def _end(self, walk: Walk) -> None:
        hall = self._hall
        hall.leave(walk, self._member)
        self._idle += 1
        self._serve()
        hall.go_on(walk)


class Host:
    """Cores shared equally by all pieces of work that are being served on it.

    All work advances alike, so the next to end is always the first of a heap, and the plan for
    it holds until another piece of work is first or the rate changes.
    """

    def __init__(self, clock: Clock, *, cores: float) -> None:
        self._clock, self._cores = clock, cores
        self._served_s, self._changed_s, self._rate = 0.0, 0.0, 1.0
        self._jobs: list[tuple[float, Order, Walk, Callable[[Any], None]]] = []
        self._planned: tuple[float, Order] = (self._rate, ())
        self._plan: Moment | None = None
        self._plans = 0

    def begin(self, walk: Walk, order: Order, end: Callable[[Any], None]) -> None:
        """Serve the walk's work, and call `end` with the walk when it is done."""
        self._advance()
        heappush(self._jobs, (self._served_s + walk.work_s, order, walk, end))
        self._change()

    def _advance(self) -> None:
        now_s = self._clock.now
        if self._jobs:
            self._served_s = advance(self._served_s, now_s - self._changed_s, self._rate)
        self._changed_s = now_s

    def _change(self) -> None:
        """Plan the next end, if it is another one or comes at another time than planned."""
        self._rate = host_rate(self._cores, len(self._jobs))
        tag_s, order, _, _ = self._jobs[0]
        if self._planned == (self._rate, order):
            return
        if self._plan is not None:
            self._plan.callbacks = []  # SimPy cannot unschedule: let it pass unheard
        end_s = end_of_service(self._clock.now, tag_s - self._served_s, self._rate)
        self._plans += 1  # tells a plan from one that was dropped for the same instant
        self._plan = self._clock.at(end_s, (*order, self._plans), self._end, None)
        self._planned = (self._rate, order)

    def _end(self, _plan: Moment) -> None:
        tag_s, _, walk, end = heappop(self._jobs)
        self._changed_s = self._clock.now
        self._plan, self._planned = None, (self._rate, ())
        if self._jobs:
            self._served_s = tag_s  # what it has had exactly, free of rounding
            self._change()
        else:
            self._served_s = 0.0
        end(walk)


def order_of(walk: Walk, member: int) -> Order:
    """Return when the end of a walk's service comes among all that happens at that instant."""
    return At.SERVICE_END, member, walk.request.uid, walk.at, walk.leg, 0
