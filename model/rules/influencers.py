"""How an author's posts reach followers: copied on write, or merged on read."""

from __future__ import annotations

from enum import Enum


class Delivery(Enum):
    """The two ways that a post can reach a newsfeed; decided once and stored with the post."""

    PUSH = "push"  # one copy into each follower's timeline, when the post is written
    MERGE = "merge"  # kept once, mixed into the newsfeed when a follower reads


def delivery_of(follower_count: int, influencer_followers_min: int) -> Delivery:
    """Say how a post by an author with `follower_count` followers is delivered.

    An author *at* the threshold is already an influencer: the threshold is the first
    count that we refuse to pay for on write.
    """
    if follower_count >= influencer_followers_min:
        return Delivery.MERGE
    return Delivery.PUSH
