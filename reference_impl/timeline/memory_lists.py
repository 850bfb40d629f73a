"""Lists of post ids in one process, held to the same contract tests as those in Valkey."""

from __future__ import annotations

import asyncio
import time
from bisect import insort
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from reference_impl.chassis.deadlines import within_deadline
from reference_impl.chassis.errors import Full, Unavailable
from reference_impl.timeline.lists import (
    BUILD_PATIENCE_S,
    BUILDING_S,
    FOREVER_S,
    Beginning,
    Contents,
    Part,
    Reached,
    Reading,
)
from reference_impl.timeline.sources import NOWHERE, Source


@dataclass(slots=True, kw_only=True)
class MemoryList:
    """One list and what it knows about itself; see lists.lua for the meaning of each field."""

    ids: list[int] = field(default_factory=list)  # ascending
    built: str = ""
    building: str = ""
    until_s: float = 0.0
    floor: int = 0
    seq: int = 0
    halvings: int = 0
    pulled: frozenset[int] = frozenset()
    edges_at_s: float | None = None
    reads: int = 0
    since_s: float = 0.0
    begun_s: float = -FOREVER_S
    ends_s: float = FOREVER_S

    def insert(self, post_id: int, cap: int) -> bool:
        """Insert a post and trim; say whether it now is in the list."""
        if post_id <= self.floor:
            return False
        if post_id not in self.ids:
            insort(self.ids, post_id)
            self._trim(cap)
        return post_id > self.floor

    def fill(self, contents: Contents, cap: int) -> None:
        """Insert what is above the floor, which the contents may raise, and trim."""
        self.floor = max(self.floor, contents.floor)
        kept = {post for post in contents.ids if post > self.floor}
        self.ids = sorted({*self.ids, *kept})
        self._trim(cap)

    def source(self, before: int | None, limit: int) -> Source:
        """Return the newest ids below `before`."""
        kept = [
            post
            for post in reversed(self.ids)
            if post > self.floor and (before is None or post < before)
        ]
        return Source(ids=kept[:limit], floor=self.floor)

    def _trim(self, cap: int) -> None:
        trimmed, self.ids = self.ids[:-cap], self.ids[-cap:]
        self.floor = max(self.floor, *trimmed[-1:], 0)


@dataclass(slots=True, kw_only=True)
class MemoryServer:
    """What one server holds; `wipe` it, lose some of it, or set `is_away` or `is_full`."""

    clock_s: Callable[[], float] = time.time
    is_away: bool = False
    is_full: bool = False
    lists: dict[str, MemoryList] = field(default_factory=dict)
    authors: dict[int, float] = field(default_factory=dict)  # when the last post was kept (s)
    marks: set[str] = field(default_factory=set)
    is_whole: bool = False  # whether `authors` are all whom it should hold

    def wipe(self) -> None:
        """Lose everything, as a server without persistence does that is started again."""
        self.lists.clear()
        self.lose_authors()

    def lose_authors(self) -> None:
        """Lose the set of authors whose posts are merged."""
        self.authors.clear()
        self.marks.clear()
        self.is_whole = False

    async def visited(self) -> None:
        """Let others in, as a call over a network does; raise Unavailable while away.

        Like every server it is not asked past the caller's deadline.
        """
        with within_deadline("timeline_store"):
            await asyncio.sleep(0)
        if self.is_away:
            raise Unavailable("timeline_store did not answer in time")

    async def asked_to_take_in(self) -> None:
        """Do the same; raise Full while full."""
        await self.visited()
        if self.is_full:
            raise Full("timeline_store takes nothing in")

    def built(self, key: str) -> MemoryList | None:
        """Return the list if it is built."""
        held = self.there(key)
        return held if held and held.built else None

    def there(self, key: str) -> MemoryList | None:
        """Return the list if posts are delivered to it."""
        held = self.lists.get(key)
        if held and held.ends_s <= self.clock_s():
            del self.lists[key]
            return None
        return held


class MemoryLists:
    """A ListServer of plain lists, each of the newest `cap` posts."""

    def __init__(self, server: MemoryServer, *, cap: int) -> None:
        self._server = server
        self._cap = cap

    async def read(self, keys: Sequence[str], reading: Reading) -> list[Source]:
        """See ListServer."""
        await self._server.visited()
        return [self._read(key, reading) for key in keys]

    async def read_timeline(self, key: str, reading: Reading) -> Part:
        """See ListServer."""
        await self._server.visited()
        source, now_s = self._read(key, reading), self._server.clock_s()
        held = self._server.there(key) or MemoryList(since_s=now_s)
        if held.built:
            held.reads += 1
        return Part(
            source=source,
            build=held.built,
            seq=held.seq,
            halvings=held.halvings,
            pulled=held.pulled,
            edges_age_s=None if held.edges_at_s is None else now_s - held.edges_at_s,
            reads=held.reads,
            read_for_s=now_s - held.since_s,
            age_s=now_s - held.begun_s,
        )

    async def begin(
        self, keys: Sequence[str], token: str, *, replacing: str = ""
    ) -> list[Beginning]:
        """See ListServer."""
        await self._server.asked_to_take_in()
        return [self._begin(key, token, replacing) for key in keys]

    async def finish(
        self, contents: Mapping[str, Contents], token: str, *, idle_s: float | None
    ) -> list[bool]:
        """See ListServer."""
        await self._server.asked_to_take_in()
        return [self._finish(key, each, token, idle_s) for key, each in contents.items()]

    async def cover(self, key: str, build: str, contents: Contents) -> bool:
        """See ListServer."""
        await self._server.visited()
        if self._server.is_full:
            self._forget([key])
            raise Full("timeline_store takes nothing in")
        held = self._server.built(key)
        if held is None or held.built != build:
            return False
        held.fill(contents, self._cap)
        held.seq = max(held.seq, contents.seq)
        held.halvings = max(held.halvings, contents.halvings)
        return True

    async def deliver(
        self,
        keys: Sequence[str],
        post_id: int,
        *,
        edge_of: int | None,
        idle_s: float | None = None,
    ) -> Reached:
        """See ListServer."""
        await self._server.visited()
        if self._server.is_full:
            self._forget(keys)
        there = {at: held for at, key in enumerate(keys) if (held := self._server.there(key))}
        for held in there.values():
            if held.built and held.ends_s == FOREVER_S:
                held.ends_s = self._end_s(idle_s)
        whole = [held for held in there.values() if held.halvings == 0]
        return Reached(
            lists=self._insert(whole, post_id, edge_of),
            halved=[at for at, held in there.items() if held.halvings > 0],
        )

    async def deliver_shares(
        self, keys: Sequence[str], post_id: int, *, edge_of: int | None, survived: Sequence[int]
    ) -> int:
        """See ListServer."""
        await self._server.visited()
        if self._server.is_full:
            self._forget(keys)
        there = [(self._server.there(key), luck) for key, luck in zip(keys, survived, strict=True)]
        chosen = [held for held, luck in there if held and luck >= held.halvings]
        return self._insert(chosen, post_id, edge_of)

    async def remove(self, keys: Sequence[str], post_id: int) -> None:
        """See ListServer."""
        await self._server.visited()
        for key in keys:
            held = self._server.there(key)
            if held and post_id in held.ids:
                held.ids.remove(post_id)

    async def abandon(self, key: str, token: str) -> None:
        """See ListServer."""
        await self._server.visited()
        held = self._server.there(key)
        if held and held.building == token:
            del self._server.lists[key]

    async def drop(self, key: str) -> None:
        """See ListServer."""
        await self._server.visited()
        self._forget([key])

    async def load_functions(self) -> None:
        """See ListServer."""
        await self._server.asked_to_take_in()

    def _forget(self, keys: Iterable[str]) -> None:
        for key in keys:
            self._server.lists.pop(key, None)

    def _read(self, key: str, reading: Reading) -> Source:
        held = self._server.built(key)
        if held is None:
            return NOWHERE
        held.ends_s = self._end_s(reading.idle_s)
        return held.source(reading.before, reading.limit)

    def _begin(self, key: str, token: str, replacing: str) -> Beginning:
        now_s = self._server.clock_s()
        held = self._server.there(key) or MemoryList(since_s=now_s)
        if held.built and held.built != replacing:
            return Beginning.BUILT
        if held.building and held.until_s > now_s:
            return Beginning.BUSY
        self._server.lists[key] = MemoryList(
            building=token,
            until_s=now_s + BUILD_PATIENCE_S,
            reads=held.reads,
            since_s=held.since_s,
            begun_s=now_s,
            ends_s=now_s + BUILDING_S,
        )
        return Beginning.BEGUN

    def _finish(self, key: str, contents: Contents, token: str, idle_s: float | None) -> bool:
        held = self._server.there(key)
        if held is None or held.building != token:
            return False
        held.fill(contents, self._cap)
        held.built, held.building = token, ""
        held.seq, held.halvings = contents.seq, contents.halvings
        held.pulled = contents.pulled or frozenset()
        held.edges_at_s = None if contents.pulled is None else self._server.clock_s()
        held.ends_s = self._end_s(idle_s)
        return True

    def _insert(self, lists: Iterable[MemoryList], post_id: int, edge_of: int | None) -> int:
        wanted = [held for held in lists if edge_of not in held.pulled]
        return sum(held.insert(post_id, self._cap) for held in wanted)

    def _end_s(self, idle_s: float | None) -> float:
        return FOREVER_S if idle_s is None else self._server.clock_s() + idle_s
