"""How a run went: the share of requests that were late or failed, stretch by stretch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from model.answers.numbers import beside_targets
from model.answers.readings import Reading
from model.answers.shares import share_beyond
from model.answers.statistics import Interval
from model.world.scenario import Scenario

STRETCHES = 60  # of all that counts of a run: as many as can be told apart in a plot


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A stretch of the run, in seconds after the warm-up, and what became of who came in it."""

    since_s: float
    until_s: float
    late: Interval  # share of all requests of people that took longer than their target, or failed


def late_over_time(
    scenario: Scenario, readings: Sequence[Reading], *, stretches: int = STRETCHES
) -> list[Stretch]:
    """Return the stretches in which anybody came, in order."""
    asked = [beside_targets(scenario, reading) for reading in readings]
    begin_s = scenario.simulation.warmup
    edges = np.linspace(0.0, scenario.simulation.duration, stretches + 1)
    found = []
    for since_s, until_s in pairwise(edges):
        clusters = [timed.between(begin_s + since_s, begin_s + until_s) for timed in asked]
        if sum(map(len, clusters)):
            late = share_beyond(clusters, 1.0)
            found.append(Stretch(since_s=float(since_s), until_s=float(until_s), late=late))
    return found
