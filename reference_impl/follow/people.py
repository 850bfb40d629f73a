"""Pages of people: who follows, is followed or is blocked, as other users may see them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from reference_impl.follow.blocks import FollowStore
from reference_impl.follow.pairs import unknown

ROUNDS_MAX = 5  # of refilling a page from which people were left out; then it stays short

Profile = dict[str, Any]  # as the user service shows it to everyone
Scan = Callable[[int, int], Awaitable[list[int]]]  # (after, limit) -> the next ids of a list
Show = Callable[[list[int]], Awaitable[list[Profile]]]


class Users(Protocol):
    """The user service, as far as following needs it."""

    async def require(self, user_id: int) -> None:
        """Raise NotFound unless the user exists."""

    async def profiles(self, user_ids: Sequence[int]) -> list[Profile]:
        """Return the public profiles of those who exist, of 1 to 100 users."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PeoplePage:
    """Public profiles, and the last id that was looked at for them; None if no more follow."""

    users: list[Profile]
    last: int | None


class People:
    """Lists of people; whom the viewer must not see, and whose account is gone, are left out."""

    def __init__(self, store: FollowStore, users: Users) -> None:
        self._store = store
        self._users = users

    async def followers(
        self, subject_id: int, *, viewer_id: int, after: int, limit: int
    ) -> PeoplePage:
        """Return the next followers, in the order of the store; NotFound for a hidden subject."""

        async def scan(last: int, count: int) -> list[int]:
            return await self._store.followers(subject_id, after=last, limit=count)

        await self._require_visible(subject_id, viewer_id)
        return await gather(scan, self._visible_to(viewer_id), after=after, limit=limit)

    async def followees(
        self, subject_id: int, *, viewer_id: int, after: int, limit: int
    ) -> PeoplePage:
        """Return the next followees, by ascending id; NotFound for a hidden subject."""

        async def scan(last: int, count: int) -> list[int]:
            return await self._store.followees_page(subject_id, after=last, limit=count)

        await self._require_visible(subject_id, viewer_id)
        return await gather(scan, self._visible_to(viewer_id), after=after, limit=limit)

    async def blocked(self, user_id: int, *, after: int, limit: int) -> PeoplePage:
        """Return the next of those whom the user has blocked, by ascending id."""

        async def scan(last: int, count: int) -> list[int]:
            return await self._store.blocked_page(user_id, after=last, limit=count)

        return await gather(scan, self._profiles, after=after, limit=limit)

    async def _require_visible(self, subject_id: int, viewer_id: int) -> None:
        """Refuse who does not exist and who is hidden with the same words."""
        await self._users.require(subject_id)
        if await self._store.hidden_among(viewer_id, [subject_id]):
            raise unknown(subject_id)

    def _visible_to(self, viewer_id: int) -> Show:
        async def show(ids: list[int]) -> list[Profile]:
            hidden = set(await self._store.hidden_among(viewer_id, ids))
            return await self._profiles([each for each in ids if each not in hidden])

        return show

    async def _profiles(self, ids: list[int]) -> list[Profile]:
        """Return the profiles of those who exist, in the order of the ids."""
        if not ids:
            return []
        by_id = {profile["user_id"]: profile for profile in await self._users.profiles(ids)}
        return [by_id[str(each)] for each in ids if str(each) in by_id]


async def gather(scan: Scan, show: Show, *, after: int, limit: int) -> PeoplePage:
    """Return a page of a list: `limit` people, fewer only at its end or after ROUNDS_MAX rounds."""
    users: list[Profile] = []
    last = after
    for _ in range(ROUNDS_MAX):
        wanted = limit - len(users)
        ids = await scan(last, wanted + 1)  # one more tells whether the list goes on
        users += await show(ids[:wanted])
        if len(ids) <= wanted:
            return PeoplePage(users=users, last=None)
        last = ids[wanted - 1]
        if len(users) == limit:
            break
    return PeoplePage(users=users, last=last)
