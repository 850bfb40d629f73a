"""Consuming a stream of events: at least once, each acknowledged when its work is done.

What was in hand when a process died is done again: by itself when it starts under the same
name, by another of its group once it has lain untouched for `abandoned_s`.  So every effect
must bear being repeated.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import ConnectionError as ConnectionLost
from redis.exceptions import ResponseError
from redis.exceptions import TimeoutError as TookTooLong

from reference_impl.chassis.errors import Unavailable
from reference_impl.chassis.events import Event

TRIES_MAX = 5  # then the event is set aside, so that it cannot stop those behind it
READ_MAX = 10  # entries taken at once; what a stop leaves undone is taken again
DEAD_MAX = 10_000  # events kept aside per stream
PAUSE_MAX_S = 5.0

Handle = Callable[[Event], Awaitable[None]]

log = logging.getLogger("feedtwin")


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """Which stream is read, by which group, and under which name in it."""

    stream: str
    group: str
    name: str  # the process's own: what it had in hand when it died is found by this
    abandoned_s: float = 60.0  # longer than an event takes, or two will work on it
    retry_s: float = 0.2  # before the second try; doubled for each further one
    block_s: float = 1.0  # of one read, and so of a stop; below the client's `answer_s`


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry of a stream."""

    entry_id: bytes
    fields: Mapping[bytes, bytes]  # none if the stream was trimmed before the work was done


class Consumer:
    """One member of a consumer group: takes events one by one and hands them to `handle`."""

    def __init__(self, broker: Redis, subscription: Subscription, handle: Handle) -> None:
        self._broker = broker
        self._its = subscription
        self._handle = handle

    async def run(self, stopping: asyncio.Event) -> None:
        """Consume until `stopping` is set; the event in hand is finished first."""
        while not stopping.is_set():
            try:
                await self._create_group()
                await self._take_unfinished(stopping)
                await self._take_new(stopping)
            except (ConnectionLost, TookTooLong) as error:
                log.warning("%s: the broker is away: %s", self._its.stream, error)
                await pause(PAUSE_MAX_S / 5, stopping)
            except ResponseError as error:
                if not str(error).startswith("NOGROUP"):  # the broker came back without it
                    raise

    async def _create_group(self) -> None:
        try:
            await self._broker.xgroup_create(
                self._its.stream, self._its.group, id="0", mkstream=True
            )
        except ResponseError as error:
            if not str(error).startswith("BUSYGROUP"):  # it exists
                raise

    async def _take_unfinished(self, stopping: asyncio.Event) -> None:
        """Finish what a process of this name had in hand when it died."""
        while not stopping.is_set() and (entries := await self._read("0")):
            await self._take_all(entries, stopping)

    async def _take_new(self, stopping: asyncio.Event) -> None:
        clock_s = asyncio.get_running_loop().time
        claim_at_s = clock_s()
        while not stopping.is_set():
            if clock_s() >= claim_at_s:
                claim_at_s = clock_s() + self._its.abandoned_s / 2
                await self._take_all(await self._abandoned(), stopping)
            await self._take_all(await self._read(">"), stopping)

    async def _read(self, after: str) -> list[Entry]:
        """Return new entries (">", waiting for some) or own unfinished ones ("0")."""
        streams: Any = await self._broker.xreadgroup(
            self._its.group,
            self._its.name,
            {self._its.stream: after},
            count=READ_MAX,
            block=round(self._its.block_s * 1000) if after == ">" else None,
        )
        return _entries(streams[self._its.stream.encode()][0]) if streams else []

    async def _abandoned(self) -> list[Entry]:
        """Take over what others of the group had in hand and have not touched for too long."""
        _, claimed, _ = await self._broker.xautoclaim(
            self._its.stream,
            self._its.group,
            self._its.name,
            min_idle_time=round(self._its.abandoned_s * 1000),
            count=READ_MAX,
        )
        return _entries(claimed)

    async def _take_all(self, entries: list[Entry], stopping: asyncio.Event) -> None:
        for entry in entries:
            if stopping.is_set():
                return
            await self._take(entry, stopping)

    async def _take(self, entry: Entry, stopping: asyncio.Event) -> None:
        """Try the entry until it is done or set aside, or until the process must stop.

        While a store or a service is away nothing is wrong with the event, and those behind
        it need the same stores: that is waited out, however long it takes.
        """
        tries, pause_s = 1, self._its.retry_s
        while entry.fields and tries <= TRIES_MAX:
            error = await self._error_of(entry)
            if error is None:
                await self._broker.xack(self._its.stream, self._its.group, entry.entry_id)
                return
            log.warning("%s: try %d failed", self._place(entry), tries, exc_info=error)
            tries += not isinstance(error, Unavailable)
            if await pause(pause_s, stopping):
                return
            pause_s = min(2 * pause_s, PAUSE_MAX_S)
        await self._set_aside(entry)

    async def _error_of(self, entry: Entry) -> BaseException | None:
        """Handle the entry; return what went wrong, whatever it was, or None."""
        [error] = await asyncio.gather(self._handled(entry), return_exceptions=True)
        return error

    async def _handled(self, entry: Entry) -> None:
        await self._handle(Event.from_fields(entry.fields))

    async def _set_aside(self, entry: Entry) -> None:
        """Move the entry to the stream of dead ones, where a person may look at it."""
        log.error("%s: set aside after %d tries", self._place(entry), TRIES_MAX)
        fields: dict[Any, Any] = {**entry.fields, b"entry_id": entry.entry_id}
        async with self._broker.pipeline(transaction=True) as both:
            both.xadd(f"{self._its.stream}:dead", fields, maxlen=DEAD_MAX)
            both.xack(self._its.stream, self._its.group, entry.entry_id)
            await both.execute()

    def _place(self, entry: Entry) -> str:
        return f"{self._its.stream} {entry.entry_id.decode()} of group {self._its.group}"


@asynccontextmanager
async def consuming(consumer: Consumer) -> AsyncIterator[None]:
    """Consume beside what runs inside the block; at its end the event in hand is finished."""
    stopping = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(consumer.run(stopping))
        try:
            yield
        finally:
            stopping.set()


async def pause(seconds: float, stopping: asyncio.Event) -> bool:
    """Wait for so long, or until the process must stop; return whether it must."""
    try:
        async with asyncio.timeout(seconds):
            return await stopping.wait()
    except TimeoutError:
        return False


def _entries(pairs: list[tuple[bytes, dict[bytes, bytes]]]) -> list[Entry]:
    return [Entry(entry_id=entry_id, fields=fields) for entry_id, fields in pairs]
