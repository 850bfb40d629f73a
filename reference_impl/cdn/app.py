"""Wires an edge."""

from __future__ import annotations

import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from aiohttp import web
from redis.exceptions import OutOfMemoryError

from reference_impl.cdn.handlers import CACHE, SERVICE, routes
from reference_impl.cdn.metering import STATION
from reference_impl.cdn.origins import Origins
from reference_impl.cdn.purging import Purging
from reference_impl.cdn.service import EdgeService
from reference_impl.cdn.store import Store
from reference_impl.chassis.apps import service_app
from reference_impl.chassis.attempts import BROKER_AWAY
from reference_impl.chassis.callers import PATIENCE_S
from reference_impl.chassis.clients import client_of
from reference_impl.chassis.consumers import Subscription, consuming
from reference_impl.chassis.events import MEDIA_EVENTS
from reference_impl.chassis.keyvalue import valkey
from reference_impl.chassis.settings import PREFIX, Settings, SettingsError

_NOT_OF_A_TOKEN = re.compile(r"[^A-Za-z0-9._-]")


def create_app(service: EdgeService, settings: Settings) -> web.Application:
    """Return the application on any service."""
    app = service_app(STATION, settings, routes)
    app[SERVICE] = service
    app[CACHE] = _NOT_OF_A_TOKEN.sub("-", f"edge-{settings.zone}" if settings.zone else "edge")
    return app


@asynccontextmanager
async def assemble(settings: Settings) -> AsyncIterator[web.Application]:
    """Take over the cache, and purge it beside the application.

    The edge is ready without its origins and the broker: what it has it serves on.
    """
    if not settings.cache_folder:
        raise SettingsError(f"{PREFIX}CACHE_FOLDER: an edge needs the folder of its cache")
    async with (
        client_of(settings, "media", timeout_s=PATIENCE_S) as media,
        client_of(settings, "web", timeout_s=PATIENCE_S) as web_client,
        valkey(settings.broker) as broker,
        _opened(settings) as store,
    ):
        origins = Origins(media=media, web=web_client, clock_s=time.time)
        service = EdgeService(store, origins, clock_s=time.time)
        subscription = Subscription(
            stream=MEDIA_EVENTS, group=group_of(settings.instance), name=settings.instance
        )
        purging = Purging(broker, subscription, service)
        # Before anything is served, unless the broker is away, and then as soon as it is back.
        with suppress(*BROKER_AWAY, OutOfMemoryError):
            await purging.join()
        async with consuming(purging):
            try:
                yield create_app(service, settings)
            finally:
                await service.finish()


def group_of(instance: str) -> str:
    """Return the group of one edge: each hears of every deletion."""
    return f"edge-{instance}"


@asynccontextmanager
async def _opened(settings: Settings) -> AsyncIterator[Store]:
    store = await Store.opened(Path(settings.cache_folder), bytes_max=settings.cache_bytes)
    try:
        yield store
    finally:
        await store.close()
