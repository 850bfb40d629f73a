"""Trimming of streams: what every group has finished goes, what any of them needs stays.

A bound on the length would drop what somebody has not read.  Without one a stream whose reader
never comes back fills the broker, which then refuses new entries: they wait in their outboxes.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from redis.asyncio import Redis

from reference_impl.chassis.attempts import BROKER_AWAY, pause
from reference_impl.chassis.queues import EntryId, clock_ms, queues_of

PERIOD_S = 5.0
GRACE_S = 60.0  # kept after all have finished: a group that is made within it misses nothing
UNREAD_S = 3_600.0  # how long a stream that no group reads keeps its entries

log = logging.getLogger("feedtwin")


async def trim(
    broker: Redis, stream: str, *, grace_s: float = GRACE_S, unread_s: float = UNREAD_S
) -> int:
    """Drop the entries of a stream that nobody needs; return how many they were."""
    queues = await queues_of(broker, stream)
    kept_s = grace_s if queues else unread_s
    recent = EntryId(max(0, await clock_ms(broker) - round(kept_s * 1000)), 0)
    oldest_kept = min((queue.needed for queue in queues), default=recent)
    minid = str(min(oldest_kept, recent))
    return int(await broker.xtrim(stream, minid=minid, approximate=False))


async def keep_trimmed(broker: Redis, streams: Sequence[str], stopping: asyncio.Event) -> None:
    """Trim the streams every few seconds until `stopping` is set."""
    while not stopping.is_set():
        try:
            for stream in streams:
                await trim(broker, stream)
        except BROKER_AWAY as error:
            log.warning("streams are not trimmed, the broker is away: %s", error)
        await pause(PERIOD_S, stopping)
