"""Takes what has been deleted out of the cache."""

from __future__ import annotations

from redis.asyncio import Redis

from reference_impl.cdn.service import EdgeService
from reference_impl.chassis.consumers import Consumer, Subscription
from reference_impl.chassis.events import Event

MEDIA_DELETED = "media.deleted"
MEDIA_CLEARED = "media.cleared"


class Purging(Consumer):
    """Purges what it hears is gone; if it may have missed something, all that can be gone."""

    def __init__(self, broker: Redis, subscription: Subscription, edge: EdgeService) -> None:
        super().__init__(broker, subscription, self.purge)
        self._edge = edge

    async def purge(self, event: Event) -> None:
        """Purge every file of an upload that is deleted, or of all; let other events pass."""
        if event.kind == MEDIA_DELETED:
            await self._edge.purge(str(url) for url in event.body["urls"])
        if event.kind == MEDIA_CLEARED:
            await self._edge.purge_media()

    async def begin_anew(self) -> None:
        """Purge everything: nobody has kept for us what was said before."""
        await self._edge.purge_media()
