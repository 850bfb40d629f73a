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
from model.world.activity import lognormal, posting_of, reading_of, refuse_more_than_all
from model.world.follows import follows_of
from model.world.scenario import Scenario, ScenarioError
from model.world.scenario.people import People

USERS_MAX = 5_000_000  # so many can be made at all; `crowds` takes a law instead long before
_ACTIVE, _READING, _POSTING, _NEVER = 2, 4, 5, 6  # what a random number is for


@dataclass(frozen=True, kw_only=True)
class Population:
    """`follower_counts[i]` users follow user i; `followers_of(i)` says which.

    Who reads or posts twice as often as another has twice the number in `reading` or `posting`.
    """

    follower_counts: NDArray[np.int64]
    followers: NDArray[np.int64]  # follower ids of user 0, then of user 1, and so on
    active: NDArray[np.bool_]  # who comes on a day
    inactive: NDArray[np.bool_]  # who has not come for policy.inactive_after
    reading: NDArray[np.float64]  # mean 1 among the active, 0 for others
    posting: NDArray[np.float64]  # mean 1 among all, 0 for the inactive and for who never posts

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
    def followee_counts(self) -> NDArray[np.int64]:
        """How many users each user follows."""
        return np.bincount(self.followers, minlength=len(self))

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
    """Return the scenario's people: those of its edge list, or as its laws draw them.

    Raises ScenarioError for more than 5 million: such a world is simulated as a slice.
    """
    people, seed = scenario.people, scenario.seed
    if people.users > USERS_MAX:
        raise ScenarioError(
            f"people.users: at most {USERS_MAX} can be made one by one, got {people.users}"
        )
    counts, followers = follows_of(people, seed)
    active, inactive = _presence(people, seed)
    return Population(
        follower_counts=counts,
        followers=followers,
        active=active,
        inactive=inactive,
        reading=_reading(people, seed, active, followers),
        posting=_posting(people, seed, inactive, counts),
    )


def _presence(people: People, seed: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return who is active, and who is inactive: different users."""
    refuse_more_than_all(people)
    u = chance.u_block(seed, 0, np.arange(people.users), _ACTIVE, 0, 0, 0)
    active = u < people.daily_active
    if not active.any():
        raise ScenarioError(f"people.daily_active: nobody of {people.users} is active")
    return active, ~active & (u >= 1 - people.activity.inactive)


def _reading(
    people: People, seed: int, active: NDArray[np.bool_], followers: NDArray[np.int64]
) -> NDArray[np.float64]:
    u = chance.u_block(seed, 0, np.arange(people.users), _READING, 0, 0, 0)
    followees = np.bincount(followers, minlength=people.users)
    rates = reading_of(people.activity, followees) * lognormal(people.activity.spread, u) * active
    relative: NDArray[np.float64] = rates / rates[active].mean()
    return relative


def _posting(
    people: People, seed: int, inactive: NDArray[np.bool_], follower_counts: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return everybody's rate.  Raises ScenarioError if nobody is left who posts."""
    everyone, posting = np.arange(people.users), people.posting
    never = chance.u_block(seed, 0, everyone, _NEVER, 0, 0, 0) < posting.never
    u = chance.u_block(seed, 0, everyone, _POSTING, 0, 0, 0)
    rates = posting_of(posting, follower_counts) * lognormal(posting.spread, u)
    rates[never | inactive] = 0
    if not rates.any():
        raise ScenarioError(f"people.posting.never: nobody of {people.users} is left who posts")
    relative: NDArray[np.float64] = rates / rates.mean()
    return relative
