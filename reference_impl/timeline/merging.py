"""Reading the posts that are kept once per author, and building the lists that are not there."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Collection, Sequence

from reference_impl.chassis.callers import allow
from reference_impl.chassis.errors import Unavailable
from reference_impl.timeline.builds import ABANDON_S, POLL_S, POLLS_MAX, floor_of
from reference_impl.timeline.flights import Flights
from reference_impl.timeline.lists import Beginning, Contents, Reading
from reference_impl.timeline.merged import MergedLists
from reference_impl.timeline.questions import LISTS_MAX, Posts
from reference_impl.timeline.sources import NOWHERE, Source

BUILT_POSTS_MAX = 100  # per author: the longest page; older ones are pulled by who wants them


class Merging:
    """Lists of merged posts that are built when first read, each once however many read it."""

    def __init__(self, lists: MergedLists, posts: Posts) -> None:
        self._lists = lists
        self._posts = posts
        self._flights: Flights[int] = Flights()

    async def read(
        self, author_ids: Collection[int], reading: Reading
    ) -> tuple[dict[int, Source], bool]:
        """Return what is asked for of each author's list, and whether some had to be built.

        A list that another process is building for too long is NOWHERE.
        """
        found = await self._lists.read(author_ids, reading)
        missing = [author for author, source in found.items() if source == NOWHERE]
        if missing:
            await self._build_once(missing, reading.idle_s)
            found.update(await self._lists.read(missing, reading))
        return found, bool(missing)

    async def _build_once(self, author_ids: list[int], idle_s: float | None) -> None:
        async def work(fresh: list[int]) -> None:
            await self._build(fresh, idle_s)

        await self._flights.done(author_ids, work)

    async def _build(self, author_ids: list[int], idle_s: float | None) -> None:
        token, waiting = secrets.token_hex(8), author_ids
        for _ in range(POLLS_MAX):
            beginnings = await self._lists.begin(waiting, token)
            begun = [author for author in waiting if beginnings[author] is Beginning.BEGUN]
            for start in range(0, len(begun), LISTS_MAX):
                await self._fill(begun[start : start + LISTS_MAX], token, idle_s)
            waiting = [author for author in waiting if beginnings[author] is Beginning.BUSY]
            if not waiting:
                return
            await asyncio.sleep(POLL_S)

    async def _fill(self, author_ids: Sequence[int], token: str, idle_s: float | None) -> None:
        """Gather what belongs into lists that were begun, and finish them.

        A post that was not put into one, for it was not there, was stored before it was begun.
        """
        try:
            contents = await self._gathered(author_ids)
            await self._lists.finish(contents, token, idle_s=idle_s)
        except Unavailable:
            allow(ABANDON_S)
            await self._lists.abandon(author_ids, token)
            raise

    async def _gathered(self, author_ids: Sequence[int]) -> dict[int, Contents]:
        lists = await self._posts.lists(author_ids, limit=BUILT_POSTS_MAX)
        contents = {}
        for author in author_ids:
            post_ids = lists.get(author, [])
            floor = floor_of(post_ids, limit=BUILT_POSTS_MAX)
            contents[author] = Contents(ids=post_ids, floor=floor)
        return contents
