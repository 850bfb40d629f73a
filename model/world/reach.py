"""How wide requests fan out: servers per page, servers and pages of followers per post.

Widths come from the people: from the rows of a population that fits in memory, or from the
follower law of one that does not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.rules import timelines
from model.rules.policy import FeedPolicy, Strategy
from model.world import chance
from model.world.counts import CountTable, poisson
from model.world.followers import law_of
from model.world.population import USERS_MAX, merged_among, population_of
from model.world.scenario import Endpoint, Policy, Scenario, ScenarioError
from model.world.workload import posting_weights

_LAW_POINTS = 20_000  # authors that stand for all, when there is a law instead of rows
FOLLOWERS_MAX = 10_000_000_001  # more than there can be
_ROUNDING = 21  # what a random number is for


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """Laws of the widths of one scenario."""

    merged_servers: CountTable  # timeline servers that hold lists to merge into one page
    page_servers: CountTable  # post servers that hold the posts of one page
    follower_pages: CountTable  # pages of followers asked for, per pushed post
    fanout_servers: CountTable  # timeline servers written to, per page of followers
    merge_share: float  # share of posts that are kept once and merged on read
    cover_share: float  # share of pages that are the first since a change of the reader's follows


def reach_of(scenario: Scenario) -> Reach:
    """Return the widths in the whole fleet: they stay the same in a slice of it.

    Authors are weighted by how often they post, readers equally.
    """
    _refuse_unmodelled(scenario.policy)
    influencers, authors = _samples(scenario)
    is_merged = merged_among(authors, scenario.policy.of_feeds)
    pushed = authors[~is_merged] if not is_merged.all() else np.zeros(1, dtype=np.int64)
    timeline_servers = scenario.fleet.timeline_store.shards
    post_servers = scenario.fleet.post_store.shards
    page = np.full(200, scenario.policy.page_limit)
    pages = np.maximum(1, -(-pushed // timelines.FANOUT_CHUNK_MAX))
    return Reach(
        merged_servers=_occupied(influencers, timeline_servers, scenario.seed),
        page_servers=_occupied(page, post_servers, scenario.seed),
        follower_pages=CountTable.of_samples(pages),
        fanout_servers=_occupied(-(-(pushed + 1) // pages), timeline_servers, scenario.seed),
        merge_share=float(np.mean(is_merged)),
        cover_share=_cover_share(scenario.traffic.mix),
    )


def _cover_share(mix: Mapping[Endpoint, float]) -> float:
    """Return the share of pages that meet a change: changes per page, if readers change alone."""
    changes = mix.get(Endpoint.FOLLOW, 0.0) + mix.get(Endpoint.UNFOLLOW, 0.0)
    pages = mix.get(Endpoint.NEWSFEED, 0.0)
    return changes / (changes + pages) if changes else 0.0


def _samples(scenario: Scenario) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return influencers followed, per active reader, and followers, per post."""
    policy = scenario.policy.of_feeds
    if scenario.people.users <= USERS_MAX:
        population = population_of(scenario)
        followed = population.followed_among(merged_among(population.follower_counts, policy))
        weights = posting_weights(population.follower_counts)
        return followed[population.active], _weighted(population.follower_counts, weights)
    law = law_of(scenario.people.followers)
    places = (np.arange(_LAW_POINTS) + 0.5) / _LAW_POINTS
    followed_law = poisson(mean=law.mean_above(_merged_from(policy)))
    followed = np.asarray([followed_law.quantile(float(place)) for place in places])
    # Geometric steps reach the rarest and largest accounts; each stands for its share of users.
    edges = np.geomspace(1 / scenario.people.users, 1, _LAW_POINTS + 1)
    followers = law.followers_at(np.sqrt(edges[1:] * edges[:-1]))
    return followed, _weighted(followers, posting_weights(followers) * np.diff(edges))


def _merged_from(policy: FeedPolicy) -> int:
    """Return from how many followers on an author's posts are merged."""
    return {Strategy.PULL: 1, Strategy.PUSH: FOLLOWERS_MAX}.get(
        policy.strategy, policy.influencer_followers_min
    )


def _refuse_unmodelled(policy: Policy) -> None:
    """Raise ScenarioError for what the services run and the journeys do not say yet."""
    unmodelled = {
        "strategy": policy.strategy in (Strategy.PER_EDGE, Strategy.PUSH_ACTIVE),
        "timelines_by": policy.timelines_by != "user",
        "follows_kept": policy.follows_kept != "both",
        "full_feed_followees_max": policy.full_feed_followees_max != 0,
    }
    for name in (name for name, is_set in unmodelled.items() if is_set):
        raise ScenarioError(f"policy.{name}: only the services run this value, not the model")


def _weighted(values: NDArray[np.int64], weights: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return as many values, taken in proportion to their weights."""
    cumulated = np.cumsum(weights) / weights.sum()
    places = (np.arange(_LAW_POINTS) + 0.5) / _LAW_POINTS
    return values[np.minimum(np.searchsorted(cumulated, places), len(values) - 1)]


def _occupied(balls: NDArray[np.int64], servers: int, seed: int) -> CountTable:
    """Return the law of how many of `servers` hold something, when n things are spread at random.

    The expectation, servers * (1 - (1 - 1/servers)**n), rounded up or down at random so that
    its mean stays.
    """
    expected = servers * (1 - (1 - 1 / servers) ** balls.astype(np.float64))
    up = chance.u_block(seed, 0, np.arange(len(balls)), _ROUNDING, 0, 0, 0)
    return CountTable.of_samples(np.floor(expected + up).astype(np.int64))
