"""Reading a newsfeed: the reader's own timeline, mixed with what is kept per author."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from model.rules.timelines import PAGE_LIMIT_MAX
from reference_impl.chassis.complaints import Complaint
from reference_impl.chassis.errors import Unavailable
from reference_impl.chassis.policies import PolicySource
from reference_impl.timeline.builds import Builds
from reference_impl.timeline.deliveries import TimelineStore
from reference_impl.timeline.kept import KeptLists
from reference_impl.timeline.lists import Reading
from reference_impl.timeline.merge_authors import MergeAuthors
from reference_impl.timeline.merging import Merging
from reference_impl.timeline.questions import Follows, PostBody, Posts
from reference_impl.timeline.readers import Reader, idle_s_of
from reference_impl.timeline.scan import FeedSource, Glance, Scan, Shelves

ROUNDS_MAX = 5  # refills of one page; behind more gaps than these fill, the page stays short

log = logging.getLogger("feedtwin")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Some posts, newest first, and the last post scanned for them if there is more below."""

    posts: Sequence[PostBody]
    last_scanned: int | None
    source: FeedSource
    is_without_store: bool  # the timeline store was of no help


class TimelineService:
    """The use cases of timelines."""

    def __init__(
        self,
        *,
        store: TimelineStore,
        follows: Follows,
        posts: Posts,
        policies: PolicySource,
        cap: int,
        merge_authors_fresh_s: float,
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._follows = follows
        self._posts = posts
        self._policies = policies
        self._merge_authors = MergeAuthors(store.authors, posts, fresh_s=merge_authors_fresh_s)
        self._without_store = Complaint("a page without timeline", clock_s)
        self._shelves = Shelves(
            timelines=store.timelines,
            builds=Builds(store.timelines, follows=follows, posts=posts, cap=cap),
            merged=KeptLists(Merging(store.merged, posts), clock_s),
            posts=posts,
        )

    async def newsfeed(self, user_id: int, *, before: int | None, limit: int) -> Page:
        """Return the page below the post `before` (None: the newest), refilled after filtering.

        What is left out by then are posts that are deleted, and those of authors whom the
        reader does not follow any more: unfollowing takes effect on the next page.
        """
        policy = self._policies.current()
        reading = Reading(before=before, limit=limit + 1, idle_s=idle_s_of(policy))
        followees, glance = await asyncio.gather(
            self._follows.followees(user_id), self._glance(user_id, reading)
        )
        reader = Reader(user_id=user_id, followees=followees, policy=policy)
        scan = Scan(reader, self._shelves, glance)
        shown, last_scanned = await self._filled(reader, scan, before=before, limit=limit)
        if scan.trouble is not None:
            self._without_store.make(log, scan.trouble)
        return Page(
            posts=shown,
            last_scanned=last_scanned,
            source=scan.source,
            is_without_store=scan.trouble is not None,
        )

    async def show_own(self, user_id: int, post_id: int) -> int:
        """Put a user's own new post into the user's timeline; return in how many it now is.

        There is none for a user who does not read: building one will find the post.
        """
        return await self._store.deliver(
            post_id, author_id=user_id, user_ids=[user_id], is_edge=False
        )

    async def _glance(self, user_id: int, reading: Reading) -> Glance | Unavailable:
        try:
            timeline, merge_authors = await asyncio.gather(
                self._store.timelines.read(user_id, reading), self._merge_authors.read()
            )
        except Unavailable as error:
            return error
        return Glance(timeline=timeline, merge_authors=merge_authors)

    async def _filled(
        self, reader: Reader, scan: Scan, *, before: int | None, limit: int
    ) -> tuple[list[PostBody], int | None]:
        """Return at most `limit` posts, and the last post scanned if there is more below.

        A page that lists leave short, for posts of authors not followed any more stand in them,
        is filled by pull; not even that promises a full page, for deleted posts, but an empty
        one is only given up after ROUNDS_MAX more rounds.
        """
        shown: list[PostBody] = []
        for turn in range(2 * ROUNDS_MAX):
            if turn < ROUNDS_MAX:
                size = limit
                found = await scan.newest(before=before, limit=size + 1)
            elif turn == ROUNDS_MAX or not shown:
                size = PAGE_LIMIT_MAX
                found = await scan.pulled(before=before, limit=size + 1)
            else:
                break
            shown += await self._shown(reader, found[:size])
            if len(shown) > limit:
                return shown[:limit], int(shown[limit - 1]["post_id"])
            if len(found) <= size:
                return shown, None
            before = found[size - 1]
            if len(shown) == limit:
                break
        return shown, before

    async def _shown(self, reader: Reader, post_ids: Sequence[int]) -> list[PostBody]:
        posts = await self._posts.posts(post_ids) if post_ids else []
        return [post for post in posts if reader.gets(int(post["post_id"]), int(post["user_id"]))]
