"""Sweeping: uploads that nobody has ever told of, whose requests have died, are deleted."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from redis.asyncio import Redis

from model.rules.media import is_shared
from reference_impl.chassis.attempts import BROKER_AWAY, pause
from reference_impl.chassis.errors import Unavailable
from reference_impl.chassis.queues import queues_of
from reference_impl.media.objects import Objects
from reference_impl.media.pipeline import metrics

ORPHAN_S = 86_400.0  # a request is long over by then, and its event published
LATE_S = 3_600.0  # while events have waited for longer, they may tell of uploads that are older
PERIOD_S = 600.0
ROUND_MAX = 1_000  # uploads deleted in one round

log = logging.getLogger("feedtwin")


async def sweep(objects: Objects, *, older_than_s: float = ORPHAN_S) -> int:
    """Delete uploads that no event has told of, ROUND_MAX at most; return how many they were."""
    orphans: list[str] = []
    async for found in objects.aged(older_than_s):
        if not found.has_manifest and not is_shared(found.upload):
            orphans.append(found.upload)
        if len(orphans) == ROUND_MAX:
            break
    for upload in orphans:
        await objects.delete_upload(upload)
        metrics.SWEPT.inc()
    return len(orphans)


async def is_late(broker: Redis, streams: Sequence[str], group: str) -> bool:
    """Say whether the group has left events of these streams for longer than LATE_S."""
    queues = [queue for stream in streams for queue in await queues_of(broker, stream)]
    return any(queue.group == group and queue.oldest_s > LATE_S for queue in queues)


async def keep_swept(
    objects: Objects, broker: Redis, streams: Sequence[str], group: str, stopping: asyncio.Event
) -> None:
    """Sweep every few minutes until `stopping` is set, unless events are late."""
    while not await pause(PERIOD_S, stopping):
        try:
            if await is_late(broker, streams, group):
                log.warning("nothing is swept: events are late that may tell of uploads")
            elif swept := await sweep(objects):
                log.info("%d uploads swept that nobody has told of", swept)
        except (Unavailable, *BROKER_AWAY) as error:
            log.warning("nothing is swept: %s", error)
