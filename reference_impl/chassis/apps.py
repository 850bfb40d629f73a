"""The frame of every service's application: middleware, health, limits; its routes come on top."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from aiohttp import hdrs, web

from reference_impl.chassis.admission import Admission
from reference_impl.chassis.health import HEALTH, Check, Health, health_routes
from reference_impl.chassis.metering import meter_child_tasks
from reference_impl.chassis.middleware import admitting, counted, in_context, with_server_timing
from reference_impl.chassis.settings import Settings

__all__ = ["Check", "operations_app", "service_app"]


def service_app(
    station: str,
    settings: Settings,
    routes: Sequence[web.AbstractRouteDef],
    *,
    checks: Sequence[Check] = (),
    is_at_edge: bool = False,
) -> web.Application:
    """Return an application that answers `routes`, /livez, /readyz by `checks`, and /metrics.

    At the edge there is no /metrics: it is served where FEEDTWIN_INTERNAL_LISTEN says.
    """
    middlewares = [
        counted(station, logs_access=settings.access_log),
        in_context(is_at_edge=is_at_edge),
        admitting(Admission(station, settings.in_flight_max)),
    ]
    if settings.server_timing:
        middlewares.insert(0, with_server_timing(station))
    app = web.Application(middlewares=middlewares)
    if settings.server_timing:
        app.on_startup.append(_meter_child_tasks)
    app.on_response_prepare.append(_without_server_header)
    app[HEALTH] = Health(checks)
    app.add_routes(health_routes(is_public=is_at_edge))
    app.add_routes(routes)
    return app


def operations_app(app: web.Application) -> web.Application:
    """Return what operators may ask of an application, without anything else it answers."""
    operations = web.Application(middlewares=[in_context(is_at_edge=True)])
    operations.on_response_prepare.append(_without_server_header)
    operations[HEALTH] = app[HEALTH]
    operations.add_routes(health_routes(is_public=False))
    return operations


async def _meter_child_tasks(_: web.Application) -> None:
    meter_child_tasks(asyncio.get_running_loop())


async def _without_server_header(_: web.Request, answer: web.StreamResponse) -> None:
    answer.headers.pop(hdrs.SERVER, None)
