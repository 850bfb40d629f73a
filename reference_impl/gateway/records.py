"""Short-lived records in the session store; and the twin in memory."""

from __future__ import annotations

import time
from collections.abc import Callable

from redis.asyncio import Redis

from reference_impl.chassis.keyvalue import visiting
from reference_impl.chassis.session_store import STATION

_REPLACE = """
if redis.call('GET', KEYS[1]) == ARGV[1] then
    redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3])
end
"""
_DROP = """
if redis.call('GET', KEYS[1]) == ARGV[1] then
    redis.call('DEL', KEYS[1])
end
"""


class ValkeyRecords:
    """Records in Valkey; its scripts are the single steps."""

    def __init__(self, server: Redis) -> None:
        self._server = server
        self._replace = server.register_script(_REPLACE)
        self._drop = server.register_script(_DROP)

    async def begin(self, name: str, record: bytes, *, for_s: int) -> bytes | None:
        """Store the record unless there is one; return the one that was there."""
        with visiting(STATION):
            found = await self._server.set(name, record, nx=True, get=True, ex=for_s)
        assert found is None or isinstance(found, bytes), "get=True answers what was there"
        return found

    async def replace(self, name: str, old: bytes, new: bytes, *, for_s: int) -> None:
        """Store `new` if `old` is there."""
        with visiting(STATION):
            await self._replace([name], [old, new, for_s])

    async def drop(self, name: str, old: bytes) -> None:
        """Remove `old` if it is there."""
        with visiting(STATION):
            await self._drop([name], [old])


class MemoryRecords:
    """Records of one test, on a clock that it may move."""

    def __init__(self, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._clock_s = clock_s
        self._records: dict[str, tuple[bytes, float]] = {}

    async def begin(self, name: str, record: bytes, *, for_s: int) -> bytes | None:
        """Store the record unless there is one; return the one that was there."""
        found = self._found(name)
        if found is None:
            self._records[name] = record, self._clock_s() + for_s
        return found

    async def replace(self, name: str, old: bytes, new: bytes, *, for_s: int) -> None:
        """Store `new` if `old` is there."""
        if self._found(name) == old:
            self._records[name] = new, self._clock_s() + for_s

    async def drop(self, name: str, old: bytes) -> None:
        """Remove `old` if it is there."""
        if self._found(name) == old:
            del self._records[name]

    def _found(self, name: str) -> bytes | None:
        record, until_s = self._records.get(name, (None, 0.0))
        return record if self._clock_s() < until_s else None
