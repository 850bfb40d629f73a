"""Members of stations in SimPy to which things happen: full queues, crashes, pauses, holds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from model.engine.codes import At, Discipline, Draw, OnCrash, Outcome
from model.engine.ledger import Totals
from model.engine.simpy_clock import Act, Moment
from model.engine.simpy_hosts import Host, Service
from model.engine.simpy_members import order_of
from model.engine.simpy_queues import Guest, Queue
from model.engine.simpy_services import Services
from model.engine.simpy_walks import Walk, Walks, chance_of
from model.engine.stations import poll_after


@dataclass(frozen=True, slots=True, kw_only=True)
class Ways:
    """How the members of a station do things: a row of `program.Stations`."""

    queue_max: float  # infinite: any number
    discipline: int
    lifo_above: int
    drop_expired: bool
    on_crash: int
    batch_max: int
    overhead: Callable[[float], float] | None
    poll_s: float


class EventfulMember:
    """Servers behind a queue of any kind, that may be down, slow, polling, held or preempted."""

    def __init__(
        self, walks: Walks, totals: Totals, ways: Ways, host: Host, *, number: int, servers: int
    ) -> None:
        self.totals = totals
        self._walks, self._clock, self._ledger = walks, walks.clock, walks.ledger
        self._ways, self._host, self._number = ways, host, number
        self._servers, self._speed, self._is_up = servers, 1.0, True
        self._queue = Queue(ways.discipline, lifo_above=ways.lifo_above)
        self.services = Services(walks.clock)
        self._poll_is_asked_for = False

    # What walks do.

    def visit(self, walk: Walk, work_s: float, priority: int) -> None:
        """Take the walk in."""
        self._arrive(walk, work_s, priority, is_hold=False)

    def hold(self, walk: Walk, priority: int) -> None:
        """Take the walk in, to begin the steps inside when a server is free."""
        self._arrive(walk, 0.0, priority, is_hold=True)

    def _arrive(self, walk: Walk, work_s: float, priority: int, *, is_hold: bool) -> None:
        now_s = self._clock.now
        guest = Guest(
            walk=walk,
            row=self._ledger.visit_arrived(walk, self._number, now_s, work_s),
            is_hold=is_hold,
            priority=priority,
            arrived_s=now_s,
            work_s=work_s,
            left_s=work_s,
        )
        self.totals.come(now_s)
        if not self._is_up and self._ways.on_crash == OnCrash.LOST:
            self._refuse(guest)
        elif self._is_free and not self._queue and not self._ways.poll_s:
            self._clock.next(*self._begin([guest]))
        elif (less_urgent := self._less_urgent_than(guest)) is not None:
            self._preempt(less_urgent)
            self._clock.next(*self._begin([guest]))
        elif len(self._queue) >= self._ways.queue_max:
            self._refuse(guest)
        else:
            self._queue.append(guest)
            self._ask_for_poll()

    def _refuse(self, guest: Guest) -> None:
        self._leave(guest, Outcome.REFUSED)
        self._walks.end(guest.walk, Outcome.REFUSED)

    def _leave(self, guest: Guest, outcome: Outcome) -> None:
        """Record that a guest goes, and why."""
        self.totals.go(self._clock.now, guest.arrived_s, outcome)
        if outcome == Outcome.DONE:
            self.totals.worked_s += guest.work_s
        self._ledger.visit_left(guest.row, self._clock.now, outcome)

    # Beginning and ending.

    @property
    def _is_free(self) -> bool:
        return self._is_up and len(self.services) < self._servers

    def _serve(self) -> None:
        """Begin what can begin: at the next poll, where there are polls."""
        if self._ways.poll_s:
            self._ask_for_poll()
        else:
            self._begin_next()

    def _begin_next(self) -> None:
        """Fill the free servers from the queue; what follows from it at once comes after that."""
        aside: list[Act] = []
        while self._is_free and (guests := self._next_guests(aside)):
            aside += self._begin(guests)
        self._clock.next(*aside)

    def _next_guests(self, aside: list[Act]) -> list[Guest]:
        """Take from the queue what one server takes at once; who is too late is put aside."""
        guests: list[Guest] = []
        while self._queue and len(guests) < self._ways.batch_max:
            guest = self._queue.pop()
            if self._is_too_late(guest.walk):
                self._leave(guest, Outcome.EXPIRED)
                aside.append((self._walks.end, guest.walk, Outcome.EXPIRED))
            else:
                guests.append(guest)
        return guests

    def _is_too_late(self, walk: Walk) -> bool:
        now_s = self._clock.now
        return walk.stops_s < now_s or (self._ways.drop_expired and walk.expires_s < now_s)

    def _begin(self, guests: list[Guest]) -> list[Act]:
        """Serve guests together, and return what follows from it at once."""
        for guest in guests:
            self._record_begin(guest)
        first = guests[0].walk
        service = Service(
            guests=guests,
            order=order_of(first, self._number),
            left_s=self._work_together_s(guests),
            end=self._end,
            is_hold=guests[0].is_hold,
        )
        self.services.add(service)
        if service.is_hold:
            return [
                (
                    self._walks.proceed,
                    self._walks.inside(first, _Holding(member=self, service=service)),
                )
            ]
        self._resume(service)
        return []

    def _record_begin(self, guest: Guest) -> None:
        if not guest.has_begun:
            guest.has_begun = True
            self.totals.waited_s += self._clock.now - guest.arrived_s
            self._ledger.visit_began(guest.row, self._clock.now)

    def _work_together_s(self, guests: Sequence[Guest]) -> float:
        left_s, walk = guests[0].left_s, guests[0].walk
        if self._ways.overhead is not None:
            chance = chance_of(walk, self._walks.steps[walk.at], Draw.OVERHEAD)
            left_s += self._ways.overhead(chance)
        for guest in guests[1:]:
            left_s += guest.left_s
        return left_s

    def _end(self, service: Service) -> None:
        """Let the next of the queue begin, and then who was served go on."""
        self.services.remove(service)
        for guest in service.guests:
            self._leave(guest, Outcome.DONE)
        self._clock.next(*((self._walks.go_on, guest.walk) for guest in service.guests))
        self._serve()

    def give_back(self, service: Service, outcome: Outcome) -> None:
        """End a hold, unless it was lost meanwhile; its walk fails if the steps inside did."""
        if service not in self.services:
            return
        self.services.remove(service)
        (guest,) = service.guests
        self._leave(guest, Outcome.DONE)
        self._clock.next((self._walks.leave, guest.walk, outcome))
        self._serve()

    def _less_urgent_than(self, guest: Guest) -> Service | None:
        """Return who has to give way to a guest who arrives: the last begun of the least urgent."""
        if self._ways.discipline != Discipline.PREEMPTIVE or not self._is_up:
            return None
        least_urgent = None
        for service in self.services:
            (other,) = service.guests
            if least_urgent is None or other.priority >= least_urgent.guests[0].priority:
                least_urgent = service
        if least_urgent is None or least_urgent.guests[0].priority <= guest.priority:
            return None
        return least_urgent

    def _preempt(self, service: Service) -> None:
        self._pause(service)
        self.services.remove(service)
        (guest,) = service.guests
        guest.left_s = service.left_s
        self._queue.put_back([guest])

    def _pause(self, service: Service) -> None:
        if self._speed > 0 and not service.is_hold:
            self._host.take_off(service, speed=self._speed)

    def _resume(self, service: Service) -> None:
        if self._speed > 0 and not service.is_hold:
            self._host.begin(service, speed=self._speed)

    # Polling.

    def _ask_for_poll(self) -> None:
        if self._ways.poll_s and self._is_free and self._queue and not self._poll_is_asked_for:
            self._poll_is_asked_for = True
            at_s = poll_after(self._clock.now, self._ways.poll_s)
            self._clock.at(at_s, (At.POLL, self._number), self._poll, None)

    def _poll(self, _moment: Moment) -> None:
        self._poll_is_asked_for = False
        self._begin_next()

    # What happens to the member.

    def crash(self) -> None:
        """Go down; who is here fails, or waits for the repair."""
        self._is_up = False
        services = list(self.services)
        for service in services:
            self._pause(service)
            self.services.remove(service)
        aside: list[Act] = []
        back: list[Guest] = []
        for service in services:
            for guest in service.guests:
                if service.is_hold or self._ways.on_crash == OnCrash.LOST:
                    aside.append(self._lose(guest))
                else:
                    guest.left_s = service.left_s if self._keeps_progress else guest.work_s
                    back.append(guest)
        self._queue.put_back(back)
        while self._ways.on_crash == OnCrash.LOST and self._queue:
            aside.append(self._lose(self._queue.pop_most_urgent()))
        self._clock.next(*aside)

    @property
    def _keeps_progress(self) -> bool:
        alone = self._ways.batch_max == 1 and self._ways.overhead is None
        return alone and self._ways.on_crash == OnCrash.RESUME

    def _lose(self, guest: Guest) -> Act:
        self._leave(guest, Outcome.LOST)
        return self._walks.end, guest.walk, Outcome.LOST

    def repair(self) -> None:
        """Come up again."""
        self._is_up = True
        self._serve()

    def set_speed(self, speed: float) -> None:
        """Work at this share of the full speed from now on; 0 is a pause."""
        for service in self.services:
            self._pause(service)
        self._speed = speed
        for service in self.services:
            self._resume(service)

    def set_servers(self, servers: int) -> None:
        """Have so many servers; who is in service beyond that ends it first."""
        self._servers = servers
        self._serve()

    def close(self, until_s: float) -> None:
        """Add to the totals who is present when the run ends."""
        in_service = [guest.arrived_s for service in self.services for guest in service.guests]
        waiting = [guest.arrived_s for guest in self._queue]
        self.totals.close(until_s, in_service + waiting)
        self.totals.busy_s = self.services.busy_s()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Holding:
    """Waits for the end of the steps taken while a server is held."""

    member: EventfulMember
    service: Service

    def told(self, _walk: Walk, outcome: Outcome) -> None:
        """Give the server back."""
        self.member.give_back(self.service, outcome)
