"""The services that the post service asks."""

from __future__ import annotations

from reference_impl.chassis.clients import ServiceClient
from reference_impl.post.service import Image


class MediaClient:
    """The object store, through the media service."""

    def __init__(self, client: ServiceClient) -> None:
        self._client = client

    async def put(self, image: Image) -> str:
        """Store the image and return its URL."""
        stored = await self._client.put_bytes("/internal/objects", image.data, image.content_type)
        return str(stored["url"])


class FollowClient:
    """Follower counts over HTTP."""

    def __init__(self, client: ServiceClient) -> None:
        self._client = client

    async def follower_count(self, user_id: int) -> int:
        """Return how many follow the user."""
        answer = await self._client.get_json(f"/internal/users/{user_id}/follower-count")
        return int(answer["count"])
