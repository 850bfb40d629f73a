"""Who a user is, as others may see it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Protocol

from reference_impl.chassis.errors import NotFound
from reference_impl.user.profiles import Document, public_profile_of
from reference_impl.user.records import UserStore


class Follows(Protocol):
    """The follow service, as far as a profile needs it."""

    async def follower_count(self, user_id: int) -> int:
        """Return how many follow the user."""

    async def is_hidden(self, user_id: int, *, viewer_id: int) -> bool:
        """Say whether either of the two has blocked the other."""

    async def hidden_among(self, user_ids: Sequence[int], *, viewer_id: int) -> set[int]:
        """Return those, of 1 to 100 users, who and the viewer must not see each other."""

    async def is_followed(self, user_id: int, *, viewer_id: int) -> bool:
        """Say whether the viewer follows the user."""


class ProfileViews:
    """Shows users to each other, and to the services."""

    def __init__(self, store: UserStore, follows: Follows) -> None:
        self._store = store
        self._follows = follows

    async def page(self, user_id: int, *, viewer_id: int) -> Document:
        """Return the profile, how many follow the user, and whether the viewer does.

        Raises NotFound, in the same words, if there is no such user and if a block hides them.
        """
        profile = await self.profile(user_id)
        is_hidden, followers, is_followed = await asyncio.gather(
            self._follows.is_hidden(user_id, viewer_id=viewer_id),
            self._follows.follower_count(user_id),
            self._follows.is_followed(user_id, viewer_id=viewer_id),
        )
        if is_hidden:
            raise _unknown(user_id)
        return {**profile, "follower_count": followers, "followed": is_followed}

    async def profile(self, user_id: int) -> Document:
        """Return what everyone may know of a user."""
        document = await self._store.document_of(user_id)
        if document is None:
            raise _unknown(user_id)
        return public_profile_of(document)

    async def visible_profiles(self, user_ids: Sequence[int], *, viewer_id: int) -> list[Document]:
        """Return the profiles as `profiles` does, without those whom a block hides."""
        profiles, hidden = await asyncio.gather(
            self.profiles(user_ids), self._follows.hidden_among(user_ids, viewer_id=viewer_id)
        )
        return [profile for profile in profiles if int(profile["user_id"]) not in hidden]

    async def profiles(self, user_ids: Sequence[int]) -> list[Document]:
        """Return the profiles of those users who exist, in the order asked for."""
        documents = await self._store.documents_of(user_ids)
        return [public_profile_of(document) for document in documents]


def _unknown(user_id: int) -> NotFound:
    return NotFound(f"no user {user_id}")
