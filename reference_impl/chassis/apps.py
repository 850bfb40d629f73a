"""The frame of every service's application: middleware, health, limits; its routes come on top."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from aiohttp import hdrs, web

from reference_impl.chassis.errors import Unavailable
from reference_impl.chassis.metering import meter_child_tasks
from reference_impl.chassis.middleware import in_context, with_server_timing
from reference_impl.chassis.settings import Settings

READY_S = 2.0  # by then every store has answered, or the service is not ready

Check = Callable[[], Awaitable[None]]  # raises Unavailable when its store does not answer


def service_app(
    station: str,
    settings: Settings,
    routes: Sequence[web.AbstractRouteDef],
    *,
    checks: Sequence[Check] = (),
    is_at_edge: bool = False,
) -> web.Application:
    """Return an application that answers `routes`, /livez, and /readyz by `checks`."""
    middlewares = [in_context(is_at_edge=is_at_edge)]
    if settings.server_timing:
        middlewares.insert(0, with_server_timing(station))
    app = web.Application(middlewares=middlewares)
    if settings.server_timing:
        app.on_startup.append(_meter_child_tasks)
    app.on_response_prepare.append(_without_server_header)
    app.add_routes([web.get("/livez", _livez), web.get("/readyz", _readyz(checks))])
    app.add_routes(routes)
    return app


async def _livez(_: web.Request) -> web.Response:
    """GET /livez -> 200 as long as the process answers at all."""
    return web.json_response({"alive": True})


def _readyz(checks: Sequence[Check]) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def readyz(_: web.Request) -> web.Response:
        """GET /readyz -> 200 when every store answers, else 503."""
        try:
            async with asyncio.timeout(READY_S):
                await asyncio.gather(*(check() for check in checks))
        except TimeoutError:
            raise Unavailable(f"not every store answered within {READY_S:g} s") from None
        return web.json_response({"ready": True})

    return readyz


async def _meter_child_tasks(_: web.Application) -> None:
    meter_child_tasks(asyncio.get_running_loop())


async def _without_server_header(_: web.Request, answer: web.StreamResponse) -> None:
    answer.headers.pop(hdrs.SERVER, None)
