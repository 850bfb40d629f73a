"""What waits in the broker: for each stream and group that reads it, how much, and since when."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NamedTuple

from prometheus_client import Gauge
from redis.asyncio import Redis
from redis.exceptions import ResponseError

from model.rules.fanouts import BULK_STREAMS, late_streams
from reference_impl.chassis.attempts import BROKER_AWAY, Every, pause
from reference_impl.chassis.events import (
    ANNOUNCEMENTS,
    ERASURE_EVENTS,
    FOLLOW_EVENTS,
    MEDIA_EVENTS,
    POST_EVENTS,
    USER_EVENTS,
)
from reference_impl.chassis.groups import dead_stream

EVENTS = (
    USER_EVENTS, FOLLOW_EVENTS, POST_EVENTS, ERASURE_EVENTS, MEDIA_EVENTS, ANNOUNCEMENTS
)  # fmt: skip
STREAMS = (*EVENTS, *BULK_STREAMS)
LOOK_S = 2.0  # between two looks at the queues
DEAD_MANY = 10_000  # dead letters of a stream that somebody is to look at at last
COMPLAIN_S = 60.0  # between two complaints about them
REMEDY = "feedtwin dead, feedtwin replay"

log = logging.getLogger("feedtwin")

_BY = ("stream", "group")
ENTRIES = Gauge("feedtwin_queue_entries", "Entries that a group has not finished.", _BY)
OLDEST_S = Gauge(
    "feedtwin_queue_oldest_seconds", "Age of the oldest entry that a group has not finished.", _BY
)
DEAD = Gauge("feedtwin_dead_letters", "Entries set aside after five tries.", ("stream",))


def streams_of(timeline_servers: int) -> tuple[str, ...]:
    """Return every stream of events and work, of a cluster with so many timeline servers."""
    return (*STREAMS, *late_streams(timeline_servers))


class EntryId(NamedTuple):
    """The id of a stream's entry: the broker's clock, and a number within the millisecond."""

    ms: int
    number: int

    @classmethod
    def read(cls, text: bytes) -> EntryId:
        """Read what the broker writes."""
        ms, number = text.split(b"-")
        return cls(int(ms), int(number))

    def __str__(self) -> str:
        return f"{self.ms}-{self.number}"

    def next(self) -> EntryId:
        """Return the smallest id above this one."""
        return EntryId(self.ms, self.number + 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """What one group has yet to finish of one stream."""

    stream: str
    group: str
    entries: int
    needed: EntryId  # everything below has been finished
    oldest_s: float  # age of the oldest entry that has not been finished; 0 if all have


async def queues_of(broker: Redis, stream: str) -> list[Queue]:
    """Return the queue of each group that reads the stream; none if there is no such stream.

    What has been read is asked for before what is in hand: an entry that is read in between is
    then both above `needed` and counted twice, but never below it.
    """
    try:
        groups: Any = await broker.xinfo_groups(stream)
        now_ms = await clock_ms(broker)
        return [await _queue(broker, stream, group, now_ms) for group in groups]
    except ResponseError as error:
        if "no such key" in str(error) or str(error).startswith("NOGROUP"):
            return []
        raise


async def _queue(broker: Redis, stream: str, group: Any, now_ms: int) -> Queue:
    unread = EntryId.read(group["last-delivered-id"]).next()
    pending: Any = await broker.xpending(stream, group["name"])
    oldest, waiting = unread, 0
    if pending["pending"]:
        oldest = EntryId.read(pending["min"])
    else:
        first: Any = await broker.xrange(stream, min=str(unread), count=1)
        if first:
            oldest, waiting = EntryId.read(first[0][0]), 1
    entries = pending["pending"] + (group["lag"] if group["lag"] is not None else waiting)
    return Queue(
        stream=stream,
        group=group["name"].decode(),
        entries=entries,
        needed=oldest if pending["pending"] else unread,
        oldest_s=max(0.0, (now_ms - oldest.ms) / 1000) if entries else 0.0,
    )


async def clock_ms(broker: Redis) -> int:
    """Return the broker's time, which the ids of entries are made of, as Unix milliseconds."""
    seconds, microseconds = await broker.time()
    return int(seconds) * 1000 + int(microseconds) // 1000


async def look(broker: Redis, streams: Sequence[str]) -> None:
    """Bring the metrics of these streams up to date."""
    for stream in streams:
        DEAD.labels(stream).set(await broker.xlen(dead_stream(stream)))
        for queue in await queues_of(broker, stream):
            ENTRIES.labels(stream, queue.group).set(queue.entries)
            OLDEST_S.labels(stream, queue.group).set(queue.oldest_s)


async def complain(broker: Redis, streams: Sequence[str]) -> None:
    """Say in the log which streams have more dead letters than anybody should leave alone."""
    for stream in streams:
        if (count := await broker.xlen(dead_stream(stream))) > DEAD_MANY:
            log.error("%s: %d dead letters fill the broker: %s", stream, count, REMEDY)


async def keep_looking(broker: Redis, streams: Sequence[str], stopping: asyncio.Event) -> None:
    """Keep the metrics up to date; while the broker is away they stay as they were."""
    complaining = Every(COMPLAIN_S)
    while not stopping.is_set():
        with suppress(*BROKER_AWAY):  # its readers say so in the log
            await look(broker, streams)
            if complaining.is_due():
                await complain(broker, streams)
        await pause(LOOK_S, stopping)
