"""How the steps of a journey are made: visits, reads and writes of stores, calls of services."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from model.world.attributes import Attribute
from model.world.design.guards import call_guarded, read_hedged
from model.world.journeys import Delay, Link, Step, Visit, WithProbability, Write
from model.world.keys import RANDOM, Key, is_of_legs
from model.world.laws import QuantileTable
from model.world.routes import SHARD, legs_column, read_column, write_column
from model.world.topology import TAKE_WHEN_IDLE
from model.world.wiring import CALLED, WIRE, Wiring

WorkOf = Callable[[str, str], QuantileTable]  # (journey, station) -> work of one visit or call

READER, TARGET, NAME = "reader", "target", "name"  # visits with one key meet one shard


class Steps:
    """Makes the steps of one journey."""

    def __init__(self, journey: str, work_of: WorkOf, wiring: Wiring | None = None) -> None:
        self._journey = journey
        self._work_of = work_of
        self.wiring = wiring or Wiring()

    def for_nothing(self) -> Steps:
        """Return who makes the same steps, that meet the same servers, without any work."""
        return Steps(self._journey, lambda *of: self._work_of(*of).scaled(0.0), self.wiring)

    def visit(self, station: str, key: Key = "", *, name: str = "") -> Step:
        """Return one visit with all of its work; of a store, a read at the nearest copy."""
        work = self.work(station)
        at = self._key(station, key)
        step = Visit(station=station, work=work, key=at, replica=self.wiring.copy, name=name)
        if station not in self.wiring.copies:
            return step
        far = legs_column(station) if is_of_legs(key) else read_column(station)
        return self._away(read_hedged(self.wiring, step), far, name or station)

    def work(self, station: str) -> QuantileTable:
        """Return the work of one visit, or of one call."""
        return self._work_of(self._journey, station)

    def write(
        self, station: str, key: Key = "", *, work: QuantileTable | None = None, name: str = ""
    ) -> Step:
        """Return one write of a store: at the first copy, and then at the others.

        It does all the work of a visit, or so much `work`.  Without a key it goes to a shard of
        its own, whoever is up: what is written lies where its number says.
        """
        work = work or self.work(station)
        chosen = self._key(station, key) or name or station
        step: Step = Visit(station=station, work=work, key=chosen, name=name)
        if self.wiring.copies.get(station, 1) > 1:
            acks = self.wiring.acks[station]
            step = Write(station=station, work=work, acks=acks, key=chosen, name=name)
        return self._away(step, write_column(station), name or station)

    def call(
        self, station: str, *inner: Step, key: Key = "", priority: int = 0, way: str = ""
    ) -> tuple[Step, ...]:
        """Return half of the work, the inner steps, and the other half at the same instance.

        Which one that is follows from the key; without one, all calls of a request meet the same.
        Only of those who take work when they are idle each half is done by who has least to do.
        What is not in every zone names the column that says how far the `way` there and back is.
        """
        half = self.work(station).scaled(0.5)
        before = Visit(
            station=station,
            work=half,
            key=RANDOM if station in TAKE_WHEN_IDLE else key or station,
            replica=self.wiring.copy,
            priority=priority,
        )
        after = replace(before, name=f"{station}_answer")
        gone = (*self.way(way), *self._sent(station))
        return call_guarded(self.wiring, station, (*gone, before, *inner, after))

    def way(self, column: str) -> tuple[Step, ...]:
        """Return the way there and back that a column says, if there are several zones."""
        is_far = self.wiring.is_spread and column
        return (Delay(time=Attribute(name=column), name="way"),) if is_far else ()

    def several(self, station: str, key: str, count: int, *, name: str) -> tuple[Step, ...]:
        """Return so many visits with one key, one after another."""
        return tuple(self.visit(station, key, name=f"{station}_{name}_{n}") for n in range(count))

    def _key(self, station: str, key: Key) -> Key:
        """Return the key, or the shard that the request names itself where one shard is hot."""
        is_hot = station == self.wiring.hot_station and not is_of_legs(key)
        return Attribute(name=SHARD) if is_hot else key

    def _sent(self, station: str) -> tuple[Step, ...]:
        is_sent = self.wiring.loses_messages and station in CALLED
        return (Link(link=WIRE),) if is_sent else ()

    def _away(self, step: Step, column: str, name: str) -> Step:
        """Return the step with the way there and back before it."""
        if not self.wiring.is_spread:
            return step
        return WithProbability(p=1.0, then=(*self.way(column), step), name=f"{name}_away")


def now_and_then(share: float | Attribute, *steps: Step, name: str) -> Step:
    """Return steps that only a share of requests takes."""
    return WithProbability(p=share, then=steps, name=name)
