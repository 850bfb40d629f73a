"""Which authors have posts that readers merge: one set for all, remembered for a second."""

from __future__ import annotations

import asyncio

from redis.asyncio import Redis

from reference_impl.chassis.keyvalue import visiting

KEY = "merge_authors"
FRESH_S = 1.0  # an author's first such post may be seen this much later; it is written once a life


class MergeAuthors:
    """The set on the first timeline server, read at most once per FRESH_S by one process."""

    def __init__(self, server: Redis) -> None:
        self._server = server
        self._authors: frozenset[int] = frozenset()
        self._fresh_until_s = 0.0  # on the event loop's clock
        self._reading = asyncio.Lock()  # readers who find it stale wait for one of them to read

    async def read(self) -> frozenset[int]:
        """Return the authors as of FRESH_S ago at most."""
        async with self._reading:
            clock_s = asyncio.get_running_loop().time
            if clock_s() >= self._fresh_until_s:
                with visiting("timeline_store"):
                    members = await self._server.smembers(KEY)
                self._authors = frozenset(int(member) for member in members)
                self._fresh_until_s = clock_s() + FRESH_S
            return self._authors

    async def add(self, author_id: int) -> None:
        """Add an author, for good: posts already kept do not move when the author's fame fades."""
        with visiting("timeline_store"):
            await self._server.sadd(KEY, author_id)
