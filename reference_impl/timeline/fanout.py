"""`python -m reference_impl.timeline.fanout`: the worker that delivers new posts.

For each post delivered it leaves a record in the broker's stream `fanout_done`: post,
followers, chunks, created, begun and done (Unix s), cpu (s, of its own steps).
"""

from __future__ import annotations

import asyncio
import os
import time
from typing import Any

from redis.asyncio import Redis

from reference_impl.chassis.clients import ServiceClient
from reference_impl.chassis.consumers import Consumer, Subscription
from reference_impl.chassis.events import POST_EVENTS, Event
from reference_impl.chassis.keyvalue import ShardedValkey, valkey, visiting
from reference_impl.chassis.logs import log_to_stderr
from reference_impl.chassis.metering import Metered, meter_child_tasks
from reference_impl.chassis.serve import stop_asked
from reference_impl.chassis.settings import Settings
from reference_impl.chassis.stages import Account, accounting
from reference_impl.timeline.consumer import GROUP, Delivered, Fanout
from reference_impl.timeline.neighbours import FollowClient
from reference_impl.timeline.store import STATION, ValkeyTimelineStore

DONE = "fanout_done"
DONE_MAX = 100_000  # records kept, about


class Worker:
    """Delivers posts and records what each took."""

    def __init__(self, fanout: Fanout, broker: Redis) -> None:
        self._fanout = fanout
        self._broker = broker

    async def handle(self, event: Event) -> None:
        """Deliver the post that the event tells of, and record it."""
        begun_s = time.time()
        account = Account()
        with accounting(account):
            delivered = await Metered(self._fanout.deliver(event), account)
        if delivered is not None:
            await self._record(event, delivered, begun_s, account)

    async def _record(
        self, event: Event, delivered: Delivered, begun_s: float, account: Account
    ) -> None:
        record: dict[Any, Any] = {
            "post": delivered.post_id,
            "followers": delivered.followers,
            "chunks": delivered.chunks,
            "created": repr(event.at_s),
            "begun": repr(begun_s),
            "done": repr(time.time()),
            "cpu": repr(account.cpu_ns / 1e9),
        }
        with visiting("broker"):
            await self._broker.xadd(DONE, record, maxlen=DONE_MAX)


async def main(settings: Settings) -> None:
    """Deliver posts until SIGTERM."""
    stopping = stop_asked()
    log_to_stderr(settings.instance)
    meter_child_tasks(asyncio.get_running_loop())
    async with (
        ShardedValkey(settings.timeline_stores, station=STATION) as servers,
        ServiceClient(settings.follow_urls, name="follow") as follows,
        valkey(settings.broker) as broker,
    ):
        store = ValkeyTimelineStore(servers, cap=settings.timeline_cap)
        await store.load_function()
        fanout = Fanout(store=store, follows=FollowClient(follows), table=servers.table)
        subscription = Subscription(stream=POST_EVENTS, group=GROUP, name=settings.instance)
        worker = Worker(fanout, broker)
        await Consumer(broker, subscription, worker.handle).run(stopping)


if __name__ == "__main__":
    asyncio.run(main(Settings.from_environment(os.environ)))
