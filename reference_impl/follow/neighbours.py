"""The user service, as the follow service asks it."""

from __future__ import annotations

from collections.abc import Sequence

from reference_impl.chassis.clients import ServiceClient
from reference_impl.follow.people import Profile


class UserClient:
    """Users over HTTP."""

    def __init__(self, client: ServiceClient) -> None:
        self._client = client

    async def require(self, user_id: int) -> None:
        """Raise NotFound unless the user exists."""
        await self._client.get_json(f"/internal/users/{user_id}")

    async def profiles(self, user_ids: Sequence[int]) -> list[Profile]:
        """Return the public profiles of those who exist, of 1 to 100 users."""
        params = {"ids": ",".join(str(user_id) for user_id in user_ids)}
        profiles: list[Profile] = (await self._client.get_json("/internal/users", params))["users"]
        return profiles
