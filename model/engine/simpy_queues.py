"""The queue of one member in SimPy: who waits, and who is next."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from math import inf

from model.engine.codes import Discipline
from model.engine.simpy_walks import Walk
from model.world.journeys import PRIORITIES

_BY_PRIORITY = Discipline.PRIORITY, Discipline.PREEMPTIVE


@dataclass(slots=True, kw_only=True, eq=False)
class Guest:
    """A visit, or a hold, to a member that cannot say on arrival when it will end."""

    walk: Walk
    row: int  # of `Visits`
    is_hold: bool
    priority: int
    arrived_s: float
    work_s: float
    left_s: float  # of the work, while it waits
    has_begun: bool = False


class Queue:
    """Guests in the classes of their priority, if the discipline goes by it, or in one."""

    def __init__(self, discipline: int, *, lifo_above: int) -> None:
        self._by_priority = discipline in _BY_PRIORITY
        self._lifo_above = lifo_above if discipline == Discipline.LIFO else inf
        classes = PRIORITIES if self._by_priority else 1
        self._classes: Sequence[deque[Guest]] = [deque() for _ in range(classes)]
        self._length = 0

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[Guest]:
        """Most urgent class first, in order."""
        return chain.from_iterable(self._classes)

    def append(self, guest: Guest) -> None:
        """Let a guest wait."""
        self._class_of(guest).append(guest)
        self._length += 1

    def put_back(self, guests: Sequence[Guest]) -> None:
        """Let guests who were in service wait before all others of their classes, in order."""
        for guest in reversed(guests):
            self._class_of(guest).appendleft(guest)
        self._length += len(guests)

    def pop(self) -> Guest:
        """Take the next."""
        waiting = next(filter(None, self._classes))
        self._length -= 1
        return waiting.pop() if len(waiting) > self._lifo_above else waiting.popleft()

    def pop_most_urgent(self) -> Guest:
        """Take the first of the most urgent class, whatever the discipline."""
        self._length -= 1
        return next(filter(None, self._classes)).popleft()

    def _class_of(self, guest: Guest) -> deque[Guest]:
        return self._classes[guest.priority if self._by_priority else 0]
