"""The services that reading asks, over HTTP."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from model.rules.influencers import Delivery
from reference_impl.chassis.clients import ServiceClient
from reference_impl.timeline.questions import Followees, PostBody

NOT_PUSHED = (Delivery.MERGE, Delivery.EDGE)


class FollowClient:
    """Whom a user follows."""

    def __init__(self, client: ServiceClient) -> None:
        self._client = client

    async def followees(self, user_id: int) -> Followees:
        """See Follows."""
        answer = await self._client.get_json(f"/internal/users/{user_id}/followees")
        return Followees(ids=frozenset(_read(answer["ids"])), seq=int(answer["seq"]))

    async def mirror(self, user_id: int, *, since: int) -> Followees:
        """See Follows."""
        answer = await self._client.post_json(f"/internal/users/{user_id}/mirror", {"since": since})
        return Followees(ids=frozenset(_read(answer["ids"])), seq=int(answer["seq"]))


class PostClient:
    """Posts, by their ids and by their authors."""

    def __init__(self, client: ServiceClient) -> None:
        self._client = client

    async def posts(self, post_ids: Sequence[int]) -> list[PostBody]:
        """See Posts."""
        params = {"ids": ",".join(_written(post_ids))}
        posts: list[PostBody] = (await self._client.get_json("/internal/posts", params))["posts"]
        return posts

    async def by_authors(
        self, author_ids: Collection[int], *, before: int | None, limit: int
    ) -> list[int]:
        """See Posts."""
        question = {
            "author_ids": _written(author_ids),
            "before": None if before is None else str(before),
            "limit": limit,
            "deliveries": None,
        }
        answer = await self._client.post_json("/internal/posts/by-authors", question)
        return _read(answer["ids"])

    async def lists(self, author_ids: Sequence[int], *, limit: int) -> dict[int, list[int]]:
        """See Posts."""
        question = {
            "author_ids": _written(author_ids),
            "limit": limit,
            "deliveries": [delivery.value for delivery in NOT_PUSHED],
        }
        answer = await self._client.post_json("/internal/posts/lists", question)
        return {int(author): _read(ids) for author, ids in answer["lists"].items()}

    async def rates(self, author_ids: Collection[int]) -> dict[int, float]:
        """See Posts."""
        question = {"author_ids": _written(author_ids)}
        answer = await self._client.post_json("/internal/posts/rates", question)
        return {int(author): float(rate) for author, rate in answer["per_day"].items()}

    async def merge_authors(self, *, after: int, limit: int) -> list[int]:
        """See Posts."""
        params = {"after": str(after), "limit": str(limit)}
        answer = await self._client.get_json("/internal/merge-authors", params)
        return _read(answer["ids"])


def _read(texts: Iterable[str]) -> list[int]:
    return [int(text) for text in texts]


def _written(identities: Iterable[int]) -> list[str]:
    return [str(identity) for identity in identities]
