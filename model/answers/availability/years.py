"""A system over simulated years: independent repetitions of what strikes it and what fails."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

import numpy as np

from model.answers.availability.components import System
from model.answers.availability.counts import Uniform, followed
from model.answers.availability.losses import Losses, losses_of
from model.answers.availability.outages import YEAR_S, Cause, lived_through, seen_in
from model.world import chance
from model.world.laws import refuse_unless

REPETITIONS = 20  # enough for a Student t, few enough to be long
# A share of failing requests that people would call an outage: judgement, not measurement.
FELT_MIN = 0.01
_FATE = 31  # what a random number is for
_DRAWS = 4_096  # made at a time


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulated:
    """What each repetition lost, and what has struck in any of them."""

    years: float
    repetitions: list[Losses]
    seen: frozenset[tuple[Cause, str, int]]


def simulate(
    system: System,
    *,
    years: float,
    seed: int,
    repetitions: int = REPETITIONS,
    felt_min: float = FELT_MIN,
) -> Simulated:
    """Simulate so many years in independent, equal repetitions.

    What strikes many things at once is followed in time, and so is the number that are down of
    each component.  The two are independent, and so are components; hence the requests lost in
    each combination are weighted by the repetition's own shares of time, and never wait for
    rare coincidences to be met (S. Asmussen & P. W. Glynn, *Stochastic Simulation*, 2007,
    sec. V.4, conditional Monte Carlo).
    """
    refuse_unless(years > 0, "years must be positive", years)
    refuse_unless(repetitions >= 2, "repetitions must be at least 2", repetitions)
    refuse_unless(0 <= felt_min < 1, "felt_min must be in [0, 1)", felt_min)
    span_s, found, seen = years / repetitions * YEAR_S, [], set()
    for repetition in range(repetitions):
        shares = lived_through(system, span_s, stream(seed, repetition, "outages"))
        counts = {
            name: followed(component.members, span_s, stream(seed, repetition, name))
            for name, component in system.needed.items()
        }
        found.append(losses_of(system, counts, shares, felt_min=felt_min))
        seen |= seen_in(shares)
    return Simulated(years=years, repetitions=found, seen=frozenset(seen))


def stream(seed: int, repetition: int, name: str) -> Uniform:
    """Return what gives one number in (0, 1) after another; equal names have equal luck."""
    return _numbers(seed, repetition, chance.path_key(name)).__next__


def _numbers(seed: int, repetition: int, name: int) -> Iterator[float]:
    for block in count():
        draws = np.arange(block * _DRAWS, (block + 1) * _DRAWS)
        yield from chance.u_block(seed, repetition, name, _FATE, 0, 0, draws).tolist()
