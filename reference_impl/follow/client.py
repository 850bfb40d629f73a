"""The follow service over HTTP, for other services to ask about two users."""

from __future__ import annotations

from reference_impl.chassis.clients import ServiceClient


class FollowClient:
    """Follower counts and blocks, and what makes a timeline be looked after."""

    def __init__(self, client: ServiceClient) -> None:
        self._client = client

    async def follower_count(self, user_id: int) -> int:
        """Return how many follow the user."""
        answer = await self._client.get_json(f"/internal/users/{user_id}/follower-count")
        return int(answer["count"])

    async def is_hidden(self, user_id: int, *, viewer_id: int) -> bool:
        """Say whether either of the two has blocked the other."""
        path = f"/internal/users/{viewer_id}/hidden"
        answer = await self._client.get_json(path, {"ids": str(user_id)})
        return str(user_id) in answer["ids"]

    async def look_for_own(self, user_id: int) -> None:
        """Have the user's next page look for the user's own posts."""
        await self._client.post_json(f"/internal/users/{user_id}/look-for-own", {})
