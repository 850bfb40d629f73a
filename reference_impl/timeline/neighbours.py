"""The services that reading and delivering ask."""

from __future__ import annotations

from reference_impl.chassis.clients import ServiceClient
from reference_impl.timeline.service import PostBody


class FollowClient:
    """Follows over HTTP, in both directions."""

    def __init__(self, client: ServiceClient) -> None:
        self._client = client

    async def followees(self, user_id: int) -> frozenset[int]:
        """Return whom the user follows."""
        answer = await self._client.get_json(f"/internal/users/{user_id}/followees")
        return frozenset(int(identity) for identity in answer["ids"])

    async def followers(self, user_id: int, *, after: int, limit: int) -> list[int]:
        """Return the next `limit` followers of the user above the id `after`, ascending."""
        params = {"after": str(after), "limit": str(limit)}
        answer = await self._client.get_json(f"/internal/users/{user_id}/followers", params)
        return [int(identity) for identity in answer["ids"]]


class PostClient:
    """Posts over HTTP."""

    def __init__(self, client: ServiceClient) -> None:
        self._client = client

    async def posts(self, post_ids: list[int]) -> list[PostBody]:
        """Return the posts that exist, in the order asked for."""
        params = {"ids": ",".join(str(post_id) for post_id in post_ids)}
        posts: list[PostBody] = (await self._client.get_json("/internal/posts", params))["posts"]
        return posts
