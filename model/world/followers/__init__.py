"""The follower law: how many followers the user at a given place from the top has."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from model.world.followers.edges import follower_counts, read_edges
from model.world.followers.listed import Listed
from model.world.followers.power_law import PowerLaw
from model.world.followers.quantiles import Quantiles
from model.world.scenario.people import People

__all__ = ["FollowerLaw", "Listed", "PowerLaw", "Quantiles", "law_of"]


class FollowerLaw(Protocol):
    """How followers are spread over users: whoever has the most of them comes first."""

    @property
    def mean(self) -> float:
        """Followers of a user on average."""

    def followers_at(self, share_above: ArrayLike) -> NDArray[np.int64]:
        """Return the followers of users whom a share `share_above`, in (0, 1), has more than."""

    def share_with_at_least(self, followers: float) -> float:
        """Return the share of users who have `followers` followers or more."""

    def mean_above(self, followers: float) -> float:
        """Return the followers per user, counting only users who have at least `followers`.

        A user drawn at random follows so many of those, on average.
        """


def law_of(people: People) -> FollowerLaw:
    """Return the law that the scenario gives: an edge list, quantiles, or else a power law.

    Raises ScenarioError for a file that is no edge list.
    """
    followers = people.followers
    if followers.edges is not None:
        edges = read_edges(Path(followers.edges), users=people.users)
        return Listed(counts=np.sort(follower_counts(edges, people.users))[::-1])
    if followers.quantiles is not None:
        return Quantiles.through(followers.quantiles, users=people.users)
    return PowerLaw.with_mean(followers.mean, alpha=followers.alpha, cap=followers.max)
