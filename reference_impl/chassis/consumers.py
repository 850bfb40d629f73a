"""Consuming a stream of events: at least once, each acknowledged when its work is done.

What was in hand when a process died is done again: by itself when it starts under the same
name, by another of its group once it has lain untouched for `abandoned_s`.  So every effect
must bear being repeated, and the order of two events is not to be relied on: one that fails is
tried again behind those that follow it.  An event that has been done and comes again, which is
known by its id, is passed over.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import OutOfMemoryError, ResponseError

from model.rules.deliveries import PAUSE_S
from reference_impl.chassis.attempts import BROKER_AWAY, Attempts, Every, Work, pause
from reference_impl.chassis.events import Event
from reference_impl.chassis.groups import Addition, Entry, Group
from reference_impl.chassis.marks import Marks

READ_MAX = 10  # entries taken at once; what a stop leaves undone is taken again
AWAY_S = 1.0  # before a broker that is away is asked again

Handle = Callable[[Event], Awaitable[None]]
Run = Callable[[asyncio.Event], Coroutine[Any, Any, None]]  # until the event is set

log = logging.getLogger("feedtwin")


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """Which stream is read, by which group, and under which name in it."""

    stream: str
    group: str
    name: str  # the process's own: what it had in hand when it died is found by this
    abandoned_s: float = 60.0  # longer than an event takes, or two will work on it
    retry_s: float = PAUSE_S  # before the second try; doubled for each further one
    block_s: float = 1.0  # of one read, and so of a stop; below the client's `answer_s`
    is_polled: bool = False  # asked so often instead, which holds no connection meanwhile


class Reader:
    """Takes the entries of a stream one by one, in order, as long as none fails.

    What they need being away holds up those behind.
    """

    def __init__(
        self, group: Group, subscription: Subscription, work: Work, *, read_max: int
    ) -> None:
        self._its = subscription
        self._group = group
        self._read_max = read_max
        self._attempts = Attempts(group, work, retry_s=subscription.retry_s, give_up=self.give_up)

    async def run(self, stopping: asyncio.Event) -> None:
        """Read until `stopping` is set; the entry in hand is finished first."""
        await persistently(lambda: self._read(stopping), stopping, what=str(self._group))

    async def join(self) -> None:
        """Make the group unless it is there.

        If what is done first is interrupted it is done again, and what is told meanwhile is heard:
        streams keep their entries for a minute (`trimming.GRACE_S`).
        """
        if not await self._group.exists():
            await self.begin_anew()
        await self._group.create()

    async def begin_anew(self) -> None:
        """Prepare for a group that is new, or was lost: what was told before is not heard."""

    async def give_up(self, _entry: Entry) -> Sequence[Addition]:
        """Return what comes of an entry that is set aside; whatever it raises, that happens."""
        return ()

    async def _read(self, stopping: asyncio.Event) -> None:
        await self.join()
        await self._attempts.take_up_unfinished()
        claim = Every(self._its.abandoned_s / 2)
        while not stopping.is_set():
            if claim.is_due():
                await self._attempts.take_up_abandoned(self._its.abandoned_s)
            entries = await self._next(stopping)
            await self.look_at(entries)
            for entry in entries:
                if not stopping.is_set():
                    await self._attempts.attempt(entry, stopping)

    async def look_at(self, entries: Sequence[Entry]) -> None:
        """Prepare for the work on these, which are next."""

    async def _next(self, stopping: asyncio.Event) -> list[Entry]:
        """Return what is due for another try; else what is new, waiting for some."""
        if (entry := await self._attempts.next_due()) is not None:
            return [entry]
        wait_s = self._attempts.due_in_s(self._its.block_s)
        if not self._attempts.room:
            await pause(wait_s, stopping)
            return []
        if not self._its.is_polled:
            return await self._group.read(self._read_max, block_s=wait_s)
        entries = await self._group.read(self._read_max, block_s=0.0)
        if not entries:
            await pause(wait_s, stopping)
        return entries


class Consumer(Reader):
    """One member of a consumer group: takes events one by one and hands them to `handle`."""

    def __init__(self, broker: Redis, subscription: Subscription, handle: Handle) -> None:
        its = subscription
        group = Group(broker, stream=its.stream, group=its.group, name=its.name)
        super().__init__(group, its, self._work, read_max=READ_MAX)
        self._handle = handle
        self._marks = Marks(broker, subscription.group)

    async def look_at(self, entries: Sequence[Entry]) -> None:
        """Learn which of these events have been done."""
        await self._marks.look_up([entry.fields for entry in entries])

    async def _work(self, entry: Entry) -> None:
        event = Event.from_fields(entry.fields)
        if not self._marks.is_done(event.event_id):
            await self._handle(event)
        await self._group.finish(entry, mark=self._marks.of(event.event_id))
        self._marks.note(event.event_id)


async def persistently(
    consume: Callable[[], Awaitable[None]], stopping: asyncio.Event, *, what: str
) -> None:
    """Consume until the process must stop, anew whenever the broker comes back."""
    while not stopping.is_set():
        try:
            await consume()
        except (*BROKER_AWAY, OutOfMemoryError) as error:
            log.warning("%s: the broker is away, or full: %s", what, error)
            await pause(AWAY_S, stopping)
        except ResponseError as error:
            if not str(error).startswith("NOGROUP"):  # the broker came back without it
                raise


@asynccontextmanager
async def consuming(*consumers: Consumer) -> AsyncIterator[None]:
    """Consume beside what runs inside the block; at its end the event in hand is finished."""
    async with beside(*(consumer.run for consumer in consumers)):
        yield


@asynccontextmanager
async def beside(*runs: Run) -> AsyncIterator[None]:
    """Run these beside what runs inside the block, and tell them to stop when it ends."""
    stopping = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        for run in runs:
            tasks.create_task(run(stopping))
        try:
            yield
        finally:
            stopping.set()
