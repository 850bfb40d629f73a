"""The service that fan-out asks."""

from __future__ import annotations

from model.rules.fanouts import ShardRange
from reference_impl.chassis.clients import ServiceClient


class FollowersClient:
    """Followers over HTTP."""

    def __init__(self, client: ServiceClient) -> None:
        self._client = client

    async def followers(
        self, user_id: int, *, after: int, limit: int, shards: ShardRange
    ) -> list[int]:
        """Return the next followers of the user, in the order of logical shard, then id."""
        params = {"after": str(after), "limit": str(limit), "shards": str(shards)}
        answer = await self._client.get_json(f"/internal/users/{user_id}/followers", params)
        return [int(identity) for identity in answer["ids"]]
