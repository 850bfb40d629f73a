"""How the steps of a journey are made: visits, and calls of other services."""

from __future__ import annotations

from collections.abc import Callable

from model.world.journeys import Step, Visit, WithProbability
from model.world.laws import QuantileTable

WorkOf = Callable[[str, str], QuantileTable]  # (journey, station) -> work of one visit or call

READER, TARGET, NAME = "reader", "target", "name"  # visits with one key meet one shard


class Steps:
    """Makes the steps of one journey."""

    def __init__(self, journey: str, work_of: WorkOf) -> None:
        self._journey = journey
        self._work_of = work_of

    def visit(self, station: str, key: str = "", *, name: str = "") -> Step:
        """Return one visit with all of its work."""
        work = self._work_of(self._journey, station)
        return Visit(station=station, work=work, key=key, name=name)

    def call(self, station: str, *inner: Step) -> tuple[Step, ...]:
        """Return half of the work, the inner steps, and the other half at the same instance."""
        half = self._work_of(self._journey, station).scaled(0.5)
        before = Visit(station=station, work=half, key=station)
        after = Visit(station=station, work=half, key=station, name=f"{station}_answer")
        return (before, *inner, after)

    def several(self, station: str, key: str, count: int, *, name: str) -> tuple[Step, ...]:
        """Return so many visits with one key, one after another."""
        return tuple(self.visit(station, key, name=f"{station}_{name}_{n}") for n in range(count))


def now_and_then(share: float, *steps: Step, name: str) -> Step:
    """Return steps that only a share of requests takes."""
    return WithProbability(p=share, then=steps, name=name)
