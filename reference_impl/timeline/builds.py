"""Building timelines that are not there, and bringing along those that the reader has outgrown."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence
from contextlib import suppress

from model.rules.influencers import pays_to_push
from model.rules.policy import Strategy
from reference_impl.chassis.callers import allow
from reference_impl.chassis.errors import Full, Unavailable
from reference_impl.timeline.flights import Flights
from reference_impl.timeline.forgetting import Forgotten
from reference_impl.timeline.lists import Beginning, Contents, Reading
from reference_impl.timeline.questions import PULLED_MAX, Follows, Posts
from reference_impl.timeline.readers import Need, Reader
from reference_impl.timeline.timelines import Timeline, Timelines

POLL_S = 0.02
ABANDON_S = 1.0  # for giving up a build whose own time is over
POLLS_MAX = 25  # half a second for another process to end its build; the page then comes by pull


class Builds:
    """Makes timelines serve their readers, each once however many of its pages are read."""

    def __init__(self, timelines: Timelines, *, follows: Follows, posts: Posts, cap: int) -> None:
        self._timelines = timelines
        self._follows = follows
        self._posts = posts
        self._posts_max = min(cap, PULLED_MAX)  # of a build
        self._flights: Flights[tuple[int, Need]] = Flights()
        self._forgotten = Forgotten()

    async def meet(self, need: Need, reader: Reader, timeline: Timeline) -> None:
        """Do what the timeline, as it was read, needs; or wait for whoever does."""

        async def work(_: list[tuple[int, Need]]) -> None:
            if need is Need.COVER:
                await self._cover(reader)
            elif need is Need.REBUILD:
                await self._rebuild(reader, timeline)
            elif need is Need.NEW_EDGES:
                with suppress(Full):  # it serves as it is
                    await self._build(reader, timeline, is_new=False)
            else:
                await self._build(reader, timeline, is_new=need is Need.BUILD)

        await self._flights.done([(reader.user_id, need)], work)

    async def _rebuild(self, reader: Reader, timeline: Timeline) -> None:
        """Build a timeline in place of one that serves its reader no longer.

        A full server forgets it, and may so have room for the next build.
        """
        try:
            await self._build(reader, timeline, is_new=False)
        except Full as error:
            await self._timelines.drop(reader.user_id)
            self._forgotten.count(1, error)
            raise

    async def _build(self, reader: Reader, timeline: Timeline, *, is_new: bool) -> None:
        token = secrets.token_hex(8)
        for _ in range(POLLS_MAX):
            beginnings = await self._timelines.begin(
                reader.user_id, token, replacing=None if is_new else timeline
            )
            if Beginning.BEGUN in beginnings:
                await self._fill(reader, timeline, token)
                return
            if Beginning.BUSY not in beginnings:
                return
            await asyncio.sleep(POLL_S)

    async def _fill(self, reader: Reader, timeline: Timeline, token: str) -> None:
        """Gather what belongs into a timeline that was begun, and finish it.

        Whoever fan-out did not find among the followers, or found without a timeline, follows
        an author whose post was stored before that: before `mirror` answers, or before the
        build began, and so before the posts are gathered.
        """
        try:
            contents = await self._gathered(reader, timeline)
            await self._timelines.finish(reader.user_id, token, contents, idle_s=reader.idle_s)
        except Unavailable:
            allow(ABANDON_S)
            await self._timelines.abandon(reader.user_id, token)
            raise

    async def _gathered(self, reader: Reader, timeline: Timeline) -> Contents:
        pulled, post_ids = await asyncio.gather(
            self._authors_to_pull(reader, timeline), self._newest(reader)
        )
        return Contents(
            ids=post_ids,
            floor=floor_of(post_ids, limit=self._posts_max),
            seq=reader.followees.seq,
            halvings=reader.halvings,
            pulled=pulled,
        )

    async def _newest(self, reader: Reader) -> list[int]:
        await self._follows.mirror(reader.user_id, since=0)
        return await self._posts.by_authors(reader.authors, before=None, limit=self._posts_max)

    async def _authors_to_pull(self, reader: Reader, timeline: Timeline) -> frozenset[int] | None:
        """Return whose edge posts the reader gathers; None where nobody asks.

        Posts by them that come before the build ends are delivered, which harms nothing.
        """
        policy = reader.policy
        if policy.strategy is not Strategy.PER_EDGE:
            return None
        if not reader.followees.ids:
            return frozenset()
        rates = await self._posts.rates(reader.followees.ids)
        return frozenset(
            author
            for author in reader.followees.ids
            if not pays_to_push(
                policy,
                reads_per_day=timeline.reads_per_day,
                posts_per_day=rates.get(author, 0.0),
            )
        )

    async def _cover(self, reader: Reader) -> None:
        """Add the posts of those whom the reader follows since the timeline last covered them.

        What that was is read again: whoever has seen it, and waited, may come when it is done.
        A post that fan-out did not bring here was stored before `mirror` answered, and so before
        the posts are gathered.
        """
        glance = Reading(before=None, limit=1, idle_s=reader.idle_s)
        timeline = await self._timelines.read(reader.user_id, glance)
        if reader.need_of(timeline) is not Need.COVER:
            return
        news = await self._follows.mirror(reader.user_id, since=timeline.seq)
        post_ids: list[int] = []
        if news.ids:
            post_ids = await self._posts.by_authors(news.ids, before=None, limit=self._posts_max)
        contents = Contents(
            ids=post_ids,
            floor=floor_of(post_ids, limit=self._posts_max),
            seq=news.seq,
            halvings=reader.halvings,
        )
        await self._timelines.cover(reader.user_id, timeline, contents)


def floor_of(post_ids: Sequence[int], *, limit: int) -> int:
    """Return above which id these are all there are, if no more than `limit` were asked for."""
    return post_ids[-1] - 1 if len(post_ids) >= limit else 0
