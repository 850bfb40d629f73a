"""The post service and the broker, as the user service asks them."""

from __future__ import annotations

from redis.asyncio import Redis

from reference_impl.chassis.clients import ServiceClient
from reference_impl.chassis.events import ANNOUNCEMENTS
from reference_impl.chassis.keyvalue import visiting
from reference_impl.chassis.trimming import trim

ANNOUNCEMENTS_MAX = 10_000  # in the broker: 160 MB of the longest, a third of what it holds


class PostClient:
    """Posts over HTTP."""

    def __init__(self, client: ServiceClient) -> None:
        self._client = client

    async def depart(self, user_id: int) -> None:
        """Show nobody the user's posts any more."""
        await self._client.post_json(f"/internal/authors/{user_id}/departure", {})


class AnnouncementStream:
    """The stream of announcements, which must not fill the broker."""

    def __init__(self, broker: Redis, stream: str = ANNOUNCEMENTS) -> None:
        self._broker = broker
        self._stream = stream

    async def has_room(self) -> bool:
        """Say whether the stream may take more; one that seems full first drops what it can.

        That is what every group has finished, at once: ordinary trimming keeps it for a while.
        """
        with visiting("broker"):
            if await self._broker.xlen(self._stream) < ANNOUNCEMENTS_MAX:
                return True
            await trim(self._broker, self._stream, grace_s=0.0)
            return bool(await self._broker.xlen(self._stream) < ANNOUNCEMENTS_MAX)
