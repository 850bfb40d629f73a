"""The media service's wiring."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from aiohttp import web

from reference_impl.chassis.apps import service_app
from reference_impl.chassis.errors import Unavailable
from reference_impl.chassis.settings import Settings
from reference_impl.media.darkrooms import Darkrooms
from reference_impl.media.handlers import SERVICE, routes
from reference_impl.media.objects import Objects
from reference_impl.media.service import Decoding, MediaService
from reference_impl.media.store import StoredObjects, opened


def create_app(settings: Settings, objects: Objects, darkrooms: Decoding) -> web.Application:
    """Return the media service on these objects, decoding there."""
    app = service_app("media", settings, routes, checks=[objects.check])
    app[SERVICE] = MediaService(objects, darkrooms)
    return app


@asynccontextmanager
async def assemble(settings: Settings) -> AsyncIterator[web.Application]:
    """Open the object store that the settings name, and darkrooms of one's own."""
    async with Darkrooms(settings.darkrooms) as darkrooms:
        objects = StoredObjects(opened(settings.objects))
        with suppress(Unavailable):  # it is away, and was claimed before
            await objects.claim()
        yield create_app(settings, objects, darkrooms)
