"""The gateway's wiring."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager

from aiohttp import hdrs, web

from reference_impl.chassis.apps import service_app
from reference_impl.chassis.callers import PATIENCE_S
from reference_impl.chassis.clients import ServiceClient, client_of
from reference_impl.chassis.keyvalue import valkey
from reference_impl.chassis.session_store import ValkeySessions
from reference_impl.chassis.sessions import Sessions
from reference_impl.chassis.settings import Settings
from reference_impl.gateway.counters import ValkeyCounters
from reference_impl.gateway.handlers import Desk, Forwarder
from reference_impl.gateway.openapi.document import serving_document
from reference_impl.gateway.records import ValkeyRecords
from reference_impl.gateway.replays import Records, Replays
from reference_impl.gateway.routes import PUBLIC_ROUTES, PublicRoute
from reference_impl.gateway.service import Doorkeeper
from reference_impl.gateway.throttle import Counters, Throttle

# Facts C2: what is served is data, which no browser is to guess at, run or frame.
HEADERS_OF_ALL = {
    hdrs.CACHE_CONTROL: "no-store",
    hdrs.CONTENT_SECURITY_POLICY: "default-src 'none'; frame-ancestors 'none'; sandbox",
    hdrs.X_CONTENT_TYPE_OPTIONS: "nosniff",
}


def create_app(
    settings: Settings,
    sessions: Sessions,
    services: Mapping[str, ServiceClient],
    *,
    counters: Counters,
    records: Records,
) -> web.Application:
    """Return the gateway in front of these services."""
    throttle = Throttle(counters if settings.rate_limits else None)
    desk = Desk(
        doorkeeper=Doorkeeper(sessions, throttle),
        throttle=throttle,
        replays=Replays(records, settings.secret),
    )
    routes = [_forwarded(route, services[route.service], desk) for route in PUBLIC_ROUTES]
    app = service_app(
        "gateway",
        settings,
        [*routes, serving_document(settings.page_limit)],
        checks=[sessions.check],
        is_at_edge=True,
    )
    app.on_response_prepare.append(_with_headers_of_all)
    return app


@asynccontextmanager
async def assemble(settings: Settings) -> AsyncIterator[web.Application]:
    """Open the session store and the services that the settings name."""
    async with AsyncExitStack() as opened:
        services = {
            name: await opened.enter_async_context(client_of(settings, name, timeout_s=PATIENCE_S))
            for name in sorted({route.service for route in PUBLIC_ROUTES})
        }
        session_store = await opened.enter_async_context(valkey(settings.session_store))
        yield create_app(
            settings,
            ValkeySessions(session_store),
            services,
            counters=ValkeyCounters(session_store),
            records=ValkeyRecords(session_store),
        )


def _forwarded(route: PublicRoute, service: ServiceClient, desk: Desk) -> web.RouteDef:
    handler = Forwarder(route, service, desk).answer
    # HEAD is answered where the table has it, and nowhere else.
    options = {"allow_head": False} if route.method == hdrs.METH_GET else {}
    return web.RouteDef(route.method, route.pattern, handler, options)


async def _with_headers_of_all(_: web.Request, answer: web.StreamResponse) -> None:
    for name, value in HEADERS_OF_ALL.items():
        answer.headers.setdefault(name, value)
