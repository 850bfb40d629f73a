"""What happens to a fleet while it runs: crashes, pauses, lost zones, lossy links, new sizes.

Everything lasts `Once`, from one instant on, or comes `Again` and again.  What overlaps adds up:
a member is up when no crash holds it down, and as fast as all slow-downs together leave it.
Sizes change at an instant, and `Autoscale` changes them as the load does.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import TypeAlias

from model.world.laws import Law

ALL: tuple[int, ...] = ()  # every member of the station


@dataclass(frozen=True, slots=True, kw_only=True)
class Once:
    """From `at_s` for `for_s` seconds (infinite: for good)."""

    at_s: float
    for_s: float = inf


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """Begins a time drawn from `every` after the last has ended, and lasts as `lasting` says.

    Every member has luck of its own.
    """

    every: Law
    lasting: Law


@dataclass(frozen=True, slots=True, kw_only=True)
class Crash:
    """These members of a station are down; its `on_crash` says what becomes of their work."""

    station: str
    when: Once | Again
    members: tuple[int, ...] = ALL


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneLoss:
    """Every member of every station that stands in this zone is down."""

    zone: int
    when: Once


@dataclass(frozen=True, slots=True, kw_only=True)
class SlowDown:
    """These members of a station work at `factor` of their speed; 0 is a pause."""

    station: str
    factor: float
    when: Once | Again
    members: tuple[int, ...] = ALL


@dataclass(frozen=True, slots=True, kw_only=True)
class HostSlowDown:
    """A host works at `factor` of its speed; 0 is a pause of all that is on it."""

    host: str
    factor: float
    when: Once | Again


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageLoss:
    """Messages over a link are lost with this probability, if that is more than its own."""

    link: str
    probability: float
    when: Once


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageLag:
    """Messages over a link take `extra_s` longer."""

    link: str
    extra_s: float
    when: Once


@dataclass(frozen=True, slots=True, kw_only=True)
class Resize:
    """From `at_s` on, these members have so many servers; those taken away end their work first."""

    station: str
    servers: int
    at_s: float
    members: tuple[int, ...] = ALL


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """From `at_s` on, only the first `shards` of a station are in use; before the first, all are.

    Visits that are already at another shard end there.
    """

    station: str
    shards: int
    at_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheWipe:
    """Every member of a cache forgets all keys at `at_s`; what is being fetched is stored still."""

    cache: str
    at_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Autoscale:
    """As many of a station's copies are in use as keep them `busy_target` busy.

    They begin with `copies_min`.  Every `every_s` seconds they become as many as would have had
    that share of their servers in service, at most `copies_max`: "desiredReplicas = ceil[
    currentReplicas * (currentMetricValue / desiredMetricValue)]" (Kubernetes documentation,
    "Horizontal Pod Autoscaling", algorithm details), without its tolerance.  A copy is in use
    `start_up_s` after it was asked for; one too many is taken out of use at once, and ends the
    visits that are there, unless the station never `shrinks`.
    """

    station: str
    every_s: float
    busy_target: float
    start_up_s: float
    copies_min: int
    copies_max: int
    shrinks: bool = True


Happening: TypeAlias = (
    Crash
    | ZoneLoss
    | SlowDown
    | HostSlowDown
    | MessageLoss
    | MessageLag
    | Resize
    | Spread
    | CacheWipe
)  # that is known before any request comes
Failure: TypeAlias = Happening | Autoscale
