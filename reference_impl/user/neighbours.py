"""The follow service, as the user service asks it."""

from __future__ import annotations

from reference_impl.chassis.clients import ServiceClient


class FollowClient:
    """Follows over HTTP."""

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
