"""Time in the SimPy engine: instants with an order, and what happens within one of them."""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappush
from typing import Any

import simpy

Order = tuple[int, ...]  # who goes first at one instant: an At, then as its docstring says
Act = tuple[Callable[..., Any], *tuple[Any, ...]]  # a function, and its arguments


class Moment(simpy.Event):
    """An instant at which something happens to `subject`."""

    def __init__(self, clock: Clock, happen: Callable[[Moment], None], subject: Any) -> None:
        # All that simpy.Event and `succeed` would set, at half of the price.
        self.env, self._ok, self._value = clock, True, None
        self.callbacks = [happen, clock.settled]
        self.subject = subject

    def forget(self) -> None:
        """Let the instant pass unheard: SimPy cannot unschedule."""
        self.callbacks = []


class Clock(simpy.Environment):
    """A SimPy environment that takes absolute instants, and an order for what ties there.

    SimPy adds a delay to the present, which loses ties to rounding, and lets what was scheduled
    first go first, which depends on how an engine works.

    What takes no time happens within the same event, one thing inside another: a walk that ends
    frees a server, whose next guest begins and ends, and so on, before the first walk goes on.
    Such a chain may be as long as a queue, so it is kept on a stack of our own, not on Python's.
    """

    def __init__(self) -> None:
        super().__init__()
        self._stack: list[Act] = []
        self.settled = self._settle  # bound once, for all moments

    def at(
        self, at_s: float, order: Order, happen: Callable[[Moment], None], subject: Any
    ) -> Moment:
        """Schedule `happen`, called with the moment, at the instant `at_s`."""
        moment = Moment(self, happen, subject)
        heappush(self._queue, (at_s, order[0], order, moment))  # type: ignore[misc]  # SimPy: a count
        return moment

    def next(self, *acts: Act) -> None:
        """Do these one after another, before all that was to be done next until now."""
        self._stack.extend(reversed(acts))

    def _settle(self, _moment: Moment) -> None:
        """Do all that the event has set going at once."""
        stack = self._stack
        while stack:
            act, *arguments = stack.pop()
            act(*arguments)
