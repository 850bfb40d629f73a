"""The gateway's wiring."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager

from aiohttp import web

from reference_impl.chassis.apps import service_app
from reference_impl.chassis.callers import PATIENCE_S
from reference_impl.chassis.clients import ServiceClient
from reference_impl.chassis.keyvalue import valkey
from reference_impl.chassis.session_store import ValkeySessions
from reference_impl.chassis.sessions import Sessions
from reference_impl.chassis.settings import Settings
from reference_impl.gateway.handlers import DOORKEEPER, forwarding
from reference_impl.gateway.routes import PUBLIC_ROUTES
from reference_impl.gateway.service import Doorkeeper


def create_app(
    settings: Settings, sessions: Sessions, services: Mapping[str, ServiceClient]
) -> web.Application:
    """Return the gateway in front of these services."""
    routes = [
        web.RouteDef(route.method, route.path, forwarding(route, services[route.service]), {})
        for route in PUBLIC_ROUTES
    ]
    app = service_app("gateway", settings, routes, checks=[sessions.check], is_at_edge=True)
    app[DOORKEEPER] = Doorkeeper(sessions)
    return app


@asynccontextmanager
async def assemble(settings: Settings) -> AsyncIterator[web.Application]:
    """Open the session store and the services that the settings name."""
    urls_of = {
        "user": settings.user_urls,
        "follow": settings.follow_urls,
        "post": settings.post_urls,
        "timeline": settings.timeline_urls,
        "media": settings.media_urls,
    }
    async with AsyncExitStack() as opened:
        services = {
            name: await opened.enter_async_context(
                ServiceClient(urls, name=name, timeout_s=PATIENCE_S)
            )
            for name, urls in urls_of.items()
        }
        session_store = await opened.enter_async_context(valkey(settings.session_store))
        yield create_app(settings, ValkeySessions(session_store), services)
