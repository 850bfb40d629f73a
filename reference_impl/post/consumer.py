"""Finishes deletions: of a post whose index entry is left, and of all that a user posted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from reference_impl.chassis.events import Event
from reference_impl.post import announcements
from reference_impl.post.authors import AuthorIndex

GROUP = "post"
BATCH_MAX = 500  # posts deleted in one transaction per server

USER_DELETED = "user.deleted"


class Posts(Protocol):
    """The posts, as far as erasing needs them."""

    async def depart(self, user_id: int) -> None:
        """Show nobody the user's posts from here on, and store no more."""

    async def erase(self, user_id: int, post_ids: Sequence[int]) -> list[int]:
        """Delete those of the posts that are this user's, each with its event; return them."""


class Erasure:
    """Removes what must not outlive its post or its author; half done, it is done again."""

    def __init__(self, store: Posts, index: AuthorIndex) -> None:
        self._store = store
        self._index = index

    async def handle(self, event: Event) -> None:
        """Follow up a deletion; let events of other kinds pass."""
        if event.kind == announcements.DELETED:
            post_id, user_id = int(event.body["post_id"]), int(event.body["user_id"])
            await self._index.remove(user_id, [post_id])
        elif event.kind == USER_DELETED:
            await self._erase_posts_of(int(event.body["user_id"]))

    async def _erase_posts_of(self, user_id: int) -> None:
        """Delete the posts, newest first; their entries go last, so none is forgotten.

        What was stored before the departure is in the index by now, and nothing is stored after.
        """
        await self._store.depart(user_id)
        while post_ids := await self._index.newest([user_id], before=None, limit=BATCH_MAX):
            await self._store.erase(user_id, post_ids)
            await self._index.remove(user_id, post_ids)
        await self._index.forget(user_id)
