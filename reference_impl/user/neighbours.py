"""The post service, as the user service asks it."""

from __future__ import annotations

from reference_impl.chassis.clients import ServiceClient


class PostClient:
    """Posts over HTTP."""

    def __init__(self, client: ServiceClient) -> None:
        self._client = client

    async def depart(self, user_id: int) -> None:
        """Show nobody the user's posts any more."""
        await self._client.post_json(f"/internal/authors/{user_id}/departure", {})
