"""How an author's posts reach followers: copied on write, merged on read, or each as it pays."""

from __future__ import annotations

from enum import Enum

from model.rules.policy import FeedPolicy, Strategy


class Delivery(Enum):
    """How a post reaches newsfeeds; decided once, when it is written, and stored with it."""

    PUSH = "push"  # one copy into each follower's timeline, when the post is written
    MERGE = "merge"  # kept once, mixed into the newsfeed when a follower reads
    EDGE = "edge"  # kept once, and copied to those followers who do not gather it themselves


def delivery_of(
    policy: FeedPolicy, follower_count: int, *, previous: Delivery | None = None
) -> Delivery:
    """Say how a post by an author with `follower_count` followers is delivered.

    Under the hybrid strategy an author *at* the threshold is already an influencer: it is the
    first count that we refuse to pay for on write.  One whose `previous` post was merged stays
    an influencer until the followers are fewer than the exit share of the threshold, so that
    an author who hovers about it does not change sides with every follower.

    >>> delivery_of(FeedPolicy(influencer_followers_min=100), 90, previous=Delivery.MERGE).value
    'merge'
    """
    if policy.strategy is Strategy.PULL:
        return Delivery.MERGE
    if policy.strategy is Strategy.PER_EDGE:
        return Delivery.EDGE
    if policy.strategy is Strategy.HYBRID and _is_influencer(policy, follower_count, previous):
        return Delivery.MERGE
    return Delivery.PUSH


def _is_influencer(policy: FeedPolicy, follower_count: int, previous: Delivery | None) -> bool:
    threshold: float = policy.influencer_followers_min
    if previous is Delivery.MERGE:
        threshold *= policy.influencer_exit_share
    return follower_count >= threshold


def pays_to_push(policy: FeedPolicy, *, reads_per_day: float, posts_per_day: float) -> bool:
    """Say whether one edge is cheaper pushed: reader's rate over author's, against H over L.

    Lemma 1 of Silberstein, Terrace, Cooper & Ramakrishnan, "Feeding Frenzy: Selectively
    Materializing Users' Event Feeds", SIGMOD 2010.
    """
    return reads_per_day >= policy.push_cost_over_pull_cost * posts_per_day
