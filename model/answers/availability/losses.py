"""What share of requests is lost to which cause, given how often what is the matter."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from model.answers.availability.components import System
from model.answers.availability.outages import Cause, Phase, Troubles
from model.answers.availability.parts import Counts, Part, Parts
from model.world.scenario import Endpoint

SEVERAL = "several at once"
_TOLD_FIRST = (Phase.UNNOTICED, Phase.FAILOVER, Phase.DOWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Losses:
    """The shares of requests lost, by cause and kind of request, and of time in which all is well.

    All is well while nothing alone fails more than `felt_min` of all requests.
    """

    lost: Mapping[str, Mapping[Endpoint, float]]
    well_share: float

    def of(self, endpoint: Endpoint) -> float:
        """Return the share of the requests of a kind that are lost."""
        return math.fsum(lost[endpoint] for lost in self.lost.values())

    def by(self, cause: str, mix: Mapping[Endpoint, float]) -> float:
        """Return the share of all requests that is lost to a cause."""
        lost = self.lost.get(cause, {})
        return math.fsum(mix[endpoint] * share for endpoint, share in lost.items())

    def in_all(self, mix: Mapping[Endpoint, float]) -> float:
        """Return the share of all requests that is lost."""
        return math.fsum(self.by(cause, mix) for cause in self.lost)


def losses_of(
    system: System, counts: Counts, shares: Mapping[Troubles, float], *, felt_min: float
) -> Losses:
    """Return what is lost when these combinations of troubles have these shares of time.

    What is lost while nothing strikes many things at once is divided among the components as
    they would lose alone; what is lost otherwise is put down to what strikes.
    """
    parts_of = Parts(system, counts)
    lost: dict[str, dict[Endpoint, float]] = {}
    well = 0.0
    for troubles, share in shares.items():
        parts = parts_of.during(troubles)
        well += share * math.prod(part.unfelt(system.mix, felt_min) for part in parts)
        for endpoint in system.mix:
            for cause, failing in _by_cause(parts, troubles, endpoint):
                row = lost.setdefault(cause, dict.fromkeys(system.mix, 0.0))
                row[endpoint] += share * failing
    return Losses(lost=lost, well_share=well)


def failing_share(parts: Sequence[Part], endpoint: Endpoint) -> float:
    """Return the share of requests of a kind that fail for any of the parts."""
    return 1 - math.prod(1 - part.mean(endpoint) for part in parts)


def _by_cause(
    parts: Sequence[Part], troubles: Troubles, endpoint: Endpoint
) -> Iterator[tuple[str, float]]:
    failing = failing_share(parts, endpoint)
    if troubles:
        yield cause_of(troubles), failing
        return
    alone = {part.name: part.mean(endpoint) for part in parts}
    total = math.fsum(alone.values())
    for name, share in alone.items():
        yield name, failing * share / total if total else 0.0


def cause_of(troubles: Troubles) -> str:
    """Return what a combination of troubles is called in a budget."""
    if len({trouble.root for trouble in troubles}) > 1:
        return SEVERAL
    first = next(iter(troubles))
    cause: str = first.cause.value
    if first.cause is Cause.INCIDENT:
        return cause
    if first.cause is Cause.COMMON:
        return f"{cause}: {first.which}"
    phases = {trouble.phase for trouble in troubles}
    phase: Phase = next(p for p in _TOLD_FIRST if p in phases)
    return f"{cause}: {phase.value}"
