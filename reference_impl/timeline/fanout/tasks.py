"""What is done for an entry of each stream, and what comes of it when it is done."""

from __future__ import annotations

import time
from collections.abc import Coroutine, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from redis.asyncio import Redis

from model.rules.fanouts import PURGE, ShardRange, class_of
from model.rules.influencers import Delivery
from reference_impl.chassis.events import Event
from reference_impl.chassis.groups import Addition, Entry, Group
from reference_impl.chassis.marks import Marks
from reference_impl.chassis.metering import Metered
from reference_impl.chassis.stages import Account, accounting
from reference_impl.timeline.fanout import metrics
from reference_impl.timeline.fanout.delivering import Fanout, Post
from reference_impl.timeline.fanout.jobs import Job, Purge, Reach
from reference_impl.timeline.fanout.purging import Purger
from reference_impl.timeline.fanout.records import Ranges, record_of

T = TypeVar("T")


class Tasks:
    """The work on one entry; `streams` are where it finds more, by class."""

    def __init__(
        self,
        broker: Redis,
        *,
        fanout: Fanout,
        purger: Purger,
        marks: Marks,
        streams: Sequence[str],
    ) -> None:
        self._fanout = fanout
        self._purger = purger
        self._marks = marks
        self._streams = streams
        self._ranges = Ranges(broker)

    async def on_event(self, group: Group, entry: Entry) -> None:
        """Begin what an event asks for; let events of other kinds pass."""
        event = Event.from_fields(entry.fields)
        if event.kind == "post.created" and not self._marks.is_done(event.event_id):
            await self._on_post(group, entry, event)
            return
        purges = [self._purge(event)] if event.kind == "post.deleted" else []
        await group.finish(entry, mark=self._marks.of(event.event_id), additions=purges)

    async def _on_post(self, group: Group, entry: Entry, event: Event) -> None:
        post, begun_s = Post.of(event), time.time()
        (reach, left), cpu_ns = await _metered(self._fanout.begin(post))
        reach = replace(reach, cpu_ns=cpu_ns)
        if left:
            jobs = _jobs(post, left, reach, created_s=event.at_s, begun_s=begun_s)
            stream = self._streams[class_of(post.followers)]
            additions = [Addition(stream=stream, fields=job.to_fields()) for job in jobs]
        else:
            additions = [record_of(post.post_id, reach, created_s=event.at_s, begun_s=begun_s)]
        mark = self._marks.of(event.event_id)
        if await group.finish(entry, mark=mark, additions=additions):
            metrics.count(reach)
            if not left:
                metrics.count_lag(followers=post.followers, seconds=time.time() - event.at_s)

    def _purge(self, event: Event) -> Addition:
        purge = Purge(
            post_id=int(event.body["post_id"]),
            author_id=int(event.body["user_id"]),
            delivery=Delivery(event.body["delivery"]),
        )
        return Addition(stream=self._streams[PURGE], fields=purge.to_fields())

    async def on_chunk(self, group: Group, entry: Entry) -> None:
        """Bring a post to the next followers of a range."""
        job = Job.from_fields(entry.fields)
        (reach, last), cpu_ns = await _metered(self._fanout.chunk(job))
        reach = replace(reach, cpu_ns=cpu_ns)
        job = job.continued(last or job.after, reach)
        if last is None:
            finished, is_everywhere = await self._ranges.end(group, entry, job)
        else:
            rest = Addition(stream=group.stream, fields=job.to_fields())
            finished, is_everywhere = await group.finish(entry, additions=[rest]), False
        if finished:
            metrics.count(reach)
        if is_everywhere:
            metrics.count_lag(followers=job.followers, seconds=time.time() - job.created_s)

    async def on_purge(self, group: Group, entry: Entry) -> None:
        """Take a deleted post out of the next timelines."""
        left = await self._purger.chunk(Purge.from_fields(entry.fields))
        rest = [] if left is None else [Addition(stream=group.stream, fields=left.to_fields())]
        await group.finish(entry, additions=rest)


def _jobs(
    post: Post, ranges: Sequence[ShardRange], reach: Reach, *, created_s: float, begun_s: float
) -> list[Job]:
    """Return what is left, by range; the first is charged with what has been done already."""
    return [
        Job(
            post_id=post.post_id,
            author_id=post.author_id,
            is_edge=post.delivery is Delivery.EDGE,
            followers=post.followers,
            created_s=created_s,
            begun_s=begun_s,
            ranges=len(ranges),
            shards=shards,
            reached=Reach() if number else reach,
        )
        for number, shards in enumerate(ranges)
    ]


async def _metered(work: Coroutine[Any, Any, T]) -> tuple[T, int]:
    """Return what the work returns, and the CPU time of its own steps in nanoseconds."""
    account = Account()
    with accounting(account):
        answer = await Metered(work, account)
    return answer, account.cpu_ns
