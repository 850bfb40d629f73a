"""A fan-out worker without fairness: every post to its last reader, in the order of arrival.

The same code reads followers and delivers chunks as in the worker proper, and only the order of
the chunks differs: that is how the first version of the worker did it, and what any single queue
does.  Run as a process, `python tests/bench/first_come.py`, with the settings of a worker.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web
from redis.asyncio import Redis

from reference_impl.chassis.apps import service_app
from reference_impl.chassis.clients import client_of
from reference_impl.chassis.consumers import Consumer, Subscription, consuming
from reference_impl.chassis.events import POST_EVENTS, Event
from reference_impl.chassis.keyvalue import ShardedValkey, valkey
from reference_impl.chassis.serve import serve
from reference_impl.chassis.settings import Settings
from reference_impl.timeline.fanout.delivering import Fanout, Post
from reference_impl.timeline.fanout.jobs import Job, Reach
from reference_impl.timeline.fanout.neighbours import FollowersClient
from reference_impl.timeline.fanout.records import DONE, record_of
from reference_impl.timeline.fanout.worker import GROUP
from reference_impl.timeline.store import STATION, valkey_timelines


class FirstCome:
    """Delivers the posts of events, each to its end, and records what it took."""

    def __init__(self, fanout: Fanout, broker: Redis) -> None:
        self._fanout = fanout
        self._broker = broker

    async def handle(self, event: Event) -> None:
        """Deliver the post that the event tells of."""
        post, begun_s = Post.of(event), time.time()
        reach, ranges = await self._fanout.begin(post)
        for shards in ranges:
            job = Job(
                post_id=post.post_id,
                author_id=post.author_id,
                is_edge=False,
                followers=post.followers,
                created_s=event.at_s,
                begun_s=begun_s,
                ranges=len(ranges),
                shards=shards,
            )
            reach += await self._reach_of(job)
        record = record_of(post.post_id, reach, created_s=event.at_s, begun_s=begun_s)
        await self._broker.xadd(DONE, dict(record.fields))

    async def _reach_of(self, job: Job) -> Reach:
        """Deliver to all of a range, chunk by chunk."""
        last: int | None = 0
        while last is not None:
            reach, last = await self._fanout.chunk(job)
            job = job.continued(last or 0, reach)
        return job.reached


@asynccontextmanager
async def assemble(settings: Settings) -> AsyncIterator[web.Application]:
    """Open what the worker needs, and work beside an application that says that it is ready."""
    async with (
        ShardedValkey(settings.timeline_stores, station=STATION) as servers,
        client_of(settings, "follow") as client,
        valkey(settings.broker) as broker,
    ):
        fanout = Fanout(
            store=valkey_timelines(servers, cap=settings.timeline_cap),
            follows=FollowersClient(client),
            owners=servers.table.owners,
        )
        subscription = Subscription(stream=POST_EVENTS, group=GROUP, name=settings.instance)
        async with consuming(Consumer(broker, subscription, FirstCome(fanout, broker).handle)):
            yield service_app("fanout", settings, [])


if __name__ == "__main__":
    serve(assemble)
