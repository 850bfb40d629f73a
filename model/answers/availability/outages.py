"""What strikes many things at once: lost zones and regions, common causes, bad changes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from itertools import pairwise
from math import exp, inf, log
from typing import TypeAlias

from model.answers.availability.components import Shards, System
from model.answers.availability.counts import Uniform
from model.world.quantities import SECONDS_PER_UNIT
from model.world.scenario import ScenarioError

YEAR_S = SECONDS_PER_UNIT["y"]


class Cause(Enum):
    """What begins an outage; the value is its name in tables."""

    INCIDENT = "incidents"
    COMMON = "common cause"
    ZONE = "zones"
    REGION = "regions"


class Phase(Enum):
    """What is the matter: zones are down as long as they are, and the rest at first."""

    DOWN = "lost"
    UNNOTICED = "not noticed yet"
    FAILOVER = "failover"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """One thing that is the matter for a while, and what it comes from."""

    cause: Cause
    which: str = ""  # the region, or the component
    zone: int = -1
    phase: Phase = Phase.DOWN
    store: str = ""  # of a failover

    @property
    def root(self) -> tuple[Cause, str, int]:
        """What it comes from: equal for all phases of one outage, and all zones of a region."""
        return self.cause, self.which, self.zone if self.cause is Cause.ZONE else -1


Troubles: TypeAlias = frozenset[Trouble]
NONE: Troubles = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Something that is well for an exponential time, then struck for another."""

    troubles: tuple[Trouble, ...]
    every_s: float
    lasts_s: float


def sources_of(system: System) -> list[Source]:
    """Return everything in a system that strikes many things at once."""
    failing, zones = system.failing, range(len(system.region_of_zone))
    incidents = failing.incidents
    found = [
        Source(
            troubles=(Trouble(cause=Cause.ZONE, zone=zone),),
            every_s=failing.zone.every,
            lasts_s=failing.zone.repair,
        )
        for zone in zones
    ]
    for region in sorted(set(system.region_of_zone)):
        lost = [zone for zone in zones if system.region_of_zone[zone] == region]
        troubles = (Trouble(cause=Cause.REGION, which=region, zone=zone) for zone in lost)
        law = failing.region
        found.append(Source(troubles=tuple(troubles), every_s=law.every, lasts_s=law.repair))
    if incidents.per_year:
        found.append(
            Source(
                troubles=(Trouble(cause=Cause.INCIDENT),),
                every_s=YEAR_S / incidents.per_year,
                lasts_s=incidents.lasting,
            )
        )
    return [*found, *_common_causes(system)]


def _common_causes(system: System) -> Iterator[Source]:
    for name, component in system.needed.items():
        members = component.members
        if members.common_share:
            yield Source(
                troubles=(Trouble(cause=Cause.COMMON, which=name),),
                every_s=members.every_s / members.common_share,
                lasts_s=members.repair_s,
            )


def lasting_of(source: Source, system: System) -> list[tuple[Trouble, float]]:
    """Return all that is the matter after a source strikes, and for how long at most, in seconds.

    A lost zone is noticed, and the writes of its shards move to other copies, some time after.
    """
    lasting = [(trouble, inf) for trouble in source.troubles]
    for trouble in source.troubles:
        if trouble.cause in (Cause.ZONE, Cause.REGION):
            unnoticed = replace(trouble, phase=Phase.UNNOTICED)
            lasting.append((unnoticed, system.noticed_after_s))
            lasting += [
                (replace(trouble, phase=Phase.FAILOVER, store=name), store.failover_s)
                for name, store in system.needed.items()
                if isinstance(store, Shards) and store.copies > 1
            ]
    return lasting


def lived_through(system: System, span_s: float, uniform: Uniform) -> dict[Troubles, float]:
    """Let everything strike for `span_s` seconds; return the share of time of each combination."""
    changes: list[tuple[float, bool, Trouble]] = []
    for source in sources_of(system):
        lasting = lasting_of(source, system)
        for since_s, until_s in _strikes(source, span_s, uniform):
            for trouble, most_s in lasting:
                changes.append((since_s, True, trouble))
                changes.append((min(until_s, since_s + most_s), False, trouble))
    changes.sort(key=lambda change: change[0])
    return _shares_of_combinations(changes, span_s)


def _strikes(source: Source, span_s: float, uniform: Uniform) -> Iterator[tuple[float, float]]:
    """Yield from when to when a source's outages last."""
    now_s = -log(uniform()) * source.every_s
    while now_s < span_s:
        until_s = min(span_s, now_s - log(uniform()) * source.lasts_s)
        yield now_s, until_s
        now_s = until_s - log(uniform()) * source.every_s


def _shares_of_combinations(
    changes: list[tuple[float, bool, Trouble]], span_s: float
) -> dict[Troubles, float]:
    shares: dict[Troubles, float] = {}
    present: Counter[Trouble] = Counter()
    before_s, now = 0.0, NONE
    for at_s, begins, trouble in changes:
        shares[now] = shares.get(now, 0.0) + (at_s - before_s) / span_s
        present[trouble] += 1 if begins else -1
        before_s, now = at_s, frozenset(one for one, count in present.items() if count > 0)
    shares[now] = shares.get(now, 0.0) + (span_s - before_s) / span_s
    return shares


def first_order(system: System) -> dict[Troubles, float]:
    """Return the shares of time on paper, of one outage at a time; two never meet.

    An outage that lasts T, exponential, is in a phase that ends after c for min(T, c) seconds.
    Raises ScenarioError for outages that must meet, as they last longer than all time together.
    """
    shares: dict[Troubles, float] = {}
    for source in sources_of(system):
        ends = lasting_of(source, system)
        begins_per_s = 1 / (source.every_s + source.lasts_s)
        edges_s = sorted({0.0, *(most_s for _, most_s in ends)})
        for since_s, until_s in pairwise(edges_s):
            mean_s = source.lasts_s
            lasts_s = mean_s * (exp(-since_s / mean_s) - exp(-until_s / mean_s))
            present = frozenset(trouble for trouble, most_s in ends if most_s >= until_s)
            shares[present] = shares.get(present, 0.0) + begins_per_s * lasts_s
    shares[NONE] = 1 - sum(shares.values())
    if shares[NONE] <= 0:
        raise ScenarioError(
            "availability: zone, region, incidents and common_cause must leave some time in which"
            f" none of them strikes, got {1 - shares[NONE]:.4g} of all time if no two ever meet"
        )
    return shares


def span_s(system: System, troubles: Troubles) -> tuple[float, float]:
    """Return from when until when after a strike this is the matter; what lasts has no end."""
    ends = {
        trouble: most_s
        for source in sources_of(system)
        for trouble, most_s in lasting_of(source, system)
    }
    roots = {trouble.root for trouble in troubles}
    until_s = min(ends[trouble] for trouble in troubles)
    over_s = [
        most_s for trouble, most_s in ends.items() if trouble.root in roots and most_s < until_s
    ]
    return max(over_s, default=0.0), until_s


def zones_down(troubles: Troubles) -> frozenset[int]:
    """Return the zones that are down."""
    return frozenset(t.zone for t in troubles if t.zone >= 0 and t.phase is Phase.DOWN)


def seen_in(shares: Mapping[Troubles, float]) -> set[tuple[Cause, str, int]]:
    """Return what has struck at all."""
    return {trouble.root for troubles in shares for trouble in troubles}
