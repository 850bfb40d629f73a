"""Heals the mirrored pairs: what a request wrote on one server and died before the other."""

from __future__ import annotations

from reference_impl.chassis.events import Event
from reference_impl.follow.service import Change, FollowStore

GROUP = "follow"

_FOLLOWING = {"follow.followed": True, "follow.unfollowed": False}


class Mirror:
    """Reflects every change on the target's server; its version tells if that is still news."""

    def __init__(self, store: FollowStore) -> None:
        self._store = store

    async def handle(self, event: Event) -> None:
        """Reflect a change of a pair; let events of other kinds pass."""
        if event.kind not in _FOLLOWING:
            return
        change = Change(
            follower_id=int(event.body["follower_id"]),
            target_id=int(event.body["target_id"]),
            following=_FOLLOWING[event.kind],
            version=int(event.body["version"]),
        )
        await self._store.reflect(change)
