"""What requests may fail for, part by part, while some troubles are the matter."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from model.answers.availability.components import Pool, Shards, System
from model.answers.availability.counts import Counted, Floats
from model.answers.availability.needs import Access, Need
from model.answers.availability.outages import Cause, Phase, Troubles, zones_down
from model.answers.availability.unanswered import Passing, any_of, moving, unanswered, unnoticed
from model.world.scenario import Endpoint

Counts = Mapping[str, Counted]  # by component
Needs = Mapping[Endpoint, tuple[Need, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What one thing adds: by its levels, their share of time and which requests fail in each."""

    name: str
    time_share: Floats
    failing: Mapping[Endpoint, Floats]

    def mean(self, endpoint: Endpoint) -> float:
        """Return the share of requests of a kind that fail for it."""
        return float(self.time_share @ self.failing[endpoint]) if endpoint in self.failing else 0.0

    def unfelt(self, mix: Mapping[Endpoint, float], felt_min: float) -> float:
        """Return the share of time in which it fails at most `felt_min` of all requests."""
        share = np.zeros(len(self.time_share))
        for endpoint, failing in self.failing.items():
            share = share + mix[endpoint] * failing
        return float(self.time_share @ (share <= felt_min))


class Parts:
    """The parts of one system with given numbers down; parts fail independently of each other."""

    def __init__(self, system: System, counts: Counts) -> None:
        self._system = system
        self._counts = counts
        self._needs = {name: _needs_of(system, name) for name in system.needed}
        self._moments = {name: self._moment(name) for name in self._needs}
        self._kept: dict[tuple[str, frozenset[int]], Part] = {}

    def during(self, troubles: Troubles) -> list[Part]:
        """Return everything for which requests may fail while these are the matter."""
        struck = {trouble.which for trouble in troubles if trouble.cause is Cause.COMMON}
        down = zones_down(troubles)
        found = list(self._of_all(troubles))
        for name, needs in self._needs.items():
            if name in struck:
                found.append(_certain(f"{Cause.COMMON.value}: {name}", _any_need(needs, 1.0)))
            else:
                found += [self._lasting(name, down), self._moments[name]]
                found += self._moved_from_zones(name, troubles)
        return found

    def of_component(self, name: str) -> tuple[Part, Part]:
        """Return what a component fails for by itself, lastingly and just after a failure."""
        return self._lasting(name, frozenset()), self._moments[name]

    def _of_all(self, troubles: Troubles) -> Iterator[Part]:
        """Yield what fails for all kinds of requests alike: bad changes, and zones not noticed.

        A request stays in the zone that it came in by, as long as there are instances there.
        """
        mix = self._system.mix
        if any(trouble.cause is Cause.INCIDENT for trouble in troubles):
            share = self._system.failing.incidents.share
            yield _certain(Cause.INCIDENT.value, dict.fromkeys(mix, share))
        fresh = {trouble.zone for trouble in troubles if trouble.phase is Phase.UNNOTICED}
        if fresh:
            asked = len(self._system.region_of_zone) - len(zones_down(troubles) - fresh)
            yield _certain(Phase.UNNOTICED.value, dict.fromkeys(mix, len(fresh) / asked))

    def _lasting(self, name: str, down: frozenset[int]) -> Part:
        """Return what a component fails for as long as so many of its members are down."""
        if (name, down) not in self._kept:
            component, counted = self._system.components[name], self._counts[name]
            failing = {
                endpoint: 1 - _product(1 - unanswered(component, n, down, counted) for n in needs)
                for endpoint, needs in self._needs[name].items()
            }
            left = "instances" if isinstance(component, Pool) else "copies"
            self._kept[name, down] = Part(
                name=f"{name}: too few {left}", time_share=counted.time_share, failing=failing
            )
        return self._kept[name, down]

    def _moment(self, name: str) -> Part:
        """Return what fails just after a failure: until it is noticed, or others take over."""
        component, counted = self._system.components[name], self._counts[name]
        if isinstance(component, Pool):
            passing = unnoticed(component, counted, self._system.noticed_after_s)
            failing = _any_need(self._needs[name], passing.failing_share)
            return _passing(f"{name}: {Phase.UNNOTICED.value}", passing, failing)
        passing = moving(component, counted)
        failing = _of_writes(self._needs[name], passing.failing_share)
        return _passing(f"{name}: {Phase.FAILOVER.value}", passing, failing)

    def _moved_from_zones(self, name: str, troubles: Troubles) -> list[Part]:
        """Return which writes wait for another copy because zones were lost: their part."""
        store = self._system.components[name]
        zones = {trouble.zone for trouble in troubles if trouble.store == name}
        if not zones or not isinstance(store, Shards):
            return []
        share = len(zones) / store.zones
        return [_certain(f"{name}: {Phase.FAILOVER.value}", _of_writes(self._needs[name], share))]


def _needs_of(system: System, name: str) -> Needs:
    found = {
        endpoint: tuple(need for need in needs if need.station == name)
        for endpoint, needs in system.needs.items()
    }
    return {endpoint: needs for endpoint, needs in found.items() if needs}


def _any_need(needs: Needs, share: float) -> dict[Endpoint, float]:
    return {endpoint: share * max(n.share for n in these) for endpoint, these in needs.items()}


def _of_writes(needs: Needs, share: float) -> dict[Endpoint, float]:
    return {
        endpoint: float(any_of(share, need.keys))
        for endpoint, these in needs.items()
        for need in these
        if need.access is Access.WRITE
    }


def _certain(name: str, failing: Mapping[Endpoint, float]) -> Part:
    arrays = {endpoint: np.asarray([share]) for endpoint, share in failing.items()}
    return Part(name=name, time_share=np.ones(1), failing=arrays)


def _passing(name: str, passing: Passing, failing: Mapping[Endpoint, float]) -> Part:
    arrays = {endpoint: np.asarray([0.0, share]) for endpoint, share in failing.items()}
    shares = np.asarray([1 - passing.time_share, passing.time_share])
    return Part(name=name, time_share=shares, failing=arrays)


def _product(factors: Iterator[Floats]) -> Floats:
    return np.asarray(np.prod(list(factors), axis=0))
