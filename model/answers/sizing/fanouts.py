"""How many timelines posts are copied into: from the follower law, who posts, and the strategy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from model.answers.sizing.figures import Figure, given, product, unknown
from model.world.activity import posting_of
from model.world.followers import law_of
from model.world.population import merged_among
from model.world.reach import Reach
from model.world.scenario import Scenario

STEPS = 20_000  # geometric, from the most followed user down to the least


@dataclass(frozen=True, slots=True, kw_only=True)
class Authors:
    """Posts by the followers of their authors."""

    pushed_share: float  # of posts
    followers_of_pushed: float  # of the author of a pushed post, on average


def authors_of(scenario: Scenario) -> Authors:
    """Return the posting-weighted means of the follower law, integrated in geometric steps.

    A sample of posts would miss the rare author who has a large part of all followers.
    """
    people = scenario.people
    edges = np.append(0.0, np.geomspace(1 / people.users, 1, STEPS))
    inside = np.append(edges[1] / 2, np.sqrt(edges[2:] * edges[1:-1]))
    followers = np.minimum(law_of(people).followers_at(inside), people.users - 1)
    posts = posting_of(people.posting, followers) * np.diff(edges)
    pushed = posts * ~merged_among(followers, scenario.policy.of_feeds)
    pushed_posts = float(pushed.sum())
    return Authors(
        pushed_share=pushed_posts / float(posts.sum()),
        followers_of_pushed=float(pushed @ followers) / pushed_posts if pushed_posts else 0.0,
    )


def copies_per_post(scenario: Scenario, reach: Reach | str) -> Figure:
    """Return into how many timelines a post is copied, on average over all posts."""
    name, unit = "copies of a post", "copies/post"
    if isinstance(reach, str):
        return unknown(name, unit, reach)
    authors = authors_of(scenario)
    law = f"people.followers, weighted by people.posting; {scenario.policy.strategy.value}"
    return product(
        name,
        unit,
        given(authors.pushed_share, "of posts pushed", law),
        given(authors.followers_of_pushed, "followers of their authors", law),
        given(reach.written_share, "of them with a timeline that takes it", "people.activity"),
    )


def lists_per_page(reach: Reach | str) -> Figure:
    """Return how many timeline servers a page asks for lists of influencers, on average."""
    name, unit = "timeline servers that a page asks for lists", "reads/page"
    if isinstance(reach, str):
        return unknown(name, unit, reach)
    where = "people.followers, policy, fleet.timeline_store.shards"
    return given(reach.merged_servers.mean, unit, where).called(name)
