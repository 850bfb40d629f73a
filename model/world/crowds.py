"""Crowds: samples of users, pages, posts and follows that stand for all of them."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.rules import timelines
from model.rules.influencers import Delivery, delivery_of
from model.rules.policy import FeedPolicy
from model.world import chance
from model.world.activity import lognormal, posting_of, reading_of, refuse_more_than_all
from model.world.followers import FollowerLaw, law_of
from model.world.population import USERS_MAX, merged_among, population_of
from model.world.sampling import SAMPLES, weighted, weighted_means
from model.world.scenario import Scenario
from model.world.scenario.people import People, Posting

# Users with all whom they follow, 60 each, take 6 s to draw here; as a law they take one, however
# many there are, and stand for the same (tests hold them to each other).
DRAWN_MAX = 200_000

# What a random number is for.
_ACTIVE, _OTHERS, _OWN_LIST, _READING, _PAGE_READING = 71, 72, 73, 74, 75
_POSTING, _FOLLOWED_POSTING, _FOLLOWED_POSTS = 76, 77, 78
_FOLLOWING = 79


@dataclass(frozen=True, slots=True, kw_only=True)
class Pages:
    """A sample of pages of the newsfeed: what is known of the reader of each."""

    merged: NDArray[np.int64]  # authors whose lists are merged
    followees: NDArray[np.int64]
    reading: NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Posts:
    """A sample of posts: what is known of the author of each."""

    followers: NDArray[np.int64]
    posting: NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Crowd:
    """Samples, in each of which all are equally likely.

    Rates are relative, as in `Population`: of reading to the mean of the active users
    (`activity.reads_per_day`), of posting to that of all users (`activity.posts_per_day`).
    """

    pages: Pages
    posts: Posts
    reading: NDArray[np.float64]  # of users; 0 for who is not active
    followed_posting: NDArray[np.float64]  # of the followed user of each follow
    influencers: NDArray[np.int64]  # followers of each, from the most on; none if too many to know


def crowd_of(scenario: Scenario) -> Crowd:
    """Return samples of the scenario's people, one by one or, if they are too many, by law.

    Those of an edge list are taken one by one for as long as that is possible.  Pages come as often
    as their reader reads, posts as often as their author posts.
    """
    people = scenario.people
    most = DRAWN_MAX if people.followers.edges is None else USERS_MAX
    return crowd_by_rows(scenario) if people.users <= most else crowd_by_law(scenario)


def crowd_by_rows(scenario: Scenario) -> Crowd:
    """Return samples of the people as `population` makes them, one by one."""
    people = population_of(scenario)
    is_merged = merged_among(people.follower_counts, scenario.policy.of_feeds)
    influencers = np.sort(people.follower_counts[is_merged])[::-1]
    if len(influencers) > timelines.MERGE_AUTHORS_MAX:
        influencers, is_merged = influencers[:0], np.ones_like(is_merged)
    merged = people.followed_among(is_merged) + is_merged
    everyone = np.arange(len(people))
    readers = weighted(everyone, people.reading)
    by_followers = np.argsort(people.follower_counts, kind="stable")
    counts, posting = people.follower_counts[by_followers], people.posting[by_followers]
    followed = weighted(everyone, people.follower_counts.astype(np.float64))
    return Crowd(
        pages=Pages(
            merged=merged[readers],
            followees=people.followee_counts[readers],
            reading=people.reading[readers],
        ),
        posts=Posts(
            followers=weighted_means(counts, posting),
            posting=posting[weighted(everyone, posting)],
        ),
        reading=people.reading,
        followed_posting=people.posting[followed],
        influencers=influencers,
    )


def crowd_by_law(scenario: Scenario) -> Crowd:
    """Return samples of people of whom only the laws are known.

    How many somebody follows is Poisson, its mean lognormal, as `follows` draws it but for those
    whom nearly everybody follows.  Who follows, reads and posts more than others is so
    regardless of the rest, except as the scenario says.
    """
    refuse_more_than_all(scenario.people)
    law = law_of(scenario.people)
    readers = _Readers.drawn(scenario, law)
    authors = _Authors.drawn(scenario, law)
    return Crowd(
        pages=readers.pages(),
        posts=authors.posts(),
        reading=readers.reading(),
        followed_posting=authors.followed_posting(),
        influencers=_influencers(scenario, law),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Readers:
    """A sample of users: whom they follow, and how often those who follow as many read."""

    people: People
    seed: int
    merged: NDArray[np.int64]
    followees: NDArray[np.int64]
    rates: NDArray[np.float64]
    own_list_share: float  # of users: their own list is merged, too

    @classmethod
    def drawn(cls, scenario: Scenario, law: FollowerLaw) -> _Readers:
        people, seed = scenario.people, scenario.seed
        merged_from = _merged_from(scenario.policy.of_feeds, people.users, law)
        mean_merged = min(law.mean, law.mean_above(merged_from))
        following = lognormal(people.followers.followees_spread, _chances(seed, _FOLLOWING))
        merged = _poisson((np.arange(SAMPLES) + 0.5) / SAMPLES, mean_merged * following)
        others = _poisson(_chances(seed, _OTHERS), (law.mean - mean_merged) * following)
        followees = merged + others
        rates = reading_of(people.activity, followees)
        return cls(
            people=people,
            seed=seed,
            merged=merged,
            followees=followees,
            rates=rates / rates.mean(),
            own_list_share=law.share_with_at_least(merged_from),
        )

    def pages(self) -> Pages:
        readers = weighted(np.arange(SAMPLES), self.rates)
        luck = _chances(self.seed, _PAGE_READING)
        return Pages(
            merged=self.merged[readers] + (_chances(self.seed, _OWN_LIST) < self.own_list_share),
            followees=self.followees[readers],
            reading=self.rates[readers] * lognormal(self.people.activity.spread, luck, biased=True),
        )

    def reading(self) -> NDArray[np.float64]:
        is_active = _chances(self.seed, _ACTIVE) < self.people.daily_active
        luck = _chances(self.seed, _READING)
        return self.rates * lognormal(self.people.activity.spread, luck) * is_active


@dataclass(frozen=True, slots=True, kw_only=True)
class _Authors:
    """Users from the most followed down: the share that each stands for, and how often it posts."""

    posting: Posting
    seed: int
    shares: NDArray[np.float64]
    followers: NDArray[np.int64]
    rates: NDArray[np.float64]  # of those who post, with as many followers
    posters: float  # share of users

    @classmethod
    def drawn(cls, scenario: Scenario, law: FollowerLaw) -> _Authors:
        """Return the first user, and geometric steps that reach the rarest and largest others."""
        people = scenario.people
        edges = np.append(0.0, np.geomspace(1 / people.users, 1, SAMPLES))
        inside = np.append(edges[1] / 2, np.sqrt(edges[2:] * edges[1:-1]))
        followers, shares = law.followers_at(inside), np.diff(edges)
        rates = posting_of(people.posting, followers)
        posters = (1 - people.posting.never) * (1 - people.activity.inactive)
        return cls(
            posting=people.posting,
            seed=scenario.seed,
            shares=shares,
            followers=followers,
            rates=rates / (rates @ shares * posters),
            posters=posters,
        )

    def posts(self) -> Posts:
        authors = weighted(np.arange(SAMPLES), self.rates * self.shares)
        luck = lognormal(self.posting.spread, _chances(self.seed, _POSTING), biased=True)
        followers = weighted_means(self.followers, self.rates * self.shares)
        return Posts(followers=followers, posting=self.rates[authors] * luck)

    def followed_posting(self) -> NDArray[np.float64]:
        followed = weighted(np.arange(SAMPLES), self.followers * self.shares)
        luck = lognormal(self.posting.spread, _chances(self.seed, _FOLLOWED_POSTING))
        posts = _chances(self.seed, _FOLLOWED_POSTS) < self.posters
        return self.rates[followed] * (luck * posts)[: len(followed)]


def _merged_from(policy: FeedPolicy, users: int, law: FollowerLaw) -> int:
    """Return from how many followers on an author's posts are merged; above `users`: of nobody.

    Nobody looks for those of whom there are too many: then all are asked for, from 0 on.
    """
    followers = bisect_left(
        range(users + 1), 1, key=lambda count: delivery_of(policy, count) is Delivery.MERGE
    )
    authors = users * law.share_with_at_least(followers)
    return 0 if authors > timelines.MERGE_AUTHORS_MAX else followers


def _influencers(scenario: Scenario, law: FollowerLaw) -> NDArray[np.int64]:
    """Return the followers of each user whose posts are merged; none if these are too many."""
    users = scenario.people.users
    merged_from = _merged_from(scenario.policy.of_feeds, users, law)
    count = round(users * law.share_with_at_least(merged_from))
    if count > timelines.MERGE_AUTHORS_MAX:
        return np.empty(0, dtype=np.int64)
    return law.followers_at((np.arange(count) + 0.5) / users)


def _poisson(u: NDArray[np.float64], means: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the quantiles at `u` of Poisson laws of these means."""
    from scipy.special import pdtrik

    quantiles: NDArray[np.int64] = np.ceil(pdtrik(u, means)).astype(np.int64)
    return quantiles


def _chances(seed: int, purpose: int) -> NDArray[np.float64]:
    return chance.u_block(seed, 0, np.arange(SAMPLES), purpose, 0, 0, 0)
