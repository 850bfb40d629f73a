"""Who sends a request, and about whom."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from model.world.population import Population
from model.world.scenario import Endpoint


def posting_weights(follower_counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return how often users with so many followers post, relative to each other.

    Posting grows with the logarithm of the followers, as in the workload of Pequod
    (Kate et al., "Easy Freshness with Pequod Cache Joins", NSDI 2014).
    """
    return 1 + 2 * np.log10(1 + follower_counts)


class Casting:
    """Chooses who sends a request, and about whom."""

    def __init__(self, population: Population) -> None:
        self._population = population
        self._active = np.flatnonzero(population.active)
        self._posting = np.cumsum(posting_weights(population.follower_counts))
        self._popularity = np.cumsum(1 + population.follower_counts)

    def cast(self, endpoint: Endpoint, who_u: float, whom_u: float) -> tuple[int, int]:
        """Return (user, target) for one request, from two numbers in (0, 1)."""
        if endpoint is Endpoint.POST:
            return _weighted(self._posting, who_u), -1
        if endpoint is Endpoint.UNFOLLOW and len(self._population.followers):
            edge = int(who_u * len(self._population.followers))
            return int(self._population.followers[edge]), int(self._population.targets[edge])
        user = int(self._active[int(who_u * len(self._active))])
        if endpoint in (Endpoint.FOLLOW, Endpoint.UNFOLLOW):
            return user, self._someone_else(user, whom_u)
        return user, -1

    def _someone_else(self, user: int, u: float) -> int:
        """Return another user, more likely one whom many follow."""
        target = _weighted(self._popularity, u)
        return target if target != user else (target + 1) % len(self._population)


def _weighted(cumulated: NDArray[np.float64] | NDArray[np.int64], u: float) -> int:
    return int(np.searchsorted(cumulated, u * cumulated[-1], side="right"))
