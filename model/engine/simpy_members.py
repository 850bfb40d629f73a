"""Members of stations in SimPy: what they have in common, and the plain ones."""

from __future__ import annotations

from heapq import heapreplace
from typing import Protocol

from model.engine.codes import At
from model.engine.simpy_clock import Order
from model.engine.simpy_walks import Walk, Walks
from model.engine.stations import end_of_service, start_of_service


class Member(Protocol):
    """One member of a station."""

    def visit(self, walk: Walk, work_s: float, priority: int) -> None:
        """Take the walk in, and let it go on when its work is done."""

    def hold(self, walk: Walk, priority: int) -> None:
        """Take the walk in, and let it take the steps inside when a server is free for it."""

    def close(self, until_s: float) -> None:
        """Add to the totals who is present when the run ends."""


class PlainMember:
    """Servers behind one first-come queue, with nothing that could disturb them.

    Nothing can come between an arrival and its end, so the end is known on arrival, and a visit
    costs one event however long it queues.
    """

    def __init__(self, walks: Walks, *, number: int, servers: int) -> None:
        self._walks, self._number = walks, number
        self._totals = walks.ledger.totals[number]
        self._free_s = [0.0] * servers  # a heap: when each server is next free

    def visit(self, walk: Walk, work_s: float, priority: int) -> None:  # noqa: ARG002 - all wait alike
        """Take the walk in."""
        walks, clock = self._walks, self._walks.clock
        now_s = clock.now
        start_s = start_of_service(now_s, self._free_s[0])
        end_s = end_of_service(start_s, work_s, 1.0)
        heapreplace(self._free_s, end_s)
        walks.ledger.visit_foreseen(walk, self._number, now_s, start_s, end_s, work_s)
        clock.at(end_s, order_of(walk, self._number), walks.time_passed, walk)

    def hold(self, walk: Walk, priority: int) -> None:  # noqa: ARG002 - refused whoever it is
        """Cannot be: a station that is held is not plain."""
        raise AssertionError(f"member {self._number} is plain, and held")

    def close(self, until_s: float) -> None:  # noqa: ARG002 - who is present was booked on arrival
        """Add to the totals that who is done has kept a server busy with all of its work."""
        self._totals.busy_s += self._totals.worked_s


def order_of(walk: Walk, member: int) -> Order:
    """Return when the end of a walk's service comes among all that happens at that instant."""
    return At.SERVICE_END, member, walk.request.uid, walk.at, walk.leg, walk.attempt
