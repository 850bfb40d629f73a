"""Hosts in SimPy: what is being served on one shares its cores."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import Any

from model.engine.simpy_clock import Clock, Moment, Order
from model.engine.stations import advance, end_of_service, host_rate, left_of, tag_of


@dataclass(slots=True, kw_only=True, eq=False)
class Service:
    """What one server is doing: serving a visit, or a batch of them, or being held."""

    guests: list[Any]  # of a member
    order: Order
    left_s: float  # of its work, as far as it is not on a host
    end: Callable[[Service], None]
    is_hold: bool = False
    job: Job | None = None  # on a host


Job = tuple[float, Order, int, Service]  # tag; a number that never repeats keeps services apart


class Host:
    """Cores shared equally by all services on it.

    All work advances alike, so the next to end is always the first of a heap, and the plan for
    it holds until another service is first or the rate changes.  A job that was taken off stays
    in the heap until it is first.
    """

    def __init__(self, clock: Clock, *, cores: float) -> None:
        self._clock, self._cores, self._speed = clock, cores, 1.0
        self._served_s, self._changed_s, self._rate = 0.0, 0.0, 1.0
        self._jobs: list[Job] = []
        self._busy, self._begun = 0, 0
        self._planned: tuple[float, Order] = (self._rate, ())
        self._plan: Moment | None = None
        self._plans = 0

    def begin(self, service: Service, *, speed: float) -> None:
        """Serve what is left of the work, at the speed of its member."""
        self._advance()
        tag_s = tag_of(self._served_s, service.left_s, speed)
        self._begun += 1
        service.job = tag_s, service.order, self._begun, service
        heappush(self._jobs, service.job)
        self._busy += 1
        self._change()

    def take_off(self, service: Service, *, speed: float) -> None:
        """Stop serving it, and note what is left."""
        assert service.job is not None
        self._advance()
        service.left_s = left_of(service.job[0], self._served_s, speed)
        service.job = None
        self._busy -= 1
        if not self._busy:
            self._served_s = 0.0
        self._change()

    def set_speed(self, speed: float) -> None:
        """Work at this share of its speed from now on; 0 is a pause."""
        self._advance()
        self._speed = speed
        self._change()

    def _advance(self) -> None:
        now_s = self._clock.now
        if self._busy:
            self._served_s = advance(self._served_s, now_s - self._changed_s, self._rate)
        self._changed_s = now_s

    def _change(self) -> None:
        """Plan the next end, if it is another one or comes at another time than planned."""
        self._rate = self._speed * host_rate(self._cores, self._busy)
        first = self._first()
        order = () if first is None else first[1]
        if self._planned == (self._rate, order):
            return
        if self._plan is not None:
            self._plan.forget()
            self._plan = None
        self._planned = self._rate, order
        if first is not None and self._rate > 0:
            end_s = end_of_service(self._clock.now, first[0] - self._served_s, self._rate)
            self._plans += 1  # tells a plan from one that was dropped for the same instant
            self._plan = self._clock.at(end_s, (*order, self._plans), self._end, None)

    def _first(self) -> Job | None:
        """Return the next job to end."""
        while self._jobs:
            job = self._jobs[0]
            if job[3].job is job:
                return job
            heappop(self._jobs)
        return None

    def _end(self, _plan: Moment) -> None:
        tag_s, _, _, service = heappop(self._jobs)
        service.job, service.left_s = None, 0.0
        self._changed_s = self._clock.now
        self._plan, self._planned = None, (self._rate, ())
        self._busy -= 1
        self._served_s = tag_s if self._busy else 0.0  # what it has had exactly, free of rounding
        self._change()
        service.end(service)
