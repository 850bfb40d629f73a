"""Keeps the metrics of a shard up to date: how far it is, and how far behind."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from redis.asyncio import Redis

from reference_impl.chassis.attempts import BROKER_AWAY, pause
from reference_impl.chassis.events import ANNOUNCEMENTS, USER_EVENTS
from reference_impl.chassis.queues import LOOK_S, queues_of
from reference_impl.search.generations import Generations
from reference_impl.search.metrics import COMPLETE, LAG_S, REBUILDING, USERS


async def keep_looking(
    broker: Redis, generations: Generations, shard: int, stopping: asyncio.Event
) -> None:
    """Look every few seconds until `stopping` is set; no lag is told while the broker is away."""
    while not stopping.is_set():
        look_at_index(generations)
        with suppress(*BROKER_AWAY):  # the feeds say so in the log
            await look_at_streams(broker, shard)
        await pause(LOOK_S, stopping)


def look_at_index(generations: Generations) -> None:
    """Tell how far the index is."""
    status = generations.status()
    USERS.set(status.users)
    COMPLETE.set(status.is_complete)
    REBUILDING.set(status.filling is not None)


async def look_at_streams(broker: Redis, shard: int) -> None:
    """Tell how old the oldest event is that the index has not taken in."""
    for stream in (USER_EVENTS, ANNOUNCEMENTS):
        for queue in await queues_of(broker, stream):
            if queue.group == f"search-{shard}":
                LAG_S.labels(stream).set(queue.oldest_s)
