"""Brings a post to its readers, each at the cost that its delivery was decided for."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol, TypeVar

from model.rules.fanouts import ALL_SHARDS, ShardRange, shard_ranges
from model.rules.influencers import Delivery
from model.rules.timelines import FANOUT_CHUNK_MAX, fanout_chunks
from reference_impl.chassis.events import Event
from reference_impl.timeline.deliveries import Deliveries
from reference_impl.timeline.fanout.jobs import Job, Reach

T = TypeVar("T")


class Followers(Protocol):
    """The follow service, as far as fan-out needs it."""

    async def followers(
        self, user_id: int, *, after: int, limit: int, shards: ShardRange
    ) -> list[int]:
        """Return the next followers of the user, in the order of logical shard, then id.

        They follow strictly after `after` in that order; 0: from the first shard on.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """A new post, as far as its delivery is concerned."""

    post_id: int
    author_id: int
    delivery: Delivery
    followers: int  # that the author had by the count; there may be more or fewer

    @classmethod
    def of(cls, event: Event) -> Post:
        """Read a post.created event; raises KeyError or ValueError if it says something else."""
        return cls(
            post_id=int(event.body["post_id"]),
            author_id=int(event.body["user_id"]),
            delivery=Delivery(event.body["delivery"]),
            followers=int(event.body["follower_count"]),
        )


class Fanout:
    """Delivers posts; doing it again changes nothing, so any part of it may be repeated."""

    def __init__(self, *, store: Deliveries, follows: Followers, owners: Sequence[int]) -> None:
        """`owners` names the timeline server of each logical shard of users."""
        self._store = store
        self._follows = follows
        self._owners = owners

    async def begin(self, post: Post) -> tuple[Reach, list[ShardRange]]:
        """Bring a post to its author, and to the followers if one chunk holds them.

        Returns what that reached, and the ranges of the followers who are left.  What some gather
        themselves is kept for them before it is brought to the others.
        """
        is_edge = post.delivery is Delivery.EDGE
        at_once = [] if post.delivery is Delivery.MERGE else await self._followers_of_few(post)
        left = [] if at_once is not None else self._ranges(post)
        if post.delivery is Delivery.PUSH:
            readers = [post.author_id, *(at_once or [])]
            return await self._deliver(post.post_id, post.author_id, readers), left
        reach = await self._deliver(post.post_id, post.author_id, [post.author_id])
        reach += await self._keep(post)
        if at_once:
            reach += await self._deliver(post.post_id, post.author_id, at_once, is_edge=is_edge)
        return reach, left

    async def chunk(self, job: Job) -> tuple[Reach, int | None]:
        """Bring a post to the next followers of a range; return the last, or None at its end."""
        page = await self._follows.followers(
            job.author_id, after=job.after, limit=FANOUT_CHUNK_MAX, shards=job.shards
        )
        reach = await self._deliver(job.post_id, job.author_id, page, is_edge=job.is_edge)
        return reach, page[-1] if len(page) == FANOUT_CHUNK_MAX else None

    async def _followers_of_few(self, post: Post) -> list[int] | None:
        """Return all followers if they are fewer than a chunk holds, else None."""
        if post.followers > FANOUT_CHUNK_MAX:
            return None
        page = await self._follows.followers(
            post.author_id, after=0, limit=FANOUT_CHUNK_MAX, shards=ALL_SHARDS
        )
        return page if len(page) < FANOUT_CHUNK_MAX else None

    def _ranges(self, post: Post) -> list[ShardRange]:
        more_than_a_chunk = max(post.followers, FANOUT_CHUNK_MAX + 1)
        return shard_ranges(self._owners, followers=more_than_a_chunk)

    async def _keep(self, post: Post) -> Reach:
        is_edge = post.delivery is Delivery.EDGE
        await self._store.keep_for_merging(post.post_id, author_id=post.author_id, is_edge=is_edge)
        return Reach(calls=1)

    async def _deliver(
        self, post_id: int, author_id: int, readers: list[int], *, is_edge: bool = False
    ) -> Reach:
        """Deliver to at most a page of readers, to all servers at once."""
        chunks = fanout_chunks(readers, partial(self._store.server_of, post_id))
        delivered = await all_of(
            self._store.deliver(post_id, author_id=author_id, user_ids=chunk, is_edge=is_edge)
            for _, chunk in chunks
        )
        return Reach(
            followers=sum(reader != author_id for reader in readers),
            delivered=sum(delivered),
            skipped=len(readers) - sum(delivered),
            calls=len(delivered),
        )


async def all_of(calls: Iterable[Awaitable[T]]) -> list[T]:
    """Make calls at once; raise what went wrong when none of them is still under way."""
    answers = await asyncio.gather(*calls, return_exceptions=True)
    done: list[T] = []
    for answer in answers:
        if isinstance(answer, BaseException):
            raise answer
        done.append(answer)
    return done
