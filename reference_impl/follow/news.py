"""Changes of pairs as events, and back."""

from __future__ import annotations

from reference_impl.chassis.events import Body, Event
from reference_impl.follow.blocks import Block
from reference_impl.follow.pairs import Change

_FOLLOWING = {"follow.followed": True, "follow.unfollowed": False}
_BLOCKED = {"follow.blocked": True, "follow.unblocked": False}


def told(news: Change | Block) -> tuple[str, Body]:
    """Return the kind and the body of the event that tells of a change."""
    if isinstance(news, Change):
        kind = "follow.followed" if news.following else "follow.unfollowed"
        who = {"follower_id": str(news.follower_id)}
    else:
        kind = "follow.blocked" if news.blocked else "follow.unblocked"
        who = {"user_id": str(news.user_id)}
    return kind, {**who, "target_id": str(news.target_id), "version": news.version}


def news_of(event: Event) -> Change | Block | None:
    """Return what the event tells; None if it is of another kind."""
    body = event.body
    if event.kind in _FOLLOWING:
        return Change(
            follower_id=int(body["follower_id"]),
            target_id=int(body["target_id"]),
            following=_FOLLOWING[event.kind],
            version=int(body["version"]),
        )
    if event.kind in _BLOCKED:
        return Block(
            user_id=int(body["user_id"]),
            target_id=int(body["target_id"]),
            blocked=_BLOCKED[event.kind],
            version=int(body["version"]),
        )
    return None
