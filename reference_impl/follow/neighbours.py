"""The user service, as the follow service asks it."""

from __future__ import annotations

from reference_impl.chassis.clients import ServiceClient


class UserClient:
    """Users over HTTP."""

    def __init__(self, client: ServiceClient) -> None:
        self._client = client

    async def require(self, user_id: int) -> None:
        """Raise NotFound unless the user exists."""
        await self._client.get_json(f"/internal/users/{user_id}")
