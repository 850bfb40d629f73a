"""Requests counted in the session store, for all gateways together; and the twin in memory."""

from __future__ import annotations

import time
from collections import defaultdict, deque
from collections.abc import Callable

from limits import RateLimitItem, RateLimitItemPerSecond
from limits.aio.storage import RedisStorage
from limits.aio.strategies import MovingWindowRateLimiter
from redis.asyncio import Redis

from model.rules.rate_limits import RateLimit
from reference_impl.chassis.keyvalue import visiting
from reference_impl.chassis.session_store import STATION

PREFIX = "limit"


class ValkeyCounters:
    """A moving window per limit and caller: exact, at the price of one time stamp per request."""

    def __init__(self, server: Redis) -> None:
        self._server = server
        # Its own connections would have none of our limits, so it gets ours.
        storage = RedisStorage(
            "async+redis://",
            implementation="redispy",
            key_prefix=PREFIX,
            connection_pool=server.connection_pool,  # type: ignore[arg-type]  # its types lag
        )
        self._windows = MovingWindowRateLimiter(storage)

    async def take(self, limit: RateLimit, who: str) -> float | None:
        """Count a request; if it is one too many do not, and say in how many seconds it is not."""
        item = _item(limit)
        with visiting(STATION):
            if await self._windows.hit(item, who):
                return None
            window = await self._windows.get_window_stats(item, who)
        return max(0.0, window.reset_time - time.time())

    async def give_back(self, limit: RateLimit, who: str) -> None:
        """Uncount the newest request, which is at the head of the list that `limits` keeps."""
        with visiting(STATION):
            await self._server.lpop(f"{PREFIX}:{_item(limit).key_for(who)}")


class MemoryCounters:
    """The same in memory, on a clock that a test may move."""

    def __init__(self, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._clock_s = clock_s
        self._taken_s: defaultdict[tuple[str, str], deque[float]] = defaultdict(deque)

    async def take(self, limit: RateLimit, who: str) -> float | None:
        """Count a request; if it is one too many do not, and say in how many seconds it is not."""
        now_s, taken_s = self._clock_s(), self._taken_s[limit.name, who]
        while taken_s and taken_s[0] <= now_s - limit.window_s:
            taken_s.popleft()
        if len(taken_s) >= limit.amount:
            return taken_s[0] + limit.window_s - now_s
        taken_s.append(now_s)
        return None

    async def give_back(self, limit: RateLimit, who: str) -> None:
        """Uncount the newest request."""
        if taken_s := self._taken_s[limit.name, who]:
            taken_s.pop()


def _item(limit: RateLimit) -> RateLimitItem:
    return RateLimitItemPerSecond(limit.amount, limit.window_s, namespace=limit.name)
