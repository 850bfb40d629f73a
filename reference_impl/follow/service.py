"""Following and blocking, and the directions in which both are read."""

from __future__ import annotations

from collections.abc import Sequence

from reference_impl.chassis.errors import BadRequest
from reference_impl.follow.blocks import Block, FollowStore
from reference_impl.follow.pairs import EVERY_SHARD, Change, Followees, FollowerCount, unknown
from reference_impl.follow.people import People, Users


class FollowService:
    """The use cases of following and blocking; `people` shows the lists to other users."""

    def __init__(self, store: FollowStore, users: Users) -> None:
        self._store = store
        self._users = users
        self.people = People(store, users)

    async def set_following(self, follower_id: int, target_id: int, *, following: bool) -> None:
        """Make `follower_id` follow the target, or no longer; doing it twice is doing it once.

        Should this process die between the two writes, the event of the first one makes the
        second: see `consumer`.
        """
        if follower_id == target_id:
            raise BadRequest("target_id must be somebody else: nobody follows themselves")
        await self._users.require(target_id)
        if not following:
            await self.end([(follower_id, target_id)])
            return
        change = await self._store.follow(follower_id, target_id)
        if change is not None and await self.reflect([change]):
            raise unknown(target_id)

    async def end(self, pairs: Sequence[tuple[int, int]]) -> None:
        """End those of the pairs that are followed, BATCH_MAX at most, in both directions."""
        await self.reflect(await self._store.end(pairs))

    async def reflect(self, changes: Sequence[Change]) -> list[Change]:
        """Make the second write of these changes; return those that follow who has departed.

        Those are ended at once: whoever makes the second write of a follow looks afterwards
        whether the target is still there, and whoever departs looks for followers afterwards,
        so one of the two sees the other.
        """
        if not changes:
            return []
        too_late = await self._store.reflect(changes)
        if too_late:
            ended = await self._store.end([change.pair for change in too_late])
            await self._store.reflect(ended)
        return too_late

    async def followees(self, user_id: int) -> Followees:
        """Return whom the user follows, at most FOLLOWEES_MAX."""
        return await self._store.followees(user_id)

    async def mirror(self, user_id: int, *, since: int) -> Followees:
        """Return the followees whose pairs changed after `since` changes, known to their servers.

        The user is one of them if their own posts are to be looked for since.  Every change that
        the answer counts has been reflected when it is given, so whoever
        holds the answer gets what those followees post from here on.
        """
        answer = await self._store.followees_since(user_id, since)
        reflected = 0
        while reflected < answer.seq:
            backlog = await self._store.backlog(user_id)
            if not backlog.changes:
                break
            await self.reflect(backlog.changes)
            await self._store.note_reflected(user_id, backlog.upto)
            reflected = backlog.upto
        return answer

    async def look_for_own(self, user_id: int) -> None:
        """Have the user's next page look for their own posts, as for those of a new followee."""
        await self._store.look_for_own(user_id)

    async def followers(
        self, user_id: int, *, after: int, limit: int, shards: range = EVERY_SHARD
    ) -> list[int]:
        """Return the next `limit` followers after `after`, in the order of (logical shard, id)."""
        return await self._store.followers(user_id, after=after, limit=limit, shards=shards)

    async def follower_count(self, user_id: int) -> int:
        """Return how many follow the user."""
        return await self._store.follower_count(user_id)

    async def follower_counts(self, ids: Sequence[int]) -> dict[int, FollowerCount]:
        """Return how many follow each of these; whom nobody ever followed may be left out."""
        return await self._store.follower_counts(ids)

    async def followed_among(self, user_id: int, ids: Sequence[int]) -> list[int]:
        """Return those of the ids whom the user follows."""
        return await self._store.followed_among(user_id, ids)

    async def set_blocked(self, user_id: int, target_id: int, *, blocked: bool) -> None:
        """Make the user block the target, or no longer; doing it twice is doing it once.

        A block ends the follows between the two, and lifting it does not bring them back.
        """
        if user_id == target_id:
            raise BadRequest("target_id must be somebody else: nobody blocks themselves")
        await self._users.require(target_id)
        if not blocked:
            await self.unblock(user_id, target_id)
            return
        block, ended = await self._store.block(user_id, target_id)
        await self.mirror_block(block)
        await self.reflect(ended)

    async def unblock(self, user_id: int, target_id: int) -> None:
        """Lift the block, if there is one, whether or not the two still exist."""
        block = await self._store.unblock(user_id, target_id)
        if block is not None:
            await self.mirror_block(block)

    async def mirror_block(self, block: Block) -> None:
        """Make the second write of a block, with what follows from it."""
        await self.reflect(await self._store.mirror_block(block))

    async def hidden_among(self, user_id: int, ids: Sequence[int]) -> list[int]:
        """Return those of the ids who and the user must not see each other."""
        return await self._store.hidden_among(user_id, ids)
