"""The requests that people send, one by one: the same list drives Locust and the model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.world import chance
from model.world.casting import Casting
from model.world.population import Population
from model.world.scenario import Endpoint, Scenario, ScenarioError

ARRIVALS_MAX = 1_500_000  # drawn and held one by one

_GAP, _KIND, _WHO, _WHOM = 11, 12, 13, 14  # what a random number is for


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """One request: when, what, by whom; `target` is whom to follow or unfollow, else -1."""

    at_s: float
    endpoint: Endpoint
    user: int
    target: int


def arrivals_of(
    scenario: Scenario, population: Population, *, rate_per_s: float, until_s: float, stream: int
) -> list[Arrival]:
    """Return a Poisson stream of the scenario's mix, in order of time.

    `stream` tells apart several streams of one scenario; the same stream is always the
    same list, and a longer `until_s` only adds to it.
    """
    if rate_per_s * until_s > ARRIVALS_MAX:
        raise ScenarioError(
            f"load: at most {ARRIVALS_MAX:,} requests in one run, asked for"
            f" {rate_per_s * until_s:,.0f}: lower the rate or the duration"
        )
    times_s = _poisson_times_s(scenario.seed, stream, rate_per_s, until_s)
    number = np.arange(len(times_s))
    kinds = list(scenario.traffic.mix)
    shares = np.cumsum(list(scenario.traffic.mix.values()))
    kind_u = chance.u_block(scenario.seed, stream, number, _KIND, 0, 0, 0)
    kind = np.minimum(np.searchsorted(shares, kind_u), len(kinds) - 1)
    people = Casting(population)
    who_u = chance.u_block(scenario.seed, stream, number, _WHO, 0, 0, 0)
    whom_u = chance.u_block(scenario.seed, stream, number, _WHOM, 0, 0, 0)
    cast = (people.cast(kinds[k], a, b) for k, a, b in zip(kind, who_u, whom_u, strict=True))
    return [
        Arrival(at_s=float(at_s), endpoint=kinds[k], user=user, target=target)
        for at_s, k, (user, target) in zip(times_s, kind, cast, strict=True)
    ]


def _poisson_times_s(
    seed: int, stream: int, rate_per_s: float, until_s: float
) -> NDArray[np.float64]:
    """Return the instants of a Poisson process of this rate in [0, until_s)."""
    mean_count = rate_per_s * until_s
    enough = int(mean_count + 10 * mean_count**0.5 + 20)
    u = chance.u_block(seed, stream, np.arange(enough), _GAP, 0, 0, 0)
    times_s = np.cumsum(-np.log1p(-u) / rate_per_s)
    assert times_s[-1] >= until_s, "ten standard deviations were not enough"
    return times_s[times_s < until_s]
