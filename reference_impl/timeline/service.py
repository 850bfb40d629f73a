"""Reading a newsfeed: the reader's own timeline, mixed with what influencers posted."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from model.rules import timelines

ROUNDS_MAX = 5  # refills of one page; behind more gaps than these fill, the page stays short

PostBody = Mapping[str, Any]  # a post as the post service renders it


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Some posts, newest first, and the last post scanned for them if there is more below."""

    posts: list[PostBody]
    last_scanned: int | None


class TimelineStore(Protocol):
    """Sorted lists of post ids: one per reader, and one per author whose posts are merged."""

    async def timeline(self, user_id: int, *, before: int | None, limit: int) -> list[int]:
        """Return the newest `limit` posts below `before` that were delivered to the user."""

    async def merge_authors(self) -> frozenset[int]:
        """Return the authors who have posts kept for merging, as of a second ago at most."""

    async def merged_posts(
        self, author_ids: Collection[int], *, before: int | None, limit: int
    ) -> list[list[int]]:
        """Return, per author, the newest `limit` posts below `before` kept for merging."""

    async def deliver(self, post_id: int, *, user_ids: list[int]) -> None:
        """Put the post into these timelines, all of one server; again changes nothing."""

    async def keep_for_merging(self, post_id: int, *, author_id: int) -> None:
        """Keep the post once, for whoever follows its author; again changes nothing."""


class Follows(Protocol):
    """The follow service, as far as reading needs it."""

    async def followees(self, user_id: int) -> frozenset[int]:
        """Return whom the user follows."""


class Posts(Protocol):
    """The post service, as far as reading needs it."""

    async def posts(self, post_ids: list[int]) -> list[PostBody]:
        """Return the posts that exist, in the order asked for."""


class TimelineService:
    """The use case of reading."""

    def __init__(self, *, store: TimelineStore, follows: Follows, posts: Posts) -> None:
        self._store = store
        self._follows = follows
        self._posts = posts

    async def newsfeed(self, user_id: int, *, before: int | None, limit: int) -> Page:
        """Return the page below the post `before` (None: the newest), refilled after filtering.

        Posts of authors whom the reader does not follow any more are left out, so that
        unfollowing takes effect on the next page.
        """
        timeline, followees, merge_authors = await asyncio.gather(
            self._store.timeline(user_id, before=before, limit=limit + 1),
            self._follows.followees(user_id),
            self._store.merge_authors(),
        )
        authors = followees | {user_id}
        influencers = authors & merge_authors
        merged = await self._store.merged_posts(influencers, before=before, limit=limit + 1)
        shown: list[PostBody] = []
        for _ in range(ROUNDS_MAX):
            found = timelines.newsfeed_page(timeline, merged, before=before, limit=limit + 1)
            shown += await self._posts_by(authors, found[:limit])
            if len(shown) > limit:
                return Page(posts=shown[:limit], last_scanned=int(shown[limit - 1]["post_id"]))
            if len(found) <= limit:
                return Page(posts=shown, last_scanned=None)
            before = found[limit - 1]
            if len(shown) == limit:
                break
            timeline, merged = await asyncio.gather(
                self._store.timeline(user_id, before=before, limit=limit + 1),
                self._store.merged_posts(influencers, before=before, limit=limit + 1),
            )
        return Page(posts=shown, last_scanned=before)

    async def _posts_by(self, authors: Collection[int], post_ids: list[int]) -> list[PostBody]:
        posts = await self._posts.posts(post_ids) if post_ids else []
        return [post for post in posts if int(post["user_id"]) in authors]
