"""The people one by one: who follows whom, who is active; a pure function of the scenario.

Seeding writes these people into the stores, Locust sends requests in their names, and the
model counts with them, so all three speak of the same graph.  Users are numbered from 0;
each table is made in one go, so it is for populations that fit in memory.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from model.rules.influencers import Delivery, delivery_of
from model.rules.policy import FeedPolicy
from model.world import chance
from model.world.followers import law_of
from model.world.scenario import Scenario, ScenarioError

USERS_MAX = 5_000_000  # beyond, people are a law (followers.py), not rows

_RANK, _ACTIVE, _FOLLOWER = 1, 2, 3  # what a random number is for: the step path of its draw


@dataclass(frozen=True, kw_only=True)
class Population:
    """`follower_counts[i]` users follow user i; `followers_of(i)` says which."""

    follower_counts: NDArray[np.int64]
    active: NDArray[np.bool_]
    followers: NDArray[np.int64]  # follower ids of user 0, then of user 1, and so on

    def __len__(self) -> int:
        """Return the number of users."""
        return len(self.follower_counts)

    @cached_property
    def starts(self) -> NDArray[np.int64]:
        """Where each user's followers begin in `followers`, and where the last one's end."""
        return np.concatenate(([0], np.cumsum(self.follower_counts)))

    def followers_of(self, user: int) -> NDArray[np.int64]:
        """Return the users that follow `user`."""
        return self.followers[self.starts[user] : self.starts[user + 1]]

    @cached_property
    def targets(self) -> NDArray[np.int64]:
        """Whom each entry of `followers` follows: the other end of every edge."""
        return np.repeat(np.arange(len(self)), self.follower_counts)

    def followed_among(self, chosen: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Return for each user how many of the `chosen` users they follow."""
        return np.bincount(self.followers[chosen[self.targets]], minlength=len(self))


def merged_among(follower_counts: NDArray[np.int64], policy: FeedPolicy) -> NDArray[np.bool_]:
    """Say for each author whether the rule merges their posts on read."""
    counts, places = np.unique(follower_counts, return_inverse=True)
    ruled = [delivery_of(policy, int(n)) is Delivery.MERGE for n in counts]
    return np.asarray(ruled, dtype=np.bool_)[places]


def population_of(scenario: Scenario) -> Population:
    """Return the scenario's people.

    Raises ScenarioError for more than 5 million: such a world is simulated as a slice.
    """
    users, seed = scenario.people.users, scenario.seed
    if users > USERS_MAX:
        raise ScenarioError(
            f"people.users: at most {USERS_MAX} can be made one by one, got {users}"
        )
    everyone = np.arange(users)
    places = np.argsort(chance.u_block(seed, 0, everyone, _RANK, 0, 0, 0), kind="stable")
    counts = np.empty(users, dtype=np.int64)
    law = law_of(scenario.people.followers)
    counts[places] = np.minimum(law.followers_at((everyone + 0.5) / users), users - 1)
    active = chance.u_block(seed, 0, everyone, _ACTIVE, 0, 0, 0) < scenario.people.daily_active
    if not active.any():
        raise ScenarioError(f"people.daily_active: nobody of {users} is active")
    chosen = [_followers(seed, user, int(count), users) for user, count in enumerate(counts)]
    return Population(follower_counts=counts, active=active, followers=np.concatenate(chosen))


def _followers(seed: int, user: int, count: int, users: int) -> NDArray[np.int64]:
    """Draw `count` different users other than `user`, all equally likely."""
    found = np.empty(0, dtype=np.int64)
    drawn = 0
    while len(found) < count:
        wanted = 2 * (count - len(found)) + 8
        draws = np.arange(drawn, drawn + wanted)
        drawn += wanted
        more = (chance.u_block(seed, 0, user, _FOLLOWER, 0, 0, draws) * users).astype(np.int64)
        both = np.concatenate((found, more[more != user]))
        first_places = np.unique(both, return_index=True)[1]
        found = both[np.sort(first_places)]
    return found[:count]
