"""Finding the posts of one newsfeed page: in lists as far as they are whole, beyond by pull."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import Enum

from reference_impl.chassis.errors import Unavailable
from reference_impl.timeline.builds import Builds
from reference_impl.timeline.kept import KeptLists
from reference_impl.timeline.lists import Reading
from reference_impl.timeline.questions import Posts
from reference_impl.timeline.readers import Reader
from reference_impl.timeline.sources import Source, leaves_gap, page_of
from reference_impl.timeline.timelines import Timeline, Timelines


class FeedSource(Enum):
    """Where the posts of a page were found, from the cheapest to the dearest."""

    TIMELINE = "timeline"  # in lists that were there
    BUILT = "built"  # in lists, some of which were built or brought along for it
    PULL = "pull"  # some or all by asking for the newest posts of authors


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelves:
    """Everything that posts are found in."""

    timelines: Timelines
    builds: Builds
    merged: KeptLists
    posts: Posts


@dataclass(frozen=True, slots=True, kw_only=True)
class Glance:
    """What the timeline store says at first: the timeline, and whose posts are merged."""

    timeline: Timeline
    merge_authors: frozenset[int] | None  # None: too many to tell, take everyone


class Scan:
    """The search for the posts of one page."""

    def __init__(self, reader: Reader, shelves: Shelves, glance: Glance | Unavailable) -> None:
        self._reader = reader
        self._shelves = shelves
        self._glance = glance  # if it is an error, all is pulled
        self._timeline = None if isinstance(glance, Unavailable) else glance.timeline  # to be used
        self._dearest = FeedSource.TIMELINE

    @property
    def source(self) -> FeedSource:
        """The dearest way that was taken."""
        return self._dearest

    @property
    def trouble(self) -> Unavailable | None:
        """Why the timeline store was of no help, if it was not."""
        return self._glance if isinstance(self._glance, Unavailable) else None

    async def newest(self, *, before: int | None, limit: int) -> list[int]:
        """Return the newest `limit` posts below `before`, newest first: all that the reader gets.

        Among them may be others, such as posts of authors who are not followed any more.
        """
        reading = Reading(before=before, limit=limit, idle_s=self._reader.idle_s)
        found = await self._in_lists(reading)
        if found is None:
            return await self.pulled(before=before, limit=limit)
        parts, merged = found
        page = page_of([*parts, *merged.values()], limit=limit)
        authors: Collection[int] = [
            author for author, source in merged.items() if leaves_gap(source, page, limit=limit)
        ]
        if any(leaves_gap(part, page, limit=limit) for part in parts):
            authors = self._reader.authors
        if not authors:
            return page
        beyond = await self._pull(authors, before=before, limit=limit)
        return page_of([Source(ids=ids, floor=0) for ids in (page, beyond)], limit=limit)

    async def pulled(self, *, before: int | None, limit: int) -> list[int]:
        """Return the newest `limit` posts below `before` of exactly the authors followed."""
        return await self._pull(self._reader.authors, before=before, limit=limit)

    async def _pull(
        self, author_ids: Collection[int], *, before: int | None, limit: int
    ) -> list[int]:
        self._dearest = FeedSource.PULL
        return await self._shelves.posts.by_authors(author_ids, before=before, limit=limit)

    async def _in_lists(
        self, reading: Reading
    ) -> tuple[Iterable[Source], dict[int, Source]] | None:
        """Return the timeline's parts and the lists to be merged; None if they are of no use."""
        if isinstance(self._glance, Unavailable):
            return None
        try:
            timeline = await self._serving(reading)
            if timeline is None or _is_beneath(timeline, reading.before):
                return None
            merged, was_built = await self._merged(timeline, self._glance.merge_authors, reading)
        except Unavailable as error:
            self._glance = error
            return None
        if was_built:
            self._built()
        return [part.source for part in timeline.parts], merged

    async def _serving(self, reading: Reading) -> Timeline | None:
        """Return a timeline that serves the reader, once each need it has is met, or None."""
        reader, timelines = self._reader, self._shelves.timelines
        timeline, self._timeline = self._timeline, None
        if timeline is None:
            timeline = await timelines.read(reader.user_id, reading)
        met = set()
        while (need := reader.need_of(timeline)) is not None and need not in met:
            met.add(need)
            await self._shelves.builds.meet(need, reader, timeline)
            timeline = await timelines.read(reader.user_id, reading)
            self._built()
        return timeline if reader.is_served_by(timeline) else None

    async def _merged(
        self, timeline: Timeline, merge_authors: frozenset[int] | None, reading: Reading
    ) -> tuple[dict[int, Source], bool]:
        """Return the lists to be merged; where they are everybody's, nobody keeps them."""
        authors = self._authors_to_merge(timeline, merge_authors)
        fresh_s = 0.0 if merge_authors is None else self._reader.policy.lists_kept_s
        return await self._shelves.merged.read(authors, reading, fresh_s=fresh_s)

    def _authors_to_merge(
        self, timeline: Timeline, merge_authors: frozenset[int] | None
    ) -> frozenset[int]:
        authors = self._reader.authors
        if merge_authors is None:
            return authors
        return (authors & merge_authors) | (self._reader.followees.ids & timeline.pulled)

    def _built(self) -> None:
        if self._dearest is FeedSource.TIMELINE:
            self._dearest = FeedSource.BUILT


def _is_beneath(timeline: Timeline, before: int | None) -> bool:
    """Say whether the page lies, in some part, wholly below what is kept."""
    return before is not None and any(part.source.floor >= before for part in timeline.parts)
