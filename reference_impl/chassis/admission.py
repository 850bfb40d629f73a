"""How many requests one process answers at a time: the next is told to come again."""

from __future__ import annotations

from reference_impl.chassis.errors import Unavailable
from reference_impl.chassis.metrics import IN_FLIGHT, SHED


class Admission:
    """Lets requests in up to a limit.

    Beyond it each would only make all others slower, until none met its deadline: a quick
    refusal costs the caller least, and lets a balancer try another instance.
    """

    def __init__(self, service: str, in_flight_max: int) -> None:
        self._in_flight_max = in_flight_max
        self._in_flight = 0
        self._shed = SHED.labels(service)
        IN_FLIGHT.labels(service).set_function(lambda: self._in_flight)

    def enter(self) -> None:
        """Count one more request as under way, until `leave`; raise Unavailable at the limit."""
        if self._in_flight >= self._in_flight_max:
            self._shed.inc()
            raise Unavailable(f"{self._in_flight_max} requests are under way already")
        self._in_flight += 1

    def leave(self) -> None:
        """Count one less."""
        self._in_flight -= 1
