"""Fan-out: brings a new post to its readers, each at the cost that its delivery was decided for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol

from model.rules.influencers import Delivery
from model.rules.sharding import ShardTable
from model.rules.timelines import FANOUT_CHUNK_MAX, fanout_chunks
from reference_impl.chassis.events import Event
from reference_impl.timeline.service import TimelineStore

GROUP = "timeline"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """What bringing one post to its readers took."""

    post_id: int
    followers: int
    chunks: int  # server-side calls


class Followers(Protocol):
    """The follow service, as far as fan-out needs it."""

    async def followers(self, user_id: int, *, after: int, limit: int) -> list[int]:
        """Return the next `limit` followers of the user above the id `after`, ascending."""


class Fanout:
    """Delivers posts; doing it again changes nothing, so an event may come twice."""

    def __init__(self, *, store: TimelineStore, follows: Followers, table: ShardTable) -> None:
        self._store = store
        self._follows = follows
        self._table = table

    async def deliver(self, event: Event) -> Delivered | None:
        """Bring the post of a post.created event to its readers; let other events pass."""
        if event.kind != "post.created":
            return None
        post_id, author_id = int(event.body["post_id"]), int(event.body["user_id"])
        if Delivery(event.body["delivery"]) is Delivery.MERGE:
            await self._store.keep_for_merging(post_id, author_id=author_id)
            return Delivered(post_id=post_id, followers=0, chunks=1)
        return await self._push(post_id, author_id)

    async def _push(self, post_id: int, author_id: int) -> Delivered:
        follower_count = chunk_count = 0
        readers = [author_id]  # who sees their own posts as followers do
        async for followers in self._pages_of_followers(author_id):
            chunk_count += await self._deliver_to(post_id, readers + followers)
            follower_count += len(followers)
            readers = []
        if readers:
            chunk_count += await self._deliver_to(post_id, readers)
        return Delivered(post_id=post_id, followers=follower_count, chunks=chunk_count)

    async def _pages_of_followers(self, author_id: int) -> AsyncIterator[list[int]]:
        page = [0]
        while page:
            page = await self._follows.followers(author_id, after=page[-1], limit=FANOUT_CHUNK_MAX)
            if page:
                yield page
            if len(page) < FANOUT_CHUNK_MAX:
                return

    async def _deliver_to(self, post_id: int, readers: list[int]) -> int:
        """Deliver to at most a page of followers, to all servers at once; return the calls made."""
        chunks = [chunk for _, chunk in fanout_chunks(readers, self._table.server_of_id)]
        await asyncio.gather(*(self._store.deliver(post_id, user_ids=chunk) for chunk in chunks))
        return len(chunks)
