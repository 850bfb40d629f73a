"""How wide requests fan out, and how often they take a longer way.

Widths come from the people: from the rows of a population that fits in memory, or from the
follower law of one that does not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.rules import policy as policies
from model.rules import rate_limits, timelines
from model.rules.policy import FeedPolicy, Strategy
from model.rules.rate_limits import Counting
from model.world.casting import posting_weights
from model.world.counts import CountTable, poisson
from model.world.followers import law_of
from model.world.population import USERS_MAX, merged_among, population_of
from model.world.sampling import SAMPLES, occupied, weighted
from model.world.scenario import Endpoint, Instances, Scenario, ScenarioError
from model.world.spreading import Spreading, spreading_of

FOLLOWERS_MAX = 10_000_000_001  # more than there can be


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """Laws of the widths of one scenario, and shares of requests."""

    counting: Mapping[Endpoint, Counting]  # visits of the gateway's counters
    merged_servers: CountTable  # timeline servers that hold lists to merge into one page
    page_servers: CountTable  # post servers that hold the posts of one page
    spreading: Spreading  # of pushed posts
    merge_share: float  # share of posts that are kept once and merged on read
    cover_share: float  # share of pages that are the first since a change of the reader's follows
    follow_share: float  # share of those changes that follow; the others end a follow
    # Shares of requests that find stale what their process remembers for a while.
    stale_timeline_policy: float  # the timeline service, for pages and new posts: the policy
    stale_post_policy: float  # the post service, for posts: the policy
    stale_worker_policy: float  # a fan-out worker, for posts: the policy
    stale_authors: float  # the timeline service, for pages: the authors whose posts are merged
    index_shards: int  # of search: each hears of every user
    edges: int  # of the CDN: each hears of every image


@dataclass(frozen=True, slots=True, kw_only=True)
class _Crowd:
    """Samples of readers, all equally likely, and of posts."""

    merged: NDArray[np.int64]  # per reader: authors whose lists are merged
    followers: NDArray[np.int64]  # per post: those of its author


def reach_of(scenario: Scenario) -> Reach:
    """Return the widths in the whole fleet: they stay the same in a slice of it.

    Authors are weighted by how often they post, readers equally.  Raises ScenarioError for what
    the journeys do not say.
    """
    _refuse_unmodelled(scenario)
    crowd = _crowd(scenario)
    is_merged = merged_among(crowd.followers, scenario.policy.of_feeds)
    fleet, mix = scenario.fleet, scenario.traffic.mix
    page = np.full(200, scenario.policy.page_limit)
    pages_per_s, posts_per_s = (
        scenario.requests_per_s * mix.get(endpoint, 0.0)
        for endpoint in (Endpoint.NEWSFEED, Endpoint.POST)
    )
    return Reach(
        counting=_counting(is_on=scenario.policy.rate_limits),
        merged_servers=occupied(crowd.merged, fleet.timeline_store.shards, scenario.seed),
        page_servers=occupied(page, fleet.post_store.shards, scenario.seed),
        spreading=spreading_of(scenario, crowd.followers[~is_merged]),
        merge_share=float(np.mean(is_merged)),
        cover_share=_cover_share(mix),
        follow_share=_follow_share(mix),
        stale_timeline_policy=_stale_share(
            pages_per_s + posts_per_s, fleet.timeline, policies.FRESH_S
        ),
        stale_post_policy=_stale_share(posts_per_s, fleet.post, policies.FRESH_S),
        stale_worker_policy=_stale_share(posts_per_s, fleet.fanout, policies.FRESH_S),
        stale_authors=_stale_share(pages_per_s, fleet.timeline, timelines.MERGE_AUTHORS_FRESH_S),
        index_shards=fleet.search.shards,
        edges=fleet.zones,
    )


def _counting(*, is_on: bool) -> dict[Endpoint, Counting]:
    limits_of = {
        Endpoint.REGISTER: rate_limits.REGISTER,
        Endpoint.LOGIN: rate_limits.LOGIN,
        Endpoint.POST: (rate_limits.SIGNED_IN, *rate_limits.POST),
        Endpoint.FOLLOW: (rate_limits.SIGNED_IN, *rate_limits.RELATIONS),
        Endpoint.UNFOLLOW: (rate_limits.SIGNED_IN, *rate_limits.RELATIONS),
        Endpoint.NEWSFEED: (rate_limits.SIGNED_IN,),
    }
    return {
        endpoint: rate_limits.counting_of(limits if is_on else ())
        for endpoint, limits in limits_of.items()
    }


def _cover_share(mix: Mapping[Endpoint, float]) -> float:
    """Return the share of pages that meet a change: changes per page, if readers change alone."""
    changes = mix.get(Endpoint.FOLLOW, 0.0) + mix.get(Endpoint.UNFOLLOW, 0.0)
    pages = mix.get(Endpoint.NEWSFEED, 0.0)
    return changes / (changes + pages) if changes else 0.0


def _follow_share(mix: Mapping[Endpoint, float]) -> float:
    follows, ends = mix.get(Endpoint.FOLLOW, 0.0), mix.get(Endpoint.UNFOLLOW, 0.0)
    return follows / (follows + ends) if follows else 0.0


def _stale_share(asked_per_s: float, of: Instances, fresh_s: float) -> float:
    """Return the share of questions that find stale what each process remembers for so long.

    The next question that comes after that time does, and they come as a Poisson process.
    """
    return 1 / (1 + asked_per_s / of.instances * fresh_s)


def _crowd(scenario: Scenario) -> _Crowd:
    policy = scenario.policy.of_feeds
    if scenario.people.users <= USERS_MAX:
        population = population_of(scenario)
        is_merged = merged_among(population.follower_counts, policy)
        if np.count_nonzero(is_merged) > timelines.MERGE_AUTHORS_MAX:
            is_merged = np.ones_like(is_merged)
        merged = population.followed_among(is_merged) + is_merged
        weights = posting_weights(population.follower_counts)
        return _Crowd(
            merged=merged[population.active],
            followers=weighted(population.follower_counts, weights),
        )
    return _crowd_by_law(scenario)


def _crowd_by_law(scenario: Scenario) -> _Crowd:
    users, law = scenario.people.users, law_of(scenario.people.followers)
    merged_from = _merged_from(scenario.policy.of_feeds)
    if users * law.share_with_at_least(merged_from) > timelines.MERGE_AUTHORS_MAX:
        merged_from = 0  # nobody looks for those of whom there are too many: all are asked for
    followed = poisson(mean=law.mean_above(max(1, merged_from)))
    places = (np.arange(SAMPLES) + 0.5) / SAMPLES
    merged = np.asarray([followed.quantile(float(place)) for place in places])
    # Geometric steps reach the rarest and largest accounts; each stands for its share of users.
    edges = np.geomspace(1 / users, 1, SAMPLES + 1)
    followers = law.followers_at(np.sqrt(edges[1:] * edges[:-1]))
    weights = posting_weights(followers) * np.diff(edges)
    # Readers merge their own list too, if it may be among them.
    return _Crowd(merged=merged + (merged_from == 0), followers=weighted(followers, weights))


def _merged_from(policy: FeedPolicy) -> int:
    """Return from how many followers on an author's posts are merged."""
    return {Strategy.PULL: 1, Strategy.PUSH: FOLLOWERS_MAX}.get(
        policy.strategy, policy.influencer_followers_min
    )


def _refuse_unmodelled(scenario: Scenario) -> None:
    """Raise ScenarioError for what the services run and the journeys do not say yet."""
    policy = scenario.policy
    unmodelled = {
        "policy.strategy": policy.strategy in (Strategy.PER_EDGE, Strategy.PUSH_ACTIVE),
        "policy.timelines_by": policy.timelines_by != "user",
        "policy.follows_kept": policy.follows_kept != "both",
        "policy.full_feed_followees_max": policy.full_feed_followees_max != 0,
        "fleet.zones": scenario.fleet.zones > 1,
    }
    for name in (name for name, is_set in unmodelled.items() if is_set):
        raise ScenarioError(f"{name}: only the services run this value, not the model")
