"""When a measurement counts: what must hold of the generator, the machine and the run."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from model.world.scenario import Load

GENERATOR_CORE_SHARE_MAX = 0.80  # beyond, a generator makes its own requests wait
FOREIGN_SHARE_MAX = 0.05  # two in three contaminated runs had wild tails and more than this
SUCCESSES_MIN = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What is known about how a run went, its warm-up left aside."""

    lateness_p99_s: float  # of sends, behind the instant that was intended
    offered: int  # arrivals intended
    sent: int  # of these, sent before the run's end
    dropped: int
    successes: int
    generator_core_share: float  # of its one core
    foreign_share: float  # of the cores in use: work of processes that are not ours
    stolen_share: float  # of the cores in use: taken by the hypervisor
    lost: tuple[str, ...] = ()  # processes of the system that ended meanwhile
    drained: bool = True
    interrupted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Validity:
    """Whether a run may be used, and if not, why."""

    reasons: tuple[str, ...]

    @property
    def valid(self) -> bool:
        """Say whether nothing speaks against the run."""
        return not self.reasons


def validity_of(evidence: Evidence, load: Load) -> Validity:
    """Judge a run by what its scenario asks of a measurement."""
    return Validity(
        reasons=(*_of_the_run(evidence), *_of_the_generator(evidence, load), *_of_cores(evidence))
    )


def _of_the_run(evidence: Evidence) -> Iterator[str]:
    if evidence.interrupted:
        yield "it was interrupted"
    if evidence.successes < SUCCESSES_MIN:
        yield f"only {evidence.successes} requests succeeded, fewer than {SUCCESSES_MIN}"
    if evidence.lost:
        yield f"{', '.join(evidence.lost)} ended during the run"
    if not evidence.drained:
        yield "fan-outs were still waiting when patience with them ended"


def _of_the_generator(evidence: Evidence, load: Load) -> Iterator[str]:
    # A lateness that is not a number (nothing was sent) is not within the limit either.
    if not evidence.lateness_p99_s <= load.lateness_p99_max:
        yield (
            f"the generator was late: 1 % of sends by more than"
            f" {evidence.lateness_p99_s * 1e3:.1f} ms (load.lateness_p99_max:"
            f" {load.lateness_p99_max * 1e3:g} ms)"
        )
    if evidence.sent < load.achieved_rate_min * evidence.offered:
        yield (
            f"the rate was not reached: {evidence.sent} of {evidence.offered} requests were sent"
            f" in time (load.achieved_rate_min: {load.achieved_rate_min:.0%})"
        )
    if evidence.dropped:
        yield (
            f"{evidence.dropped} arrivals were dropped: load.in_flight_max"
            f" ({load.in_flight_max}) requests were under way"
        )
    if evidence.generator_core_share > GENERATOR_CORE_SHARE_MAX:
        yield f"the generator used {evidence.generator_core_share:.0%} of its core"


def _of_cores(evidence: Evidence) -> Iterator[str]:
    if math.isnan(evidence.foreign_share):
        yield "nobody watched the cores: the run was too short"
    if evidence.foreign_share > FOREIGN_SHARE_MAX:
        yield f"other processes used {evidence.foreign_share:.0%} of the cores in use"
    if evidence.stolen_share > FOREIGN_SHARE_MAX:
        yield f"the hypervisor took {evidence.stolen_share:.0%} of the cores in use"
