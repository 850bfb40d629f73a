"""Feeding an index with a stream of events, many at a time.

Events are acknowledged once the index that they went into has been committed, so a process that
dies takes those again that it had in hand.  The index knows what it has heard, whatever the order.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from redis.asyncio import Redis

from model.rules.search import rebuild_id
from reference_impl.chassis.attempts import pause
from reference_impl.chassis.consumers import persistently
from reference_impl.chassis.events import USER_EVENTS, Event
from reference_impl.chassis.groups import Entry, Group
from reference_impl.chassis.queues import Queue, queues_of
from reference_impl.search.entries import News, news_of
from reference_impl.search.generations import Generations

BATCH_MAX = 500  # events of one commit
COMMIT_S = 0.4  # between two commits while fewer events than that wait: each costs some 10 ms
BLOCK_S = 1.0  # of one read, and so of a stop

log = logging.getLogger("feedtwin")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How quickly a stream is read."""

    commit_s: float = COMMIT_S
    block_s: float = BLOCK_S


class Feed:
    """Reads one stream for one shard.  Both have one reader, under a name that never changes."""

    def __init__(
        self, broker: Redis, generations: Generations, *, stream: str, shard: int, pace: Pace
    ) -> None:
        name = f"search-{shard}"
        self._broker = broker
        self._generations = generations
        self._group = Group(broker, stream=stream, group=name, name=name)
        self._pace = pace
        self._is_first = generations.is_new  # to be heard here: nothing can have been missed yet

    async def run(self, stopping: asyncio.Event) -> None:
        """Read until `stopping` is set; what is in hand is finished first."""
        await persistently(lambda: self._read(stopping), stopping, what=str(self._group))

    async def _read(self, stopping: asyncio.Event) -> None:
        await self._join()
        self._is_first = False
        await self._take_up_unfinished()
        while not stopping.is_set():
            entries = await self._group.read(BATCH_MAX, block_s=self._pace.block_s)
            await self._work(entries)
            if entries and len(entries) < BATCH_MAX:
                await pause(self._pace.commit_s, stopping)

    async def _join(self) -> None:
        """Make the group if it is not there: what it was to keep for us may be lost.

        So is what it has finished, if the index is not there any more that this went into.
        """
        queues = await queues_of(self._broker, self._group.stream)
        own = next((queue for queue in queues if queue.group == self._group.group), None)
        if own is None:
            misses_nothing = self._is_first and not await self._is_cut()
            now = rebuild_id(time.time_ns() // 1_000_000, "~")
            await self._note_gap(None if misses_nothing else now)
            await self._group.create()
        elif self._is_first and (await self._is_cut() or await self._has_finished(own)):
            await self._note_gap(self._generations.opening)

    async def _note_gap(self, upto: str | None) -> None:
        of_users = self._group.stream == USER_EVENTS
        await asyncio.to_thread(partial(self._generations.note_gap, of_users=of_users, upto=upto))

    async def _has_finished(self, own: Queue) -> bool:
        """Say whether anything that the stream still has was finished."""
        below = f"({own.needed}"
        return bool(await self._broker.xrange(self._group.stream, max=below, count=1))

    async def _is_cut(self) -> bool:
        """Say whether the stream has had entries that are not there any more."""
        if not await self._broker.exists(self._group.stream):
            return False
        its: Any = await self._broker.xinfo_stream(self._group.stream)
        return bool(its["entries-added"] > its["length"])

    async def _take_up_unfinished(self) -> None:
        """Take again what an earlier life of this process, or a lost broker, left in hand."""
        while entry_ids := await self._group.unfinished(BATCH_MAX):
            taken = [await self._group.take(entry_id) for entry_id in entry_ids]
            await self._work([entry for entry in taken if entry is not None])

    async def _work(self, entries: Sequence[Entry]) -> None:
        news = []
        for entry in entries:
            try:
                news.append(news_of(Event.from_fields(entry.fields)))
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                log.exception("%s: entry %s is set aside", self._group, entry.entry_id.decode())
                await self._group.set_aside(entry, error, tries=entry.tries)
        told: list[News] = [each for each in news if each is not None]
        if told:
            await asyncio.to_thread(self._generations.take, told)
        if entries:
            its, ids = self._group, [entry.entry_id for entry in entries]
            await self._broker.xack(its.stream, its.group, *ids)
