"""The follow service over HTTP, for other services to ask about two users, or about many."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from reference_impl.chassis.clients import ServiceClient
from reference_impl.follow.pairs import IDS_MAX, FollowerCount


class FollowClient:
    """Follower counts, follows and blocks, and what makes a timeline be looked after."""

    def __init__(self, client: ServiceClient) -> None:
        self._client = client

    async def follower_count(self, user_id: int) -> int:
        """Return how many follow the user."""
        answer = await self._client.get_json(f"/internal/users/{user_id}/follower-count")
        return int(answer["count"])

    async def follower_counts(self, user_ids: Sequence[int]) -> dict[int, FollowerCount]:
        """Return how many follow each of these; whom nobody ever followed may be left out."""
        chunks = [user_ids[start : start + IDS_MAX] for start in range(0, len(user_ids), IDS_MAX)]
        answers = await asyncio.gather(
            *(self._client.get_json("/internal/follower-counts", _ids(chunk)) for chunk in chunks)
        )
        return {
            int(user_id): FollowerCount(followers=its["followers"], version=its["version"])
            for answer in answers
            for user_id, its in answer["counts"].items()
        }

    async def is_hidden(self, user_id: int, *, viewer_id: int) -> bool:
        """Say whether either of the two has blocked the other."""
        return user_id in await self.hidden_among([user_id], viewer_id=viewer_id)

    async def hidden_among(self, user_ids: Sequence[int], *, viewer_id: int) -> set[int]:
        """Return those, of 1 to 100 users, who and the viewer must not see each other."""
        return await self._among("hidden", user_ids, viewer_id)

    async def is_followed(self, user_id: int, *, viewer_id: int) -> bool:
        """Say whether the viewer follows the user."""
        return user_id in await self._among("follows", [user_id], viewer_id)

    async def look_for_own(self, user_id: int) -> None:
        """Have the user's next page look for the user's own posts."""
        await self._client.post_json(f"/internal/users/{user_id}/look-for-own", {})

    async def _among(self, what: str, user_ids: Sequence[int], viewer_id: int) -> set[int]:
        path = f"/internal/users/{viewer_id}/{what}"
        answer = await self._client.get_json(path, _ids(user_ids))
        return {int(each) for each in answer["ids"]}


def _ids(user_ids: Sequence[int]) -> dict[str, str]:
    return {"ids": ",".join(str(user_id) for user_id in user_ids)}
