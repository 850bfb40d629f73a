"""Brings a post to its readers, each at the cost that its delivery was decided for."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol, TypeVar

from model.rules.fanouts import ALL_SHARDS, ShardRange, owned_runs, shard_ranges
from model.rules.ids import logical_shard_of
from model.rules.influencers import Delivery
from model.rules.timelines import FANOUT_CHUNK_MAX, fanout_chunks
from reference_impl.chassis.errors import Unavailable
from reference_impl.chassis.events import Event
from reference_impl.timeline.deliveries import Deliveries
from reference_impl.timeline.fanout.absences import Absences, Away, Missed
from reference_impl.timeline.fanout.jobs import Job, Part, Reach
from reference_impl.timeline.merge_authors import AUTHORS_SERVER

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
    """Delivers posts; doing it again changes nothing, so any part of it may be repeated.

    What goes to several servers goes to all that can be reached, before Away is raised.
    """

    def __init__(
        self,
        *,
        store: Deliveries,
        follows: Followers,
        owners: Sequence[int],
        absences: Absences | None = None,
    ) -> None:
        """`owners` names the timeline server of each logical shard of users.

        Without `absences` every server is asked every time.
        """
        self._store = store
        self._follows = follows
        self._owners = owners
        self._absences = absences or Absences(away_s=0.0)

    async def begin(self, post: Post) -> tuple[Reach, list[ShardRange]]:
        """Bring a post to its author, and to the followers if one chunk holds them.

        Returns what that reached, and the ranges of the followers who are left.  What some gather
        themselves is kept for them before it is brought to the others.
        """
        at_once = [] if post.delivery is Delivery.MERGE else await self._followers_of_few(post)
        left = [] if at_once is not None else self._ranges(post)
        reach, missed = Reach(), list[Missed]()
        for step in self._steps(post, at_once or []):
            try:
                reach += await step()
            except Away as away:
                reach += away.reach
                missed += away.missed
        if missed:
            raise Away(missed, reach=reach, left=left)
        return reach, left

    def _steps(self, post: Post, followers: list[int]) -> list[Callable[[], Awaitable[Reach]]]:
        """Return the calls that begin the fan-out to these followers, in order."""
        its = post.post_id, post.author_id
        if post.delivery is Delivery.PUSH:
            return [partial(self._deliver, *its, [post.author_id, *followers])]
        is_edge = post.delivery is Delivery.EDGE
        steps = [
            partial(self._deliver, *its, [post.author_id]),
            partial(self._keep, *its, is_edge=is_edge),
        ]
        return [*steps, partial(self._deliver, *its, followers, is_edge=is_edge)]

    async def chunk(self, job: Job, *, lane: int | None = None) -> tuple[Reach, int | None]:
        """Bring a post to the next of a part of its readers; return the last, or None at its end.

        `lane` is the server that the job has waited for.
        """
        its = job.post_id, job.author_id
        if job.part is Part.OWN:
            return await self._deliver(*its, [job.author_id], lane=lane), None
        if job.part is Part.KEPT:
            return await self._keep(*its, is_edge=job.is_edge, lane=lane), None
        page = await self._follows.followers(
            job.author_id, after=job.after, limit=FANOUT_CHUNK_MAX, shards=job.shards
        )
        reach = await self._deliver(*its, page, is_edge=job.is_edge, lane=lane)
        return reach, page[-1] if len(page) == FANOUT_CHUNK_MAX else None

    def by_server(self, job: Job) -> list[Job]:
        """Cut what is left of a job into one for each run of shards that one server owns."""
        if job.part is not Part.READERS:
            return [job]
        first = logical_shard_of(job.after) if job.after else job.shards.first
        return job.cut(owned_runs(self._owners, ShardRange(first, job.shards.last)))

    async def _followers_of_few(self, post: Post) -> list[int] | None:
        """Return all followers if they fit into one chunk, else None.

        Only a page that is full leaves open whether it is the last.
        """
        if post.followers > FANOUT_CHUNK_MAX:
            return None
        page = await self._follows.followers(
            post.author_id, after=0, limit=FANOUT_CHUNK_MAX, shards=ALL_SHARDS
        )
        if len(page) < FANOUT_CHUNK_MAX:
            return page
        more = await self._follows.followers(
            post.author_id, after=page[-1], limit=1, shards=ALL_SHARDS
        )
        return None if more else page

    def _ranges(self, post: Post) -> list[ShardRange]:
        more_than_a_chunk = max(post.followers, FANOUT_CHUNK_MAX + 1)
        return shard_ranges(self._owners, followers=more_than_a_chunk)

    async def _keep(
        self, post_id: int, author_id: int, *, is_edge: bool, lane: int | None = None
    ) -> Reach:
        """Keep the post in its author's list, and the author among those to merge.

        One by one, so that it is known which server is away.
        """
        keep = partial(self._store.keep_for_merging, post_id, author_id=author_id)
        calls = [(self._owners[logical_shard_of(author_id)], keep)]
        if not is_edge:
            calls.append((AUTHORS_SERVER, partial(self._store.have_merged, author_id)))
        for server, call in calls:
            try:
                await self._absences.ask(server, call, lane=lane)
            except Unavailable as error:
                raise Away([Missed(server=server, part=Part.KEPT)]) from error
        return Reach(calls=1)

    async def _deliver(
        self,
        post_id: int,
        author_id: int,
        readers: list[int],
        *,
        is_edge: bool = False,
        lane: int | None = None,
    ) -> Reach:
        """Deliver to at most a page of readers, to all servers at once."""
        chunks = list(fanout_chunks(readers, partial(self._store.server_of, post_id)))
        deliver = partial(self._store.deliver, post_id, author_id=author_id, is_edge=is_edge)
        delivered = await all_of(
            self._absences.ask(server, partial(deliver, user_ids=chunk), lane=lane)
            for server, chunk in chunks
        )
        reach, missed = Reach(), list[Missed]()
        for (server, chunk), count in zip(chunks, delivered, strict=True):
            if isinstance(count, Unavailable):
                missed += _missed(server, chunk, author_id)
            else:
                reach += _reach(chunk, count, author_id)
        if missed:
            raise Away(missed, reach=reach)
        return reach


def _reach(readers: Sequence[int], delivered: int, author_id: int) -> Reach:
    return Reach(
        followers=sum(reader != author_id for reader in readers),
        delivered=delivered,
        skipped=len(readers) - delivered,
        calls=1,
    )


def _missed(server: int, readers: Sequence[int], author_id: int) -> list[Missed]:
    """Return what a server that is away has missed, which would have brought it to these."""
    shards = [logical_shard_of(reader) for reader in readers if reader != author_id]
    missed = [Missed(server=server, part=Part.OWN)] if author_id in readers else []
    if shards:
        of_shards = ShardRange(min(shards), max(shards))
        missed.append(Missed(server=server, part=Part.READERS, shards=of_shards))
    return missed


async def all_of(calls: Iterable[Awaitable[T]]) -> list[T | Unavailable]:
    """Make calls at once, and return what comes of each: it may be that somebody is away.

    What else goes wrong is raised when none of them is still under way.
    """
    answers = await asyncio.gather(*calls, return_exceptions=True)
    done: list[T | Unavailable] = []
    for answer in answers:
        if isinstance(answer, BaseException) and not isinstance(answer, Unavailable):
            raise answer
        done.append(answer)
    return done
