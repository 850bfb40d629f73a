"""What readers gather when a page is read, and what is written for them beforehand.

Rates and followees come from samples of the people, see `crowds`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.rules.influencers import pays_to_push
from model.rules.policy import DAY_S, FeedPolicy, Strategy
from model.rules.timelines import halvings_of
from model.world import chance
from model.world.activity import posts_per_day, reads_per_day
from model.world.counts import CountTable
from model.world.crowds import Crowd, Pages
from model.world.kept_lists import lists_missed
from model.world.sampling import occupied, successes
from model.world.scenario import Scenario

_GATHERED = 24  # what a random number is for
_PEOPLE = 1_000  # of a sample, by their rates, that stand for all where everybody meets everybody


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathering:
    """Laws of the widths of a page, and shares of readers."""

    merged_servers: CountTable  # timeline servers asked for lists to merge into one page
    author_servers: CountTable  # post servers that own those whose posts a timeline is built of
    followee_servers: CountTable  # the same without the reader, who is one of them
    new_edges_share: float  # of pages, whose reader's choice of edges is too old (per_edge)
    halved_share: float  # of deliveries, to timelines that hold a share of posts
    written_share: float  # of deliveries, that end in a timeline; the others find none, or no room


def gathering_of(scenario: Scenario, crowd: Crowd) -> Gathering:
    """Return what pages gather and deliveries reach, in the whole fleet."""
    fleet, seed = scenario.fleet, scenario.seed
    policy, merged = scenario.policy.of_feeds, lists_missed(scenario, crowd)
    pushed_share, new_edges_share = 1.0, 0.0
    if policy.strategy is Strategy.PER_EDGE:
        edges = _Edges(scenario, crowd)
        merged = merged + edges.gathered(seed)
        pushed_share, new_edges_share = edges.pushed_share, edges.new_share
    is_there = 1 - scenario.people.activity.inactive * policy.forgets_the_inactive
    halvings = _halvings(policy, crowd.pages.followees)
    return Gathering(
        merged_servers=occupied(merged, fleet.timeline_store.shards, seed),
        author_servers=occupied(crowd.pages.followees + 1, fleet.post_store.shards, seed),
        followee_servers=occupied(crowd.pages.followees, fleet.post_store.shards, seed),
        new_edges_share=new_edges_share,
        halved_share=is_there * _mean_of_follows(crowd.pages, halvings > 0),
        written_share=is_there * pushed_share * _mean_of_follows(crowd.pages, 0.5**halvings),
    )


class _Edges:
    """The edges between readers and authors, each pushed or gathered as the rule says.

    A reader's rate is that of a day on which they come.  Any reader may follow any author.
    """

    def __init__(self, scenario: Scenario, crowd: Crowd) -> None:
        self._policy = scenario.policy.of_feeds
        self._crowd = crowd
        self._reads_per_day = reads_per_day(scenario)
        self._posts_per_day = posts_per_day(scenario)

    def gathered(self, seed: int) -> NDArray[np.int64]:
        """Return per page how many of the authors whom its reader follows are gathered."""
        crowd = self._crowd
        posting = _alike(crowd.followed_posting)
        reading, places = np.unique(crowd.pages.reading, return_inverse=True)
        shares = 1 - self._pays(reading[:, np.newaxis], posting).mean(axis=1)
        u = chance.u_block(seed, 0, np.arange(len(places)), _GATHERED, 0, 0, 0)
        return successes(u, crowd.pages.followees, shares[places])

    @property
    def pushed_share(self) -> float:
        """The share of posts, each to one follower who reads, that it pays to push."""
        crowd = self._crowd
        reading = _alike(crowd.reading[crowd.reading > 0])
        posting, places = np.unique(crowd.posts.posting, return_inverse=True)
        shares = self._pays(reading, posting[:, np.newaxis]).mean(axis=1)
        followers = crowd.posts.followers.sum()
        return float(shares[places] @ crowd.posts.followers / followers) if followers else 1.0

    @property
    def new_share(self) -> float:
        """The share of pages that are the first after a reader's choice of edges grew too old."""
        reads = self._reads_per_day / DAY_S * self._crowd.pages.reading
        return float(np.mean(1 / (1 + reads * self._policy.edges_fresh_s)))

    def _pays(self, reading: NDArray[np.float64], posting: NDArray[np.float64]) -> Any:
        """Say of every pair whether it pays to push; the rule takes columns as it takes numbers."""
        reads: Any = self._reads_per_day * reading
        posts: Any = self._posts_per_day * posting
        return pays_to_push(self._policy, reads_per_day=reads, posts_per_day=posts)


def _alike(rates: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return fewer rates that stand for all."""
    if len(rates) <= _PEOPLE:
        return rates
    places = (np.arange(_PEOPLE) + 0.5) / _PEOPLE * len(rates)
    return np.sort(rates)[places.astype(np.int64)]


def _halvings(policy: FeedPolicy, followees: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return how often the share of posts is halved of readers who follow so many."""
    counts, places = np.unique(followees, return_inverse=True)
    ruled = [halvings_of(int(count), policy.full_feed_followees_max) for count in counts]
    return np.asarray(ruled, dtype=np.int64)[places]


def _mean_of_follows(pages: Pages, values: NDArray[Any]) -> float:
    """Return the mean over all follows of what is known of the readers of pages.

    Who follows more counts for more, and who has more pages in the sample for so much less.
    """
    follows = pages.followees / pages.reading
    return float(np.average(values, weights=follows if follows.any() else None))
