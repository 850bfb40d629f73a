"""The wiring of the pages."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from aiohttp import web
from jinja2 import Environment

from reference_impl.chassis.apps import service_app
from reference_impl.chassis.callers import PATIENCE_S
from reference_impl.chassis.clients import ServiceClient, client_of
from reference_impl.chassis.settings import Settings
from reference_impl.web import account, browsing, entering, posting, relations
from reference_impl.web import assets as static
from reference_impl.web.assets import ASSETS, Assets
from reference_impl.web.cookies import Cookies
from reference_impl.web.failures import explaining
from reference_impl.web.forgery import FormTokens
from reference_impl.web.gateway import GatewayClient
from reference_impl.web.incoming import GATEWAY, PAGES
from reference_impl.web.rendering import RENDERER, Renderer, templates_with, with_headers_of_all
from reference_impl.web.service import Pages

ROUTES = (
    *browsing.routes,
    *entering.routes,
    *posting.routes,
    *relations.routes,
    *account.routes,
    *static.routes,
)


def create_app(
    settings: Settings,
    client: ServiceClient,
    *,
    assets: Assets,
    templates: Environment,
    clock: Callable[[], datetime],
) -> web.Application:
    """Return the pages of the API that `client` asks."""
    app = service_app("web", settings, ROUTES)
    # Outside of who lets requests in, whose refusals are shown as pages too.
    app.middlewares.insert(len(app.middlewares) - 1, explaining)
    app.on_response_prepare.append(with_headers_of_all)
    gateway = GatewayClient(client)
    app[GATEWAY] = gateway
    app[PAGES] = Pages(gateway, clock)
    app[ASSETS] = assets
    cookies, tokens = Cookies(https=settings.https), FormTokens(settings.secret)
    app[RENDERER] = Renderer(templates, cookies, tokens)
    return app


@asynccontextmanager
async def assemble(settings: Settings) -> AsyncIterator[web.Application]:
    """Open the connections to the gateways that the settings name."""
    async with client_of(settings, "gateway", timeout_s=PATIENCE_S) as client:
        assets = Assets()
        yield create_app(
            settings, client, assets=assets, templates=templates_with(assets), clock=_now
        )


def _now() -> datetime:
    return datetime.now(UTC)
