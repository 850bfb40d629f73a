"""What a process says of itself: whether it lives, whether it may be asked, what it counts."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from aiohttp import web

from reference_impl.chassis.errors import Unavailable
from reference_impl.chassis.metrics import get_metrics

READY_S = 2.0  # by then every store has answered, or the service is not ready
PATHS = frozenset({"/livez", "/readyz", "/metrics"})  # answered however busy the process is

Check = Callable[[], Awaitable[None]]  # raises Unavailable when its store does not answer


class Health:
    """Whether the process is ready: while every check passes, and it has not been told to stop."""

    def __init__(self, checks: Sequence[Check]) -> None:
        self._checks = checks
        self.stopping = asyncio.Event()  # whoever serves puts the event of its signals here

    @property
    def is_draining(self) -> bool:
        """Whether what is under way is still answered, but nothing more should come."""
        return self.stopping.is_set()

    async def check(self) -> None:
        """Raise Unavailable unless the process is ready."""
        if self.is_draining:
            raise Unavailable("draining")
        try:
            async with asyncio.timeout(READY_S):
                await asyncio.gather(*(check() for check in self._checks))
        except TimeoutError:
            raise Unavailable(f"not every store answered within {READY_S:g} s") from None


HEALTH = web.AppKey("health", Health)


def health_routes(*, is_public: bool) -> list[web.RouteDef]:
    """Return /livez and /readyz, and where the public cannot ask, /metrics."""
    routes = [web.get("/livez", _livez), web.get("/readyz", _readyz)]
    return routes if is_public else [*routes, web.get("/metrics", get_metrics)]


async def _livez(_: web.Request) -> web.Response:
    """GET /livez -> 200 as long as the process answers at all."""
    return web.json_response({"alive": True})


async def _readyz(request: web.Request) -> web.Response:
    """GET /readyz -> 200 when every store answers and no stop was asked for, else 503."""
    await request.app[HEALTH].check()
    return web.json_response({"ready": True})
