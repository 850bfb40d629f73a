"""What people see of each other: how many posts the first page of a profile shows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from model.world import chance
from model.world.activity import lognormal, posting_of
from model.world.followers import law_of
from model.world.sampling import SAMPLES, weighted
from model.world.scenario import Scenario
from model.world.scenario.people import Posting

_LUCK, _POSTS_AT_ALL, _POSTS = 51, 52, 53  # what a random number is for


def posts_on_profiles(scenario: Scenario) -> NDArray[np.int64]:
    """Return the posts on the first page of SAMPLES profiles that somebody looks at.

    They are looked at in proportion to their followers and one.  Who posts more often has the
    more posts: a Poisson number of them, as seeding makes them.
    """
    people, seed = scenario.people, scenario.seed
    # Geometric steps reach the rarest and largest accounts; each stands for its share of users.
    edges = np.geomspace(1 / people.users, 1, SAMPLES + 1)
    shares = np.diff(edges)
    followers = law_of(people).followers_at(np.sqrt(edges[1:] * edges[:-1]))
    rates = posting_of(people.posting, followers) * _luck(people.posting, seed)
    posts = people.posts_per_user * rates / np.average(rates, weights=shares)
    seen = weighted(np.arange(SAMPLES), (1.0 + followers) * shares)
    return _poisson(posts[seen], seed, at_most=scenario.policy.page_limit)


def _luck(posting: Posting, seed: int) -> NDArray[np.float64]:
    """Return by what users post more or less than others with as many followers."""
    luck = lognormal(posting.spread, _chances(seed, _LUCK, SAMPLES))
    return luck * (_chances(seed, _POSTS_AT_ALL, SAMPLES) >= posting.never)


def _poisson(means: NDArray[np.float64], seed: int, *, at_most: int) -> NDArray[np.int64]:
    """Return a Poisson number for each mean, or `at_most` if it is more."""
    u = _chances(seed, _POSTS, len(means))
    counts = np.zeros(len(means), dtype=np.int64)
    exactly = np.exp(-means)  # the probability of one less than `count`, and of that at most
    up_to = exactly.copy()
    for count in range(1, at_most + 1):
        counts += u > up_to
        exactly *= means / count
        up_to += exactly
    return counts


def _chances(seed: int, purpose: int, count: int) -> NDArray[np.float64]:
    return chance.u_block(seed, 0, np.arange(count), purpose, 0, 0, 0)
