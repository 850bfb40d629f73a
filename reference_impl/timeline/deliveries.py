"""Timelines as fan-out writes them: who has one gets the post, who has none is built one on read.

`store.valkey_timelines(servers, cap=…, by=…)` is the store on Valkey and
`memory.memory_timelines(cap=…, by=…, server_count=…)` its twin.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Protocol

from reference_impl.chassis.policies import PolicySource
from reference_impl.timeline.lists import ListServer
from reference_impl.timeline.merge_authors import AuthorSet
from reference_impl.timeline.merged import MergedLists
from reference_impl.timeline.readers import idle_s_of
from reference_impl.timeline.timelines import Timelines


class Deliveries(Protocol):
    """Lists of post ids, as far as new and deleted posts change them; again changes nothing.

    Raises Unavailable while a server is away.  One that is full forgets what it cannot bring up
    to date: readers find it not to be there.
    """

    def server_of(self, post_id: int, user_id: int) -> int:
        """Return the server on which this user's entry of this post lies; chunks are of one."""

    async def deliver(
        self, post_id: int, *, author_id: int, user_ids: list[int], is_edge: bool
    ) -> int:
        """Put the post into these timelines, at most 1,000 and all of one server.

        Returns in how many it now is.  Left out are timelines that are not there, readers who
        gather the posts of this author themselves (`is_edge`), readers whose share of posts is
        halved and does not include this one, and timelines that a full server forgets; the
        author's own timeline always gets it.
        """

    async def keep_for_merging(self, post_id: int, *, author_id: int) -> None:
        """Keep the post once, in its author's list, for whoever gathers their posts on read."""

    async def have_merged(self, author_id: int) -> None:
        """Let every follower gather the author's posts from now on."""

    async def remove(self, post_id: int, *, user_ids: list[int]) -> None:
        """Take the post out of these timelines, at most 1,000 and all of one server."""

    async def remove_merged(self, post_id: int, *, author_id: int) -> None:
        """Take the post out of what is kept for merging."""

    async def drop(self, user_id: int) -> None:
        """Forget the timeline of this user, on every server, and what of theirs is merged."""

    async def load_functions(self) -> None:
        """Bring every server to this version of its functions; done again where one lacks them."""


class TimelineStore:
    """Timelines, lists of posts to merge, and whose these are; see Deliveries for the writes."""

    def __init__(
        self,
        *,
        timelines: Timelines,
        merged: MergedLists,
        authors: AuthorSet,
        servers: Sequence[ListServer],
        policies: PolicySource | None = None,
    ) -> None:
        """Under `policies` a delivery sees to it that lists which nobody reads have an end.

        Lists get theirs when they are read: those that were read last under a strategy that
        keeps them for good get it here.  Without `policies` they keep what they have.
        """
        self.timelines = timelines
        self.merged = merged
        self.authors = authors
        self._servers = servers
        self._policies = policies

    def server_of(self, post_id: int, user_id: int) -> int:
        """See Deliveries."""
        return self.timelines.server_of(post_id, user_id)

    async def deliver(
        self, post_id: int, *, author_id: int, user_ids: list[int], is_edge: bool
    ) -> int:
        """See Deliveries."""
        return await self.timelines.deliver(
            post_id,
            author_id=author_id,
            user_ids=user_ids,
            is_edge=is_edge,
            idle_s=self._idle_s(),
        )

    async def keep_for_merging(self, post_id: int, *, author_id: int) -> None:
        """See Deliveries."""
        await self.merged.keep(post_id, author_id=author_id, idle_s=self._idle_s())

    async def have_merged(self, author_id: int) -> None:
        """See Deliveries."""
        await self.authors.add(author_id)

    async def remove(self, post_id: int, *, user_ids: list[int]) -> None:
        """See Deliveries."""
        await self.timelines.remove(post_id, user_ids=user_ids)

    async def remove_merged(self, post_id: int, *, author_id: int) -> None:
        """See Deliveries."""
        await self.merged.remove(post_id, author_id=author_id)

    async def drop(self, user_id: int) -> None:
        """See Deliveries."""
        await asyncio.gather(self.timelines.drop(user_id), self.merged.drop(user_id))

    async def load_functions(self) -> None:
        """See Deliveries."""
        await asyncio.gather(*(server.load_functions() for server in self._servers))

    def _idle_s(self) -> float | None:
        return idle_s_of(self._policies.current()) if self._policies else None
