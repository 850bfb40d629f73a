"""What the servers of one member are doing in SimPy, and for how long they have been busy."""

from __future__ import annotations

from collections.abc import Iterator

from model.engine.simpy_clock import Clock
from model.engine.simpy_hosts import Service


class Services:
    """The services of one member that have begun, in that order."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._services: dict[Service, None] = {}
        self._busy_s, self._lately_s, self._changed_s = 0.0, 0.0, 0.0

    def __len__(self) -> int:
        return len(self._services)

    def __iter__(self) -> Iterator[Service]:
        return iter(self._services)

    def __contains__(self, service: Service) -> bool:
        return service in self._services

    def add(self, service: Service) -> None:
        """Keep one more server busy."""
        self._pass()
        self._services[service] = None

    def remove(self, service: Service) -> None:
        """Keep its server busy no more."""
        self._pass()
        del self._services[service]

    def busy_s(self) -> float:
        """Return the server-seconds in service since the run began."""
        self._pass()
        return self._busy_s

    def take_busy_s(self) -> float:
        """Return the server-seconds in service since this was last asked."""
        self._pass()
        lately_s, self._lately_s = self._lately_s, 0.0
        return lately_s

    def _pass(self) -> None:
        now_s = self._clock.now
        passed_s = len(self._services) * (now_s - self._changed_s)
        self._busy_s += passed_s
        self._lately_s += passed_s
        self._changed_s = now_s
