"""The open loop: every arrival is sent at its own time, whatever became of those before it.

Times are absolute, so that a late send makes none of the next ones late; an arrival that
finds `in_flight_max` requests under way is not sent but recorded as dropped, because a
generator that waits there would let the server set the pace (coordinated omission).
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import gevent
from gevent.pool import Pool

from loadtest.generator.sockets import over_tcp_or_socket
from loadtest.generator.timer import best_timer
from loadtest.plan import Persons, Plan, PlannedArrival
from loadtest.wire import Caller
from model.world.scenario import Endpoint

PATIENCE_MARGIN_S = 0.05  # the socket's own timeout comes first: it gives its connection back


class Outcome(NamedTuple):
    """What became of one arrival; times are seconds since the run began."""

    request: int
    sent_s: float = math.nan
    done_s: float = math.nan
    status: int = 0
    bytes: int = 0
    server_timing: str = ""
    error: str = ""


class Stopped(BaseException):
    """Thrown into the dispatcher where it waits, to stop it."""


class Dispatcher:
    """Walks a plan's arrivals and keeps one outcome for each that it came to."""

    def __init__(self, plan: Plan, persons: Persons) -> None:
        self._plan = plan
        self._arrivals = [PlannedArrival(*row) for row in plan.arrivals.itertuples(index=False)]
        self._caller = Caller(persons, plan.run_id)
        self._pool = Pool(plan.in_flight_max)
        self._timer = best_timer()
        self._started_s = math.inf
        self._walk: gevent.Greenlet | None = None
        self.outcomes: list[Outcome] = []
        self.stopped = False

    def run(self, client: Any, started_s: float) -> None:
        """Send everything through Locust's `client`, from `started_s` of the monotonic clock on."""
        self._started_s = started_s
        self._walk = gevent.getcurrent()
        try:
            if not self.stopped:
                self._send_all(client)
                self._timer.wait_until(started_s + self._plan.until_s)
                self._pool.join()
        except Stopped:
            self._pool.kill()

    def stop(self) -> None:
        """Send nothing more, and give up what is under way; what is known is kept."""
        if not self.stopped:
            self.stopped = True
            if self._walk is not None:
                gevent.kill(self._walk, Stopped)

    def _send_all(self, client: Any) -> None:
        for arrival in self._arrivals:
            send = partial(client.request, **self._written(arrival))  # before it is due
            self._timer.wait_until(self._started_s + arrival.at_s)
            if self._pool.full():
                self.outcomes.append(Outcome(arrival.request, error="dropped"))
            else:
                self._pool.spawn(self._send, send, arrival.request)

    def _written(self, arrival: PlannedArrival) -> dict[str, Any]:
        """Return the arrival's request in the words of Locust's client."""
        endpoint = Endpoint(arrival.endpoint)
        call = self._caller.call(
            endpoint, arrival.request, user=arrival.user, target=arrival.target
        )
        url = self._plan.urls_of(endpoint)[arrival.gateway]
        return {
            "method": call.method,
            "url": over_tcp_or_socket(url) + call.path,
            "name": arrival.endpoint,
            "data": call.body,
            "headers": call.headers,
            "catch_response": True,
        }

    def _send(self, send: Callable[[], Any], request: int) -> None:
        sent_s = self._now_s()
        outcome = Outcome(request, sent_s, error="interrupted")
        try:
            with (
                gevent.Timeout(self._plan.request_timeout_s + PATIENCE_MARGIN_S),
                send() as response,
            ):
                outcome = self._outcome_of(response, request, sent_s)
        finally:
            self.outcomes.append(outcome)

    def _outcome_of(self, response: Any, request: int, sent_s: float) -> Outcome:
        """Read an answer that Locust's client has received in full, or given up."""
        done_s = self._now_s()
        meta = response.request_meta
        error, status = meta["exception"], response.status_code
        if status == 0 or (error is not None and status < 400):
            cause = getattr(error, "original", None) or error  # the client says RetriesExceeded
            return Outcome(request, sent_s, error=type(cause).__name__)
        timing = response.headers.get("server-timing") or ""
        joined = timing if isinstance(timing, str) else ", ".join(timing)
        return Outcome(request, sent_s, done_s, status, meta["response_length"], joined)

    def _now_s(self) -> float:
        return time.monotonic() - self._started_s
