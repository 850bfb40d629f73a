"""One worker: does one chunk at a time, of whichever post is the most urgent.

Beside that it does what has waited for a timeline server that was away: one entry at a time for
each server, tried again until that answers, so that nothing else waits for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial

from redis.asyncio import Redis

from model.rules.deliveries import PAUSE_S
from model.rules.fanouts import BULK_STREAMS, NEW, PURGE, Rota
from reference_impl.chassis.attempts import Attempts, Every, Postponed, pause
from reference_impl.chassis.consumers import Reader, Subscription, beside, persistently
from reference_impl.chassis.errors import Defective, Unavailable
from reference_impl.chassis.events import ERASURE_EVENTS, POST_EVENTS
from reference_impl.chassis.groups import Entry, Group, Groups
from reference_impl.chassis.marks import Marks
from reference_impl.timeline.fanout.absences import Away
from reference_impl.timeline.fanout.delivering import Fanout
from reference_impl.timeline.fanout.purging import Purger
from reference_impl.timeline.fanout.tasks import Tasks

GROUP = "timeline"
AWAY_S = 1.0  # before what could not be done, for somebody was away, is tried again
# By class; what goes with accounts is as urgent as a purge, and begun when none is under way.
STREAMS = (POST_EVENTS, *BULK_STREAMS, ERASURE_EVENTS)
ERASURES = len(STREAMS) - 1
ABANDONED_S = 15.0  # longer than any chunk takes: its calls give up after 2 and 3 s

Task = Callable[[Group, Entry], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How long a worker waits for what: see Subscription."""

    retry_s: float = PAUSE_S
    block_s: float = 1.0
    abandoned_s: float = ABANDONED_S


class Lane:
    """One stream, with what this worker has in hand of it."""

    def __init__(self, group: Group, task: Task, *, retry_s: float) -> None:
        self.group = group
        self.attempts = Attempts(group, partial(task, group), retry_s=retry_s)
        self.hand: Entry | None = None  # read, and not begun

    @property
    def holds_work(self) -> bool:
        """Whether there is something to do without asking the broker."""
        return self.hand is not None or self.attempts.due_in_s(1.0) == 0.0

    async def take(self) -> Entry | None:
        """Return what is in hand, or due for another try; None if others have taken it."""
        if self.hand is None:
            return await self.attempts.next_due()
        entry, self.hand = self.hand, None
        return entry


class Worker:
    """A member of the group of fan-out workers; `name` is its own."""

    def __init__(
        self,
        broker: Redis,
        *,
        fanout: Fanout,
        purger: Purger,
        name: str,
        streams: Sequence[str] = STREAMS,
        late: Sequence[str] = (),
        pace: Pace = Pace(),
    ) -> None:
        """`late` are the streams of what waits for each timeline server.

        Without them a server that is away is waited for.
        """
        self._pace = pace
        self._rota = Rota()
        self._marks = Marks(broker, GROUP)
        groups = [Group(broker, stream=stream, group=GROUP, name=name) for stream in streams]
        self._groups = Groups(broker, groups)
        tasks = Tasks(
            broker, fanout=fanout, purger=purger, marks=self._marks, streams=streams, late=late
        )
        task_of = {NEW: tasks.on_event, PURGE: tasks.on_purge, ERASURES: tasks.on_event}
        self._lanes = [
            Lane(group, _patient(task_of.get(which, tasks.on_chunk)), retry_s=pace.retry_s)
            for which, group in enumerate(groups)
        ]
        self._late = [
            _reader(
                Group(broker, stream=stream, group=GROUP, name=name),
                partial(tasks.on_late, server),
                pace,
            )
            for server, stream in enumerate(late)
        ]

    async def run(self, stopping: asyncio.Event) -> None:
        """Work until `stopping` is set; the chunks in hand are finished first."""
        async with beside(*(reader.run for reader in self._late)):
            await persistently(lambda: self._work(stopping), stopping, what="fan-out")

    async def _work(self, stopping: asyncio.Event) -> None:
        for lane in self._lanes:
            await lane.group.create()
            await lane.attempts.take_up_unfinished()
        claim = Every(self._pace.abandoned_s / 2)
        while not stopping.is_set():
            if claim.is_due():
                for lane in self._lanes:
                    await lane.attempts.take_up_abandoned(self._pace.abandoned_s)
            found = await self._next()
            if found is None:
                await self._wait(stopping)
            else:
                await self._do(*found, stopping)

    async def _do(self, which: int, entry: Entry, stopping: asyncio.Event) -> None:
        if which in (NEW, ERASURES):
            await self._marks.look_up([entry.fields])
        await self._lanes[which].attempts.attempt(entry, stopping)
        self._rota = self._rota.after(min(which, PURGE))

    async def _next(self) -> tuple[int, Entry] | None:
        """Return the entry whose turn it is, and its lane; None if there seems to be none."""
        order = [lane for which in self._rota.order() for lane in _lanes_of(which)]
        at_hand = next((which for which in order if self._lanes[which].holds_work), None)
        before = order if at_hand is None else order[: order.index(at_hand)]
        unread = {self._lanes[which].group.stream: which for which in before if self._room(which)}
        if unread and (found := await self._groups.read_first(list(unread))):
            return unread[found[0]], found[1]
        for which in order:
            if self._lanes[which].holds_work and (entry := await self._lanes[which].take()):
                return which, entry
        return None

    def _room(self, which: int) -> bool:
        return self._lanes[which].attempts.room > 0

    async def _wait(self, stopping: asyncio.Event) -> None:
        """Wait until something comes, or is due; what has come is in hand then."""
        wait_s = min(lane.attempts.due_in_s(self._pace.block_s) for lane in self._lanes)
        open_lanes = {
            lane.group.stream: lane
            for lane in self._lanes
            if lane.attempts.room and lane.hand is None
        }
        if not open_lanes:
            await pause(wait_s, stopping)
            return
        come = await self._groups.wait(list(open_lanes), block_s=wait_s)
        for stream, entry in come.items():
            open_lanes[stream].hand = entry


def _patient(task: Task) -> Task:
    """Return a task that is done later, behind others, while a service that it asks is away.

    What is away may be one database of several, and concern few.
    """

    async def done(group: Group, entry: Entry) -> None:
        try:
            await task(group, entry)
        except (Away, Defective):
            raise
        except Unavailable as error:
            raise Postponed(str(error), for_s=AWAY_S) from error

    return done


def _lanes_of(which: int) -> list[int]:
    return [PURGE, ERASURES] if which == PURGE else [which]


def _reader(group: Group, task: Task, pace: Pace) -> Reader:
    its = Subscription(
        stream=group.stream,
        group=group.group,
        name=group.name,
        abandoned_s=pace.abandoned_s,
        retry_s=pace.retry_s,
        block_s=pace.block_s,
        is_polled=True,
    )
    return Reader(group, its, partial(task, group), read_max=1)
