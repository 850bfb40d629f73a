"""Following and unfollowing, and the two directions in which the pairs are read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from reference_impl.chassis.errors import BadRequest

FOLLOWEES_MAX = 5_000  # followed by one user, and so in one answer; Instagram stops at 7,500
FOLLOWERS_PAGE_MAX = 1_000  # followers in one answer: one fan-out chunk


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A pair as it became; `version` counts the changes of this pair, from 1."""

    follower_id: int
    target_id: int
    following: bool
    version: int


class FollowStore(Protocol):
    """Pairs of (follower, target), kept in both directions."""

    async def change(self, follower_id: int, target_id: int, *, following: bool) -> Change | None:
        """Make the pair so on the follower's server, and write the event in the same transaction.

        Returns None, and writes nothing, if it already was.  Raises Conflict if the follower
        would follow more than FOLLOWEES_MAX.
        """

    async def reflect(self, change: Change) -> None:
        """Bring the target's server up to `change`, unless it knows this version or a newer one.

        The target's count of followers moves only when the pair really flips.
        """

    async def followees(self, follower_id: int) -> list[int]:
        """Return whom the user follows: at most FOLLOWEES_MAX, in no promised order."""

    async def followers(self, target_id: int, *, after: int, limit: int) -> list[int]:
        """Return the first `limit` followers with an id above `after`, ascending."""

    async def follower_count(self, target_id: int) -> int:
        """Return how many follow the user; 0 for one whom nobody follows, or who is unknown."""


class Users(Protocol):
    """The user service, as far as following needs it."""

    async def require(self, user_id: int) -> None:
        """Raise NotFound unless the user exists."""


class FollowService:
    """The use cases of following."""

    def __init__(self, store: FollowStore, users: Users) -> None:
        self._store = store
        self._users = users

    async def set_following(self, follower_id: int, target_id: int, *, following: bool) -> None:
        """Make `follower_id` follow the target, or no longer; doing it twice is doing it once.

        Should this process die between the two writes, the event of the first one makes the
        second: see `consumer`.
        """
        if follower_id == target_id:
            raise BadRequest("target_id must be somebody else: nobody follows themselves")
        await self._users.require(target_id)
        change = await self._store.change(follower_id, target_id, following=following)
        if change is not None:
            await self._store.reflect(change)

    async def followees(self, user_id: int) -> list[int]:
        """Return whom the user follows, at most FOLLOWEES_MAX."""
        return await self._store.followees(user_id)

    async def followers(self, user_id: int, *, after: int, limit: int) -> list[int]:
        """Return the next `limit` followers of the user above the id `after`, ascending."""
        return await self._store.followers(user_id, after=after, limit=limit)

    async def follower_count(self, user_id: int) -> int:
        """Return how many follow the user."""
        return await self._store.follower_count(user_id)
