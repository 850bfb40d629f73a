"""Which edges are pushed, by each strategy, and what that costs a day.

A pushed edge costs H for every post of its author, any other L for every page of its reader.
So it is where every read shows the newest posts of each author, one by one: Silberstein, Terrace,
Cooper & Ramakrishnan, "Feeding Frenzy: Selectively Materializing Users' Event Feeds", SIGMOD
2010, whose Lemma 1 says that edges may be decided one by one.

These sums know no time.  They do not see that a post by somebody with millions of followers is
a burst, which makes it late, and others' posts with it: `bursts` says how late.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.answers.push_pull.costs import Costs
from model.answers.push_pull.edges import Edges
from model.rules.influencers import pays_to_push
from model.rules.policy import FeedPolicy, Strategy
from model.world.population import merged_among

Plan = NDArray[np.bool_]  # of each edge, whether it is pushed


def cost_per_day(plan: Plan, edges: Edges, costs: Costs) -> float:
    """Return what the plan costs a day, in the unit of the costs."""
    return float(np.where(plan, _pushed(edges, costs), _pulled(edges, costs)).sum())


def optimum_per_day(edges: Edges, costs: Costs) -> float:
    """Return the least that any plan costs a day: of each edge the cheaper side."""
    return float(np.minimum(_pushed(edges, costs), _pulled(edges, costs)).sum())


def push_all(edges: Edges) -> Plan:
    """Push to everybody, whether they read or not."""
    return np.ones(len(edges), dtype=np.bool_)


def pull_all(edges: Edges) -> Plan:
    """Push to nobody."""
    return np.zeros(len(edges), dtype=np.bool_)


def push_active(edges: Edges) -> Plan:
    """Push to whoever reads at all."""
    return edges.reading > 0


def hybrid(edges: Edges, influencer_followers_min: int) -> Plan:
    """Push to whoever reads, but not the posts of influencers, whom `delivery_of` merges."""
    policy = FeedPolicy(strategy=Strategy.HYBRID, influencer_followers_min=influencer_followers_min)
    is_merged = merged_among(edges.follower_counts, policy)
    return push_active(edges) & ~is_merged[edges.authors]


def per_author(edges: Edges, costs: Costs) -> Plan:
    """Push an author to all followers or to none, by how often these read on average.

    How many they are cancels out: it counts only by way of what a pull of their list costs.
    """
    users, counts = len(edges.posts_per_day), edges.follower_counts
    read = np.bincount(edges.authors, weights=edges.reading, minlength=users)
    mean_reading = read / np.maximum(1, counts)
    pays = _pays(mean_reading, edges.posts_per_day, costs, costs.pull_of(counts))
    return pays[edges.authors]


def per_edge(edges: Edges, costs: Costs) -> Plan:
    """Push where the reader reads often beside how often the author posts: the optimum."""
    pull = costs.pull_of(edges.follower_counts)[edges.authors]
    return _pays(edges.reading, edges.posting, costs, pull)


def _pays(
    reads: NDArray[np.float64],
    posts: NDArray[np.float64],
    costs: Costs,
    pull: NDArray[np.float64],
) -> NDArray[np.bool_]:
    """Ask the rule for all at once, which takes columns as it takes numbers."""
    pays = np.empty(len(reads), dtype=np.bool_)
    for price in np.unique(pull):
        policy = FeedPolicy(push_cost_over_pull_cost=costs.push / float(price))
        here = pull == price
        some_reads: Any = reads[here]
        some_posts: Any = posts[here]
        pays[here] = pays_to_push(policy, reads_per_day=some_reads, posts_per_day=some_posts)
    return pays


def _pushed(edges: Edges, costs: Costs) -> NDArray[np.float64]:
    return costs.push * edges.posting


def _pulled(edges: Edges, costs: Costs) -> NDArray[np.float64]:
    return costs.pull_of(edges.follower_counts)[edges.authors] * edges.reading
