"""What the post service tells others: the bodies of its events."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from model.rules.influencers import Delivery
from reference_impl.post.posts import Post

CREATED = "post.created"
DELETED = "post.deleted"


def created(post: Post) -> Mapping[str, Any]:
    """Return the body of the event that tells of a new post."""
    return {
        "post_id": str(post.post_id),
        "user_id": str(post.user_id),
        "created_ms": post.created_ms,
        "delivery": post.delivery.value,
        "follower_count": post.follower_count,
        "media_url": post.media_url,
    }


def deleted(post_id: int, user_id: int, delivery: Delivery, *, media_url: str) -> Mapping[str, Any]:
    """Return the body of the event that tells that a post is gone."""
    return {
        "post_id": str(post_id),
        "user_id": str(user_id),
        "delivery": delivery.value,
        "media_url": media_url,
    }
