"""What is left of a user whose account is gone: no follow and no block, either way."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

from reference_impl.follow.blocks import FollowStore
from reference_impl.follow.pairs import BATCH_MAX, EVERY_SHARD
from reference_impl.follow.service import FollowService

SHARDS_AT_ONCE = 256  # the ended pairs of so many may have to be passed over in one query

Page = Callable[[int], Awaitable[list[int]]]  # after -> the next ids of a list


class Departures:
    """Ends what the departed had, batch by batch; what was broken off goes on where it was.

    A follow that begins at the same time does not survive.  By the departed: the departure is
    noted under the lock under which their follows begin, so one that was under way is found
    here, and a later one is refused.  Of the departed: see `FollowService.reflect`; a request
    that died before it could look is made up for by the event of its follow.  A block of the
    departed that begins at the same time may stay: a row that no page shows.
    """

    def __init__(self, store: FollowStore, service: FollowService) -> None:
        self._store = store
        self._service = service

    async def depart(self, user_id: int) -> None:
        """End every pair of the user, with events, so that counts and timelines follow."""
        await self._store.depart(user_id)

        async def followees(after: int) -> list[int]:
            return await self._store.followees_page(user_id, after=after, limit=BATCH_MAX)

        async for ids in _pages(followees):
            await self._service.end([(user_id, target_id) for target_id in ids])
        for start in EVERY_SHARD[::SHARDS_AT_ONCE]:
            await self._lose_followers(user_id, EVERY_SHARD[start : start + SHARDS_AT_ONCE])
        await self._lift_blocks(user_id)

    async def _lose_followers(self, user_id: int, shards: range) -> None:
        async def followers(after: int) -> list[int]:
            return await self._store.followers(user_id, after=after, limit=BATCH_MAX, shards=shards)

        async for ids in _pages(followers):
            await self._service.end([(follower_id, user_id) for follower_id in ids])

    async def _lift_blocks(self, user_id: int) -> None:
        async def blocked(after: int) -> list[int]:
            return await self._store.blocked_page(user_id, after=after, limit=BATCH_MAX)

        async def blockers(after: int) -> list[int]:
            return await self._store.blockers_page(user_id, after=after, limit=BATCH_MAX)

        async for ids in _pages(blocked):
            for target_id in ids:
                await self._service.unblock(user_id, target_id)
        async for ids in _pages(blockers):
            for blocker_id in ids:
                await self._service.unblock(blocker_id, user_id)


async def _pages(page: Page) -> AsyncIterator[list[int]]:
    after = 0
    while ids := await page(after):
        yield ids
        after = ids[-1]
