"""Who sends a request, and about whom."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from model.world.population import Population
from model.world.scenario import Endpoint

ABOUT_OTHERS = (  # requests that have a target
    Endpoint.FOLLOW, Endpoint.UNFOLLOW, Endpoint.PROFILE, Endpoint.SEARCH, Endpoint.IMAGE,
)  # fmt: skip


class Casting:
    """Chooses people by how often each of them posts or reads.

    Follows are ended by anybody who follows somebody, every one of them equally likely; all
    that is not a post is sent by who reads.
    """

    def __init__(self, population: Population) -> None:
        self._population = population
        self._reading = np.cumsum(population.reading)
        self._posting = np.cumsum(population.posting)
        self._popularity = np.cumsum(1 + population.follower_counts)

    def cast(self, endpoint: Endpoint, who_u: float, whom_u: float) -> tuple[int, int]:
        """Return (user, target) for one request, from two numbers in (0, 1)."""
        if endpoint is Endpoint.POST:
            return _weighted(self._posting, who_u), -1
        if endpoint is Endpoint.UNFOLLOW and len(self._population.followers):
            edge = int(who_u * len(self._population.followers))
            return int(self._population.followers[edge]), int(self._population.targets[edge])
        user = _weighted(self._reading, who_u)
        if endpoint in ABOUT_OTHERS:
            return user, self._someone_else(user, whom_u)
        return user, -1

    def _someone_else(self, user: int, u: float) -> int:
        """Return another user, more likely one whom many follow."""
        target = _weighted(self._popularity, u)
        return target if target != user else (target + 1) % len(self._population)


def _weighted(cumulated: NDArray[np.float64] | NDArray[np.int64], u: float) -> int:
    return int(np.searchsorted(cumulated, u * cumulated[-1], side="right"))
