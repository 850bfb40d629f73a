"""Takes what has been deleted out of the cache."""

from __future__ import annotations

from reference_impl.cdn.service import EdgeService
from reference_impl.chassis.events import Event

MEDIA_DELETED = "media.deleted"


class Purging:
    """Purges what the media service says is gone."""

    def __init__(self, edge: EdgeService) -> None:
        self._edge = edge

    async def handle(self, event: Event) -> None:
        """Purge every file of an upload that is deleted; let events of other kinds pass."""
        if event.kind == MEDIA_DELETED:
            await self._edge.purge(str(url) for url in event.body["urls"])
